"""Damage to headings: missing, renamed, twice, in another order, holding what is no heading.

Belongs here: the first line. Does not belong here: lines above it (kinds_lines.py).
"""

from __future__ import annotations

from dataclasses import replace

from .extracts import CANARY
from .kinds import accepted, date_column, key_column, of_kent, refused, text_column

HEADINGS = "headings"


@refused(HEADINGS)
def the_key_column_is_gone(sheet, rng):
    return _without(sheet, sheet.place(key_column(sheet))).lines()


@refused(HEADINGS)
def the_column_of_the_mandatory_day_is_gone(sheet, rng):
    return _without(sheet, sheet.place(date_column(sheet))).lines()


@accepted(HEADINGS, same=False)
def an_optional_column_is_gone(sheet, rng):
    return _without(sheet, rng.choice(_optional(sheet))).lines()


@refused(HEADINGS)
def the_key_heading_is_renamed(sheet, rng):
    return _renamed(sheet, sheet.place(key_column(sheet)), "Record number").lines()


@refused(HEADINGS)
def a_typing_error_in_the_heading_of_the_day(sheet, rng):
    at = sheet.place(date_column(sheet))
    return _renamed(sheet, at, sheet.headings[at][:-1]).lines()


@accepted(HEADINGS, same=False)
def an_optional_heading_is_renamed(sheet, rng):
    return _renamed(sheet, rng.choice(_optional(sheet)), "Something else").lines()


@accepted(HEADINGS, same=False)
def a_persons_name_stands_as_heading(sheet, rng):
    return _renamed(sheet, rng.choice(_optional(sheet)), f"Mrs {CANARY}").lines()


@refused(HEADINGS)
def a_heading_stands_twice(sheet, rng):
    one, other = rng.sample(_optional(sheet), 2)
    return _renamed(sheet, one, sheet.headings[other]).lines()


@refused(HEADINGS)
def a_heading_stands_twice_in_other_letters(sheet, rng):
    one, other = rng.sample(_optional(sheet), 2)
    return _renamed(sheet, one, f"  {sheet.headings[other].upper()} ").lines()


@refused(HEADINGS)
def a_column_stands_twice(sheet, rng):
    at = rng.choice(_optional(sheet))
    return _widened(sheet, sheet.headings[at], [row[at] for row in sheet.rows]).lines()


@refused(HEADINGS)
def an_unknown_heading_stands_twice(sheet, rng):
    once = _widened(sheet, "Notes", ["" for _ in sheet.rows])
    return _widened(once, "notes", ["" for _ in sheet.rows]).lines()


@accepted(HEADINGS)
def columns_in_another_order(sheet, rng):
    order = rng.sample(range(len(sheet.headings)), len(sheet.headings))
    moved = replace(sheet, headings=tuple(sheet.headings[at] for at in order))
    return moved.with_rows([[row[at] for at in order] for row in sheet.rows]).lines()


@accepted(HEADINGS)
def headings_in_capitals(sheet, rng):
    return replace(sheet, headings=tuple(map(str.upper, sheet.headings))).lines()


@accepted(HEADINGS)
def blanks_in_headings(sheet, rng):
    return replace(
        sheet, headings=tuple(f" {one.replace(' ', '  ')}\u00a0" for one in sheet.headings)
    ).lines()


@accepted(HEADINGS)
def a_column_of_notes_with_names(sheet, rng):
    return _widened(sheet, "Notes", [f"{CANARY} {at} {CANARY}" for at in range(len(sheet.rows))]).lines()


@accepted(HEADINGS)
def a_column_without_heading(sheet, rng):
    return _widened(sheet, "", [f"{CANARY} {at} {CANARY}" for at in range(len(sheet.rows))]).lines()


@accepted(HEADINGS, suits=of_kent)
def another_heading_that_the_profile_knows(sheet, rng):
    at = sheet.place(date_column(sheet))
    return _renamed(sheet, at, sheet.headings_of(date_column(sheet))[-1]).lines()


@refused(HEADINGS, suits=of_kent)
def two_headings_that_mean_the_same(sheet, rng):
    other = sheet.headings_of(date_column(sheet))[-1]
    return _widened(sheet, other, [row[sheet.place(date_column(sheet))] for row in sheet.rows]).lines()


@refused(HEADINGS)
def headings_in_another_language(sheet, rng):
    return replace(sheet, headings=tuple(f"Spalte {at}" for at in range(len(sheet.headings)))).lines()


@refused(HEADINGS)
def the_headings_of_key_and_day_exchanged(sheet, rng):
    key, day = sheet.place(key_column(sheet)), sheet.place(date_column(sheet))
    return _renamed(_renamed(sheet, key, sheet.headings[day]), day, sheet.headings[key]).lines()


@refused(HEADINGS)
def a_row_stands_as_heading(sheet, rng):
    return replace(sheet, headings=sheet.rows[0]).lines()


def _optional(sheet):
    about = sheet.contract["columns"]
    key_or_day = {key_column(sheet), date_column(sheet)}
    known = {sheet.place(name) for name in sheet.sources[0]["headings"] if name not in key_or_day}
    return sorted(known - {text_column(sheet)} - {sheet.place(n) for n in about if n in key_or_day})


def _renamed(sheet, at, heading):
    return replace(sheet, headings=(*sheet.headings[:at], heading, *sheet.headings[at + 1 :]))


def _without(sheet, at):
    kept = [one for one in range(len(sheet.headings)) if one != at]
    less = replace(sheet, headings=tuple(sheet.headings[one] for one in kept))
    return less.with_rows([[row[one] for one in kept] for row in sheet.rows])


def _widened(sheet, heading, cells):
    wider = replace(sheet, headings=(*sheet.headings, heading))
    return wider.with_rows([[*row, cell] for row, cell in zip(sheet.rows, cells, strict=True)])
