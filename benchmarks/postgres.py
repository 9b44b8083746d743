"""Rows per second into PostgreSQL, beside the floor: COPY of a ready CSV file into a bare table.

Run as `python -m benchmarks.postgres [--rows 1000000] [--rounds 3] [--programs DIR]` (--programs: the bin folder of
another PostgreSQL than the packaged one). Each round measures, in turn, one made-up fact of 14 columns:

    floor    the CSV lies on the disk already; COPY (FORMAT csv) into a table without keys, commit
    load     from the release's DuckDB file through Arrow to the server, into a table without keys, commit
    publish  the whole publication of a release with that fact: compare with the receipt, load, primary and foreign
             key, comments, statistics, rights, swap, commit

Wall seconds of this process and the server together; medians. Belongs here: the measurement. Does not belong here:
what is measured (publish/postgres*.py).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import psycopg

from publish import postgres, postgres_tables, releases, tables

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import postgres_server

FACT = """
    select
        'kent:liberi:' || i as contact_key, 'kent' as authority, 'liberi' as source_system, 'C' || i as contact_id,
        timestamp '2019-04-01' + to_minutes(i % 500000) as received_at,
        date '2019-04-01' + (i % 366)::integer as received_on,
        ['telephone', 'email', 'form', null][1 + i % 4] as channel, 'kent:s' || i % 900 as setting_key,
        'sector' || i % 7 as sector_key, i % 3 = 0 as threshold_met,
        case when i % 5 = 0 then null else (i % 97) / 96.0 end::double as match_probability,
        (i % 400)::integer as open_days,
        'late;"quoted", or both' as flags, '{refresh_id}' as refresh_id
    from range({rows}) as t (i)
"""


def make_release(home: Path, refresh_id: str, rows: int) -> Path:
    """A release with the fact, its dimension and a table for each other audience; dbt's manifest beside it."""
    building = releases.begin(home, refresh_id)
    small = f"select 'kent' as authority_key, '{refresh_id}' as refresh_id"
    held = {
        "reports": {"rpt_small": small},
        "marts": {"dim_authorities": small, "fct_contacts": FACT.format(rows=rows, refresh_id=refresh_id)},
        "casework": {"small": small},
    }
    facts: dict[str, dict[str, dict[str, object]]] = {}
    for audience, models in held.items():
        releases.make_folder(building / audience, group_reads=False)
        facts[audience] = {}
        with duckdb.connect(str(building / audience / f"lado_{audience}.duckdb")) as con:
            for name, query in models.items():
                con.execute(f"create table {name} as {query}")
                ((count,),) = con.execute(f"select count(*) from {name}").fetchall()
                facts[audience][name] = {"rows": count, "content_hash": tables.content_hash(con, name)}
    stated = {
        "refresh_id": refresh_id,
        "published_at": "2020-06-01T02:00:00Z",
        "as_at": {"kent": "2020-05-31"},
    }
    receipt = releases.seal(
        building, stated | {"code_version": "benchmark", "inputs": refresh_id, "tables": facts}
    )
    releases.release(home, building, receipt, keep=2)
    manifest = home / "manifest.json"
    nodes = [
        {
            "resource_type": "model",
            "unique_id": name,
            "schema": "marts",
            "name": name,
            "description": name,
            "columns": {},
        }
        for name in held["marts"]
    ]
    for table, column, rule, options, others in (
        ("dim_authorities", "authority_key", "unique", {}, []),
        ("fct_contacts", "contact_key", "unique", {}, []),
        ("fct_contacts", "authority", "relationships", {"field": "authority_key"}, ["dim_authorities"]),
    ):
        nodes.append(
            {
                "resource_type": "test",
                "unique_id": f"{rule}_{table}",
                "attached_node": table,
                "column_name": column,
            }
            | {"test_metadata": {"name": rule, "kwargs": options}, "depends_on": {"nodes": [*others, table]}}
        )
    manifest.write_text(json.dumps({"nodes": {n["unique_id"]: n for n in nodes}}), encoding="utf-8")
    return manifest


def floor(dsn: str, csv: Path, create: str) -> float:
    with psycopg.connect(dsn) as con, con.cursor() as cur:
        cur.execute("drop table if exists bare")
        cur.execute(create)
        con.commit()
        began = time.perf_counter()
        with csv.open("rb") as file, cur.copy("copy bare from stdin (format csv)") as copy:
            while block := file.read(1 << 20):
                copy.write(block)
        con.commit()
        return time.perf_counter() - began


def load(dsn: str, file: Path, shape: postgres_tables.Shape) -> float:
    with psycopg.connect(dsn) as con, con.cursor() as cur, duckdb.connect() as held:
        held.execute(f"attach {tables.sql_text(file)} as marts (read_only)")
        cur.execute("create schema lado_arriving_marts")
        began = time.perf_counter()
        cur.execute(postgres_tables.create(shape))
        postgres_tables.load(cur, held, shape)
        con.commit()
        seconds = time.perf_counter() - began
        cur.execute("drop schema lado_arriving_marts cascade")
    return seconds


def shapes_of(folder: Path) -> list[postgres_tables.Shape]:
    with duckdb.connect() as con:
        return postgres_tables.shapes(con, folder, releases.receipt_of(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--programs", type=Path)
    given = parser.parse_args()
    seconds: dict[str, list[float]] = {"floor": [], "load": [], "publish": []}
    with tempfile.TemporaryDirectory() as folder, postgres_server.running(given.programs) as server:
        home = Path(folder)
        dsn = server.dsn(server.new_database())
        manifest = make_release(home, "r0", given.rows)
        # By way of `current`: each round publishes anew, and only the last releases are kept.
        file = releases.published_folder(home) / "current" / "marts" / "lado_marts.duckdb"
        csv = home / "fact.csv"
        with duckdb.connect() as con:
            con.execute(f"attach {tables.sql_text(file)} as marts (read_only)")
            con.execute(f"copy marts.fct_contacts to {tables.sql_text(csv)} (format csv, header false)")
            (shape,) = (s for s in shapes_of(file.parents[1]) if s.name == "fct_contacts")
        with psycopg.connect(dsn) as con:
            create = (
                postgres_tables.create(shape)
                .as_string(con)
                .replace('"lado_arriving_marts"."fct_contacts"', "bare")
            )
        for n in range(given.rounds):
            seconds["floor"].append(floor(dsn, csv, create))
            seconds["load"].append(load(dsn, file, shape))
            make_release(home, f"r{n + 1}", given.rows)
            began = time.perf_counter()
            told = postgres.show_current(home, dsn, manifest)
            seconds["publish"].append(time.perf_counter() - began)
            assert told["rows"] == given.rows + 3
        with psycopg.connect(dsn) as con:
            ((size,),) = con.execute("select pg_total_relation_size('marts.fct_contacts')").fetchall()
        print(f"{given.rows} rows of {len(shape.columns)} columns, {csv.stat().st_size / 1e6:.0f} MB as CSV")
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        times = middle / statistics.median(seconds["floor"])
        print(f"{name:8} {middle:7.2f} s  {given.rows / middle:9.0f} rows/s  {times:5.2f} x floor")
    print(f"on the server, with its key: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
