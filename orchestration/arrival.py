"""The door in, as the graph calls it: for each drop read, judge, then load or refuse.

Belongs here: the order of ingest's and the arrival gate's calls, and whether anything is new.
Does not belong here: reading, judging, loading.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import duckdb

import ingest
from expectations import gate
from orchestration import alerts, audit_log, history, repair, resources, subject_register
from orchestration.resources import Home
from publish import files


@dataclass(frozen=True)
class Arrival:
    """What came in: files judged, refused ones, rows read, and whether marts must be built anew."""

    refresh_id: str
    files: int
    refused: int
    rows_read: int
    is_new: bool

    def summary(self) -> str:
        return f"{self.files} files judged, {self.refused} refused, {self.rows_read} rows read"

    def metadata(self) -> dict[str, int]:
        return {"files": self.files, "refused": self.refused, "rows_read": self.rows_read}


def take_in(
    home: Home, as_at: dt.date | None, settle_seconds: float, accept: list[str], run_id: str
) -> Arrival:
    """Take in every complete drop of the landing folder, oldest day first.

    Days in order, because a full extract is held against the one before it. Raises what the stations raise.
    """
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    code = resources.code_version()
    secret = resources.subject_secret(home)
    erased = subject_register.open_register(home, secret).as_erased()
    profiles, unusable = ingest.read_usable_profiles(home.profile_folders, resources.CODE_LISTS)
    remarks = [_stopped_by_its_profile(authority, error) for authority, error in sorted(unusable.items())]
    for remark in remarks:
        alerts.tell(home, "profile_unusable", remark, run=run_id)
    repaired = repair.set_aside_if_damaged(home)
    if repaired:
        alerts.tell(home, "repaired", repaired, run=run_id)
        audit_log.append(home, "repair", "set_aside", message=repaired)
        remarks.append(repaired)
    with resources.warehouse(home) as con, ingest.Reader() as reader:
        refresh_id = _refresh_id(con, now)
        shown = (files.published_state(home.root) or {}).get("refresh_id")
        history.begin(con, refresh_id, now, code, run_id, "; ".join(remarks) or None, shown)
        gate.prepare(con)
        files.remember_publication(con, home.root)
        ingest.begin_refresh(con, refresh_id, as_at, now, code)
        ingest.register_profiles(con, profiles, secret, unusable)
        for drop in ingest.pending_drops(con, home.landing, profiles, settle_seconds, now, accept, unusable):
            ingest.stage(con, drop, profiles[drop.authority], reader, accept, erased)
            verdict = gate.run_gate(con, "arrival", drop.scope, refresh_id, now, home.quality / "results")
            ingest.settle(con, drop, verdict.refusals, refresh_id)
        ingest.add_person_keys(con, secret)
        repair.refuse_to_forget(con, home)
        count, refused, rows = con.execute(
            "select count(*), count(*) filter (outcome = 'refused'), coalesce(sum(rows_read), 0)::bigint "
            "from raw.load_log where refresh_id = ?",
            [refresh_id],
        ).fetchall()[0]
        inputs = _inputs(con, code, as_at, erased)
        history.set_inputs(con, refresh_id, inputs)
        # Held against the last refresh that was published, not against what `current` shows: after a rollback the
        # night must not put back what somebody has just taken away.
        is_new = history.built_last(con, refresh_id) != ("published", inputs) or bool(files.verify(home.root))
        empty = _why_nothing_is_loaded(con, profiles.keys() | unusable.keys(), as_at)
        if empty or not is_new:
            is_new, words = False, empty or "nothing new since the last publication"
            history.end(con, refresh_id, "nothing_new", words, dt.datetime.now(dt.UTC).replace(tzinfo=None))
    return Arrival(refresh_id, count, refused, rows, is_new)


def _stopped_by_its_profile(authority: str, error: ingest.ProfileError) -> str:
    """What is told of an authority whose profile cannot be used: the first problem, and what stands meanwhile."""
    first = error.problems[0].message if error.problems else "it has no content"
    return (
        f"nothing of {authority} was read, its last good load stands: the profile {authority}.yml cannot be used "
        f"({first}); `lado profile check` names every problem"
    )


def _why_nothing_is_loaded(
    con: duckdb.DuckDBPyConnection, authorities: Collection[str], as_at: dt.date | None
) -> str | None:
    """What to tell, and what to do, where there is no extract to build models from; None where there is one.

    Models over nothing are no news: the gate would hold them, and name checks that say nothing of the reason.
    """
    if ingest.as_ats(con).keys() & set(authorities):
        return None
    first, refused, waiting, ignored = con.execute(
        "select min(extract_on) filter (outcome like 'accepted%' and authority in (select unnest(?))), "
        # A refusal is told once, and stands until something changes; what waits is told each time.
        "count(*) filter (outcome = 'refused'), "
        "count(*) filter (outcome = 'waiting' and refresh_id = (select refresh_id from raw.this_refresh)), "
        "count(*) filter (outcome = 'ignored') from raw.load_log",
        [sorted(authorities)],
    ).fetchall()[0]
    if first is not None:
        return f"no extract is dated {as_at} or before, the first is dated {first}: give a later --as-at"
    counts = {"refused": refused, "waiting": waiting, "ignored": ignored}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    if told:
        return f"no extract has been loaded yet ({told}): `lado status` says of each file why, and what to do"
    return (
        "no extract has been loaded yet, and the landing folder holds none: put the files of a night into "
        "landing/<authority>/<YYYY-MM-DD>/ of the home, and run `lado refresh` again"
    )


def _refresh_id(con: duckdb.DuckDBPyConnection, now: dt.datetime) -> str:
    """The UTC moment, made unique when two refreshes begin within one second."""
    con.execute(history.CREATE)
    base = now.strftime("%Y%m%dT%H%M%SZ")
    taken = {row[0] for row in con.execute("select refresh_id from quality.refreshes").fetchall()}
    number = 1
    name = base
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def _inputs(con: duckdb.DuckDBPyConnection, code: str, as_at: dt.date | None, erased: ingest.Erased) -> str:
    """A fingerprint of what decides the numbers: extracts, profiles, key, erasures, refits, code, the as-at limit."""
    import matching

    # Of each file what is in force, and the last word when that is a refusal; by stg_extracts' rule for the last one.
    # Seen again tomorrow an accepted file is `already_loaded`: what counts is whether it is in or out.
    rows = con.execute(
        """
        with judged as (
            select *, outcome = 'refused' as is_refused,
                row_number() over (partition by authority, feed, source_system, extract_on, file_name
                    order by logged_at desc, refresh_id desc, outcome desc, content_hash desc) = 1 as is_last_word
            from raw.load_log where outcome not in ('waiting', 'ignored')
            qualify is_last_word or not is_refused and row_number() over (
                partition by authority, feed, source_system, extract_on, file_name, is_refused
                order by logged_at desc, refresh_id desc, outcome desc, content_hash desc) = 1
        )
        select authority, feed, source_system, extract_on::varchar, file_name, content_hash, is_refused
        from judged order by all
        """
    ).fetchall()
    rows += con.execute("select authority, profile_hash from raw.authorities order by all").fetchall()
    rows += con.execute("select fingerprint from raw.key_fingerprint").fetchall()
    # The first parameters follow from the extracts; later ones are an input by themselves.
    rows += sorted(fit for fit in matching.latest_fits(con).items() if fit[1] > 1)
    rows += [(one,) for one in sorted(erased.tombstones)]
    said = repr((rows, code, as_at.isoformat() if as_at else None))
    return hashlib.sha256(said.encode()).hexdigest()
