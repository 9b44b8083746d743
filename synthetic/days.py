"""Days as whole numbers (date.toordinal), with the rhythm of a working year.

Here: picking a day in a window, month arithmetic, working days. Not here: which record gets which day.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

FIRST, LAST = date(1990, 1, 1).toordinal(), date(2024, 12, 31).toordinal()

# Bank holidays of England and Wales that fall on a weekday, for the years in which cases are drawn.
_BANK_HOLIDAYS = """
2016-01-01 2016-03-25 2016-03-28 2016-05-02 2016-05-30 2016-08-29 2016-12-26 2016-12-27
2017-01-02 2017-04-14 2017-04-17 2017-05-01 2017-05-29 2017-08-28 2017-12-25 2017-12-26
2018-01-01 2018-03-30 2018-04-02 2018-05-07 2018-05-28 2018-08-27 2018-12-25 2018-12-26
2019-01-01 2019-04-19 2019-04-22 2019-05-06 2019-05-27 2019-08-26 2019-12-25 2019-12-26
2020-01-01 2020-04-10 2020-04-13 2020-05-08 2020-05-25 2020-08-31 2020-12-25 2020-12-28
"""
BANK_HOLIDAYS = frozenset(date.fromisoformat(day).toordinal() for day in _BANK_HOLIDAYS.split())
_MONTH_PULL = [1.0, 1.0, 1.15, 0.85, 1.1, 1.15, 1.1, 0.5, 1.1, 1.15, 1.2, 0.75]


def is_working_day(day: int) -> bool:
    """Monday to Friday and not a bank holiday. 1 January of year 1 was a Monday, as ordinal 1."""
    return (day - 1) % 7 < 5 and day not in BANK_HOLIDAYS


def _cumulative() -> np.ndarray:
    pull = [
        _MONTH_PULL[date.fromordinal(day).month - 1] * (1.0 if is_working_day(day) else 0.02)
        for day in range(FIRST, LAST + 1)
    ]
    return np.concatenate([[0.0], np.cumsum(pull)])


_PULL = _cumulative()


def pick(rng: np.random.Generator, first: int, last: int) -> int:
    """A day of the window, both ends included; working days and busy months are likelier."""
    low, high = _PULL[first - FIRST], _PULL[last - FIRST + 1]
    day = FIRST + int(np.searchsorted(_PULL, rng.uniform(low, high), side="right")) - 1
    return min(max(day, first), last)


def add_months(day: int, months: int) -> int:
    """The same day `months` later, or that month's last day."""
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(start.day, (following - timedelta(days=1)).day)).toordinal()


def after_working_days(day: int, number: int) -> int:
    """The day that many working days later."""
    while number > 0:
        day += 1
        number -= is_working_day(day)
    return day


def as_day(text: str | date) -> int:
    """An ISO date as a whole number."""
    return (text if isinstance(text, date) else date.fromisoformat(text)).toordinal()
