"""A small warehouse that has been refreshed and judged: what publication needs to see, and nothing of the real models.

Belongs here: stand-in tables for the tests of publish/. Does not belong here: anything the pipeline reads.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import duckdb
import pytest

PUBLISHED_AT = dt.datetime(2020, 6, 1, 2, 15, tzinfo=dt.UTC)


# As dbt's YAML would describe the stand-in tables: description, key, columns, references.
DESCRIBED = {
    "marts.dim_authorities": (
        "One row for each authority.",
        ["authority_key"],
        {"authority_key": "The slug"},
        {},
    ),
    "marts.fct_referrals": (
        "One row for each referral;\nit's the grain.\n",
        ["referral_key"],
        {"referral_key": "The referral", "received_on": "Day the LADO received it", "note": ""},
        {"authority": ("dim_authorities", "authority_key")},
    ),
    "marts.fct_measures": ("One row for each measure", ["authority", "measure"], {"value": "Per cent"}, {}),
    "reports.rpt_measures": (
        "One row for each measure",
        ["authority", "measure"],
        {"value": 'Per "cent"'},
        {},
    ),
    "reports.rpt_demand": ("One row for each authority", [], {"contact_count": "Contacts"}, {}),
    "casework.open_cases": ("One row for each open case", ["referral_key"], {}, {}),
}


def manifest_of(warehouse: Path) -> Path:
    """Where `make_warehouse` leaves what dbt would have left of the stand-in tables."""
    return warehouse.with_name("manifest.json")


def make_manifest() -> dict:
    """A manifest.json in dbt's form, with as much in it as publication reads."""
    nodes = []
    for place, (description, key, columns, references) in DESCRIBED.items():
        schema, table = place.split(".")
        model = f"model.lado.{table}"
        told = {name: {"name": name, "description": words} for name, words in columns.items()}
        nodes.append(
            {"resource_type": "model", "unique_id": model, "schema": schema, "name": table}
            | {"description": description, "columns": told}
        )
        rules: list[tuple[str, str | None, dict, list[str]]] = []
        if len(key) == 1:
            rules.append(("unique", key[0], {}, []))
        elif key:
            rules.append(("unique_together", None, {"columns": key}, []))
        rules += [("not_null", name, {}, []) for name in key]
        for name, (other, field) in references.items():
            rules.append(
                ("relationships", name, {"to": f"ref('{other}')", "field": field}, [f"model.lado.{other}"])
            )
        for rule, column, options, others in rules:
            nodes.append(
                {
                    "resource_type": "test",
                    "unique_id": f"test.lado.{rule}_{table}_{column}",
                    "schema": "tests",
                }
                | {"name": rule, "attached_node": model, "column_name": column}
                | {
                    "test_metadata": {"name": rule, "kwargs": options},
                    "depends_on": {"nodes": [*others, model]},
                }
            )
    return {"nodes": {node["unique_id"]: node for node in nodes}}


def make_warehouse(path: Path) -> None:
    """Schemas, views, the tables of the gate, dbt's manifest; `refresh` fills them."""
    manifest_of(path).write_text(json.dumps(make_manifest()), encoding="utf-8")
    with duckdb.connect(str(path)) as con:
        for schema in ("raw", "quality", "marts", "reports", "casework"):
            con.execute(f"create schema {schema}")
        con.execute(
            """
            create table raw.this_refresh (
                refresh_id varchar, as_at_limit date, started_at timestamp, code_version varchar
            );
            create table raw.load_log (
                authority varchar, feed varchar, source_system varchar, extract_on date, file_name varchar,
                content_hash varchar, outcome varchar
            );
            insert into raw.load_log values
                ('kent', 'referrals', 'liberi', '2020-05-30', 'r.csv', 'aaa', 'accepted'),
                ('kent', 'referrals', 'liberi', '2020-05-31', 'r.csv', 'bbb', 'accepted_with_quarantine'),
                ('kent', 'contacts', 'liberi', '2020-05-31', 'c.csv', 'ccc', 'refused');
            create table quality.verdicts (
                refresh_id varchar, gate varchar, passed boolean, marts_fingerprint varchar,
                stopping_checks varchar[], judged_at timestamp
            );
            """
        )


def refresh(path: Path, refresh_id: str, *, value: float = 66.0, passed: bool = True) -> None:
    """Build every table anew as refresh `refresh_id` and have it judged. `value` is the one measure's value."""
    with duckdb.connect(str(path)) as con:
        con.execute("delete from raw.this_refresh")
        con.execute(
            "insert into raw.this_refresh values (?, null, '2020-06-01 02:00:00', 'v1')", [refresh_id]
        )
        con.execute(
            f"""
            create or replace table marts.dim_authorities as
            select
                'kent' as authority_key, 'kent' as authority, date '2020-05-31' as as_at,
                '{refresh_id}' as refresh_id;

            create or replace table marts.fct_referrals as
            select
                'kent:' || i as referral_key, 'kent' as authority, date '2020-01-01' + i::integer as received_on,
                i % 2 = 0 as is_closed, ['a', 'b'] as flags, i::hugeint as open_days,
                case when i = 3 then null else 'it''s ' || i end as note, '{refresh_id}' as refresh_id
            from range(50) as t (i);

            create or replace table marts.fct_measures as
            select
                'kent' as authority, 'financial_year' as period_kind, date '2019-04-01' as period_start,
                'requested_referrals_received' as measure, 'all' as dimension_1, 'all' as member_1,
                'all' as dimension_2, 'all' as member_2, {value}::double as value, '{refresh_id}' as refresh_id;

            create or replace view reports.rpt_measures as
            select
                *, date '2020-03-31' as period_end, date '2020-05-31' as as_at, 'percent' as unit,
                value as numerator, 100.0::double as denominator, 'referrals_requested' as base, false as is_suppressed
            from marts.fct_measures;

            create or replace table reports.rpt_demand as
            select 'kent' as authority, 2521 as contact_count, '{refresh_id}' as refresh_id;

            create or replace table casework.open_cases as
            select referral_key, refresh_id from marts.fct_referrals where not is_closed;

            create or replace view quality.marts_fingerprint as
            select md5(string_agg(part, ';' order by part)) as fingerprint from (
                select (count(*), sum(hash(r)))::varchar as part from marts.fct_referrals as r
                union all
                select (count(*), sum(hash(m)))::varchar from marts.fct_measures as m
            );
            """
        )
    judge_again(path, refresh_id, passed=passed)


def judge_again(path: Path, refresh_id: str, *, passed: bool = True) -> None:
    """Give a verdict for the marts as they are now, instead of the one given before."""
    with duckdb.connect(str(path)) as con:
        con.execute("delete from quality.verdicts where refresh_id = ?", [refresh_id])
        con.execute(
            "insert into quality.verdicts select ?, 'publication', ?, fingerprint, ?, "
            "timestamp '2020-06-01 02:10:00' + to_seconds((select count(*) from quality.verdicts)) "
            "from quality.marts_fingerprint",
            [refresh_id, passed, [] if passed else ["stock_adds_up"]],
        )


def publish(warehouse: Path, home: Path, refresh_id: str, minute: int = 0, keep: int = 5) -> dict:
    """Publish from a process-like state: own connection, closed again."""
    from publish import files

    with duckdb.connect(str(warehouse)) as con:
        return files.publish_files(
            con,
            home,
            refresh_id,
            f"inputs of {refresh_id}",
            PUBLISHED_AT + dt.timedelta(minutes=minute),
            manifest_of(warehouse),
            keep,
        )


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by relative path, byte for byte."""
    folder = Path(os.path.realpath(folder))
    return {
        f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()
    }


def change(warehouse: Path, sql: str) -> None:
    """Do something to the warehouse behind the pipeline's back."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute(sql)


def refused(warehouse: Path, home: Path, refresh_id: str, error: type[Exception], words: str) -> None:
    """Assert that publishing raises `error` saying `words`, and what was published before is byte for byte in place."""
    before = snapshot(home / "published" / "current")
    with pytest.raises(error, match=words):
        publish(warehouse, home, refresh_id, minute=9)
    assert snapshot(home / "published" / "current") == before
    assert not [f for f in (home / "published").iterdir() if f.name.startswith(".")]
