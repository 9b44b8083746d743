"""Accept or refuse the files of a drop, once: the waiting room `arriving`, raw.*, load log, quarantine.

Belongs here: reading a drop into `arriving`, and moving what the arrival gate let through into the raw tables. Does
not belong here: the gate, what a cell means (interpret.py), what a full extract lacks (known_keys.py).

A drop is staged in one transaction and settled in one: a refresh that is killed leaves all of it or
nothing. Rows are stored once for each content of a feed; a content that comes back adds a row to the load
log and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from ingest.erased import Erased
from ingest.extract import Extract, headings_taken
from ingest.feeds import read_feeds
from ingest.interpret import Judged, interpret
from ingest.known_columns import find_lost_columns
from ingest.known_keys import count_missing_keys
from ingest.landing import Drop, LandedFile
from ingest.leave_out import leave_out
from ingest.profile import Profile, Source
from ingest.read import Unreadable
from ingest.reader import Reader
from ingest.tables import PROVENANCE, clear_arriving, insert, insert_rows

ACCEPTED = "('accepted', 'accepted_with_quarantine')"


def stage(
    con: duckdb.DuckDBPyConnection,
    drop: Drop,
    profile: Profile,
    reader: Reader,
    accept: Collection[str] = (),
    erased: Erased | None = None,
) -> None:
    """Read every file of the drop into `arriving`, whatever is wrong with it: the arrival gate decides.

    `reader` splits files into cells and may serve many drops. `accept` names feeds (AUTHORITY/FEED) that an
    operator lets through although a full extract lacks many keys, or a file a heading that it had. Rows of persons in
    `erased` are left out of the landed files themselves before anything reads them, and counted.
    """
    con.execute("begin transaction")
    try:
        clear_arriving(con)
        loaded = {
            tuple(row): name
            for *row, name in con.execute(
                "select feed, source_system, content_hash, min(file_name) from raw.load_log "
                f"where authority = ? and outcome in {ACCEPTED} group by all",
                [drop.authority],
            ).fetchall()
        }
        files = []
        for delivered in drop.files:
            landed, left_out = leave_out(delivered, profile, reader, erased)
            extract = Extract(landed, reader)
            sources = profile.sources_of(landed.path.name)
            for source in sources:
                row = _describe(drop, landed, extract.content_hash, source, accept)
                row["rows_erased"] = left_out[source.feed, source.source_system]
                files.append(row)
                content = (source.feed, source.source_system, extract.content_hash)
                if extract.content_hash is not None and content in loaded:
                    row |= {"is_already_loaded": True, "detail": f"the same content as {loaded[content]}"}
                    continue
                try:
                    taken = headings_taken(source, sources)
                    feed = read_feeds()[source.feed]
                    judged = interpret(extract.table(source), source, feed, profile, drop.extract_on, taken)
                except Unreadable as fault:
                    row |= {"read_error": fault.reason, "detail": fault.detail}
                    continue
                except Exception as error:  # noqa: BLE001  a file nobody foresaw must not stop its neighbours
                    # What the error says may quote the content, so only its kind is kept.
                    row |= {
                        "read_error": "reader_failed",
                        "detail": f"the reader stopped at a {type(error).__name__}",
                    }
                    continue
                loaded[content] = landed.name
                row |= _counts(judged, row["rows_erased"])
                _put(con, row, judged)
        insert_rows(con, "arriving.files", files)
        count_missing_keys(con, drop.authority, drop.extract_on)
        find_lost_columns(con, drop.authority, drop.extract_on)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _describe(
    drop: Drop, landed: LandedFile, content_hash: str | None, source: Source, accept: Collection[str]
) -> dict[str, Any]:
    """The row of arriving.files before anything is known of the content."""
    return {
        "file_key": f"{drop.scope}/{landed.name}/{source.source_system}/{source.feed}",
        "authority": drop.authority,
        "feed": source.feed,
        "source_system": source.source_system,
        "extract_on": drop.extract_on,
        "extract_kind": source.extract,
        "file_name": landed.name,
        "content_hash": content_hash,
        "read_error": None,
        "detail": None,
        "rows_read": 0,
        "rows_usable": 0,
        "rows_quarantined": 0,
        "rows_deduplicated": 0,
        "rows_erased": 0,
        "unusable_percent": 0.0,
        "drifted_columns": [],
        "swapped_date_columns": [],
        "absent_columns": [],
        "lost_columns": [],
        "max_missing_percent": source.max_missing_percent,
        "is_accepted_by_operator": f"{drop.authority}/{source.feed}" in accept,
        "is_already_loaded": False,
        "size_bytes": landed.size_bytes,
        "modified_ns": landed.modified_ns,
    }


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _counts(judged: Judged, erased: int) -> dict[str, Any]:
    notes = [f"{_counted(erased, 'row')} of erased persons left out"] if erased else []
    if judged.quarantine:
        reasons = Counter(reason for _, reason, *_ in judged.quarantine)
        told = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        notes.append(f"{_counted(len(judged.quarantine), 'row')} set aside ({told})")
    if judged.unusable:
        columns = Counter(column for _, _, column, *_ in judged.unusable)
        told = ", ".join(f"{column} {count}" for column, count in sorted(columns.items()))
        notes.append(f"{_counted(len(judged.unusable), 'value')} not usable ({told})")
    if judged.absent_headings:
        notes.append(f"no heading for {', '.join(judged.absent_headings)}")
    if judged.extra_columns:
        # By number: what stands where a heading should may be a row, and then it holds a name.
        told = ", ".join(map(str, judged.extra_columns))
        notes.append(f"headings that the profile does not know, in column {told}")
    return {
        "detail": "; ".join(notes) or None,
        "rows_read": judged.rows_read + erased,
        "rows_usable": len(judged.lines),
        "rows_quarantined": len(judged.quarantine),
        "rows_deduplicated": judged.rows_deduplicated,
        "unusable_percent": judged.unusable_percent,
        "drifted_columns": judged.drifted_columns,
        "swapped_date_columns": judged.swapped_date_columns,
        "absent_columns": judged.absent_headings,
    }


def _put(con: duckdb.DuckDBPyConnection, row: dict[str, Any], judged: Judged) -> None:
    """The rows of one file, usable or not, into `arriving`."""
    count = len(judged.lines)
    columns: dict[str, list[Any]] = {
        "file_key": [row["file_key"]] * count,
        **judged.columns,
        "_authority": [row["authority"]] * count,
        "_source_system": [row["source_system"]] * count,
        "_content_hash": [row["content_hash"]] * count,
        "_line": judged.lines,
        "_record_key": judged.record_keys,
        "_row_hash": judged.row_hashes,
        "_extra": judged.extras,
    }
    insert(con, f"arriving.rows_{row['feed']}", columns)
    quarantine = ("line", "reason_code", "record_key", "raw_text")
    unusable = ("line", "record_key", "column_name", "reason_code", "raw_value")
    for table, names, rows in (
        ("quarantine", quarantine, [(*bad[:3], bad[3].replace("\0", "\u2400")) for bad in judged.quarantine]),
        ("unusable_values", unusable, judged.unusable),
    ):
        if rows:
            listed = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
            insert(con, f"arriving.{table}", {"file_key": [row["file_key"]] * len(rows), **listed})


def settle(
    con: duckdb.DuckDBPyConnection,
    drop: Drop,
    refusals: Mapping[str, str | Iterable[str]],
    refresh_id: str,
) -> None:
    """Move what was not refused from `arriving` into the raw tables, log every file, and empty `arriving`.

    `refusals`: file key -> what the arrival gate said, for the log. A file that could not be read is refused
    whatever the gate said.
    """
    con.execute("begin transaction")
    try:
        relation = con.execute("select * from arriving.files order by file_key")
        names = [column[0] for column in relation.description]
        files = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
        now = datetime.now(UTC).replace(tzinfo=None)
        log_rows, accepted, refused_contents = [], [], {}
        # A copy inside the drop is judged as the file that it is a copy of, so that comes first.
        for file in sorted(files, key=lambda file: (file["is_already_loaded"], file["file_key"])):
            content = (file["feed"], file["source_system"], file["content_hash"])
            said = _refusal(file, refusals) or (
                refused_contents.get(content) if file["is_already_loaded"] else None
            )
            missing = file["missing_keys"]
            gone = f"; gone since the extract before: {_counted(missing, 'record')}" if missing else ""
            if said:
                refused_contents[content] = said
                outcome, message = "refused", f"{said}; nothing of it was loaded, the last good load stands"
            elif file["is_already_loaded"]:
                outcome, message = "already_loaded", file["detail"] + (gone or ": nothing changes")
            else:
                outcome = "accepted_with_quarantine" if file["rows_quarantined"] else "accepted"
                message = (file["detail"] or "loaded") + gone
                accepted.append(file)
            log_rows.append(_log_row(file, outcome, message, refresh_id, now))
        _move(con, accepted, refresh_id)
        insert_rows(con, "raw.load_log", log_rows)
        _remember(con, drop)
        clear_arriving(con)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _refusal(file: dict[str, Any], refusals: Mapping[str, str | Iterable[str]]) -> str | None:
    said = refusals.get(file["file_key"])
    if said is not None:
        return said if isinstance(said, str) else "; ".join(said)
    if file["read_error"] is not None:
        return f"{file['file_name']} could not be read ({file['read_error']}): {file['detail']}"
    return None


def _log_row(
    file: dict[str, Any], outcome: str, message: str, refresh_id: str, now: datetime
) -> dict[str, Any]:
    """A row of the load log. Of a file that is not loaded no rows are counted: none was taken in."""
    is_loaded = outcome.startswith("accepted")
    read, loaded, quarantined, repeated, erased = (
        file[name] if is_loaded else 0
        for name in ("rows_read", "rows_usable", "rows_quarantined", "rows_deduplicated", "rows_erased")
    )
    if read != loaded + quarantined + repeated + erased:
        raise AssertionError(
            f"{file['file_name']}: rows read are not rows loaded + quarantined + deduplicated + erased"
        )
    kept = ("authority", "feed", "source_system", "extract_on", "extract_kind", "file_name", "content_hash")
    return {
        **{name: file[name] for name in kept},
        "rows_read": read,
        "rows_loaded": loaded,
        "rows_quarantined": quarantined,
        "rows_deduplicated": repeated,
        "rows_erased": erased,
        "keys_gone": file["missing_keys"] if outcome != "refused" else None,
        "outcome": outcome,
        "message": message,
        "refresh_id": refresh_id,
        "logged_at": now,
    }


def _move(con: duckdb.DuckDBPyConnection, accepted: list[dict[str, Any]], refresh_id: str) -> None:
    feeds = read_feeds()
    keys_of_feed: dict[str, list[str]] = {}
    for file in accepted:
        keys_of_feed.setdefault(file["feed"], []).append(file["file_key"])
    for feed, keys in keys_of_feed.items():
        listed = ", ".join((*feeds[feed].columns, *PROVENANCE))
        con.execute(
            f"insert into raw.{feed} ({listed}) select {listed} from arriving.rows_{feed} "
            "where list_contains($1, file_key) order by file_key, _line",
            [keys],
        ).fetchall()
    keys = [file["file_key"] for file in accepted]
    con.execute(
        """
        insert into raw.quarantine by name select f.authority, f.feed, f.source_system, f.extract_on,
        f.file_name, f.content_hash, q.line, q.reason_code, q.record_key, q.raw_text, $2 as refresh_id from
        arriving.quarantine as q inner join arriving.files as f using (file_key) where list_contains($1,
        file_key) order by file_key, q.line """,
        [keys, refresh_id],
    ).fetchall()
    con.execute(
        """
        insert into raw.unusable_values by name select f.authority, f.feed, f.source_system, f.content_hash,
        u.line, u.record_key, u.column_name, u.reason_code, u.raw_value from arriving.unusable_values as u
        inner join arriving.files as f using (file_key) where list_contains($1, file_key) order by file_key,
        u.line, u.column_name """,
        [keys],
    ).fetchall()


def _remember(con: duckdb.DuckDBPyConnection, drop: Drop) -> None:
    """What the drop's files looked like and under which profile they were judged: they are read once."""
    con.execute(
        "delete from raw.landed_files where authority = ? and extract_on = ? and list_contains(?, file_name)",
        [drop.authority, drop.extract_on, [landed.name for landed in drop.files]],
    ).fetchall()
    con.execute(
        "insert into raw.landed_files by name select distinct authority, extract_on, file_name, size_bytes, "
        "modified_ns, profile_hash from arriving.files left join raw.authorities using (authority)"
    ).fetchall()
