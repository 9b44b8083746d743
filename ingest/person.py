"""Everything that the raw layer holds of one person: found for access, removed for erasure.

Belongs here: which rows of raw.* are theirs, by plain number, and taking them out of the raw tables. Does not belong
here: files (leave_out.py), what is built from raw, tombstones of other homes.

Theirs are, for an adult: their staff records, the referrals about them, what hangs on those, and the contacts that
quote such a referral or are quoted by it. A referral whose versions name two adults is theirs only in the versions
that name them, and what hangs on it stays. A contact that another person's referral quotes stays, without the
quotation. For a child: the rows that name the child. Earlier versions and set-aside lines count like all others.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from ingest.erased import REFERENCES, Erased, Identity, name_identity, record_kinds
from ingest.feeds import read_feeds
from ingest.tables import add_new_columns

HANG_ON_REFERRALS = ("allegations", "meetings", "children", "feedback", "escalations")
HANG_ON_ALLEGATIONS = ("outcomes", "actions", "strands")
SEVERAL_WORDS = 2  # a name of one word is too common a word to be looked for
_MOST_ORDERS = 4  # names of more words are looked for as written

# Where a row of raw stands: feed, source system, content hash, line.
Place = tuple[str, str, str, int]


@dataclass
class Held:
    """What raw holds of a person. `rows` and `quarantine` are theirs; the rest stands in rows of others.

    records: (feed, system, record key) of their records. quotes: (place, column) where others' rows quote one.
    mentions: (place, column) where others' rows have their name in text; `table` of a place may be `quarantine`.
    is_name_shared: another person of the authority has the same name, so the name alone says nothing.
    """

    authority: str
    kind: str
    numbers: set[str]
    records: set[tuple[str, str, str]] = field(default_factory=set)
    rows: set[Place] = field(default_factory=set)
    quarantine: set[Place] = field(default_factory=set)
    quotes: set[tuple[Place, str]] = field(default_factory=set)
    mentions: set[tuple[Place, str]] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    is_name_shared: bool = False
    identities: list[Identity] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        return bool(self.rows or self.quarantine)


def find(con: duckdb.DuckDBPyConnection, authority: str, kind: str, person_id: str, key: str) -> Held:
    """Everything of a person: kind is subject or child, person_id their local number, key their person key."""
    same = con.execute(
        "select person_id from raw.person_keys where authority = ? and kind = ? and person_key = ?",
        [authority, kind, key],
    ).fetchall()
    held = Held(authority, kind, {person_id, *(number for (number,) in same)})
    if kind == "subject":
        _find_of_adult(con, held)
    else:
        _add(con, held, "children", "list_contains($numbers, child_id)", numbers=list(held.numbers))
    _name(con, held)
    held.identities = _identities(con, held)
    own = Erased.of(b"only for this search", authority, held.identities)
    _find_quarantined(con, held, own)
    _find_in_others(con, held, own)
    return held


def others_in(con: duckdb.DuckDBPyConnection, held: Held) -> set[tuple[str, str]]:
    """Persons, by kind and number, whose matters the rows are as well: a hold on one of them holds these rows too."""
    here = "_authority = ? and _source_system = ? and _content_hash = ? and _line = ?"
    found = set()
    for feed, system, content_hash, line in held.rows:
        if feed == "children":
            rows = con.execute(
                f"select 'child', child_id from raw.children where {here} union all "
                "select 'subject', r.subject_id from raw.children as c join raw.referrals as r "
                "on r._authority = c._authority and r.referral_id = c.referral_id "
                "where c._authority = ? and c._source_system = ? and c._content_hash = ? and c._line = ?",
                [held.authority, system, content_hash, line] * 2,
            ).fetchall()
            found |= {(kind, number) for kind, number in rows if number}
    return found


# --- Rows of their own ----------------------------------------------------------------------------------------


def _find_of_adult(con: duckdb.DuckDBPyConnection, held: Held) -> None:
    numbers = list(held.numbers)
    _add(con, held, "subjects", "list_contains($numbers, subject_id)", numbers=numbers)
    _add_owned(
        con,
        held,
        "referrals",
        "coalesce(list_contains($numbers, subject_id), false)",
        "subject_id is not null and not list_contains($numbers, subject_id)",
        numbers=numbers,
    )
    for parent, children in (("referrals", HANG_ON_REFERRALS), ("allegations", HANG_ON_ALLEGATIONS)):
        named, free = _numbers(con, held, parent)
        column = f"{parent.removesuffix('s')}_id"
        hangs = (
            f"coalesce(list_contains($named, _source_system || '|' || {column}) "
            f"or list_contains($free, {column}), false)"
        )
        for feed in children:
            _add_owned(
                con, held, feed, hangs, f"{column} is not null and not {hangs}", named=named, free=free
            )
    _add_contacts(con, held)
    _, referrals = _numbers(con, held, "referrals")
    _, contacts = _numbers(con, held, "contacts")
    decided = "list_contains($referrals, referral_id) or list_contains($contacts, contact_id)"
    _add(con, held, "match_decisions", decided, referrals=referrals, contacts=contacts)


def _add(con: duckdb.DuckDBPyConnection, held: Held, feed: str, where: str, **values: list[str]) -> None:
    """Take rows as theirs, and their records with them."""
    for system, content_hash, line, record_key in con.execute(
        "select _source_system, _content_hash, _line, _record_key from "
        f"raw.{feed} where _authority = $authority and ({where})",
        {"authority": held.authority, **values},
    ).fetchall():
        held.rows.add((feed, system, content_hash, line))
        held.records.add((feed, system, record_key))


def _add_owned(
    con: duckdb.DuckDBPyConnection, held: Held, feed: str, theirs: str, others: str, **values: list[str]
) -> None:
    """Take the records of which a version is theirs: whole, unless another version is another person's."""
    told = con.execute(
        f"""
        select _source_system, _content_hash, _line, _record_key, {theirs},
            bool_or({theirs}) over record, bool_or({others}) over record
        from raw.{feed} where _authority = $authority
        window record as (partition by _source_system, _record_key)
        qualify bool_or({theirs}) over record
        """,
        {"authority": held.authority, **values},
    ).fetchall()
    for system, content_hash, line, record_key, is_theirs, _, is_shared in told:
        if is_theirs or not is_shared:
            held.rows.add((feed, system, content_hash, line))
        if not is_shared:
            held.records.add((feed, system, record_key))


def _numbers(con: duckdb.DuckDBPyConnection, held: Held, feed: str) -> tuple[list[str], list[str]]:
    """Their records of a feed as system|number, and the numbers that no other record of the authority has."""
    own = {(system, number) for name, system, number in held.records if name == feed}
    column = f"{feed.removesuffix('s')}_id"
    everywhere = con.execute(
        f"select distinct _source_system, {column} from raw.{feed} "
        f"where _authority = $authority and list_contains($numbers, {column})",
        {"authority": held.authority, "numbers": [number for _, number in own]},
    ).fetchall()
    taken = {number for system, number in everywhere if (system, number) not in own}
    return [f"{system}|{number}" for system, number in own], [n for _, n in own if n not in taken]


def _add_contacts(con: duckdb.DuckDBPyConnection, held: Held) -> None:
    named, free = _numbers(con, held, "referrals")
    values = {"authority": held.authority, "named": named, "free": free}
    theirs = "list_contains($named, r._source_system || '|' || r.referral_id)"
    quotes = (
        "list_contains($named, c._source_system || '|' || c.case_ref) or list_contains($free, c.case_ref)"
    )
    own = con.execute(
        f"""
        with quoted as (
            select r.contact_ref as contact_id, bool_or({theirs}) as is_theirs, bool_or(not {theirs}) as is_others
            from raw.referrals as r where r._authority = $authority and r.contact_ref is not null group by all
        ),
        quoting as (
            select c.contact_id, bool_or({quotes}) as is_theirs, bool_or(not ({quotes})) as is_others
            from raw.contacts as c where c._authority = $authority and c.case_ref is not null group by all
        )
        select contact_id from (from quoted union all from quoting) group by contact_id
        having bool_or(is_theirs) and not bool_or(is_others)
        """,
        values,
    ).fetchall()
    _add(con, held, "contacts", "list_contains($contacts, contact_id)", contacts=[one for (one,) in own])


# --- Their names and numbers in text ----------------------------------------------------------------------------


def _name(con: duckdb.DuckDBPyConnection, held: Held) -> None:
    told = con.execute(
        "select distinct full_name, list_contains($numbers, subject_id) from raw.subjects "
        "where _authority = $authority and full_name is not null",
        {"authority": held.authority, "numbers": list(held.numbers) if held.kind == "subject" else []},
    ).fetchall()
    held.names = {name for name, is_theirs in told if is_theirs}
    known = {name_identity(name)[1] for name in held.names}
    held.is_name_shared = any(not is_theirs and name_identity(name)[1] in known for name, is_theirs in told)


def _identities(con: duckdb.DuckDBPyConnection, held: Held) -> list[Identity]:
    """All that a tombstone must be made of, sorted."""
    found = {(held.kind, number) for number in held.numbers}
    for feed in {name for name, *_ in held.records}:
        free = set(_numbers(con, held, feed)[1]) if feed in REFERENCES.values() else set()
        for _, system, number in (record for record in held.records if record[0] == feed):
            within, across = record_kinds(feed, system)
            found.add((within, number))
            if number in free:
                found.add((across, number))
    if not held.is_name_shared:
        names = {name_identity(name) for name in held.names}
        found |= {one for one in names if len(one[1].split()) >= SEVERAL_WORDS}
    return sorted(found)


def _find_quarantined(con: duckdb.DuckDBPyConnection, held: Held, own: Erased) -> None:
    feeds = read_feeds()
    for feed, system, content_hash, line, record_key, text in con.execute(
        "select feed, source_system, content_hash, line, record_key, raw_text from raw.quarantine where authority = ?",
        [held.authority],
    ).fetchall():
        place = (feed, system, content_hash, line)
        if own.has_record(held.authority, feed, system, record_key) or own.is_their_text(
            held.authority, feeds[feed], system, text
        ):
            held.quarantine.add(place)
        elif own.names(held.authority, text):
            held.mentions.add((("quarantine", system, content_hash, line), "raw_text"))


def _find_in_others(con: duckdb.DuckDBPyConnection, held: Held, own: Erased) -> None:
    """Quotations of their records and mentions of their name in rows that are not theirs."""
    pattern = pattern_of_names(held.identities)
    numbers = {name: list({n for feed, _, n in held.records if feed == name}) for name in REFERENCES.values()}
    for feed in read_feeds().values():
        looked = [column for column in feed.columns if column in REFERENCES and column != feed.key[0]]
        texts = [c.name for c in feed.columns.values() if c.type in ("text", "code")] + ["_extra"]
        if feed.name == "subjects":
            texts = [column for column in texts if column != "full_name"]
        for column, is_reference in [*((c, True) for c in looked), *((c, False) for c in texts if pattern)]:
            where = f"list_contains($1, {column})" if is_reference else f"regexp_matches({column}, $1)"
            wanted = numbers[REFERENCES[column]] if is_reference else pattern
            for system, content_hash, line, value in con.execute(
                f"select _source_system, _content_hash, _line, {column} from raw.{feed.name} "
                f"where {where} and _authority = $2",
                [wanted, held.authority],
            ).fetchall():
                place = (feed.name, system, content_hash, line)
                if place in held.rows:
                    continue
                if is_reference and own.has_record(held.authority, REFERENCES[column], system, value):
                    held.quotes.add((place, column))
                elif not is_reference and own.names(held.authority, value):
                    held.mentions.add((place, column))


def pattern_of_names(identities: Iterable[Identity]) -> str | None:
    """A regular expression that finds at least what Erased.names finds; None when no name is among them."""
    found = []
    for words in (value.split() for kind, value in identities if kind == "name"):
        orders = itertools.permutations(words) if len(words) <= _MOST_ORDERS else [words, words[::-1]]
        found += [r"[ \t.,]{1,3}".join(map(re.escape, order)) for order in orders]
    return f"(?i){'|'.join(found)}" if found else None


# --- Taking it out ------------------------------------------------------------------------------------------------


def remove(con: duckdb.DuckDBPyConnection, held: Held, own: Erased) -> Counter[str]:
    """Take a person out of the raw tables; rows removed by table, cells emptied under `cells`.

    Rows leave `loaded` and `quarantined` of the load log and go to `erased`, so that what was read stays explained.
    The caller holds a transaction.
    """
    add_new_columns(con)
    counts: Counter[str] = Counter()
    for feed, system, content_hash, line in held.rows:
        at = [held.authority, system, content_hash, line]
        here = "_authority = ? and _source_system = ? and _content_hash = ? and _line = ?"
        con.execute(f"delete from raw.{feed} where {here}", at)
        counts[f"raw.{feed}"] += 1
        _count_as_erased(con, held.authority, (feed, system, content_hash), "rows_loaded")
    for feed, system, content_hash, line in held.quarantine:
        here = "authority = ? and feed = ? and source_system = ? and content_hash = ? and line = ?"
        copies = con.execute(
            f"delete from raw.quarantine where {here}", [held.authority, feed, system, content_hash, line]
        ).fetchall()[0][0]
        counts["raw.quarantine"] += copies
        _count_as_erased(con, held.authority, (feed, system, content_hash), "rows_quarantined")
    for feed, system, content_hash, line in held.rows | held.quarantine:
        con.execute(
            "delete from raw.unusable_values where authority = ? and feed = ? and source_system = ? "
            "and content_hash = ? and line = ?",
            [held.authority, feed, system, content_hash, line],
        )
    counts["cells"] = _empty_cells(con, held, own)
    con.execute(
        "delete from raw.person_keys where authority = ? and kind = ? and list_contains(?, person_id)",
        [held.authority, held.kind, list(held.numbers)],
    )
    # Children who stood only in their records are in nobody's any more.
    con.execute(
        "delete from raw.person_keys where kind = 'child' and not exists (select 1 from raw.children as c "
        "where c._authority = person_keys.authority and c.child_id = person_keys.person_id)"
    )
    return counts


def _count_as_erased(
    con: duckdb.DuckDBPyConnection, authority: str, content: tuple[str, str, str], was: str
) -> None:
    con.execute(
        f"update raw.load_log set {was} = {was} - 1, rows_erased = rows_erased + 1 where authority = ? and feed = ? "
        f"and source_system = ? and content_hash = ? and outcome like 'accepted%' and {was} > 0",
        [authority, *content],
    )


def _empty_cells(con: duckdb.DuckDBPyConnection, held: Held, own: Erased) -> int:
    for (table, system, content_hash, line), column in held.quotes:
        con.execute(
            f"update raw.{table} set {column} = null where _authority = ? and _source_system = ? "
            "and _content_hash = ? and _line = ?",
            [held.authority, system, content_hash, line],
        )
    for (table, system, content_hash, line), column in held.mentions:
        mark = "" if table == "quarantine" else "_"
        where = (
            f"{mark}authority = ? and {mark}source_system = ? and {mark}content_hash = ? and {mark}line = ?"
        )
        at = [held.authority, system, content_hash, line]
        for (text,) in con.execute(f"select distinct {column} from raw.{table} where {where}", at).fetchall():
            new = own.without_names(held.authority, text)
            con.execute(
                f"update raw.{table} set {column} = ? where {where} and {column} = ?", [new, *at, text]
            )
    for (text,) in con.execute(
        "select distinct raw_value from raw.unusable_values where authority = ?", [held.authority]
    ).fetchall():
        if own.names(held.authority, text):
            new = own.without_names(held.authority, text)
            con.execute(
                "update raw.unusable_values set raw_value = ? where authority = ? and raw_value = ?",
                [new, held.authority, text],
            )
    return len(held.quotes) + len(held.mentions)


def restamp(
    con: duckdb.DuckDBPyConnection,
    authority: str,
    contents: dict[str, str],
    sizes: dict[tuple[str, str], int],
) -> None:
    """Give raw the content hashes and sizes of rewritten files: old hash -> new, (day, file name) -> bytes.

    Two contents that differed only in what was left out are one content now, which is kept once. The caller holds a
    transaction.
    """
    feeds = list(read_feeds())
    for old, new in contents.items():
        for table, mark in [*((f"raw.{feed}", "_") for feed in feeds), ("raw.quarantine", ""),
                            ("raw.unusable_values", "")]:  # fmt: skip
            same = f"{mark}authority = ? and {mark}content_hash = ?"
            is_there = con.execute(f"select 1 from {table} where {same} limit 1", [authority, new]).fetchall()
            if is_there:
                con.execute(f"delete from {table} where {same}", [authority, old])
            else:
                con.execute(f"update {table} set {mark}content_hash = ? where {same}", [new, authority, old])
        con.execute(
            "update raw.load_log set content_hash = ? where authority = ? and content_hash = ?",
            [new, authority, old],
        )
    for (day, name), size in sizes.items():
        con.execute(
            "update raw.landed_files set size_bytes = ? where authority = ? and extract_on = ? and file_name = ?",
            [size, authority, day, name],
        )
