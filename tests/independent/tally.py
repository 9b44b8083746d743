"""Counting by period and breakdown: the arithmetic every measure shares.

Belongs here: periods, month arithmetic, working days, and the tally of items into rows that carry
numerator, denominator and base. Does not belong here: what any one measure means (recompute.py) and
how records are read (extracts.py). Nothing here looks at the warehouse or at its SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    year, month = days.dt.year, days.dt.month
    if kind == "financial_year":
        year, month = year - (month < 4), 4
    elif kind == "academic_year":
        year, month = year - (month < 9), 9
    elif kind == "calendar_year":
        month = 1
    elif kind == "quarter":
        month = month - (month - 1) % 3
    return pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": 1}, index=days.index))


def period_end(start: pd.Timestamp, kind: str) -> pd.Timestamp:
    """Last day, inclusive."""
    months = {"quarter": 3, "month": 1}.get(kind, 12)
    return start + pd.DateOffset(months=months) - pd.Timedelta(days=1)


def periods_between(first: pd.Timestamp, as_at: pd.Timestamp) -> pd.DataFrame:
    """Every period of every kind that ends on or after `first` and starts on or before `as_at`.

    Columns period_kind, period_start, period_end, is_part_period.
    """
    rows = []
    for kind in KINDS:
        step = pd.DateOffset(months={"quarter": 3, "month": 1}.get(kind, 12))
        start = period_starts(pd.Series([first]), kind).iloc[0]
        while start <= as_at:
            end = period_end(start, kind)
            rows.append((kind, start, end, bool(as_at < end or start < first)))
            start = start + step
    return pd.DataFrame(rows, columns=["period_kind", "period_start", "period_end", "is_part_period"])


def spread(items: pd.DataFrame) -> pd.DataFrame:
    """Each item once for each period kind, with the start of the period that holds its `on` day."""
    dated = items[items["on"].notna()]
    parts = []
    for kind in KINDS:
        part = dated.copy(deep=False)
        part["period_kind"] = kind
        part["period_start"] = period_starts(dated["on"], kind) if len(dated) else pd.NaT
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


@dataclass
class Items:
    """What a measure counts: one row an item, `on` its day, a column for each dimension."""

    frame: pd.DataFrame
    _spread: pd.DataFrame | None = field(default=None, repr=False)

    def tally(self, dims: tuple[str, ...], weight: str | None = None) -> pd.DataFrame:
        """Count (or sum of `weight`) by period and `dims`: columns period_kind, period_start, dims, n."""
        if self._spread is None:
            self._spread = spread(self.frame)
        keys = ["period_kind", "period_start", *dims]
        data = self._spread
        if not len(data):
            return pd.DataFrame({**{k: pd.Series(dtype=object) for k in keys}, "n": pd.Series(dtype=float)})
        grouped = data.groupby(keys, observed=True, sort=False)
        counted = grouped[weight].sum() if weight else grouped.size()
        return counted.rename("n").reset_index()

    def where(self, mask: pd.Series) -> Items:
        return Items(self.frame[mask.fillna(False).astype(bool)])

    def seen(self, dim: str) -> list[str]:
        return sorted(self.frame.loc[self.frame["on"].notna(), dim].unique())


def base_text(measure: str, members: dict[str, str]) -> str:
    """`measure` or `measure[dimension=member, ...]`."""
    inside = ", ".join(f"{d}={m}" for d, m in members.items())
    return f"{measure}[{inside}]" if inside else measure


def grid(periods: pd.DataFrame, members: dict[str, list[str]]) -> pd.DataFrame:
    """Every period crossed with every combination of members."""
    frame = periods[["period_kind", "period_start"]]
    for dim, names in members.items():
        frame = frame.merge(pd.DataFrame({dim: pd.Series(names, dtype=object)}), how="cross")
    return frame


def attach(frame: pd.DataFrame, counted: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    """`frame` with the count of each of its keys; nothing counted is 0."""
    on = ["period_kind", "period_start", *keys]
    counted = counted.assign(period_start=pd.to_datetime(counted["period_start"]))
    joined = frame.merge(counted.rename(columns={"n": name}), how="left", on=on)
    joined[name] = joined[name].astype(float).fillna(0.0)
    return joined


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
