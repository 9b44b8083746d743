"""What is hidden beside small counts leaves each of them enough room, by an independent linear program.

Belongs here: small tables with their totals, held against scipy's linear programs. Does not belong here: what the
cells of published measures are (test_disclosure.py).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from publish import suppression

HIDE_UP_TO = 5
WIDTH = HIDE_UP_TO - 1


def drawn(seed: int) -> suppression.Table:
    """A table of 3 to 7 rows and columns, about half of its counts noughts."""
    draw = np.random.default_rng(seed)
    counts = draw.integers(1, 12, size=draw.integers(3, 8, size=2))
    return table_of(counts * (draw.random(counts.shape) < 0.5))


def table_of(inner: np.ndarray) -> suppression.Table:
    """A table of rows by columns, with the totals of both and the total of all; only inner counts are small."""
    rows, columns = inner.shape
    number = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    amounts = np.zeros_like(number, dtype=float)
    amounts[:rows, :columns] = inner
    amounts[rows, :], amounts[:, columns] = amounts.sum(axis=0), amounts.sum(axis=1)
    amounts[rows, columns] = inner.sum()
    costs = np.ones_like(amounts)
    costs[rows, :], costs[:, columns] = 4.0, 4.0
    sums = [[(int(n[-1]), 1.0), *((int(part), -1.0) for part in n[:-1])] for n in (*number, *number.T)]
    flat = amounts.ravel()
    return suppression.Table(
        amounts=flat,
        least=np.minimum(flat, 1.0),
        costs=costs.ravel(),
        sums=sums,
        by_rule=len(sums),
        rests=set(),
        small={int(n) for n in number[:rows, :columns].ravel() if 0 < flat[n] <= HIDE_UP_TO},
    )


def room(table: suppression.Table, hidden: set[int], cell: int) -> float:
    """How far apart an outsider's least and most for a cell are, who knows that a hidden count is 1 or more."""
    sums = np.zeros((len(table.sums), len(table.amounts)))
    for row, one in enumerate(table.sums):
        for place, sign in one:
            sums[row, place] += sign
    bounds = [(1, 1e5) if n in hidden else (x, x) for n, x in enumerate(table.amounts)]
    goal = np.arange(len(table.amounts)) == cell
    ends = [linprog(s * goal, A_eq=sums, b_eq=np.zeros(len(sums)), bounds=bounds).fun * s for s in (1, -1)]
    return ends[1] - ends[0]


@pytest.mark.parametrize("seed", range(30))
def test_every_small_count_has_room(seed: int) -> None:
    table = drawn(seed)
    hidden: set[int] = set()
    suppression.hide(table, hidden, set(table.small), WIDTH)
    suppression.protect(table, hidden, WIDTH)
    assert table.small <= hidden
    assert all(table.amounts[cell] > 0 for cell in hidden), "a nought is shown"
    for cell in table.small:
        assert room(table, hidden, cell) >= WIDTH - 1e-6


def test_rules_alone_would_leave_a_count_open() -> None:
    """Two in every row and column are hidden, and yet a sum of sums gives one away: that is what the proof is for."""
    left = 0
    for seed in range(12):
        table = drawn(seed)
        hidden: set[int] = set()
        suppression.hide(table, hidden, set(table.small), WIDTH)
        left += sum(room(table, hidden, cell) < WIDTH - 1e-6 for cell in table.small)
    assert left > 0
