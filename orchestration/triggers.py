"""When the refresh runs, and who hears of it when it fails.

Belongs here: the schedule, the sensor on landing, the alert. Does not belong here: what a refresh does.
"""

from __future__ import annotations

import hashlib
import os

import dagster as dg

from orchestration import alerts, resources, stations

nightly_refresh = dg.define_asset_job(
    "nightly_refresh",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Landing to publication, once. `lado refresh` runs this very job.",
    # A refresh of a year takes seconds; one that has not ended by morning never will.
    tags={"dagster/max_runtime": str(4 * 3600)},
)

every_night = dg.ScheduleDefinition(
    name="every_night",
    job=nightly_refresh,
    cron_schedule="0 2 * * *",
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="02:00 in London, summer and winter.",
)


@dg.sensor(
    job=nightly_refresh,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Refreshes when landing has changed and then stayed still for a minute. Off until switched on.",
)
def on_landing(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    home = resources.home_from_environment()
    digest = hashlib.sha256()
    for path in sorted(home.landing.glob("*/*/*")):
        seen = path.lstat()
        # As bytes: a name need not be text.
        digest.update(os.fsencode(path.relative_to(home.landing)))
        digest.update(f"|{seen.st_size}|{seen.st_mtime_ns}\n".encode())
    state = digest.hexdigest()
    # The cursor holds two states: the one last seen and the one last asked for.
    seen_before, _, asked_for = (context.cursor or "|").partition("|")
    context.update_cursor(f"{state}|{asked_for}")
    if state == asked_for:
        return dg.SkipReason("landing has not changed since the last request")
    if state != seen_before:
        return dg.SkipReason("landing is still changing")
    context.update_cursor(f"{state}|{state}")
    return dg.RunRequest(run_key=state)


@dg.run_failure_sensor(
    name="alert_on_failure",
    monitored_jobs=[nightly_refresh],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the log and, when LADO_ALERT_WEBHOOK is set, the webhook of a failed or held refresh.",
)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    failures = [event.step_failure_data.error for event in context.get_step_failure_events()]
    if not failures and context.failure_event.event_specific_data:
        # No step began: another refresh holds the home, for example.
        failures = [context.failure_event.job_failure_data.error]
    reason = (
        "; ".join(stations.told_of(failure) for failure in failures if failure) or "the run did not start"
    )
    outcome = "held" if "publication held by" in reason else "failed"
    alerts.tell(resources.home_from_environment(), outcome, reason, run=context.dagster_run.run_id)
