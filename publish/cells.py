"""The counts behind the measures as cells, and which of them add up to which.

Belongs here: reading fct_measures as cells with their true amounts, and the sums between cells of one financial year.
Does not belong here: which cells are hidden (suppression.py, periods.py), the published rows (disclosure.py).

A cell is a count of one authority, one period and one set of members. Several rows may show it, as numerator or as
denominator; it is hidden in all of them or in none.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass, field

import duckdb

# One item may stand under several members of these: the members add up to no total.
SEVERAL_AT_ONCE = frozenset({"action", "harm_criterion"})
# Percentages of something that need not contain what is counted: an action may be recorded before the outcome is.
BESIDE_THE_BASE = frozenset(
    "allegations escalations feedback_returned children actions_of_received dbs_referrals prosecutions".split()
)
NOT_COUNTED = frozenset({"weeks", "lado_fte"})
# Cumulative counts of the same cases: the shorter lies in the longer.
NESTED = {
    "closed_within_1_month_of_received": "closed_within_3_months_of_received",
    "closed_within_3_months_of_received": "closed_within_12_months_of_received",
}
# A removal is an allegation with one of these actions, and may have several.
REMOVING = ("dismissal", "resignation", "deregistration")
BANDS = ("under_1_month", "1_to_3_months", "3_to_12_months")
OPEN_AT = {"cases_open_at_start": 0, "cases_open_at_end": 1}

# A period that began before the feeds were complete is not for everybody: nothing was recorded before, so less the
# months that are shown it would tell those that are hidden.
REPORTED = """
select measures.*
from marts.fct_measures as measures
inner join marts.dim_measures as told on measures.authority = told.authority and measures.measure = told.measure
where measures.period_start >= told.complete_from
"""

ROWS = f"""
create or replace temp table disclosure_rows as
select
    row_number() over (
        order by
            measures.authority, measures.period_kind, measures.period_start, measures.measure,
            measures.dimension_1, measures.member_1, measures.dimension_2, measures.member_2
    ) as id,
    measures.authority, measures.period_kind, measures.period_start, measures.period_end,
    least(measures.period_end, measures.as_at) as last_on, measures.as_at < measures.period_end as is_running,
    measures.measure, catalogue.counts, measures.measure <> catalogue.measure as is_change,
    catalogue.is_estimate, measures.unit,
    measures.dimension_1, measures.member_1, measures.dimension_2, measures.member_2,
    measures.numerator, measures.denominator, measures.base
from ({REPORTED}) as measures
inner join reference.measures as catalogue
    on regexp_replace(measures.measure, '_change_(number|percent|points)$', '') = catalogue.measure
left join reference.measure_breakdowns as breakdowns
    on measures.measure = breakdowns.measure
    and measures.dimension_1 = breakdowns.dimension_1
    and measures.dimension_2 = breakdowns.dimension_2
where
    catalogue.is_controlled
    -- A change is shown where both of its years are.
    and coalesce(breakdowns.is_published, true)
    and (
        measures.dimension_1 = 'all'
        or (measures.period_kind = 'financial_year' and not measures.is_part_period)
    )
"""

_BASE = re.compile(r"([a-z0-9_]+)(?:\[(.*)\])?")


@dataclass(frozen=True)
class Row:
    """One row that may be published: the cell it counts, the cell it stands on (None for none)."""

    id: int
    is_change: bool
    key: tuple  # authority, period kind, first day, measure, members
    cell: int
    base: int | None
    unit: str


@dataclass
class Cells:
    """names: authority, what is counted, first and last day, members. sums: (whole, parts) by number of cell."""

    names: list[tuple] = field(default_factory=list)
    amounts: list[float] = field(default_factory=list)
    is_whole_number: list[bool] = field(default_factory=list)
    shown_in: list[int] = field(default_factory=list)
    sums: list[tuple[int, list[int]]] = field(default_factory=list)
    # Stocks: open before + received = closed + open after.
    stocks: list[tuple[int, int, int, int]] = field(default_factory=list)
    # What is left of a percentage's base, by (part, whole): shown or hidden with them, and protected as they are.
    rests: dict[tuple[int, int], int] = field(default_factory=dict)
    numbers: dict[tuple, int] = field(default_factory=dict)
    kinds: dict[int, set[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(set))

    def add(self, name: tuple, amount: float, is_whole_number: bool = True) -> int:
        number = self.numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
            self.amounts.append(amount)
            self.is_whole_number.append(is_whole_number)
            self.shown_in.append(0)
        return number


def read(con: duckdb.DuckDBPyConnection) -> tuple[Cells, list[Row]]:
    """Cells and rows of what may be published at all; leaves temp table disclosure_rows behind."""
    con.execute(ROWS)
    cells, rows = Cells(), []
    for values in con.execute("select * from disclosure_rows order by id").fetchall():
        (number, authority, kind, start, _end, last_on, is_running, measure, counts, is_change, is_estimate,
         unit, d1, m1, d2, m2, numerator, denominator, base) = values  # fmt: skip
        members = in_order((d1, m1), (d2, m2))
        key = (authority, kind, start, measure, members)
        if is_change:
            rows.append(Row(number, True, key, -1, None, unit))
            continue
        cell = cells.add(_name(authority, counts, start, last_on, members), numerator, not is_estimate)
        cells.shown_in[cell] += 1
        cells.kinds[cell].add((kind, is_running))
        on = None
        if base is not None and base not in NOT_COUNTED:
            counted, described = _BASE.fullmatch(base).groups()
            of = in_order(*(tuple(one.split("=")) for one in (described or "").split(", ") if one))
            on = cells.add(_name(authority, counted, start, last_on, of), denominator)
            cells.shown_in[on] += 1
            cells.kinds[on].add((kind, is_running))
            if (
                unit == "percent"
                and measure not in BESIDE_THE_BASE
                and on != cell
                and (cell, on) not in cells.rests
            ):
                rest = cells.add(("rest", cell, on), denominator - numerator, not is_estimate)
                cells.rests[cell, on] = rest
        rows.append(Row(number, False, key, cell, on, unit))
    groups = dict(
        con.execute("select member, parent from reference.code_lists where list_name = 'sector'").fetchall()
    )
    _sum_up(cells, groups)
    return cells, rows


def in_order(*members: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Members by dimension, without `all`."""
    return tuple(sorted((d, m) for d, m in members if d != "all"))


def _name(authority: str, counts: str, start: dt.date, last_on: dt.date, members: tuple) -> tuple:
    if counts not in OPEN_AT:
        return (authority, counts, start, last_on, members)
    # The end of one period is the start of the next.
    day = last_on if OPEN_AT[counts] else start - dt.timedelta(days=1)
    return (authority, "cases_open", day, day, members)


def _sum_up(cells: Cells, groups: dict[str, str]) -> None:
    """All sums between the cells of a financial year, and of every period between totals."""
    parts_of: dict[tuple, list[int]] = defaultdict(list)
    for number, name in enumerate(list(cells.names)):
        if name[0] == "rest":
            cells.sums.append((name[2], [name[1], number]))
            continue
        place, members = name[:4], name[4]
        for one in members:
            others = tuple(other for other in members if other != one)
            if one[0] not in SEVERAL_AT_ONCE:
                parts_of[(*place, others), one[0], False].append(number)
            if one[0] == "sector":
                group = in_order(("sector_group", groups.get(one[1], one[1])), *others)
                parts_of[(*place, group), "sector", True].append(number)
    for (whole, _, is_of_a_group), parts in parts_of.items():
        if is_of_a_group and whole not in cells.numbers:
            continue
        total = cells.add(whole, sum(cells.amounts[part] for part in parts))
        cells.sums.append((total, parts))
    for name, number in list(cells.numbers.items()):
        if name[0] != "rest":
            _sum_meanings(cells, name, number)


def _sum_meanings(cells: Cells, name: tuple, number: int) -> None:
    authority, counts, start, last_on, members = name

    def of(counted: str, *more: tuple[str, str]) -> int | None:
        return cells.numbers.get((authority, counted, start, last_on, in_order(*members, *more)))

    def equals(parts: list[int | None]) -> None:
        if None not in parts:
            cells.sums.append((number, parts))

    def lies_in(whole: int | None, part: int = number) -> None:
        if whole is not None and (part, whole) not in cells.rests:
            cells.sums.append((whole, [part, cells.add(("rest", part, whole), *_left(cells, part, whole))]))

    if counts in NESTED:
        lies_in(of(NESTED[counts]))
    if counts == "removals_of_received":
        lies_in(of("allegations_concluded_of_received", ("outcome", "substantiated")))
        actions = [of("actions_of_received", ("action", action)) for action in REMOVING]
        if None not in actions:
            # No row shows how many actions of removal there were, and each removal lies in them.
            taken = cells.add(
                (authority, "removing_actions", start, last_on, members),
                sum(cells.amounts[n] for n in actions),
            )
            cells.sums.append((taken, actions))
            lies_in(taken)
    if counts == "removals_without_dbs":
        with_dbs = cells.rests.get((number, of("removals_of_received")))
        if with_dbs is not None:
            lies_in(of("dbs_referrals"), with_dbs)
    if counts.startswith("closed_within_") and not counts.endswith("_of_received"):
        within = {"closed_within_1_month": 1, "closed_within_3_months": 2, "closed_within_12_months": 3}[
            counts
        ]
        equals([of("cases_closed", ("band", band)) for band in BANDS[:within]])
    elif counts == "allegations":
        equals([of("allegations_concluded_of_received"), of("allegations_open_of_received")])
    elif counts == "dbs_referrals":
        equals([of("actions_of_received", ("action", "dbs_referral"))])
    elif counts == "prosecutions":
        equals([of("actions_of_received", ("action", "criminal_prosecution"))])
    elif counts == "referrals":
        evening = start - dt.timedelta(days=1)
        before = cells.numbers.get((authority, "cases_open", evening, evening, members))
        after = cells.numbers.get((authority, "cases_open", last_on, last_on, members))
        closed = of("cases_closed")
        if None not in (before, after, closed):
            cells.stocks.append((before, number, closed, after))


def _left(cells: Cells, part: int, whole: int) -> tuple[float, bool]:
    return cells.amounts[whole] - cells.amounts[part], cells.is_whole_number[part]
