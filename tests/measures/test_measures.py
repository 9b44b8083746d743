"""Figures of Smallshire, worked out with a pencil from example.py, held against fct_measures.

Belongs here: what the numbers of the example are. Does not belong here: disclosure control (test_disclosure.py) and
the catalogue as such (test_catalogue.py).
"""

from __future__ import annotations

import itertools
import math

import pytest

from . import example
from .conftest import COUNTING, put, run, warehouse

YEAR = ("financial_year", "2019-04-01")


@pytest.fixture(scope="module")
def counted():
    con = warehouse()
    example.fill(con)
    con.execute(
        "insert into quality.previous_measures values "
        "('smallshire', 'financial_year', '2019-04-01', 'referrals', 'all', 'all', 'all', 'all', 5, 'last night')"
    )
    run(con, COUNTING)
    return con


@pytest.fixture(scope="module")
def figure(counted):
    rows = counted.execute("select * from marts.fct_measures").fetchall()
    names = [column[0] for column in counted.description]
    keyed = {}
    for values in rows:
        row = dict(zip(names, values, strict=True))
        key = (
            row["measure"], row["period_kind"], row["period_start"].isoformat(),
            row["dimension_1"], row["member_1"], row["dimension_2"], row["member_2"],
        )  # fmt: skip
        assert key not in keyed, f"two rows for {key}"
        keyed[key] = row

    def find(measure: str, *members: tuple[str, str], period: tuple[str, str] = YEAR) -> dict | None:
        first, second = [*members, ("all", "all"), ("all", "all")][:2]
        return keyed.get((measure, *period, *first, *second))

    return find


EDUCATION = ("sector_group", "education")

COUNTS = [
    # measure, members, numerator, denominator, base
    ("referrals", [], 4, None, None),
    ("referrals", [("pathway", "allegation")], 3, None, None),
    ("referrals", [("sector_group", "unknown")], 1, None, None),
    ("referrals", [("harm_criterion", "harmed_child")], 2, None, None),
    ("referrals", [("harm_criterion", "risk_of_harm")], 2, None, None),
    ("referrals", [("harm_criterion", "unknown")], 1, None, None),
    ("referrals", [("pathway", "allegation"), ("harm_criterion", "harmed_child")], 2, None, None),
    ("referrals", [("pathway", "consultation"), EDUCATION], 0, None, None),
    ("referrals_share", [("pathway", "allegation"), EDUCATION], 2, 4, "referrals"),
    ("referrals_share_of_sector_group", [("sector", "primary")], 1, 2, "referrals[sector_group=education]"),
    (
        "referrals_share_of_sector_group", [EDUCATION, ("staff_role", "teacher")], 2, 2,
        "referrals[sector_group=education]",
    ),
    ("allegations", [], 4, 4, "referrals"),
    ("allegations", [EDUCATION], 3, 2, "referrals[sector_group=education]"),
    ("allegations", [("recorded_as", "allegation")], 4, 4, "referrals"),
    (
        "allegations", [("concern_category", "physical"), EDUCATION], 2, 2,
        "referrals[concern_category=physical, sector_group=education]",
    ),
    ("allegations_share", [("concern_category", "neglect")], 1, 4, "allegations"),
    ("allegations_concluded_of_received", [], 3, 4, "allegations"),
    ("allegations_open_of_received", [EDUCATION], 1, 3, "allegations[sector_group=education]"),
    ("outcomes_of_received", [("outcome", "substantiated")], 2, 3, "allegations_concluded_of_received"),
    ("outcomes_of_received", [("outcome", "malicious")], 0, 3, "allegations_concluded_of_received"),
    (
        "outcomes_of_received", [("outcome", "unfounded"), EDUCATION], 1, 2,
        "allegations_concluded_of_received[sector_group=education]",
    ),
    # A5 was received a year before and concluded in the year; A4 the other way round.
    ("outcomes", [], 3, 3, "outcomes"),
    ("outcomes", [("outcome", "false")], 1, 3, "outcomes"),
    ("outcomes", [("outcome", "substantiated"), EDUCATION], 1, 3, "outcomes[sector_group=education]"),
    ("actions_of_received", [("action", "dismissal")], 2, 3, "allegations_concluded_of_received"),
    ("actions_of_received", [("action", "caution")], 0, 3, "allegations_concluded_of_received"),
    (
        "actions_of_received", [("action", "dismissal"), ("outcome", "substantiated")], 2, 3,
        "allegations_concluded_of_received",
    ),
    ("removals_of_received", [], 2, 3, "allegations_concluded_of_received"),
    ("removals_without_dbs", [], 1, 2, "removals_of_received"),
    ("removals_without_dbs", [EDUCATION], 1, 1, "removals_of_received[sector_group=education]"),
    ("dbs_referrals", [], 1, 3, "allegations_concluded_of_received"),
    # Closed in the year: R2 of the year before, R3, R4, R5.
    ("cases_closed", [], 4, None, None),
    ("closed_within_1_month", [], 2, 4, "cases_closed"),
    ("closed_within_3_months", [], 2, 4, "cases_closed"),
    ("closed_within_12_months", [], 3, 4, "cases_closed"),
    ("closed_within_1_month", [("police_involved", "unknown")], 2, 4, "cases_closed[police_involved=unknown]"),
    ("closed_band", [("band", "under_1_month")], 2, 4, "cases_closed"),
    ("closed_band", [("band", "1_to_3_months")], 0, 4, "cases_closed"),
    (
        "closed_band", [("band", "over_12_months"), ("pathway", "consultation")], 1, 2,
        "cases_closed[pathway=consultation]",
    ),
    ("closed_within_12_months_of_received", [], 3, 4, "referrals"),
    ("cases_open_at_start", [], 1, None, None),
    ("cases_open_at_start", [("age_band", "3_to_12_months")], 1, None, None),
    ("cases_open_at_end", [("officer_group", "lado")], 1, None, None),
    ("cases_open_at_end", [("age_band", "under_1_month")], 1, None, None),
    ("stock_difference", [], 0, None, None),
    ("employer_reported_within_1_working_day", [], 2, 3, "employer_reported_with_both_dates"),
    ("contacts", [], 3, None, None),
    ("contacts_threshold_met", [], 2, 3, "contacts"),
    ("referrals_requested", [], 2, 3, "contacts"),
    ("requested_referrals_outstanding", [("age_band", "1_to_3_months")], 1, 2, "referrals_requested"),
    ("threshold_met_not_on_case_system", [], 1, 2, "contacts_threshold_met"),
    ("contacts_oversight_recorded", [], 1, 1, "contacts_closed"),
    ("requested_referrals_received", [], 1.0, 2, "referrals_requested"),
    ("contacts_with_referral", [], 1.2, 3, "contacts"),
    # A referral of which matching says nothing has no contact.
    ("referrals_without_contact", [], 0.1 + 0.8 + 1 + 1, 4, "referrals"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "members", "numerator", "denominator", "base"), COUNTS)
def test_a_figure_of_the_year(figure, measure, members, numerator, denominator, base):
    row = figure(measure, *members)
    assert row is not None
    assert row["numerator"] == pytest.approx(numerator)
    assert row["denominator"] == denominator
    assert row["base"] == base
    expected = numerator if denominator is None else 100 * numerator / denominator
    assert row["value"] == pytest.approx(expected)
    assert row["unit"] == ("count" if denominator is None else "percent")


def test_a_share_of_nothing_has_no_value(figure):
    row = figure("removals_without_dbs", ("sector_group", "wider_workforce"))
    assert row is None or (row["denominator"], row["value"]) == (0, None)
    row = figure(
        "allegations_concluded_of_received", ("sector_group", "education"), period=("month", "2019-08-01")
    )
    assert (row["numerator"], row["denominator"], row["value"]) == (0, 0, None)


def test_the_population_is_on_every_row(figure):
    assert figure("outcomes")["population"] == "concluded"
    assert figure("outcomes_of_received", ("outcome", "false"))["population"] == "received"
    assert figure("cases_closed")["population"] == "closed"
    assert figure("cases_open_at_end")["population"] == "open"


def test_rates_are_spread_over_weeks_and_posts(figure):
    row = figure("referrals_per_week")
    assert (row["numerator"], row["denominator"]) == (4, pytest.approx(366 / 7))
    assert row["value"] == pytest.approx(4 * 7 / 366)
    assert figure("allegations_per_fte")["value"] == pytest.approx(4 / 0.8)


def test_a_form_without_a_rating_is_no_nought(empty_warehouse):
    example.fill(empty_warehouse)
    put(
        empty_warehouse, "marts.fct_feedback",
        """
        feedback_key | returned_on | rating
        F1 | 2019-06-03 | 10
        F2 | 2019-06-04 | 7
        F3 | 2019-06-05 | 0
        F4 | 2019-06-06 | -
        F5 | 2019-07-01 | -
        F6 | - | -
        """,
        authority=example.AUTHORITY,
    )  # fmt: skip
    empty_warehouse.execute(
        f"insert into raw.feeds values ('{example.AUTHORITY}', 'feedback', true, null, '2018-04-01'); "
        f"insert into staging.stg_feed_days values ('{example.AUTHORITY}', 'feedback', '{example.AS_AT}')"
    )
    run(empty_warehouse, COUNTING)
    told = empty_warehouse.execute(
        "select period_start::varchar, numerator, denominator, value, base from marts.fct_measures "
        "where measure = 'feedback_rating' and ((period_kind, period_start) = ('financial_year', '2019-04-01') "
        "or (period_kind = 'month' and period_start in ('2019-06-01', '2019-07-01'))) order by all"
    ).fetchall()
    base = "feedback_returned_with_rating"
    assert told == [
        ("2019-04-01", 17, 3, pytest.approx(17 / 3), base),
        ("2019-06-01", 17, 3, pytest.approx(17 / 3), base),
        ("2019-07-01", 0, 0, None, base),
    ]
    returned = empty_warehouse.execute(
        "select numerator from marts.fct_measures where measure = 'feedback_returned' "
        "and period_kind = 'financial_year' and period_start = '2019-04-01'"
    ).fetchall()
    assert returned == [(5,)]


def test_a_year_that_is_not_over_is_a_part_period_and_compared_with_nothing(figure):
    now = ("financial_year", "2020-04-01")
    assert figure("referrals", period=now)["is_part_period"] is True
    assert figure("referrals_per_week", period=now)["denominator"] == pytest.approx(15 / 7)
    # O3 has been in post for the last 10 of these 15 days.
    assert figure("allegations_per_fte", period=now)["denominator"] == pytest.approx(0.8 + 0.6 * 10 / 15)
    assert figure("referrals_change_number", period=now) is None


def test_a_year_that_began_before_the_feed_was_complete_is_a_part_period(figure):
    assert figure("referrals", period=("calendar_year", "2018-01-01"))["is_part_period"] is True
    assert figure("cases_open_at_start", period=("calendar_year", "2018-01-01")) is None
    assert figure("referrals", period=("financial_year", "2018-04-01"))["is_part_period"] is False
    assert figure("contacts", period=("financial_year", "2018-04-01")) is None


def test_number_percent_and_points_are_three_measures(figure):
    allegation = ("pathway", "allegation")
    number, percent = figure("referrals_change_number"), figure("referrals_change_percent", allegation)
    assert (number["value"], number["unit"], number["denominator"], number["base"]) == (
        2,
        "count",
        None,
        None,
    )
    # Three allegations after one: two more, 200 percent more, and 75 after 50 percent of all: 25 points.
    assert (percent["numerator"], percent["denominator"], percent["value"]) == (2, 1, 200)
    assert percent["base"] == "referrals a year earlier"
    points = figure("referrals_share_change_points", allegation)
    assert (points["value"], points["unit"], points["numerator"]) == (25, "percentage_points", None)
    assert figure("referrals_change_points") is None
    # Contacts were not complete the year before; a cohort is never compared.
    assert figure("contacts_change_number") is None
    assert figure("closed_within_1_month_of_received_change_number") is None


def test_an_estimate_has_bounds_in_the_unit_of_its_numerator(figure):
    row = figure("requested_referrals_received")
    # Two pairs with chances 0.9 and 0.1: at least what chance alone allows, wider when more is in doubt.
    margin = 1.645 * math.sqrt(0.9 * 0.1 + 0.1 * 0.9)
    assert 0 <= row["lower_90"] <= 1 - margin
    assert 1 + margin <= row["upper_90"] <= 2
    one = figure("contacts_with_referral", ("sector_group", "education"))
    assert one["upper_90"] == 1, "no more than there are contacts"
    assert figure("referrals")["lower_90"] is None
    certain = figure("referrals_without_contact")
    assert certain["lower_90"] >= 2, "two referrals have no contact for certain"


def test_a_doubt_about_what_came_after_a_feed_stopped_widens_no_bound(empty_warehouse):
    example.fill(empty_warehouse)
    empty_warehouse.execute(
        "update staging.stg_feed_days set told_to = '2020-03-01' where feed = 'referrals'; "
        "update matching.int_contact_matches set parameter_shifts = [10, 0, 0, 0, 0, 0] where contact_key = 'C3'"
    )
    run(empty_warehouse, COUNTING)
    told = empty_warehouse.execute(
        "select as_at::varchar, numerator, denominator, lower_90 from marts.fct_measures where "
        "measure = 'requested_referrals_received' and dimension_1 = 'all' "
        "and (period_kind, period_start) = ('financial_year', '2019-04-01')"
    ).fetchall()
    # Of C1 and C3 only C1 (0.9) had been asked by then.
    margin = 1.645 * math.sqrt(0.9 * 0.1 + (0.015 * 0.9) ** 2)
    assert told == [("2020-03-01", 0.9, 1, pytest.approx(0.9 - margin))]


def test_a_request_is_outstanding_only_after_the_grace_period(figure):
    row = figure("requested_referrals_outstanding", period=("financial_year", "2020-04-01"))
    assert (row["numerator"], row["denominator"]) == (0, 1)


def test_a_case_closed_on_the_last_day_is_not_open_at_the_end(figure):
    june, july = ("month", "2019-06-01"), ("month", "2019-07-01")
    assert figure("cases_open_at_end", period=june)["numerator"] == 2  # R2 and R5; R4 closed that day
    assert figure("cases_open_at_start", period=july)["numerator"] == 2


def test_what_is_open_at_the_start_is_as_old_as_it_was_the_evening_before(empty_warehouse):
    """A referral of 31 July is a month old on the evening of 31 August, and a day more on 1 September."""
    example.fill(empty_warehouse)
    put(
        empty_warehouse, "marts.fct_referrals",
        "referral_key | received_on | pathway | sector_key | officer_key | is_closed\n"
        "R8 | 2019-07-31 | allegation | smallshire:primary | O1 | false",
        authority=example.AUTHORITY,
    )  # fmt: skip
    run(empty_warehouse, COUNTING)
    rows = empty_warehouse.execute(
        "select measure, period_kind, period_start::varchar, member_1, numerator from marts.fct_measures "
        "where measure in ('cases_open_at_start', 'cases_open_at_end') and dimension_1 = 'age_band'"
    ).fetchall()
    bands = {row[:4]: row[4] for row in rows}
    # R5, of 1 June, is under three months old until 1 September.
    for kind in ("month", "academic_year"):
        assert bands["cases_open_at_start", kind, "2019-09-01", "under_1_month"] == 1
        assert bands["cases_open_at_start", kind, "2019-09-01", "1_to_3_months"] == 1
    months = sorted({start for _, kind, start, _ in bands if kind == "month"})
    for before, after in itertools.pairwise(months):
        for band in ("under_1_month", "1_to_3_months", "3_to_12_months", "over_12_months"):
            ended = bands["cases_open_at_end", "month", before, band]
            assert bands["cases_open_at_start", "month", after, band] == ended, (after, band)


def test_the_caseload_is_that_of_officers(figure):
    april = ("month", "2019-04-01")
    assert figure("caseload", ("statistic", "maximum"), period=april)["value"] == 7
    assert figure("caseload", ("statistic", "median"), period=april)["value"] == 4  # of 2, 2, 6, 7
    rate = figure("caseload", ("statistic", "per_fte"), period=april)
    assert rate["value"] == pytest.approx((18 / 1.8 + 9 / 1.8) / 2)
    assert rate["unit"] == "per_fte"
    assert figure("caseload", ("statistic", "maximum"), period=("month", "2019-05-01")) is None


def test_noughts_of_pairs_are_written_for_years_only(figure):
    pair = [("pathway", "consultation"), ("sector_group", "education")]
    assert figure("referrals", *pair)["numerator"] == 0
    assert figure("referrals", *pair, period=("month", "2019-06-01")) is None
    assert figure("referrals", ("pathway", "consultation"), period=("month", "2019-04-01"))["numerator"] == 0


def test_the_previous_publication_stands_beside(figure):
    assert figure("referrals")["previous_value"] == 5
    assert figure("referrals", ("pathway", "allegation"))["previous_value"] is None


def test_a_missing_feed_makes_a_measure_absent_with_a_reason(counted, figure):
    told = dict(
        counted.execute("select measure, reason from marts.dim_measures where not is_available").fetchall()
    )
    assert told["escalations"] == "escalations: kept from 2021"
    assert told["requests"].startswith("requests: the profile names no source")
    assert told["children"] == "children: no extract has been accepted yet"
    assert figure("escalations") is None
    assert figure("children") is None
    available = dict(
        counted.execute("select measure, reason from marts.dim_measures where is_available").fetchall()
    )
    assert available["contacts"] == "complete from 2019-04-01"
    assert available["requested_referrals_received"] == "complete from 2019-04-01"


def test_a_column_that_nobody_fills_makes_a_measure_absent(empty_warehouse):
    example.fill(empty_warehouse)
    empty_warehouse.execute("update marts.fct_contacts set threshold_met = null")
    run(empty_warehouse, COUNTING)
    told = empty_warehouse.execute(
        "select measure, reason from marts.dim_measures where measure = 'contacts_threshold_met'"
    ).fetchall()
    assert told == [("contacts_threshold_met", "contacts.threshold_met: not recorded in any extract")]
    assert not empty_warehouse.execute(
        "select 1 from marts.fct_measures where measure like 'contacts_threshold_met%'"
    ).fetchall()
