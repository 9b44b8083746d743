"""Refreshes started together: one works and the others leave; a killed one leaves no lock; readers never notice.

Belongs here: the command line and Dagster against each other. Does not belong here: what readers see while files are
swapped (tests/publish/test_readers.py).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import alembic.util
import dagster as dg
import pytest

from orchestration import refresh, resources
from orchestration.resources import PROJECT, Home

from . import homes

HOLDER = """
import sys, time
from pathlib import Path
from orchestration import resources
with resources.one_refresh_at_a_time(resources.Home(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a kill without warning is POSIX's")
def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(resources.AnotherRefreshIsRunning), resources.one_refresh_at_a_time(home):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with resources.one_refresh_at_a_time(home):
        pass


def start(home: Home, *words: str) -> subprocess.Popen[str]:
    """A command of this project upon the home, in a session of its own."""
    key = home.demo_key.read_text(encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LADO_", "DAGSTER_"))}
    environment = clean | {
        "LADO_HOME": str(home.root),
        "DAGSTER_HOME": str(home.dagster),
        "LADO_SUBJECT_KEY": key,
    }
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def by_command_line(home: Home) -> subprocess.Popen[str]:
    return start(home, "orchestration.command_line", "refresh", "--settle", "0", "--json")


def by_dagster(home: Home) -> subprocess.Popen[str]:
    settings = home.root / "run.yaml"
    settings.write_text("ops: {raw__extracts: {config: {settle_seconds: 0}}}\n", encoding="utf-8")
    return start(
        home, "dagster", "job", "execute", "-m", "orchestration.code_location", "-j", "nightly_refresh",
        "--config", str(settings),
    )  # fmt: skip


def test_the_first_refresh_of_a_home_waits_for_who_makes_dagsters_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Home(tmp_path).prepare()
    real, tries = dg.DagsterInstance.get, []

    def get() -> dg.DagsterInstance:
        tries.append(1)
        if len(tries) < 3:
            raise alembic.util.CommandError("Can't locate revision")
        return real()

    monkeypatch.setattr(dg.DagsterInstance, "get", get)
    monkeypatch.setattr(refresh.time, "sleep", lambda _: None)
    with refresh._dagster_instance() as instance:
        assert instance.root_directory == str(Home(tmp_path).dagster)
    assert len(tries) == 3


@pytest.fixture(scope="module")
def established(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published home with one more night in its landing folder."""
    return homes.one_night_to_go(tmp_path_factory.mktemp("established"))


def wait_until_it_works(home: Home, started: list[subprocess.Popen[str]]) -> None:
    """Return when somebody has the warehouse open for writing."""
    before = home.warehouse.stat().st_mtime_ns
    log = home.warehouse.with_name(f"{home.warehouse.name}.wal")
    while not log.exists() and home.warehouse.stat().st_mtime_ns == before:
        assert any(process.poll() is None for process in started), started[0].communicate()
        time.sleep(0.005)


@pytest.mark.faults
@pytest.mark.parametrize("first", [by_command_line, by_dagster], ids=["command line first", "Dagster first"])
def test_of_eight_refreshes_one_works(established: Home, tmp_path: Path, first) -> None:
    home = homes.copy(established, tmp_path / "home")
    began = time.monotonic()
    if first is by_dagster:  # it takes seconds to import, so the command line waits until the run has begun
        started = [by_dagster(home) for _ in range(4)]
        wait_until_it_works(home, started)
        began = time.monotonic()
        started += [by_command_line(home) for _ in range(4)]
    else:
        started = [
            by_command_line(home),
            *(by_dagster(home) for _ in range(4)),
            *(by_command_line(home) for _ in range(3)),
        ]
    assert time.monotonic() - began < 1
    ended = [(process.args[2], *process.communicate(timeout=900), process.returncode) for process in started]
    codes = Counter((module.split(".")[0], code) for module, _, _, code in ended)
    works = "orchestration" if first is by_command_line else "dagster"
    assert codes[works, 0] == 1, codes
    assert codes["orchestration", 4] == (3 if first is by_command_line else 4), codes
    for module, out, err, code in ended:
        if module == "orchestration.command_line" and code == 4:
            assert json.loads(out)["message"].startswith("another refresh is running")
        elif code:
            assert "another refresh is running" in out + err, err[-2000:]
    assert [outcome for _, outcome, _ in homes.history(home)] == ["published", "published"]
    homes.is_whole(home)
    print(f"\neight started within a second: {dict(codes)}")


@pytest.mark.faults
def test_the_next_refresh_begins_although_the_holder_was_killed(established: Home, tmp_path: Path) -> None:
    home = homes.copy(established, tmp_path / "home")
    holder = by_command_line(home)
    wait_until_it_works(home, [holder])
    assert by_command_line(home).wait() == 4
    os.killpg(holder.pid, signal.SIGKILL)
    holder.communicate()
    after = by_command_line(home)
    out, err = after.communicate(timeout=900)
    assert after.returncode == 0, err
    assert json.loads(out)["outcome"] == "published"
    assert [outcome for _, outcome, _ in homes.history(home)] == ["published", "interrupted", "published"]
