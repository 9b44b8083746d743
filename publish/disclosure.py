"""Disclosure control: what of the measures everybody may see. The only place where that is decided.

Belongs here: which rows are published with their figures, and the table of published measures. Does not belong here:
how secondary cells are found (suppression.py, periods.py), names in words (dbt_project/models/reports), the attack
that tries to undo it (the expectations station, which shares no code with this one).

The rules, and the reasons for them, are in docs/disclosure.md.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import numpy as np

from publish import cells as counted
from publish import suppression, totals

# What it costs to hide a total, a breakdown, a pair: a total stands in every reader's report.
COSTS = (1000.0, 4.0, 1.0)
COST_OF_OTHER_PERIODS = 5.0
# Whoever kept the last release knows it: hiding it helps little.
COST_OF_WHAT_IS_OUT = 1e5
# How many came in, and from where, is what most readers look for.
FIRST_READ = frozenset({"contacts", "referrals", "allegations"})
FIRST_READ_COST = 10.0


@dataclass(frozen=True)
class Rule:
    """An authority's rule: counts from 1 to hide_up_to are hidden, the others rounded to round_to if it is set."""

    hide_up_to: int
    round_to: int | None

    @property
    def width(self) -> int:
        """The protection interval: a hidden count may be any of at least hide_up_to numbers (2 where that is 1)."""
        return max(self.hide_up_to - 1, 1)


def control(
    con: duckdb.DuckDBPyConnection, withheld: Collection[tuple[str, str]] = frozenset()
) -> dict[str, int]:
    """Decide what is hidden and write measures.published_measures; returns counts of rows for the run's record.

    Reads marts.fct_measures, dim_measures, dim_authorities, the seeds, quality.previous_published. Grain of the table:
    a row of fct_measures in a period that may be told; of pairs only financial years. withheld: (authority, what is
    counted) of which nothing is shown.
    """
    rules = {
        authority: Rule(hide_up_to, round_to)
        for authority, hide_up_to, round_to in con.execute(
            "select authority, disclosure_hide_up_to, disclosure_round_to from marts.dim_authorities"
        ).fetchall()
    }
    cells, rows = counted.read(con)
    hidden = hidden_cells(cells, rules, remembered(con, cells, rows))
    hidden |= {n for n, name in enumerate(cells.names) if name[:2] in withheld}
    shown = [row for row in rows if not row.is_change and row.cell not in hidden and row.base not in hidden]
    keys = {row.key for row in shown}
    shown += [row for row in rows if row.is_change and _both_years(row.key) <= keys]
    return _write(con, [row.id for row in shown])


def _both_years(key: tuple) -> set[tuple]:
    """A change is shown where both of its years are."""
    authority, kind, start, measure, members = key
    level = measure.rsplit("_change_", 1)[0]
    return {(authority, kind, day, level, members) for day in (start, start.replace(year=start.year - 1))}


@dataclass(frozen=True)
class Memory:
    """Cells of periods that were over at the last publication: hidden there; shown there as they are now."""

    hidden: set[int]
    shown: set[int]


def remembered(con: duckdb.DuckDBPyConnection, cells: counted.Cells, rows: list[counted.Row]) -> Memory:
    """What the last publication showed and hid (quality.previous_published); nothing before the first."""
    try:
        before = con.execute(
            "select authority, period_kind, period_start, measure, dimension_1, member_1, dimension_2, member_2, "
            "numerator, denominator, is_suppressed from quality.previous_published where period_end <= as_at"
        ).fetchall()
    except duckdb.CatalogException:
        return Memory(set(), set())
    was = {(*row[:4], counted.in_order(row[4:6], row[6:8])): row[8:] for row in before}
    values: dict[int, float] = {}
    suppressed = []
    for row in rows:
        if row.is_change or row.key not in was:
            continue
        numerator, denominator, is_suppressed = was[row.key]
        if is_suppressed:
            suppressed.append(row)
            continue
        values[row.cell] = numerator
        if row.base is not None:
            values[row.base] = denominator
    hidden = {
        row.cell
        for row in suppressed
        if row.cell not in values and cells.amounts[row.cell] > 0 and (row.base is None or row.base in values)
    }
    return Memory(hidden, {cell for cell, value in values.items() if value == cells.amounts[cell]})


def hidden_cells(cells: counted.Cells, rules: dict[str, Rule], memory: Memory) -> set[int]:
    """The numbers of the cells that no row may show."""
    hidden: set[int] = set()
    for authority, rule in rules.items():
        if rule.hide_up_to:
            hidden |= _hidden_of(cells, authority, rule, memory)
    return hidden


def _hidden_of(cells: counted.Cells, authority: str, rule: Rule, memory: Memory) -> set[int]:
    own = [n for n, name in enumerate(cells.names) if _authority(cells, name) == authority]
    if not own:
        return set()
    place = {n: i for i, n in enumerate(own)}
    series = _series(cells, own)
    table = _table(cells, own, place, series, rule, memory)
    small = {own[i] for i in table.small}
    stocks = {n for n in own if cells.names[n][1] == "cases_open" and not cells.names[n][4]}
    # All that was open follows from one census and what came and went: it is shown whole or not at all.
    first = small | (stocks if stocks & small else set()) | {n for n in memory.hidden if n in place}
    hidden: set[int] = set()
    suppression.hide(table, hidden, {place[n] for n in first}, rule.width)
    so_far = {own[i] for i in hidden if i < len(own)}
    over_time = totals.hidden_totals(cells, series, small, so_far, stocks, memory.shown, rule.width)
    suppression.hide(table, hidden, {place[n] for n in over_time}, rule.width)
    suppression.protect(table, hidden, rule.width)
    return {own[i] for i in hidden if i < len(own)}


def _authority(cells: counted.Cells, name: tuple) -> str:
    while name[0] == "rest":
        name = cells.names[name[1]]
    return name[0]


def _series(cells: counted.Cells, own: list[int]) -> dict[str, list[int]]:
    """Totals over time, by what is counted."""
    series: dict[str, list[int]] = defaultdict(list)
    for n in own:
        name = cells.names[n]
        if name[0] != "rest" and not name[4] and name[1] != "cases_open" and cells.shown_in[n]:
            series[name[1]].append(n)
    return series


def _table(
    cells: counted.Cells,
    own: list[int],
    place: dict[int, int],
    series: dict[str, list[int]],
    rule: Rule,
    memory: Memory,
) -> suppression.Table:
    """One authority's cells, and behind them the stretches of time between the days of each series."""
    sums = [
        [(place[whole], 1.0), *((place[part], -1.0) for part in parts)]
        for whole, parts in cells.sums
        if whole in place
    ]
    by_rule, stocks = [], []
    for before, received, closed, after in cells.stocks:
        if before in place:
            one = [(place[before], 1.0), (place[received], 1.0), (place[closed], -1.0), (place[after], -1.0)]
            is_of_year = ("financial_year", False) in cells.kinds[received]
            (by_rule if is_of_year else stocks).append(one)
    sums += by_rule
    stretches, over_time = _stretches(cells, series, place)
    amounts = np.array([*(cells.amounts[n] for n in own), *stretches])
    shown_in = np.array([*(cells.shown_in[n] for n in own), *([0] * len(stretches))])
    is_whole_number = np.array([*(cells.is_whole_number[n] for n in own), *([False] * len(stretches))])
    rests = {place[n] for n in own if cells.names[n][0] == "rest"}
    asked_rests = set(cells.rests.values())
    is_asked = [cells.shown_in[n] or n in asked_rests for n in own]
    # What an estimate leaves of its base tells how many are outstanding: 15.01 of 17 received are 2 that are not.
    from_amount = [0.5 if n in asked_rests and not cells.is_whole_number[n] else 0.0 for n in own]
    return suppression.Table(
        amounts,
        np.where(is_whole_number & (shown_in > 0), np.minimum(amounts, 1.0), 0.0),
        shown_in * np.array([*(_cost(cells, n, memory.shown) for n in own), *([0.0] * len(stretches))]),
        sums + stocks + over_time,
        len(sums),
        rests,
        small={
            i
            for i, asked in enumerate(is_asked)
            if asked and from_amount[i] < amounts[i] < rule.hide_up_to + 0.5
        },
    )


def _cost(cells: counted.Cells, n: int, shown_before: set[int]) -> float:
    """What it costs to hide this cell in one row."""
    name = cells.names[n]
    if n in shown_before:
        return COST_OF_WHAT_IS_OUT
    if name[0] == "rest":
        return 0.0
    if not name[4] and not any(kind == "financial_year" for kind, _ in cells.kinds[n]):
        return COST_OF_OTHER_PERIODS
    return COSTS[min(len(name[4]), 2)] * (FIRST_READ_COST if name[1] in FIRST_READ else 1.0)


def _stretches(
    cells: counted.Cells, series: dict[str, list[int]], place: dict[int, int]
) -> tuple[list[float], list[list[tuple[int, float]]]]:
    """What was counted between any two neighbouring days of a series, and the sums of them that periods are."""
    amounts: list[float] = []
    sums = []
    for numbers in series.values():
        ends = {n: (cells.names[n][2], cells.names[n][3] + dt.timedelta(days=1)) for n in numbers}
        days = sorted({day for both in ends.values() for day in both})
        inside = np.array([[a <= d < b for d in days[:-1]] for a, b in ends.values()], dtype=float)
        found = _split(inside, np.array([cells.amounts[n] for n in numbers]))
        first = len(place) + len(amounts)
        for n, row in zip(numbers, inside, strict=True):
            sums.append([(place[n], 1.0), *((first + int(i), -1.0) for i in np.flatnonzero(row))])
        amounts += np.where(np.abs(found - np.rint(found)) < 1e-6, np.rint(found), found).tolist()
    return amounts, sums


def _split(inside: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Amounts of stretches of which each period's (rows of inside) add up to its own.

    Any will do: what matters is how far others can be from them. Where none do, those that are least wrong.
    """
    periods, stretches = inside.shape
    with_errors = np.hstack([inside, np.eye(periods), -np.eye(periods)])
    rows, columns = np.nonzero(with_errors)
    program = suppression.Program(
        suppression.Terms(rows, columns, with_errors[rows, columns]),
        amounts,
        np.zeros(stretches + 2 * periods),
        np.full(stretches + 2 * periods, np.inf),
    )
    found = program.least(np.concatenate([np.zeros(stretches), np.ones(2 * periods)]))
    if found is None:
        raise AssertionError("no split of the periods: any will do, so there is always one")
    return found[:stretches]


def _write(con: duckdb.DuckDBPyConnection, shown: list[int]) -> dict[str, int]:
    con.execute("create schema if not exists measures")
    con.execute(_PUBLISHED, {"shown": shown})
    rows, suppressed = con.execute(
        "select count(*), count_if(is_suppressed) from measures.published_measures"
    ).fetchall()[0]
    con.execute("drop table disclosure_rows")
    return {"dagster/row_count": rows, "suppressed": suppressed}


_PUBLISHED = f"""
create or replace table measures.published_measures as
with shown as (
    select authority, period_kind, period_start, measure, dimension_1, member_1, dimension_2, member_2
    from disclosure_rows
    where id in (select unnest($shown))
),

judged as (
    select
        measures.* exclude (symbol),
        before.value as value_shown_before,
        authorities.disclosure_round_to as round_to,
        case
            when catalogue.is_controlled then shown.measure is null
            -- How many cases an officer holds adds up to nothing, but tells of all that are open.
            else
                stock.measure is null
                or measures.numerator between 1 and authorities.disclosure_hide_up_to
        end as is_hidden
    from ({counted.REPORTED}) as measures
    inner join marts.dim_authorities as authorities on measures.authority = authorities.authority
    inner join reference.measures as catalogue
        on regexp_replace(measures.measure, '_change_(number|percent|points)$', '') = catalogue.measure
    left join shown
        on measures.authority = shown.authority
        and measures.period_kind = shown.period_kind
        and measures.period_start = shown.period_start
        and measures.measure = shown.measure
        and measures.dimension_1 = shown.dimension_1
        and measures.member_1 = shown.member_1
        and measures.dimension_2 = shown.dimension_2
        and measures.member_2 = shown.member_2
    left join shown as stock
        on measures.authority = stock.authority
        and measures.period_kind = stock.period_kind
        and measures.period_start = stock.period_start
        and stock.measure = 'cases_open_at_end'
        and stock.dimension_1 = 'all'
    left join quality.previous_published as before
        on measures.authority = before.authority
        and measures.period_kind = before.period_kind
        and measures.period_start = before.period_start
        and measures.measure = before.measure
        and measures.dimension_1 = before.dimension_1
        and measures.member_1 = before.member_1
        and measures.dimension_2 = before.dimension_2
        and measures.member_2 = before.member_2
    -- Of pairs in other periods only what occurs has a row, so that a hidden row would tell that it does.
    where measures.dimension_2 = 'all' or measures.period_kind = 'financial_year'
),

rounded as (
    select
        * replace (
            case
                when is_hidden then null
                when round_to is null then numerator
                else round(numerator / round_to) * round_to
            end as numerator,
            case
                when is_hidden then null
                when round_to is null or unit in ('per_week', 'per_fte') then denominator
                else round(denominator / round_to) * round_to
            end as denominator
        ),
        numerator as exact_numerator
    from judged
),

shown_values as (
    select
        * replace (
            case
                when is_hidden then null
                when round_to is null or numerator is null then value
                when denominator is null then numerator
                when denominator <> 0 then if(unit = 'percent', 100.0, 1.0) * numerator / denominator
            end as value
        )
    from rounded
)

select
    authority, period_kind, period_start, period_end, is_part_period, as_at, measure, population,
    dimension_1, member_1, dimension_2, member_2, numerator, denominator, base, value, unit,
    case when not is_hidden then lower_90 end as lower_90,
    case when not is_hidden then upper_90 end as upper_90,
    is_hidden as is_suppressed,
    case
        when is_hidden then 'c'
        when numerator = 0 and exact_numerator <> 0 then 'k'
        when value is null then 'z'
        when upper_90 - lower_90 > exact_numerator then 'u'
    end as symbol,
    case when not is_hidden then value_shown_before end as previous_value,
    refresh_id
from shown_values
"""
