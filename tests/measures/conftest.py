"""Measures on marts made by hand: the SQL of dbt_project/models/measures and its neighbours, without dbt.

Belongs here: rendering a model, tables of the contracts' columns with a few rows, running the models in order.
Does not belong here: what the figures must be (the tests say that).

The Jinja of these models is plain (ref, source, macros without adapter calls), so Jinja alone renders it, and a
test takes a second where dbt would take ten. The marts have exactly the columns that their YAML promises.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
SEEDS = ("measures", "measure_breakdowns", "code_lists")
COUNTING = (
    "int_measure_breakdowns",
    "int_measure_periods",
    "int_contact_items",
    "int_referral_items",
    "int_allegation_items",
    "int_service_items",
    "int_measure_days",
    "int_measure_counts",
    "dim_measures",
    "int_measure_estimates",
    "int_measure_stock",
    "fct_measures",
)
OTHER_TABLES = """
create table raw.feeds (authority varchar, feed varchar, is_available boolean, reason varchar, complete_from date);
create table staging.stg_feed_days (authority varchar, feed varchar, told_to date);
create table matching.int_contact_matches (
    contact_key varchar, unfindable_probability double, parameter_shifts double[]
);
create table matching.int_referral_matches (
    referral_key varchar, unfindable_probability double, parameter_shifts double[]
);
create table quality.previous_measures (
    authority varchar, period_kind varchar, period_start date, measure varchar, dimension_1 varchar,
    member_1 varchar, dimension_2 varchar, member_2 varchar, value double, refresh_id varchar
);
"""


@cache
def _macros() -> str:
    return "".join(
        (PROJECT / "macros" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("dates", "figures", "measures")
    )


def place(name: str) -> str:
    return f"reference.{name}" if name in SEEDS else f"{MODELS[name].parent.name}.{name}"


def render(name: str) -> str:
    """The model's SQL as dbt would compile it."""
    template = jinja2.Environment(autoescape=False).from_string(  # noqa: S701 - SQL, not HTML
        _macros() + MODELS[name].read_text(encoding="utf-8")
    )
    schemas = {"disclosure": "measures"}
    return template.render(ref=place, source=lambda name, table: f"{schemas.get(name, name)}.{table}")


def run(con: duckdb.DuckDBPyConnection, models: Iterable[str]) -> None:
    for name in models:
        con.execute(f"create or replace table {place(name)} as ({render(name)})")


def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty warehouse: schemas, seeds, and every mart with the columns of its contract."""
    con = duckdb.connect()
    for schema in ("raw", "staging", "matching", "quality", "reference", "measures", "marts", "reports"):
        con.execute(f"create schema {schema}")
    for seed in SEEDS:
        path = (PROJECT / "seeds" / f"{seed}.csv").as_posix()
        con.execute(f"create table reference.{seed} as from read_csv('{path}', header = true)")
    con.execute(OTHER_TABLES)
    for path in sorted((PROJECT / "models" / "marts").glob("*.yml")):
        (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
        con.execute(f"create table marts.{model['name']} ({columns})")
    return con


def put(con: duckdb.DuckDBPyConnection, table: str, text: str, **same: str) -> None:
    """Rows written as a table of `|`: the first line names the columns, `-` is nothing; `same` fills columns."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    names = [*lines[0], *same]
    for line in lines[1:]:
        values = [None if cell == "-" else cell for cell in line] + list(same.values())
        marks = ", ".join("?" for _ in values)
        con.execute(f"insert into {table} ({', '.join(names)}) values ({marks})", values)


def put_dimensions(con: duckdb.DuckDBPyConnection, authority: str, as_at: str) -> None:
    """What every example needs: the authority, sectors, one area, a calendar without bank holidays."""
    put(
        con, "marts.dim_authorities",
        "authority | authority_name | as_at | referrals_told_to | outcomes_told_to | grace_working_days | "
        "disclosure_hide_up_to | refresh_id\n"
        f"{authority} | {authority.title()} | {as_at} | {as_at} | {as_at} | 10 | 4 | night",
    )  # fmt: skip
    con.execute(
        f"""
        insert into marts.dim_sectors by name
        select
            '{authority}:' || member as sector_key, '{authority}' as authority, member as sector_code,
            label as sector_name, parent as sector_group_code, parent as sector_group_name, label as sector_line
        from reference.code_lists where list_name = 'sector'
        union all
        select '{authority}:unknown', '{authority}', 'unknown', 'Not recorded', 'unknown', 'Not recorded', 'Other';
        insert into marts.dim_areas by name
        select '{authority}:east' as area_key, '{authority}' as authority, 'east' as area_code, 'East' as area_name;
        insert into marts.dim_dates by name
        select
            cast(day as date) as date_on,
            sum(cast(isodow(day) < 6 as integer)) over (order by day) as working_day_number
        from (select unnest(generate_series(date '2017-01-01', date '2021-12-31', interval 1 day)) as day);
        """
    )


@pytest.fixture
def empty_warehouse() -> duckdb.DuckDBPyConnection:
    return warehouse()
