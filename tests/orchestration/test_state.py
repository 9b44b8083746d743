"""What `lado status` says of refreshes that were not the last."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import small_home
from click.testing import CliRunner

from orchestration import arrival, resources, state
from orchestration.command_line import main
from orchestration.options import counted
from orchestration.resources import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return small_home.make(tmp_path / "home", 0).prepare()


def judged(home: Home, refresh_id: str, passed: bool, at: str, failing: int) -> None:
    """Put a verdict and one check of it into the warehouse, as the gate does."""
    severity = "warning" if passed else "error"
    with resources.warehouse(home) as con:
        con.execute(
            "insert into quality.verdicts (refresh_id, gate, passed, judged_at, scope) "
            "values (?, 'publication', ?, ?, 'warehouse')",
            [refresh_id, passed, at],
        )
        con.execute(
            "insert into quality.check_results values (?, 'publication', 'dates_follow_one_another', ?, 'warehouse', "
            "9, ?, '0', false, ?), (?, 'publication', 'every_value_can_be_used', 'warning', 'warehouse', 9, 0, '0', "
            "true, ?)",
            [refresh_id, severity, failing, at, refresh_id, at],
        )


def lado_status(home: Home, *words: str) -> str:
    told = CliRunner().invoke(main, ["status", "--home", str(home.root), *words])
    assert told.exit_code == 0, told.output
    return told.stdout


@pytest.mark.parametrize(("passed", "words"), [(True, "may be published"), (False, "HELD")])
def test_the_verdict_is_of_the_last_refresh_that_was_judged(home: Home, passed: bool, words: str) -> None:
    for night in ("the night", "one without news"):
        arrival.take_in(home, None, 0, [], night)
    judged(home, "20200330T020000Z", not passed, "2020-03-30 02:00:00", 7)
    judged(home, "20200331T020000Z", passed, "2020-03-31 02:00:00", 3)
    text = lado_status(home)
    assert f"The publication gate says of refresh 20200331T020000Z: {words}\n" in text
    assert "dates follow one another: 3 failing of 9\n" in text
    assert "7 failing" not in text
    told = json.loads(lado_status(home, "--json"))
    assert (told["verdict"]["refresh_id"], told["verdict"]["passed"]) == ("20200331T020000Z", passed)
    assert [(one["check_name"], one["failing_count"]) for one in told["gate"]] == [
        ("dates_follow_one_another", 3)
    ]


def test_before_the_first_verdict_it_says_so(home: Home) -> None:
    arrival.take_in(home, None, 0, [], "the night")
    assert "The publication gate has judged no refresh yet\n" in lado_status(home)
    told = json.loads(lado_status(home, "--json"))
    assert (told["verdict"], told["gate"]) == (None, [])


@pytest.mark.parametrize(
    ("hours", "told"),
    [(0.9, "less than an hour"), (1, "1 hour"), (23.5, "23 hours"), (24, "1 day"), (51, "2 days 3 hours")],
)
def test_an_age_in_words(hours: float, told: str) -> None:
    assert state.in_hours(dt.timedelta(hours=hours)) == told


def test_a_number_agrees_with_its_noun() -> None:
    assert [counted(n, "error") for n in (0, 1, 2)] == ["0 errors", "1 error", "2 errors"]
