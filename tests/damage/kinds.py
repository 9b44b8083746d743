"""The catalogue of damage: what a kind is and how it is entered.

Belongs here: the register. Does not belong here: the kinds (kinds_lines.py, kinds_letters.py, kinds_headings.py,
kinds_values.py; workbooks, nights and file names have files of their own).

Every kind states its outcome beforehand. `aside` is the number of lines set aside; of an accepted file whose values are
not changed (`same`) every loaded row must be one of the clean file. The oracle's answer is held against all three, so
that neither can be wrong alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .extracts import Sheet

Make = Callable[[Sheet, Random], "str | bytes | list[str]"]


@dataclass(frozen=True)
class Kind:
    """`make` gives the file's bytes, its text, or its lines."""

    name: str
    group: str
    outcome: str
    aside: int
    same: bool
    suits: Callable[[Sheet], bool]
    make: Make

    def data(self, sheet: Sheet, rng: Random) -> bytes:
        made = self.make(sheet, rng)
        if isinstance(made, list):
            made = "\r\n".join(made) + "\r\n"
        return made if isinstance(made, bytes) else made.encode(sheet.encoding)


KINDS: list[Kind] = []


def refused(group: str, suits: Callable[[Sheet], bool] = lambda sheet: True):
    """The file is refused, nothing of it is loaded."""
    return _enter(group, "refused", 0, False, suits)


def accepted(group: str, same: bool = True, suits: Callable[[Sheet], bool] = lambda sheet: True):
    """Every line is loaded (or repeats another one)."""
    return _enter(group, "accepted", 0, same, suits)


def aside(group: str, count: int, suits: Callable[[Sheet], bool] = lambda sheet: True):
    """So many lines are set aside, the others are loaded as they are."""
    return _enter(group, "accepted_with_quarantine", count, True, suits)


def _enter(group: str, outcome: str, count: int, same: bool, suits: Callable[[Sheet], bool]):
    def register(make: Make) -> Make:
        KINDS.append(Kind(make.__name__.replace("_", " ").strip(), group, outcome, count, same, suits, make))
        return make

    return register


def in_utf_8(sheet: Sheet) -> bool:
    return sheet.encoding == "utf-8"


def in_cp1252(sheet: Sheet) -> bool:
    return sheet.encoding == "cp1252"


def of_kent(sheet: Sheet) -> bool:
    return sheet.authority == "kent"


def with_moments(sheet: Sheet) -> bool:
    return sheet.feed == "contacts"


def pick(sheet: Sheet, rng: Random, count: int = 1) -> list[int]:
    """Rows (from 0) at least two apart, in order; neither the first nor the last."""
    return sorted(2 * at + 1 for at in rng.sample(range((len(sheet.rows) - 2) // 2), count))


def changed(sheet: Sheet, at: int, column: int | str, value: str) -> Sheet:
    """The sheet with another value in one cell."""
    rows = sheet.grid()
    rows[at][sheet.place(column) if isinstance(column, str) else column] = value
    return sheet.with_rows(rows)


def throughout(sheet: Sheet, columns: list[int], change: Callable[[str], str]) -> Sheet:
    """The sheet with every filled cell of these columns changed."""
    rows = sheet.grid()
    for row in rows:
        for column in columns:
            row[column] = change(row[column]) if row[column] else ""
    return sheet.with_rows(rows)


def date_column(sheet: Sheet) -> str:
    """The first mandatory day of the sheet's feed."""
    return sheet.contract["mandatory_dates"][0]


def key_column(sheet: Sheet) -> str:
    return sheet.contract["key"][0]


def text_column(sheet: Sheet) -> int:
    return sheet.place("setting_name")
