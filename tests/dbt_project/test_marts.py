"""What stands in the star: milestones, durations, members, estimates of links, the weekly caseload.

Expectations were worked out by hand from the rows in conftest.py. Easter 2020: Good Friday is 10 April, Easter Monday
13 April.
"""

from __future__ import annotations

import csv
from datetime import date

import holidays
import pytest

from .world import PROJECT, World


def test_milestones_and_durations_of_a_referral_over_easter(northmere: World):
    assert northmere.rows(
        """select incident_to_received_days, employer_aware_to_received_working_days,
            received_to_decision_working_days, received_to_closed_days, received_to_closed_working_days,
            closed_band, is_closed_within_1_month, cast(first_meeting_on as varchar), cast(concluded_on as varchar),
            received_to_concluded_days, allegation_count, child_count, open_days
        from marts.fct_referrals where referral_key = 'northmere:lcs:R1'"""
    ) == [(8, 1, 2, 5, 1, "under_1_month", True, "2020-04-14", "2020-05-20", 41, 2, 1, None)]


def test_impossible_and_later_dates_leave_a_referral_open(northmere: World):
    assert northmere.rows(
        """select referral_id, closed_on, is_closed, closed_band, open_days, open_age_band, employer_aware_on
        from marts.fct_referrals where source_system = 'lcs' and referral_id <> 'R1' order by 1"""
    ) == [  # to 28 June, the last extract of referrals
        ("R2", None, False, None, 58, "1_to_3_months", None),
        ("R3", None, False, None, 13, "under_1_month", None),
        ("R4", None, False, None, 8, "under_1_month", None),
    ]


def test_members_of_a_referral(northmere: World):
    assert northmere.rows(
        """select sector_key, area_key, setting_key, officer_key, subject_key, staff_role_key, source_team,
            is_risk_of_harm, is_unsuitable, has_unmapped_criterion
        from marts.fct_referrals where source_system = 'lcs' and referral_id in ('R1', 'R2') order by referral_id"""
    ) == [
        ("northmere:primary", "northmere:north", "northmere:S1", "northmere:O1", "ab12", "unknown", "unmapped",
         True, False, True),
        ("northmere:unknown", "northmere:unknown", "northmere:of:contacts:duty:C5", "northmere:unknown", "unknown",
         "unknown", "unknown", False, False, False),
    ]  # fmt: skip


def test_allegations_take_the_outcome_that_stands(northmere: World):
    assert northmere.rows(
        """select allegation_id, sector_key, outcome_key, cast(outcome_on as varchar), received_to_outcome_days,
            has_removal, has_dbs_referral, is_removal_after_substantiated
        from marts.fct_allegations order by 1"""
    ) == [
        ("A1", "northmere:primary", "substantiated", "2020-05-10", 31, True, True, True),
        ("A2", "northmere:primary", "unfounded", "2020-05-20", 41, False, False, False),
        ("A3", "northmere:unknown", "false", "2020-05-05", None, False, False, False),
        ("A4", "northmere:secondary", "not_concluded", None, None, False, False, False),
        ("A5", "northmere:secondary", "not_concluded", None, None, False, False, False),
    ]


def test_outcomes_say_which_of_them_count(northmere: World):
    assert northmere.rows(
        "select source_system, allegation_id, allegation_key, is_counted from marts.fct_outcomes order by all"
    ) == [
        ("duty", "A1", "northmere:lcs:A1", False),
        ("duty", "A4", "northmere:duty:A4", False),
        ("lcs", "A1", "northmere:lcs:A1", True),
        ("lcs", "A2", "northmere:lcs:A2", True),
        ("lcs", "A3", "northmere:lcs:A3", True),
        ("lcs", "A9", "unknown", False),
    ]


def test_actions_are_one_a_day_and_not_yet_taken_ones_are_absent(northmere: World):
    assert northmere.rows("select allegation_action_key from marts.fct_actions order by 1") == [
        ("northmere:lcs:A1:dbs_referral:undated",),
        ("northmere:lcs:A1:dismissal:2020-05-12",),
    ]


def test_a_strand_that_ended_before_it_began_has_no_end(northmere: World):
    assert northmere.rows(
        "select strand, is_open, started_to_ended_days, open_days from marts.fct_strands order by 1"
    ) == [("employer", True, None, 69), ("police", False, 10, None)]


def test_contacts_and_their_referrals(northmere: World):
    rows = northmere.rows(
        """select contact_key, setting_key, cast(referral_requested_on as varchar), has_case_on_system,
            referral_expected, referral_id, match_class, officer_key
        from marts.fct_contacts order by 1"""
    )
    assert [row[0] for row in rows] == [f"northmere:duty:C{n}" for n in range(1, 8)] + ["northmere:lcs:C1"]
    by_key = {row[0].removeprefix("northmere:"): row[1:] for row in rows}
    # Requested a day before the contact came: not a date to count from.
    assert by_key["duty:C1"][:4] == ("northmere:S1", None, False, True)
    assert by_key["duty:C1"][6] == "northmere:O1"
    assert by_key["duty:C2"][2:5] == (True, False, None)
    assert by_key["duty:C3"][2:6] == (True, False, "R3", "confirmed")
    assert by_key["duty:C5"][3] is True
    assert by_key["duty:C7"][0] == "northmere:unknown"


def test_one_child_however_its_number_is_spelt(northmere: World):
    assert northmere.rows(
        """select referral_child_key, referral_key, in_care, send, child_in_need, age_at_incident
        from marts.fct_children order by 1"""
    ) == [
        ("northmere:lcs:R1:cd34", "northmere:lcs:R1", "no", "yes", "unknown", 7),
        ("northmere:lcs:R99:cd34", "unknown", "unknown", "unknown", "unknown", None),
    ]


def test_meetings(northmere: World):
    assert northmere.rows(
        """select meeting_id, is_held, received_to_held_working_days, held_to_actions_issued_working_days,
            notes_issued_on, is_late
        from marts.fct_meetings order by 1"""
    ) == [
        ("M1", True, 1, 1, None, None),
        ("M2", False, None, None, None, True),
        ("M3", False, None, None, None, False),
    ]


def test_requests_feedback_and_escalations(northmere: World):
    assert northmere.rows(
        "select received_to_answered_days, received_to_answered_working_days, is_late from marts.fct_requests"
    ) == [(5, 1, True)]
    assert northmere.rows("select referral_key, is_returned, rating from marts.fct_feedback") == [
        ("northmere:lcs:R1", False, None)
    ]
    assert northmere.rows("select referral_key, raised_to_resolved_days from marts.fct_escalations") == [
        ("unknown", 10)
    ]


def test_a_concern_takes_its_sector_from_the_register_only(northmere: World):
    assert northmere.rows(
        "select concern_id, setting_key, sector_key from marts.fct_setting_concerns order by 1"
    ) == [
        ("N1", "northmere:S4", "northmere:secondary"),
        ("N2", "northmere:of:setting_concerns:lcs:N2", "northmere:unknown"),
    ]


def test_settings_tell_no_names_and_what_their_records_tell(northmere: World):
    assert northmere.rows(
        """select setting_key, setting_id, setting_urn, sector_key, area_key, is_registered
        from marts.dim_settings where setting_key in
            ('northmere:S1', 'northmere:S4', 'northmere:of:contacts:duty:C5', 'northmere:unknown') order by 1"""
    ) == [
        ("northmere:S1", "S1", "123456", "northmere:primary", "northmere:unknown", True),
        ("northmere:S4", "S4", None, "northmere:secondary", "northmere:south_side", True),
        ("northmere:of:contacts:duty:C5", None, None, "northmere:nursery", "northmere:unknown", False),
        ("northmere:unknown", None, None, "northmere:unknown", "northmere:unknown", False),
    ]


def test_weekly_caseload(northmere: World):
    """R1 was open on one Sunday only; R3 and R4 are open; the duty R1 and R2 have no listed officer."""
    assert northmere.rows(
        """select cast(week_ending_on as varchar), open_case_count, fte from marts.fct_caseload_weekly
        where officer_key = 'northmere:O1'
            and week_ending_on in ('2020-04-05', '2020-04-12', '2020-04-19', '2020-06-14', '2020-06-21', '2020-06-28')
        order by 1"""
    ) == [
        ("2020-04-05", 0, 0.8),
        ("2020-04-12", 1, 0.8),
        ("2020-04-19", 0, 0.8),
        ("2020-06-14", 0, 0.8),
        ("2020-06-21", 2, 0.8),
        ("2020-06-28", 2, 0.8),
    ]
    assert northmere.rows(
        """select min(week_ending_on), max(week_ending_on), max(open_case_count), sum(fte)
        from marts.fct_caseload_weekly where officer_key = 'northmere:unknown'"""
    ) == [(date(2020, 3, 8), date(2020, 6, 28), 2, 0.0)]


def test_authorities_sectors_areas_and_subjects(northmere: World):
    assert northmere.rows(
        """select authority_key, closed_within_1_month_target_percent, closed_within_3_months_target_percent,
            disclosure_hide_up_to from marts.dim_authorities"""
    ) == [("northmere", 80.0, None, 4)]
    assert northmere.rows(
        """select sector_group_code, sector_line from marts.dim_sectors
        where sector_code in ('primary', 'special', 'unmapped') order by sector_code"""
    ) == [
        ("education", "Schools"),
        ("education", "Education"),
        ("unmapped", "Recorded in words that are not mapped"),
    ]
    assert northmere.rows("select area_code, area_name from marts.dim_areas order by 1") == [
        ("north", "North"),
        ("south_side", "South side"),
        ("unknown", "Not recorded"),
        ("unmapped", "Recorded in words that are not mapped"),
    ]
    assert northmere.rows("select subject_key, referral_count from marts.dim_subjects order by 1") == [
        ("ab12", 1),
        ("unknown", 4),
    ]


def test_bank_holidays_are_those_of_england_and_of_wales():
    """The seed against an independent library; days that fall on a weekend are in the library only."""
    with (PROJECT / "dbt_project" / "seeds" / "bank_holidays.csv").open(encoding="utf-8", newline="") as file:
        seeded = {date.fromisoformat(row["date_on"]) for row in csv.DictReader(file)}
    for country in ("ENG", "WLS"):
        listed = holidays.country_holidays("GB", subdiv=country, years=range(2000, 2041))
        assert seeded == {day for day in listed if day.weekday() < 5}


@pytest.mark.parametrize("table", ["dim", "fct"])
def test_every_mart_carries_the_refresh_last(northmere: World, table: str):
    tables = northmere.rows(
        f"""select table_name, arg_max(column_name, ordinal_position) from information_schema.columns
        where table_schema = 'marts' and table_name like '{table}%' group by 1"""
    )
    assert tables
    assert {last for _, last in tables} == {"refresh_id"}
