"""The runs of the damage tests: over all kinds, over random characters.

Belongs here: which sheets are damaged how often. Does not belong here: the damage, asserting.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from . import characters as one_character
from . import (  # noqa: F401  the modules enter their kinds
    extracts,
    kinds_headings,
    kinds_letters,
    kinds_lines,
    kinds_packages,
    kinds_quotes,
    kinds_sheets,
    kinds_values,
)
from . import workbooks as books
from .extracts import Sheet
from .kinds import KINDS, Kind
from .oracle import Expected
from .trial import Case, Report, expectations, hold, name_of

MAIN = (
    ("kent", "contacts_east.csv"),
    ("kent", "referrals.csv"),
    ("buckinghamshire", "LCS_ALLEG_CASE_20200331.csv"),
)
# Seconds each, to make or to read a second time: `make test` passes them over.
HEAVY = {
    "a million columns",
    "a million columns without letters",
    "one line of five million characters",
    "parts that share their bytes",
    "twelve million cells",
}


def sheets(folder: Path, seed: int) -> list[Sheet]:
    """The clean sheets of both authorities."""
    return extracts.make(folder / "landing", seed)


def csv_sheets(made: list[Sheet]) -> list[Sheet]:
    return [sheet for sheet in made if sheet.sources[0]["format"] == "csv"]


def kinds(made: list[Sheet], folder: Path, rng: Random, in_full: bool) -> Report:
    """Every kind on each of the main sheets that it suits; else those that are quick, on one of them in turn."""
    main = [sheet for sheet in made if (sheet.authority, sheet.name) in MAIN]
    clean = {sheet.name: expectations(sheet, sheet.data())[sheet.feed] for sheet in main}
    cases: list[Case] = []
    for turn, kind in enumerate(KINDS):
        if kind.name in HEAVY and not in_full:
            continue
        suiting = [sheet for sheet in main if kind.suits(sheet)]
        for sheet in suiting if in_full else [suiting[turn % len(suiting)]]:
            data = kind.data(sheet, rng)
            expected = expectations(sheet, data)
            _agree(kind, sheet, expected[sheet.feed], clean[sheet.name])
            cases.append(Case(kind.name, sheet.authority, name_of(sheet, len(cases)), data, expected))
    return hold(cases, folder)


def _agree(kind: Kind, sheet: Sheet, expected: Expected, clean: Expected) -> None:
    """What the kind states and what the oracle reads must be the same, or one of the two is wrong."""
    at = f"{kind.name} in {sheet.name}"
    if (expected.outcome, len(expected.quarantined)) != (kind.outcome, kind.aside):
        raise AssertionError(
            f"{at}: the oracle says {expected.outcome} with {len(expected.quarantined)} lines aside"
        )
    if kind.same:
        good = [tuple(row.values()) for row in clean.rows.values()]
        strange = [line for line, row in expected.rows.items() if tuple(row.values()) not in good]
        lost = len(good) - len(expected.rows)
        if strange or lost > kind.aside + 1:
            raise AssertionError(f"{at}: {len(strange)} rows are not of the clean file, {lost} are lost")


def characters(made: list[Sheet], folder: Path, rng: Random, count: int) -> Report:
    """So many files, each with one damaged character; every CSV sheet has its turn."""
    plain = csv_sheets(made)
    clean = [expectations(sheet, sheet.data()) for sheet in plain]
    seen = {sheet.data() for sheet in plain}
    cases: list[Case] = []
    while len(cases) < count:
        turn = len(cases) % len(plain)
        sheet = plain[turn]
        done, data = one_character.damage(sheet, rng)
        if data in seen:
            continue
        seen.add(data)
        expected = expectations(sheet, data)
        case = Case(f"a character {done}", sheet.authority, name_of(sheet, len(cases)), data, expected)
        case.as_written = all(_only_values_differ(expected[feed], clean[turn][feed]) for feed in expected)
        cases.append(case)
    return hold(cases, folder)


def _only_values_differ(expected: Expected, clean: Expected) -> bool:
    """Whether the file reads well and says something else: no reader of one file can tell."""
    return (
        expected.rows != clean.rows
        and expected.rows.keys() == clean.rows.keys()
        and (expected.quarantined, expected.findings) == (clean.quarantined, clean.findings)
    )


def workbooks(made: list[Sheet], folder: Path, in_full: bool) -> Report:
    """Every kind of damage to the workbook, once: nothing about them is random."""
    sheets = [sheet for sheet in made if sheet.sources[0]["format"] == "xlsx"]
    good = books.build(books.grids(sheets))
    clean = books.expected(sheets, good)
    cases = []
    for number, kind in enumerate(books.KINDS):
        if kind.name in HEAVY and not in_full:
            continue
        data = kind.make(good, books.grids(sheets))
        expected = books.stated(kind, sheets, data, clean)
        cases.append(Case(kind.name, sheets[0].authority, name_of(sheets[0], number), data, expected))
    return hold(cases, folder)


def bytes_of_workbooks(made: list[Sheet], folder: Path, rng: Random, count: int) -> Report:
    """So many workbooks with one byte changed: refused, or read as if nothing had happened."""
    sheets = [sheet for sheet in made if sheet.sources[0]["format"] == "xlsx"]
    good = books.build(books.grids(sheets))
    clean = books.expected(sheets, good)
    cases = []
    while len(cases) < count:
        data = one_character.damage_bytes(good, rng)
        cases.append(
            Case("a byte changed", sheets[0].authority, name_of(sheets[0], len(cases)), data, dict(clean))
        )
    return hold(cases, folder, may_be_refused=True)
