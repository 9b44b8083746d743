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
FEEDS = {
    "referrals": [
        {"referral_id": "R1", "received_on": "2020-04-01"},
        {"referral_id": "R2", "received_on": "2020-04-01"},
    ],
    "contacts": [
        {"contact_id": "C1", "received_at": "2020-04-01 10:00:00", "case_ref": "r1"},
        {"contact_id": "C2", "received_at": "2020-04-01 10:00:00", "case_ref": "R404"},
        {"contact_id": "C3", "received_at": "2020-04-01 10:00:00"},
    ],
    "allegations": [
        {"allegation_id": "A1", "referral_id": "R1"},
        {"allegation_id": "A2", "referral_id": "R404"},
    ],
    "actions": [
        {"allegation_id": "A1", "action": "warning"},
        {"allegation_id": "A404", "action": "dismissal"},
    ],
    "strands": [
        {"allegation_id": "A1", "strand": "police"},
        {"allegation_id": "A404", "strand": "police"},
    ],
    "meetings": [
        {"meeting_id": "M1", "referral_id": "R1", "meeting_type": "review"},
        {"meeting_id": "M2", "referral_id": "R404", "meeting_type": "review"},
    ],
    "children": [
        {"referral_id": "R1", "child_id": "K1"},
        {"referral_id": "R404", "child_id": "K1"},
    ],
    "feedback": [
        {"feedback_id": "F1", "referral_id": "R1"},
        {"feedback_id": "F2", "referral_id": "R404"},
        {"feedback_id": "F3"},
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
        ("feedback", 3),
        ("escalations", 3),
        ("meetings", 2),
        ("children", 2),
        ("allegations", 2),
        ("actions", 2),
    ],
)
def test_it_is_loaded_all_the_same(awry: World, fact: str, number: int):
    assert awry.rows(f"select count(*) from marts.fct_{fact}") == [(number,)]


def test_what_names_no_record_stays_in_staging(awry: World):
    """A name may have been typed into the field."""
    for fact, key in (("feedback", "feedback_id"), ("escalations", "escalation_id")):
        rows = awry.rows(f"select referral_key, referral_id from marts.fct_{fact} order by {key}")
        assert rows == [("awry:lcs:R1", "R1"), ("unknown", None), ("unknown", None)]
    assert awry.rows("select case_ref, has_case_on_system from marts.fct_contacts order by contact_id") == [
        ("r1", True),
        (None, False),
        (None, False),
    ]
