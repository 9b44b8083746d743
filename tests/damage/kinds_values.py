"""Damage to dates, other values and keys.

Belongs here: cells that hold something else than they should, in files that are otherwise whole. Does not belong here:
characters as such (kinds_letters.py).
"""

from __future__ import annotations

import datetime as dt

from .extracts import CANARY
from .kinds import (
    accepted,
    aside,
    changed,
    date_column,
    in_cp1252,
    key_column,
    of_kent,
    pick,
    refused,
    text_column,
    throughout,
    with_moments,
)

DATES = "dates"
VALUES = "values"
KEYS = "keys"


def _forms(sheet):
    """The format of the mandatory day, and that of the other days."""
    source = sheet.sources[0]
    kind = sheet.contract["columns"][date_column(sheet)]["type"]
    return source[f"{kind}s"][0], source["dates"][0]


def _rewritten(sheet, columns, form, old):
    """Every day of these columns in another format."""
    return throughout(sheet, columns, lambda cell: dt.datetime.strptime(cell, old).strftime(form))


def _day(sheet):
    return [sheet.place(date_column(sheet))]


def _fullest(sheet, kind):
    """The column of a type that is filled in most rows."""
    return max(sheet.columns(kind), key=lambda at: sum(bool(row[at]) for row in sheet.rows))


@refused(DATES)
def the_month_first(sheet, rng):
    old, other = _forms(sheet)
    form = old.replace("%d/%m", "%m/%d") if "%m" in old else "%m-%d-%Y"
    both = _rewritten(sheet, _day(sheet), form, old)
    return _rewritten(both, sheet.columns("date"), form.split(" ")[0], other).lines()


@refused(DATES)
def the_month_first_in_optional_days_alone(sheet, rng):
    return _rewritten(sheet, sheet.columns("date"), "%m/%d/%Y", _forms(sheet)[1]).lines()


@refused(DATES)
def days_in_iso_form(sheet, rng):
    return _rewritten(sheet, _day(sheet), "%Y-%m-%d", _forms(sheet)[0]).lines()


@refused(DATES)
def years_of_two_digits(sheet, rng):
    old, _ = _forms(sheet)
    return _rewritten(sheet, _day(sheet), old.replace("%Y", "%y"), old).lines()


@refused(DATES)
def days_as_numbers_of_a_spreadsheet(sheet, rng):
    old, _ = _forms(sheet)
    first = dt.datetime(1899, 12, 30)
    return throughout(
        sheet, _day(sheet), lambda cell: str((dt.datetime.strptime(cell, old) - first).days)
    ).lines()


@refused(DATES)
def every_tenth_mandatory_day_is_empty(sheet, rng):
    rows = sheet.grid()
    for row in rows[::10]:
        row[_day(sheet)[0]] = ""
    return sheet.with_rows(rows).lines()


@refused(DATES)
def words_in_a_column_of_days(sheet, rng):
    return throughout(sheet, [_fullest(sheet, "date")], lambda cell: "soon").lines()


def _one_day(name, value):
    """A kind in which one mandatory day is written like this; `value` gets the format and a good day."""

    def make(sheet, rng):
        at = pick(sheet, rng)[0]
        old, _ = _forms(sheet)
        return changed(sheet, at, date_column(sheet), value(old, sheet.rows[at][_day(sheet)[0]])).lines()

    make.__name__ = name
    return aside(DATES, 1)(make)


def _as(form, year, month, day):
    """A day in the format, whether or not there is one."""
    written = {"%d": day, "%m": month, "%Y": year, "%b": "Feb", "%H": "09", "%M": "30"}
    for directive, value in written.items():
        form = form.replace(directive, value)
    return form


_one_day("the 31st of February", lambda form, good: _as(form, "2019", "02", "31"))
_one_day("the 29th of February in a common year", lambda form, good: _as(form, "2019", "02", "29"))
_one_day("the 0th of a month", lambda form, good: _as(form, "2019", "02", "00"))
_one_day("no mandatory day", lambda form, good: "")
_one_day("a blank mandatory day", lambda form, good: "   ")
_one_day("a day in the future", lambda form, good: _as(form, "2021", "02", "03"))
_one_day("a day in the year 9999", lambda form, good: _as(form, "9999", "02", "03"))
_one_day("a day before anything was recorded", lambda form, good: _as(form, "1953", "02", "03"))
_one_day("a day of the year 219", lambda form, good: _as(form, "0219", "02", "03"))
_one_day("a day in words", lambda form, good: "last Friday")
_one_day("a day with dots", lambda form, good: good.replace("/", ".").replace("-", "."))
_one_day("a day without its leading zero", lambda form, good: "3" + good[2:])
_one_day(
    "a year of two digits", lambda form, good: good.replace("20", "", 1) if good[:2] != "20" else good[:-2]
)
_one_day("a day with seconds", lambda form, good: good + ":00 AM")
_one_day("a day with a letter O for a zero", lambda form, good: good.replace("0", "O"))
_one_day("a day twice", lambda form, good: f"{good} {good}")
_one_day("an error of a spreadsheet for a day", lambda form, good: "#VALUE!")


@aside(DATES, 1, suits=with_moments)
def midnight_as_24_00(sheet, rng):
    at = pick(sheet, rng)[0]
    return changed(sheet, at, date_column(sheet), sheet.rows[at][_day(sheet)[0]][:11] + "24:00").lines()


@aside(DATES, 1, suits=with_moments)
def no_time_of_day(sheet, rng):
    at = pick(sheet, rng)[0]
    return changed(sheet, at, date_column(sheet), sheet.rows[at][_day(sheet)[0]][:10]).lines()


@accepted(DATES, same=False)
def an_optional_day_that_is_none(sheet, rng):
    return changed(sheet, pick(sheet, rng)[0], rng.choice(sheet.columns("date")), "31/02/2019").lines()


@accepted(DATES, same=False)
def not_applicable_for_an_optional_day(sheet, rng):
    return changed(sheet, pick(sheet, rng)[0], rng.choice(sheet.columns("date")), "N/A").lines()


@accepted(DATES, same=False)
def one_optional_day_month_first(sheet, rng):
    return changed(sheet, pick(sheet, rng)[0], _fullest(sheet, "date"), "05/20/2019").lines()


@refused(DATES, suits=of_kent)
def two_optional_days_month_first(sheet, rng):
    column = _fullest(sheet, "date")
    one, other = pick(sheet, rng, 2)
    return changed(changed(sheet, one, column, "05/20/2019"), other, column, "05/21/2019").lines()


@refused(DATES, suits=of_kent)
def two_mandatory_days_month_first(sheet, rng):
    # Of some hundreds: far below 5 % of the rows.
    form, _ = _forms(sheet)
    for at in pick(sheet, rng, 2):
        sheet = changed(sheet, at, date_column(sheet), _as(form, "2019", "20", "05"))
    return sheet.lines()


@accepted(DATES, same=False)
def one_day_month_first_in_each_of_two_columns(sheet, rng):
    one, other = sheet.columns("date")[:2]
    first, second = pick(sheet, rng, 2)
    return changed(changed(sheet, first, one, "05/20/2019"), second, other, "05/21/2019").lines()


@accepted(VALUES, same=False)
def a_code_that_nobody_mapped(sheet, rng):
    return changed(sheet, pick(sheet, rng)[0], rng.choice(sheet.columns("code")), "Something new").lines()


@accepted(VALUES, same=False)
def neither_yes_nor_no(sheet, rng):
    return changed(sheet, pick(sheet, rng)[0], rng.choice(sheet.columns("boolean")), "perhaps").lines()


@refused(VALUES)
def a_column_that_says_neither_yes_nor_no(sheet, rng):
    return throughout(sheet, [_fullest(sheet, "boolean")], lambda cell: "Not stated").lines()


@accepted(VALUES, same=False)
def a_name_in_a_field_for_references(sheet, rng):
    return changed(
        sheet, pick(sheet, rng)[0], rng.choice(sheet.columns("reference")), f"Mrs {CANARY}"
    ).lines()


@accepted(VALUES, same=False)
def a_reference_to_no_record(sheet, rng):
    return changed(sheet, pick(sheet, rng)[0], rng.choice(sheet.columns("reference")), "R99999").lines()


@accepted(VALUES)
def blanks_for_empty_cells(sheet, rng):
    return sheet.with_rows([[cell or "   " for cell in row] for row in sheet.rows]).lines()


def _one_text(name, text):
    def make(sheet, rng):
        return changed(sheet, pick(sheet, rng)[0], text_column(sheet), text).lines()

    make.__name__ = name
    return accepted(VALUES, same=False)(make)


_one_text("a formula in a text", '=cmd|"/c calc"!A1')
_one_text("a plus sign before a text", "+44 1622 000000")
_one_text("statements in a text", "x'); drop table raw.contacts; --")
_one_text("a function that reads files in a text", "read_csv('/etc/passwd')")
_one_text("a template in a text", "{{ env_var('LADO_SUBJECT_KEY') }}")
_one_text("a script in a text", "<script>alert(1)</script>")
_one_text("NULL in a text", "NULL")
_one_text("lines of a log in a text", "ok\n2020-03-31 02:00 accepted everything")
_one_text("a path in a text", "../../../../etc/passwd")


def _one_key(name, value, suits=lambda sheet: True):
    """A kind in which one key is written like this; `value` gets a good key."""

    def make(sheet, rng):
        at = pick(sheet, rng)[0]
        key = sheet.rows[at][sheet.place(key_column(sheet))]
        return changed(sheet, at, key_column(sheet), value(key)).lines()

    make.__name__ = name
    return aside(KEYS, 1, suits)(make)


_one_key("no key", lambda key: "")
_one_key("not applicable for a key", lambda key: "N/A")
_one_key("a key in small letters", str.lower, of_kent)
_one_key("a blank inside a key", lambda key: key[:3] + " " + key[3:])
_one_key("a key as a number of a spreadsheet", lambda key: "1.23E+05")
_one_key("a key with decimals", lambda key: key + ".0")
_one_key("a digit too many in a key", lambda key: key + "0")
_one_key("a name for a key", lambda key: f"Mrs {CANARY}")
_one_key("two keys in one cell", lambda key: f"{key}; {key}")
_one_key("a line break in a key", lambda key: key[:3] + "\n" + key[3:])


@refused(KEYS)
def every_tenth_key_is_empty(sheet, rng):
    rows = sheet.grid()
    for row in rows[::10]:
        row[sheet.place(key_column(sheet))] = ""
    return sheet.with_rows(rows).lines()


@refused(KEYS)
def keys_as_numbers_of_a_spreadsheet(sheet, rng):
    return throughout(
        sheet, [sheet.place(key_column(sheet))], lambda cell: f"{int(cell.strip('CR')):.2E}"
    ).lines()


@refused(KEYS, suits=in_cp1252)
def the_leading_zeros_of_every_key_are_gone(sheet, rng):
    return throughout(sheet, [sheet.place(key_column(sheet))], lambda cell: cell.lstrip("0")).lines()


@refused(KEYS)
def keys_of_another_feed(sheet, rng):
    return throughout(sheet, [sheet.place(key_column(sheet))], lambda cell: f"M-{cell[2:]}").lines()


@accepted(KEYS)
def blanks_round_the_keys(sheet, rng):
    return throughout(sheet, [sheet.place(key_column(sheet))], lambda cell: f"  {cell} ").lines()


@aside(KEYS, 2)
def one_key_with_two_contents(sheet, rng):
    at = pick(sheet, rng)[0]
    return [*sheet.lines(), changed(sheet, at, text_column(sheet), "Another School").lines()[at + 1]]


@aside(KEYS, 2)
def one_key_with_two_contents_of_which_one_has_no_day(sheet, rng):
    at = pick(sheet, rng)[0]
    other = changed(sheet, at, text_column(sheet), "Another School")
    return [*sheet.lines(), changed(other, at, date_column(sheet), "").lines()[at + 1]]


@aside(KEYS, 3)
def one_key_with_two_contents_and_a_repetition(sheet, rng):
    at = pick(sheet, rng)[0]
    other = changed(sheet, at, text_column(sheet), "Another School").lines()[at + 1]
    return [*sheet.lines(), other, other]


@aside(KEYS, 2)
def the_key_of_another_row(sheet, rng):
    one, other = pick(sheet, rng, 2)
    return changed(sheet, one, key_column(sheet), sheet.rows[other][sheet.place(key_column(sheet))]).lines()


@accepted(KEYS)
def a_row_again_with_blanks_round_its_cells(sheet, rng):
    at = pick(sheet, rng)[0]
    return [*sheet.lines(), sheet.line(f" {cell} " for cell in sheet.rows[at])]
