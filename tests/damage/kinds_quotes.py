"""Damage to quotes and line ends.

Belongs here: where a cell and a row end. Does not belong here: how many cells a row has (kinds_lines.py).
"""

from __future__ import annotations

from .kinds import accepted, aside, changed, pick, refused, text_column

QUOTES = "quotes"
ENDS = "line ends"


@aside(QUOTES, 1)
def a_stray_quote_before_a_cell(sheet, rng):
    return _quote(sheet, pick(sheet, rng), lambda cell: '"' + cell)


@aside(QUOTES, 1)
def a_stray_quote_in_a_cell(sheet, rng):
    return _quote(sheet, pick(sheet, rng), lambda cell: cell[:3] + '"' + cell[3:])


@aside(QUOTES, 1)
def a_stray_quote_after_a_cell(sheet, rng):
    return _quote(sheet, pick(sheet, rng), lambda cell: cell + '"')


@aside(QUOTES, 2)
def stray_quotes_in_two_rows(sheet, rng):
    return _quote(sheet, pick(sheet, rng, 2), lambda cell: '"' + cell)


@aside(QUOTES, 1)
def a_quote_that_is_never_closed(sheet, rng):
    return _quote(sheet, [len(sheet.rows)], lambda cell: '"' + cell)


@aside(QUOTES, 1)
def quotes_escaped_by_backslashes(sheet, rng):
    return _quote(sheet, pick(sheet, rng), lambda cell: '"the \\"old\\" school"')


@aside(QUOTES, 1)
def single_quotes_round_a_delimiter(sheet, rng):
    return _quote(sheet, pick(sheet, rng), lambda cell: f"'one{sheet.delimiter} two'")


@refused(QUOTES)
def a_quote_in_the_heading(sheet, rng):
    lines = sheet.lines()
    return ['"' + lines[0], *lines[1:]]


@accepted(QUOTES)
def every_cell_in_quotes(sheet, rng):
    return [
        sheet.delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row)
        for row in (sheet.headings, *sheet.rows)
    ]


@accepted(QUOTES, same=False)
def honest_quotes_delimiters_and_line_breaks(sheet, rng):
    return changed(sheet, pick(sheet, rng)[0], text_column(sheet), f'"A"{sheet.delimiter} b\nand c').lines()


def _quote(sheet, rows, change):
    """The lines with the bare text cell of these rows (from 1) changed."""
    lines = sheet.lines()
    at_text = text_column(sheet)
    for row in rows:
        cells = [sheet.line([cell]) for cell in sheet.rows[row - 1]]
        cells[at_text] = change("Some School")
        lines[row] = sheet.delimiter.join("" if cell == '""' else cell for cell in cells)
    return lines


@accepted(ENDS)
def line_feeds(sheet, rng):
    return sheet.text().replace("\r\n", "\n")


@accepted(ENDS)
def carriage_returns(sheet, rng):
    return sheet.text().replace("\r\n", "\r")


@accepted(ENDS)
def line_ends_of_two_systems(sheet, rng):
    return "".join(line + ("\n" if at % 3 else "\r\n") for at, line in enumerate(sheet.lines()))


@accepted(ENDS)
def no_line_end_at_the_end(sheet, rng):
    return sheet.text().rstrip()


@accepted(ENDS)
def two_line_ends_at_the_end(sheet, rng):
    return sheet.text() + "\r\n"


@aside(ENDS, 1)
def two_rows_on_one_line(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    return [*lines[:at], lines[at] + lines[at + 1], *lines[at + 2 :]]


@aside(ENDS, 2)
def one_row_on_two_lines(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    cells = [cell.replace('"', "") for cell in sheet.rows[at - 1]]
    middle = text_column(sheet)
    cells[middle] = "Some\r\nSchool"
    return [
        *lines[:at],
        sheet.delimiter.join(cell.replace(sheet.delimiter, " ") for cell in cells),
        *lines[at + 1 :],
    ]


@aside(ENDS, 1)
def a_carriage_return_in_a_cell(sheet, rng):
    return _quote(sheet, pick(sheet, rng), lambda cell: "Some\rSchool")


@refused(ENDS)
def no_line_end_after_the_heading(sheet, rng):
    lines = sheet.lines()
    return [lines[0] + lines[1], *lines[2:]]
