"""The station's verbs: publish the three audiences' files, go back, verify, say what is published.

Belongs here: the order of a publication and what its receipt says.
Does not belong here: the form of the files (`tables.py`), the folder and its atomic step (`releases.py`), whether
marts may leave (`clearance.py`), what a table contains (`dbt_project/`).
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from publish import clearance, dictionary, releases, tables

AUDIENCES = ("reports", "marts", "casework")
"""Each is a schema of the warehouse, a folder of the release and the DuckDB file `lado_<audience>.duckdb`."""

MEASURE_KEY = "authority, period_kind, period_start, measure, dimension_1, member_1, dimension_2, member_2"


_PUBLISHED_COLUMNS = (
    f"{MEASURE_KEY}, period_end, as_at, unit, numerator, denominator, base, value, is_suppressed, refresh_id"
)


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is remembered of the last publication, empty, if it is missing.

    quality.previous_measures: its measures as counted; quality.previous_published: what everybody could see of them,
    the totals and the financial years. Grain of both: one row a measure, period and pair of members.
    """
    con.execute("create schema if not exists quality")
    con.execute(
        """
        create table if not exists quality.previous_measures (
            authority varchar, period_kind varchar, period_start date, measure varchar,
            dimension_1 varchar, member_1 varchar, dimension_2 varchar, member_2 varchar,
            value double, refresh_id varchar
        );
        create table if not exists quality.previous_published (
            authority varchar, period_kind varchar, period_start date, measure varchar,
            dimension_1 varchar, member_1 varchar, dimension_2 varchar, member_2 varchar,
            period_end date, as_at date, unit varchar, numerator double, denominator double, base varchar,
            value double, is_suppressed boolean, refresh_id varchar
        )
        """
    )


def remember_published(con: duckdb.DuckDBPyConnection, published: str) -> None:
    """Fill quality.previous_published from a relation with the columns of rpt_measures.

    What an earlier release told of a measure before the first day that this one tells of stays, as does all of a
    measure that this one lacks: somebody kept it.
    """
    con.execute(
        f"""
        delete from quality.previous_published as before
        where period_start >= (
            select min(now.period_start) from {published} as now
            where now.authority = before.authority and now.measure = before.measure
        )
        """
    )
    con.execute(
        f"insert into quality.previous_published by name select {_PUBLISHED_COLUMNS} from {published} "
        "where dimension_1 = 'all' or period_kind = 'financial_year'"
    )


def remember_publication(con: duckdb.DuckDBPyConnection, home: Path) -> str | None:
    """Fill quality.previous_measures and previous_published with what is published now.

    So a restatement shows, and disclosure control knows what is out already. Reads the files of the current release,
    not the warehouse: so it may be called at the start of every refresh, is right after a rollback and after a
    publication that was killed at its last step, and does nothing when the release is remembered already. A release
    that was damaged since is passed over: what was remembered before stays. Returns the refresh id remembered now,
    None when there is none.
    """
    prepare(con)
    held = con.execute("select max(refresh_id) from quality.previous_published").fetchall()[0][0]
    current = releases.current_refresh(home)
    if current is None or current == held:
        return held
    folder = releases.published_folder(home) / current
    if releases.differences(folder):
        return held
    con.execute(f"attach {tables.sql_text(folder / 'marts' / 'lado_marts.duckdb')} as shown (read_only)")
    con.execute(f"attach {tables.sql_text(folder / 'reports' / 'lado_reports.duckdb')} as seen (read_only)")
    try:
        con.execute("begin")
        con.execute("delete from quality.previous_measures")
        remember_published(con, "seen.rpt_measures")
        con.execute(
            "insert into quality.previous_measures by name "
            f"select {MEASURE_KEY}, value, refresh_id from shown.fct_measures"
        )
        con.execute("commit")
    except duckdb.Error:
        con.execute("rollback")
        raise
    finally:
        con.execute("detach shown")
        con.execute("detach seen")
    return current


def publish_files(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    refresh_id: str,
    inputs: str,
    published_at: dt.datetime,
    manifest: Path,
    keep: int = 5,
) -> dict[str, Any]:
    """Publish this refresh's reports, marts and casework as files under <home>/published; returns the receipt.

    inputs is the caller's fingerprint of all that decides the numbers, kept in the receipt so that the next
    refresh can tell whether there is anything new; published_at an aware moment; manifest dbt's manifest.json, whose
    descriptions travel with the tables; keep the number of releases kept, this one included. Nothing that
    readers see changes before everything is written, checked and durable.

    Raises clearance.NotCleared (no passing verdict for these very marts), tables.NotPublishable (a table
    without this refresh's id in every row, or of a type that cannot leave), releases.AlreadyReleased (the
    refresh is published with other contents), dictionary.NoDictionary. The caller holds the lock of the home.

    The receipt: refresh_id, published_at (UTC), as_at (ISO day by authority), code_version, duckdb_version,
    inputs, extracts (content hash of every extract that the state rests on), marts_fingerprint, verdict,
    tables (rows and content hash by audience and table), files (bytes and SHA-256 by path).
    """
    con = con.cursor()  # an undrained result of the caller's must not get in the way
    building = None
    try:
        cleared = clearance.clear(con, refresh_id)
        words = dictionary.read(manifest)
        building = releases.begin(home, refresh_id)
        written = {
            name: tables.write_audience(con, name, building, refresh_id, words.get(name, {}))
            for name in AUDIENCES
        }
        facts = {
            "refresh_id": refresh_id,
            "published_at": published_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "duckdb_version": duckdb.__version__,
            "inputs": inputs,
            "marts_fingerprint": cleared.marts_fingerprint,
            "verdict": {
                "gate": "publication",
                "passed": True,
                "judged_at": f"{cleared.judged_at:%Y-%m-%dT%H:%M:%SZ}",
            },
            "tables": written,
        }
        receipt = releases.seal(building, facts | _origin(con))
        return releases.release(home, building, receipt, keep)
    except BaseException:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)
        raise
    finally:
        con.close()


def rollback(home: Path, to: str | None = None) -> dict[str, Any]:
    """Turn `current` to an earlier release (`to`, else the one published before the current one).

    The release is compared with its receipt, file by file, first. Returns its receipt. Raises
    releases.NoSuchRelease and releases.DamagedRelease. The caller holds the lock of the home.
    """
    releases.finish_interrupted_turn(home)
    kept = releases.receipts(home)
    if to is None:
        current = releases.current_refresh(home)
        earlier = list(kept)[list(kept).index(current) + 1 if current in kept else 0 :]
        if not earlier:
            raise releases.NoSuchRelease("there is no earlier release to go back to")
        to = earlier[0]
    if to not in kept:
        raise releases.NoSuchRelease(f"release {to} is not kept; kept are: {', '.join(kept) or 'none'}")
    wrong = releases.differences(releases.published_folder(home) / to)
    if wrong:
        raise releases.DamagedRelease(
            f"release {to} differs from its receipt and was not put back: {'; '.join(wrong)}"
        )
    releases.turn_current(home, to)
    return kept[to]


def verify(home: Path) -> list[str]:
    """Where the current release differs from its receipt, a sentence each; empty means equal, byte for byte."""
    current = releases.current_refresh(home)
    if current is None:
        return ["nothing is published"]
    return releases.differences(releases.published_folder(home) / current)


def published_state(home: Path) -> dict[str, Any] | None:
    """What is published; None when nothing is, or nothing whose receipt can be read.

    Quick: reads receipts only (`verify` reads the files). Keys: refresh_id, published_at (UTC), as_at (ISO day by
    authority), inputs, tables (number by audience), kept (refresh ids, the one published last first).
    """
    current = releases.current_refresh(home)
    kept = releases.receipts(home)
    if current not in kept:
        return None
    shown = kept[current]
    return {key: shown[key] for key in ("refresh_id", "published_at", "as_at", "inputs")} | {
        "tables": {audience: len(held) for audience, held in shown["tables"].items()},
        "kept": list(kept),
    }


def extracts_published(home: Path) -> Counter[tuple[str, str, str, str]]:
    """How many contents of each extract the current release rests on: authority, source system, feed, ISO day."""
    current = releases.current_refresh(home)
    shown = releases.receipts(home).get(current, {}) if current else {}
    names = ("authority", "source_system", "feed", "extract_on")
    return Counter(tuple(extract[name] for name in names) for extract in shown.get("extracts", []))


def _origin(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Where the release comes from: code version, as-at day of each authority, hashes of the extracts used.

    File names stay behind: an authority chooses them, and the receipt travels with the release.
    """
    extracts = con.execute(
        """
        select log.authority, log.source_system, log.feed, cast(log.extract_on as varchar), log.content_hash
        from raw.load_log as log
        cross join raw.this_refresh as this
        where log.outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded')
            and log.extract_on <= coalesce(this.as_at_limit, date '9999-12-31')
        group by all
        order by all
        """
    ).fetchall()
    as_at = con.execute(
        "select authority, cast(as_at as varchar) from marts.dim_authorities "
        "where as_at is not null order by authority"
    ).fetchall()
    names = ("authority", "source_system", "feed", "extract_on", "content_hash")
    return {
        "code_version": con.execute("select code_version from raw.this_refresh").fetchall()[0][0],
        "as_at": dict(as_at),
        "extracts": [dict(zip(names, row, strict=True)) for row in extracts],
    }
