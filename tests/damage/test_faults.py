"""The long run of `make faults`: every kind on each main sheet and a thousand characters, three seeds of each.

`python -m tests.damage` runs the same and prints the figures of docs/reliability.md.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from . import runs, verdicts

pytestmark = pytest.mark.faults
SEEDS = (1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_on_each_main_sheet(tmp_path: Path, seed: int):
    report = runs.kinds(runs.sheets(tmp_path / "made up", seed), tmp_path, Random(seed), on_each=True)
    assert report.wrong == []
    assert report.canaries == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thousand_characters(tmp_path: Path, seed: int):
    report = runs.characters(runs.sheets(tmp_path / "made up", seed), tmp_path, Random(seed), count=1_000)
    assert report.files == 1_000
    assert [told for told in report.wrong if told.startswith(verdicts.SILENT)] == []
    assert report.canaries == 0
    assert report.exact_percent >= 92
