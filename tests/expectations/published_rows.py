"""Published rows written by hand, as the attack reads them.

Belongs here: a relation with the columns of rpt_measures out of a few lines of text. Does not belong here: what an
outsider makes of it (test_attack.py).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
COLUMNS = """
authority varchar, period_kind varchar, period_start date, period_end date, as_at date, measure varchar, unit varchar,
dimension_1 varchar, member_1 varchar, dimension_2 varchar, member_2 varchar, numerator double, denominator double,
base varchar, value double, is_suppressed boolean
"""
YEAR = ("financial_year", dt.date(2019, 4, 1), dt.date(2020, 3, 31))


def warehouse() -> duckdb.DuckDBPyConnection:
    """The catalogue, the code lists, and an empty table `published`."""
    con = duckdb.connect()
    con.execute("create schema reference")
    for seed in ("measures", "code_lists"):
        con.execute(f"create table reference.{seed} as from read_csv('{(SEEDS / seed).as_posix()}.csv')")
    con.execute(f"create table published ({COLUMNS})")
    return con


def publish(con: duckdb.DuckDBPyConnection, lines: str, period=YEAR, as_at: str = "2020-06-30") -> None:
    """Rows written as `measure, dimension=member ..., numerator[/denominator of base]`; `c` hides the row.

    For example `referrals sector=primary 12`, `contacts_threshold_met sector_group=education c`,
    `closed_within_1_month 30/40 of cases_closed`.
    """
    for line in lines.strip().splitlines():
        figures, _, base = line.partition(" of ")
        measure, *members, number = figures.split()
        pairs = [tuple(one.split("=")) for one in members] + [("all", "all")] * (2 - len(members))
        numerator, _, denominator = number.partition("/")
        hidden = numerator == "c"
        values = [
            "smallshire", *period, as_at, measure, "percent" if base else "count", *pairs[0], *pairs[1],
            None if hidden else float(numerator), float(denominator) if denominator and not hidden else None,
            base or None, None, hidden,
        ]  # fmt: skip
        con.execute(f"insert into published values ({', '.join('?' * len(values))})", values)
