"""What the raw layer holds beside extracts: profiles as tables, keys in place of persons, days reached.

Belongs here: raw.code_map, raw.authorities, raw.targets, raw.sector_lines, raw.feeds, raw.person_keys. Does
not belong here: reading profiles (profile.py), rows of extracts (load.py).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from ingest.feeds import normalise_wording, read_feeds
from ingest.profile import Profile
from ingest.tables import insert, insert_rows

LEAST_SECRET_BYTES = 32
# Every column that holds the local id of a person, by the kind of person.
PERSON_COLUMNS = (
    ("subject", "referrals", "subject_id"),
    ("subject", "subjects", "subject_id"),
    ("child", "children", "child_id"),
)


class SubjectKeyError(ValueError):
    """The secret of the keyed hash is missing, too short, or not the one used before."""


def register_profiles(
    con: duckdb.DuckDBPyConnection,
    profiles: dict[str, Profile],
    secret: bytes,
    unusable: Collection[str] = (),
) -> None:
    """Replace the tables that say what the profiles say. Raises SubjectKeyError before it writes.

    unusable: authorities whose profile cannot be read now; what was registered of them last stands.
    """
    check_secret(con, secret)
    con.execute("begin transaction")
    try:
        for name in ("code_map", "authorities", "targets", "sector_lines", "feeds"):
            con.execute(
                f"delete from raw.{name} where not list_contains($unusable, authority)",
                {"unusable": list(unusable)},
            ).fetchall()
        every = list(profiles.values())
        insert_rows(con, "raw.authorities", [_authority(profile) for profile in every])
        insert_rows(con, "raw.code_map", [row for profile in every for row in _code_map(profile)])
        insert_rows(con, "raw.feeds", [row for profile in every for row in _feeds(profile)])
        targets = [
            {"authority": p.authority, "measure": measure, "target_percent": percent}
            for p in every
            for measure, percent in p.targets.items()
        ]
        lines = [
            {"authority": p.authority, "sector": sector, "sector_line": line}
            for p in every
            for sector, line in p.sector_lines.items()
        ]
        insert_rows(con, "raw.targets", targets)
        insert_rows(con, "raw.sector_lines", lines)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _authority(profile: Profile) -> dict[str, Any]:
    return {
        "authority": profile.authority,
        "authority_name": profile.name,
        "time_zone": profile.time_zone,
        "grace_working_days": profile.grace_working_days,
        "disclosure_hide_up_to": profile.disclosure.hide_up_to,
        "disclosure_round_to": profile.disclosure.round_to,
        "profile_hash": profile.profile_hash,
    }


def _code_map(profile: Profile) -> Iterator[dict[str, Any]]:
    """Each wording of a code list; a constant of an open list is a wording of itself."""
    feeds = read_feeds()
    columns = [column for feed in feeds.values() for column in feed.columns.values()]
    lists = {column.list for column in columns if column.list}
    seen = set()
    for list_name, wordings in profile.codes.items():
        for wording, meanings in wordings.items() if list_name in lists else ():
            for meaning in meanings:
                row = (
                    list_name,
                    normalise_wording(wording),
                    meaning.member,
                    meaning.valid_from,
                    meaning.valid_to,
                )
                if row not in seen:
                    seen.add(row)
                    yield _code_row(profile.authority, *row)
    mapped = {(list_name, wording) for list_name, wording, *_ in seen}
    for source in profile.sources:
        for column, value in source.constants.items():
            list_name = feeds[source.feed].columns[column].list
            if list_name and (list_name, normalise_wording(value)) not in mapped:
                mapped.add((list_name, normalise_wording(value)))
                yield _code_row(profile.authority, list_name, normalise_wording(value), value, None, None)


def _code_row(
    authority: str, list_name: str, wording: str, member: str, valid_from: date | None, valid_to: date | None
) -> dict[str, Any]:
    return {
        "authority": authority,
        "list_name": list_name,
        "wording": wording,
        "member": member,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }


def _feeds(profile: Profile) -> Iterator[dict[str, Any]]:
    """A row for each source system of a feed, and one for each feed that the authority lacks."""
    told = set()
    for source in profile.sources:
        if (source.feed, source.source_system) not in told:
            told.add((source.feed, source.source_system))
            yield {
                "authority": profile.authority,
                "feed": source.feed,
                "source_system": source.source_system,
                "extract_kind": source.extract,
                "complete_from": source.complete_from,
                "is_available": True,
                "reason": None,
            }
    for feed in read_feeds().keys() - {feed for feed, _ in told}:
        yield {
            "authority": profile.authority,
            "feed": feed,
            "source_system": None,
            "extract_kind": None,
            "complete_from": None,
            "is_available": False,
            "reason": profile.missing_feeds.get(feed, f"{profile.name} does not export this."),
        }


def fingerprint_of(secret: bytes) -> str:
    """Sixteen hex digits that tell one secret from another and say nothing else about it."""
    return hmac.new(secret, b"fingerprint of the subject key", hashlib.sha256).hexdigest()[:16]


def check_secret(con: duckdb.DuckDBPyConnection, secret: bytes) -> None:
    """Refuse a secret that is too short, or another one than the keys in the warehouse were made with."""
    if len(secret) < LEAST_SECRET_BYTES:
        raise SubjectKeyError(
            f"the secret of the subject keys has {len(secret)} bytes and needs {LEAST_SECRET_BYTES} or more: "
            "set LADO_SUBJECT_KEY; nothing was read"
        )
    fingerprint = fingerprint_of(secret)
    known = con.execute("select fingerprint from raw.key_fingerprint").fetchall()
    if not known:
        now = datetime.now(UTC).replace(tzinfo=None)
        con.execute("insert into raw.key_fingerprint values (?, ?)", [fingerprint, now]).fetchall()
    elif known[0][0] != fingerprint:
        raise SubjectKeyError(
            "the secret of the subject keys is not the one that this warehouse was filled with: put the "
            "earlier LADO_SUBJECT_KEY back, or change it by `lado subject rekey`; nothing was read"
        )


def person_key(secret: bytes, kind: str, authority: str, person_id: str) -> str:
    """The key of a person: HMAC-SHA-256 of kind|authority|id, the first 32 hex digits.

    The id is taken stripped, in lower case and with single spaces, so that two ways of writing one id share a key.
    """
    text = f"{kind}|{authority}|{normalise_wording(person_id)}"
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:32]


def add_person_keys(con: duckdb.DuckDBPyConnection, secret: bytes) -> None:
    """Give every person of the raw tables that has none a key. Raises SubjectKeyError."""
    check_secret(con, secret)
    found = " union ".join(
        f"select _authority as authority, '{kind}' as kind, {column} as person_id from raw.{feed} "
        f"where {column} is not null"
        for kind, feed, column in PERSON_COLUMNS
    )
    new = con.execute(
        f"select authority, kind, person_id from ({found}) "
        "anti join raw.person_keys using (authority, kind, person_id) order by all"
    ).fetchall()
    _put_keys(con, new, secret)


def _put_keys(con: duckdb.DuckDBPyConnection, people: list[tuple[str, str, str]], secret: bytes) -> None:
    if not people:
        return
    authorities, kinds, numbers = (list(column) for column in zip(*people, strict=True))
    keys = [person_key(secret, kind, authority, person) for authority, kind, person in people]
    columns = {"authority": authorities, "kind": kinds, "person_id": numbers, "person_key": keys}
    insert(con, "raw.person_keys", columns)


def rekey(con: duckdb.DuckDBPyConnection, old: bytes, new: bytes) -> dict[str, str]:
    """Make every person's key anew with another secret; old key -> new key. All or nothing.

    Whoever shared a key shares one again, so all joins and counts stay. Everything behind the door in holds the old
    keys until it is built anew. A warehouse that has the new secret already is left as it is. Raises
    SubjectKeyError.
    """
    known = con.execute("select fingerprint from raw.key_fingerprint").fetchall()
    if known and known[0][0] == fingerprint_of(new):
        return {}
    check_secret(con, old)
    people = con.execute("select authority, kind, person_id from raw.person_keys order by all").fetchall()
    con.execute("begin transaction")
    try:
        con.execute("delete from raw.person_keys")
        con.execute("delete from raw.key_fingerprint")
        check_secret(con, new)
        _put_keys(con, people, new)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return {
        person_key(old, kind, authority, person): person_key(new, kind, authority, person)
        for authority, kind, person in people
    }


def as_ats(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """The last day of each authority's accepted extracts, up to the limit of this refresh."""
    return dict(
        con.execute(
            "select authority, max(extract_on) from raw.load_log "
            "where outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded') "
            "and extract_on <= coalesce((select max(as_at_limit) from raw.this_refresh), extract_on) "
            "group by authority order by authority"
        ).fetchall()
    )
