"""The night's work: read the comparable records, score every candidate pair, write what SQL decides on.

Here belong the order of the steps and the tables written. Parameters are fitted when an authority has none, or when
somebody asks; never silently at night.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import duckdb
import numpy as np

from matching import candidates, drift, fit, model, parameters
from matching.odds import Pairs, Scored, score

KEPT_FROM = 0.01
"""Pairs below this probability are not kept, unless one side quotes the other or a reviewer decided on them."""

_SAME_REFERRER = [model.PARTS["caller"]["referrer"].index(level) for level in ("same", "same_sought")]
"""Levels at which the referrer's surname would have found the pair, or has found it."""


def score_pairs(con: duckdb.DuckDBPyConnection, refit: Iterable[str] = ()) -> dict[str, int | float | str]:
    """Write matching.scored_pairs, matching.scored_contacts and matching.scored_referrals from the comparable tables.

    refit: authorities to fit afresh on their own data; others use their latest kept parameters.
    Grain: scored_pairs contact x referral (candidates only), the other two one row a record of every authority.
    Also written: matching.match_weights (what each level is worth, for a waterfall of any pair), matching.match_drift.
    Returns counts and the authorities fitted, drifted and untaught (nothing was learnt: what is believed of all stays),
    for run metadata. The same tables give the same result.
    """
    refit = set(refit)
    con.execute("create schema if not exists matching")
    parameters.create_table(con)
    drift.create_table(con)
    _empty_tables(con)
    has_decisions = _exists(con, "int_matching_decisions")
    rows = con.execute("select distinct authority from matching.int_matching_referrals order by 1").fetchall()
    authorities = [authority for (authority,) in rows]
    fitted, drifted, untaught, compared, kept = [], [], [], 0, 0
    for authority in authorities:
        known = None if authority in refit else parameters.load(con, authority)
        candidates.seek(con, authority, has_decisions)
        pairs = read_pairs(con)
        compared += len(pairs.contact)
        if known is None:
            fit_authority(con, authority, pairs)
            known = parameters.load(con, authority)
            fitted.append(authority)
        version, settled = known
        if parameters.is_prior(settled):
            untaught.append(authority)
        scored = score(settled, pairs)
        kept += _write(con, authority, version, settled, pairs, scored)
        measured = drift.measure(settled, pairs, scored, parameters.fitted_on(con, authority))
        if drift.keep(con, authority, version, settled, measured):
            drifted.append(authority)
    return {
        "authorities": len(authorities),
        "pairs_compared": compared,
        "pairs_kept": kept,
        "fitted": ", ".join(fitted) or "none",
        "drifted": ", ".join(drifted) or "none",
        "untaught": ", ".join(untaught) or "none",
    }


def fit_authority(con: duckdb.DuckDBPyConnection, authority: str, pairs: Pairs) -> int:
    """Fit the parameters of one authority without labels and keep them as its next version, which is returned."""
    ((fitted_to,),) = con.execute(
        "select max(received_on) from matching.int_matching_referrals where authority = ?", [authority]
    ).fetchall()
    counts = (pairs.contacts, pairs.referrals, int((pairs.decided != 0).sum()))
    return parameters.keep(con, authority, fit.fit(pairs), fitted_to, counts)


def read_pairs(con: duckdb.DuckDBPyConnection) -> Pairs:
    """One authority's candidates as arrays, from the temporary tables of candidates.seek."""
    ends = con.execute(
        """
        select is_requested, day_number, referrer_surname is not null as surname_given,
            (setting_core is not null)::tinyint + (outcode is not null)::tinyint as place_given
        from match_contacts order by contact_number
        """
    ).fetchnumpy()
    came = con.execute("select day_number from match_referrals").fetchnumpy()["day_number"]
    came = np.asarray(came, dtype=np.int64)
    first, last = int(came.min()), int(came.max())
    names = [c.name for c in model.COMPARISONS]
    rows = con.execute(
        f"""
        select contact_number, referral_number, lag_days, lag_bin, found_by_place, way,
            case decision when 'confirm' then 1 when 'reject' then -1 else 0 end as decided, referrer,
            {", ".join(names)}
        from match_levels order by contact_number, referral_number
        """
    ).fetchnumpy()
    couples = con.execute(
        f"select contact_number, {', '.join(model.AGAIN_COMPARED)} from match_couples order by all"
    ).fetchnumpy()
    day = np.asarray(ends["day_number"], dtype=np.int64)
    last = max(last, int(day.max())) if len(day) else last
    window_first, window_last = model.WINDOW_DAYS
    season = season_of(came, first, last)
    until = np.concatenate([[0.0], np.cumsum(season)])

    def exposed(lags: tuple[int, int]) -> np.ndarray:
        begun, ended = (np.clip(day + lag - first, 0, len(season)) for lag in (lags[0], lags[1] + 1))
        return until[ended] - until[begun]

    lag = np.asarray(rows["lag_days"], dtype=np.int64)
    lag_bin = np.asarray(rows["lag_bin"])
    contact = np.asarray(rows["contact_number"], dtype=np.int64)
    pattern, levels = _patterns({name: np.asarray(rows[name]) for name in names})
    return Pairs(
        contact=contact,
        referral=np.asarray(rows["referral_number"], dtype=np.int64),
        pattern=pattern,
        levels=levels,
        lag_bin=lag_bin,
        within=_within(lag, model.WINDOW_DAYS),
        placebo=_within(lag, (window_first, model.PLACEBO_BEFORE))
        | _within(lag, (model.PLACEBO_AFTER, window_last)),
        fresh=_within(lag, model.BUNCHING_LAGS),
        just_before=_within(lag, model.BUNCHING_SEEN_AT),
        found_by_place=np.asarray(rows["found_by_place"]),
        found_by_other=np.isin(rows["referrer"], _SAME_REFERRER) | (np.asarray(rows["reference"]) == 0),
        decided=np.asarray(rows["decided"]),
        requested=np.asarray(ends["is_requested"]),
        place_given=np.asarray(ends["place_given"]),
        surname_given=np.asarray(ends["surname_given"]),
        way=np.asarray(rows["way"], dtype=np.intp),
        season=season[np.clip(day[contact] + lag - first, 0, len(season) - 1)]
        * weekdays_of(day, came)[lag_bin],
        exposure=exposed(model.WINDOW_DAYS),
        exposure_before=exposed(model.BUNCHING_SEEN_AT),
        waited=last - day,
        couples=np.asarray(couples["contact_number"], dtype=np.int64),
        couple_levels={name: np.asarray(couples[name], dtype=np.intp) for name in model.AGAIN_COMPARED},
        referrals=len(came),
    )


def weekdays_of(contact_day: np.ndarray, referral_day: np.ndarray) -> np.ndarray:
    """How often chance brings a referral in each lag bin because of the days of the week, 1 the average.

    Both sides are written on working days: by chance, too, a referral comes on the day of the contact more often than
    four days later.
    """
    contacts = np.bincount(contact_day % 7, minlength=7) / max(len(contact_day), 1)
    referrals = np.bincount(referral_day % 7, minlength=7) + model.WEEK_STRENGTH / 7
    referrals *= 7 / referrals.sum()
    of_lag = np.array([contacts @ np.roll(referrals, -lag) for lag in range(7)])
    return np.array([of_lag[np.arange(*ends) % 7].mean() for ends in pairwise(model.LAG_STARTS)])


def _patterns(levels: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Each pair's combination of levels as one number, and the levels of each combination: far fewer than pairs."""
    code = np.zeros(len(next(iter(levels.values()))), dtype=np.int64)
    for c in model.COMPARISONS:
        code = code * len(c.levels) + levels[c.name]
    _codes, first, pattern = np.unique(code, return_index=True, return_inverse=True)
    return pattern, {name: one[first].astype(np.intp) for name, one in levels.items()}


def _within(lag: np.ndarray, ends: tuple[int, int]) -> np.ndarray:
    return (lag >= ends[0]) & (lag <= ends[1])


def _write(
    con: duckdb.DuckDBPyConnection,
    authority: str,
    version: int,
    p: parameters.Parameters,
    pairs: Pairs,
    scored: Scored,
) -> int:
    """Insert one authority's scores and what each level is worth there; return how many pairs were kept."""
    parameters.keep_weights(con, authority, version, p)
    without = score(p, pairs, rounds=1, sweeps=10, start=scored, leave_out="reference")
    shifts = [score(p.moved(step), pairs, rounds=1, start=scored) for step in p.directions]
    keep = (
        (scored.outcome.pair >= KEPT_FROM)
        | (pairs.levels["reference"] == 0)[pairs.pattern]
        | (pairs.decided != 0)
    )
    kept_pairs = {
        "contact_number": pairs.contact[keep],
        "referral_number": pairs.referral[keep],
        "match_probability": scored.outcome.pair[keep],
        "probability_without_reference": without.outcome.pair[keep],
        "expected_odds": scored.expected_odds[keep],
        "same_setting_rate": scored.against[0][keep],
        "unrelated_rate": scored.against[1][keep],
    }
    con.register("match_kept_pairs", kept_pairs)
    labels = ", ".join(
        f"{_labels(levels)}[l.{name} + 1] as {name}_agreement" for name, levels in _shown().items()
    )
    bands = _labels(parameters.lag_bands())
    con.execute(
        f"""
        insert into matching.scored_pairs by name
        select c.contact_key, r.referral_key, c.authority, k.match_probability, k.probability_without_reference,
            k.expected_odds, k.same_setting_rate, k.unrelated_rate,
            l.lag_days, {bands}[l.lag_bin + 1] as lag_band,
            {labels},
            {_labels(tuple(model.WAYS))}[l.way + 1] as sought_by
        from match_kept_pairs as k
        inner join match_levels as l
            on k.contact_number = l.contact_number and k.referral_number = l.referral_number
        inner join match_contacts as c on k.contact_number = c.contact_number
        inner join match_referrals as r on k.referral_number = r.referral_number
        order by c.contact_key, r.referral_key
        """
    )
    for side, size in (("contact", pairs.contacts), ("referral", pairs.referrals)):
        ends = {f"{side}_number": np.arange(size), **_end_columns(side, scored, shifts)}
        con.register("match_ends", ends)
        con.execute(
            f"""
            insert into matching.scored_{side}s by name
            select e.{side}_key, e.authority, {version} as parameter_version, s.* exclude ({side}_number)
            from match_ends as s
            inner join match_{side}s as e on s.{side}_number = e.{side}_number
            order by e.{side}_key
            """
        )
        con.unregister("match_ends")
    con.unregister("match_kept_pairs")
    return int(keep.sum())


def _end_columns(side: str, scored: Scored, shifts: list[Scored]) -> dict[str, np.ndarray]:
    """Columns of scored_contacts or scored_referrals. parameter_shift_k: change when parameters move in direction k."""

    def of(one: Scored) -> np.ndarray:
        return one.received if side == "contact" else one.outcome.referral + _unfindable_referrals(one)

    columns = {"match_probability" if side == "contact" else "contact_probability": of(scored)}
    columns["unfindable_probability"] = (
        scored.unfindable if side == "contact" else _unfindable_referrals(scored)
    )
    for number in range(model.DIRECTIONS):
        moved = of(shifts[number]) - of(scored) if number < len(shifts) else np.zeros(len(of(scored)))
        columns[f"parameter_shift_{number + 1}"] = moved
    return columns


def _unfindable_referrals(scored: Scored) -> np.ndarray:
    """Referrals that no key finds, spread over referrals by how free they are: each side has as many as the other."""
    free = 1 - scored.outcome.referral
    return free * min(float(scored.unfindable.sum()) / max(float(free.sum()), 1e-9), 1.0)


def _shown() -> dict[str, tuple[str, ...]]:
    """What is compared with its levels, as it is shown: what is judged together apart."""
    return {
        name: levels
        for c in model.COMPARISONS
        for name, levels in model.PARTS.get(c.name, {c.name: c.levels}).items()
    }


def season_of(day: np.ndarray, first: int, last: int) -> np.ndarray:
    """How busy the time round each day from first to last is, 1 the average; shape (last - first + 1,).

    day: of each referral, none before first or after last.
    """
    came = np.bincount(day - first, minlength=last - first + 1).astype(float)
    near = np.ones(2 * model.SEASON_DAYS + 1)
    middle = slice(model.SEASON_DAYS, -model.SEASON_DAYS)
    counted = np.convolve(came, near)[middle]
    usual = np.convolve(np.full(len(came), came.mean()), near)[middle]
    return np.maximum((counted + model.SEASON_STRENGTH) / (usual + model.SEASON_STRENGTH), 0.1)


def _labels(levels: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{level}'" for level in levels) + "]"


def _empty_tables(con: duckdb.DuckDBPyConnection) -> None:
    shifts = ", ".join(f"parameter_shift_{number + 1} double" for number in range(model.DIRECTIONS))
    agreements = ", ".join(f"{name}_agreement varchar" for name in _shown())
    con.execute(f"""
        create or replace table matching.scored_pairs (
            contact_key varchar, referral_key varchar, authority varchar, match_probability double,
            probability_without_reference double, expected_odds double, same_setting_rate double,
            unrelated_rate double, lag_days bigint, lag_band varchar, {agreements}, sought_by varchar
        );
        create or replace table matching.scored_contacts (
            contact_key varchar, authority varchar, parameter_version integer, match_probability double,
            unfindable_probability double, {shifts}
        );
        create or replace table matching.scored_referrals (
            referral_key varchar, authority varchar, parameter_version integer, contact_probability double,
            unfindable_probability double, {shifts}
        );
        create or replace table matching.match_weights (
            authority varchar, parameter_version integer, comparison varchar, level varchar,
            against_same_setting double, against_unrelated double, against_akin double
        )
    """)


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(
        con.execute(
            "select 1 from information_schema.tables where table_schema = 'matching' and table_name = ?",
            [table],
        ).fetchall()
    )
