"""Damage to letters: encodings, marks, digits and blanks that look like others.

Belongs here: bytes and characters. Does not belong here: what a value means (kinds_values.py).
"""

from __future__ import annotations

from .kinds import (
    accepted,
    aside,
    changed,
    date_column,
    in_cp1252,
    in_utf_8,
    key_column,
    pick,
    refused,
    text_column,
    throughout,
)

ENCODING = "encoding"
CHARACTERS = "characters"


@accepted(ENCODING, suits=in_utf_8)
def a_byte_order_mark(sheet, rng):
    return b"\xef\xbb\xbf" + sheet.data()


@refused(ENCODING, suits=in_cp1252)
def a_byte_order_mark_of_another_encoding(sheet, rng):
    return b"\xef\xbb\xbf" + sheet.data()


@refused(ENCODING)
def utf_16_with_a_mark(sheet, rng):
    return sheet.text().encode("utf-16")


@refused(ENCODING)
def utf_16_without_a_mark(sheet, rng):
    return sheet.text().encode("utf-16-le")


@refused(ENCODING)
def utf_32(sheet, rng):
    return sheet.text().encode("utf-32")


@refused(ENCODING)
def ebcdic(sheet, rng):
    return sheet.text().encode("cp500")


@refused(ENCODING, suits=in_utf_8)
def one_letter_of_cp1252(sheet, rng):
    return _with_text(sheet, rng, "Caf\xe9").text().encode("cp1252")


@refused(ENCODING, suits=in_cp1252)
def utf_8_where_cp1252_is_agreed(sheet, rng):
    return throughout(sheet, [text_column(sheet)], lambda cell: cell + " Caf\xe9").text().encode("utf-8")


@refused(ENCODING, suits=in_cp1252)
def a_byte_that_cp1252_does_not_have(sheet, rng):
    return _with_text(sheet, rng, "Caf~").data().replace(b"Caf~", b"Caf\x81")


@refused(ENCODING, suits=in_utf_8)
def cut_inside_a_letter(sheet, rng):
    return sheet.data().rstrip() + "é".encode()[:1]


@refused(ENCODING, suits=in_utf_8)
def an_overlong_sequence(sheet, rng):
    return _with_text(sheet, rng, "Caf~").data().replace(b"Caf~", b"Caf\xc0\xaf")


@refused(ENCODING, suits=in_utf_8)
def half_a_surrogate_pair(sheet, rng):
    return _with_text(sheet, rng, "Caf~").data().replace(b"Caf~", b"Caf\xed\xa0\x80")


@aside(CHARACTERS, 1)
def a_nul_byte_in_a_row(sheet, rng):
    return _with_text(sheet, rng, "Some\0School").lines()


@refused(CHARACTERS)
def a_nul_byte_in_the_heading(sheet, rng):
    return sheet.text().replace(sheet.headings[3], sheet.headings[3] + "\0", 1)


@aside(CHARACTERS, 1)
def a_cell_of_more_than_100_000_characters(sheet, rng):
    return _with_text(sheet, rng, "S" * 100_001).lines()


@accepted(CHARACTERS, same=False)
def a_cell_of_50_000_characters(sheet, rng):
    return _with_text(sheet, rng, "S" * 50_000).lines()


@aside(CHARACTERS, 1, suits=in_utf_8)
def a_byte_order_mark_between_rows(sheet, rng):
    lines, (at,) = sheet.lines(), pick(sheet, rng)
    lines[at] = "\ufeff" + lines[at]
    return lines


@aside(CHARACTERS, 1, suits=in_utf_8)
def a_blank_without_width_in_a_key(sheet, rng):
    at = pick(sheet, rng)[0]
    key = sheet.rows[at][sheet.place(key_column(sheet))]
    return changed(sheet, at, key_column(sheet), key[:3] + "\u200b" + key[3:]).lines()


@aside(CHARACTERS, 1, suits=in_utf_8)
def wide_digits_in_a_key(sheet, rng):
    at = pick(sheet, rng)[0]
    key = sheet.rows[at][sheet.place(key_column(sheet))]
    return changed(sheet, at, key_column(sheet), key[:-1] + chr(ord(key[-1]) + 0xFEE0)).lines()


@aside(CHARACTERS, 1, suits=in_utf_8)
def a_letter_of_another_alphabet_in_a_key(sheet, rng):
    at = pick(sheet, rng)[0]
    key = sheet.rows[at][sheet.place(key_column(sheet))]
    return changed(sheet, at, key_column(sheet), "\u0421" + key[1:]).lines()


@aside(CHARACTERS, 1, suits=in_utf_8)
def arabic_digits_in_a_date(sheet, rng):
    at = pick(sheet, rng)[0]
    day = sheet.rows[at][sheet.place(date_column(sheet))]
    return changed(sheet, at, date_column(sheet), chr(ord(day[0]) - 0x30 + 0x660) + day[1:]).lines()


@accepted(CHARACTERS)
def hard_blanks_round_the_keys(sheet, rng):
    return throughout(sheet, [sheet.place(key_column(sheet))], lambda cell: f"\u00a0{cell}\u00a0").lines()


@accepted(CHARACTERS)
def blanks_round_every_cell(sheet, rng):
    return throughout(sheet, list(range(len(sheet.headings))), lambda cell: f"  {cell}\t").lines()


@accepted(CHARACTERS, same=False, suits=in_utf_8)
def other_line_separators_in_a_text(sheet, rng):
    return _with_text(sheet, rng, "one\u2028two\u2029three\x85four").lines()


@accepted(CHARACTERS, same=False, suits=in_utf_8)
def pictures_and_letters_of_the_world(sheet, rng):
    return _with_text(sheet, rng, "\U0001f3eb \u6f22\u5b57 \u0627\u0644").lines()


@accepted(CHARACTERS, same=False)
def control_characters(sheet, rng):
    return _with_text(sheet, rng, "bell \x07, escape \x1b[31m, unit \x1f end").lines()


def _with_text(sheet, rng, text):
    return changed(sheet, pick(sheet, rng)[0], text_column(sheet), text)
