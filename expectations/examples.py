"""The examples of check files: small tables as text, and whether a check tells the good from the bad ones.

Belongs here: reading an example table and running one check against it. Used when a check is written and by
the one test that proves all checks; a nightly run never needs it.

An example table is written as columns between bars, its first line the column names, `-` for nothing. Several tables
that look alike may be named before one text, with commas. Types follow the names (`_on` a date, `_at` a moment, `is_`
and `has_` yes or no, `_count`, `_days`, `_keys` and `rows_` whole numbers, `_percent`, `_probability`, numerator,
denominator and value numbers); `name:type` says another type.
"""

import re
from datetime import datetime

import duckdb

from expectations import gate, levels
from expectations.check import Check, CheckFileError

_TYPES = [
    (r".*_on|as_at|.*_from|.*_to|period_start|period_end|.*_first_day|.*_limit", "date"),
    (r".*_at", "timestamp"),
    (r"(is|has)_.*|passed|referral_requested|threshold_met", "boolean"),
    (r".*_(count|days|keys)|rows_.*|_?line", "bigint"),
    (r".*(percent|probability|rate)|numerator|denominator|value|(lower|upper)_90", "double"),
]


def sql_type(name: str) -> str:
    """The type of an example column, by the house's naming rules."""
    return next((kind for pattern, kind in _TYPES if re.fullmatch(pattern, name)), "varchar")


def read_table(text: str) -> tuple[list[tuple[str, str]], list[list[str | None]]]:
    """(columns as (name, type), rows) of an example table. Raises CheckFileError on a ragged one."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    columns = []
    for heading in lines[0]:
        name, _, kind = heading.partition(":")
        columns.append((name, kind or sql_type(name)))
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(columns):
            raise CheckFileError(f"line {number} has {len(line)} cells, the heading {len(columns)}")
    return columns, [[None if cell == "-" else cell for cell in line] for line in lines[1:]]


def build(con: duckdb.DuckDBPyConnection, tables: dict[str, str]) -> None:
    """Create the tables of an example world (`schema.table` -> text) in an empty database."""
    alike = [(name.strip(), text) for names, text in tables.items() for name in names.split(",")]
    for name, text in alike:
        columns, rows = read_table(text)
        if "." in name:
            con.execute(f"create schema if not exists {name.split('.')[0]}")
        definition = ", ".join(f'"{column}" {kind}' for column, kind in columns)
        con.execute(f"create or replace table {name} ({definition})")
        if rows:
            marks = "(" + ", ".join("?" for _ in columns) + ")"
            con.execute(
                f"insert into {name} values {', '.join([marks] * len(rows))}",
                [cell for row in rows for cell in row],
            )


def found_in(check: Check, tables: dict[str, str], tests: list[dict] | None = None) -> tuple[int, set[tuple]]:
    """(checked, failing keys) of a check in an example world. A key is (authority, record_id, column_name)."""
    with duckdb.connect() as con:
        con.execute("create schema arriving; create schema marts; create schema raw")
        gate.prepare(con)
        build(con, tables)
        levels.note_this_gate(con, "tonight", datetime(2020, 4, 2, 2, 0))  # noqa: DTZ001  UTC, as the gate passes it
        return gate.count_alone(con, check, tests or [])


def expected_of(check: Check) -> set[tuple]:
    """The keys that the failing example must give. Raises CheckFileError when the file names none."""
    columns, rows = read_table(check.examples["failing"])
    names = [name for name, _ in columns]
    if names[:2] != ["authority", "record_id"] or not rows:
        raise CheckFileError(f"{check.name}: examples/failing must list authority and record_id of each key")
    return {
        (row[0], row[1], row[names.index("column_name")] if "column_name" in names else None) for row in rows
    }
