"""The long run of `make faults`: every kind on each main sheet and a thousand characters, three seeds of each.

`python -m tests.damage` runs the same and prints the figures of docs/reliability.md.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from . import hostile, runs, verdicts

pytestmark = pytest.mark.faults
SEEDS = (1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_on_each_main_sheet(tmp_path: Path, seed: int):
    report = runs.kinds(runs.sheets(tmp_path / "made up", seed), tmp_path, Random(seed), in_full=True)
    assert report.wrong == []
    assert report.canaries == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thousand_characters(tmp_path: Path, seed: int):
    report = runs.characters(runs.sheets(tmp_path / "made up", seed), tmp_path, Random(seed), count=1_000)
    assert report.files == 1_000
    assert [told for told in report.wrong if told.startswith(verdicts.SILENT)] == []
    assert report.canaries == 0
    assert report.exact_percent >= 92


def test_every_kind_of_workbook(tmp_path: Path):
    report = runs.workbooks(runs.sheets(tmp_path / "made up", 1), tmp_path, in_full=True)
    assert report.wrong == []
    assert report.canaries == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_three_hundred_bytes_of_workbooks(tmp_path: Path, seed: int):
    report = runs.bytes_of_workbooks(
        runs.sheets(tmp_path / "made up", seed), tmp_path, Random(seed), count=300
    )
    assert report.wrong == []
    assert report.canaries == 0


def test_hostile_packages_are_refused_within_20_seconds_and_700_megabytes(tmp_path: Path):
    costs = hostile.costs(runs.sheets(tmp_path / "made up", 1), tmp_path / "read here")
    assert len(costs) > 30
    assert [cost.kind for cost in costs if cost.refusal is None] == []
    assert max(cost.seconds for cost in costs) < 20
    assert max(cost.megabytes for cost in costs) < 700
