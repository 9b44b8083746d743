"""A reader as an analyst's tool is one: a process of its own that opens what is published, over and over.

Run as `python reader.py <published folder> <stop file>`; prints one JSON object: reads, failed reads, mixtures
within one resolved folder, and the refresh ids seen. Imports nothing of the project, as a reader's tool would not.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import duckdb

AUDIENCES = ("reports", "marts", "casework")


def ids_in(folder: Path) -> set[str]:
    """The refresh ids in every table below a release's folder, by DuckDB file and by Parquet."""
    found = set()
    for audience in AUDIENCES:
        tables = sorted(path.stem for path in (folder / audience).glob("*.parquet"))
        if not tables:
            raise FileNotFoundError(f"{audience} shows no table")
        with duckdb.connect(str(folder / audience / f"lado_{audience}.duckdb"), read_only=True) as con:
            for table in tables:
                found |= {i for (i,) in con.execute(f"select distinct refresh_id from {table}").fetchall()}
                parquet = str(folder / audience / f"{table}.parquet")
                found |= {
                    i
                    for (i,) in con.execute(
                        "select distinct refresh_id from read_parquet(?, hive_partitioning = false)",
                        [parquet],
                    ).fetchall()
                }
    return found


def main(published: Path, stop: Path) -> None:
    told = {"reads": 0, "failed": [], "mixed": [], "seen": set()}
    while not stop.exists():
        try:
            folder = Path(
                os.path.realpath(published / "current")
            )  # resolved once: the rule of docs/questions.md
            ids = ids_in(folder)
            if ids != {folder.name}:
                told["mixed"].append(sorted(ids))
            told["seen"] |= ids
            ids_in(published / "current")  # link by link: may mix releases, must not fail
        except Exception as error:  # noqa: BLE001 - any failed read, of whatever kind, is what is counted
            told["failed"].append(f"{type(error).__name__}: {error}")
        told["reads"] += 1
    print(json.dumps(told | {"seen": sorted(told["seen"])}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
