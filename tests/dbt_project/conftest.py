"""One built warehouse of the made-up authority Northmere, for the whole session. Read only.

Belongs here: the raw rows, each with the reason why it is there. Does not belong here: what must come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from .world import World

CANARY = "Canary"
LIMIT = date(2020, 6, 30)
OURS = ["code_lists", "bank_holidays", "staging", "matching", "marts"]
NOT_OURS = ["fct_measures", "dim_measures", "fct_contact_referral_links"]


@pytest.fixture(scope="session")
def northmere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """As at 29 June 2020, the day of the last extract before the limit of 30 June."""
    world = World(tmp_path_factory.mktemp("northmere") / "warehouse.duckdb", as_at_limit=LIMIT)
    world.authority("northmere", "Northmere", closed_within_1_month=80.0)
    profile(world)
    cases(world)
    the_rest(world)
    # An authority whose profile was taken away: nothing of it may come out.
    world.extract("ghost", "referrals", "2020-06-28", [{"referral_id": "G1", "received_on": "2020-06-01"}])
    world.build(*OURS, "--exclude", *NOT_OURS)
    yield world
    world.con.close()


def profile(world: World) -> None:
    for list_name, wording, member in [
        ("channel", "phone call", "phone"),
        ("area", "north", "north"),
        ("area", "south side", "south_side"),
        ("action", "dismissed", "dismissal"),
        ("officer_role", "lado", "lado"),
    ]:
        world.meaning("northmere", list_name, wording, member)
    world.con.execute("insert into raw.sector_lines values ('northmere', 'primary', 'Schools')")
    world.person("northmere", "subject", "P1", "ab12")
    world.person("northmere", "child", "K1", "cd34")
    world.person("northmere", "child", "k1 ", "cd34")


def cases(world: World) -> None:
    gone = {"referral_id": "R7", "received_on": "2020-06-01", "sector": "primary"}
    referrals = [
        # The Thursday before Easter to the Tuesday after it.
        {
            "referral_id": "R1",
            "received_on": "2020-04-09",
            "closed_on": "2020-04-14",
            "incident_on": "2020-04-01",
            "employer_aware_on": "2020-04-08",
            "threshold_decided_on": "2020-04-15",
            "lado": "O1",
            "subject_id": "P1",
            "sector": "Primary",
            "area": "NORTH",
            "source_team": "Front door",
            "harm_criteria": ["risk_of_harm", "unsuitable", "something else"],
            "pathway": "allegation",
            "police_involved": "true",
            "setting_urn": "0123456",
            "referrer_name": f"{CANARY} Referrer",
        },
        # Little Acorns without its postcode; an officer nobody lists; known to the employer after it came.
        {
            "referral_id": "R2",
            "received_on": "2020-05-01",
            "employer_aware_on": "2020-05-02",
            "lado": "O2",
            "setting_name": "little  acorns",
        },
        # Closed before it came.
        {"referral_id": "R3", "received_on": "2020-06-15", "closed_on": "2020-06-14", "lado": "O1"},
        # Closed after the as-at date.
        {"referral_id": "R4", "received_on": "2020-06-20", "closed_on": "2020-07-01", "lado": "O1"},
    ]
    world.extract("northmere", "referrals", "2020-06-27", [*referrals, gone], source_system="lcs")
    world.extract("northmere", "referrals", "2020-06-28", referrals, source_system="lcs")
    # After the limit: has not been sent yet.
    late = {"referral_id": "R8", "received_on": "2020-06-30"}
    world.extract("northmere", "referrals", "2020-07-02", [*referrals, late], source_system="lcs")
    # The same number in another system is another referral.
    world.extract(
        "northmere",
        "referrals",
        "2020-06-28",
        [{"referral_id": "R1", "received_on": "2020-03-02", "sector": "secondary"}],
        source_system="duty",
    )
    world.extract(
        "northmere",
        "allegations",
        "2020-06-28",
        [
            {
                "allegation_id": "A1",
                "referral_id": "R1",
                "concern_category": "physical",
                "recorded_as": "allegation",
            },
            {
                "allegation_id": "A2",
                "referral_id": "R1",
                "concern_category": "sexual",
                "recorded_on": "2020-04-10",
            },
            {"allegation_id": "A3", "referral_id": "R99"},
        ],
        source_system="lcs",
    )
    world.extract(
        "northmere",
        "allegations",
        "2020-06-28",
        [{"allegation_id": "A4", "referral_id": "R1"}],
        source_system="duty",
    )
    # A system without referrals of its own: of duty and lcs, duty comes first.
    world.extract(
        "northmere",
        "allegations",
        "2020-06-28",
        [{"allegation_id": "A5", "referral_id": "R1"}],
        source_system="review",
    )
    world.extract(
        "northmere",
        "outcomes",
        "2020-06-28",
        [
            {"allegation_id": "A1", "outcome": "substantiated", "outcome_on": "2020-05-10"},
            {"allegation_id": "A2", "outcome": "unfounded", "outcome_on": "2020-05-20"},
            {"allegation_id": "A3", "outcome": "false", "outcome_on": "2020-05-05"},
            {"allegation_id": "A9", "outcome": "malicious", "outcome_on": "2020-05-06"},
        ],
        source_system="lcs",
    )
    world.extract(
        "northmere",
        "outcomes",
        "2020-06-28",
        [
            # Before its referral came; and a second opinion on A1, which has its own system's.
            {"allegation_id": "A4", "outcome": "unsubstantiated", "outcome_on": "2020-03-01"},
            {"allegation_id": "A1", "outcome": "false", "outcome_on": "2020-05-01"},
        ],
        source_system="duty",
    )
    world.extract(
        "northmere",
        "actions",
        "2020-06-28",
        [
            {"allegation_id": "A1", "action": "Dismissed", "action_on": "2020-05-12"},
            {"allegation_id": "A1", "action": "dismissal", "action_on": "2020-05-12"},
            {"allegation_id": "A1", "action": "dbs_referral"},
            {"allegation_id": "A2", "action": "dismissal", "action_on": "2020-07-05"},
        ],
        source_system="lcs",
    )
    world.extract(
        "northmere",
        "strands",
        "2020-06-28",
        [
            {"allegation_id": "A1", "strand": "police", "started_on": "2020-04-20", "ended_on": "2020-04-30"},
            {
                "allegation_id": "A1",
                "strand": "employer",
                "started_on": "2020-04-20",
                "ended_on": "2020-04-19",
            },
        ],
        source_system="lcs",
    )


def the_rest(world: World) -> None:
    def lcs(feed: str, rows: list[dict]) -> None:
        world.extract("northmere", feed, "2020-06-28", rows, source_system="lcs")

    contacts = [
        {
            "contact_id": "C1",
            "received_at": "2020-04-01 10:15:00",
            "channel": "Phone  Call",
            "setting_urn": "123456",
            "referral_requested": "true",
            "referral_requested_on": "2020-03-31",
            "referrer_name": f"{CANARY} Caller",
            "handled_by": "O1",
        },
        {
            "contact_id": "C2",
            "received_at": "2020-04-02 23:59:59",
            "channel": "Pigeon",
            "setting_name": "OAK HOUSE",
            "setting_postcode": "me2  2bb",
            "case_ref": "r2",
        },
        # Two settings of that name.
        {"contact_id": "C3", "received_at": "2020-04-03 09:00:00", "setting_name": "Oak House"},
        {
            "contact_id": "C4",
            "received_at": "2020-04-04 09:00:00",
            "setting_name": "Hill-Top",
            "setting_postcode": "XX9 9XX",
        },
        {
            "contact_id": "C5",
            "received_at": "2020-04-05 09:00:00",
            "setting_name": "Little Acorns",
            "setting_postcode": "ME5 5EE",
            "sector": "nursery",
            "threshold_met": "true",
        },
        # A childminder's setting bears their name, and somebody typed it into the URN as well.
        {
            "contact_id": "C6",
            "received_at": "2020-04-06 09:00:00",
            "setting_name": f"Jane {CANARY}",
            "setting_urn": f"Jane {CANARY}",
        },
        {"contact_id": "C7", "received_at": "2020-04-07 09:00:00", "channel": "phone call"},
    ]
    world.extract("northmere", "contacts", "2020-06-28", contacts, source_system="duty")
    changed = {"contact_id": "C7", "received_at": "2020-04-07 09:00:00", "closed_on": "2020-04-08"}
    world.extract("northmere", "contacts", "2020-06-29", [changed], source_system="duty", kind="changes")
    lcs("contacts", [{"contact_id": "C1", "received_at": "2020-05-01 10:00:00"}])
    lcs(
        "settings",
        [
            {"setting_id": "S1", "setting_name": "St Mary's", "setting_urn": "123456", "sector": "primary"},
            {"setting_id": "S2", "setting_name": "Oak House", "setting_postcode": "ME2 2BB"},
            {"setting_id": "S3", "setting_name": "Oak House", "setting_postcode": "ME3 3CC"},
            {"setting_id": "S4", "setting_name": "Hill Top", "sector": "secondary", "area": "South side"},
        ],
    )
    lcs("officers", [{"officer_id": "O1", "officer_role": "LADO", "fte": "0.8", "started_on": "2020-04-01"}])
    lcs("subjects", [{"subject_id": "P1", "full_name": f"{CANARY} Teacher", "date_of_birth": "1980-01-01"}])
    lcs(
        "children",
        [
            {"referral_id": "R1", "child_id": "K1", "age_at_incident": "7", "in_care": "no", "send": "true"},
            {"referral_id": "R1", "child_id": "k1 ", "age_at_incident": "7", "in_care": "no", "send": "true"},
            {"referral_id": "R99", "child_id": "K1"},
        ],
    )
    lcs(
        "meetings",
        [
            {
                "meeting_id": "M1",
                "referral_id": "R1",
                "meeting_type": "evaluation",
                "held_on": "2020-04-14",
                "actions_issued_on": "2020-04-15",
                "notes_issued_on": "2020-04-13",
            },
            {"meeting_id": "M2", "referral_id": "R1", "meeting_type": "review", "due_on": "2020-05-01"},
            {
                "meeting_id": "M3",
                "referral_id": "R2",
                "meeting_type": "review",
                "due_on": "2020-07-20",
                "held_on": "2020-07-10",
            },
        ],
    )
    lcs(
        "requests",
        [
            {
                "request_id": "Q1",
                "request_type": "ofsted",
                "received_on": "2020-04-09",
                "due_on": "2020-04-13",
                "answered_on": "2020-04-14",
            }
        ],
    )
    lcs("feedback", [{"feedback_id": "F1", "referral_id": "R1", "requested_on": "2020-05-01", "rating": "4"}])
    lcs("escalations", [{"escalation_id": "E1", "raised_on": "2020-05-01", "resolved_on": "2020-05-11"}])
    lcs(
        "setting_concerns",
        [
            {"concern_id": "N1", "setting_name": "hill top", "recorded_on": "2020-05-05"},
            {"concern_id": "N2", "setting_name": "Nowhere", "recorded_on": "2020-05-06"},
        ],
    )
    lcs("training", [{"session_id": "T1", "held_on": "2020-05-06", "sector": "primary", "audience": "Heads"}])
    lcs("match_decisions", [{"contact_id": "C3", "referral_id": "R3", "decision": "confirm"}])
    world.con.execute(
        """insert into raw.unusable_values
        select 'northmere', 'referrals', 'lcs', _content_hash, _line, referral_id, 'incident_on', 'not_a_date',
            'some day'
        from raw.referrals where referral_id in ('R4', 'R7')"""
    )
