"""Lists for people hold nothing that a spreadsheet would run, in either kind of file, and lose nothing."""

from __future__ import annotations

import csv
import datetime as dt
import re
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publish import spreadsheets

FORMULAS = [
    '=HYPERLINK("http://example.org?"&A1,"click")', "=1+1", "=cmd|' /c calc'!A1", "+1+1", "+44 1622 000000", "-1+1",
    "-5", "@SUM(A1:A9)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "\u00a0=1+1", "'=1+1", "''=1+1", "\uff1d1+1",
    "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "=", "\0=1", '"=1+1"', 'x","=1+1', "x\r\n=1+1",
]  # fmt: skip
PLAIN = [
    "R01001",
    "",
    'St Mary\'s, the "old" school',
    "'quoted'",
    "O'Neill",
    "café 漢字",
    "two\nlines",
    "3-5 years",
    "a=b",
    "R01001",
]
NUMBERS = [-5, 0, 12, -0.25, 1e15, Decimal("-3.10")]
RUNS_AT_THE_START = re.compile(r"[\s\x00\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\0]")


def rows() -> list[dict]:
    return [{"=key": text, "number": number, "on": dt.date(2020, 3, 31), "nothing": None}
            for text in [*FORMULAS, *PLAIN] for number in NUMBERS]  # fmt: skip


COLUMNS = ["=key", "number", "on", "nothing"]


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN])
def test_text_comes_back_as_it_was(text: str):
    assert spreadsheets.as_it_was(spreadsheets.harmless(text)) == text
    assert (spreadsheets.harmless(text) != text) == (RUNS_AT_THE_START.match(text.lstrip("'")) is not None)


@given(st.text(alphabet=st.sampled_from("'=+-@ \t\r\n\0\u00a0ab1\uff1d"), max_size=8))
def test_any_text_is_harmless_and_comes_back(text: str):
    written = spreadsheets.harmless(text)
    assert not RUNS_AT_THE_START.match(written)
    assert spreadsheets.as_it_was(written) == text


def test_a_workbook_holds_no_formula_and_every_value(tmp_path: Path):
    spreadsheets.write(tmp_path / "list.xlsx", rows(), COLUMNS)
    # openpyxl tells formulas from text; without data_only it would show them as they stand in the file.
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["list"]
    heading, *read = sheet.iter_rows()
    assert [cell.value for cell in heading] == ["'=key", "number", "on", "nothing"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n", "d"}
    texts = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert len(texts) > 100
    assert [text for text in texts if RUNS_AT_THE_START.match(text)] == []
    for row, wanted in zip(read, rows(), strict=True):
        text, number, on, nothing = (cell.value for cell in row)
        # XML has no NUL, and knows one line end.
        assert _lines(spreadsheets.as_it_was(text or "")) == _lines(wanted["=key"].replace("\0", "\ufffd"))
        assert (float(number), on, nothing) == (float(wanted["number"]), dt.datetime(2020, 3, 31), None)
    with zipfile.ZipFile(tmp_path / "list.xlsx") as package:
        parts = b"".join(
            package.read(name) for name in package.namelist() if name.startswith("xl/worksheets/")
        )
    assert b"<f>" not in parts and b"<f " not in parts


def test_columns_of_a_workbook_are_as_wide_as_what_they_hold_and_the_heading_stays(tmp_path: Path):
    rows = [{"rule": "x" * 30, "on": dt.date(2020, 3, 31), "words": "y" * 500}]
    spreadsheets.write(tmp_path / "list.xlsx", rows, ["rule", "on", "words"])
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["list"]
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert widths == [32, 12, spreadsheets.WIDEST + 2]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C2")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_csv_file_holds_no_formula_and_every_value(tmp_path: Path):
    spreadsheets.write(tmp_path / "list.csv", rows(), COLUMNS)
    data = (tmp_path / "list.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    heading, *read = csv.reader(text.splitlines(keepends=True), strict=True)
    assert heading == ["'=key", "number", "on", "nothing"]
    for row, wanted in zip(read, rows(), strict=True):
        assert spreadsheets.as_it_was(row[0]) == wanted["=key"].replace("\0", "\ufffd")
        assert Decimal(row[1]) == Decimal(str(wanted["number"]))
        # As a spreadsheet sees a cell: what is a number is one, anything else that begins like a formula is run.
        assert [cell for cell in row if RUNS_AT_THE_START.match(cell) and not _is_number(cell)] == []
    # Negative numbers stand bare, text in quotes.
    assert re.search(r',-5,"?2020', text)
    assert '"\'-5",' in text


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", cell) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such modes")
@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_the_file_is_private_and_replaces_none(tmp_path: Path, name: str):
    spreadsheets.write(tmp_path / name, rows()[:1], COLUMNS)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        spreadsheets.write(tmp_path / name, rows()[:1], COLUMNS)


def test_another_kind_of_file_is_not_written(tmp_path: Path):
    with pytest.raises(ValueError, match=r"list\.xls: name a file that ends in \.csv or \.xlsx"):
        spreadsheets.write(tmp_path / "list.xls", [], COLUMNS)
    assert list(tmp_path.iterdir()) == []
