"""The records to mend as a file for the team that mends them."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from orchestration import resources
from orchestration.command_line import main
from orchestration.resources import Home
from publish import spreadsheets

# A record number is text that somebody typed: here one that a spreadsheet would run, and one that is none.
KEYS = ['=HYPERLINK("http://example.org")', "R01001", "-5"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = Home(tmp_path / "home")
    place.root.mkdir()
    with resources.warehouse(place) as con:
        con.execute(
            "create schema quality; create table quality.findings (authority varchar, rule varchar, severity varchar, "
            "entity varchar, record_id varchar, column_name varchar, first_seen_on date, last_seen_on date, "
            "is_open boolean)"
        )
        con.executemany(
            "insert into quality.findings values ('kent', 'a_rule', 'warning', 'referral', ?, null, "
            "date '2020-03-01', date '2020-03-31', true)",
            [[key] for key in KEYS],
        )
    return place


def lado(home: Home, to: Path):
    return CliRunner().invoke(main, ["findings", "--home", str(home.root), "--to", str(to)])


@pytest.mark.parametrize("name", ["mend.csv", "mend.xlsx"])
def test_findings_are_written_for_a_spreadsheet_and_nothing_in_them_runs(
    home: Home, tmp_path: Path, name: str
):
    told = lado(home, tmp_path / name)
    assert told.exit_code == 0, told.output
    assert "3 records to mend" in told.output
    if name.endswith("csv"):
        with (tmp_path / name).open(encoding="utf-8-sig", newline="") as file:
            heading, *rows = csv.reader(file)
    else:
        heading, *rows = openpyxl.load_workbook(tmp_path / name)["list"].iter_rows(values_only=True)
    assert list(heading)[:5] == ["authority", "rule", "severity", "entity", "record_id"]
    keys = [row[4] for row in rows]
    assert sorted(map(spreadsheets.as_it_was, keys)) == sorted(KEYS)
    assert [key for key in keys if key[0] in "=+-@"] == []


def test_a_file_that_is_there_or_of_another_kind_is_refused(home: Home, tmp_path: Path):
    (tmp_path / "mend.csv").write_text("somebody's work", encoding="utf-8")
    for name, words in (("mend.csv", "is there already"), ("mend.txt", "ends in .csv or .xlsx")):
        told = lado(home, tmp_path / name)
        assert told.exit_code == 2
        assert words in told.output
    assert (tmp_path / "mend.csv").read_text(encoding="utf-8") == "somebody's work"
