"""Each visual's question, asked of the published tables, is answered with the numbers of rpt_measures."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from answers import hold_against_rpt_measures
from pbip import tables, visuals

from power_bi.queries import Query, queries

QUERIES = queries()


def answer(reports: Path, query: Query) -> list[dict]:
    with duckdb.connect(str(reports / "lado_reports.duckdb"), read_only=True) as con:
        told = con.execute(query.sql)
        names = [d[0] for d in told.description]
        return [dict(zip(names, row, strict=True)) for row in told.fetchall()]


def test_every_visual_has_its_query():
    shown = {
        (page, told["name"])
        for page, told in visuals("reports")
        if "visualContainerObjects" in told["visual"]
    }
    assert {(q.page, q.visual) for q in QUERIES} == shown
    assert len({page for page, _ in shown}) == 7


def test_the_query_asks_for_what_the_visual_shows():
    """The measures and the breakdown of the report's own files, read without the program that wrote them."""
    asked = {(q.page, q.visual): q for q in QUERIES}
    for page, told in visuals("reports"):
        query = asked.get((page, told["name"]))
        if query is None or query.breakdown == "any":
            continue
        state = told["visual"]["query"]["queryState"]
        shown = [p for role in ("Values", "Y") for p in state.get(role, {"projections": []})["projections"]]
        if query.values[0][0] == query.values[0][2]:  # a list: columns of its table
            columns = [p["field"]["Column"]["Property"] for p in shown]
            assert columns == ["authority_name", *(name for name, *_ in query.values)]
            continue
        assert [p["queryRef"].split(".", 1)[1] for p in shown if "Measure" in p["field"]] == [
            name for name, *_ in query.values
        ]
        filters = told.get("filterConfig", {"filters": []})["filters"]
        condition = [f["filter"]["Where"][0]["Condition"]["In"]["Values"] for f in filters]
        assert condition == (
            [] if query.breakdown == "all" else [[[{"Literal": {"Value": f"'{query.breakdown}'"}}]]]
        )


# What the end of a measure's name promises: the column of rpt_measures, and the end of the row's measure.
PROMISES = [
    (" change %", "value", "_change_percent"),
    (" change points", "value", "_change_points"),
    (" change", "value", "_change_number"),
    (" base", "denominator", ""),
    (" lower 90", "lower_90", ""),
    (" upper 90", "upper_90", ""),
    (" %", "value", ""),
]
RATES = {"Caseload", "Referrals per week", "Allegations per FTE", "Contacts threshold met per FTE"}


def promised(name: str) -> tuple[str, str]:
    """The measure and the column of rpt_measures that a name stands for."""
    for end, column, more in PROMISES:
        if name.endswith(end):
            return name.removesuffix(end).lower().replace(" ", "_") + more, column
    return name.lower().replace(" ", "_"), "value" if name in RATES else "numerator"


def test_a_name_keeps_its_promise_in_sql_and_in_dax():
    dax = tables("reports")["rpt_measures"].measures
    kept = 0
    for query in QUERIES:
        for name, measure, column in query.values:
            if measure is not None:
                assert (measure, column) == promised(name)
                read_by = re.fullmatch(
                    rf'CALCULATE \( \[(.+)\], Catalogue\[measure\] = "{measure}" \)', dax[name]
                )[1]
                assert set(re.findall(r"MAX \( rpt_measures\[(\w+)\] \)", dax[read_by])) == {column}
                kept += 1
    assert kept > 80


@pytest.mark.slow
def test_symbols_stand_where_the_pages_say(published: dict[tuple, dict]):
    """`Figure` prints the amount wherever there is one: u and k behind it, c and z in its place."""
    has_amount = {(row["symbol"], row["value"] is not None) for row in published.values() if row["symbol"]}
    assert has_amount <= {("c", False), ("z", False), ("k", True), ("u", True)}
    assert has_amount >= {("c", False), ("z", False)}


FIGURES = [q for q in QUERIES if "from rpt_measures as figures" in q.sql]
TABLES = {
    "freshness": "rpt_refreshes",
    "quality": "rpt_data_quality",
    "figures": "rpt_measures",
    "catalogue": "rpt_measure_catalogue",
}


@pytest.mark.slow
@pytest.mark.parametrize("query", FIGURES, ids=lambda q: f"{q.page}-{q.visual}")
def test_the_answer_is_that_of_rpt_measures(query: Query, reports: Path, published: dict[tuple, dict]):
    hold_against_rpt_measures(query, answer(reports, query), published)


@pytest.mark.slow
def test_targets_are_those_of_rpt_timeliness(reports: Path):
    (query,) = [q for q in QUERIES if q.visual == "against_target"]
    lines = pd.read_parquet(reports / "rpt_timeliness.parquet")
    lines = lines[(lines.population == "closed") & (lines.breakdown == "all")]
    words = {
        "Closed within 1 month": "closed_within_1_month",
        "Closed within 3 months": "closed_within_3_months",
        "Closed within 12 months": "closed_within_12_months",
    }
    compared = 0
    for row in answer(reports, query):
        for name, line in words.items():
            (wanted,) = lines[
                (lines.authority == row["authority"])
                & (lines.period_kind == row["period_kind"])
                & (pd.to_datetime(lines.period_start) == pd.Timestamp(row["period_start"]))
                & (lines.line == line)
            ].to_dict("records")
            if pd.isna(wanted["target_percent"]):
                assert row[f"{name} target %"] is None
            else:
                assert row[f"{name} target %"] == wanted["target_percent"]
                if not pd.isna(wanted["percent_of_base"]):
                    distance = wanted["percent_of_base"] - wanted["target_percent"]
                    assert row[f"{name} points from target"] == pytest.approx(distance)
                    assert (row[f"{name} points from target"] >= 0) == wanted["is_target_met"]
                    compared += 1
    assert compared > 0


@pytest.mark.slow
@pytest.mark.parametrize("query", [q for q in QUERIES if q not in FIGURES], ids=lambda q: q.visual)
def test_a_list_shows_every_row_of_its_table(query: Query, reports: Path):
    rows = answer(reports, query)
    table = pd.read_parquet(reports / f"{TABLES[query.visual]}.parquet")
    assert len(rows) == len(table) > 0
    told = pd.DataFrame(rows)[list(table.columns.intersection(list(rows[0])))]
    assert len(told.columns) == len(rows[0])
    keys = ["authority", "period_kind", "period_start"] if query.breakdown == "any" else ["authority"]
    assert (told.groupby(keys).count() == table[told.columns].groupby(keys).count()).all(axis=None)
