"""Measures of state rather than of arrivals: open cases, caseload, and work for each full-time officer.

Belongs here: counts at a date or at a week's end, and averages over weeks or posts. Does not belong here:
anything that a record's own date puts into a period (recompute.py).

Readings where the definitions leave a choice:
- caseload covers every week that ends in the period and by the as-at date; officers are those of the
  officers feed, each with a value for every week in which they have an open case or are in post;
- `per_fte` divides the week's open cases by the FTE in post that week, and leaves out weeks without any.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .facts import open_on
from .tally import BANDS, band, shape


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
    referrals, as_at = made.facts.items["referrals"].frame, made.facts.as_at
    periods = made.periods("referrals")
    first = made.facts.extracts.complete_from(("referrals",))
    starts, ends, flow = [], [], []
    for p in periods.itertuples(index=False):
        end = min(p.period_end, as_at)
        at_end = referrals[open_on(referrals, end)]
        where = {"period_kind": p.period_kind, "period_start": p.period_start}
        ends.append(_by_dims(at_end, end, where))
        if p.period_start < first:
            continue
        before = p.period_start - pd.Timedelta(days=1)
        at_start = referrals[open_on(referrals, before)]
        starts.append(_by_dims(at_start, p.period_start, where))
        received = referrals["on"].between(p.period_start, end).sum()
        closed = referrals["closed_on"].between(p.period_start, end).sum()
        flow.append({**where, "numerator": float(len(at_start) + received - closed - len(at_end))})
    for measure, parts in (("cases_open_at_end", ends), ("cases_open_at_start", starts)):
        if not parts:
            continue
        found = pd.concat(parts, ignore_index=True)
        where = found[["period_kind", "period_start"]].drop_duplicates()
        for dims in ((), ("pathway",), ("age_band",), ("officer_group",)):
            part = found[found["dim"] == (dims[0] if dims else "all")]
            if dims:
                names = list(BANDS) if dims[0] == "age_band" else sorted(referrals[dims[0]].unique())
                frame = where.merge(pd.DataFrame({dims[0]: names}, dtype=object), how="cross")
                part = part.rename(columns={"member": dims[0]}).drop(columns="dim")
                part = frame.merge(part, how="left")
                part["numerator"] = part["numerator"].fillna(0.0)
            made.rows.append(shape(part.reset_index(drop=True), dims, measure, "open", "count"))
    if flow:
        made.rows.append(shape(pd.DataFrame(flow), (), "stock_difference", "open", "count"))


def _by_dims(cases: pd.DataFrame, day: pd.Timestamp, where: dict) -> pd.DataFrame:
    ages = band(cases["on"], pd.Series(day, index=cases.index))
    rows = [("all", "all", float(len(cases)))]
    for dim, values in (
        ("pathway", cases["pathway"]),
        ("officer_group", cases["officer_group"]),
        ("age_band", ages),
    ):
        rows += [(dim, member, float(n)) for member, n in values.value_counts().items()]
    return pd.DataFrame(rows, columns=["dim", "member", "numerator"]).assign(**where)


def in_post(officers: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    started, ended = officers["started_on"], officers["ended_on"]
    return (started.isna() | (started <= day)) & (ended.isna() | (ended >= day))


def _caseload(made) -> None:
    if not made.available("referrals", "officers"):
        return
    referrals, officers = made.facts.items["referrals"].frame, made.facts.officers
    periods = made.periods("referrals", "officers")
    first, last = periods["period_start"].min(), made.facts.as_at
    sundays = pd.date_range(first, last, freq="W-SUN")
    fte = officers["fte"].fillna(0.0)
    loads, totals = [], []
    for day in sundays:
        cases = referrals[open_on(referrals, day)]
        counts = cases["lado"].value_counts()
        present = in_post(officers, day)
        value = officers["officer_id"].map(counts).fillna(0)
        loads.append(value[present | (value > 0)].to_numpy(dtype=float))
        totals.append((len(cases), float(fte[present].sum())))
    for statistic in ("maximum", "median", "per_fte"):
        rows = []
        for p in periods.itertuples(index=False):
            inside = [i for i, day in enumerate(sundays) if p.period_start <= day <= p.period_end]
            row = {"period_kind": p.period_kind, "period_start": p.period_start, "statistic": statistic}
            if statistic == "per_fte":
                ratios = [totals[i][0] / totals[i][1] for i in inside if totals[i][1] > 0]
                row["value"] = row["numerator"] = float(np.mean(ratios)) if ratios else np.nan
            else:
                values = np.concatenate([loads[i] for i in inside]) if inside else np.array([])
                pick = np.max if statistic == "maximum" else np.median
                row["value"] = row["numerator"] = float(pick(values)) if len(values) else np.nan
            rows.append(row)
        unit = "per_fte" if statistic == "per_fte" else "count"
        made.rows.append(shape(pd.DataFrame(rows), ("statistic",), "caseload", "open", unit))


def _per_fte(made, measure: str, frame: pd.DataFrame, feeds: tuple[str, ...]) -> None:
    """The measure divided by the average FTE of officers with the role `lado` over the period."""
    if not made.available(*feeds):
        return
    officers = made.facts.officers
    lados = officers[officers["officer_role"] == "lado"]
    rows = []
    for p in made.periods(*feeds).itertuples(index=False):
        end = min(p.period_end, made.facts.as_at)
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
    made.rows.append(shape(pd.DataFrame(rows), (), f"{measure}_per_fte", "received", "per_fte"))
