"""Totals of months, quarters and years: which may be shown so that no small period follows from the others.

Belongs here: one count of one authority over time. Does not belong here: breakdowns (suppression.py).

A count up to a day is a sum that never falls; a period is the difference of two days. What is shown ties days
together, and two days that are tied tell what lies between them. The bounds of every difference are shortest paths
over the days (difference constraints; Cormen et al., Introduction to Algorithms, chapter 24.4), exact for whole
numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

NEARLY = 1e-9


@dataclass(frozen=True)
class Period:
    """One period of a count: days [start, end).

    amounts: what was counted, and what is left of each base of its percentages, in one order for all periods; None
    where there is no such base. is_small: for each amount, whether it must stay hidden. at_most: how many an outsider
    may expect at most. rank: smaller ones are shown first. is_hidden: hidden anyway. is_known: for each amount, whether
    the last release told it.
    """

    cell: int
    start: dt.date
    end: dt.date
    amounts: tuple[float | None, ...]
    is_small: tuple[bool, ...]
    at_most: float
    rank: tuple
    is_hidden: bool
    is_known: tuple[bool, ...]


class Timeline:
    """The days of one count, and the bounds that what is shown leaves between any two of them.

    A period that is shown ties its days in every layer: the count, and what is left of each base.
    """

    def __init__(self, periods: list[Period], width: float) -> None:
        self.days = {d: n for n, d in enumerate(sorted({d for p in periods for d in (p.start, p.end)}))}
        # most[a, b]: the count to day b less the count to day a, at most.
        nothing_known = np.full((len(self.days), len(self.days)), np.inf)
        nothing_known[np.tril_indices(len(self.days))] = 0
        self.layers = [nothing_known.copy() for _ in periods[0].amounts]
        for p in periods:
            a, b = self.days[p.start], self.days[p.end]
            _bound(self.layers[0], b, a, -min(1.0, p.amounts[0]))
            is_shown_nought = p.amounts[0] == 0 and not p.is_hidden and not any(p.is_small)
            for layer, amount, is_known in zip(self.layers, p.amounts, p.is_known, strict=True):
                if amount is not None:
                    _bound(layer, a, b, p.at_most)
                    if is_known or is_shown_nought:
                        _equal(layer, a, b, amount)
        self.ends = [self._ends(p for p in periods if p.is_small[n]) for n in range(len(self.layers))]
        # Another count of the same year may be hidden though it is not small: it must stay hidden too.
        self.ends[0] = self._ends(p for p in periods if p.is_small[0] or p.is_hidden)
        self.needed = [np.minimum(width, w) for w in self._widths(self.layers)]
        self.hidden = {p.cell for p in periods if p.is_hidden or any(p.is_small)}
        for p in sorted(periods, key=lambda p: (p.amounts[0] > 0, p.rank)):
            if not (p.cell in self.hidden or self.show(p.start, p.end, *p.amounts)):
                self.hidden.add(p.cell)

    def hides(self) -> bool:
        """Whether any period must stay hidden at all."""
        return any(len(needed) for needed in self.needed)

    def show(self, start: dt.date, end: dt.date, *amounts: float | None) -> bool:
        """Tie two days, unless a small period would then be known too well; whether it was done."""
        if not self.hides():
            return True
        a, b = self.days[start], self.days[end]
        tied = [layer.copy() for layer in self.layers]
        for layer, amount in zip(tied, amounts, strict=False):
            if amount is not None:
                _equal(layer, a, b, amount)
        widths = self._widths(tied)
        if any((w < n - NEARLY).any() for w, n in zip(widths, self.needed, strict=True)):
            return False
        self.layers = tied
        return True

    def _ends(self, periods: Iterable[Period]) -> tuple[list[int], list[int]]:
        pairs = [(self.days[p.start], self.days[p.end]) for p in periods]
        return [a for a, _ in pairs], [b for _, b in pairs]

    def _widths(self, layers: list[np.ndarray]) -> list[np.ndarray]:
        return [m[ends] + m[ends[::-1]] for m, ends in zip(layers, self.ends, strict=True)]


def _equal(most: np.ndarray, a: int, b: int, amount: float) -> None:
    """Take in that the count from day a to day b is so much."""
    _bound(most, a, b, amount)
    _bound(most, b, a, -amount)


def _bound(most: np.ndarray, a: int, b: int, at_most: float) -> None:
    """Take in that the count from day a to day b is at most so much."""
    if at_most < most[a, b]:
        np.minimum(most, most[:, a, None] + at_most + most[None, b, :], out=most)
