"""Records that name nobody or bear dates that cannot be: what the marts make of them, and what is found.

Belongs here: that such a record is loaded, what is left out of it, and that the publication gate's own checks find it
in tables that dbt built. Does not belong here: a check on rows written for it (expectations/checks), good records
(test_marts.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from expectations import gate, levels
from expectations.check import CHECKS, read_check

from .conftest import NOT_OURS, OURS
from .world import World

AS_AT = "2020-06-30"


def meeting(number: str, **dates: str) -> dict[str, str]:
    return {"meeting_id": number, "referral_id": "R3", "meeting_type": "strategy", **dates}


FEEDS = {
    "referrals": [
        {"referral_id": "R1", "received_on": "2020-04-01"},
        {
            "referral_id": "R2",
            "received_on": "2020-04-01",
            "incident_on": "1900-01-01",
            "employer_aware_on": "1900-01-01",
        },
        {
            "referral_id": "R3",
            "received_on": "2020-04-01",
            "harm_criteria": ["zeta", "Alpha"],
            "sector": "Zoo",
        },
    ],
    "contacts": [
        {"contact_id": "C1", "received_at": "2020-04-01 10:00:00", "case_ref": "r1"},
        {"contact_id": "C2", "received_at": "2020-04-01 10:00:00", "case_ref": "R404"},
        {"contact_id": "C3", "received_at": "2020-04-01 10:00:00"},
    ],
    "allegations": [
        {"allegation_id": "A1", "referral_id": "R1"},
        {"allegation_id": "A2", "referral_id": "R404"},
        {"allegation_id": "A3", "referral_id": "R2", "recorded_on": "2020-03-31"},
    ],
    "actions": [
        {"allegation_id": "A1", "action": "warning"},
        {"allegation_id": "A404", "action": "dismissal"},
        {"allegation_id": "A1", "action": "warning", "action_on": "1900-01-01"},
        {"allegation_id": "A3", "action": "dbs_referral", "action_on": "2010-01-01"},
        {"allegation_id": "A3", "action": "dismissal", "action_on": "2031-01-01"},
    ],
    "strands": [
        {"allegation_id": "A1", "strand": "police"},
        {"allegation_id": "A404", "strand": "police"},
        {"allegation_id": "A3", "strand": "police", "started_on": "2031-01-01"},
        {"allegation_id": "A3", "strand": "employer", "started_on": "2020-04-02", "ended_on": "2031-01-01"},
        {
            "allegation_id": "A3",
            "strand": "disciplinary",
            "started_on": "1900-01-01",
            "ended_on": "2020-05-01",
        },
    ],
    "meetings": [
        {"meeting_id": "M1", "referral_id": "R1", "meeting_type": "review"},
        {"meeting_id": "M2", "referral_id": "R404", "meeting_type": "review"},
        meeting("M3", held_on="1900-01-01", actions_issued_on="2020-04-20"),
        meeting("M4", held_on="2010-01-01"),
        meeting("M5", held_on="2031-01-01"),
        meeting("M6", held_on="2020-04-20", due_on="1900-01-01"),
        meeting("M7", held_on="2020-05-20", due_on="2020-05-19"),
    ],
    "children": [
        {"referral_id": "R1", "child_id": "K1"},
        {"referral_id": "R404", "child_id": "K1"},
    ],
    "feedback": [
        {"feedback_id": "F1", "referral_id": "R1"},
        {"feedback_id": "F2", "referral_id": "R404"},
        {"feedback_id": "F3"},
        {"feedback_id": "F4", "requested_on": "2031-01-01", "returned_on": "2020-05-01", "rating": "4"},
    ],
    "requests": [
        {"request_id": "Q1", "request_type": "enquiry", "received_on": "2020-05-01", "due_on": "2010-01-01"},
        {"request_id": "Q2", "request_type": "enquiry", "received_on": "2020-05-01", "due_on": "2020-05-10"},
    ],
    "officers": [
        {"officer_id": "O1", "started_on": "2020-05-01", "ended_on": "2020-04-01", "fte": "1"},
        {"officer_id": "O2", "started_on": "1900-01-01", "ended_on": "2031-01-01", "fte": "1"},
    ],
    "match_decisions": [
        {"contact_id": "C1", "referral_id": "R1", "decision": "confirm", "decided_on": "2031-01-01"},
    ],
    "escalations": [
        {"escalation_id": "E1", "referral_id": "R1", "raised_on": "2020-05-01"},
        {"escalation_id": "E2", "referral_id": "R404", "raised_on": "2020-05-01"},
        {"escalation_id": "E3", "raised_on": "2020-05-01"},
    ],
}


@pytest.fixture(scope="module")
def awry(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The marts of the made-up authority Awry, as at the last day of June 2020."""
    world = World(tmp_path_factory.mktemp("awry") / "warehouse.duckdb")
    world.authority("awry", "Awry")
    world.person("awry", "child", "K1", "cd34")
    for feed, rows in FEEDS.items():
        world.extract("awry", feed, AS_AT, rows, source_system="lcs")
    world.build(*OURS, "--exclude", *NOT_OURS)
    levels.note_this_gate(world.con, "tonight", datetime(2020, 7, 1, tzinfo=UTC))
    levels.note_rows(world.con)
    yield world
    world.con.close()


def found(world: World, rule: str) -> set[tuple[str, str | None]]:
    """Record and column of every finding of a rule."""
    _, keys = gate.count_alone(world.con, read_check(CHECKS / "publication" / f"{rule}.yml"), [])
    return {(record, column) for _, record, column in keys}


def test_a_record_that_names_an_unknown_one_is_found(awry: World):
    assert found(awry, "a_record_refers_to_one_that_exists") == {
        ("A2", "referral_id"),
        ("A404", "allegation_id"),
        ("M2", "referral_id"),
        ("R404", "referral_id"),
        ("F2", "referral_id"),
        ("E2", "referral_id"),
    }
    assert found(awry, "a_quoted_case_exists") == {("C2", "case_ref")}


@pytest.mark.parametrize(
    ("fact", "number"),
    [
        ("feedback", 4),
        ("escalations", 3),
        ("meetings", 7),
        ("children", 2),
        ("allegations", 3),
        ("strands", 5),
    ],
)
def test_it_is_loaded_all_the_same(awry: World, fact: str, number: int):
    assert awry.rows(f"select count(*) from marts.fct_{fact}") == [(number,)]


def test_what_names_no_record_stays_in_staging(awry: World):
    """A name may have been typed into the field."""
    for fact, key in (("feedback", "feedback_id"), ("escalations", "escalation_id")):
        rows = awry.rows(f"select referral_key, referral_id from marts.fct_{fact} order by {key}")
        assert set(rows) == {("awry:lcs:R1", "R1"), ("unknown", None)}
    assert awry.rows("select case_ref, has_case_on_system from marts.fct_contacts order by contact_id") == [
        ("r1", True),
        (None, False),
        (None, False),
    ]


def test_the_wordings_that_no_profile_maps_stand_beside_their_finding(awry: World):
    assert found(awry, "every_wording_is_mapped") == {("R3", "harm_criteria"), ("R3", "sector")}
    assert awry.rows("select column_name, local_wording from gate_failing order by 1") == [
        ("harm_criteria", "Alpha; zeta"),
        ("sector", "Zoo"),
    ]


def test_a_date_that_cannot_be_is_found_under_a_true_name(awry: World):
    assert found(awry, "no_date_lies_in_the_future") == {
        ("M5", "held_on"),
        ("A3", "action_on"),
        ("A3", "started_on"),
        ("A3", "ended_on"),
        ("F4", "requested_on"),
        ("C1/R1", "decided_on"),
    }
    assert found(awry, "no_date_is_absurdly_old") == {
        ("R2", "incident_on"),
        ("R2", "employer_aware_on"),
        ("A1", "action_on"),
        ("A3", "started_on"),
        ("M3", "held_on"),
        ("M6", "due_on"),
        ("O2", "started_on"),
    }


def test_dates_in_the_wrong_order_are_found(awry: World):
    assert found(awry, "nothing_is_dated_before_its_referral") == {
        ("M3", "held_on"),
        ("M4", "held_on"),
        ("A1", "action_on"),
        ("A3", "action_on"),
        ("A3", "recorded_on"),
    }
    wrong = found(awry, "dates_follow_one_another")
    assert {("O1", "ended_on"), ("Q1", "due_on")} <= wrong
    assert {"O2", "Q2", "M7"}.isdisjoint(record for record, _ in wrong)


def test_a_meeting_is_held_on_a_day_that_can_be(awry: World):
    """M4 took place, however wrong its date is, but is no milestone of a case that came ten years later."""
    assert awry.rows(
        """select meeting_id, held_on::varchar, is_held, received_to_held_working_days,
            held_to_actions_issued_working_days, due_on::varchar, is_late
        from marts.fct_meetings where referral_id = 'R3' order by 1"""
    ) == [
        ("M3", None, False, None, None, None, None),
        ("M4", "2010-01-01", True, None, None, None, None),
        ("M5", None, False, None, None, None, None),
        # From Wednesday 1 April, over Good Friday and Easter Monday.
        ("M6", "2020-04-20", True, 11, None, None, None),
        ("M7", "2020-05-20", True, 32, None, "2020-05-19", True),
    ]
    assert awry.rows("select referral_id, first_meeting_on::varchar from marts.fct_referrals order by 1") == [
        ("R1", None),
        ("R2", None),
        ("R3", "2020-04-20"),
    ]


def test_a_date_that_cannot_be_is_taken_for_no_duration(awry: World):
    assert awry.rows(
        """select incident_on, employer_aware_on, incident_to_received_days, employer_aware_to_received_working_days
        from marts.fct_referrals where referral_id = 'R2'"""
    ) == [(None, None, None, None)]
    assert awry.rows("select allegation_id, recorded_on from marts.fct_allegations order by 1") == [
        ("A1", None), ("A2", None), ("A3", None),
    ]  # fmt: skip
    assert awry.rows("select request_id, due_on::varchar, is_late from marts.fct_requests order by 1") == [
        ("Q1", None, None),
        ("Q2", "2020-05-10", True),
    ]
    assert awry.rows(
        """select requested_on, returned_on::varchar, rating, requested_to_returned_days
        from marts.fct_feedback where feedback_id = 'F4'"""
    ) == [(None, "2020-05-01", 4.0, None)]
    assert awry.rows(
        "select officer_id, started_on::varchar, ended_on::varchar from marts.dim_officers where fte = 1 order by 1"
    ) == [("O1", "2020-05-01", None), ("O2", None, "2031-01-01")]


def test_an_action_counts_whatever_its_date_unless_it_is_planned(awry: World):
    assert awry.rows("select allegation_action_key, action_on from marts.fct_actions order by 1") == [
        ("awry:lcs:A1:warning:undated", None),
        ("awry:lcs:A3:dbs_referral:undated", None),
        ("awry:lcs:A404:dismissal:undated", None),
    ]


def test_a_strand_that_is_to_begin_is_not_open_yet(awry: World):
    assert awry.rows(
        """select strand, started_on::varchar, ended_on::varchar, is_open, open_days, started_to_ended_days
        from marts.fct_strands where allegation_id = 'A3' order by 1"""
    ) == [
        ("disciplinary", None, "2020-05-01", False, None, None),
        ("employer", "2020-04-02", None, True, 89, None),
        ("police", None, None, False, None, None),
    ]
