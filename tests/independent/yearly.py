"""Changes on the same period a year earlier, in number, percent and percentage points.

Belongs here: which measures are compared, and how. Does not belong here: the measures themselves
(recompute.py). Cohorts are not compared: last year's has had a year longer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .tally import percent

COMPARED = (
    "contacts",
    "contacts_threshold_met",
    "referrals",
    "referrals_share",
    "allegations",
    "allegations_share",
    "cases_closed",
    "closed_within_1_month",
    "closed_within_3_months",
    "closed_within_12_months",
    "outcomes",
)


def year_on_year(rows: pd.DataFrame) -> pd.DataFrame:
    """Number, percent and points of change on the same period a year earlier; whole periods only."""
    made = []
    whole = rows[~rows["is_part_period"].astype(bool) & (rows["dimension_2"] == "all")]
    for measure in COMPARED:
        single = whole[whole["measure"] == measure]
        if single.empty:
            continue
        keys = ["period_kind", "period_start", "dimension_1", "member_1", "dimension_2", "member_2"]
        earlier = single[[*keys, "numerator", "value"]].copy()
        earlier["period_start"] = earlier["period_start"] + pd.DateOffset(years=1)
        both = single.merge(earlier, on=keys, suffixes=("", "_before"))
        change = both["numerator"] - both["numerator_before"]
        number = both.assign(
            measure=f"{measure}_change_number",
            numerator=change,
            denominator=np.nan,
            base=None,
            value=change,
            unit="count",
        )
        relative = both.assign(
            measure=f"{measure}_change_percent",
            numerator=change,
            denominator=both["numerator_before"],
            base=f"{measure} a year earlier",
            value=percent(change, both["numerator_before"]),
            unit="percent",
        )
        made += [number, relative]
        if (single["unit"] == "percent").any():
            points = both["value"] - both["value_before"]
            made.append(
                both.assign(
                    measure=f"{measure}_change_points", numerator=np.nan, denominator=np.nan, base=None,
                    value=points, unit="percentage_points",
                )
            )  # fmt: skip
    if not made:
        return rows.iloc[:0]
    return pd.concat(made, ignore_index=True)[rows.columns]
