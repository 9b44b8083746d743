"""One refresh as a function: run the nightly job in this process and say how it ended.

Belongs here: the outcome of a refresh and its JSON form (`lado refresh --json`, contract: README).
Does not belong here: printing, command-line words, the job itself.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from orchestration import alerts, audit_log, dbt, dbt_savings, history, mirror, resources, stations

STORAGE_TRIES = 5
EXIT = {"published": 0, "nothing_new": 0, "held": 3, "failed": 1}


@dataclass
class Outcome:
    """How a refresh ended; `asdict` of it is the JSON object of `lado refresh --json`.

    outcome: published | nothing_new | held | failed. as_at: ISO day by authority. files: the load-log rows
    of this refresh. checks: name, gate, severity, passed, failing_count. postgres: orchestration/mirror.py, state;
    null without a DSN. seconds: wall, by station.
    """

    refresh_id: str | None
    outcome: str
    message: str
    as_at: dict[str, str] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    published_at: str | None = None
    postgres: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return EXIT[self.outcome]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def refresh(
    home: resources.Home,
    *,
    as_at: dt.date | None = None,
    settle_seconds: float = 60.0,
    accept: tuple[str, ...] = (),
) -> Outcome:
    """Run the nightly job once, here and now.

    Raises AnotherRefreshIsRunning when somebody holds the lock, NotReady when the secret is missing.
    Everything else ends in an Outcome.
    """
    home.prepare()
    with resources.one_refresh_at_a_time(home):
        try:
            resources.subject_secret(home)
        except resources.NotReady:
            audit_log.append(home, "key", "refused", message="the secret is missing or too short")
            raise
        stations.SECONDS.clear()
        dbt.forget()
        dbt_savings.before_import()
        import dagster as dg

        from orchestration import definitions

        try:
            with stations.station("start"):
                instance = _dagster_instance()
                job = definitions.build(home).resolve_job_def("nightly_refresh")
        except stations.StationFailed as error:
            return _stopped(home, str(error))
        config = {
            "as_at": as_at.isoformat() if as_at else None,
            "settle_seconds": settle_seconds,
            "accept": list(accept),
        }
        try:
            result = job.execute_in_process(
                # Dagster's own lines go to its storage; the screen is for the outcome.
                run_config=dg.RunConfig(
                    ops={
                        "raw__extracts": {"config": config},
                        "quality__verdicts": {"config": {"accept": list(accept)}},
                    },
                    loggers={"console": {"config": {"log_level": "CRITICAL"}}},
                ),
                instance=instance,
                raise_on_error=False,
            )
        except Exception as error:  # noqa: BLE001  Dagster's own storage failed, on a full disk for example
            return _stopped(home, f"the record of the run: {stations.in_plain_words(error)}")
        outcome = _outcome(home, result)
        if outcome.outcome in {"held", "failed"}:
            alerts.tell(home, outcome.outcome, outcome.message, run=result.run_id)
        else:
            alerts.write_log(home, outcome.outcome, outcome.message)
    return outcome


def _dagster_instance() -> Any:
    """Dagster's instance of this home, tried again while another process makes its storage at this very moment.

    The first command of a new home and a first `lado dev` may both make it: Dagster does that without a lock.
    """
    import alembic.util
    import dagster as dg
    import sqlalchemy.exc

    for _ in range(STORAGE_TRIES - 1):
        try:
            return dg.DagsterInstance.get()
        except (alembic.util.CommandError, sqlalchemy.exc.OperationalError):
            time.sleep(1)
    return dg.DagsterInstance.get()


def _stopped(home: resources.Home, message: str) -> Outcome:
    """The outcome of a refresh that ended outside its stations."""
    alerts.tell(home, "failed", message)
    return Outcome(None, "failed", message, seconds=dict(stations.SECONDS))


def _failure(result: Any) -> str | None:
    for event in result.all_events:
        if event.is_step_failure:
            return stations.told_of(event.step_failure_data.error)
    return None if result.success else "the run did not start"


def _outcome(home: resources.Home, result: Any) -> Outcome:
    failure = _failure(result)
    ran = {event.step_key for event in result.all_events if event.is_step_success}
    if failure is None:
        kind = "published" if "published__current" in ran else "nothing_new"
    else:
        kind = "held" if "publication held by" in failure else "failed"
    words = {"published": "published", "nothing_new": "nothing new since the last publication"}
    outcome = Outcome(
        refresh_id=None,
        outcome=kind,
        message=words.get(kind) or failure or "",
        seconds=dict(stations.SECONDS),
    )
    if home.warehouse.exists():
        try:
            with resources.warehouse(home) as con:
                if kind == "failed":
                    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
                    history.close(con, result.run_id, outcome.message, now)
                outcome.postgres = mirror.state(con, home)
                _add_records(con, outcome, result.run_id)
        except (
            duckdb.Error,
            OSError,
        ) as error:  # the outcome must be told even when the warehouse cannot be read
            outcome.message += f" (its records cannot be read: {stations.in_plain_words(error)})"
    return outcome


def _rows(con: Any, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    answer = con.execute(sql, list(parameters))
    names = [column[0] for column in answer.description]
    return [
        {
            n: v.isoformat() if isinstance(v, dt.date | dt.datetime) else v
            for n, v in zip(names, row, strict=True)
        }
        for row in answer.fetchall()
    ]


def _add_records(con: Any, outcome: Outcome, run_id: str) -> None:
    this = con.execute(
        "select refresh_id, message, remark from quality.refreshes where dagster_run_id = ?", [run_id]
    ).fetchall()
    if not this:  # it stopped before it began: what the warehouse holds is of another refresh
        return
    outcome.refresh_id, message, remark = this[0]
    if outcome.outcome == "nothing_new":
        outcome.message = message
    if remark:
        outcome.message = f"{outcome.message}; {remark}"
    outcome.files = _rows(
        con,
        "select * exclude (refresh_id) from raw.load_log where refresh_id = ? "
        "order by authority, extract_on, feed, source_system, file_name",
        outcome.refresh_id,
    )
    outcome.checks = _rows(
        con,
        "select check_name as name, gate, severity, scope, passed, failing_count from quality.check_results "
        "where refresh_id = ? order by gate, scope, check_name",
        outcome.refresh_id,
    )
    state = con.execute(
        "select authority, max(extract_on)::varchar from raw.load_log, raw.this_refresh "
        "where outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded') "
        "and extract_on <= coalesce(as_at_limit, date '9999-12-31') group by authority order by authority"
    ).fetchall()
    outcome.as_at = dict(state)
    if outcome.outcome == "published":
        outcome.published_at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
