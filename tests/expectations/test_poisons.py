"""Every check that stops can be made to stop: one bad night for each, on the demo's warehouse."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import ingest
from expectations import gate
from expectations.check import read_checks
from orchestration import resources
from orchestration.refresh import Outcome
from orchestration.resources import Home
from tests.expectations.poisons import POISONS
from tests.orchestration.test_whole_flow import lado, published_bytes

STOPPING = {check.name: check for check in read_checks() if check.severity == "error"}
NOW = dt.datetime(2020, 4, 2, 2, 0, tzinfo=dt.UTC)
TONIGHT = "2020-04-01"

IN_WAREHOUSE = sorted(name for name, poison in POISONS.items() if poison.in_warehouse)
AT_ARRIVAL = sorted(name for name in POISONS if STOPPING[name].gate == "arrival")
BY_A_FILE = sorted(name for name, poison in POISONS.items() if poison.in_landing and name not in AT_ARRIVAL)


def test_every_check_that_stops_has_a_poison_and_no_other() -> None:
    assert set(POISONS) == set(STOPPING)
    assert set(IN_WAREHOUSE) | set(AT_ARRIVAL) | set(BY_A_FILE) == set(POISONS)


@pytest.fixture
def night(demo: tuple[Home, Outcome], tmp_path: Path) -> Callable[[], duckdb.DuckDBPyConnection]:
    """Opens copies of the demo's warehouse."""

    def opened() -> duckdb.DuckDBPyConnection:
        target = tmp_path / "warehouse.duckdb"
        shutil.copy(demo[0].warehouse, target)
        return duckdb.connect(str(target))

    return opened


def judged(con: duckdb.DuckDBPyConnection, home: Home, results: Path) -> gate.Verdict:
    refresh_id = con.execute("select refresh_id from raw.this_refresh").fetchall()[0][0]
    return gate.run_gate(
        con,
        "publication",
        "warehouse",
        refresh_id,
        NOW,
        results,
        manifest=home.dbt / "target" / "manifest.json",
    )


@pytest.mark.slow
def test_the_night_before_poisoning_passes(demo, night, tmp_path) -> None:
    with night() as con:
        verdict = judged(con, demo[0], tmp_path)
    assert verdict.passed, verdict.messages


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_WAREHOUSE)
def test_a_fault_of_the_warehouse_stops_publication(name: str, demo, night, tmp_path) -> None:
    with night() as con:
        # Levels are held against an earlier publication: the demo's own, under another name.
        for table in ("row_counts", "verdicts"):
            con.execute(
                f"insert into quality.{table} select * replace ('last night' as refresh_id) from quality.{table}"
            )
        POISONS[name].in_warehouse(con)
        verdict = judged(con, demo[0], tmp_path)
    assert not verdict.passed
    assert name in verdict.stopping_checks, verdict.messages
    assert any(message.startswith(name) for message in verdict.messages)


@pytest.mark.slow
@pytest.mark.parametrize("name", AT_ARRIVAL)
def test_a_bad_file_is_refused_and_its_neighbours_are_not(name: str, demo, night, tmp_path) -> None:
    poison = POISONS[name]
    landing = tmp_path / "landing"
    (last_night,) = (demo[0].landing / poison.authority).iterdir()
    drop_folder = landing / poison.authority / TONIGHT
    shutil.copytree(last_night, drop_folder)
    if poison.in_landing:
        poison.in_landing(drop_folder)
    else:
        # The same bytes again would not be read again.
        with (drop_folder / "referrals.csv").open("ab") as file:
            file.write(b"\n")
    profiles = ingest.read_profiles(demo[0].profile_folders, resources.CODE_LISTS)
    with night() as con, ingest.Reader() as reader:
        ingest.begin_refresh(con, "tonight", None, NOW, "test")
        (drop,) = ingest.pending_drops(con, landing, profiles, 0, NOW)
        ingest.stage(con, drop, profiles[poison.authority], reader)
        if poison.in_arriving:
            poison.in_arriving(con)
        verdict = gate.run_gate(con, "arrival", drop.scope, "tonight", NOW, tmp_path)
        assert name in verdict.stopping_checks, verdict.messages
        assert verdict.refusals
        if poison.in_landing:
            ingest.settle(con, drop, verdict.refusals, "tonight")
            outcomes = con.execute(
                "select outcome, count(*) from raw.load_log where refresh_id = 'tonight' and outcome <> 'ignored' "
                "group by outcome order by outcome"
            ).fetchall()
            assert {outcome for outcome, _ in outcomes} == {"already_loaded", "refused"}


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_A_FILE)
def test_a_night_that_reads_well_and_means_nonsense_is_held(name: str, demo_copy: Callable[[], Home]) -> None:
    home = demo_copy()
    authority = home.landing / POISONS[name].authority
    (last_night,) = authority.iterdir()
    shutil.copytree(last_night, authority / TONIGHT)
    POISONS[name].in_landing(authority / TONIGHT)
    yesterday = published_bytes(home)
    ran = lado(home, "refresh", "--settle", "0", "--json")
    assert ran.returncode == 3, ran.stderr
    told = json.loads(ran.stdout)
    assert told["outcome"] == "held"
    stopped_by = [c for c in told["checks"] if not c["passed"] and c["severity"] == "error"]
    assert name in [check["name"] for check in stopped_by]
    assert all(check["failing_count"] > 0 and check["name"] in told["message"] for check in stopped_by)
    assert published_bytes(home) == yesterday
    # By hand neither way leads round the gate: not publishing what lies there, not building the reports first.
    by_hand = lado(home, "publish", "files")
    assert by_hand.returncode == 3, by_hand.stderr
    build = [
        str(Path(sys.executable).with_name("dbt")),
        "build",
        "--exclude-resource-type",
        "test",
        "unit_test",
    ]
    build += ["--select", "path:dbt_project/models/reports", "--project-dir", str(resources.PROJECT)]
    build += ["--profiles-dir", str(resources.PROJECT), "--target-path", str(home.dbt / "target")]
    built = subprocess.run(
        [*build, "--log-path", str(home.dbt / "logs")],
        cwd=home.root,
        env={**os.environ, "LADO_WAREHOUSE": home.warehouse.name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout[-2000:]
    assert lado(home, "publish", "files").returncode == 3
    assert published_bytes(home) == yesterday
