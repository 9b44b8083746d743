"""Every kind of damage to CSV files, and random characters: nothing is silently wrong, nothing is leaked.

`make test` runs the quick kinds once and some characters; `make faults` runs three seeds of both (test_faults.py).
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from . import runs, verdicts


def test_every_kind_comes_to_what_it_should(sheets, tmp_path: Path):
    report = runs.kinds(sheets, tmp_path, Random(1), in_full=False)
    assert report.wrong == []
    assert report.canaries == 0
    assert report.verdicts[verdicts.EXACT] > 100


def test_one_damaged_character_is_never_silently_wrong(sheets, tmp_path: Path):
    report = runs.characters(sheets, tmp_path, Random(1), count=150)
    assert [told for told in report.wrong if told.startswith(verdicts.SILENT)] == []
    assert report.canaries == 0
    assert report.exact_percent >= 92


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_every_kind_of_workbook_comes_to_what_it_should(sheets, tmp_path: Path):
    report = runs.workbooks(sheets, tmp_path, in_full=False)
    assert report.wrong == []
    assert report.canaries == 0


def test_a_workbook_with_one_byte_changed_is_refused_or_whole(sheets, tmp_path: Path):
    report = runs.bytes_of_workbooks(sheets, tmp_path, Random(1), count=40)
    assert report.wrong == []
    assert report.canaries == 0
