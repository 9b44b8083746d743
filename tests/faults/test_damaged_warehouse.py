"""A warehouse damaged anywhere is found, set aside and loaded anew, or the damage lies where nothing is stored.

Belongs here: many damages of a real warehouse. Does not belong here: the kinds one by one, and the way to the published
tables (tests/orchestration/test_repair.py).
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from . import forked, homes

DAMAGES = int(os.environ.get("LADO_FAULT_DAMAGES", "100"))
KINDS = ("bit", "bit of the header", "zeroes", "cut short", "bit of the log")


def spoil(kind: str, warehouse: Path, chance: random.Random) -> None:
    """Damage the file, or put a spoilt write-ahead log beside it."""
    size = warehouse.stat().st_size
    if kind == "cut short":
        os.truncate(warehouse, chance.randrange(size))
        return
    if kind == "bit of the log":
        log = warehouse.with_name(f"{warehouse.name}.wal")
        said, _ = forked.run(forked.write_and_die, warehouse.parent)
        assert said is None
        assert log.stat().st_size > 1000
        warehouse = log
        size = log.stat().st_size
    at = chance.randrange(12288) if kind == "bit of the header" else chance.randrange(size)
    with warehouse.open("r+b") as file:
        if kind == "zeroes":
            file.seek(at // 4096 * 4096)
            file.write(bytes(4096))
            return
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1 << chance.randrange(8)]))


@pytest.mark.faults
def test_damage_anywhere_is_found_or_harmless(tmp_path: Path) -> None:
    before = homes.make(tmp_path / "before")
    said, _ = forked.run(forked.refresh, before.root)
    assert said == "0 published: published", said
    loaded, published = homes.tables_loaded(before), homes.published(before)
    marts = homes.tables_of(before, "marts")
    chance = random.Random(1910)
    seen: Counter[str] = Counter()
    for number in range(DAMAGES):
        kind = KINDS[number % len(KINDS)]
        home = homes.copy(before, tmp_path / f"home{number}")
        spoil(kind, home.warehouse, chance)
        said, _ = forked.run(forked.take_in, home.root)
        assert said, f"{kind}: the process died"
        assert said.startswith("0 "), f"{kind}: {said}"
        assert homes.tables_loaded(home) == loaded, kind
        assert homes.published(home) == published
        if list(home.root.glob("*.damaged-*")):
            seen[f"{kind}: set aside"] += 1
        else:
            assert homes.tables_of(home, "marts") == marts, kind
            seen[f"{kind}: harmless"] += 1
        shutil.rmtree(home.root)
    print(f"\n{DAMAGES} damages, none loaded or published: {dict(sorted(seen.items()))}")
