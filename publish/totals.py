"""Which totals of months, quarters and years are hidden, count by count.

Belongs here: putting the totals of an authority in an order and asking periods.py about each count; the stock of open
cases, which what came and went tie to them. Does not belong here: breakdowns (suppression.py), one count over time
(periods.py).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from publish import cells as counted
from publish import periods

KIND_RANK = ("financial_year", "quarter", "month", "calendar_year", "academic_year")


def hidden_totals(
    cells: counted.Cells,
    series: dict[str, list[int]],
    small: set[int],
    hidden: set[int],
    stocks: set[int],
    shown_before: set[int],
    width: float,
) -> set[int]:
    """What is hidden of totals, over months, quarters and all kinds of years."""
    bases: dict[int, dict[str, int]] = defaultdict(dict)  # by part: what it is a percentage of, and that cell
    for part, whole in cells.rests:
        bases[part][cells.names[whole][1]] = whole
    timelines: dict[str, periods.Timeline] = {}
    found: set[int] = set()
    for counts in _bases_first(series, bases):
        layers = sorted({base for n in series[counts] for base in bases[n]})
        timelines[counts] = periods.Timeline(
            [
                _period(
                    cells, n, [bases[n].get(base) for base in layers], small, hidden | found, shown_before
                )
                for n in series[counts]
            ],
            width,
        )
        found |= timelines[counts].hidden
    return found | _hidden_stocks(cells, stocks - hidden, timelines, series, shown_before)


def _bases_first(series: dict[str, list[int]], bases: dict[int, dict[str, int]]) -> list[str]:
    """The counts in an order in which no percentage comes before its base."""
    stands_on = {c: {base for n in numbers for base in bases[n]} for c, numbers in series.items()}
    order: list[str] = []
    while len(order) < len(series):
        order += [c for c in series if c not in order and stands_on[c] <= {*order}]
    return order


def _period(
    cells: counted.Cells,
    n: int,
    wholes: list[int | None],
    small: set[int],
    hidden: set[int],
    shown_before: set[int],
) -> periods.Period:
    rests = [None if whole is None else cells.rests[n, whole] for whole in wholes]
    _, _, start, last_on, _ = cells.names[n]
    return periods.Period(
        n,
        start,
        last_on + dt.timedelta(days=1),
        amounts=(cells.amounts[n], *(None if rest is None else cells.amounts[rest] for rest in rests)),
        is_small=(n in small, *(rest in small for rest in rests)),
        at_most=min(
            (cells.amounts[w] for w in wholes if w is not None and w not in hidden), default=float("inf")
        ),
        rank=_rank(cells, n, shown_before),
        is_hidden=n in hidden,
        is_known=(n in shown_before, *(n in shown_before and whole in shown_before for whole in wholes)),
    )


def _rank(cells: counted.Cells, number: int, shown_before: set[int]) -> tuple:
    kind, is_running = min((KIND_RANK.index(kind), is_running) for kind, is_running in cells.kinds[number])
    return (number not in shown_before, is_running, kind, cells.names[number][2])


def _hidden_stocks(
    cells: counted.Cells,
    stocks: set[int],
    timelines: dict[str, periods.Timeline],
    series: dict[str, list[int]],
    shown_before: set[int],
) -> set[int]:
    """Two censuses tell what came less what went between them: no more are shown than keep hidden periods hidden."""
    moves = [timelines[counts] for counts in ("referrals", "cases_closed") if counts in timelines]
    if not any(timeline.hides() for timeline in moves):
        return set()
    hidden, shown = set(), []
    for n in sorted(stocks, key=lambda n: _rank(cells, n, shown_before)):
        day = cells.names[n][3] + dt.timedelta(days=1)
        if all(
            _ties(cells, series, counts, timelines, day, shown) for counts in ("referrals", "cases_closed")
        ):
            shown.append(day)
        else:
            hidden.add(n)
    return hidden


def _ties(
    cells: counted.Cells,
    series: dict[str, list[int]],
    counts: str,
    timelines: dict[str, periods.Timeline],
    day: dt.date,
    shown: list[dt.date],
) -> bool:
    timeline = timelines.get(counts)
    if timeline is None or not shown or not timeline.hides():
        return True
    if day not in timeline.days or shown[-1] not in timeline.days:
        return False
    start, end = sorted((day, shown[-1]))
    amount = sum(
        cells.amounts[n]
        for n in series[counts]
        if {kind for kind, _ in cells.kinds[n]} & {"month"}
        and start <= cells.names[n][2]
        and cells.names[n][3] < end
    )
    return timeline.show(start, end, amount)
