"""What should come of an extract, read a second time from the input contract and never with ingest's code.

Belongs here: the table "what bad input gets" as a slow and plain reader: character by character, line by line, cell by
cell. Does not belong here: the damage, comparing (verdicts.py), workbooks (their outcomes are stated by kind).

One line is one row unless a quoted field runs over its end and is closed well-formed further down. What the contract
leaves to the profile (patterns, formats, wordings, headings) is read from the profile's YAML.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from .extracts import CONTRACT, DAY

HEADING = "repeated heading"
UNUSABLE_SHARE = 0.05
LONGEST = 100_000
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NO_VALUE = "\ufffe"  # a cell that holds something without a value; the character stands in no text
YES, NO = {"true", "yes", "y", "1", "t"}, {"false", "no", "n", "0", "f"}


@dataclass
class Expected:
    """The right outcome of one file seen as one feed; lines count from 1, the heading is line 1."""

    outcome: str
    why: str = ""
    rows: dict[int, dict[str, str | None]] = field(default_factory=dict)
    quarantined: set[int] = field(default_factory=set)
    repeated: set[int] = field(default_factory=set)
    findings: set[tuple[int, str]] = field(default_factory=set)


class Refused(Exception):
    """The file as a whole cannot be taken."""


def expect(data: bytes, source: dict, codes: dict, day: dt.date = DAY) -> Expected:
    """The right outcome. `codes` are the profile's wordings."""
    try:
        headings, records, bad = _split(data, source)
        return _judge(headings, records, bad, source, codes, day)
    except Refused as refused:
        return Expected("refused", str(refused))


def expect_rows(
    headings: list[str], rows: list[list[str]], source: dict, codes: dict, day: dt.date = DAY
) -> Expected:
    """The right outcome of a sheet that is given as text; rows stand from line 2 on."""
    records, bad = {}, set()
    for line, row in enumerate(rows, start=2):
        if any(row[len(headings) :]):
            bad.add(line)
        elif any(row):
            records[line] = (row + [""] * len(headings))[: len(headings)]
    try:
        return _judge(headings, records, bad, source, codes, day)
    except Refused as refused:
        return Expected("refused", str(refused))


def _split(data: bytes, source: dict) -> tuple[Sequence[str], dict[int, Sequence[str]], set[int]]:
    """Headings, fields by line, and lines that are no rows."""
    encoding = source.get("encoding", "utf-8")
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise Refused("empty")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (data[:3] == b"\xef\xbb\xbf" and encoding != "utf-8"):
        raise Refused("marked as another encoding")
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Refused("bytes of another encoding") from None
    if encoding == "cp1252" and not data.isascii() and data.decode("utf-8", "replace").count("\ufffd") == 0:
        raise Refused("utf-8, and not what was agreed")
    text = text.replace("\r\n", "\n")
    lines = text.split("\n" if "\n" in text else "\r")
    delimiter = source.get("delimiter", ",")
    headings = parse(lines[0], delimiter)
    if headings is None or "\0" in lines[0]:
        raise Refused("the heading is no line of CSV")
    records, bad = {}, set()
    number = 1
    while number < len(lines):
        line = lines[number]
        fields, taken = _record(lines, number, delimiter, len(headings))
        if fields is not None:
            records[number + 1] = fields
        elif line:
            bad.add(number + 1)
        number += taken
    if not records and not bad:
        raise Refused("no row")
    return headings, records, bad


def _record(lines: list[str], number: int, delimiter: str, width: int) -> tuple[Sequence[str] | None, int]:
    """The fields of the record that begins here and the number of its lines; None when it is no row."""
    text = lines[number]
    for taken in range(1, min(40, len(lines) - number) + 1):
        if taken > 1:
            text += "\n" + lines[number + taken - 1]
        fields = parse(text, delimiter)
        if fields is not None:
            right = len(fields) == width and text and all(len(one) <= LONGEST for one in fields)
            right = right and "\0" not in text and "\r" not in re.sub('"[^"]*"', "", text)
            return (fields, taken) if right else (None, 1)
        if text.count('"') % 2 == 0:
            break
    return None, 1


@lru_cache(maxsize=50_000)  # the same good lines stand in every damaged file
def parse(text: str, delimiter: str) -> tuple[str, ...] | None:
    """The fields of one record by RFC 4180, character by character; None when it is not well formed."""
    fields, at, end = [], 0, len(text)
    while True:
        value = []
        if at < end and text[at] == '"':
            at += 1
            while True:
                if at >= end:
                    return None
                if text[at] != '"':
                    value.append(text[at])
                    at += 1
                elif text[at + 1 : at + 2] == '"':
                    value.append('"')
                    at += 2
                else:
                    at += 1
                    break
            if at < end and text[at] != delimiter:
                return None
        else:
            while at < end and text[at] != delimiter:
                if text[at] in '"\n':
                    return None
                value.append(text[at])
                at += 1
        fields.append("".join(value))
        if at >= end:
            return tuple(fields)
        at += 1


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _judge(headings, records, bad, source, codes, day) -> Expected:
    contract = CONTRACT[source["feed"]]
    heads = [plain(heading) for heading in headings]
    places = _places(heads, source, contract)
    own = _own_rows(headings, records, source)
    reasons, values, findings = {}, {}, set()
    unusable, filled = Counter(), Counter()
    swapped: Counter[str] = Counter()
    for line, fields in own.items():
        row = {}
        is_heading = plain(fields[0]) == heads[0] and [plain(one) for one in fields] == heads
        for column in contract["columns"]:
            cell = (
                fields[places[column]]
                if column in places
                else (source.get("constants") or {}).get(column, "")
            )
            value, fits = read_value(cell.strip(), column, source, codes)
            row[column] = value
            filled[column] += bool(cell.strip()) and not is_heading
            if not fits:
                unusable[column] += not is_heading
                findings.add((line, column))
                swapped[column] += _fits_swapped(cell.strip(), contract["columns"][column]["type"], source)
        values[line] = row
        reason = _reason(row, contract, day)
        if is_heading:
            reason = HEADING
        if reason:
            reasons[line] = reason
    repeated = _duplicates(values, own, places, reasons, contract)
    expected = Expected("accepted")
    expected.quarantined = bad | set(reasons)
    expected.repeated = repeated
    expected.rows = {
        line: row for line, row in values.items() if line not in reasons and line not in repeated
    }
    expected.findings = {(line, column) for line, column in findings if line in expected.rows}
    if expected.quarantined:
        expected.outcome = "accepted_with_quarantine"
    _refuse_drift(records, bad, own, reasons, unusable, filled, swapped)
    return expected


def _refuse_drift(records, bad, own, reasons, unusable, filled, swapped) -> None:
    every = len(records) + len(bad)
    share = len(bad) / every
    if len(own) == len(records):
        share = (len(bad) + len(reasons)) / every
    elif own:
        share = max(share, len(reasons) / len(own))
    if share > UNUSABLE_SHARE:
        raise Refused("more than 5 % of the rows")
    for column, count in unusable.items():
        if swapped[column] >= 2:
            raise Refused("day and month exchanged")
        if filled[column] >= 3 and count > 0.5 * filled[column]:
            raise Refused("a whole column")


def _places(headings: list[str], source: dict, contract: dict) -> dict[str, int]:
    places = {}
    for column, told in source["headings"].items():
        accepted = {plain(one) for one in (told if isinstance(told, list) else [told])}
        found = [at for at, heading in enumerate(headings) if heading in accepted]
        if len(found) > 1:
            raise Refused("a heading twice")
        if found:
            places[column] = found[0]
        elif contract["columns"][column].get("mandatory") or column in contract["key"]:
            raise Refused("a mandatory heading is missing")
    if source.get("rows_when") and plain(source["rows_when"]) not in headings:
        raise Refused("the heading that tells the feed's rows is missing")
    if any(count > 1 for heading, count in Counter(headings).items() if heading):
        raise Refused("a heading twice")
    return places


def _own_rows(headings, records, source) -> dict[int, Sequence[str]]:
    if not source.get("rows_when"):
        return records
    mark = [plain(heading) for heading in headings].index(plain(source["rows_when"]))
    return {line: fields for line, fields in records.items() if fields[mark].strip()}


def _reason(row: dict, contract: dict, day: dt.date) -> str | None:
    for column, about in contract["columns"].items():
        if about.get("mandatory") and row[column] is None:
            return "a mandatory value is missing"
    for column in contract["mandatory_dates"]:
        if row[column] is None or not "1990-01-01" <= row[column][:10] <= day.isoformat():
            return "no usable date"
    return None


def _duplicates(values, own, places, reasons, contract) -> set[int]:
    """Lines that repeat an earlier one; lines of one key with different content get a reason.

    A line that has its key and is no use for another reason is a line of that key all the same.
    """
    by_key: dict[tuple, list[int]] = {}
    needed = [name for name in contract["key"] if contract["columns"][name].get("mandatory")]
    for line, row in values.items():
        if reasons.get(line) != HEADING and all(row[name] is not None for name in needed):
            by_key.setdefault(tuple(row[name] for name in contract["key"]), []).append(line)
    repeated = set()
    used = set(places.values())
    for lines in by_key.values():
        contents = {
            (*values[line].items(), *(cell.strip() for at, cell in enumerate(own[line]) if at not in used))
            for line in lines
        }
        if len(contents) > 1:
            reasons.update(dict.fromkeys(lines, "one key, two contents"))
        else:
            repeated |= set(lines[1:]) - set(reasons)
    return repeated


def read_value(cell: str, column: str, source: dict, codes: dict) -> tuple[str | None, bool]:
    """The canonical text of a stripped cell, and whether it fits its column."""
    contract = CONTRACT[source["feed"]]
    kind = contract["columns"][column]["type"]
    if not cell or cell == NO_VALUE:
        return None, not cell
    value: str | None = cell
    if kind == "reference":
        value = (
            cell if len(cell) <= 40 and re.search("[0-9]", cell) and not re.search("[\r\n\t]", cell) else None
        )
    elif kind == "list":
        parts = [one.strip() for one in cell.split(source.get("list_separator", ";"))]
        value = json.dumps([one for one in parts if one], ensure_ascii=False) if any(parts) else None
        return value, True
    elif kind == "boolean":
        local = {plain(wording): str(meant) for wording, meant in (codes.get(column) or {}).items()}
        word = local.get(plain(cell), plain(cell))
        value = "true" if word in YES else "false" if word in NO else None
    elif kind in ("integer", "number"):
        pattern = "[+-]?[0-9]{1,18}" if kind == "integer" else r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?"
        value = cell if re.fullmatch(pattern, cell) else None
    elif kind in ("date", "moment"):
        native = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"] if source["format"] == "xlsx" else []
        found = _first_reading(cell, [*native, *(source.get(f"{kind}s") or [])])
        value = found and (found[:10] if kind == "date" else found)
    if column == contract["key"][0] and source.get("key_pattern") and value is not None:
        value = value if re.fullmatch(source["key_pattern"], value, re.ASCII) else None
    return value, value is not None


def _first_reading(cell: str, formats: list[str]) -> str | None:
    return next((found for one in formats if (found := read_moment(cell, one))), None)


@lru_cache(maxsize=50_000)
def read_moment(cell: str, form: str) -> str | None:
    """The moment in ISO form when the cell is written exactly in the form, with all its digits."""
    groups = {"%d": "(?P<d>[0-9]{2})", "%m": "(?P<m>[0-9]{2})", "%Y": "(?P<Y>[0-9]{4})", "%b": "(?P<b>[A-Za-z]{3})",
              "%H": "(?P<H>[0-9]{2})", "%M": "(?P<M>[0-9]{2})", "%S": "(?P<S>[0-9]{2})"}  # fmt: skip
    pattern = re.escape(form)
    for directive, group in groups.items():
        pattern = pattern.replace(directive, group)
    found = re.fullmatch(pattern, cell)
    if not found:
        return None
    told = found.groupdict()
    if "b" in told:
        if told["b"].lower() not in MONTHS:
            return None
        told["m"] = MONTHS.index(told["b"].lower()) + 1
    parts = [int(told.get(part, 0)) for part in "YmdHMS"]
    try:
        moment = dt.datetime(*parts)
    except ValueError:
        return None
    return moment.isoformat(sep=" ") if moment.year >= 1900 else None  # nobody was born before


def _fits_swapped(cell: str, kind: str, source: dict) -> bool:
    if kind not in ("date", "moment"):
        return False
    swapped = [re.sub("%[dm]", lambda f: "%m" if f[0] == "%d" else "%d", one)
               for one in source.get(f"{kind}s") or [] if "%m" in one]  # fmt: skip
    return _first_reading(cell, swapped) is not None
