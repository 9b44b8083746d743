"""What can be wrong with a profile, said with its line and, where one is near, a suggestion.

Belongs here: YAML as plain text with the line of every key, and the rules that a profile's shape cannot say
(names of feeds, columns, lists and members, patterns, formats). Does not belong here: the shape (profile.py).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml

from ingest.feeds import Feed, normalise_wording, read_feeds

if TYPE_CHECKING:
    from ingest.profile import Meaning, Profile, Source

Lines = dict[tuple, int]


@dataclass(frozen=True)
class Problem:
    """Something wrong with a profile. `line` is 1-based; 0 when it belongs to the whole file.

    A remark (`is_error` false) does not keep the profile from being used.
    """

    line: int
    message: str
    is_error: bool = True


def construct(node: yaml.Node | None, path: tuple, lines: Lines, problems: list[Problem]) -> Any:
    """Plain data from YAML nodes, every scalar as text (`No` stays a wording), and the line of every key."""
    if node is None:
        return None
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in made:
                first = lines[(*path, key)]
                problems.append(Problem(line, f"`{key}` at line {line} is already given at line {first}"))
            lines.setdefault((*path, key), line)
            made[key] = construct(value_node, (*path, key), lines, problems)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [construct(child, (*path, place), lines, problems) for place, child in enumerate(node.value)]
    is_null = not node.style and node.value in ("", "~", "null", "Null", "NULL")
    return None if is_null else node.value


def line_of(lines: Lines, path: tuple) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def problem_at(lines: Lines, path: tuple, message: str) -> Problem:
    line = line_of(lines, path)
    return Problem(line, f"line {line}: {message}")


def suggest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f": did you mean `{near[0]}`?" if near else ""


def explain(error: Any, lines: Lines, known_keys: dict[str, list[str]]) -> Problem:
    """One pydantic error in the words of the profile. `known_keys`: those of each part; "" is the top."""
    path = tuple(error["loc"])
    name, line = str(path[-1]), line_of(lines, path)
    if error["type"] == "extra_forbidden":
        known = known_keys.get(str(path[0]) if len(path) > 1 else "", [])
        return Problem(line, f"unknown key `{name}` at line {line}{suggest(name, known)}")
    if error["type"] == "missing":
        return Problem(line, f"`{name}` is missing from the entry at line {line}")
    # Entries of a list are counted from 1, as a reader counts them.
    where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in path)
    return Problem(line, f"`{where}` at line {line}: {error['msg']}")


# What stands for something mandatory that has not the right shape, so that the rest can be looked at.
_STAND_INS: dict[str, Any] = {
    "authority": "x", "name": "", "sources": [],
    "feed": "", "source_system": "x", "files": "x", "format": "csv", "extract": "full", "headings": {},
}  # fmt: skip
_OF_PROFILE = ("authority", "name", "sources")


def take_out(data: dict[str, Any], path: tuple) -> tuple:
    """Take what has not the right shape out of a profile's data, or the nearest thing around it; the path of that.

    A mandatory entry gets a stand-in; no source moves to another place.
    """
    path = path[:3] if path[0] == "codes" else path
    at: Any = data
    for depth, step in enumerate(path[:-1], start=1):
        inner = at.get(step) if isinstance(at, dict) else at[step]
        if not isinstance(inner, list if isinstance(path[depth], int) else dict):
            path = path[:depth]
            break
        at = inner
    last = path[-1]
    if path[0] == "sources" and len(path) == 2:
        at[last] = {name: value for name, value in _STAND_INS.items() if name not in _OF_PROFILE}
    elif isinstance(at, list):
        del at[last]
    else:
        at.pop(last, None)
        if last in _STAND_INS and len(path) == (1 if last in _OF_PROFILE else 3):
            at[last] = _STAND_INS[last]
    return path


def check_names(profile: Profile, lines: Lines, broken: set[tuple]) -> list[Problem]:
    """What the shape cannot say: names of feeds and columns, patterns, formats, the time zone.

    Nothing is concluded from what has not the right shape (`broken`: its paths) and was taken out.
    """
    feeds, problems = read_feeds(), []
    try:
        ZoneInfo(profile.time_zone)
    except (KeyError, ValueError, OSError):
        problems.append(problem_at(lines, ("time_zone",), f"no such time zone as `{profile.time_zone}`"))
    carried = {source.feed for source in profile.sources}
    for feed in profile.missing_feeds:
        if feed not in feeds:
            problems.append(
                problem_at(lines, ("missing_feeds", feed), f"no such feed as `{feed}`{suggest(feed, feeds)}")
            )
        elif feed in carried:
            problems.append(
                problem_at(lines, ("missing_feeds", feed), f"`{feed}` is said to be missing but has a source")
            )
    is_complete = not any(path[:1] == ("sources",) and path[2:3] in ((), ("feed",)) for path in broken)
    if "referrals" not in carried and is_complete:
        problems.append(
            problem_at(lines, ("sources",), "no source carries `referrals`, which no authority may lack")
        )
    for place, source in enumerate(profile.sources):
        at = ("sources", place)
        lost = {path[2] for path in broken if path[:2] == at and len(path) > 2}
        if source.feed in feeds:
            problems += _check_columns(source, feeds[source.feed], at, lines, lost)
            problems += _check_formats(source, feeds[source.feed], at, lines, lost)
        elif at not in broken and "feed" not in lost:
            message = f"no such feed as `{source.feed}`{suggest(source.feed, feeds)}"
            problems.append(problem_at(lines, (*at, "feed"), message))
    return problems


def _check_columns(source: Source, feed: Feed, at: tuple, lines: Lines, lost: set[str]) -> Iterator[Problem]:
    """`lost`: entries of the source that were taken out, whole or in part."""
    for part in ("headings", "constants"):
        for column in getattr(source, part):
            if column not in feed.columns:
                message = f"`{feed.name}` has no column `{column}`{suggest(column, feed.columns)}"
                yield problem_at(lines, (*at, part, column), message)
    if lost & {"headings", "constants"}:
        return
    for column in feed.columns.values():
        if column.mandatory and column.name not in {*source.headings, *source.constants}:
            yield problem_at(lines, (*at, "headings"), f"`{feed.name}` cannot do without `{column.name}`")


def _check_formats(source: Source, feed: Feed, at: tuple, lines: Lines, lost: set[str]) -> Iterator[Problem]:
    """`lost`: entries of the source that were taken out, whole or in part."""
    types = {feed.columns[column].type for column in source.headings if column in feed.columns}
    for kind, formats in (("date", source.dates), ("moment", source.moments)):
        is_told = not lost & {"format", f"{kind}s"}
        if kind in types and not formats and source.format == "csv" and is_told:
            yield problem_at(lines, at, f"`{feed.name}` has columns of type {kind} but no `{kind}s` formats")
        for one in formats:
            plain = one.replace("%-", "%")  # %-d is a day without its leading zero
            if not ("%Y" in plain and "%d" in plain and any(month in plain for month in ("%m", "%b", "%B"))):
                message = f"the format `{one}` must hold %d, %Y and one of %m, %b, %B"
                yield problem_at(lines, (*at, f"{kind}s"), message)
    if source.key_pattern is not None:
        try:
            re.compile(source.key_pattern)
        except re.error as error:
            yield problem_at(lines, (*at, "key_pattern"), f"not a regular expression: {error}")
    if source.format == "xlsx" and source.sheet is None and "sheet" not in lost:
        yield problem_at(lines, at, "a workbook needs `sheet`, the name of its sheet")


def check_codes(profile: Profile, lines: Lines, closed: dict[str, set[str]] | None) -> list[Problem]:
    """Lists that do not exist, members that a closed list lacks, wordings that mean two things at once."""
    columns = [column for feed in read_feeds().values() for column in feed.columns.values()]
    known = {column.list for column in columns if column.list}
    booleans = {column.name for column in columns if column.type == "boolean"}
    problems: list[Problem] = []

    def check_member(list_name: str, member: str, at: tuple) -> None:
        members = {"true", "false"} if list_name in booleans else (closed or {}).get(list_name)
        if members and member not in members:
            problems.append(
                problem_at(lines, at, f"`{list_name}` has no member `{member}`{suggest(member, members)}")
            )
        elif not re.fullmatch(r"[a-z0-9_]+", member):
            message = f"the member `{member}` must be lower case letters, digits and _"
            problems.append(problem_at(lines, at, message))

    for list_name, wordings in profile.codes.items():
        at = ("codes", list_name)
        if list_name not in known | booleans:
            problems.append(
                problem_at(lines, at, f"no such code list as `{list_name}`{suggest(list_name, known)}")
            )
            continue
        seen: dict[str, tuple[str, tuple[Meaning, ...]]] = {}
        for wording, meanings in wordings.items():
            for meaning in meanings:
                check_member(list_name, meaning.member, (*at, wording))
            told, others = seen.get(normalise_wording(wording), (wording, ()))
            ranges = [(m.valid_from or date.min, m.valid_to or date.max) for m in (*others, *meanings)]
            clash = any(a[0] <= b[1] and b[0] <= a[1] for i, a in enumerate(ranges) for b in ranges[:i])
            if clash or any(start > end for start, end in ranges):
                message = f"`{wording}` (also as `{told}`) has dates that overlap or run backwards"
                problems.append(problem_at(lines, (*at, wording), message))
            seen[normalise_wording(wording)] = (wording, (*others, *meanings))
    for sector in profile.sector_lines:
        check_member("sector", sector, ("sector_lines", sector))
    for place, source in enumerate(profile.sources):
        feed = read_feeds().get(source.feed)
        for name, value in source.constants.items():
            if feed and name in feed.columns and feed.columns[name].list:
                check_member(feed.columns[name].list, value, ("sources", place, "constants", name))
    return problems
