"""Readers during swaps, and kills in the middle of one: the server shows one whole release, before or after.

The long runs of the two are behind `make faults`; a short one of each is in `make test`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("the packaged PostgreSQL server is for POSIX systems", allow_module_level=True)

import postgres_server
from served import refresh_ids, rows, show
from stand_in import publish, refresh

from benchmarks.postgres import make_release
from publish import postgres, releases

HERE = Path(__file__).resolve()
ROWS = 60_000  # so that a kill has something to come in the middle of


def wait_for(server, database, condition, count, process):
    """Until so many sessions of which the condition holds are at work, or the process has ended."""
    asked = f"select count(*) from pg_stat_activity where datname = '{database}' and {condition}"
    while process.poll() is None and rows(server, database, asked)[0][0] < count:
        time.sleep(0.02)


def tries_to_swap(server, database, warehouse, home):
    """How many tries the swap took: busy readers may hold one up for all its patience, and the next one catches up."""
    for tries in range(1, 6):
        try:
            show(server, database, warehouse, home, patience=60.0)
        except postgres.Behind as told:
            assert "readers kept the tables" in str(told), told
        else:
            return tries
    raise AssertionError("five tries did not bring the server up")


@pytest.mark.parametrize(
    ("readers", "swaps"), [(4, 5), pytest.param(20, 50, marks=pytest.mark.faults)], ids=["short", "long"]
)
def test_readers_during_swaps(server, database, warehouse, tmp_path, readers, swaps):
    home = tmp_path / "home"
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    stop = tmp_path / "stop"
    reading = subprocess.Popen(
        [sys.executable, HERE.with_name("postgres_readers.py"), server.dsn(database), stop, str(readers)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    held_up = 0
    try:
        wait_for(server, database, "application_name = 'reader'", readers, reading)
        for n in range(2, swaps + 2):
            refresh(warehouse, f"r{n}", value=float(n))
            publish(warehouse, home, f"r{n}", minute=n)
            held_up += tries_to_swap(server, database, warehouse, home) - 1
    finally:
        stop.touch()
        told = json.loads(reading.communicate(timeout=60)[0])
    print(
        {k: v for k, v in told.items() if k != "seen"},
        len(told["seen"]),
        "refreshes seen,",
        held_up,
        "held up",
    )
    assert told["failed"] == []
    assert told["mixed"] == []
    assert len(told["reads"]) == readers
    assert min(told["reads"]) >= swaps
    assert len(told["seen"]) >= swaps // 2  # they did read across the swaps


PUBLISHER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from publish import postgres
postgres.show_current(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
"""
PUBLISHING = "application_name = 'lado' and xact_start is not null"


def kill_the_refresh(server, database, publisher):
    publisher.send_signal(signal.SIGKILL)


def kill_the_backend(server, database, publisher):
    """The server's own process for this connection: PostgreSQL then restarts itself and recovers."""
    for (pid,) in rows(server, database, f"select pid from pg_stat_activity where {PUBLISHING}"):
        os.kill(pid, signal.SIGKILL)


def crash_the_server(server, database, publisher):
    server.stop("immediate")


KILLS = (kill_the_refresh, kill_the_backend, crash_the_server)


@pytest.mark.parametrize(
    ("rounds", "least"), [(3, 1), pytest.param(30, 16, marks=pytest.mark.faults)], ids=["short", "long"]
)
def test_kills_in_the_middle_leave_one_whole_release(tmp_path, rounds, least):
    """Every kind of kill in turn, at a random moment; then the next try converges."""
    chance = random.Random(20200331)
    home, ended = tmp_path / "home", Counter()
    with postgres_server.running() as server:
        database = server.new_database()
        dsn = server.dsn(database)
        manifest = make_release(home, "r0", ROWS)
        began = time.perf_counter()
        postgres.show_current(home, dsn, manifest)
        usual = time.perf_counter() - began
        for n in range(1, rounds + 1):
            make_release(home, f"r{n}", ROWS)
            before = refresh_ids(server, database)
            publisher = subprocess.Popen(
                [sys.executable, "-c", PUBLISHER, home, dsn, manifest, HERE.parents[2]],
                stderr=subprocess.DEVNULL,
            )
            wait_for(server, database, PUBLISHING, 1, publisher)
            time.sleep(chance.uniform(0, 0.6) * usual)
            kill = KILLS[n % 3]
            kill(server, database, publisher)
            was_cut_short = publisher.wait(timeout=120) != 0
            server.ensure_running()
            after = refresh_ids(server, database)
            assert after in (before, {f"r{n}"}), n
            assert was_cut_short or after == {f"r{n}"}
            assert rows(server, database, "select count(*) from marts.fct_contacts") == [(ROWS,)]
            assert (
                rows(server, database, "select nspname from pg_namespace where nspname like 'lado_%'") == []
            )
            ended[
                kill.__name__,
                "cut short" if was_cut_short else "too late",
                "old" if after == before else "new",
            ] += 1
            assert postgres.show_current(home, dsn, manifest)["refresh_id"] == releases.current_refresh(home)
            assert refresh_ids(server, database) == {f"r{n}"}
    print(dict(ended))
    # Or this proves little. A machine that was busy while the usual time was taken makes a kill come too late.
    in_time = sum(n for (_, hit, shown), n in ended.items() if (hit, shown) == ("cut short", "old"))
    assert in_time >= least
