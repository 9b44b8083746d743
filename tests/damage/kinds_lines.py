"""Damage to the lines of a file: heading, footer, separators, other kinds of file.

Belongs here: kinds for which the cells stay what they were. Does not belong here: quotes and
line ends (kinds_quotes.py), letters, headings, values.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile

from .kinds import accepted, aside, date_column, key_column, pick, refused

LINES = "lines"
SEPARATORS = "separators"
OTHER = "another kind of file"


@refused(LINES)
def nothing(sheet, rng):
    return b""


@refused(LINES)
def only_a_byte_order_mark(sheet, rng):
    return b"\xef\xbb\xbf"


@refused(LINES)
def only_blanks(sheet, rng):
    return b"\r\n  \r\n\t\r\n"


@refused(LINES)
def only_the_heading(sheet, rng):
    return sheet.lines()[:1]


@refused(LINES)
def no_heading(sheet, rng):
    return sheet.lines()[1:]


@refused(LINES)
def a_title_above(sheet, rng):
    return ["LADO extract, 31/03/2020", *sheet.lines()]


@refused(LINES)
def a_title_and_an_empty_line_above(sheet, rng):
    return ["LADO extract, 31/03/2020", "", *sheet.lines()]


@refused(LINES)
def an_empty_line_above(sheet, rng):
    return ["", *sheet.lines()]


@refused(LINES)
def a_remark_above(sheet, rng):
    return ["# made by the reporting tool", *sheet.lines()]


@aside(LINES, 1)
def a_remark_between(sheet, rng):
    lines = sheet.lines()
    lines.insert(pick(sheet, rng)[0], "# page 2")
    return lines


@aside(LINES, 1)
def a_total_below(sheet, rng):
    return [*sheet.lines(), f"Total: {len(sheet.rows)}"]


@aside(LINES, 1)
def a_total_of_full_width_below(sheet, rng):
    return [*sheet.lines(), sheet.line(["Total"] + [""] * (len(sheet.headings) - 2) + ["120"])]


@aside(LINES, 3)
def three_lines_of_notes_below(sheet, rng):
    return [*sheet.lines(), "", "Run on 31/03/2020 09:00", "by the duty desk", "End of report"]


@aside(LINES, 1)
def an_end_of_file_sign_of_dos(sheet, rng):
    return sheet.text() + "\x1a"


@aside(LINES, 1)
def the_heading_again(sheet, rng):
    lines = sheet.lines()
    lines.insert(pick(sheet, rng)[0] + 1, lines[0])
    return lines


@aside(LINES, 3)
def the_heading_on_every_page(sheet, rng):
    lines = sheet.lines()
    for at in reversed(pick(sheet, rng, 3)):
        lines.insert(at + 1, lines[0])
    return lines


@aside(LINES, 1)
def a_second_heading_of_column_names(sheet, rng):
    lines = sheet.lines()
    return [
        lines[0],
        sheet.line(heading.lower().replace(" ", "_") + "_" for heading in sheet.headings),
        *lines[1:],
    ]


@aside(LINES, 4)
def a_narrower_table_below(sheet, rng):
    return [
        *sheet.lines(),
        "",
        sheet.line(["Area", "Count"]),
        *(sheet.line([one, 7]) for one in ("E", "W", "N")),
    ]


@aside(LINES, 3)
def another_table_of_the_same_width_below(sheet, rng):
    width = len(sheet.headings)
    return [
        *sheet.lines(),
        "",
        *(sheet.line([f"{one} {at}" for at in range(width)]) for one in ("Team", "A", "B")),
    ]


@aside(LINES, 3)
def a_wider_table_below(sheet, rng):
    width = len(sheet.headings) + 3
    return [
        *sheet.lines(),
        *(sheet.line([f"{one} {at}" for at in range(width)]) for one in ("Team", "A", "B")),
    ]


@aside(LINES, 1)
def cut_in_the_last_row(sheet, rng):
    text = sheet.text().rstrip()
    last = len(sheet.lines()[-1])
    return text[: len(text) - last + rng.randrange(2, last // 2)]


@aside(LINES, 1)
def a_row_of_another_file(sheet, rng):
    lines = sheet.lines()
    lines.insert(pick(sheet, rng)[0], sheet.line(["M00001", "R02436", "Evaluation Meeting", "07/06/2019"]))
    return lines


@aside(LINES, 1)
def a_row_of_delimiters(sheet, rng):
    lines = sheet.lines()
    lines.insert(pick(sheet, rng)[0], sheet.delimiter * (len(sheet.headings) - 1))
    return lines


@accepted(LINES)
def empty_lines_between(sheet, rng):
    lines = sheet.lines()
    for at in reversed(pick(sheet, rng, 5)):
        lines.insert(at, "")
    return lines


@accepted(LINES)
def rows_in_reverse(sheet, rng):
    return [sheet.lines()[0], *reversed(sheet.lines()[1:])]


@accepted(LINES)
def three_rows_twice(sheet, rng):
    lines = sheet.lines()
    return [*lines, *(lines[at] for at in pick(sheet, rng, 3))]


@aside(LINES, 1)
def the_whole_file_twice(sheet, rng):
    return sheet.lines() * 2


@refused(SEPARATORS)
def semicolons(sheet, rng):
    return sheet.text().replace(sheet.delimiter, ";")


@refused(SEPARATORS)
def tabs(sheet, rng):
    return sheet.text().replace(sheet.delimiter, "\t")


@aside(SEPARATORS, 1)
def an_empty_field_too_many_at_the_end(sheet, rng):
    lines = sheet.lines()
    lines[pick(sheet, rng)[0]] += sheet.delimiter
    return lines


@aside(SEPARATORS, 1)
def an_empty_field_too_many_in_the_middle(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    cells = list(sheet.rows[at - 1])
    cells.insert(rng.randrange(1, len(cells)), "")
    lines[at] = sheet.line(cells)
    return lines


@refused(SEPARATORS)
def an_empty_field_too_many_in_every_tenth_row(sheet, rng):
    return [line + sheet.delimiter * (at % 10 == 9) for at, line in enumerate(sheet.lines())]


@refused(SEPARATORS)
def an_empty_field_too_many_in_every_row(sheet, rng):
    return [line + sheet.delimiter * (at > 0) for at, line in enumerate(sheet.lines())]


@accepted(SEPARATORS)
def a_delimiter_at_the_end_of_every_line(sheet, rng):
    return [line + sheet.delimiter for line in sheet.lines()]


@refused(SEPARATORS)
def a_delimiter_at_the_end_of_the_heading(sheet, rng):
    lines = sheet.lines()
    return [lines[0] + sheet.delimiter, *lines[1:]]


@aside(SEPARATORS, 1)
def a_field_too_few(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    cells = list(sheet.rows[at - 1])
    del cells[rng.randrange(len(cells))]
    lines[at] = sheet.line(cells)
    return lines


@refused(SEPARATORS)
def a_field_too_few_in_every_row(sheet, rng):
    lines = sheet.lines()
    return [lines[0], *(sheet.line(row[:-1]) for row in sheet.rows)]


@aside(SEPARATORS, 1)
def one_row_divided_by_blanks(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    lines[at] = lines[at].replace('"', "").replace(sheet.delimiter, " ")
    return lines


@aside(SEPARATORS, 1)
def a_row_shifted_to_the_left(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    lines[at] = sheet.line([*sheet.rows[at - 1][1:], ""])
    return lines


@aside(SEPARATORS, 1)
def a_row_shifted_to_the_right(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    lines[at] = sheet.line(["", *sheet.rows[at - 1][:-1]])
    return lines


@refused(OTHER)
def random_bytes(sheet, rng):
    return rng.randbytes(20_000)


@refused(OTHER)
def a_zip_file(sheet, rng):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(sheet.name, sheet.data())
    return out.getvalue()


@refused(OTHER)
def a_gzip_file(sheet, rng):
    return gzip.compress(sheet.data())


@refused(OTHER)
def a_pdf(sheet, rng):
    return b"%PDF-1.7\n" + sheet.data()


@refused(OTHER)
def a_web_page(sheet, rng):
    return f"<html><body><table><tr><td>{sheet.text()}</td></tr></table></body></html>"


@refused(OTHER)
def json_text(sheet, rng):
    return json.dumps([dict(zip(sheet.headings, row, strict=True)) for row in sheet.rows], indent=1)


@refused(OTHER)
def one_line_of_five_million_characters(sheet, rng):
    return "x" * 5_000_000


@refused(OTHER)
def a_million_columns(sheet, rng):
    return [",".join(f"h{at}" for at in range(1_000_000)), "," * 999_999]


@refused(OTHER)
def the_contents_of_two_columns_exchanged(sheet, rng):
    rows = sheet.grid()
    key, day = sheet.place(key_column(sheet)), sheet.place(date_column(sheet))
    for row in rows:
        row[key], row[day] = row[day], row[key]
    return sheet.with_rows(rows).lines()
