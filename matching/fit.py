"""Learning an authority's parameters from its own records, without labels.

Expectation-maximisation under competition: score with what is believed, count what was seen in each class, believe
that together with the prior, and again. Reviewers' decisions enter as certain pairs. How sure the result is comes from
a Bayesian bootstrap over contacts. Keeping parameters belongs to parameters.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching import model
from matching.odds import Pairs, Scored, akin, late_shares, score
from matching.parameters import Parameters, prior, rate_prior

ITERATIONS = 30
BOOTSTRAP_DRAWS = 24
BOOTSTRAP_ITERATIONS = 6
RATE_STRENGTH = 20.0
AGAIN_STEPS = 8
"""Two matters of one setting overlap with one matter: the mixture settles slowly, and its steps cost little."""
STRAYED_FROM = 0.04
"""Share of matches at placebo lags, beyond that believed to come so late, from which a fit is not believed."""


def fit(pairs: Pairs) -> Parameters:
    """Parameters of one authority and the directions in which they may be wrong. The same pairs give the same result.

    An authority without contacts or candidates gets the prior.
    """
    p = prior()
    if not pairs.contacts or not len(pairs.contact):
        return p
    seen = learnt_from(pairs)
    p, scored = _climb(p, seen, np.ones(pairs.contacts), ITERATIONS, None)
    matched = score(p, pairs).outcome.pair
    most = STRAYED_FROM + float(p.lag[0][-1])
    if float(matched[pairs.placebo].sum()) > most * max(float(matched.sum()), 1.0):
        # Matches where none can be: the climb has taken chance for matches, and the prior is the better guess.
        p = prior()
        scored = score(p, seen)
    p.directions = _directions(p, seen, scored)
    return p


def learnt_from(pairs: Pairs) -> Pairs:
    """The pairs as they teach: at placebo lags none is a match, unless one side quotes the other or a person decided.

    A match is rare there and chance is not: what agrees by chance, taken for a match, would teach that chance matches.
    """
    quoted = (pairs.levels["reference"] == 0)[pairs.pattern]
    ruled_out = pairs.placebo & (pairs.decided == 0) & ~quoted
    return replace(pairs, decided=np.where(ruled_out, -1, pairs.decided))


def _climb(
    p: Parameters, pairs: Pairs, weight: np.ndarray, iterations: int, start: Scored | None
) -> tuple[Parameters, Scored]:
    scored = score(p, pairs, rounds=1 if start else 3, sweeps=4, weight=weight, start=start)
    for _ in range(iterations):
        p = learn(p, pairs, scored, weight)
        scored = score(p, pairs, rounds=1, sweeps=4, weight=weight, start=scored)
    return p, scored


def learn(p: Parameters, pairs: Pairs, scored: Scored, weight: np.ndarray) -> Parameters:
    """One step: the parameters that a scoring of pairs as they teach suggests, each held towards its prior.

    Other matters and unrelated pairs are learnt at placebo lags, where hardly any pair is a match, from referrals that
    answer no other contact.
    """
    believed = prior()
    of_pair = weight[pairs.contact]
    matched = scored.outcome.pair * of_pair
    unmatched = np.where(pairs.placebo, 1 - scored.outcome.referral[pairs.referral], 0.0) * of_pair
    unrelated = unmatched * (1 - scored.setting_share)
    one_sector = akin(pairs)[pairs.pattern]
    classes = (matched, unmatched * scored.setting_share, unrelated * ~one_sector, unrelated * one_sector)

    levels = {}
    patterns = len(next(iter(pairs.levels.values())))
    by_pattern = [np.bincount(pairs.pattern, one, patterns) for one in classes]
    placed = [np.bincount(pairs.pattern, np.where(pairs.way == 0, one, 0.0), patterns) for one in classes]
    for c in model.COMPARISONS:
        width = believed.levels[c.name].shape[1]
        level = pairs.levels[c.name]
        counted = placed if c.name == "place" else by_pattern
        seen = np.array([np.bincount(level, one, width + 1)[:width] for one in counted])
        if c.shared:
            # How one setting is written on two sides is learnt from matches, which lag, referrer and reference also
            # tell; other matters there follow. Left to itself, the class of other matters drifts to "same kind of
            # place", of which there are far more pairs.
            seen[1] = seen[0]
        if c.name == "sector":
            # What makes a pair akin cannot tell akin pairs from the other unrelated ones.
            seen[2:] = seen[2:].sum(axis=0)
        for row, of_class in enumerate(model.CLASSES):
            if of_class not in c.learnt:
                seen[row] = 0.0
        table = seen + c.strength * believed.levels[c.name]
        table /= table.sum(axis=1, keepdims=True)
        levels[c.name] = _held_apart(table, believed.levels[c.name]) if c.name == "place" else table

    requested = pairs.requested[pairs.contact]
    bins = len(model.LAG_PRIOR)
    lag = np.empty_like(p.lag)
    # Contacts without a request bring few referrals: their lags are held towards those of requested ones.
    held_to = believed.lag[0]
    for row, chosen in ((0, requested), (1, ~requested)):
        seen = np.bincount(pairs.lag_bin, np.where(chosen, matched, 0.0), bins) + model.LAG_STRENGTH * held_to
        # What agrees at placebo lags by chance must not teach that matches are found there: the early ones stay as
        # believed, the late ones follow from how the lags before them fall off.
        early = believed.lag[0][:1]
        inner = seen[1:-1] / seen[1:-1].sum() * (1 - early)
        last, _beyond = late_shares(inner)
        held_to = lag[row] = np.concatenate([early, inner * (1 - last), [last]])

    expected = np.empty(2)
    for row, chosen, (share, strength) in (
        (0, pairs.requested, model.REQUESTED_PRIOR),
        (1, ~pairs.requested, model.NOT_REQUESTED_PRIOR),
    ):
        came = float((scored.received * weight)[chosen].sum())
        could = float((scored.arrived * weight)[chosen].sum())
        expected[row] = (came + share * strength) / (could + strength)

    free = 1 - scored.outcome.referral[pairs.referral]
    rates = scored.rates + RATE_STRENGTH * rate_prior()
    return Parameters(
        np.clip(expected, 1e-4, 1 - 1e-4),
        lag,
        levels,
        rates / rates.sum(),
        _found(pairs, matched),
        _ways(pairs, matched),
        _bunching(pairs, free * scored.setting_share * of_pair, scored.at_setting, weight),
        _again(p, pairs, weight),
    )


def _held_apart(table: np.ndarray, believed: np.ndarray) -> np.ndarray:
    """Where another setting's name is written alike no more often than believed; shape (classes, levels).

    Where there are few settings, most pairs are of one, and the classes of other settings would learn to be that one.
    """
    table, exact = table.copy(), _exact_names(table.shape[1])
    for row in range(model.CLASSES.index("unrelated"), len(model.CLASSES)):
        share, most = table[row, exact].sum(), believed[row, exact].sum()
        if share > most:
            table[row, exact] *= most / share
            table[row, ~exact] *= (1 - most) / (1 - share)
    return table


def _exact_names(levels: int) -> np.ndarray:
    """Which of the levels of place are of names written alike; shape (levels,)."""
    return np.array([level.startswith("exact") for level in model.COMPARISONS[0].levels[:levels]])


def _bunching(pairs: Pairs, of_setting: np.ndarray, at_setting: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Other referrals a day from a contact's setting just before it, beyond the setting's own rate in that season."""
    first, last = model.BUNCHING_SEEN_AT
    days = (last - first + 1) * float(weight.sum())
    beyond = float(of_setting[pairs.just_before].sum()) - float(
        (at_setting * pairs.exposure_before * weight).sum()
    )
    share, strength = model.BUNCHING_PRIOR
    return np.array([max(beyond + share * strength, 1.0) / (days + strength)])


def _again(p: Parameters, pairs: Pairs, weight: np.ndarray) -> np.ndarray:
    """Share of matters that bring a second contact: a mixture, among couples of contacts, of one matter and two matters
    of one setting, with the probabilities of levels that pairs have taught.

    Contacts with a request only: their referrals are looked for, and what is graver may be told more often.
    Couples share the setting's name, so what is found among them is for those matters whose contacts write it alike.
    """
    logs = np.zeros(len(pairs.couples))
    for name in model.AGAIN_COMPARED:
        table = np.log(p.levels[name][0] / p.levels[name][1])
        levels = next(c.levels for c in model.COMPARISONS if c.name == name)
        logs += np.pad(table, (0, len(levels) - len(table)))[pairs.couple_levels[name]]
    of_couple = weight[pairs.couples]
    share, strength = model.AGAIN_PRIOR
    contacts, couples = float(weight[pairs.requested].sum()), max(float(of_couple.sum()), 1.0)
    alike = _named_alike(p)
    again, ratio = float(p.again[0]), np.exp(logs)
    for _ in range(AGAIN_STEPS):
        mixed = min(again / (1 + again) * contacts * alike / couples, 0.9)
        odds = ratio * mixed / (1 - mixed)
        seen = float((of_couple * odds / (1 + odds)).sum()) / alike
        again = (seen + share * strength) / (max(contacts - seen, 1.0) + strength)
        again = float(np.clip(again, 1e-3, 0.5))
    return np.array([again])


def _named_alike(p: Parameters) -> float:
    """Share of the records of one matter that write the setting's name alike."""
    matched = p.levels["place"][0]
    return float(matched[_exact_names(len(matched))].sum())


def _found(pairs: Pairs, matched: np.ndarray) -> np.ndarray:
    """Capture and recapture: of the matches that surnames and references find, how many do place keys find too?"""
    place_given = pairs.place_given[pairs.contact]
    surname_given = pairs.surname_given[pairs.contact]
    found = []
    for level, place in enumerate(("nothing", "one", "both")):
        share, strength = model.FOUND_PRIOR[place]
        pool = matched * (pairs.found_by_other & (place_given == level))
        found.append(_recaptured(pool, pairs.found_by_place, share, strength))
    share, strength = model.FOUND_PRIOR["other"]
    for given in (True, False):
        pool = matched * (pairs.found_by_place & (surname_given == given))
        found.append(_recaptured(pool, pairs.found_by_other, share if given else share / 3, strength))
    return np.clip(np.array(found), 1e-3, 1 - 1e-3)


def _ways(pairs: Pairs, matched: np.ndarray) -> np.ndarray:
    """Shares of the matches found by each way of seeking, for contacts that name no place and those that do."""
    of_row = np.minimum(pairs.place_given, 1)[pairs.contact]
    count = len(model.WAYS)
    seen = np.bincount(of_row * count + pairs.way, matched, 2 * count).reshape(2, count)
    seen += model.WAYS_STRENGTH * np.array(model.WAYS_PRIOR)
    return seen / seen.sum(axis=1, keepdims=True)


def _recaptured(pool: np.ndarray, again: np.ndarray, share: float, strength: float) -> float:
    return float(((pool * again).sum() + share * strength) / (pool.sum() + strength))


def _directions(p: Parameters, pairs: Pairs, scored: Scored) -> list[np.ndarray]:
    """The few joint moves of the parameters that explain how the probabilities differ between bootstrap draws.

    Each draw weighs contacts anew and climbs on from the fit. Moves are chosen by their effect on the probabilities of
    contacts, largest first, and are one standard deviation long.
    """
    rng = np.random.default_rng(20200401)
    middle = p.vector()
    moves, effects = [], []
    for _ in range(BOOTSTRAP_DRAWS):
        weight = rng.exponential(size=pairs.contacts)
        weight *= pairs.contacts / weight.sum()
        drawn, drawn_scored = _climb(p, pairs, weight, BOOTSTRAP_ITERATIONS, scored)
        moves.append(drawn.vector() - middle)
        effects.append(drawn_scored.received - scored.received)
    moves, effects = np.array(moves), np.array(effects)
    moves -= moves.mean(axis=0)
    effects -= effects.mean(axis=0)
    values, vectors = np.linalg.eigh(effects @ effects.T)
    largest = vectors[:, np.argsort(values)[::-1][: model.DIRECTIONS]]
    # The sign of an eigenvector is arbitrary: fix it, so that every machine keeps the same directions.
    largest = largest * np.where(largest.sum(axis=0) < 0, -1.0, 1.0)
    return [move / np.sqrt(BOOTSTRAP_DRAWS - 1) for move in (largest.T @ moves)]
