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


def _answers(
    incoming: np.ndarray, node: np.ndarray, size: int, further: float
) -> tuple[np.ndarray, np.ndarray]:
    """What each end tells its pairs, and the weight of all its states together.

    A node with k links weighs 1 for k = 0 and further**(k-1) after that. Over the other pairs of the node, with
    A = prod(1 + further * odds), the states that include this pair weigh A and those without it 1 + (A - 1) / further.
    Sums of logs, so one pass over the pairs; a node of one pair answers exactly 1.
    """
    own = np.log1p(further * incoming)
    total = np.bincount(node, own, size)
    others = np.clip(total[node] - own, 0.0, 600.0)
    # expm1 keeps small sums exact; dividing both terms by A keeps large ones finite.
    shrunk = np.exp(-others)
    return 1.0 / (shrunk - np.expm1(-others) / further), total


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
    to_referral = np.ones_like(odds) if start is None else start.to_referral
    to_contact = np.ones_like(odds) if start is None else start.to_contact
    for _ in range(sweeps):
        said, _total = _answers(odds * to_referral, referral, referrals, further[0])
        to_contact = said ** (1 - damping) * to_contact**damping
        said, _total = _answers(odds * to_contact, contact, contacts, further[1])
        to_referral = said ** (1 - damping) * to_referral**damping
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
