"""Erasing one person from every file of this home: `lado subject erase`.

Belongs here: the order of the steps, and when an erasure counts as done. Does not belong here: which rows are theirs
and how extracts are rewritten (ingest), tombstones (subject_register.py), publishing.

In order: tombstones, so that from now on no extract brings the person back; the raw tables; the kept extracts; a
refresh, which builds and publishes everything without them; the other releases are removed; the warehouse is copied
into a new file, because DuckDB keeps the bytes of deleted rows; at last every file is looked through for what should
be gone. Each step can be done again: an erasure that was killed, or whose refresh was held by the gate, is finished by
starting it again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

import ingest
from orchestration import audit_log, history, release, resources, subject_register, traces
from orchestration.refresh import refresh
from orchestration.resources import Home, NotReady
from publish import files, releases


class OnHold(NotReady):
    """A legal hold forbids the erasure."""


@dataclass
class Erasure:
    """What an erasure came to.

    removed: rows taken out of raw tables and rows left out of kept extracts (`landing`), `cells`: names and
    quotations emptied in rows of others. before, after: rows of every raw table and mart, so that the change in
    counts explains itself. left: what still may hold the person, with the reason; empty when the erasure is done.
    """

    reference: str
    removed: Counter[str] = field(default_factory=Counter)
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    releases_removed: list[str] = field(default_factory=list)
    refresh_id: str | None = None
    left: list[str] = field(default_factory=list)

    def changes(self) -> dict[str, dict[str, int]]:
        """Tables whose number of rows changed."""
        names = sorted(self.before.keys() | self.after.keys())
        both = {name: (self.before.get(name, 0), self.after.get(name, 0)) for name in names}
        return {name: {"before": was, "after": now} for name, (was, now) in both.items() if was != now}


def erase(home: Home, authority: str, kind: str, person_id: str, today: dt.date) -> Erasure:
    """Erase a person. The caller holds the lock of the home.

    Raises OnHold, and NotReady when nothing is known of the person.
    """
    secret = resources.subject_secret(home)
    register = subject_register.open_register(home, secret)
    done = Erasure(register.reference(kind, authority, person_id))
    _refuse_if_held(home, register, done.reference, {done.reference})
    usable, _ = ingest.read_usable_profiles(home.profile_folders, resources.CODE_LISTS)
    profile = usable.get(authority)
    if profile is None:
        raise NotReady(f"there is no profile {authority}.yml: its extracts cannot be searched")
    with resources.warehouse(home) as con:
        done.before = _rows(con)
        key = ingest.person_key(secret, kind, authority, person_id)
        held = ingest.find(con, authority, kind, person_id, key)
        is_known = held.is_known or register.is_buried(authority, kind, person_id)
        if not is_known and not _is_in_extracts(home, profile, held, register.key):
            raise NotReady("nothing in this home is known of that person; look at authority, kind and number")
        others = {register.reference(kind, authority, n) for kind, n in ingest.others_in(con, held)}
        _refuse_if_held(home, register, done.reference, others)
        audit_log.append(home, "subject_erasure", "begun", con, person=done.reference)
        register.bury(authority, held.identities, today)
        own = register.as_erased()
        gone = _in_one_transaction(con, lambda: _take_out(con, held, own, done))
        contents, sizes = _rewrite_extracts(home, profile, own, done)
        _in_one_transaction(con, lambda: ingest.restamp(con, authority, contents, sizes))
    if held.is_name_shared:
        done.left.append("their name, where it stands in rows of others: another person has the same name")
    _publish_without(home, done)
    _compact(home)
    done.left += _traces(home, held, gone | {key})
    with resources.warehouse(home) as con:
        done.after = _rows(con)
        outcome = "incomplete" if done.left else "erased"
        audit_log.append(
            home,
            "subject_erasure",
            outcome,
            con,
            person=done.reference,
            counts=dict(done.removed),
            changes=done.changes(),
            refresh_id=done.refresh_id,
            releases_removed=done.releases_removed,
            left=done.left,
        )
    return done


def _refuse_if_held(
    home: Home, register: subject_register.Register, reference: str, persons: set[str]
) -> None:
    """Raise OnHold when one of the persons (by reference) is on hold; the log names whose erasure was refused."""
    for person in sorted(persons):
        if hold := register.hold_on(person):
            audit_log.append(
                home, "subject_erasure", "refused_by_hold", person=reference, ground=hold["ground"]
            )
            whose = "this person" if person == reference else "another person of the same matter"
            raise OnHold(
                f"a legal hold ({hold['ground']}, since {hold['since']}) is on {whose}: nothing was erased"
            )


def _traces(home: Home, held: ingest.Held, gone: set[str]) -> list[str]:
    """Where the person's numbers, names and keys, and the numbers of their records, still stand."""
    records = {number for kind, number in held.identities if kind.startswith("record:") and "@" not in kind}
    wanted = traces.pattern(held.numbers | records | gone, ingest.pattern_of_names(held.identities))
    return traces.find(home, wanted) if wanted else []


def _rows(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every raw table and mart."""
    tables = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where schema_name in ('raw', 'marts') order by all"
    ).fetchall()
    return {name: con.execute(f"select count(*) from {name}").fetchall()[0][0] for (name,) in tables}


def _in_one_transaction(con: duckdb.DuckDBPyConnection, work: Callable[[], Any]) -> Any:
    con.execute("begin transaction")
    try:
        told = work()
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return told


def _take_out(
    con: duckdb.DuckDBPyConnection, held: ingest.Held, own: ingest.Erased, done: Erasure
) -> set[str]:
    """The raw tables, and the lists of records to mend, which name records by number and children by key.

    Returns numbers and keys of the persons of whom nothing is left in raw.
    """
    before = _persons(con)
    done.removed.update(ingest.remove(con, held, own))
    gone = {word for person in before - _persons(con) for word in person}
    named = {number for _, _, number in held.records} | held.numbers | gone
    for (name,) in con.execute(
        "select distinct record_id from quality.findings where authority = ?", [held.authority]
    ).fetchall():
        if named & {name, *name.replace("|", ":").split(":"), *name.split("|")}:
            done.removed["quality.findings"] += con.execute(
                "delete from quality.findings where authority = ? and record_id = ?", [held.authority, name]
            ).fetchall()[0][0]
    return gone


def _persons(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return set(con.execute("select person_id, person_key from raw.person_keys").fetchall())


def _is_in_extracts(home: Home, profile: ingest.Profile, held: ingest.Held, key: bytes) -> bool:
    """Whether a file that was never loaded holds the person."""
    own = ingest.Erased.of(key, profile.authority, held.identities)
    with ingest.Reader() as reader:
        for path in sorted((home.landing / profile.authority).glob("*/*")):
            sources = profile.sources_of(path.name) if path.is_file() else []
            data = path.read_bytes() if sources else b""
            if sources and ingest.without_erased(data, sources, profile.authority, reader, own).data != data:
                return True
    return False


def _rewrite_extracts(
    home: Home, profile: ingest.Profile, own: ingest.Erased, done: Erasure
) -> tuple[dict[str, str], dict[tuple[str, str], int]]:
    """Leave the person out of every kept extract; old content hash -> new, and the new sizes by day and name."""
    contents: dict[str, str] = {}
    sizes: dict[tuple[str, str], int] = {}
    with ingest.Reader() as reader:
        for path in sorted((home.landing / profile.authority).glob("*/*")):
            if not path.is_file() or not profile.sources_of(path.name):
                continue  # what no feed takes is looked through at the end
            before = hashlib.sha256(path.read_bytes()).hexdigest()
            new = ingest.rewrite(path, profile, reader, own)
            if new.unread:
                name = ingest.shown_name(path.relative_to(home.root).as_posix())
                done.left.append(f"{name}: cannot be read ({new.unread}), remove it")
            done.removed["landing"] += new.rows.total()
            contents[before] = hashlib.sha256(new.data).hexdigest()
            sizes[path.parent.name, path.name] = len(new.data)
    return {old: new for old, new in contents.items() if old != new}, sizes


def _publish_without(home: Home, done: Erasure) -> None:
    """Build and publish everything anew, then remove every other release."""
    outcome = refresh(home)
    done.refresh_id = outcome.refresh_id
    if outcome.outcome not in ("published", "nothing_new"):
        done.left.append(
            f"the publication, because the refresh ended as {outcome.outcome}: {outcome.message}"
        )
        return
    if outcome.postgres and outcome.postgres["outcome"] != "shown":
        done.left.append(f"PostgreSQL, which could not be brought up to date: {outcome.postgres['message']}")
    with resources.warehouse(home) as con:
        newest = history.published_last(con)
    if newest and newest != (files.published_state(home.root) or {}).get("refresh_id"):
        # Somebody had gone back to a release that holds the person.
        told = release.rollback(home, newest)["postgres"]
        if told and told["outcome"] != "shown":
            done.left.append(f"PostgreSQL, which could not be brought up to date: {told['message']}")
    kept = [name for name in releases.receipts(home.root) if name != newest]
    stuck = releases.remove_all_but_current(home.root)
    done.releases_removed = [name for name in kept if name not in stuck]
    done.left += [f"published/{name}: somebody is reading it" for name in stuck]


def _compact(home: Home) -> None:
    """Copy the warehouse into a new file and put that in its place; what was set aside as damaged goes."""
    beside = home.warehouse.with_name(f"{home.warehouse.name}.next")
    beside.unlink(missing_ok=True)
    with resources.warehouse(home) as con:
        name = con.execute("select current_database()").fetchall()[0][0]
        con.execute(f"attach '{str(beside).replace(chr(39), chr(39) * 2)}' as rebuilt")
        con.execute(f'copy from database "{name}" to rebuilt')
        con.execute("detach rebuilt")
    _flush(beside)
    beside.replace(home.warehouse)
    for left_over in home.root.glob(f"{home.warehouse.name}.*"):
        if left_over.is_file():
            left_over.unlink()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
