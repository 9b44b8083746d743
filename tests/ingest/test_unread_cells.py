"""Cells of a workbook that hold something are never taken for empty ones: formulas without value, errors, merged cells.

Expected values were worked out by hand from the cells that each test writes.
"""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from arrivals import Door, counts
from test_workbooks import NAME, duty_log, repack, row

from ingest.read import Unreadable
from ingest.workbook import Workbook

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FORMULA = "=DATE(2019,6,6)"  # openpyxl writes formulas and calculates none
TEXT = '<c r="{0}" t="inlineStr"><is><t>{1}</t></is></c>'


def judged(door: Door, rows: list[list], change=lambda sheet: None) -> dict:
    """The night over a duty log: the load-log row of its contacts, and what the gate was told."""
    data = duty_log(rows)
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book["Enquiries"])
    out = io.BytesIO()
    book.save(out)
    door.put(NAME, out.getvalue(), authority="buckinghamshire")
    seen = []
    logged = door.night(look=lambda: seen.extend(door.rows(
        "select drifted_columns from arriving.files where feed = 'contacts'")))  # fmt: skip
    return next(one for one in logged if one["feed"] == "contacts") | seen[0]


def unusable(door: Door) -> list[tuple]:
    return door.con.execute(
        "select line, column_name, reason_code, raw_value from raw.unusable_values order by all"
    ).fetchall()


def test_a_formula_without_its_value_is_an_unusable_value(door: Door):
    rows = [row(n) for n in range(1, 41)]
    rows[4] = row(5, closed=FORMULA, employer="=A6")
    log = judged(door, rows)
    assert counts(log) == ("accepted", 40, 40, 0, 0)
    assert "2 values not usable (closed_on 1, setting_name 1)" in log["message"]
    assert unusable(door) == [
        (6, "closed_on", "formula_without_value", "#UNCALCULATED!"),
        (6, "setting_name", "formula_without_value", "#UNCALCULATED!"),
    ]
    assert door.rows("select closed_on, setting_name from raw.contacts where _line = 6") == [
        {"closed_on": None, "setting_name": None}
    ]


def test_a_row_without_the_value_of_its_key_or_its_day_is_quarantined(door: Door):
    rows = [row(n) for n in range(1, 61)]
    rows[4] = row(5, id='="ENQ-"&5')
    rows[7] = row(8, received="=NOW()")
    # The last row holds nothing but formulas: the parser does not even know of it.
    rows[59] = ['="ENQ-"&60', "=NOW()", "=A1", "=A1", "=A1", None]
    log = judged(door, rows)
    assert counts(log) == ("accepted_with_quarantine", 60, 57, 3, 0)
    assert door.quarantined() == [
        (6, "unusable_key", None),
        (9, "unusable_mandatory_date", "ENQ-00008"),
        (61, "unusable_key", None),
    ]


@pytest.mark.parametrize(("column", "drifted"), [("closed", "closed_on"), ("employer", "setting_name")])
def test_a_whole_column_of_formulas_without_values_is_drift(door: Door, column, drifted):
    log = judged(door, [row(n, **{column: FORMULA}) for n in range(1, 41)])
    assert counts(log) == ("refused", 0, 0, 0, 0)
    assert log["drifted_columns"] == [drifted]


def test_a_cell_that_another_is_merged_over_is_not_empty(door: Door):
    # Row 6: the employer also stands over the decision. Rows 8 and 9: one closing day over both.
    # The heading over Weather is merged with the cell beside it, as reports do: that column has none of its own.
    def change(sheet):
        for cells in ("C6:D6", "E8:E9", "F1:G1", "F3:G3"):
            sheet.merge_cells(cells)
        sheet["F1"], sheet["F3"] = "Weather", "rain"

    log = judged(door, [row(n) for n in range(1, 41)], change)
    assert counts(log) == ("accepted", 40, 40, 0, 0)
    assert unusable(door) == [
        (6, "threshold_met", "covered_by_merged_cell", "#MERGED!"),
        (9, "closed_on", "covered_by_merged_cell", "#MERGED!"),
    ]


def test_rows_that_a_merged_cell_alone_covers_are_no_rows(door: Door):
    def change(sheet):
        sheet["A43"] = "Printed on 31 March"
        sheet["D47"] = "End"
        sheet.merge_cells("A43:F46")
        sheet.merge_cells("A50:F52")

    log = judged(door, [row(n) for n in range(1, 41)], change)
    # Lines 43 (the note) and 47; 44 to 46 hold nothing.
    assert counts(log) == ("accepted_with_quarantine", 42, 40, 2, 0)
    assert [line for line, _, _ in door.quarantined()] == [43, 47]


def sheet_of(cells: str, prefix: str = "") -> bytes:
    """A workbook of one sheet S with the headings Key and Value, and one row: k and the cells."""
    text = (
        f'<worksheet><sheetData><row r="1">{TEXT.format("A1", "Key")}{TEXT.format("B1", "Value")}</row>'
        f'<row r="2">{TEXT.format("A2", "k")}{cells}</row></sheetData></worksheet>'
    )
    text = re.sub(r"<(/?)(\w)", rf"<\1{prefix}\2", text)
    names = f"xmlns:{prefix}".strip(":")
    text = text.replace("worksheet>", f'worksheet {names}="{SPREADSHEET}">', 1)
    book = openpyxl.Workbook()
    book.active.title = "S"
    out = io.BytesIO()
    book.save(out)
    return repack(out.getvalue(), **{"xl/worksheets/sheet1.xml": text.encode()})


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="B2"><f>A1</f></c>', "#UNCALCULATED!"),
        ('<c r="B2"><f>A1</f><v></v></c>', "#UNCALCULATED!"),
        ('<c r="B2"><f>A1</f><v/></c>', "#UNCALCULATED!"),
        ('<c r="B2" t="str"><f>A1</f></c>', "#UNCALCULATED!"),
        ('<c r="B2"><f t="shared" si="0"/></c>', "#UNCALCULATED!"),
        ('<c r="B2"><f t="array" ref="B2">A1</f></c>', "#UNCALCULATED!"),
        ("<c><f>A1</f></c>", "#UNCALCULATED!"),
        ('<c r="B2" t="e"><v>#REF!</v></c>', "#REF!"),
        ("<c r='B2' t='e'><f>A1</f><v>#REF!</v></c>", "#REF!"),
        ('<c r="B2" t="e">\n<f>A1</f>\n<v>#REF!</v>\n</c>', "#REF!"),
        ('<c t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c r="B2" t="e"/>', "#UNREADABLE!"),
        ('<c r="B2" t="str"><v><![CDATA[School 1]]></v></c>', "#UNREADABLE!"),
        # What has a value, or is truly empty.
        ('<c r="B2" t="str"><f>A1</f><v></v></c>', ""),
        ('<c r="B2" t="str"><f>A1</f><v>School 1</v></c>', "School 1"),
        ('<c r="B2"><f t="shared" si="0"/><v>7</v></c>', "7"),
        ('<c r="B2"><f>A1</f><v>0</v></c>', "0"),
        ('<c r="B2" t="inlineStr"><f>A1</f><is><t>School 1</t></is></c>', "School 1"),
        ('<c r="B2"/>', ""),
    ],
)  # fmt: skip
def test_what_a_cell_holds_whoever_wrote_the_sheet(cell, value, prefix):
    (found,) = Workbook(sheet_of(cell, prefix)).read("S").rows
    assert found == ["k", value]


def test_an_empty_shared_text_is_empty_beside_a_formula():
    data = sheet_of('<c r="B2" t="s"><v>0</v></c><c r="D2"><f>A1</f><v>7</v></c>')
    shared = f'<sst xmlns="{SPREADSHEET}"><si><t></t></si></sst>'
    data = repack(data, **{"xl/sharedStrings.xml": shared.encode()})
    (bad,) = Workbook(data).read("S").bad_lines
    assert (bad.reason, bad.text) == ("too_many_fields", '["k", "", "", "7"]')


def test_a_sheet_that_is_no_xml_is_refused_where_its_cells_are_looked_for():
    with pytest.raises(Unreadable, match="not_xlsx"):
        Workbook(sheet_of('<c r="B2"><f>A1</f></c><oops>')).read("S")
