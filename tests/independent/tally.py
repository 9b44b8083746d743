"""Counting by period and breakdown: the arithmetic every measure shares.

Belongs here: periods, month arithmetic, working days, and the tally of items into rows that carry
numerator, denominator and base. Does not belong here: what any one measure means (recompute.py) and
how records are read (extracts.py). Nothing here looks at the warehouse or at its SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd

KINDS = ("financial_year", "academic_year", "calendar_year", "quarter", "month")
BANDS = ("under_1_month", "1_to_3_months", "3_to_12_months", "over_12_months")
KEY = [
    "authority",
    "period_kind",
    "period_start",
    "measure",
    "dimension_1",
    "member_1",
    "dimension_2",
    "member_2",
]


def add_months(days: pd.Series, months: int) -> pd.Series:
    """The same day `months` later, or that month's last day when it has no such day."""
    values = days.to_numpy(dtype="datetime64[D]")
    month = values.astype("datetime64[M]")
    day_of_month = (values - month.astype("datetime64[D]")).astype("timedelta64[D]")
    target = month + np.timedelta64(months, "M")
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    moved = np.minimum(target.astype("datetime64[D]") + day_of_month, last)
    return pd.Series(pd.to_datetime(moved), index=days.index)


def band(since: pd.Series, until: pd.Series) -> pd.Series:
    """The age band of the span from `since` to `until` in calendar months; missing when either is."""
    result = pd.Series("over_12_months", index=since.index, dtype=object)
    for months, name in ((12, "3_to_12_months"), (3, "1_to_3_months"), (1, "under_1_month")):
        result[until <= add_months(since, months)] = name
    result[since.isna() | until.isna()] = None
    return result


def working_days(since: pd.Series, until: pd.Series, holidays: np.ndarray) -> pd.Series:
    """Working days after `since` up to and including `until`; missing when either is."""
    result = pd.Series(np.nan, index=since.index)
    both = since.notna() & until.notna()
    if both.any():
        begin = since[both].to_numpy(dtype="datetime64[D]") + np.timedelta64(1, "D")
        end = until[both].to_numpy(dtype="datetime64[D]") + np.timedelta64(1, "D")
        result[both] = np.busday_count(begin, end, holidays=holidays)
    return result


def period_starts(days: pd.Series, kind: str) -> pd.Series:
    """First day of the period of this kind that holds each day."""
    month = days.to_numpy(dtype="datetime64[M]").astype(int)  # months since January 1970
    first_month, length = {
        "financial_year": (3, 12),
        "academic_year": (8, 12),
        "calendar_year": (0, 12),
        "quarter": (0, 3),
        "month": (0, 1),
    }[kind]
    start = month - (month - first_month) % length
    return pd.Series(start.astype("datetime64[M]").astype("datetime64[ns]"), index=days.index)


def period_end(start: pd.Timestamp, kind: str) -> pd.Timestamp:
    """Last day, inclusive."""
    months = {"quarter": 3, "month": 1}.get(kind, 12)
    return start + pd.DateOffset(months=months) - pd.Timedelta(days=1)


@cache
def periods_between(first: pd.Timestamp, as_at: pd.Timestamp, may_be_cut: bool = True) -> pd.DataFrame:
    """Every period of every kind that ends on or after `first` and starts on or before `as_at`.

    may_be_cut: whether a period may begin before `first`, which makes it a part period. Columns period_kind,
    period_start, period_end, is_part_period.
    """
    rows = []
    for kind in KINDS:
        step = pd.DateOffset(months={"quarter": 3, "month": 1}.get(kind, 12))
        start = period_starts(pd.Series([first]), kind).iloc[0]
        while start <= as_at:
            end = period_end(start, kind)
            if may_be_cut or start >= first:
                rows.append((kind, start, end, bool(as_at < end or start < first)))
            start = start + step
    return pd.DataFrame(rows, columns=["period_kind", "period_start", "period_end", "is_part_period"])


@dataclass
class Items:
    """What a measure counts: one row an item, `on` its day, a column for each dimension.

    `family` are the items that these are some of; a member of theirs with none here is a zero, not absent.
    """

    frame: pd.DataFrame
    family: Items | None = None
    _codes: dict = field(default_factory=dict, repr=False)

    def tally(
        self, periods: pd.DataFrame, names: dict[str, list[str]], weight: str | None = None
    ) -> np.ndarray:
        """Count (or sum of `weight`) by period and members: an array of as many axes as there are names, and one."""
        shape_of = [len(periods), *(len(members) for members in names.values())]
        result = np.zeros(shape_of)
        dated = self.frame["on"].notna().to_numpy()
        weights = self.frame[weight].to_numpy(dtype=float) if weight else np.ones(len(self.frame))
        for kind in KINDS:
            rows = np.flatnonzero(periods["period_kind"] == kind)
            found = pd.Index(periods["period_start"].iloc[rows]).get_indexer(self._starts(kind))
            places = [np.append(rows, -1)[found]]
            places += [self._places(dim, tuple(members)) for dim, members in names.items()]
            inside = dated & np.all([place >= 0 for place in places], axis=0)
            np.add.at(result, tuple(place[inside] for place in places), weights[inside])
        return result

    def _starts(self, kind: str) -> pd.Index:
        if kind not in self._codes:
            self._codes[kind] = pd.Index(period_starts(self.frame["on"].fillna(pd.Timestamp(0)), kind))
        return self._codes[kind]

    def _places(self, dim: str, members: tuple[str, ...]) -> np.ndarray:
        if (dim, members) not in self._codes:
            self._codes[dim, members] = pd.Index(members, dtype=object).get_indexer(
                self.frame[dim].astype(object)
            )
        return self._codes[dim, members]

    def where(self, mask: pd.Series) -> Items:
        return Items(self.frame[mask.fillna(False).astype(bool)], self.family or self)

    def until(self, day: pd.Timestamp) -> Items:
        """Those up to a day; itself where there are no later ones."""
        if not (self.frame["on"] > day).any() and (
            self.family is None or self.family.until(day) is self.family
        ):
            return self
        return Items(self.frame[~(self.frame["on"] > day)], self.family and self.family.until(day))

    def seen(self, dim: str) -> list[str]:
        own = set(self.frame.loc[self.frame["on"].notna(), dim]) if dim in self.frame else set()
        return sorted(own | set(self.family.seen(dim) if self.family else ()))


def base_text(measure: str, members: dict[str, str]) -> str:
    """`measure` or `measure[dimension=member, ...]`."""
    inside = ", ".join(f"{d}={m}" for d, m in members.items())
    return f"{measure}[{inside}]" if inside else measure


def grid(periods: pd.DataFrame, names: dict[str, list[str]]) -> pd.DataFrame:
    """Every period crossed with every combination of members, in the order of a tally's flattened array."""
    sizes = [len(periods), *(len(members) for members in names.values())]
    places = np.indices(sizes).reshape(len(sizes), -1)
    frame = periods[["period_kind", "period_start"]].iloc[places[0]].reset_index(drop=True)
    for place, (dim, members) in zip(places[1:], names.items(), strict=True):
        frame[dim] = np.array(members, dtype=object)[place]
    return frame


def spread_over(counted: np.ndarray, kept: list[str], names: dict[str, list[str]]) -> np.ndarray:
    """A tally by the kept dimensions repeated over all members of the others, flattened as the grid is."""
    axes = [counted.shape[0], *(len(m) if d in kept else 1 for d, m in names.items())]
    full = [counted.shape[0], *(len(m) for m in names.values())]
    return np.broadcast_to(counted.reshape(axes), full).ravel()


def shape(
    frame: pd.DataFrame, dims: tuple[str, ...], measure: str, population: str | None, unit: str
) -> pd.DataFrame:
    """Put a counted frame into the columns of the measures table."""
    out = frame.copy(deep=False)
    for place in (1, 2):
        has = len(dims) >= place
        out[f"dimension_{place}"] = dims[place - 1] if has else "all"
        out[f"member_{place}"] = out[dims[place - 1]] if has else "all"
    out["measure"], out["population"], out["unit"] = measure, population, unit
    for column in ("denominator", "base"):
        if column not in out:
            out[column] = None if column == "base" else np.nan
    if "value" not in out:
        out["value"] = out["numerator"] if unit == "count" else percent(out["numerator"], out["denominator"])
    wanted = [*KEY[1:], "population", "numerator", "denominator", "base", "value", "unit"]
    return out[wanted]


def percent(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """100 x numerator / denominator; missing where there is nothing to divide by."""
    return 100.0 * numerator / denominator.where(denominator != 0)


def singles(*dims: str) -> list[tuple[str, ...]]:
    return [(d,) for d in dims]
