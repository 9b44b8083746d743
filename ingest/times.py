"""Days and moments as an extract writes them.

Belongs here: reading a cell by the formats of a profile, to the letter. Does not belong here: what a day means,
whether it is possible for its record (interpret.py, SQL).

A day must be written with all the digits that its format has: `3/05/2019` is no `%d/%m/%Y`, because that is what
is left of `13/05/2019` when a character is lost. A system that writes days without leading zeros says so by
`%-d/%-m/%Y`.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

OLDEST_YEAR = 1900  # nobody in these records was born earlier: 0218 is a slip of 2018

_ISO_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))?", re.ASCII)
_DIRECTIVE = re.compile("%-?[a-zA-Z%]")
_DIGITS = {"Y": r"\d{4}"} | dict.fromkeys("dmHIMSy", r"\d\d")


@lru_cache(maxsize=65_536)
def read_time(cell: str, formats: tuple[str, ...]) -> datetime | None:
    """The moment, by the first format in which the cell is written; None when there is none."""
    for one in formats:
        if not _shape(one).fullmatch(cell):
            continue
        try:
            # Extracts write local time without a zone; the profile names the zone.
            found = datetime.strptime(cell, one.replace("%-", "%"))  # noqa: DTZ007
        except ValueError:
            continue
        if found.year >= OLDEST_YEAR:
            return found
    return None


@lru_cache(maxsize=256)
def _shape(format_: str) -> re.Pattern[str]:
    """How many digits or letters stand where; strptime alone is content with fewer, and with any blanks."""
    pattern, at = "", 0
    for found in _DIRECTIVE.finditer(format_):
        letter, is_short = found[0][-1], found[0][1] == "-"
        pattern += re.escape(format_[at : found.start()])
        pattern += r"\d\d?" if is_short else _DIGITS.get(letter, r"\S+?")
        at = found.end()
    return re.compile(pattern + re.escape(format_[at:]), re.ASCII)


def read_native(cell: str) -> datetime | None:
    """A day or moment that the workbook itself kept as one: in ISO form whatever the profile says."""
    try:
        return datetime.fromisoformat(cell) if _ISO_MOMENT.fullmatch(cell) else None
    except ValueError:
        return None


def exchange(format_: str) -> str:
    """The format with day and month in each other's place."""
    return re.sub("(%-?)([dm])", lambda found: found[1] + ("m" if found[2] == "d" else "d"), format_)
