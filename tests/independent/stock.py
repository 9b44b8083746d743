"""Measures of state rather than of arrivals: open cases, caseload, and work for each full-time officer.

Belongs here: counts at a date or at a week's end, and averages over weeks or posts. Does not belong here:
anything that a record's own date puts into a period (recompute.py).

Readings where the definitions leave a choice:
- caseload covers every week that ends in the period, by the as-at date and not before the first receipt;
  officers are those of the officers feed, each with a value for every week in which they have an open case
  or are in post;
- `per_fte` divides the week's open cases by the FTE in post that week, and leaves out weeks without any.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .facts import open_on
from .tally import BANDS, band, grid, shape


def add(made) -> None:
    """Append the rows of the open-stock, caseload and per-FTE measures."""
    _open(made)
    _caseload(made)
    _per_fte(
        made, "allegations", made.facts.items["allegations"].frame, ("referrals", "allegations", "officers")
    )
    if made.facts.extracts.maps("contacts", "threshold_met"):
        contacts = made.facts.items["contacts"].frame
        _per_fte(made, "contacts_threshold_met", contacts[contacts["is_met"]], ("contacts", "officers"))


def _open(made) -> None:
    referrals, as_at = made.facts.items["referrals"].frame, made.told_to("referrals")
    for measure in ("cases_open_at_start", "cases_open_at_end", "stock_difference"):
        periods = made.periods(measure, "referrals")
    ends = periods["period_end"].clip(upper=as_at)
    whole = periods["period_start"] >= made.first_day("referrals")[0]
    begun = periods[whole].reset_index(drop=True)
    # At the start: received before the period and not closed before it; as old as they were that evening.
    evenings = [start - pd.Timedelta(days=1) for start in begun["period_start"]]
    states = {"cases_open_at_end": (periods, list(ends)), "cases_open_at_start": (begun, evenings)}
    totals = {}
    for measure, (where, days) in states.items():
        held = [referrals[open_on(referrals, day)] for day in days]
        totals[measure] = np.array([len(cases) for cases in held], dtype=float)
        for dims in ((), ("pathway",), ("age_band",), ("officer_group",)):
            names = {d: list(BANDS) if d == "age_band" else sorted(referrals[d].unique()) for d in dims}
            frame = grid(where, names)
            frame["numerator"] = _counts(held, days, dims, names)
            made.rows.append(shape(frame, dims, measure, "open", "count"))
    flow = grid(begun, {})
    until = ends[whole].to_numpy()
    for number, column in ((1, "on"), (-1, "closed_on")):
        inside = [
            referrals[column].between(s, e).sum() for s, e in zip(begun["period_start"], until, strict=True)
        ]
        totals[column] = number * np.array(inside, dtype=float)
    start, end = totals["cases_open_at_start"], totals["cases_open_at_end"][whole.to_numpy()]
    flow["numerator"] = start + totals["on"] + totals["closed_on"] - end
    made.rows.append(shape(flow, (), "stock_difference", "open", "count"))


def _counts(held: list[pd.DataFrame], days: list, dims: tuple[str, ...], names: dict) -> np.ndarray:
    """Open cases at the end of each day by the members of one dimension, or all of them, flattened as the grid is."""
    if not dims:
        return np.array([len(cases) for cases in held], dtype=float)
    (dim,) = dims
    counted = np.zeros((len(held), len(names[dim])))
    for row, (cases, day) in enumerate(zip(held, days, strict=True)):
        values = band(cases["on"], pd.Series(day, index=cases.index)) if dim == "age_band" else cases[dim]
        places = pd.Index(names[dim], dtype=object).get_indexer(values.astype(object))
        np.add.at(counted[row], places, 1.0)
    return counted.ravel()


def in_post(officers: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    started, ended = officers["started_on"], officers["ended_on"]
    return (started.isna() | (started <= day)) & (ended.isna() | (ended >= day))


def _caseload(made) -> None:
    if not made.available("referrals", "officers"):
        return
    referrals, officers = made.facts.items["referrals"].frame, made.facts.officers
    periods = made.periods("caseload", "referrals", "officers")
    first, last = referrals["on"].min(), made.told_to("referrals")
    sundays = pd.date_range(first, last, freq="W-SUN")
    fte = officers["fte"].fillna(0.0).to_numpy()
    held = [referrals[referrals["lado"] == officer] for officer in officers["officer_id"]]
    open_of = np.array([[open_on(cases, day).sum() for cases in held] for day in sundays])
    open_of = open_of.reshape(len(sundays), len(held))
    loads, totals = [], []
    for day, value in zip(sundays, open_of, strict=True):
        present = in_post(officers, day).to_numpy()
        loads.append(value[present | (value > 0)].astype(float))
        totals.append((open_on(referrals, day).sum(), float(fte[present].sum())))
    starts, ends = periods["period_start"].to_numpy(), periods["period_end"].to_numpy()
    inside = [
        np.flatnonzero((sundays >= start) & (sundays <= end)) for start, end in zip(starts, ends, strict=True)
    ]
    values = [np.concatenate([loads[i] for i in weeks]) if len(weeks) else np.array([]) for weeks in inside]
    ratios = [[totals[i][0] / totals[i][1] for i in weeks if totals[i][1] > 0] for weeks in inside]
    for statistic, of, unit in (
        ("maximum", np.max, "count"),
        ("median", np.median, "count"),
        ("per_fte", np.mean, "per_fte"),
    ):
        frame = grid(periods, {"statistic": [statistic]})
        each = ratios if statistic == "per_fte" else values
        frame["value"] = frame["numerator"] = [float(of(found)) if len(found) else np.nan for found in each]
        made.rows.append(shape(frame, ("statistic",), "caseload", "open", unit))


def _per_fte(made, measure: str, frame: pd.DataFrame, feeds: tuple[str, ...]) -> None:
    """The measure divided by the average FTE of officers with the role `lado` over the period."""
    if not made.available(*feeds):
        return
    officers = made.facts.officers
    lados = officers[officers["officer_role"] == "lado"]
    rows = []
    for p in made.periods(f"{measure}_per_fte", *feeds).itertuples(index=False):
        end = min(p.period_end, made.told_to(*feeds))
        days = (end - p.period_start).days + 1
        begun = lados["started_on"].fillna(p.period_start).clip(lower=p.period_start)
        done = lados["ended_on"].fillna(end).clip(upper=end)
        present = ((done - begun).dt.days + 1).clip(lower=0)
        fte = float((lados["fte"].fillna(0.0) * present).sum()) / days
        n = float(frame["on"].between(p.period_start, end).sum())
        rows.append(
            {
                "period_kind": p.period_kind,
                "period_start": p.period_start,
                "numerator": n,
                "denominator": fte,
                "value": n / fte if fte else np.nan,
            }
        )
    frame = pd.DataFrame(rows).assign(base="lado_fte")
    made.rows.append(shape(frame, (), f"{measure}_per_fte", "received", "per_fte"))
