"""Holding the answer of a visual's question against rpt_measures, by whichever way the question was asked.

Belongs here: comparing rows. Does not belong here: asking (DuckDB: test_queries.py; ODBC: test_odbc.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from power_bi.queries import Query

Published = dict[tuple, dict[str, Any]]


def published_measures(reports: Path) -> Published:
    """Every row of rpt_measures by its grain, read from Parquet and looked up without SQL."""
    rows = pd.read_parquet(reports / "rpt_measures.parquet").astype(object)
    rows = rows.where(rows.notna(), None).to_dict("records")
    grain = ("authority", "period_kind", "period_start", "measure", "dimension_1", "member_1", "dimension_2")
    found = {tuple(row[g] for g in grain): row for row in rows if row["member_2"] == "all"}
    assert len(found) == sum(row["member_2"] == "all" for row in rows)
    return found


def hold_against_rpt_measures(query: Query, rows: list[dict[str, Any]], published: Published) -> None:
    """Assert that every figure of the answer is that of its row, and that no row it is about is passed over."""
    told, shown = 0, 0
    for row in rows:
        period = (row["authority"], row["period_kind"], pd.Timestamp(row["period_start"]).date())
        for name, measure, column in query.values:
            if measure is None:
                continue
            wanted = published.get((*period, measure, query.breakdown, row["member_1"], "all"), {})
            assert row[name] == wanted.get(column), (period, name)
            shown += row[name] is not None
            if wanted:
                assert not (wanted["is_suppressed"] and row[name] is not None)
                told += 1
    assert told >= shown > 0
    about = {m for _, m, _ in query.values if m}
    keys = {(*k[:3], k[5]) for k in published if k[3] in about and k[4] == query.breakdown}
    asked = {
        (r["authority"], r["period_kind"], pd.Timestamp(r["period_start"]).date(), r["member_1"])
        for r in rows
    }
    assert asked == keys
