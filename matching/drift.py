"""Do an authority's kept parameters still fit its records?

Here belongs the measure only; fitting again is somebody's decision (score_pairs with refit), never the night's.
"""

from __future__ import annotations

import duckdb
import numpy as np

from matching import model
from matching.fit import learn, learnt_from
from matching.odds import Pairs, Scored, score
from matching.parameters import Parameters, is_prior

DRIFTED_FROM = 0.12
"""A share that moved by this much no longer fits. Made-up years of one unchanging Kent differ by up to about 0.08."""


TRIED_AGAIN_FROM = 1.5
"""Times as many contacts as taught nothing, from which learning is worth another try."""


def create_table(con: duckdb.DuckDBPyConnection) -> None:
    """matching.match_drift, grain: authority; what one more step of learning would move, as shares between 0 and 1."""
    con.execute("""
        create or replace table matching.match_drift (
            authority varchar, parameter_version integer, requested_received_fitted double,
            requested_received_now double, lag_distance double, level_distance double, widest_comparison varchar,
            drift double, is_drifted boolean
        )
    """)


def measure(p: Parameters, pairs: Pairs, scored: Scored, fitted_on: int) -> dict[str, float | str]:
    """How far one step of learning on tonight's records moves the parameters.

    scored: the night's scoring, from which one of the pairs as they teach begins. fitted_on: contacts from which the
    parameters were learnt. Distances between distributions are halves of summed differences: 0 the same, 1 nothing in
    common. Where so many contacts taught nothing and what is believed of all authorities stayed, about as many would
    teach nothing again, and nothing has drifted.
    """
    untaught = is_prior(p) and pairs.contacts < TRIED_AGAIN_FROM * fitted_on
    if not len(pairs.contact) or untaught:
        return {"now": float(p.expected[0]), "lag": 0.0, "level": 0.0, "widest": "none", "drift": 0.0}
    seen = learnt_from(pairs)
    now = learn(p, seen, score(p, seen, rounds=1, start=scored), np.ones(pairs.contacts))
    lag = float(np.abs(now.lag[0] - p.lag[0]).sum() / 2)
    levels = {
        c.name: float(np.abs(now.levels[c.name][0] - p.levels[c.name][0]).sum() / 2)
        for c in model.COMPARISONS
    }
    widest = max(levels, key=lambda name: (levels[name], name))
    moved = abs(float(now.expected[0] - p.expected[0]))
    return {
        "now": float(now.expected[0]),
        "lag": lag,
        "level": levels[widest],
        "widest": widest,
        "drift": max(lag, levels[widest], moved),
    }


def keep(
    con: duckdb.DuckDBPyConnection, authority: str, version: int, p: Parameters, told: dict[str, float | str]
) -> bool:
    """Write one authority's row; True when its parameters no longer fit."""
    drifted = told["drift"] >= DRIFTED_FROM
    measured = [told[name] for name in ("now", "lag", "level", "widest", "drift")]
    con.execute(
        "insert into matching.match_drift values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [authority, version, float(p.expected[0]), *measured, drifted],
    )
    return bool(drifted)
