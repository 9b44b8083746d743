"""What starts a refresh beside the clock, and who hears of one that failed."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import filelock
import pytest
import small_home

from orchestration import alerts, arrival, dbt, definitions, triggers
from orchestration.refresh import refresh
from orchestration.resources import Home
from orchestration.stations import HeldByGate


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(tmp_path / "home").prepare()
    monkeypatch.setenv("LADO_HOME", str(home.root))
    return home


def put(home: Home, name: str, words: str) -> None:
    folder = home.landing / "kent" / "2020-03-31"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(words, encoding="utf-8")


def test_the_sensor_asks_once_when_landing_has_changed_and_then_stayed_still(home: Home) -> None:
    context = dg.build_sensor_context()
    asked = []

    def look() -> str:
        told = triggers.on_landing(context)
        if isinstance(told, dg.RunRequest):
            asked.append(told.run_key)
            return "asked"
        assert isinstance(told, dg.SkipReason)
        return str(told.skip_message)

    put(home, "contacts.csv", "Contact Ref\nC1\n")
    changing, unchanged = "landing is still changing", "landing has not changed since the last request"
    assert [look() for _ in range(4)] == [changing, "asked", unchanged, unchanged]
    put(home, "contacts.csv", "Contact Ref\nC1\nC2\n")
    assert look() == changing
    put(home, "referrals.csv", "Referral Ref\n")
    assert [look() for _ in range(3)] == [changing, "asked", unchanged]
    # A name that is no text changes the landing folder like any other.
    try:
        put(home, os.fsdecode(b"\xff.csv"), "")
    except OSError:
        return
    assert [look() for _ in range(3)] == [changing, "asked", unchanged]
    assert len(set(asked)) == 3


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict]]]:
    """An address on this machine, and what was posted to it."""
    posted: list[dict] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", posted
    server.shutdown()
    server.server_close()


def test_the_webhook_hears_what_the_log_says(
    home: Home, heard: tuple[str, list[dict]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, posted = heard
    monkeypatch.setenv("LADO_ALERT_WEBHOOK", address)
    alerts.tell(home, "held", "publication held by: a_b (3)", run="r1")
    assert posted == [
        {"text": "LADO refresh held: publication held by: a_b (3)", "outcome": "held", "run": "r1"}
    ]
    assert home.log.read_text(encoding="utf-8").endswith(" held publication held by: a_b (3)\n")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:9/", "the webhook did not take the alert (URLError)"),
        ("file:///etc/passwd", "is not an http(s)"),
    ],
    ids=["nobody listens", "no address of the web"],
)
def test_a_webhook_that_does_not_answer_is_logged_and_stops_nothing(
    home: Home, address: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADO_ALERT_WEBHOOK", address)
    alerts.tell(home, "failed", "ingest: the disk is full")
    first, second = home.log.read_text(encoding="utf-8").splitlines()
    assert first.endswith(" failed ingest: the disk is full")
    assert " alert_failed " in second
    assert words in second


@pytest.mark.parametrize(
    ("raised", "outcome", "message"),
    [
        (HeldByGate("publication held by: a_b (3)"), "held", "publication held by: a_b (3)"),
        (ValueError("Calder Ostgate, born 1 April 1970"), "failed", "ingest: ValueError at orchestration/"),
    ],
    ids=["held", "failed"],
)
def test_a_night_that_stopped_is_told_as_it_stopped(
    tmp_path: Path,
    heard: tuple[str, list[dict]],
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    outcome: str,
    message: str,
) -> None:
    """What the schedule ran fails in Dagster, which wraps the error: the alert is of what the station said."""
    night = small_home.make(tmp_path / "home", 0).prepare()
    address, posted = heard
    monkeypatch.setenv("LADO_HOME", str(night.root))

    def stop(*_args: object, **_more: object) -> None:
        raise raised

    monkeypatch.setattr(arrival, "take_in", stop)
    assert refresh(night, settle_seconds=0).outcome == outcome
    monkeypatch.setenv("LADO_ALERT_WEBHOOK", address)
    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
        events = [e.dagster_event for e in instance.all_logs(run.run_id) if e.dagster_event]
        (failed,) = [e for e in events if e.event_type == dg.DagsterEventType.RUN_FAILURE]
        context = dg.build_run_status_sensor_context("alert_on_failure", failed, instance, run)
        triggers.alert_on_failure(context.for_run_failure())
    (told,) = posted
    assert told["outcome"] == outcome
    assert told["run"] == run.run_id
    assert told["text"].startswith(f"LADO refresh {outcome}: {message}")
    assert "Calder" not in told["text"]
    assert home_log(night)[-1].startswith(f"{outcome} {message}")


def test_a_night_that_met_another_refresh_says_so(
    tmp_path: Path, heard: tuple[str, list[dict]], monkeypatch: pytest.MonkeyPatch
) -> None:
    night = small_home.make(tmp_path / "home", 0).prepare()
    address, posted = heard
    monkeypatch.setenv("LADO_HOME", str(night.root))
    monkeypatch.setenv("LADO_ALERT_WEBHOOK", address)
    dbt.forget()  # of the homes before
    job = definitions.build(night).resolve_job_def("nightly_refresh")

    def held(_self: object) -> None:
        raise filelock.Timeout(str(night.root / ".refresh.lock"))

    monkeypatch.setattr(filelock.FileLock, "acquire", held)
    with dg.DagsterInstance.get() as instance:
        run = job.execute_in_process(instance=instance, raise_on_error=False).dagster_run
        events = [e.dagster_event for e in instance.all_logs(run.run_id) if e.dagster_event]
        (failed,) = [e for e in events if e.event_type == dg.DagsterEventType.RUN_FAILURE]
        context = dg.build_run_status_sensor_context("alert_on_failure", failed, instance, run)
        triggers.alert_on_failure(context.for_run_failure())
    (told,) = posted
    assert told["text"].startswith("LADO refresh failed: another refresh is running in this home")


def home_log(home: Home) -> list[str]:
    """The lines of the refresh log without their moments."""
    return [line.partition(" ")[2] for line in home.log.read_text(encoding="utf-8").splitlines()]
