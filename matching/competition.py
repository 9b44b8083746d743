"""Pairs compete: a referral answers few contacts and a contact has few referrals.

Belief propagation over the graph of candidate pairs. Here belongs only that arithmetic; where odds come from does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Outcome:
    """Probabilities after competition for each pair, contact and referral; and the messages, to start from again."""

    pair: np.ndarray
    contact: np.ndarray
    referral: np.ndarray
    to_referral: np.ndarray
    to_contact: np.ndarray


FAINT = 1e-4
"""Odds from which a pair competes. Four candidates of five are fainter: they hear what is said and say nothing."""


def _answer(others: np.ndarray, further: float) -> np.ndarray:
    """What an end tells a pair, from the sum of log(1 + further * odds) over its other pairs.

    An end with k links weighs 1 for k = 0 and further**(k-1) after that. With A = exp(others), the states that include
    the pair weigh A and those without it 1 + (A - 1) / further; an end of one pair answers exactly 1.
    """
    others = np.clip(others, 0.0, 600.0)
    # expm1 keeps small sums exact; dividing both terms by A keeps large ones finite.
    return 1.0 / (np.exp(-others) - np.expm1(-others) / further)


def _said(incoming: np.ndarray, node: np.ndarray, size: int, further: float) -> tuple[np.ndarray, np.ndarray]:
    """What each end tells each of its pairs, and what it tells a pair that says nothing itself; shape (size,)."""
    own = np.log1p(further * incoming)
    total = np.bincount(node, own, size)
    return _answer(total[node] - own, further), _answer(total, further)


def compete(
    odds: np.ndarray,
    contact: np.ndarray,
    referral: np.ndarray,
    contacts: int,
    referrals: int,
    further: tuple[float, float],
    start: Outcome | None = None,
    sweeps: int = 14,
    damping: float = 0.3,
) -> Outcome:
    """Probabilities of pairs after competition.

    odds: of each pair on its own, against its contact having no referral and its referral no contact; shape (pairs,).
    further: weight of each further contact on a referral, and of each further referral on a contact.
    contact, referral: index of each pair's ends; contacts, referrals: how many there are.
    """
    to_referral = np.ones_like(odds) if start is None else start.to_referral.copy()
    to_contact = np.ones_like(odds) if start is None else start.to_contact.copy()
    loud = odds > FAINT
    of, at, by = odds[loud], contact[loud], referral[loud]
    up, down = to_referral[loud], to_contact[loud]
    for _ in range(sweeps):
        said, by_all = _said(of * up, by, referrals, further[0])
        down = said ** (1 - damping) * down**damping
        said, at_all = _said(of * down, at, contacts, further[1])
        up = said ** (1 - damping) * up**damping
    to_referral[loud], to_contact[loud] = up, down
    to_contact[~loud], to_referral[~loud] = by_all[referral[~loud]], at_all[contact[~loud]]
    belief = odds * to_referral * to_contact
    pair = belief / (1.0 + belief)
    ends = []
    for incoming, node, size, each in (
        (odds * to_contact, contact, contacts, further[1]),
        (odds * to_referral, referral, referrals, further[0]),
    ):
        total = np.minimum(np.bincount(node, np.log1p(each * incoming), size), 600.0)
        some = np.expm1(total) / each
        ends.append(some / (1.0 + some))
    return Outcome(pair, ends[0], ends[1], to_referral, to_contact)
