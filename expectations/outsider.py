"""What an outsider can write down about published counts: every cell, and every linear relation between cells.

Belongs here: names of cells, and relations that follow from what the measures mean (docs/disclosure.md lists them).
Does not belong here: solving them (attack.py), and how figures are hidden (the publish station): the attack must
not know.

A cell is a count: authority, what is counted, first and last day, and the members it is broken down by. Several
rows may show the same cell: referrals and their share, a count and the percentage it is the base of. A cell is
known when one row shows it.
"""

import datetime as dt
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import duckdb

# One item may stand under several members of these, so their members do not add up to a total.
OVERLAPPING = {"action", "harm_criterion"}
# Percentages whose numerator need not be part of the denominator: a referral may bring several allegations, a DBS
# referral may be recorded of an allegation that is not concluded, and so on.
NOT_A_PART = {
    *("allegations", "children", "escalations", "feedback_returned"),
    *("actions_of_received", "dbs_referrals", "prosecutions"),
}
NO_COUNTS = {"weeks", "lado_fte"}
# The parts of cases_closed, by band, that make up each cumulative count.
CUMULATIVE = {
    "closed_within_1_month": ("under_1_month",),
    "closed_within_3_months": ("under_1_month", "1_to_3_months"),
    "closed_within_12_months": ("under_1_month", "1_to_3_months", "3_to_12_months"),
}
# The smaller count is held in the greater one.
NESTED = (
    ("closed_within_1_month_of_received", "closed_within_3_months_of_received"),
    ("closed_within_3_months_of_received", "closed_within_12_months_of_received"),
)
# A removal is an allegation with one of these actions, and may have several.
REMOVING = ("dismissal", "resignation", "deregistration")
# Names of cells that are no count of a period: what is left, what changed, what lies between two days.
NO_PERIODS = {"rest", "change", "stretch"}
STOCKS = ("cases_open_at_start", "cases_open_at_end")
CONCLUDED = "allegations_concluded_of_received"

# A breakdown of which no period of a kind shows anything tells no more than its totals do.
_ROWS = """
select
    shown.authority, shown.period_kind, shown.period_start, least(shown.period_end, shown.as_at) as last_on,
    shown.measure, catalogue.counts, catalogue.is_estimate, shown.unit, shown.measure <> catalogue.measure as is_change,
    shown.dimension_1 = 'all' or bool_or(not shown.is_suppressed) over (
        partition by shown.authority, shown.period_kind, shown.period_start, catalogue.counts, shown.dimension_1,
            shown.dimension_2
    ) as shows_noughts,
    shown.dimension_1, shown.member_1, shown.dimension_2, shown.member_2,
    shown.numerator, shown.denominator, shown.base
from {published} as shown
inner join reference.measures as catalogue
    on regexp_replace(shown.measure, '_change_(number|percent)$', '') = catalogue.measure
where catalogue.is_controlled
qualify
    shown.dimension_1 = 'all'
    or bool_or(not shown.is_suppressed) over (
        partition by shown.authority, shown.period_kind, catalogue.counts, shown.dimension_1, shown.dimension_2
    )
order by all
"""
_BASE = re.compile(r"([a-z0-9_]+)(?:\[(.*)\])?")


@dataclass
class Relations:
    """Cells and what is known of them.

    names: authority, counts, first day, last day, members ((dimension, member), ...); or ("rest", part, whole). low,
    high: bounds of each cell, equal where it is shown. whole: whether it is a whole number. equations: (sum of
    coefficient x cell = 0), each a list of (cell, coefficient). figures: the cells that a row shows or hides, and
    the rests of percentages; all others only help to write relations down.
    """

    names: list[tuple] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    equations: list[list[tuple[int, float]]] = field(default_factory=list)
    cells: dict[tuple, int] = field(default_factory=dict)
    figures: set[int] = field(default_factory=set)

    def cell(self, name: tuple, whole: bool = True) -> int:
        """The number of the cell of this name; a new one is at least 0."""
        number = self.cells.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
            self.low.append(0.0)
            self.high.append(float("inf"))
            self.whole.append(whole)
        return number

    def know(self, cell: int, low: float, high: float) -> None:
        """Narrow what is known of a cell."""
        self.low[cell] = max(self.low[cell], low)
        self.high[cell] = min(self.high[cell], high)

    def hold(self, whole: int, part: int) -> int:
        """The part is held in the whole. Returns the cell of the rest: 9 of 10 tells of the one."""
        rest = self.cell(("rest", self.names[part], self.names[whole]), self.whole[part])
        self.add(whole, (part, rest))
        return rest

    def add(self, whole: int, parts: Iterable[int]) -> None:
        """The parts sum to the whole."""
        self.equations.append([(whole, 1.0), *((part, -1.0) for part in parts)])


def members_of(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Members in one order, without `all`: a pair is the same cell whichever dimension is named first."""
    return tuple(sorted((d, m) for d, m in pairs if d != "all"))


def read(con: duckdb.DuckDBPyConnection, published: str, rounding: dict[str, int | None]) -> Relations:
    """All that the published rows say.

    published: a relation with the columns of rpt_measures. rounding: by authority, what its counts are rounded to.
    Besides it only what is public anyway is read: the catalogue of measures and the groups of sectors.
    """
    relations = Relations()
    by_period: dict[tuple, int] = {}
    changes, parts = [], []
    first_months: dict[tuple, dt.date] = {}
    for row in con.execute(_ROWS.format(published=published)).fetchall():
        authority, kind, start, last_on, measure, counts, is_estimate, unit, is_change, *more = row
        shows_noughts, d1, m1, d2, m2, numerator, denominator, base = more
        name, base_name = cells_of(authority, counts, start, last_on, (d1, m1), (d2, m2), base)
        if is_change:
            changes.append(((authority, kind, start, counts, name[4]), numerator, denominator))
            continue
        if kind == "month":
            first_months[_series(name)] = min(start, first_months.get(_series(name), start))
        step = (rounding.get(authority) or 0) / 2
        cell = relations.cell(name, not is_estimate)
        by_period[authority, kind, start, counts, name[4]] = cell
        relations.figures.add(cell)
        if numerator is not None:
            relations.know(cell, numerator - step, numerator + step)
        elif unit == "count" and shows_noughts and name[1] != "cases_open":
            relations.know(cell, 1, float("inf"))  # a nought would be shown, but for what is hidden whole
        if base_name is None:
            continue
        whole = relations.cell(base_name)
        relations.figures.add(whole)
        if denominator is not None:
            relations.know(whole, denominator - step, denominator + step)
        if unit == "percent" and measure not in NOT_A_PART and whole != cell:
            parts.append((cell, whole))
    for cell, whole in dict.fromkeys(parts):
        relations.figures.add(relations.hold(whole, cell))
    groups = dict(
        con.execute("select member, parent from reference.code_lists where list_name = 'sector'").fetchall()
    )
    _add_changes(relations, by_period, changes, rounding)
    _add_breakdowns(relations, groups)
    _add_meanings(relations)
    _add_periods(relations, first_months)
    return relations


def remember(now: Relations, before: Relations) -> Relations:
    """What is known tonight, and with it what an earlier release showed and nothing speaks against.

    An outsider who kept it will hold a count for unchanged when no figure that it adds up with has changed in between.
    """
    changed = {
        cell
        for name, cell in now.cells.items()
        if (was := before.cells.get(name)) is not None
        and now.low[cell] == now.high[cell]
        and before.low[was] == before.high[was] != now.low[cell]
    }
    moved = set(changed)
    for one in now.equations:
        cells = [cell for cell, _ in one]
        if not changed.isdisjoint(cells):
            moved.update(cells)
    known = replace(
        now,
        names=list(now.names),
        low=list(now.low),
        high=list(now.high),
        whole=list(now.whole),
        equations=list(now.equations),
        cells=dict(now.cells),
    )
    for name, was in before.cells.items():
        cell = now.cells.get(name)
        if cell is not None and cell not in moved:
            known.know(cell, before.low[was], before.high[was])
    _add_what_is_told_no_longer(known, now, before, moved)
    return known


def _add_what_is_told_no_longer(known: Relations, now: Relations, before: Relations, moved: set[int]) -> None:
    """Take in periods that began before the first one that is told now, unless what they add up with has changed."""
    first: dict[tuple, dt.date] = {}
    for name in now.names:
        if name[0] not in NO_PERIODS:
            first[_series(name)] = min(name[2], first.get(_series(name), name[2]))
    gone = {
        was
        for was, name in enumerate(before.names)
        if name[0] not in NO_PERIODS and name[2] < first.get(_series(name), name[2])
    }
    for one in before.equations:
        if gone.isdisjoint(was for was, _ in one):
            continue
        if any(now.cells.get(before.names[was]) in moved for was, _ in one):
            continue
        equation = []
        for was, coefficient in one:
            name = before.names[was]
            equation.append((known.cell(name, before.whole[was]), coefficient))
            if name not in now.cells:
                known.know(equation[-1][0], before.low[was], before.high[was])
        known.equations.append(equation)


def _series(name: tuple) -> tuple:
    return (name[0], name[1], name[4])


def cells_of(
    authority: str,
    counts: str,
    start: dt.date,
    last_on: dt.date,
    first: tuple[str, str],
    second: tuple[str, str],
    base: str | None,
) -> tuple[tuple, tuple | None]:
    """The names of the cells that a row counts and stands on (None where it is no count).

    A change stands on the count of a year before, which its own row shows.
    """
    name = _name(authority, counts, start, last_on, members_of(first, second))
    if base is None or base in NO_COUNTS or base.endswith(" a year earlier"):
        return name, None
    counted, described = _BASE.fullmatch(base).groups()
    of = members_of(*(tuple(one.split("=")) for one in (described or "").split(", ") if one))
    return name, _name(authority, counted, start, last_on, of)


def _name(authority: str, counts: str, start: dt.date, last_on: dt.date, members: tuple) -> tuple:
    # What is open is a stock at the end of a day: that of the evening before is what a period opens with.
    if counts in STOCKS:
        day = start - dt.timedelta(days=1) if counts == "cases_open_at_start" else last_on
        return (authority, "cases_open", day, day, members)
    return (authority, counts, start, last_on, members)


def _add_changes(relations: Relations, by_period: dict, changes: list, rounding: dict) -> None:
    for (authority, kind, start, *rest), change, earlier in changes:
        now = by_period.get((authority, kind, start, *rest))
        last_year = by_period.get((authority, kind, start.replace(year=start.year - 1), *rest))
        if now is None or last_year is None:
            continue
        step = (rounding.get(authority) or 0) / 2
        if earlier is not None:
            relations.know(last_year, earlier - step, earlier + step)
        if change is not None:
            moved = relations.cell(("change", relations.names[now], relations.names[last_year]))
            relations.low[moved], relations.high[moved] = change - step, change + step
            relations.equations.append([(now, 1.0), (last_year, -1.0), (moved, -1.0)])


def _add_breakdowns(relations: Relations, groups: dict[str, str]) -> None:
    """Members of a breakdown sum to the whole; of a pair in both directions; sectors to their group."""
    tables = defaultdict(lambda: defaultdict(list))
    for number, name in enumerate(list(relations.names)):
        if name[0] in {"rest", "change"} or not name[4]:
            continue
        authority, counts, start, last_on, members = name
        for dimension, member in members:
            others = tuple(one for one in members if one[0] != dimension)
            place = (authority, counts, start, last_on)
            if dimension not in OVERLAPPING:
                tables[(*place, others), dimension][None].append(number)
            if dimension == "sector":
                group = members_of(("sector_group", groups.get(member, member)), *others)
                tables[(*place, others), dimension][group].append(number)
    for (whole, _), sums in tables.items():
        for group, cells in sums.items():
            if group is None:
                relations.add(relations.cell(whole), cells)
            elif (*whole[:4], group) in relations.cells:
                relations.add(relations.cells[(*whole[:4], group)], cells)


def _add_meanings(relations: Relations) -> None:
    """Relations between measures."""
    cells = relations.cells
    for name, number in list(cells.items()):
        if name[0] in {"rest", "change"}:
            continue
        _, counts, start, last_on, _ = name

        def of(counted, *more, name=name, **days):
            place = (name[0], counted, days.get("start", name[2]), days.get("last_on", name[3]))
            return cells.get((*place, members_of(*name[4], *more)))

        if counts in CUMULATIVE:
            bands = [of("cases_closed", ("band", band)) for band in CUMULATIVE[counts]]
            if all(band is not None for band in bands):
                relations.add(number, bands)
        if counts == "allegations" and (done := of(CONCLUDED)) is not None:
            left = of("allegations_open_of_received")
            if left is not None:
                relations.add(number, (done, left))
        for same, action in (("dbs_referrals", "dbs_referral"), ("prosecutions", "criminal_prosecution")):
            if counts == same and (twin := of("actions_of_received", ("action", action))) is not None:
                relations.add(number, (twin,))
        for less, more in NESTED:
            if counts == less and (greater := of(more)) is not None:
                relations.hold(greater, number)
        if counts in {"removals_of_received", "removals_without_dbs"}:
            _add_removals(relations, number, of)
        if counts == "referrals" and (closed := of("cases_closed")) is not None:
            evening = start - dt.timedelta(days=1)
            before = of("cases_open", start=evening, last_on=evening)
            after = of("cases_open", start=last_on, last_on=last_on)
            if before is not None and after is not None:
                relations.equations.append([(before, 1.0), (number, 1.0), (closed, -1.0), (after, -1.0)])


def _add_removals(relations: Relations, number: int, of: Callable[..., int | None]) -> None:
    """What removals lie in, and those without a referral to the DBS. of: another count of the same days and members."""
    name = relations.names[number]
    if name[1] == "removals_without_dbs":
        removals, dbs = of("removals_of_received"), of("dbs_referrals")
        if removals is not None and dbs is not None:
            relations.hold(dbs, relations.hold(removals, number))
        return
    greater = of(CONCLUDED, ("outcome", "substantiated"))
    if greater is not None:
        relations.hold(greater, number)
    actions = [of("actions_of_received", ("action", action)) for action in REMOVING]
    if all(action is not None for action in actions):
        taken = relations.cell((name[0], "removing_actions", *name[2:]))
        relations.add(taken, actions)
        relations.hold(taken, number)


def _add_periods(relations: Relations, first_months: dict[tuple, dt.date]) -> None:
    """A period is the sum of the stretches between the first and last days that any period of the series has.

    Before the first month that is told (by series) nothing was recorded.
    """
    series = defaultdict(list)
    for number, name in enumerate(list(relations.names)):
        if name[0] not in {"rest", "change"} and name[1] != "cases_open":
            _, _, start, last_on, _ = name
            series[_series(name)].append((start, last_on + dt.timedelta(days=1), number))
    for key, periods in series.items():
        periods.sort()
        if all(one[1] <= two[0] for one, two in itertools.pairwise(periods)):
            continue
        if all(relations.low[number] == relations.high[number] for _, _, number in periods):
            continue
        days = sorted({day for start, end, _ in periods for day in (start, end)})
        first_month = first_months.get(key, days[0])
        for start, end, number in periods:
            inside = [(a, b) for a, b in itertools.pairwise(days) if start <= a and b <= end]
            stretches = [relations.cell(("stretch", key, a, b), relations.whole[number]) for a, b in inside]
            relations.add(number, stretches)
            for stretch, (_, b) in zip(stretches, inside, strict=True):
                if b <= first_month:
                    relations.know(stretch, 0, 0)
