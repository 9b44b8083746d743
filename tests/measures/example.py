"""Smallshire: seven referrals, four contacts and five allegations whose every figure fits on a page.

Belongs here: the records. Does not belong here: what follows from them (test_measures.py).
"""

from __future__ import annotations

import duckdb

from .conftest import put, put_dimensions

AUTHORITY = "smallshire"
AS_AT = "2020-04-15"

FEEDS = """
feed | is_available | reason | complete_from
contacts | true | - | 2019-04-01
referrals | true | - | 2018-04-01
allegations | true | - | 2018-04-01
outcomes | true | - | 2018-04-01
actions | true | - | 2018-04-01
officers | true | - | 2018-04-01
children | true | - | -
escalations | false | kept from 2021 | -
"""

# R1 closes on the same day next month, R4 on that month's last day: both within 1 month. R2 takes a year and a day,
# R5 three months and a day.
REFERRALS = """
referral_key | received_on | pathway | sector_key | closed_on | closed_band | is_harmed_child | is_risk_of_harm | \
employer_aware_on | employer_aware_to_received_working_days | contact_probability
R1 | 2018-05-10 | allegation | smallshire:primary | 2018-06-10 | under_1_month | true | false | - | - | 0
R2 | 2018-07-01 | consultation | smallshire:sports | 2019-07-02 | over_12_months | false | false | - | - | 0
R3 | 2019-04-30 | allegation | smallshire:primary | 2019-05-30 | under_1_month | true | true | 2019-04-29 | 1 | 0.9
R4 | 2019-05-31 | allegation | smallshire:secondary | 2019-06-30 | under_1_month | true | false | 2019-05-29 | 2 | 0.2
R5 | 2019-06-01 | consultation | smallshire:sports | 2019-09-02 | 3_to_12_months | false | false | - | - | 0
R6 | 2020-03-31 | allegation | smallshire:unknown | - | - | false | true | 2020-03-31 | 0 | -
R7 | 2020-04-10 | allegation | smallshire:primary | - | - | false | false | - | - | 0
"""

# C3 was asked on 12 March 2020: 24 working days before the as-at date. C4 was asked 3 working days before.
CONTACTS = """
contact_key | received_on | sector_key | threshold_met | referral_requested | referral_requested_on | \
match_probability | has_case_on_system | closed_on | oversight_on
C1 | 2019-04-01 | smallshire:primary | true | true | - | 0.9 | true | 2019-05-01 | 2019-04-20
C2 | 2019-06-01 | smallshire:sports | false | false | - | 0.2 | false | 2020-04-14 | -
C3 | 2020-03-10 | smallshire:unknown | true | true | 2020-03-12 | 0.1 | false | - | -
C4 | 2020-04-10 | smallshire:primary | false | true | - | 0 | false | - | -
"""

ALLEGATIONS = """
allegation_key | referral_key | received_on | sector_key | concern_category_key | outcome_key | outcome_on | \
is_concluded | has_dbs_referral | is_removal_after_substantiated
A1 | R3 | 2019-04-30 | smallshire:primary | physical | substantiated | 2019-05-20 | true | false | true
A2 | R3 | 2019-04-30 | smallshire:primary | neglect | unfounded | 2019-06-01 | true | false | false
A3 | R4 | 2019-05-31 | smallshire:secondary | physical | not_concluded | - | false | false | false
A4 | R6 | 2020-03-31 | smallshire:unknown | physical | substantiated | 2020-04-14 | true | true | true
A5 | R1 | 2018-05-10 | smallshire:primary | physical | false | 2019-04-20 | true | false | false
"""

# The same action twice is one action of that allegation.
ACTIONS = """
allegation_action_key | allegation_key | action_key | action_on
1 | A1 | dismissal | 2019-06-01
2 | A1 | dismissal | 2019-06-02
3 | A1 | warning | -
4 | A4 | dismissal | 2020-04-14
5 | A4 | dbs_referral | 2020-04-15
"""

OFFICERS = """
officer_key | officer_id | officer_role | fte | started_on | ended_on
O1 | 1 | lado | 0.8 | 2018-01-01 | -
O2 | 2 | manager | 1.0 | 2018-01-01 | -
O3 | 3 | lado | 0.6 | 2020-04-06 | -
smallshire:unknown | - | unknown | - | - | -
"""

# Two Sundays of April 2019. The case of the unknown officer is work, but nobody's caseload.
CASELOAD = """
caseload_key | officer_key | week_ending_on | open_case_count | fte
1 | O1 | 2019-04-07 | 6 | 0.8
2 | O2 | 2019-04-07 | 2 | 1.0
3 | smallshire:unknown | 2019-04-07 | 10 | 0
4 | O1 | 2019-04-14 | 7 | 0.8
5 | O2 | 2019-04-14 | 2 | 1.0
"""


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Put Smallshire's records into an empty warehouse."""
    put_dimensions(con, AUTHORITY, AS_AT)
    put(con, "raw.feeds", FEEDS, authority=AUTHORITY)
    con.execute(
        f"insert into staging.stg_feed_days select authority, feed, date '{AS_AT}' from raw.feeds where is_available"
    )
    con.execute("delete from staging.stg_feed_days where feed = 'children'")
    case = {"authority": AUTHORITY, "area_key": "smallshire:east", "staff_role_key": "teacher"}
    put(
        con, "marts.fct_referrals", REFERRALS, **case, concern_category_key="physical", referrer_agency="school",
        source_team="front_door", officer_key="O1", is_criminal_offence="false", is_unsuitable="false",
        has_unmapped_criterion="false",
    )  # fmt: skip
    con.execute(
        """
        update marts.fct_referrals set
            is_closed = closed_on is not null,
            is_closed_within_1_month = coalesce(closed_band = 'under_1_month', false),
            is_closed_within_3_months = coalesce(closed_band in ('under_1_month', '1_to_3_months'), false),
            is_closed_within_12_months = coalesce(closed_band <> 'over_12_months', false)
        """
    )
    put(
        con, "marts.fct_contacts", CONTACTS, **case, concern_category_key="physical", referrer_agency="school",
        channel="email",
    )  # fmt: skip
    # Matching is sure of its parameters here: what its doubts add to a bound is tested where they are made.
    for side in ("contact", "referral"):
        con.execute(
            f"insert into matching.int_{side}_matches select {side}_key, 0, [0, 0, 0, 0, 0, 0] from marts.fct_{side}s"
        )
    put(
        con, "marts.fct_allegations", ALLEGATIONS, **case, recorded_as="allegation", source_team="front_door",
        has_prosecution="false",
    )  # fmt: skip
    put(con, "marts.fct_actions", ACTIONS, authority=AUTHORITY)
    put(con, "marts.dim_officers", OFFICERS, authority=AUTHORITY)
    put(con, "marts.fct_caseload_weekly", CASELOAD, authority=AUTHORITY)
