"""What staging makes of raw rows: the current state, code members, parents, settings, findings.

Expectations were worked out by hand from the rows in conftest.py.
"""

from __future__ import annotations

from .conftest import CANARY
from .world import World


def test_as_at_is_the_last_extract_within_the_limit(northmere: World):
    assert northmere.rows("select authority, cast(as_at as varchar), refresh_id from staging.stg_as_at") == [
        ("northmere", "2020-06-29", "refresh-1")
    ]


def test_a_referral_that_a_full_extract_no_longer_has_is_gone_and_a_later_extract_has_not_come_yet(
    northmere: World,
):
    assert northmere.rows("select referral_key from staging.stg_referrals order by all") == [
        ("northmere:duty:R1",),
        ("northmere:lcs:R1",),
        ("northmere:lcs:R2",),
        ("northmere:lcs:R3",),
        ("northmere:lcs:R4",),
    ]


def test_changes_replace_what_they_name_and_delete_nothing(northmere: World):
    assert northmere.rows(
        """select contact_id, cast(closed_on as varchar), channel from staging.stg_contacts
        where source_system = 'duty' and contact_id in ('C6', 'C7') order by 1"""
    ) == [("C6", None, "unknown"), ("C7", "2020-04-08", "unknown")]


def test_wordings_become_members(northmere: World):
    assert northmere.rows(
        """select contact_id, channel, sector from staging.stg_contacts
        where source_system = 'duty' and contact_id in ('C1', 'C2', 'C3', 'C5') order by 1"""
    ) == [
        ("C1", "phone", "unknown"),
        ("C2", "unmapped", "unknown"),
        ("C3", "unknown", "unknown"),
        ("C5", "unknown", "nursery"),
    ]


def test_the_fourth_harm_criterion_does_not_exist_before_september_2020(northmere: World):
    assert northmere.rows(
        "select harm_criteria from staging.stg_referrals where referral_key = 'northmere:lcs:R1'"
    ) == [(["risk_of_harm", "unmapped"],)]


def test_every_wording_without_a_meaning_is_told_with_its_record(northmere: World):
    assert northmere.rows(
        "select feed, list_name, column_name, record_id, wording from staging.stg_unmapped_wordings order by all"
    ) == [
        ("contacts", "channel", "channel", "C2", "Pigeon"),
        ("referrals", "harm_criterion", "harm_criteria", "R1", "something else"),
        ("referrals", "harm_criterion", "harm_criteria", "R1", "unsuitable"),
        ("referrals", "source_team", "source_team", "R1", "Front door"),
        ("training", "audience", "audience", "T1", "Heads"),
    ]


def test_an_unusable_value_is_told_while_its_record_stands(northmere: World):
    assert northmere.rows(
        "select feed, record_id, column_name, reason_code from staging.stg_unusable_values"
    ) == [("referrals", "R4", "incident_on", "not_a_date")]


def test_a_record_asks_its_own_system_for_its_parent_first(northmere: World):
    assert northmere.rows("select allegation_key, referral_key from staging.stg_allegations order by 1") == [
        ("northmere:duty:A4", "northmere:duty:R1"),
        ("northmere:lcs:A1", "northmere:lcs:R1"),
        ("northmere:lcs:A2", "northmere:lcs:R1"),
        ("northmere:lcs:A3", "unknown"),
        ("northmere:review:A5", "northmere:duty:R1"),
    ]


def test_settings_are_found_by_urn_then_name_and_postcode_then_a_name_that_is_unique(northmere: World):
    found = northmere.rows("select mention_key, setting_key from staging.stg_setting_mentions order by 1")
    assert found == [
        ("northmere:duty:C1", "northmere:S1"),
        ("northmere:duty:C2", "northmere:S2"),
        ("northmere:duty:C3", "northmere:of:contacts:duty:C3"),
        ("northmere:duty:C4", "northmere:S4"),
        ("northmere:duty:C5", "northmere:of:contacts:duty:C5"),
        ("northmere:duty:C6", "northmere:of:contacts:duty:C6"),
        ("northmere:lcs:N1", "northmere:S4"),
        ("northmere:lcs:N2", "northmere:of:setting_concerns:lcs:N2"),
        ("northmere:lcs:R1", "northmere:S1"),
        ("northmere:lcs:R2", "northmere:of:contacts:duty:C5"),
    ]


def test_names_of_people_do_not_pass(northmere: World):
    """Setting names stay in staging; callers' and subjects' names do not even come there."""
    for schema, table in northmere.rows(
        "select table_schema, table_name from information_schema.tables where table_schema in ('staging', 'marts')"
    ):
        if (schema, table) == ("staging", "stg_contacts"):
            query = "select * exclude (setting_name, setting_urn) from staging.stg_contacts"
        else:
            query = f"select * from {schema}.{table}"
        assert CANARY.casefold() not in repr(northmere.rows(query)).casefold(), f"{schema}.{table}"
