"""How time and memory of matching grow with the number of contacts: ours, and Splink beside it.

    python -m benchmarks.matching_scale 1 10 100        # authorities of Kent's size

Ours on an ordinary night, Splink with its own blocking, and Splink on the pairs that ours brings together, each way in
a process of its own on a copy of the same file: cpu seconds and the peak of memory are that process's. Does not belong
here: accuracy of the methods (matching.py).
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

import matching
from benchmarks import matching_stage, matching_worlds
from benchmarks.matching import FIRST_SEED, measure, with_splink
from matching import candidates, parameters, score

FITTED = 10
"""How many authorities are fitted where it is about size."""
SPLINK_UP_TO = 100
"""Authorities; with ten times as many Splink asks for more memory than most machines have."""


def scale(authorities: int, folder: Path) -> None:
    """Print time and memory for many authorities of Kent's size, each way in a process of its own on the same file."""
    made = folder / "made.duckdb"
    apart(_make, authorities, made)
    with_others = importlib.util.find_spec("splink") and authorities <= SPLINK_UP_TO
    ways = ("ours", "splink", "splink, our pairs") if with_others else ("ours",)
    for number, way in enumerate(ways):
        copy = folder / f"{number}.duckdb"
        shutil.copyfile(made, copy)
        apart(_timed, way, copy)
        copy.unlink()
    made.unlink()


def apart(work: Callable, *given: object) -> None:
    """Run a function in a new process, so that its peak of memory is its own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=given)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} ended with {process.exitcode}")


def _make(authorities: int, path: Path) -> None:
    with duckdb.connect(path, config={"threads": 1}) as con:
        matching_stage.stage(con, matching_worlds.world("middle", seed=FIRST_SEED, authorities=authorities))


def _timed(way: str, path: Path) -> None:
    steps: dict[str, tuple[tuple[str, Callable], ...]] = {
        "ours": (
            (f"fit {FITTED}", _fit_some),
            ("score", matching.score_pairs),
            ("decide", matching_stage.conclude),
        ),
        "splink": (("splink", with_splink),),
        "splink, our pairs": (("seek", _seek), ("splink", partial(with_splink, same_pairs=True))),
    }
    taken, told = {}, None
    with duckdb.connect(path, config={"threads": 1}) as con:
        con.execute("set enable_progress_bar = false")
        for name, step in (("prepare", matching_stage.prepare), *steps[way]):
            began = time.process_time()
            told = step(con) or told
            taken[name] = time.process_time() - began
        ((contacts,),) = con.execute("select count(*) from matching.int_matching_contacts").fetchall()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        f1 = (measure(con) if way == "ours" else told)["f1"]
        ((kept,),) = con.execute(
            f"select count(*) from {'matching.scored_pairs' if way == 'ours' else 'by_splink'}"
        ).fetchall()
        sought = f", {told['pairs_compared']} compared" if way == "ours" else ""
    print(f"{contacts:>9} contacts {way:18} {kept:>9} pairs kept{sought}  F1 {f1:.3f}  cpu s: "
          + ", ".join(f"{name} {seconds:.1f}" for name, seconds in taken.items()) + f"; peak {peak:.0f} MB",
          flush=True)  # fmt: skip


def _fit_some(con: duckdb.DuckDBPyConnection) -> None:
    """Fit some authorities, and let all others have the parameters of one of them: learning is on request only."""
    con.execute("create schema if not exists matching")
    parameters.create_table(con)
    rows = con.execute("select distinct authority from matching.int_matching_referrals order by 1").fetchall()
    for (authority,) in rows[:FITTED]:
        candidates.seek(con, authority, has_decisions=False)
        score.fit_authority(con, authority, score.read_pairs(con))
    con.executemany(
        "insert into matching.match_parameters select * replace (? as authority) from matching.match_parameters "
        "where authority = ?",
        [[authority, rows[0][0]] for (authority,) in rows[FITTED:]] or [["", ""]],
    )


def _seek(con: duckdb.DuckDBPyConnection) -> None:
    """Write table sought: for each referral the contacts that our keys bring it together with."""
    con.execute("create temp table met_pairs (referral_key varchar, contact_key varchar)")
    for (authority,) in con.execute(
        "select distinct authority from matching.int_matching_referrals"
    ).fetchall():
        candidates.seek(con, authority, has_decisions=False)
        con.execute("""
            insert into met_pairs select referral_key, contact_key from match_candidates
            inner join match_contacts using (contact_number) inner join match_referrals using (referral_number)
        """)
    con.execute("""
        create temp table sought as
        select referral_key, list(contact_key) as sought_with from met_pairs group by referral_key
    """)


def main() -> None:
    """Read the command line and print a line for each size and way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("authorities", nargs="+", type=int)
    with tempfile.TemporaryDirectory() as folder:
        for authorities in parser.parse_args().authorities:
            scale(authorities, Path(folder))


if __name__ == "__main__":
    main()
