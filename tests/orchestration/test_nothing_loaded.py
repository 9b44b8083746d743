"""A refresh that has no extract to build from stops before the models and says why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import small_home

from ingest.profile import PROFILES_FOLDER
from orchestration import arrival, resources
from orchestration.refresh import refresh
from orchestration.resources import Home

FILES = len(small_home.night(0))
DAY = small_home.NIGHTS[0]
LOOK = "`lado status` says of each file why, and what to do"


def nothing(home: Home) -> None:
    """The landing folder stays empty."""


def misspelt_authority(home: Home) -> None:
    small_home.write_night(home, 0).parent.rename(home.landing / "knet")


def no_day(home: Home) -> None:
    small_home.write_night(home, 0, "30-03-2020")


def a_night(home: Home) -> None:
    small_home.write_night(home, 0)


@pytest.mark.parametrize(
    ("deliver", "settle", "as_at", "words"),
    [
        (nothing, 0, None, "no extract has been loaded yet, and the landing folder holds none: put "),
        (misspelt_authority, 0, None, f"no extract has been loaded yet ({FILES} refused): {LOOK}"),
        (no_day, 0, None, f"no extract has been loaded yet (1 refused): {LOOK}"),
        (a_night, 3600, None, f"no extract has been loaded yet ({FILES} waiting): {LOOK}"),
        (
            a_night,
            0,
            dt.date(2020, 3, 29),
            f"no extract is dated 2020-03-29 or before, the first is dated {DAY}: give a later --as-at",
        ),
    ],
    ids=["empty landing", "misspelt authority", "no day", "too young", "as at before the first"],
)
def test_it_says_why_nothing_is_loaded(
    tmp_path: Path, deliver: Callable[[Home], None], settle: float, as_at: dt.date | None, words: str
) -> None:
    home = small_home.make(tmp_path / "home").prepare()
    deliver(home)
    for night in ("first", "second"):
        assert not arrival.take_in(home, as_at, settle, [], night).is_new
    with resources.warehouse(home) as con:
        told = con.execute("select outcome, message from quality.refreshes order by refresh_id").fetchall()
    assert [outcome for outcome, _ in told] == ["nothing_new"] * 2
    assert all(message.startswith(words) for _, message in told), told


def test_an_extract_of_another_day_is_news(tmp_path: Path) -> None:
    home = small_home.make(tmp_path / "home", 0).prepare()
    assert arrival.take_in(home, dt.date.fromisoformat(DAY), 0, [], "the day itself").is_new


def test_an_authority_whose_profile_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    text = (PROFILES_FOLDER / "kent.yml").read_text(encoding="utf-8")
    (profiles / "wessex.yml").write_text(text.replace("kent", "wessex", 1), encoding="utf-8")
    home = Home(small_home.make(tmp_path / "home").root, profiles).prepare()
    a_night(home)
    (home.landing / "kent").rename(home.landing / "wessex")
    assert arrival.take_in(home, None, 0, [], "with its profile").is_new
    (profiles / "wessex.yml").unlink()
    assert not arrival.take_in(home, None, 0, [], "without").is_new


@pytest.mark.slow
def test_such_a_refresh_ends_as_nothing_new_and_judges_nothing(tmp_path: Path) -> None:
    home = small_home.make(tmp_path / "home")
    outcome = refresh(home, settle_seconds=0)
    assert (outcome.outcome, outcome.exit_code, outcome.checks) == ("nothing_new", 0, [])
    assert outcome.message.startswith("no extract has been loaded yet")
    assert not (home.published / "current").exists()
    assert "models" not in outcome.seconds
    with resources.warehouse(home) as con:
        assert con.execute("select count(*) from quality.verdicts").fetchall() == [(0,)]
