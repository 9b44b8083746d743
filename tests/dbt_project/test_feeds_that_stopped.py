"""A feed that stopped while others went on: its figures end with it, and nobody is chased for what cannot be seen.

Belongs here: one authority whose referrals were last sent a month before its contacts. Does not belong here: every
measure of such authorities (tests/independent), the warning about them (expectations/checks).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publish import files

from .conftest import OURS
from .world import World


def asked(number: str, day: str) -> dict[str, str]:
    return {"contact_id": number, "received_at": f"{day} 10:00:00", "referral_requested": "yes"}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Contacts to 30 June 2020, referrals to 31 May: the month of May is whole for both."""
    root = tmp_path_factory.mktemp("stopped")
    world = World(root / "warehouse.duckdb")
    world.authority("stopped", "Stopped")
    world.meaning("stopped", "referral_requested", "yes", "true")
    for feed in ("contacts", "referrals", "meetings"):
        world.con.execute(
            "insert into raw.feeds by name select 'stopped' as authority, ? as feed, 'lcs' as source_system, "
            "true as is_available, date '2020-04-01' as complete_from",
            [feed],
        )
    days = ("2020-04-06", "2020-05-25", "2020-06-22")
    contacts = [asked(f"C{number}", day) for number, day in enumerate(days, start=1)]
    world.extract("stopped", "contacts", "2020-06-30", contacts, source_system="lcs")
    referrals = [{"referral_id": "R1", "received_on": "2020-05-04"}]
    world.extract("stopped", "referrals", "2020-05-31", referrals, source_system="lcs")
    meetings = [
        {"meeting_id": number, "referral_id": "R1", "meeting_type": "initial", "due_on": due, "held_on": held}
        for number, due, held in (
            ("M1", "2020-05-14", ""),
            ("M2", "2020-05-20", ""),
            ("M3", "2020-05-13", "2020-05-12"),
            ("M4", "2020-05-14", "2020-05-18"),
        )
    ]
    world.extract("stopped", "meetings", "2020-05-15", meetings, source_system="lcs")
    files.remember_publication(world.con, root)
    world.build(
        *OURS, "measures", "measure_breakdowns", "open_cases", "--exclude", "fct_contact_referral_links"
    )
    yield world
    world.con.close()


def rows(world: World, measure: str, kind: str) -> list[tuple]:
    return world.rows(
        "select period_start::varchar, as_at::varchar, is_part_period, numerator, denominator from marts.fct_measures "
        f"where measure = '{measure}' and period_kind = '{kind}' and dimension_1 = 'all' order by all"
    )


def test_figures_end_with_the_feed_that_they_count(stopped: World):
    assert rows(stopped, "contacts", "month") == [
        ("2020-04-01", "2020-06-30", False, 1, None),
        ("2020-05-01", "2020-06-30", False, 1, None),
        ("2020-06-01", "2020-06-30", False, 1, None),
    ]
    assert rows(stopped, "referrals", "month") == [
        ("2020-04-01", "2020-05-31", False, 0, None),
        ("2020-05-01", "2020-05-31", False, 1, None),
    ]
    assert rows(stopped, "referrals", "financial_year") == [("2020-04-01", "2020-05-31", True, 1, None)]
    assert [end[0] for end in rows(stopped, "cases_open_at_end", "month")] == ["2020-04-01", "2020-05-01"]


def test_a_share_and_its_base_are_counted_to_the_same_day(stopped: World):
    shares = "requested_referrals_outstanding"
    assert rows(stopped, shares, "month") == [
        ("2020-04-01", "2020-05-31", False, 1, 1),
        ("2020-05-01", "2020-05-31", False, 0, 1),
    ]
    # Three contacts came with a request, one of them after the last extract of referrals.
    assert rows(stopped, shares, "financial_year") == [("2020-04-01", "2020-05-31", True, 1, 2)]
    assert rows(stopped, "referrals_requested", "financial_year") == [
        ("2020-04-01", "2020-06-30", True, 3, 3)
    ]


def test_nobody_is_chased_for_a_referral_that_could_not_be_seen(stopped: World):
    # Asked on Monday 25 May: four working days before the last extract of referrals, 26 before that of contacts.
    assert stopped.rows(
        "select contact_id, coalesce(flags, '') like '%requested_outstanding%' from marts.fct_contacts order by all"
    ) == [("C1", True), ("C2", False), ("C3", False)]


def test_the_age_of_a_case_ends_with_the_extracts_of_its_feed(stopped: World):
    # Received on 4 May: 27 days before the last extract of referrals, 57 before that of contacts.
    assert stopped.rows("select open_days, open_age_band from marts.fct_referrals") == [(27, "under_1_month")]
    # M3 was held on 12 May, and two working days after 31 May nobody knows of a threshold decision.
    assert stopped.rows(
        "select as_at::varchar, open_days, days_since_last_event, is_meeting_overdue, is_decision_overdue "
        "from casework.open_cases"
    ) == [("2020-05-31", 27, 19, True, True)]


def test_a_meeting_is_late_when_the_last_extract_of_meetings_says_so(stopped: World):
    # Extracted on 15 May: M2 was due after that, and M4 says that it was held on a day that had not come.
    assert stopped.rows(
        "select meeting_id, held_on::varchar, is_late from marts.fct_meetings order by all"
    ) == [
        ("M1", None, True),
        ("M2", None, False),
        ("M3", "2020-05-12", False),
        ("M4", None, True),
    ]


@pytest.mark.parametrize(
    ("outcomes_on", "actions_on"), [("2020-06-30", "2019-06-30"), ("2019-06-30", "2020-06-30")]
)
def test_outcomes_and_what_followed_are_counted_as_of_one_day(
    tmp_path: Path, outcomes_on: str, actions_on: str
):
    """Allegations of February 2019: one concluded and referred to the DBS by June 2019, one a year later; of the third
    somebody was dismissed by June 2019, before the outcome of a year later."""
    world = World(tmp_path / "warehouse.duckdb")
    world.authority("apart", "Apart")
    for name, wording, member in (
        ("outcome", "proved", "substantiated"),
        ("action", "dbs", "dbs_referral"),
        ("action", "sacked", "dismissal"),
    ):
        world.meaning("apart", name, wording, member)
    for feed in ("referrals", "allegations", "outcomes", "actions"):
        world.con.execute(
            "insert into raw.feeds by name select 'apart' as authority, ? as feed, 'lcs' as source_system, "
            "true as is_available, date '2018-04-01' as complete_from",
            [feed],
        )
    at = {
        "referrals": "2020-06-30",
        "allegations": "2020-06-30",
        "outcomes": outcomes_on,
        "actions": actions_on,
    }
    days = {
        "1": ("2019-06-15", "2019-06-20"),
        "2": ("2020-04-15", "2020-04-20"),
        "3": ("2020-04-15", "2019-03-01"),
    }
    rows = {
        "referrals": [{"referral_id": n, "received_on": "2019-02-04"} for n in days],
        "allegations": [{"allegation_id": n, "referral_id": n} for n in days],
        "outcomes": [{"allegation_id": n, "outcome": "proved", "outcome_on": days[n][0]} for n in days],
        "actions": [
            {"allegation_id": n, "action": "sacked" if n == "3" else "dbs", "action_on": days[n][1]}
            for n in days
        ],
    }
    told = {"outcomes": 0, "actions": 1}
    for feed, day in at.items():
        seen = [
            row
            for n, row in zip(days, rows[feed], strict=True)
            if feed not in told or days[n][told[feed]] <= day
        ]
        world.extract("apart", feed, day, seen, source_system="lcs")
    files.remember_publication(world.con, tmp_path)
    world.build(*OURS, "measures", "measure_breakdowns", "--exclude", "fct_contact_referral_links")
    assert world.rows(
        "select measure, as_at::varchar, numerator, denominator from marts.fct_measures where "
        "measure in ('dbs_referrals', 'allegations_concluded_of_received', 'allegations_open_of_received', "
        "'removals_of_received') and (period_kind, period_start) = ('financial_year', date '2018-04-01') "
        "and dimension_1 = 'all' order by all"
    ) == [
        ("allegations_concluded_of_received", "2019-06-30", 1, 3),
        ("allegations_open_of_received", "2019-06-30", 2, 3),
        ("dbs_referrals", "2019-06-30", 1, 1),
        ("removals_of_received", "2019-06-30", 0, 1),
    ]
    # A record by itself tells what its own feed knows.
    concluded = 3 if outcomes_on > actions_on else 1
    assert world.rows("select count(*) from marts.fct_allegations where is_concluded") == [(concluded,)]
    world.con.close()


def feed_days(tmp_path: Path, *extracts: tuple[str, str, str, str]) -> dict[str, str]:
    """Days to which feeds tell, of extracts (feed, day, kind, system); the profile names the system `lcs` only."""
    world = World(tmp_path / "warehouse.duckdb")
    world.authority("apart", "Apart")
    row = {
        "contacts": {"contact_id": "1", "received_at": "2019-04-01 10:00:00"},
        "referrals": {"referral_id": "1", "received_on": "2019-04-01"},
        "match_decisions": {"contact_id": "1", "referral_id": "1", "decision": "confirm"},
    }
    for feed, day, kind, system in extracts:
        world.extract("apart", feed, day, [row[feed]], source_system=system, kind=kind)
        world.con.execute(
            "insert into raw.feeds by name select 'apart' as authority, ? as feed, 'lcs' as source_system, "
            "true as is_available, null::date as complete_from",
            [feed],
        )
    world.build("stg_extracts", "stg_feed_days")
    told = dict(world.rows("select feed, told_to::varchar from staging.stg_feed_days"))
    world.con.close()
    return told


CONTACTS = ("contacts", "2020-06-30", "full", "lcs")


def test_a_system_that_sent_changes_once_is_not_silent_for_ever(tmp_path: Path):
    full = ("referrals", "2020-03-31", "full", "lcs")
    replaced = ("referrals", "2019-04-30", "changes", "old")
    switched = ("referrals", "2019-04-30", "changes", "lcs")
    for number, before in enumerate((replaced, switched)):
        (tmp_path / str(number)).mkdir()
        assert feed_days(tmp_path / str(number), before, full, CONTACTS)["referrals"] == "2020-03-31"
    (tmp_path / "still").mkdir()
    assert feed_days(tmp_path / "still", switched, CONTACTS)["referrals"] == "2020-06-30"


def test_a_list_of_decisions_does_not_lengthen_what_the_systems_told(tmp_path: Path):
    changes = [(feed, "2020-03-31", "changes", "lcs") for feed in ("contacts", "referrals")]
    told = feed_days(tmp_path, *changes, ("match_decisions", "2020-06-30", "full", "lcs"))
    assert told == {"contacts": "2020-03-31", "referrals": "2020-03-31", "match_decisions": "2020-06-30"}
