"""What an outsider who kept earlier releases knows: above all periods that are told no longer.

Belongs here: what is remembered, and what counts as given away then. Does not belong here: the attack on one release
(test_attack.py), which rows are kept (tests/publish/test_disclosure.py).

Smallshire's contacts are complete from April 2019: 5 a month, but 3 in June. The release before told the calendar year
2019 as well, of which nothing can lie before April: 43.
"""

from __future__ import annotations

import calendar
import datetime as dt

import pytest
from published_rows import publish, warehouse

from expectations import attack, exposure, outsider

YEAR_2019 = ("calendar_year", dt.date(2019, 1, 1), dt.date(2019, 12, 31))
QUARTER = ("quarter", dt.date(2019, 4, 1), dt.date(2019, 6, 30))


def month(number: int) -> tuple:
    return ("month", dt.date(2019, number, 1), dt.date(2019, number, calendar.monthrange(2019, number)[1]))


def release(year: str | None = None, quarter: str | None = None, **months: str) -> outsider.Relations:
    """One release: every month from April to December 5, but those that are named; the financial year is hidden."""
    con = warehouse()
    publish(con, "contacts c")
    for number in range(4, 13):
        told = months.get(calendar.month_name[number].lower(), "5")
        publish(con, f"contacts {told}", month(number))
    for told, period in ((year, YEAR_2019), (quarter, QUARTER)):
        if told:
            publish(con, f"contacts {told}", period)
    return outsider.read(con, "published", {})


def cell(relations: outsider.Relations, number: int) -> int:
    _, start, end = month(number)
    return relations.cells["smallshire", "contacts", start, end, ()]


def bounds(relations: outsider.Relations, number: int) -> list[tuple[float, float]]:
    """What is known of a month when it is narrowed to less than three."""
    return [(b.low, b.high) for b in attack.narrowed(relations, 3, {cell(relations, number)})]


def test_a_year_that_is_told_no_longer_still_tells_its_last_hidden_month():
    before = release(year="43", june="c", july="c")
    now = release(june="c", july="5")
    # Each alone: June and July are 8 together; June is at least 1.
    assert bounds(before, 6) == []
    assert bounds(now, 6) == []
    assert bounds(outsider.remember(now, before), 6) == [(3, 3)]


def test_what_is_remembered_leaves_tonights_own_figures_as_they_are():
    now = release(june="c")
    outsider.remember(now, release(year="43", june="c", july="c"))
    assert bounds(now, 6) == []
    assert now.names == release(june="c").names


def test_a_year_of_which_a_month_has_changed_since_tells_nothing():
    before = release(year="43", june="c", july="c")
    now = release(june="c", july="5", may="6")
    assert bounds(outsider.remember(now, before), 6) == []


def test_nothing_was_recorded_before_the_first_month_that_is_told():
    assert bounds(release(year="43", june="c"), 6) == [(3, 3)]


@pytest.fixture
def hidden():
    """June is 3 and hidden tonight; how a release before, and tonight's, are asked about it."""

    def given_away(
        now: outsider.Relations, before: outsider.Relations, amount: float = 3
    ) -> list[attack.Bound]:
        june = cell(now, 6)
        found = attack.narrowed(outsider.remember(now, before), 3, {june})
        assert found, "known to whoever kept both"
        return exposure._not_out_already(found, now, before, 3, {june: amount})

    return given_away


def test_what_an_earlier_release_told_by_itself_cannot_be_taken_back(hidden):
    assert hidden(release(june="c"), release(year="43", june="c")) == []
    assert hidden(release(june="c"), release(june="3")) == []


def test_what_tonights_release_tells_by_itself_is_given_away_tonight(hidden):
    (found,) = hidden(release(june="c", quarter="13"), release(year="43", june="c"))
    assert (found.low, found.high) == (3, 3)


def test_what_only_both_releases_tell_is_given_away_tonight(hidden):
    (found,) = hidden(release(june="c", july="5"), release(year="43", june="c", july="c"))
    assert (found.low, found.high) == (3, 3)


def test_an_earlier_release_that_told_something_else_is_no_excuse(hidden):
    (found,) = hidden(release(june="c"), release(june="2"), amount=3)
    assert (found.low, found.high) == (2, 2)


def test_a_year_that_has_run_for_less_than_a_month_is_no_first_month():
    """Referrals of the east in two years that overlap, and in a third cut short: neither was empty for that."""
    con = warehouse()
    east = "referrals area=east"
    publish(con, f"{east} 42", ("financial_year", dt.date(2019, 4, 1), dt.date(2020, 3, 31)))
    publish(
        con, f"{east} c\nreferrals area=west 8", ("calendar_year", dt.date(2019, 1, 1), dt.date(2019, 12, 31))
    )
    publish(con, f"{east} 5", ("financial_year", dt.date(2020, 4, 1), dt.date(2020, 4, 18)))
    assert attack.narrowed(outsider.read(con, "published", {}), 3) == []
