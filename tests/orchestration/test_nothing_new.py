"""A refresh says `nothing_new` only where the marts are those of the last publication and would come out the same."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import pytest
import small_home

from orchestration import arrival, history, resources
from orchestration.refresh import refresh
from orchestration.resources import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return small_home.make(tmp_path / "home", 0).prepare()


class Nights:
    """Refreshes up to the question whether anything is new; what would be built ends as the test says."""

    def __init__(self, home: Home, patch: pytest.MonkeyPatch):
        self.home = home
        self.number = 0
        # No file is ever published here, which would be news by itself.
        patch.setattr("publish.files.verify", lambda root: [])

    def is_new(self, ends: str = "published") -> bool:
        self.number += 1
        told = arrival.take_in(self.home, None, 0, [], f"run {self.number}")
        if told.is_new:
            with resources.warehouse(self.home) as con:
                history.end(
                    con, told.refresh_id, ends, ends, dt.datetime(2026, 1, 1) + dt.timedelta(self.number)
                )
        return told.is_new

    @property
    def referrals(self) -> Path:
        return self.home.landing / "kent" / small_home.NIGHTS[0] / "referrals.csv"

    def text(self) -> str:
        return self.referrals.read_text(encoding="utf-8")

    def replace(self, text: str) -> None:
        """Another content of the referrals in the same drop."""
        self.number += 1
        self.referrals.write_text(text, encoding="utf-8")
        os.utime(self.referrals, ns=(0, self.referrals.stat().st_mtime_ns + 1_000_000_000 * self.number))


@pytest.fixture
def nights(home: Home, monkeypatch: pytest.MonkeyPatch) -> Nights:
    return Nights(home, monkeypatch)


def test_a_content_that_comes_back_in_its_place_is_news(nights: Nights) -> None:
    first = nights.text()
    assert [nights.is_new(), nights.is_new()] == [True, False]
    nights.replace(first.replace("Oakfield", "Elmfield"))
    assert [nights.is_new(), nights.is_new()] == [True, False]
    nights.replace(first)
    assert [nights.is_new(), nights.is_new()] == [True, False]


def test_a_file_that_is_refused_and_put_right_is_news_twice(nights: Nights) -> None:
    first = nights.text()
    assert nights.is_new()
    nights.replace("no heading of ours\n")
    assert [nights.is_new(), nights.is_new()] == [True, False]
    nights.replace(first)
    assert [nights.is_new(), nights.is_new()] == [True, False]


@pytest.mark.parametrize("ended", ["held", "failed", "interrupted"])
def test_marts_of_a_refresh_that_was_not_published_are_built_anew(nights: Nights, ended: str) -> None:
    first = nights.text()
    assert nights.is_new()
    nights.replace(first.replace("Oakfield", "Elmfield"))
    assert nights.is_new(ended)
    nights.replace(first)
    # The same inputs as those of the publication, and other marts.
    assert nights.is_new()
    assert not nights.is_new()


def test_a_refresh_that_failed_before_everything_was_in_built_nothing(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nights.is_new()
    with monkeypatch.context() as patched:

        def fail(*_: object) -> None:
            raise duckdb.IOException("disk full")

        patched.setattr("ingest.add_person_keys", fail)
        with pytest.raises(duckdb.IOException):
            nights.is_new()
    assert not nights.is_new()


def test_after_a_held_refresh_the_next_one_publishes_what_was_published_before(
    home: Home, nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # files are published here

    def referrals() -> list[tuple]:
        with resources.warehouse(home) as con:
            return con.execute("select count(*) from marts.fct_referrals").fetchall()

    assert refresh(home, settle_seconds=0).outcome == "published"
    before = referrals()
    assert before == [(41,)]
    first = nights.text()
    # A half of the main column that no profile maps: the publication gate holds.
    half = first.splitlines()[: 1 + 40 // 2]
    nights.replace("\n".join(half).replace("School - Primary", "Somewhere else") + "\n")
    assert refresh(home, settle_seconds=0, accept=("kent/referrals",)).outcome == "held"
    assert referrals() == [(20,)]
    nights.replace(first)
    assert refresh(home, settle_seconds=0).outcome == "published"
    assert referrals() == before
    assert refresh(home, settle_seconds=0).outcome == "nothing_new"
