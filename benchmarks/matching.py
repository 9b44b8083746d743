"""Three ways to match contacts to referrals, on the same made-up data in one run: by hand, Splink as it comes, ours.

    python -m benchmarks.matching [--seeds 20] [--noise low middle high] [--with "settings=30,postcode_missing=1.0"]
    python -m benchmarks.matching --scale 1 10 100          # authorities of Kent's size

Every way gets the same prepared columns. Splink takes part when it is installed (pip install splink==5.0.0); it is
no dependency of the project. F1 and calibration are over contacts with a request: linked to a referral of their own
matter. cpu seconds are of the process, memory is its peak so far. Does not belong here: passing or failing.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import resource
import statistics
import time
from collections.abc import Callable

import duckdb
import numpy as np

import matching
from benchmarks import matching_stage, matching_worlds

GRACE_DAYS = 14
# As in int_measure_estimates: what no key finds, and what the model leaves out.
UNFINDABLE_SHARE, LEFT_OUT_SHARE = 0.25, 0.015


def judge(
    con: duckdb.DuckDBPyConnection, pairs: str, received: np.ndarray | None = None, spread: float = 0.0
) -> dict[str, float]:
    """Accuracy of a table of pairs (contact_key, referral_key, p), over contacts with a request.

    received: probability that each requested contact (by key) has a referral; without it the best pair's is taken.
    spread: variance of the count beyond that of independent chances.
    """
    rows = con.execute(f"""
        with ranked as (
            select *, row_number() over (partition by contact_key order by p desc, referral_key) as rank from {pairs}
        ),
        last as (select authority, max(as_at) as as_at from staging.stg_as_at group by authority)
        select coalesce(r.p, 0), t.contact_key is not null, exists (
                select 1 from truth.pairs as h where h.contact_key = c.contact_key), last.as_at - c.received_on
        from matching.int_matching_contacts as c
        inner join last on c.authority = last.authority
        left join ranked as r on c.contact_key = r.contact_key and r.rank = 1
        left join truth.pairs as t on c.contact_key = t.contact_key and r.referral_key = t.referral_key
        where c.is_requested order by c.contact_key
    """).fetchall()
    best, right, has, waited = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    received = best if received is None else received
    linked = best >= 0.5
    hits = float((linked & (right > 0)).sum())
    bins = np.minimum((best * 10).astype(int), 9)
    gaps = [abs(best[bins == b].sum() - right[bins == b].sum()) for b in range(10)]
    chased = (received < 0.5) & (waited > GRACE_DAYS)
    sd = float(np.sqrt((received * (1 - received)).sum() + spread))
    count, true = float(received.sum()), float(has.sum())
    return {
        "f1": 2 * hits / max(linked.sum() + true, 1),
        "calibration_error": sum(gaps) / len(best),
        "received": count,
        "true": true,
        "bias": count - true,
        "covered": float(abs(count - true) <= 1.645 * sd),
        "chase": 1 - float(has[chased].mean()) if chased.any() else float("nan"),
    }


def by_hand(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """The analyst's way: same normalised setting, referral within 28 days after the contact, mutual nearest."""
    con.execute("""
        create or replace temp table by_hand as
        with near as (
            select c.contact_key, r.referral_key, r.day_number - c.day_number as lag
            from matching.int_matching_contacts as c
            inner join matching.int_matching_referrals as r
                on c.authority = r.authority and c.setting_core = r.setting_core
            where c.is_requested and r.day_number - c.day_number between 0 and 28
        )
        select contact_key, referral_key, 1.0 as p from near
        qualify row_number() over (partition by contact_key order by lag, referral_key) = 1
            and row_number() over (partition by referral_key order by lag, contact_key) = 1
    """)
    return judge(con, "by_hand")


def with_splink(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Splink as its documentation shows it: two classes, stock comparisons, u by sampling, m by two EM runs."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    sides = []
    # A connection of its own: an unread result on a shared one makes it fail.
    own = duckdb.connect(config={"threads": 1})
    for side in ("contact", "referral"):
        rows = con.execute(f"""
            select {side}_key as unique_id, authority, setting_core, full_postcode as postcode, outcode,
                referrer_surname, sector, area, staff_role, concern_category, received_on
            from matching.int_matching_{side}s {"where is_requested" if side == "contact" else ""} order by 1
        """).df()
        own.register(f"{side}_rows", rows)
        own.execute(
            f"create table {side}_side as select * replace (received_on::date as received_on) from {side}_rows"
        )
    api = DuckDBAPI(connection=own)
    sides = [
        api.register(f"{side}_side", dataset_display_name=f"{side}_side") for side in ("contact", "referral")
    ]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        linker = Linker(
            sides,
            SettingsCreator(
                link_type="link_only",
                comparisons=[
                    cl.JaroWinklerAtThresholds("setting_core", [0.92, 0.84]).configure(term_frequency_adjustments=True),
                    cl.PostcodeComparison("postcode"),
                    cl.NameComparison("referrer_surname"),
                    cl.AbsoluteDateDifferenceAtThresholds(
                        "received_on", input_is_string=False, metrics=["day"] * 4, thresholds=[1, 7, 28, 90]
                    ),
                    *(cl.ExactMatch(name) for name in ("sector", "area", "staff_role", "concern_category")),
                ],
                blocking_rules_to_generate_predictions=[
                    block_on("authority", name) for name in ("setting_core", "postcode", "referrer_surname", "outcode")
                ],
                probability_two_random_records_match=0.55 / max(own.execute(
                    "select count(*) from contact_side").fetchall()[0][0], 1),
            ),
            log_level="ERROR",
        )  # fmt: skip
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for rule in (block_on("authority", "setting_core"), block_on("authority", "referrer_surname")):
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    flip = found["source_dataset_l"] == "referral_side"
    con.register("found", {
        "contact_key": np.where(flip, found["unique_id_r"], found["unique_id_l"]).astype(object),
        "referral_key": np.where(flip, found["unique_id_l"], found["unique_id_r"]).astype(object),
        "p": found["match_probability"].to_numpy(),
    })  # fmt: skip
    con.execute("create or replace temp table by_splink as select * from found")
    own.close()
    return judge(con, "by_splink")


def ours(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """This project's way, fitting included."""
    matching.score_pairs(con)
    return measure(con)


def measure(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Accuracy of what score_pairs left in the connection."""
    rows = con.execute("""
        select s.* exclude (contact_key, authority, parameter_version)
        from matching.scored_contacts as s inner join matching.int_matching_contacts as c using (contact_key)
        where c.is_requested order by s.contact_key
    """).fetchall()
    values = np.array(rows, dtype=float)
    received, unfindable, shifts = values[:, 0], values[:, 1], values[:, 2:]
    spread = float((shifts.sum(axis=0) ** 2).sum()) + (UNFINDABLE_SHARE * unfindable.sum()) ** 2
    spread += (LEFT_OUT_SHARE * received.sum()) ** 2
    con.execute("""create or replace temp table by_us as
        select contact_key, referral_key, match_probability as p from matching.scored_pairs""")
    return judge(con, "by_us", received, spread)


def ways() -> dict[str, Callable[[duckdb.DuckDBPyConnection], dict[str, float]]]:
    """The ways that can run here."""
    able = {"by hand": by_hand, "ours": ours}
    if importlib.util.find_spec("splink"):
        able["splink"] = with_splink
    return able


def compare(noise: str, seeds: int, changes: dict[str, float]) -> None:
    """Print one line for each way: means over the seeds."""
    told: dict[str, list[dict[str, float]]] = {name: [] for name in ways()}
    for seed in range(1, seeds + 1):
        with duckdb.connect(config={"threads": 1}) as con:
            matching_stage.stage(con, matching_worlds.world(noise, seed=seed, **changes))
            matching_stage.prepare(con)
            for name, way in ways().items():
                began = time.process_time()
                told[name].append(way(con) | {"cpu": time.process_time() - began})
    for name, runs in told.items():
        mean = {key: statistics.fmean(run[key] for run in runs) for key in runs[0]}
        print(f"{noise:7}{name:9}" + "".join(f" {mean[key]:>{width}.{places}f}" for key, width, places in COLUMNS),
              flush=True)  # fmt: skip


COLUMNS = (("f1", 6, 3), ("calibration_error", 6, 3), ("bias", 7, 1), ("true", 7, 1), ("covered", 8, 2),
           ("chase", 6, 2), ("cpu", 6, 2))  # fmt: skip


def scale(authorities: int) -> None:
    """Print time and memory for many authorities of Kent's size: parameters fitted, then a warm night."""
    with duckdb.connect(config={"threads": 1}) as con:
        began = time.process_time()
        matching_stage.stage(con, matching_worlds.world("middle", authorities=authorities))
        made = time.process_time() - began
        steps = {}
        for name, step in (
            ("prepare", lambda: matching_stage.prepare(con)),
            ("fit and score", lambda: matching.score_pairs(con)),
            ("score", lambda: matching.score_pairs(con)),
            ("decide", lambda: matching_stage.conclude(con)),
        ):
            began = time.process_time()
            step()
            steps[name] = time.process_time() - began
        ((contacts,),) = con.execute("select count(*) from matching.int_matching_contacts").fetchall()
        ((pairs,),) = con.execute("select count(*) from match_levels").fetchall()
        result = measure(con)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{contacts:>9} contacts, {pairs / contacts:.1f} pairs each, f1 {result['f1']:.3f}, making {made:.1f} s; "
          + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in steps.items()) + f"; peak {peak:.0f} MB",
          flush=True)  # fmt: skip


def main() -> None:
    """Read the command line and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--noise", nargs="+", default=["low", "middle", "high"])
    parser.add_argument(
        "--with", dest="changes", default="", help="behaviour of the worlds, e.g. settings=30,quoted=0"
    )
    parser.add_argument("--scale", nargs="+", type=int, help="numbers of authorities of Kent's size")
    asked = parser.parse_args()
    if asked.scale:
        for authorities in asked.scale:
            scale(authorities)
        return
    changes = {}
    for change in filter(None, asked.changes.split(",")):
        name, value = change.split("=")
        changes[name] = float(value) if "." in value else int(value)
    print(f"{'':16}" + "".join(f" {key[:width]:>{width}}" for key, width, _places in COLUMNS))
    for noise in asked.noise:
        compare(noise, asked.seeds, changes)


if __name__ == "__main__":
    main()
