"""Everything that this home holds of one person, for subject access: `lado subject export`.

Belongs here: looking through the warehouse, the kept extracts and the releases, and writing the answer. Does not
belong here: which raw rows are theirs (ingest), what is disclosed: a person decides that, with the marked columns.

Records are the rows about the person. `links` are rows that only say that a contact may be the same matter;
`mentions` are places where the name stands in rows about others: both are named, not copied.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

import ingest
from orchestration import audit_log, resources, subject_register
from orchestration.resources import Home, NotReady
from publish import releases, spreadsheets

# Columns that speak of somebody else: to be looked at before the records are handed over.
THIRD_PARTIES = {
    "referrer_name", "handled_by", "lado", "officer_id", "officer_key", "raw_text", "raw_value", "_extra",
}  # fmt: skip
OF_CHILDREN = {
    "child_id", "child_key", "referral_child_key", "age_at_incident", "in_care", "send", "child_in_need",
    "child_protection", "early_help",
}  # fmt: skip
OF_ADULTS = {"subject_id", "subject_key"}

BUILT = ("staging", "matching", "marts", "casework", "quality")
PERSON_COLUMNS = ("subject_key", "child_key", "person_key")
RECORD_COLUMNS = {
    "referral": "referrals",
    "allegation": "allegations",
    "contact": "contacts",
    "meeting": "meetings",
}


@dataclass
class Export:
    """What was found.

    Records: store, table, where, third_parties (columns), values. Links and mentions: store, table, where.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    mentions: list[dict[str, Any]] = field(default_factory=list)
    unread_files: list[str] = field(default_factory=list)
    publications: list[dict[str, str]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Records by store and table."""
        found: dict[str, int] = {}
        for record in self.records:
            name = f"{record['store']}.{record['table']}"
            found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items()))


def export(home: Home, authority: str, kind: str, person_id: str, into: Path) -> tuple[Export, Path]:
    """Find everything of a person, write it into a folder (records.json, records.csv; mode 0600) and log it.

    Raises NotReady when nothing is known of the person, or the folder holds an export already.
    """
    secret = resources.subject_secret(home)
    register = subject_register.open_register(home, secret)
    key = ingest.person_key(secret, kind, authority, person_id)
    with resources.reading(home) as con:
        held = ingest.find(con, authority, kind, person_id, key)
        found = Export()
        _raw(con, held, found)
        _kept_extracts(con, home, held, register.key, found)
        _built(con, "warehouse", held, key, found)
    _releases(home, held, key, found)
    if not found.records:
        raise NotReady(
            "nothing in this home is known of that person; look at the authority, the kind and the number"
        )
    _write(found, into, {"authority": authority, "kind": kind, "person_id": person_id})
    reference = register.reference(kind, authority, person_id)
    audit_log.append(home, "subject_export", "written", person=reference, counts=found.counts())
    return found, into


def _record(
    found: Export, held: ingest.Held, store: str, table: str, where: dict[str, Any], values: dict
) -> None:
    others = THIRD_PARTIES | (OF_CHILDREN if held.kind == "subject" else OF_ADULTS)
    kept = {name: _plain(value) for name, value in values.items() if value is not None}
    marked = sorted(others & kept.keys())
    found.records.append(
        {"store": store, "table": table, "where": where, "third_parties": marked, "values": kept}
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else value


def _rows(con: duckdb.DuckDBPyConnection, sql: str, values: Any = None) -> Iterator[dict[str, Any]]:
    answer = con.execute(sql, values)
    names = [column[0] for column in answer.description]
    for row in answer.fetchall():
        yield dict(zip(names, row, strict=True))


# --- Raw and the extracts ----------------------------------------------------------------------------------------


def _raw(con: duckdb.DuckDBPyConnection, held: ingest.Held, found: Export) -> None:
    for feed in sorted({place[0] for place in held.rows}):
        for row in _rows(con, f"select * from raw.{feed} where _authority = ?", [held.authority]):
            place = (feed, row["_source_system"], row["_content_hash"], row["_line"])
            if place in held.rows:
                where = {"content_hash": row["_content_hash"], "line": row["_line"]}
                _record(found, held, "raw", feed, where, row)
    for table, wanted in (("quarantine", held.quarantine), ("unusable_values", held.rows | held.quarantine)):
        for row in _rows(con, f"select * from raw.{table} where authority = ?", [held.authority]):
            place = (row["feed"], row["source_system"], row["content_hash"], row["line"])
            if place in wanted:
                where = {"content_hash": row["content_hash"], "line": row["line"]}
                _record(found, held, "raw", table, where, row)
    keys = "select * from raw.person_keys where authority = ? and kind = ? and list_contains(?, person_id)"
    for row in _rows(con, keys, [held.authority, held.kind, list(held.numbers)]):
        _record(found, held, "raw", "person_keys", {}, row)
    for (table, _, content_hash, line), column in sorted(held.mentions):
        where = {"content_hash": content_hash, "line": line, "column": column}
        found.mentions.append({"store": "raw", "table": table, "where": where})


def _kept_extracts(
    con: duckdb.DuckDBPyConnection, home: Home, held: ingest.Held, key: bytes, found: Export
) -> None:
    """Where their rows stand in the landing folder: by the load log, and by reading what never got into it."""
    lines: dict[str, set[tuple[str, int]]] = {}
    for feed, _, content_hash, line in held.rows | held.quarantine:
        lines.setdefault(content_hash, set()).add((feed, line))
    loaded = set()
    for day, name, content_hash in con.execute(
        "select distinct extract_on::varchar, file_name, content_hash from raw.load_log where authority = ? "
        "and outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded')",
        [held.authority],
    ).fetchall():
        loaded.add((day, name))
        path = home.landing / held.authority / day / name
        for feed, line in sorted(lines.get(content_hash, ())):
            where = {"file": path.relative_to(home.root).as_posix(), "line": line, "is_there": path.exists()}
            found.records.append(
                {"store": "landing", "table": feed, "where": where, "third_parties": [], "values": {}}
            )
    own = ingest.Erased.of(key, held.authority, held.identities)
    usable, _ = ingest.read_usable_profiles(home.profile_folders, resources.CODE_LISTS)
    profile = usable.get(held.authority)
    with ingest.Reader() as reader:
        for path in sorted((home.landing / held.authority).glob("*/*")):
            if (path.parent.name, path.name) in loaded or not path.is_file():
                continue
            name = ingest.shown_name(path.relative_to(home.root).as_posix())
            sources = profile.sources_of(path.name) if profile else []
            data = path.read_bytes()
            done = ingest.without_erased(data, sources, held.authority, reader, own) if sources else None
            if done is None or done.unread:
                found.unread_files.append(name)
            elif done.data != data:
                where = {"file": name, "is_there": True}
                found.records.append(
                    {
                        "store": "landing",
                        "table": "not loaded",
                        "where": where,
                        "third_parties": [],
                        "values": {},
                    }
                )


# --- What is built from raw, and the releases ---------------------------------------------------------------------


def _built(con: duckdb.DuckDBPyConnection, store: str, held: ingest.Held, key: str, found: Export) -> None:
    """Rows of every table that bear the person's key or the number of one of their records."""
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where not internal "
        "and (data_type = 'VARCHAR') order by all"
    ).fetchall():
        if store != "warehouse" or schema in BUILT:
            columns.setdefault((schema, table), []).append(column)
    for (schema, table), names in columns.items():
        theirs, linked, values = _conditions(names, held, key)
        if not theirs:
            continue
        name = f'"{schema}"."{table}"'
        of_authority = "authority = $authority" if "authority" in names else "$authority = $authority"
        for row in _rows(
            con, f"select *, {theirs} as _is from {name} where ({linked}) and {of_authority}", values
        ):
            if row.pop("_is"):
                _record(found, held, store, f"{schema}.{table}", {}, row)
            else:
                where = {column: row[column] for column in names if column in ("contact_id", "contact_key")}
                found.links.append({"store": store, "table": f"{schema}.{table}", "where": where})


def _conditions(names: list[str], held: ingest.Held, key: str) -> tuple[str, str, dict[str, Any]]:
    """SQL for: a row is theirs; a row is theirs or linked to one of theirs; and its values."""
    values: dict[str, Any] = {"authority": held.authority}
    tests: dict[str, str] = {}
    for column in names:
        if column in PERSON_COLUMNS:
            tests[column] = f"coalesce({column} = $key, false)"
            values["key"] = key
        entity, _, form = column.rpartition("_")
        if entity in RECORD_COLUMNS and form in ("id", "key"):
            tests[column] = f"coalesce(list_contains(${column}, {column}), false)"
            values[column] = _numbers(held, {RECORD_COLUMNS[entity]}, form)
        elif column in ("record_id", "record_key"):
            tests[column] = f"coalesce(list_contains(${column}, {column}), false)"
            values[column] = [n for form in ("id", "key") for n in _numbers(held, None, form)]
    linked = " or ".join(tests.values())
    own = [test for column, test in tests.items() if column.startswith("contact_")] or list(tests.values())
    return " or ".join(own), linked, values


def _numbers(held: ingest.Held, feeds: set[str] | None, form: str) -> list[str]:
    chosen = [(system, number) for feed, system, number in held.records if feeds is None or feed in feeds]
    if form == "id":
        return sorted({number for _, number in chosen})
    return sorted({f"{held.authority}:{system}:{number}" for system, number in chosen})


def _releases(home: Home, held: ingest.Held, key: str, found: Export) -> None:
    for refresh_id, receipt in releases.receipts(home.root).items():
        before = len(found.records)
        for path in sorted((releases.published_folder(home.root) / refresh_id).glob("*/*.duckdb")):
            with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as con:
                _built(con, f"published/{refresh_id}/{path.parent.name}", held, key, found)
        if len(found.records) > before:
            found.publications.append({"refresh_id": refresh_id, "published_at": receipt["published_at"]})


# --- The answer -----------------------------------------------------------------------------------------------------


def _write(found: Export, into: Path, person: dict[str, str]) -> None:
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {
        "person": person,
        "made_at": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "code_version": resources.code_version(),
        "counts": found.counts(),
        **vars(found),
    }
    with _new_file(into / "records.json") as file:
        json.dump(told, file, indent=1, ensure_ascii=False, default=str)
    columns = ("record", "store", "table", "where", "column", "value", "about_a_third_party")
    rows = [
        (number, one["store"], one["table"], " ".join(f"{k} {v}" for k, v in one["where"].items()),
         column, value, "look" if column in one["third_parties"] else None)
        for number, one in enumerate(found.records, start=1)
        for column, value in (one["values"] or {"": None}).items()
    ]  # fmt: skip
    spreadsheets.write(into / "records.csv", [dict(zip(columns, row, strict=True)) for row in rows], columns)


def _new_file(path: Path) -> Any:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise NotReady(f"{path.name} is there already: name another folder with --into") from None
    return os.fdopen(handle, "w", encoding="utf-8", newline="")
