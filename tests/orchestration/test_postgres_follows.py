"""PostgreSQL follows the files: by its asset, on a night without news, by hand; a server that is down stops nothing."""

from __future__ import annotations

import json
import sys

import psycopg
import pytest
from test_whole_flow import lado

from orchestration import assets, definitions, mirror, resources, state
from orchestration.refresh import refresh
from orchestration.resources import Home

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the packaged PostgreSQL server is for POSIX systems"
)

DOWN = "postgresql://lado:s3cret@127.0.0.1:1/lado"


def shown(dsn: str) -> str:
    with psycopg.connect(dsn) as con:
        ((found,),) = con.execute("select distinct refresh_id from reports.rpt_measures").fetchall()
    return found


def everything_written(home: Home) -> bytes:
    return b"".join(
        path.read_bytes() for path in home.root.rglob("*") if path.is_file() and "published" not in path.parts
    )


@pytest.mark.slow
def test_a_night_without_news_brings_the_server_up(demo_copy, server, database, monkeypatch):
    home = demo_copy()
    current = (home.published / "current").resolve().name

    monkeypatch.setenv("LADO_POSTGRES_DSN", DOWN)
    outcome = refresh(home, settle_seconds=0)
    assert (outcome.outcome, outcome.exit_code) == ("nothing_new", 0), outcome.message
    assert outcome.postgres["outcome"] == "behind"
    assert "cannot be reached" in outcome.postgres["message"]
    assert state.status(home)["postgres"]["outcome"] == "behind"
    assert "postgres_behind" in home.log.read_text(encoding="utf-8")
    assert b"s3cret" not in everything_written(home)

    dsn = server.dsn(database)
    monkeypatch.setenv("LADO_POSTGRES_DSN", dsn)
    outcome = refresh(home, settle_seconds=0)
    assert outcome.outcome == "nothing_new"
    assert outcome.postgres["outcome"] == "shown"
    assert outcome.postgres["shown_refresh_id"] == current == shown(dsn)
    assert state.status(home)["postgres"]["outcome"] == "shown"


@pytest.mark.slow
def test_the_asset_is_in_the_graph_and_says_when_the_server_is_behind(
    demo_copy, server, database, monkeypatch
):
    home = demo_copy()
    monkeypatch.setenv("LADO_HOME", str(home.root))
    monkeypatch.delenv("LADO_POSTGRES_DSN", raising=False)
    graph = definitions.build(home).resolve_asset_graph()
    assert not graph.get(assets.POSTGRES).is_executable  # seen, not run

    monkeypatch.setenv("LADO_POSTGRES_DSN", server.dsn(database))
    job = definitions.build(home).resolve_job_def("nightly_refresh")
    for dsn, passed in ((DOWN, False), (server.dsn(database), True)):
        monkeypatch.setenv("LADO_POSTGRES_DSN", dsn)
        result = job.execute_in_process(asset_selection=[assets.POSTGRES])
        assert result.success  # the files are published whatever the server does
        assert [e.passed for e in result.get_asset_check_evaluations()] == [passed]
        assert len(result.asset_materializations_for_node("published__postgres")) == passed
    assert shown(server.dsn(database)) == (home.published / "current").resolve().name


@pytest.mark.slow
def test_by_hand(demo_copy, server, database, monkeypatch):
    home = demo_copy()
    dsn = server.dsn(database)
    without = lado(home, "publish", "postgres")
    assert (without.returncode, "LADO_POSTGRES_DSN is not set" in without.stderr) == (1, True)
    down = lado(home, "publish", "postgres", LADO_POSTGRES_DSN=DOWN)
    assert down.returncode == 1
    assert "cannot be reached" in down.stderr
    assert "s3cret" not in down.stderr + down.stdout
    done = lado(home, "publish", "postgres", "--json", LADO_POSTGRES_DSN=dsn)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] > 0
    with resources.warehouse(home) as con:
        con.execute("update marts.fct_referrals set allegation_count = allegation_count + 1")
    refused = lado(home, "publish", "postgres", LADO_POSTGRES_DSN=dsn)
    assert refused.returncode == 3, refused.stderr
    assert "changed after the verdict" in refused.stderr


def test_without_a_dsn_nothing_of_it_is_imported(demo_copy, monkeypatch):
    monkeypatch.delenv("LADO_POSTGRES_DSN", raising=False)
    for name in [n for n in sys.modules if n.split(".")[0] == "psycopg" or n == "publish.postgres"]:
        monkeypatch.delitem(sys.modules, name)
    assert mirror.follow(demo_copy()) is None
    assert not {"psycopg", "publish.postgres"} & sys.modules.keys()
