"""Twenty readers of the server, as reports and analysts are: connections that read over and over.

Run as `python postgres_readers.py <dsn> <stop file> <readers>`; prints one JSON object: reads, failed reads, mixtures,
refresh ids seen, the longest read in seconds. Imports nothing of the project.

Each reader takes turns: one statement over tables of all schemas; a transaction of several statements, at the
default isolation and at repeatable read. Within either there may be one refresh id.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import psycopg

TABLES = (
    "reports.rpt_measures",
    "marts.fct_referrals",
    "casework.open_cases",
    "marts.fct_measures",
    "reports.receipt",
)
ONE_STATEMENT = " union ".join(f"select refresh_id from {table}" for table in TABLES)
ISOLATION = (None, psycopg.IsolationLevel.READ_COMMITTED, psycopg.IsolationLevel.REPEATABLE_READ)


class Reader(threading.Thread):
    def __init__(self, dsn: str, stop: Path, number: int):
        super().__init__()
        self.dsn, self.stop, self.number = dsn, stop, number
        self.reads, self.failed, self.mixed, self.seen, self.longest = 0, [], [], set(), 0.0

    def run(self) -> None:
        with psycopg.connect(self.dsn, application_name="reader") as con:
            while not self.stop.exists():
                began = time.perf_counter()
                try:
                    ids = self.read(con, self.reads % 3)
                except psycopg.Error as error:
                    self.failed.append(f"{type(error).__name__}: {error}")
                    con.rollback()
                    continue
                self.longest = max(self.longest, time.perf_counter() - began)
                self.reads += 1
                self.seen |= ids
                if len(ids) != 1:
                    self.mixed.append(sorted(ids))
                time.sleep(0.01)

    def read(self, con: psycopg.Connection, turn: int) -> set[str]:
        if turn == 0:
            ids = {i for (i,) in con.execute(ONE_STATEMENT).fetchall()}
            con.commit()
            return ids
        con.isolation_level = ISOLATION[turn]
        ids = set()
        with con.transaction():
            for n in range(len(TABLES)):  # each reader begins with another table
                table = TABLES[(n + self.number) % len(TABLES)]
                ids |= {i for (i,) in con.execute(f"select distinct refresh_id from {table}").fetchall()}
        con.isolation_level = None
        return ids


def main(dsn: str, stop: Path, count: int) -> None:
    readers = [Reader(dsn, stop, n) for n in range(count)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    told = {
        "reads": [r.reads for r in readers],
        "failed": [f for r in readers for f in r.failed],
        "mixed": [m for r in readers for m in r.mixed],
        "seen": sorted({i for r in readers for i in r.seen}),
        "longest": max(r.longest for r in readers),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
