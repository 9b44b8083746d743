"""Print what came of all damage: `python -m tests.damage [seed ...]` (seeds 1 2 3 without any)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random

from . import hostile, runs, verdicts
from .trial import Report


def main(seeds: list[int]) -> None:
    runs_of = {
        "kinds of damage": lambda made, folder, seed: runs.kinds(made, folder, Random(seed), in_full=True),
        "random characters": lambda made, folder, seed: runs.characters(made, folder, Random(seed), 1_000),
        "random bytes of workbooks": lambda made, folder, seed: runs.bytes_of_workbooks(
            made, folder, Random(seed), 300
        ),
        "kinds of workbooks": lambda made, folder, seed: runs.workbooks(made, folder, in_full=True),
    }
    for name, run in runs_of.items():
        total = Report()
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                total.add(run(runs.sheets(Path(folder) / "made up", seed), Path(folder) / "night", seed))
        count = total.verdicts
        print(
            f"{name}, seeds {seeds}: {total.files} files, {count.total()} files and feeds; "
            f"{count[verdicts.SILENT]} silently wrong, {total.exact_percent:.2f} % exactly as they should, "
            f"{total.canaries} messages with a name; {total.as_written} files say something else and read well"
        )
        for told in total.wrong:
            print("  ", told)
    with tempfile.TemporaryDirectory() as folder:
        costs = hostile.costs(runs.sheets(Path(folder) / "made up", seeds[0]), Path(folder) / "read here")
    refused = sum(cost.refusal is not None for cost in costs)
    print(
        f"hostile packages: {refused} of {len(costs)} refused; the slowest in {max(c.seconds for c in costs):.1f} s, "
        f"the largest process held {max(c.megabytes for c in costs):.0f} MB; no file left behind"
    )


main([int(seed) for seed in sys.argv[1:]] or [1, 2, 3])
