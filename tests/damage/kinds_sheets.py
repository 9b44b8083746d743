"""Damage to the sheets of a workbook that is a workbook: cells, headings, names of sheets.

Belongs here: what calamine reads well and may be wrong all the same. Does not belong here: the package
(kinds_packages.py).
"""

from __future__ import annotations

import datetime as dt

import openpyxl
from openpyxl.comments import Comment
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from .workbooks import MAIN_SHEET, build, first_sheet, repack, sheet

SHEET = "xl/worksheets/sheet1.xml"
KEY, DAY = 0, 1


def _with(grids, change):
    """The package after `change` of the main sheet's rows, the heading first."""
    rows = [list(row) for row in grids[MAIN_SHEET]]
    return build({**grids, MAIN_SHEET: change(rows) or rows})


def _cell(row, column, value):
    def change(rows):
        rows[row][column] = value

    return change


def _optional_day(grids):
    return grids[MAIN_SHEET][0].index("Enquiry closed")


@sheet("refused")
def no_such_sheet(good, grids):
    return build({("Enquiries 2" if name == MAIN_SHEET else name): rows for name, rows in grids.items()})


@sheet("refused")
def a_blank_after_the_name_of_the_sheet(good, grids):
    return build({(f"{name} " if name == MAIN_SHEET else name): rows for name, rows in grids.items()})


@sheet("refused")
def an_empty_sheet(good, grids):
    return _with(grids, lambda rows: rows.clear())


@sheet("refused")
def a_heading_and_no_row(good, grids):
    return _with(grids, lambda rows: rows[:1])


@sheet("refused")
def no_heading(good, grids):
    return _with(grids, lambda rows: rows[1:])


@sheet("refused")
def a_title_above(good, grids):
    return _with(grids, lambda rows: [["Duty log"], *rows])


@sheet("refused")
def the_heading_of_the_key_renamed(good, grids):
    return _with(grids, _cell(0, KEY, "Number"))


@sheet("refused")
def a_heading_twice(good, grids):
    return _with(grids, _cell(0, 5, grids[MAIN_SHEET][0][6]))


@sheet("accepted_with_quarantine", 1)
def a_total_below(good, grids):
    return _with(grids, lambda rows: [*rows, ["Total", len(rows) - 1]])


@sheet("accepted_with_quarantine", 1)
def a_cell_too_many(good, grids):
    return _with(grids, lambda rows: rows[7].extend(["", "more"]))


@sheet("accepted_with_quarantine", 1)
def a_row_shifted_to_the_right(good, grids):
    return _with(grids, lambda rows: rows[7].insert(0, None))


@sheet("accepted_with_quarantine", 1)
def no_key(good, grids):
    return _with(grids, _cell(7, KEY, None))


@sheet("accepted_with_quarantine", 1)
def a_number_for_a_key(good, grids):
    return _with(grids, _cell(7, KEY, 12345.0))


@sheet("accepted_with_quarantine", 1)
def an_error_for_a_key(good, grids):
    return _with(grids, _cell(7, KEY, "#REF!"))


@sheet("accepted_with_quarantine", 1)
def an_error_for_the_day(good, grids):
    return _with(grids, _cell(7, DAY, "#N/A"))


@sheet("accepted_with_quarantine", 1)
def a_bare_number_for_the_day(good, grids):
    return _with(grids, _cell(7, DAY, 43_556.5))


@sheet("accepted_with_quarantine", 1)
def a_day_in_the_future(good, grids):
    return _with(grids, _cell(7, DAY, dt.datetime(2021, 1, 1, 9, 0)))


@sheet("accepted_with_quarantine", 1)
def a_day_of_the_epoch(good, grids):
    return _with(grids, _cell(7, DAY, dt.datetime(1900, 1, 1)))


@sheet("accepted_with_quarantine", 1)
def a_time_without_its_day(good, grids):
    return _with(grids, _cell(7, DAY, dt.time(9, 30)))


@sheet("accepted_with_quarantine", 2)
def one_key_with_two_contents(good, grids):
    return _with(grids, lambda rows: [*rows, [*rows[7][:6], "Another School", *rows[7][7:]]])


@sheet("refused")
def days_as_bare_numbers(good, grids):
    first = dt.datetime(1899, 12, 30)

    def change(rows):
        for row in rows[1:]:
            row[DAY] = (row[DAY] - first) / dt.timedelta(days=1)

    return _with(grids, change)


@sheet("refused")
def days_as_text_month_first(good, grids):
    def change(rows):
        for row in rows[1:]:
            row[DAY] = row[DAY].strftime("%m/%d/%Y %H:%M")

    return _with(grids, change)


@sheet("accepted")
def days_as_text_in_the_agreed_form(good, grids):
    def change(rows):
        for row in rows[1:]:
            row[DAY] = row[DAY].strftime("%d/%m/%Y %H:%M")

    return _with(grids, change)


@sheet("accepted", same=False)
def an_error_for_an_optional_day(good, grids):
    return _with(grids, _cell(7, _optional_day(grids), "#VALUE!"))


@sheet("accepted", same=False)
def a_formula_without_its_value_for_an_optional_day(good, grids):
    return _with(grids, _cell(7, _optional_day(grids), "=TODAY()"))


@sheet("accepted_with_quarantine", 1)
def a_formula_without_its_value_for_a_key(good, grids):
    return _with(grids, _cell(7, KEY, '="ENQ-"&8'))


@sheet("accepted_with_quarantine", 1)
def a_formula_without_its_value_for_the_day(good, grids):
    return _with(grids, _cell(7, DAY, "=NOW()"))


@sheet("refused")
def a_column_of_formulas_without_their_values(good, grids):
    def change(rows):
        for row in rows[1:]:
            row[_optional_day(grids)] = "=TODAY()"

    return _with(grids, change)


@sheet("accepted", same=False)
def one_text_merged_over_two_rows(good, grids):
    def change(book: openpyxl.Workbook) -> None:
        book[MAIN_SHEET].merge_cells("G8:G9")

    return build(grids, change)


@sheet("accepted_with_quarantine", 1)
def one_key_merged_over_two_rows(good, grids):
    def change(book: openpyxl.Workbook) -> None:
        book[MAIN_SHEET].merge_cells("A8:A9")

    return build(grids, change)


@sheet("accepted", same=False)
def a_formula_in_a_text(good, grids):
    def change(book: openpyxl.Workbook) -> None:
        cell = book[MAIN_SHEET].cell(8, 7)
        cell.value, cell.data_type = '=HYPERLINK("http://example.org")', "s"

    return build(grids, change)


@sheet("accepted")
def empty_rows_between(good, grids):
    return _with(grids, lambda rows: [*rows[:9], [], [], *rows[9:]])


@sheet("accepted")
def a_row_twice(good, grids):
    return _with(grids, lambda rows: [*rows, rows[7]])


@sheet("accepted")
def the_days_counted_from_1904(good, grids):
    def change(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904

    return build(grids, change)


@sheet("accepted")
def comments_and_hidden_rows(good, grids):
    def change(book: openpyxl.Workbook) -> None:
        page = book[MAIN_SHEET]
        page["A2"].comment = Comment("seen", "somebody")
        page.row_dimensions[5].hidden = True
        page.column_dimensions["D"].hidden = True
        page.auto_filter.ref = "A1:D20"

    return build(grids, change)


@sheet("accepted")
def a_hidden_sheet(good, grids):
    def change(book: openpyxl.Workbook) -> None:
        book[MAIN_SHEET].sheet_state = "hidden"

    return build(grids, change)


@sheet("accepted")
def sheets_in_another_order(good, grids):
    return build(dict(reversed(grids.items())))


@sheet("accepted")
def a_dimension_that_lies(good, grids):
    text = first_sheet(good)
    start = text.index(b'<dimension ref="') + 16
    return repack(good, {SHEET: text[:start] + b"A1:XFD1048576" + text[text.index(b'"', start) :]})


@sheet("refused")
def a_sheet_cut_off(good, grids):
    text = first_sheet(good)
    return repack(good, {SHEET: text[: len(text) // 2]})
