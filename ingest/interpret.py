"""From a sheet of text to the canonical columns of one feed: types, keys, duplicates, what cannot be used.

Belongs here: matching headings, checking every value against its column, the accounting of rows. Does not
belong here: decoding (read.py), what is known from earlier extracts, tables (load.py), what wordings mean
(SQL).

Each distinct cell of a column is looked at once. A row is quarantined for the first of the reasons that apply, or
because another row of its key says something else; an optional value that cannot be used is taken out of its row and
noted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from ingest.feeds import Column, Feed, normalise_wording
from ingest.profile import Profile, Source
from ingest.read import NO_VALUE, Table, Unreadable
from ingest.times import exchange, read_native, read_time

OLDEST_DAY = "1990-01-01"
# A column has drifted when most of at least this many values no longer fit it.
DRIFT_LEAST_VALUES = 3
DRIFT_SHARE = 0.5
# Day and month are exchanged in a column when so many of its values fit only the exchanged format, however many others
# there are: those whose day is 12 or less fit both, and nobody can tell which is meant. One alone may be a slip of a
# finger, and is a value that cannot be used.
SWAP_LEAST_VALUES = 2

_KEYLESS = ("missing_key", "unusable_key", "repeated_heading")
_TRUE, _FALSE = {"true", "yes", "y", "1", "t"}, {"false", "no", "n", "0", "f"}
# ASCII throughout: to Python's \d the digits of every script are digits, and a key in other digits is another key.
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
# References travel into the marts and into the lists of records to mend. A field for them is also where somebody
# types a name; people's names have no digits.
_REFERENCE = re.compile(r"(?=.*\d)[^\r\n\t]{1,40}", re.ASCII)

# A cell's canonical text and the reason why it has none; (None, None) for an empty cell.
Parsed = tuple[str | None, str | None]
Parser = Callable[[str], Parsed]


@dataclass
class Judged:
    """One file seen as one feed. The lists of equal length hold the usable rows; `columns` has every column.

    Grain of `quarantine`: line, reason code, record key or None, raw text. Of `unusable`: line, record key,
    column name, reason code, raw value. rows_read = len(lines) + len(quarantine) + rows_deduplicated.
    """

    rows_read: int = 0
    rows_deduplicated: int = 0
    unusable_percent: float = 0.0
    lines: list[int] = field(default_factory=list)
    record_keys: list[str] = field(default_factory=list)
    row_hashes: list[str] = field(default_factory=list)
    extras: list[str | None] = field(default_factory=list)
    columns: dict[str, list[str | None]] = field(default_factory=dict)
    quarantine: list[tuple[int, str, str | None, str]] = field(default_factory=list)
    unusable: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    drifted_columns: list[str] = field(default_factory=list)
    swapped_date_columns: list[str] = field(default_factory=list)
    absent_headings: list[str] = field(default_factory=list)
    extra_columns: list[int] = field(default_factory=list)


@dataclass
class _Values:
    """One column of a sheet: canonical values, and by row the reason and cell of those not usable."""

    values: list[str | None]
    unusable: dict[int, tuple[str, str]]


def interpret(
    table: Table, source: Source, feed: Feed, profile: Profile, extract_on: date, taken: set[str]
) -> Judged:
    """Judge every row of a sheet as a row of the feed.

    `taken` are the normalised headings that any feed of this sheet uses: the others are extra, kept as JSON.
    Raises Unreadable when a mandatory heading is missing or a heading stands twice.
    """
    places = _place_headings(table, source, feed)
    rows_of = _rows_of_feed(table, source, places)
    rows = table.rows if len(rows_of) == len(table.rows) else [table.rows[at] for at in rows_of]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(table.headings)
    judged = Judged(rows_read=len(rows) + len(table.bad_lines))
    judged.absent_headings = [name for name in source.headings if name not in places]

    columns: dict[str, _Values] = {}
    for column in feed.columns.values():
        if column.name in places:
            parse = _parser(column, source, profile, table.has_native_dates)
            if column.name == feed.key[0] and source.key_pattern:
                parse = _with_pattern(parse, re.compile(source.key_pattern, re.ASCII))
            columns[column.name] = _parse(cells[places[column.name]], parse)
            place = places[column.name]
            _note_drift(judged, column, cells[place], columns[column.name], source, table.headings[place])
        else:
            columns[column.name] = _Values([source.constants.get(column.name)] * len(rows), {})

    extra = [at for at, name in enumerate(table.headings) if normalise_wording(name) not in taken]
    judged.extra_columns = [at + 1 for at in extra]
    extras = _extras(rows, extra, [table.headings[at] or f"column {at + 1}" for at in extra])

    reasons = _reasons(rows, columns, feed, table, places, extract_on)
    unkeyed = {at for at, reason in reasons.items() if reason in _KEYLESS}
    keys = [
        None if at in unkeyed else "|".join(value or "" for value in parts)
        for at, parts in enumerate(zip(*(columns[name].values for name in feed.key), strict=True))
    ]
    for at in [at for at, key in enumerate(keys) if at in reasons and key is not None]:
        # A key of several columns cannot be told when a mandatory one of them is missing.
        if any(feed.columns[name].mandatory and columns[name].values[at] is None for name in feed.key):
            keys[at] = None
    hashes = _hash_rows(columns, extras, len(rows))
    repeated = _settle_duplicates(keys, hashes, reasons)
    judged.rows_deduplicated = len(repeated)

    kept = [at for at in range(len(rows)) if at not in reasons and at not in repeated]
    judged.lines = [table.lines[rows_of[at]] for at in kept]
    judged.record_keys = [keys[at] for at in kept]
    judged.row_hashes = [hashes[at] for at in kept]
    judged.extras = [extras[at] for at in kept]
    judged.columns = {name: [column.values[at] for at in kept] for name, column in columns.items()}
    judged.quarantine = [(bad.line, bad.reason, None, bad.text) for bad in table.bad_lines] + [
        (table.lines[rows_of[at]], reason, keys[at], table.text(rows_of[at]))
        for at, reason in sorted(reasons.items())
    ]
    wanted = set(kept)
    judged.unusable = [
        (table.lines[rows_of[at]], keys[at], name, reason, cell)
        for name, column in columns.items()
        for at, (reason, cell) in sorted(column.unusable.items())
        if at in wanted
    ]
    judged.unusable_percent = _unusable_percent(judged, table, len(rows), len(reasons))
    if judged.rows_read != len(judged.lines) + len(judged.quarantine) + judged.rows_deduplicated:
        raise AssertionError("rows read are not rows loaded + quarantined + deduplicated")
    return judged


def _place_headings(table: Table, source: Source, feed: Feed) -> dict[str, int]:
    """Position of each canonical column that the sheet carries; `rows_when` is checked too."""
    standing: dict[str, list[int]] = {}
    for at, heading in enumerate(table.headings):
        standing.setdefault(normalise_wording(heading), []).append(at)
    standing.pop("", None)

    def find(headings: Iterable[str]) -> list[int]:
        return sorted(
            at for name in {normalise_wording(one) for one in headings} for at in standing.get(name, [])
        )

    found = {column: find(headings) for column, headings in source.headings.items()}
    needed = {c for c in found if feed.columns[c].mandatory or c in feed.key}
    lacking = [f"{column} ({' or '.join(source.headings[column])})" for column in needed if not found[column]]
    if source.rows_when and not find(source.rows_when):
        lacking.append(f"rows_when ({' or '.join(source.rows_when)})")
    if lacking:
        known = sum(1 for places in found.values() if places)
        told = f"no heading for {', '.join(sorted(lacking))}; {known} of {len(found)} headings were found"
        if not known:
            told += "; the first row must hold them, and a CSV have the delimiter that the profile says"
        raise Unreadable("missing_heading", told)
    twice = [places for places in (*standing.values(), *found.values()) if len(places) > 1]
    if twice:
        numbers = " and ".join(str(at + 1) for at in twice[0])
        raise Unreadable(
            "duplicate_heading", f"columns {numbers} have one heading, or two that mean the same"
        )
    return {column: places[0] for column, places in found.items() if places}


def _rows_of_feed(table: Table, source: Source, places: dict[str, int]) -> list[int]:
    if source.rows_when is None:
        return list(range(len(table.rows)))
    wanted = {normalise_wording(one) for one in source.rows_when}
    marks = [at for at, heading in enumerate(table.headings) if normalise_wording(heading) in wanted]
    return [at for at, row in enumerate(table.rows) if any(row[mark].strip() for mark in marks)]


def _parse(cells: tuple[str, ...], parse: Parser) -> _Values:
    told = {cell: (None, NO_VALUE[cell]) if cell in NO_VALUE else parse(cell.strip()) for cell in set(cells)}
    values = [told[cell][0] for cell in cells]
    if all(reason is None for _, reason in told.values()):
        return _Values(values, {})
    return _Values(values, {at: (told[cell][1], cell) for at, cell in enumerate(cells) if told[cell][1]})


def _parser(column: Column, source: Source, profile: Profile, has_native_dates: bool) -> Parser:
    """What turns a stripped cell of the column into its canonical text."""
    if column.type in ("text", "code"):
        return lambda cell: (cell or None, None)
    if column.type == "reference":
        return lambda cell: (
            (cell, None) if _REFERENCE.fullmatch(cell) else (None, "unusable_reference" if cell else None)
        )
    if column.type == "list":
        separator = source.list_separator

        def parse_list(cell: str) -> Parsed:
            parts = [part.strip() for part in cell.split(separator) if part.strip()]
            return (json.dumps(parts, ensure_ascii=False) if parts else None), None

        return parse_list
    if column.type == "boolean":
        local = profile.booleans.get(column.name, {})

        def parse_boolean(cell: str) -> Parsed:
            plain = normalise_wording(cell)
            told = local.get(plain) or ("true" if plain in _TRUE else "false" if plain in _FALSE else None)
            return told, ("unusable_boolean" if told is None and cell else None)

        return parse_boolean
    if column.type in ("integer", "number"):
        pattern = _INTEGER if column.type == "integer" else _NUMBER
        reason = f"unusable_{column.type}"
        return lambda cell: (cell, None) if pattern.fullmatch(cell) else (None, reason if cell else None)
    is_moment = column.type == "moment"
    formats = source.moments if is_moment else source.dates

    def parse_time(cell: str) -> Parsed:
        if not cell:
            return None, None
        moment = read_native(cell) if has_native_dates else None
        moment = moment or read_time(cell, formats)
        if moment is None:
            return None, f"unusable_{column.type}"
        return (
            moment.isoformat(sep=" ", timespec="seconds") if is_moment else moment.date().isoformat()
        ), None

    return parse_time


def _with_pattern(parse: Parser, pattern: re.Pattern[str]) -> Parser:
    def parse_key(cell: str) -> Parsed:
        value, reason = parse(cell)
        return (
            (None, "unusable_key") if value is not None and not pattern.fullmatch(value) else (value, reason)
        )

    return parse_key


def _note_drift(
    judged: Judged, column: Column, cells: tuple[str, ...], values: _Values, source: Source, heading: str
) -> None:
    """Note a column whose day and month are exchanged, or most of whose values no longer fit."""
    # A heading that is repeated between the rows is no value: in a column that is mostly empty it would be most.
    unfit = [cell.strip() for _, cell in values.unusable.values() if cell.strip() != heading]
    if not unfit:
        return
    filled = sum(1 for cell in cells if cell.strip() and cell.strip() != heading)
    if column.type in ("date", "moment"):
        formats = source.moments if column.type == "moment" else source.dates
        swapped = tuple(exchange(one) for one in formats if "%m" in one or "%-m" in one)
        only_swapped = sum(read_time(cell, swapped) is not None for cell in unfit)
        if only_swapped >= SWAP_LEAST_VALUES:
            judged.swapped_date_columns.append(column.name)
            return
    if filled >= DRIFT_LEAST_VALUES and len(unfit) > DRIFT_SHARE * filled:
        judged.drifted_columns.append(column.name)


def _reasons(
    rows: list[list[str]],
    columns: dict[str, _Values],
    feed: Feed,
    table: Table,
    places: dict[str, int],
    extract_on: date,
) -> dict[int, str]:
    """By row, the first reason why it cannot be loaded."""
    reasons: dict[int, str] = {}
    last_day = extract_on.isoformat()
    heading = [normalise_wording(one) for one in table.headings]
    if feed.key[0] in places:
        at_key = places[feed.key[0]]
        for at, row in enumerate(rows):
            if (
                normalise_wording(row[at_key]) == heading[at_key]
                and [normalise_wording(c) for c in row] == heading
            ):
                reasons[at] = "repeated_heading"
    key = columns[feed.key[0]]
    for at, value in enumerate(key.values):
        if value is None:
            reasons.setdefault(at, "unusable_key" if at in key.unusable else "missing_key")
    for name in feed.mandatory_dates:
        column = columns[name]
        for at, value in enumerate(column.values):
            if value is None:
                reason = "unusable_mandatory_date" if at in column.unusable else "missing_mandatory_date"
                reasons.setdefault(at, reason)
            elif value[:10] > last_day:
                reasons.setdefault(at, "future_mandatory_date")
            elif value < OLDEST_DAY:
                reasons.setdefault(at, "absurd_mandatory_date")
    for column in feed.columns.values():
        if column.mandatory and column.name != feed.key[0] and None in columns[column.name].values:
            unusable = columns[column.name].unusable
            for at, value in enumerate(columns[column.name].values):
                if value is None:
                    reason = "unusable_mandatory_value" if at in unusable else "missing_mandatory_value"
                    reasons.setdefault(at, reason)
    return reasons


def _extras(rows: list[list[str]], extra: list[int], names: list[str]) -> list[str | None]:
    """By row, the filled cells under headings that no feed of the sheet uses, as a JSON object."""
    if not extra:
        return [None] * len(rows)
    found = []
    for row in rows:
        kept = {name: row[at].strip() for name, at in zip(names, extra, strict=True) if row[at].strip()}
        found.append(json.dumps(kept, ensure_ascii=False) if kept else None)
    return found


def _hash_rows(columns: dict[str, _Values], extras: list[str | None], count: int) -> list[str]:
    """A hash of each row's content: canonical values, cells that could not be used, and extra cells."""
    texts = []
    for column in columns.values():
        text = [value or "" for value in column.values]
        for at, (_, cell) in column.unusable.items():
            text[at] = f"?{cell}"
        texts.append(text)
    texts.append([extra or "" for extra in extras])
    if not count:
        return []
    return [
        hashlib.blake2b("\x1f".join(p).encode(), digest_size=16).hexdigest() for p in zip(*texts, strict=True)
    ]


def _settle_duplicates(keys: list[str | None], hashes: list[str], reasons: dict[int, str]) -> set[int]:
    """Rows that repeat another one exactly; rows of one key with different content get one reason instead.

    A row that cannot be used for another reason speaks of its key as well: nobody can tell which of the two is right.
    """
    first: dict[str, int] = {}
    repeated: set[int] = set()
    conflicting: set[str] = set()
    for at, key in enumerate(keys):
        if key is None:
            continue
        earlier = first.setdefault(key, at)
        if hashes[earlier] != hashes[at]:
            conflicting.add(key)
        elif earlier != at and at not in reasons:
            repeated.add(at)
    if conflicting:
        for at, key in enumerate(keys):
            if key in conflicting:
                reasons[at] = "conflicting_key"
                repeated.discard(at)
    return repeated


def _unusable_percent(judged: Judged, table: Table, row_count: int, unusable_rows: int) -> float:
    """Share of the file's rows that cannot be used.

    Where a feed has only some rows of its file, lines that nobody could read are held against the whole file
    and the feed's own rows against themselves, and the worse share counts.
    """
    lines = len(table.rows) + len(table.bad_lines)
    if row_count == len(table.rows):
        return 100.0 * (unusable_rows + len(table.bad_lines)) / lines if lines else 0.0
    own = 100.0 * unusable_rows / row_count if row_count else 0.0
    return max(own, 100.0 * len(table.bad_lines) / lines)
