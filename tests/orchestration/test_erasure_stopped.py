"""An erasure that is killed, or whose server is down, is not done, says so, and is finished by starting it again.

Belongs here: kills in the middle, and what the next start makes of them. Does not belong here: what an erasure takes
out (tests/orchestration/test_subjects.py).
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
import small_home
from test_subjects import places_of

import ingest
from orchestration import audit_log, resources
from orchestration.refresh import refresh
from orchestration.resources import Home
from tests.faults import forked, homes, syscalls

TODAY = dt.date(2026, 11, 25)
POINTS = int(os.environ.get("LADO_FAULT_ERASURES", "24"))
DOWN = "postgresql://lado@127.0.0.1:1/lado"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two nights of a small authority, published; one adult of whom everything is known."""
    home = small_home.make(tmp_path_factory.mktemp("erasure") / "home", 0, 1)
    outcome = refresh(home, settle_seconds=0)
    assert outcome.outcome == "published", outcome.message
    return home


def erase(root: Path) -> str:
    """The erasure; its exit code and what is left."""
    from orchestration import erasure

    home = Home(root).prepare()
    with resources.one_refresh_at_a_time(home):
        told = erasure.erase(home, "kent", "subject", small_home.PERSON, TODAY)
    return f"{3 if told.left else 0} {told.left}"


def words(home: Home) -> tuple[str, ...]:
    key = ingest.person_key(resources.subject_secret(home), "subject", "kent", small_home.PERSON)
    return (*small_home.CANARIES, key)


@pytest.mark.faults
@pytest.mark.skipif(not syscalls.IS_AVAILABLE, reason="needs Linux's seccomp")
def test_a_killed_erasure_is_finished_by_the_next(published: Home, tmp_path: Path) -> None:
    home = homes.copy(published, tmp_path / "home")
    said, calls = forked.run(erase, home.root, syscalls.DURABLE, lambda _: syscalls.GO)
    assert said == "0 []"
    shutil.rmtree(home.root)
    # Most calls are Dagster's record of the refresh inside. The first and the last ones are the erasure's own steps.
    own = min(POINTS // 3, calls // 3)
    between = range(own + 1, calls - own, max((calls - 2 * own) // max(POINTS - 2 * own, 1), 1))
    numbers = [*range(1, own + 1), *between, *range(calls - own + 1, calls + 1)]
    seen: Counter[str] = Counter()
    for number in numbers:
        home = homes.copy(published, tmp_path / "home")
        before = places_of(home, words(home))
        said, _ = forked.run(
            erase,
            home.root,
            syscalls.DURABLE,
            lambda call, n=number: syscalls.KILL if call.number == n else syscalls.GO,
        )
        assert said is None
        homes.is_whole(home)
        begun = [e["outcome"] for e in audit_log.entries(home) if e["action"] == "subject_erasure"]
        assert begun in ([], ["begun"], ["begun", "erased"]), number
        assert begun or places_of(home, words(home)) == before, "nothing goes before it is on record"
        seen["begun" if begun else "not begun"] += 1
        said, _ = forked.run(erase, home.root)
        assert said == "0 []", (number, said)
        assert places_of(home, words(home)) == set(), number
        assert audit_log.verify(home).problems == []
        shutil.rmtree(home.root)
    print(f"\n{len(numbers)} kills at renames, unlinks and flushes of an erasure, of {calls}: {dict(seen)}")


@pytest.mark.slow
def test_a_server_that_is_down_is_named_and_the_next_erasure_is_complete(
    published: Home, server, database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    home = homes.copy(published, tmp_path / "home")
    dsn = server.dsn(database)
    key = words(home)[-1]

    def on_the_server() -> int:
        with psycopg.connect(dsn) as con:
            return con.execute(
                "select count(*) from marts.dim_subjects where subject_key = %s", [key]
            ).fetchone()[0]

    monkeypatch.setenv("LADO_POSTGRES_DSN", dsn)
    assert refresh(home, settle_seconds=0).postgres["outcome"] == "shown"
    assert on_the_server() == 1

    monkeypatch.setenv("LADO_POSTGRES_DSN", DOWN)
    said = erase(home.root)
    assert said.startswith("3 ")
    assert "PostgreSQL, which could not be brought up to date" in said
    assert on_the_server() == 1

    monkeypatch.setenv("LADO_POSTGRES_DSN", dsn)
    assert erase(home.root) == "0 []"
    assert on_the_server() == 0
    outcomes = [e["outcome"] for e in audit_log.entries(home) if e["action"] == "subject_erasure"]
    assert outcomes == ["begun", "incomplete", "begun", "erased"]
