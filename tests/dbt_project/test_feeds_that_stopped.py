"""A feed that stopped while others went on: its figures end with it, and nobody is chased for what cannot be seen.

Belongs here: one authority whose referrals were last sent a month before its contacts. Does not belong here: every
measure of such authorities (tests/independent), the warning about them (expectations/checks).
"""

from __future__ import annotations

from collections.abc import Iterator

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
