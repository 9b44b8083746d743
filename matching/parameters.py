"""The parameters of one authority: their shape, their prior, and the small versioned table that keeps them.

No personal data: shares, rates and weights only. Learning them belongs to fit.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise

import duckdb
import numpy as np

from matching import model


@dataclass
class Parameters:
    """All that scoring needs to know of an authority.

    expected: share of contacts with a referral, [requested, not requested].
    lag: probability of each lag bin of a true pair, rows as in `expected`.
    levels: for each comparison, probability of each level in the classes of pair, rows as in model.CLASSES.
    rates: weight of each rate of model chance (RATES) among contacts.
    found: share of true pairs that keys find: [area and sector where no place is given, place keys by text or
        postcode alone, by both, surname or reference keys with a surname, without].
    ways: of the matches found, the shares of model.WAYS, rows [contact names no place, names one].
    bunching: other referrals a day beyond the local rate while one matter is fresh: trouble comes in bunches.
    again: share of matters that bring a second contact.
    directions: a few ways in which all the numbers above may be wrong together, each one standard deviation long.
    """

    expected: np.ndarray
    lag: np.ndarray
    levels: dict[str, np.ndarray]
    rates: np.ndarray
    found: np.ndarray
    ways: np.ndarray
    bunching: np.ndarray
    again: np.ndarray
    directions: list[np.ndarray] = field(default_factory=list)

    def vector(self) -> np.ndarray:
        """The numbers in one row on an unbounded scale, so that they can be averaged and moved along directions."""
        parts = [_logit(self.expected), np.log(self.lag).ravel()]
        parts += [np.log(self.levels[c.name]).ravel() for c in model.COMPARISONS]
        parts += [np.log(self.rates), _logit(self.found), np.log(self.ways).ravel()]
        parts += [np.log(self.bunching), _logit(self.again)]
        return np.concatenate(parts)

    def moved(self, step: np.ndarray) -> Parameters:
        """These parameters moved by a step of vector()'s shape; shares sum to one again."""
        rest = self.vector() + step

        def take(shape: tuple[int, ...]) -> np.ndarray:
            nonlocal rest
            size = int(np.prod(shape))
            part, rest = rest[:size].reshape(shape), rest[size:]
            return part

        expected = _expit(take(self.expected.shape))
        lag = _shares(take(self.lag.shape))
        levels = {c.name: _shares(take(self.levels[c.name].shape)) for c in model.COMPARISONS}
        rates, found = _shares(take(self.rates.shape)), _expit(take(self.found.shape))
        ways = _shares(take(self.ways.shape))
        bunching, again = np.exp(take((1,))), _expit(take((1,)))
        return Parameters(expected, lag, levels, rates, found, ways, bunching, again)


RATES = np.concatenate([[1e-5], np.geomspace(1 / 3000, 1.5, 26)])
"""Rates of chance that are considered: other referrals a day from one setting."""


def prior() -> Parameters:
    """What is believed before any data, from model.py."""
    lag = np.array(model.LAG_PRIOR) / sum(model.LAG_PRIOR)
    levels = {
        c.name: np.array([c.same_matter, c.same_setting, c.unrelated, c.akin or c.unrelated])
        for c in model.COMPARISONS
    }
    levels = {name: table / table.sum(axis=1, keepdims=True) for name, table in levels.items()}
    places = [model.FOUND_PRIOR[given][0] for given in ("nothing", "one", "both")]
    other = model.FOUND_PRIOR["other"][0]
    return Parameters(
        expected=np.array([model.REQUESTED_PRIOR[0], model.NOT_REQUESTED_PRIOR[0]]),
        lag=np.vstack([lag, lag]),
        levels=levels,
        rates=rate_prior(),
        found=np.array([*places, other, other / 2]),
        ways=np.array(model.WAYS_PRIOR),
        bunching=np.array([model.BUNCHING_PRIOR[0]]),
        again=np.array([model.AGAIN_PRIOR[0]]),
    )


def is_prior(p: Parameters) -> bool:
    """Whether nothing was learnt: too little is recorded, or what was learnt was not believed."""
    return np.array_equal(p.vector(), prior().vector())


def rate_prior() -> np.ndarray:
    """Quiet settings are many and busy ones few: weight falls with the root of the rate."""
    weights = RATES**-0.5
    weights[0] = weights[1] * 6
    return weights / weights.sum()


def _logit(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return np.log(share / (1 - share))


def _expit(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-value))


def _shares(logs: np.ndarray) -> np.ndarray:
    shares = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def create_table(con: duckdb.DuckDBPyConnection) -> None:
    """matching.match_parameters, grain: authority x parameter_version. Fits are added, never overwritten."""
    con.execute("""
        create table if not exists matching.match_parameters (
            authority varchar, parameter_version integer, model_version integer, fitted_to date,
            contact_count bigint, referral_count bigint, decision_count bigint, parameters varchar
        )
    """)


def latest_fits(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The number of the latest parameters by authority; empty before the first refresh.

    1 follows from the authority's own extracts. A higher number is somebody's wish, or that of a new model version.
    """
    if not con.execute(
        "select 1 from duckdb_tables() where schema_name = 'matching' and table_name = 'match_parameters'"
    ).fetchall():
        return {}
    rows = con.execute(
        "select authority, max(parameter_version) from matching.match_parameters group by all"
    ).fetchall()
    return dict(rows)


def load(con: duckdb.DuckDBPyConnection, authority: str) -> tuple[int, Parameters] | None:
    """The authority's latest parameters of this model version, or None when it was never fitted."""
    rows = con.execute(
        "select parameter_version, parameters from matching.match_parameters "
        "where authority = ? and model_version = ? order by parameter_version desc limit 1",
        [authority, model.MODEL_VERSION],
    ).fetchall()
    if not rows:
        return None
    kept = json.loads(rows[0][1])
    return rows[0][0], Parameters(
        expected=np.array(kept["expected"]),
        lag=np.array(kept["lag"]),
        levels={name: np.array(table) for name, table in kept["levels"].items()},
        rates=np.array(kept["rates"]),
        found=np.array(kept["found"]),
        ways=np.array(kept["ways"]),
        bunching=np.array(kept["bunching"]),
        again=np.array(kept["again"]),
        directions=[np.array(direction) for direction in kept["directions"]],
    )


def fitted_on(con: duckdb.DuckDBPyConnection, authority: str) -> int:
    """Contacts from which the authority's latest parameters were learnt."""
    rows = con.execute(
        "select arg_max(contact_count, parameter_version) from matching.match_parameters where authority = ?",
        [authority],
    ).fetchall()
    return int(rows[0][0] or 0)


def keep(
    con: duckdb.DuckDBPyConnection,
    authority: str,
    fitted: Parameters,
    fitted_to: object,
    counts: tuple[int, int, int],
) -> int:
    """Add a version and return its number. counts: contacts, referrals and decisions it was fitted on."""
    kept = {
        "expected": fitted.expected.tolist(),
        "lag": fitted.lag.tolist(),
        "levels": {name: table.tolist() for name, table in fitted.levels.items()},
        "rates": fitted.rates.tolist(),
        "found": fitted.found.tolist(),
        "ways": fitted.ways.tolist(),
        "bunching": fitted.bunching.tolist(),
        "again": fitted.again.tolist(),
        "directions": [direction.round(5).tolist() for direction in fitted.directions],
    }
    ((version,),) = con.execute(
        "select coalesce(max(parameter_version), 0) + 1 from matching.match_parameters where authority = ?",
        [authority],
    ).fetchall()
    con.execute(
        "insert into matching.match_parameters values (?, ?, ?, ?, ?, ?, ?, ?)",
        [authority, version, model.MODEL_VERSION, fitted_to, *counts, json.dumps(kept)],
    )
    return version


def lag_bands() -> tuple[str, ...]:
    """The lag bins in words, in their order: days from the contact to the referral, negative when it came before."""
    words = []
    for first, last in ((start, end - 1) for start, end in pairwise(model.LAG_STARTS)):
        days = "day" if abs(last) == 1 and first == last else "days"
        words.append(f"{first} {days}" if first == last else f"{first} to {last} {days}")
    return tuple(words)


def keep_weights(con: duckdb.DuckDBPyConnection, authority: str, version: int, p: Parameters) -> None:
    """Add what each level is worth to matching.match_weights, in bits: +1 doubles the odds, -1 halves them.

    Grain: authority x comparison x level. A column for each other explanation of a pair, because evidence of place
    tells settings apart but not two matters at one setting.
    """
    rows = []
    for c in model.COMPARISONS:
        table = p.levels[c.name]
        for number, level in enumerate(c.levels):
            said = number < table.shape[1]
            against = [
                float(np.log2(table[0, number] / table[other, number])) if said else 0.0
                for other in range(1, len(model.CLASSES))
            ]
            rows.append([c.name, level, *against])
    # Chance is even over the days of the window; its rate is local and belongs to the pair, not to the lag.
    even = np.diff(model.LAG_STARTS) / (model.LAG_STARTS[-1] - model.LAG_STARTS[0])
    for comparison, lag in zip(("lag", "lag_not_requested"), p.lag, strict=True):
        for band, worth in zip(lag_bands(), np.log2(lag / even).tolist(), strict=True):
            rows.append([comparison, band, worth, worth, worth])
    columns = [list(column) for column in zip(*rows, strict=True)]
    each = ", ".join("unnest(?)" for _ in columns)
    con.execute(f"insert into matching.match_weights select ?, ?, {each}", [authority, version, *columns])
