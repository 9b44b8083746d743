"""From when measures are told: the profile's own day, or the first period that holds a record.

Belongs here: which periods there are, and which of them are part periods. Does not belong here: the figures of whole
periods (test_measures.py).

Smallshire's first record is referral R1 of 10 May 2018. Of the periods that hold this day the academic year 2017/18
begins first, on 1 September 2017. Its last extract is of 15 April 2020.
"""

from __future__ import annotations

import datetime as dt

import pytest

from . import example
from .conftest import COUNTING, put, put_dimensions, run, warehouse

FIRST = {
    "academic_year": dt.date(2017, 9, 1),
    "calendar_year": dt.date(2018, 1, 1),
    "financial_year": dt.date(2018, 4, 1),
    "quarter": dt.date(2017, 10, 1),
    "month": dt.date(2017, 9, 1),
}


def smallshire(**stated: str):
    """Smallshire counted; only these feeds have a day from which the profile says that they are complete."""
    con = warehouse()
    example.fill(con)
    con.execute("update raw.feeds set complete_from = null")
    for feed, day in stated.items():
        con.execute("update raw.feeds set complete_from = ? where feed = ?", [day, feed])
    run(con, COUNTING)
    return con


def totals(con, measure: str, kind: str) -> dict:
    """numerator and is_part_period of a measure's totals, by first day."""
    return {
        row[0]: row[1:]
        for row in con.execute(
            "select period_start, numerator, is_part_period from marts.fct_measures "
            "where measure = ? and period_kind = ? and dimension_1 = 'all' order by 1",
            [measure, kind],
        ).fetchall()
    }


@pytest.fixture(scope="module")
def silent():
    """The profile says of no feed from when it is complete."""
    return smallshire()


@pytest.mark.parametrize("measure", ["referrals", "contacts", "outcomes", "cases_closed", "allegations"])
@pytest.mark.parametrize("kind", FIRST)
def test_all_feeds_begin_with_the_first_period_that_holds_a_record(silent, measure, kind):
    assert min(totals(silent, measure, kind)) == FIRST[kind]


def test_only_the_as_at_date_cuts_a_period(silent):
    cut = silent.execute(
        "select distinct period_kind, period_start from marts.fct_measures where is_part_period order by all"
    ).fetchall()
    assert cut == [
        ("academic_year", dt.date(2019, 9, 1)),
        ("calendar_year", dt.date(2020, 1, 1)),
        ("financial_year", dt.date(2020, 4, 1)),
        ("month", dt.date(2020, 4, 1)),
        ("quarter", dt.date(2020, 4, 1)),
    ]


@pytest.mark.parametrize("measure", ["referrals", "contacts", "outcomes", "cases_closed"])
@pytest.mark.parametrize("kind", ["academic_year", "calendar_year", "financial_year", "quarter"])
def test_every_period_is_the_sum_of_its_months(silent, measure, kind):
    months = totals(silent, measure, "month")
    span = 3 if kind == "quarter" else 12
    for start, (number, _) in totals(silent, measure, kind).items():
        inside = [
            dt.date(start.year + (start.month - 1 + n) // 12, (start.month - 1 + n) % 12 + 1, 1)
            for n in range(span)
        ]
        assert number == sum(months[m][0] for m in inside if m <= dt.date(2020, 4, 1)), start


def test_what_was_not_recorded_yet_is_a_nought(silent):
    assert totals(silent, "referrals", "month")[dt.date(2018, 4, 1)] == (0, False)
    assert totals(silent, "referrals", "month")[dt.date(2018, 5, 1)] == (1, False)
    # The first contact came eleven months after the first referral.
    assert totals(silent, "contacts", "financial_year")[dt.date(2018, 4, 1)] == (0, False)


def test_the_stock_begins_at_nothing(silent):
    opened = totals(silent, "cases_open_at_start", "academic_year")
    assert opened[dt.date(2017, 9, 1)] == (0, False)
    # R2, received in July 2018 and closed a year later.
    assert opened[dt.date(2018, 9, 1)] == (1, False)
    differences = silent.execute(
        "select count(*), count(distinct period_start), max(abs(numerator)) from marts.fct_measures "
        "where measure = 'stock_difference' and period_kind = 'month'"
    ).fetchall()
    assert differences == [(32, 32, 0)]


def test_a_year_is_compared_with_one_of_noughts_but_not_with_one_that_is_not_told(silent):
    assert totals(silent, "contacts_change_number", "financial_year") == {dt.date(2019, 4, 1): (3, False)}
    assert list(totals(silent, "referrals_change_number", "academic_year")) == [dt.date(2018, 9, 1)]
    assert list(totals(silent, "referrals_change_number", "financial_year")) == [dt.date(2019, 4, 1)]


def test_a_rate_is_spread_over_the_whole_first_period(silent):
    rows = silent.execute(
        "select numerator, denominator from marts.fct_measures where measure = 'referrals_per_week' "
        "and period_kind = 'academic_year' and period_start = '2017-09-01' and dimension_1 = 'all'"
    ).fetchall()
    assert rows == [(2, pytest.approx(365 / 7))]


def test_the_catalogue_says_whose_word_it_is(silent):
    told = dict(
        silent.execute(
            "select measure, (complete_from, is_start_stated, reason) from marts.dim_measures"
        ).fetchall()
    )
    assert told["outcomes"] == (
        dt.date(2017, 9, 1),
        False,
        "taken as complete from 2017-09-01, the first period with a record: the profile does not say",
    )
    assert told["escalations"] == (None, None, "escalations: kept from 2021")
    assert told["children"] == (None, None, "children: no extract has been accepted yet")
    assert not totals(silent, "children", "month")


def test_the_profiles_day_cuts_the_period_that_it_falls_into():
    con = smallshire(contacts="2019-04-01")
    assert totals(con, "contacts", "calendar_year") == {
        dt.date(2019, 1, 1): (2, True),
        dt.date(2020, 1, 1): (2, True),
    }
    assert min(totals(con, "contacts", "financial_year")) == dt.date(2019, 4, 1)
    assert min(totals(con, "requested_referrals_received", "calendar_year")) == dt.date(2019, 1, 1)
    assert min(totals(con, "referrals", "calendar_year")) == dt.date(2018, 1, 1)


def test_a_rate_in_a_cut_period_is_spread_over_the_days_since_the_profiles_day():
    con = smallshire(referrals="2018-06-11")
    weeks = dict(
        con.execute(
            "select period_kind || ' ' || period_start, denominator from marts.fct_measures "
            "where measure = 'referrals_per_week' and dimension_1 = 'all'"
        ).fetchall()
    )
    # 20 days of June, then July to December: 184.
    assert weeks["month 2018-06-01"] == pytest.approx(20 / 7)
    assert weeks["calendar_year 2018-01-01"] == pytest.approx(204 / 7)
    assert weeks["month 2018-07-01"] == pytest.approx(31 / 7)
    assert "month 2018-05-01" not in weeks


def test_a_silent_feed_beside_one_that_was_complete_earlier_begins_with_the_first_record():
    con = smallshire(referrals="2017-02-01")
    assert totals(con, "referrals", "calendar_year")[dt.date(2017, 1, 1)] == (0, True)
    assert min(totals(con, "allegations", "calendar_year")) == dt.date(2018, 1, 1)
    assert min(totals(con, "allegations", "month")) == dt.date(2017, 9, 1)


def test_a_year_whose_first_referral_came_a_week_late_is_whole():
    """Thirty referrals of 2019/20, the first on 8 April: nothing of the year is missing."""
    con = warehouse()
    put_dimensions(con, "handton", "2020-03-31")
    con.execute("insert into raw.feeds values ('handton', 'referrals', true, null, null)")
    con.execute("insert into staging.stg_feed_days values ('handton', 'referrals', '2020-03-31')")
    lines = [f"R{n} | {dt.date(2019, 4, 8) + dt.timedelta(days=11 * n)} | allegation" for n in range(30)]
    put(
        con, "marts.fct_referrals", "\n".join(["referral_key | received_on | pathway", *lines]), authority="handton",
        sector_key="handton:primary", officer_key="handton:unknown", is_closed="false",
    )  # fmt: skip
    run(con, COUNTING)
    year = dt.date(2019, 4, 1)
    assert totals(con, "referrals", "financial_year") == {year: (30, False)}
    assert totals(con, "cases_open_at_start", "financial_year") == {year: (0, False)}
    assert totals(con, "stock_difference", "financial_year") == {year: (0, False)}
    # 8, 19 and 30 April.
    assert totals(con, "referrals", "month")[dt.date(2019, 4, 1)] == (3, False)
    assert min(totals(con, "referrals", "calendar_year")) == dt.date(2019, 1, 1)
