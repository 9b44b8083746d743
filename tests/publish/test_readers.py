"""Whoever reads while a refresh publishes gets one complete release, and never an error."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from stand_in import publish, refresh

READER = Path(__file__).with_name("reader.py")


@pytest.fixture
def plain_home(tmp_path):
    """read_parquet takes [ ] in a path for a pattern, so the readers' home has none."""
    return tmp_path / "home"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("readers", "publications"), [(3, 10), pytest.param(20, 50, marks=pytest.mark.faults, id="many")]
)
def test_readers_during_publications(warehouse, plain_home, readers, publications):
    publish(warehouse, plain_home, "r1")
    stop = plain_home / "stop"
    processes = [
        subprocess.Popen(
            [sys.executable, str(READER), str(plain_home / "published"), str(stop)],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(readers)
    ]
    try:
        time.sleep(1)  # let them import and begin
        for n in range(2, publications + 2):
            refresh(warehouse, f"r{n}", value=n)
            publish(warehouse, plain_home, f"r{n}", minute=n, keep=publications + 1)
            time.sleep(0.1)
        time.sleep(0.3)
    finally:
        stop.touch()
        told = [json.loads(reader.communicate(timeout=60)[0]) for reader in processes]
    for one in told:
        assert one["failed"] == []
        assert one["mixed"] == []
        assert one["reads"] >= 5
    seen = {i for one in told for i in one["seen"]}
    assert len(seen) >= 4  # they did read across the swaps
    print(f"\n{readers} readers, {publications} publications, {sum(one['reads'] for one in told)} rounds "
          f"over every table twice, {len(seen)} releases seen, none failed, none mixed")  # fmt: skip


def test_a_reader_keeps_its_release_and_does_not_hold_up_the_next(warehouse, plain_home):
    publish(warehouse, plain_home, "r1")
    file = plain_home / "published" / "current" / "marts" / "lado_marts.duckdb"
    held = duckdb.connect(str(file.resolve()), read_only=True)
    try:
        refresh(warehouse, "r2", value=1.0)
        publish(warehouse, plain_home, "r2", minute=1, keep=1)  # r1 is removed under the reader's feet
        if sys.platform != "win32":
            assert not (plain_home / "published" / "r1").exists()
        assert held.execute("select value, refresh_id from fct_measures").fetchall() == [(66.0, "r1")]
    finally:
        held.close()


def test_published_files_open_while_the_warehouse_is_being_written(warehouse, plain_home):
    """One process writing a DuckDB file shuts out every other, so readers are given files nobody writes."""
    publish(warehouse, plain_home, "r1")
    program = (
        "import sys, duckdb; con = duckdb.connect(sys.argv[1], read_only=True); "
        "print(con.execute('select refresh_id from rpt_demand').fetchall()[0][0])"
    )
    file = plain_home / "published" / "current" / "reports" / "lado_reports.duckdb"
    with duckdb.connect(str(warehouse)) as writer:
        writer.execute("begin")
        writer.execute("update reports.rpt_demand set contact_count = 0")
        seen = subprocess.run(
            [sys.executable, "-c", program, str(file)], check=False, capture_output=True, encoding="utf-8"
        )
    assert seen.stdout.strip() == "r1", seen.stderr
