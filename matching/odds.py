"""From agreement to odds: what the comparisons of a pair say, against the local rate of chance.

Here belong one authority's candidate pairs as arrays and the arithmetic of one scoring. Learning belongs to fit.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching import model
from matching.competition import Outcome, compete
from matching.parameters import RATES, Parameters

BIN_DAYS = np.diff(np.array(model.LAG_STARTS))
_PARTS_OUT = np.linspace(0.0, 1.0, 5)
"""Parts of a referral that are taken out of a count exactly; between them the rate of chance is interpolated."""


@dataclass
class Pairs:
    """One authority's candidate pairs and the ends they join; arrays of shape (pairs,), (contacts,) or (referrals,).

    pattern: number of each pair's combination of levels; levels: the levels of each combination, shape (patterns,).
    decided: 1 confirmed, -1 rejected, 0 undecided. place_given: 0 nothing, 1 setting text or postcode, 2 both.
    way: number in model.WAYS of how each pair was sought. within: not brought from beyond the window by a reference or
        a decision.
    fresh, just_before: lags at which bunching is reckoned with, and at which it is seen.
    season: how busy the time of each pair's referral and the weekdays of its lag are, 1 the average.
    couples: the earlier contact of each two that may be about one matter, shape (couples,); couple_levels: how far they
        agree in model.AGAIN_COMPARED.
    exposure, exposure_before: days of the window, and of the lags at which bunching is seen, on which a referral could
        be seen, each as busy as its season. waited: days from the contact to the end of the data.
    """

    contact: np.ndarray
    referral: np.ndarray
    pattern: np.ndarray
    levels: dict[str, np.ndarray]
    lag_bin: np.ndarray
    within: np.ndarray
    placebo: np.ndarray
    fresh: np.ndarray
    just_before: np.ndarray
    found_by_place: np.ndarray
    found_by_other: np.ndarray
    decided: np.ndarray
    requested: np.ndarray
    place_given: np.ndarray
    surname_given: np.ndarray
    way: np.ndarray
    season: np.ndarray
    exposure: np.ndarray
    exposure_before: np.ndarray
    waited: np.ndarray
    couples: np.ndarray
    couple_levels: dict[str, np.ndarray]
    referrals: int

    @property
    def contacts(self) -> int:
        return len(self.requested)


@dataclass
class Scored:
    """One scoring: competition's outcome, and what the next step of learning needs.

    expected_odds: of each pair, that its way of seeking finds the contact's referral, against that it has none; before
        any evidence.
    chance: other referrals a day that each pair is to be weighed against next: of the same setting, unrelated; before
        season, bunching and ways of seeking. against: those that it was weighed against, after them.
    at_setting, rates: other referrals a day from each contact's setting, and how many contacts each of RATES has.
    """

    outcome: Outcome
    received: np.ndarray
    unfindable: np.ndarray
    setting_share: np.ndarray
    arrived: np.ndarray
    odds: np.ndarray
    chance: tuple[np.ndarray, np.ndarray]
    at_setting: np.ndarray
    rates: np.ndarray
    expected_odds: np.ndarray
    against: tuple[np.ndarray, np.ndarray]


def akin(pairs: Pairs) -> np.ndarray:
    """Combinations of levels in which an unrelated pair is akin; shape (patterns,)."""
    (sector,) = (c for c in model.COMPARISONS if c.name == "sector")
    return np.isin(pairs.levels["sector"], [sector.levels.index(level) for level in model.AKIN_SECTORS])


def class_weights(p: Parameters, pairs: Pairs, leave_out: str | None = None) -> np.ndarray:
    """Log probability of each pair's levels if it is of the same matter, of the same setting, or neither (unrelated or
    akin, whichever it can be); shape (3, pairs). Levels that say nothing add 0."""
    logs = np.zeros((3, len(next(iter(pairs.levels.values())))))
    one_sector = akin(pairs)
    for c in model.COMPARISONS:
        if c.name == leave_out:
            continue
        table = np.log(p.levels[c.name])
        table = np.pad(table, ((0, 0), (0, len(c.levels) - table.shape[1])))
        matter, setting, unrelated, of_akin = np.take(table, pairs.levels[c.name], axis=1)
        of_pattern = np.array([matter, setting, np.where(one_sector, of_akin, unrelated)])
        if c.name == "place":
            by_place = of_pattern
        else:
            logs += of_pattern
    # Pairs sought because a place is missing or misnamed: that it does not agree says nothing more.
    return np.take(logs, pairs.pattern, axis=1) + np.where(
        pairs.way == 0, np.take(by_place, pairs.pattern, axis=1), 0.0
    )


def way_shares(p: Parameters, pairs: Pairs) -> np.ndarray:
    """Of a contact's matches that some key finds, the share that each pair's way of seeking finds; shape (pairs,)."""
    return p.ways[np.minimum(pairs.place_given, 1)[pairs.contact], pairs.way]


def found_share(p: Parameters, pairs: Pairs) -> np.ndarray:
    """Share of a contact's true pairs that some key finds within the window, by what the contact has to match on.

    Keys of place and the other keys are taken to fail independently, as in the count of animals caught twice
    (Lincoln-Petersen).
    """
    by_place = p.found[pairs.place_given]
    by_other = np.where(pairs.surname_given, p.found[3], p.found[4])
    _within, late = late_shares(p.lag[0][1:-1])
    missed = (1 - by_place) * (1 - by_other)
    return (1 - missed) * (1 - late)


def late_shares(inner: np.ndarray) -> tuple[float, float]:
    """Shares of true pairs in the last bin and beyond the window, judged by the last bins before the placebo lags.

    inner: probabilities of the bins between the placebo lags. Waiting times of this kind fall off about as a power of
    the lag, fitted through the last two stretches, and ever more steeply: by one power more beyond the window.
    """
    starts = model.LAG_STARTS[1:-1]
    middle, end = starts.index(model.LATE_SEEN_FROM[0]), starts.index(model.LATE_SEEN_FROM[1])
    near = inner[middle:end].sum() / (starts[end] - starts[middle])
    far = inner[end:].sum() / (starts[-1] - starts[end])
    centre, edge = np.sqrt(starts[middle] * starts[end]), np.sqrt(starts[end] * starts[-1])
    power = float(np.clip(np.log(near / far) / np.log(edge / centre), *model.LATE_POWERS))
    first, last = model.LAG_STARTS[-2:]
    within = far * edge / (power - 1) * ((first / edge) ** (1 - power) - (last / edge) ** (1 - power))
    beyond = far * (last / edge) ** -power * last / power
    return float(min(within, model.LATE_MOST)), float(min(beyond, model.LATE_MOST))


def arrived_share(p: Parameters, pairs: Pairs) -> np.ndarray:
    """Share of a contact's referrals that would have arrived by the end of the data."""
    ends = np.array(model.LAG_STARTS[1:])
    by_end = np.hstack([np.zeros((2, 1)), np.cumsum(p.lag, axis=1)])
    edges = np.concatenate([[model.LAG_STARTS[0]], ends])
    after = pairs.waited + 1
    return np.where(pairs.requested, np.interp(after, edges, by_end[0]), np.interp(after, edges, by_end[1]))


def chance_rates(
    p: Parameters, pairs: Pairs, setting_share: np.ndarray, outcome: Outcome, weight: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """Other referrals a day that each pair is weighed against (from the contact's setting, unrelated; each of shape
    (pairs,)), those from each contact's setting, and the rates' weights.

    Counted at all lags of the window and shrunk towards the weights of the rates. A pair is weighed against what its
    contact's other pairs tell: that a referral is chance is one explanation of it, so it must not bear witness to how
    frequent chance is. And where it is chance, so is what else might have answered the contact: only referrals that
    answer other contacts are left out. Counted with itself, or without what its contact may have instead, a pair that
    is nearly believed would make chance rare or frequent as it needs it.
    """
    free = np.where(pairs.within, 1 - outcome.referral[pairs.referral], 0.0)
    settings, others = _counted(pairs, free, setting_share)
    exposed = max(float((pairs.exposure * weight).sum()), 1.0)
    typical = ((others * weight).sum(axis=1) + 0.5) / exposed
    posterior = _posterior(p, pairs, settings)

    # What a referral tells a contact: 1 if no other contact claims it, the weight of a repeat if another surely does.
    alone = np.where(pairs.within, outcome.to_contact, 0.0)
    settings, others = _counted(pairs, alone, setting_share)
    beside = _posterior(p, pairs, settings)
    # A referral less in the count divides each rate's likelihood by that rate.
    fewer = RATES[:, None] ** -_PARTS_OUT
    without = (beside @ (RATES[:, None] * fewer)) / (beside @ fewer)
    place = alone * setting_share * (len(_PARTS_OUT) - 1)
    before = np.minimum(place.astype(np.intp), len(_PARTS_OUT) - 2)
    part = place - before
    at_setting = without[pairs.contact, before] * (1 - part) + without[pairs.contact, before + 1] * part
    # A gamma belief worth 40 days round the typical rate: unrelated pairs come by words, which differ less.
    unrelated = others[pairs.way, pairs.contact] - alone * (1 - setting_share) + 40 * typical[pairs.way]
    unrelated /= pairs.exposure[pairs.contact] + 40
    return (at_setting, unrelated), posterior @ RATES, (posterior * weight[:, None]).sum(axis=0)


def _counted(pairs: Pairs, seen: np.ndarray, setting_share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Other referrals of each contact: from its setting, shape (contacts,), and unrelated by way, (ways, contacts)."""
    settings = np.bincount(pairs.contact, seen * setting_share, pairs.contacts)
    cells = pairs.way * pairs.contacts + pairs.contact
    others = np.bincount(cells, seen * (1 - setting_share), len(model.WAYS) * pairs.contacts)
    return settings, others.reshape(len(model.WAYS), pairs.contacts)


def _posterior(p: Parameters, pairs: Pairs, settings: np.ndarray) -> np.ndarray:
    """Probability of each of RATES for each contact from its setting's other referrals; shape (contacts, rates)."""
    log_likelihood = np.outer(settings, np.log(RATES)) - np.outer(pairs.exposure, RATES)
    posterior = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) * p.rates
    return posterior / posterior.sum(axis=1, keepdims=True)


def score(
    p: Parameters,
    pairs: Pairs,
    rounds: int = 4,
    sweeps: int = 4,
    weight: np.ndarray | None = None,
    start: Scored | None = None,
    leave_out: str | None = None,
) -> Scored:
    """Probabilities of every pair, contact and referral under given parameters.

    The local rates of chance depend on which referrals are taken, so rates and competition take turns `rounds` times.
    """
    weight = np.ones(pairs.contacts) if weight is None else weight
    logs = class_weights(p, pairs, leave_out)
    row = np.where(pairs.requested, 0, 1)
    arrived = arrived_share(p, pairs)
    found = found_share(p, pairs)
    expected = p.expected[row]
    blank = 1 - expected * found * arrived
    days = np.log(p.lag / BIN_DAYS)
    of_way = way_shares(p, pairs)
    expected_odds = (expected * found / blank)[pairs.contact] * of_way
    top = logs[0] + days[row[pairs.contact], pairs.lag_bin] + np.log(expected_odds)
    further = (model.FURTHER_WEIGHT * float(p.again[0]), model.FURTHER_WEIGHT * model.REFERRED_AGAIN)
    bunching = np.where(pairs.fresh, p.bunching[0], 0.0)
    setting, unrelated = np.exp(logs[1]), np.exp(logs[2])
    if start is None:
        chance = (np.full(len(pairs.contact), 0.01), np.full(len(pairs.contact), 0.02))
        outcome = None
    else:
        chance, outcome = start.chance, start.outcome
    for _ in range(rounds):
        # Another matter of the setting has its place written no better than this one: each way of seeking finds its
        # share of both. Unrelated pairs are counted for each way by itself.
        against = (
            (chance[0] * pairs.season + bunching) * of_way,
            chance[1] * pairs.season,
        )
        by_setting = against[0] * setting
        below = by_setting + against[1] * unrelated
        setting_share = by_setting / below
        odds = np.exp(np.clip(top - np.log(below), -40, 40))
        odds = np.where(pairs.decided > 0, 1e12, np.where(pairs.decided < 0, 0.0, odds))
        ends = (pairs.contact, pairs.referral, pairs.contacts, pairs.referrals)
        outcome = compete(odds, *ends, further, outcome, sweeps)
        chance, at_setting, rates = chance_rates(p, pairs, setting_share, outcome, weight)
    unfindable = (1 - outcome.contact) * expected * (1 - found) * arrived / blank
    return Scored(
        outcome=outcome,
        received=outcome.contact + unfindable,
        unfindable=unfindable,
        setting_share=setting_share,
        arrived=arrived,
        odds=odds,
        chance=chance,
        at_setting=at_setting,
        rates=rates,
        expected_odds=expected_odds,
        against=against,
    )
