"""Which counts are hidden beside the small ones, so that no small one can be worked out.

Belongs here: the choice of cells by sums and by linear programs over the true amounts. Does not belong here: what
the cells are (cells.py), which totals of months and quarters to try (periods.py).

First by rule: a sum gives a hidden part away unless another is hidden with it, and enough in it. Then by proof: a
small count is safe when another table with the same sums, and the same figures in everything shown, has it `width`
apart. Where none is found, the cheapest cells that make room are hidden too (the linear program of Fischetti and
Salazar, Management Science 47, 2001, without its whole numbers).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

NEARLY = 1e-6
AT_MOST = 1e6
ROUNDS = 40
WORTH_A_ROUND = 3


@dataclass
class Table:
    """Cells by number, and the sums between them.

    amounts: what was counted. least: what an outsider knows a hidden cell to be at least. costs: how dear it is to
    hide each one; nothing for those that no row shows. sums: lists of (cell, coefficient) that are 0 together, the
    first `by_rule` of them looked at by rule, all of them by proof. rests: what is left of a percentage's base; it
    cannot be shown or hidden by itself, but with its part or base. small: cells to protect.
    """

    amounts: np.ndarray
    least: np.ndarray
    costs: np.ndarray
    sums: list[list[tuple[int, float]]]
    by_rule: int
    rests: set[int]
    small: set[int]

    def __post_init__(self) -> None:
        lengths = [len(one) for one in self.sums]
        terms = np.array([term for one in self.sums for term in one], dtype=float).reshape(-1, 2)
        rows = np.repeat(np.arange(len(self.sums)), lengths)
        shape = (len(self.sums), len(self.amounts))
        self.matrix = sparse.csc_array((terms[:, 1], (rows, terms[:, 0].astype(int))), shape=shape)
        # A nought is shown. Only what no row shows may be a nought that nobody knows of.
        self.can_move = (self.amounts > 0) | (self.costs == 0)
        self.sums_of = defaultdict(list)
        for number, one in enumerate(self.sums[: self.by_rule]):
            for cell, _ in one:
                self.sums_of[cell].append(number)


# --- By rule ------------------------------------------------------------------------------------------------------


def hide(table: Table, hidden: set[int], more: set[int], width: float) -> None:
    """Hide these cells, and whatever a sum asks for then: `hidden` grows."""
    new = sorted(more - hidden)
    while new:
        hidden.update(new)
        touched = sorted({number for cell in new for number in table.sums_of[cell]})
        new = []
        for number in touched:
            terms = table.sums[number]
            new += [cell for cell, _ in terms if cell in table.rests and cell not in hidden]
            hidden.update(new)
            while (cell := _given_away(table, hidden, terms, width)) is not None:
                hidden.add(cell)
                new.append(cell)


def _given_away(table: Table, hidden: set[int], terms: list[tuple[int, float]], width: float) -> int | None:
    """The next cell to hide in this sum; None when what is hidden in it does not follow from the rest."""
    moving = [(cell, sign) for cell, sign in terms if table.can_move[cell]]
    inside = [(cell, sign) for cell, sign in moving if cell in hidden]
    if not inside:
        return None
    if len(inside) > 1:
        room = sum(table.amounts[cell] - table.least[cell] for cell, _ in inside)
        if len({sign for _, sign in inside}) > 1 or room >= width - NEARLY:
            return None
    open_ = [cell for cell, _ in moving if cell not in hidden and cell not in table.rests]
    return min(open_, key=lambda cell: (table.costs[cell], table.amounts[cell], cell)) if open_ else None


# --- By proof -----------------------------------------------------------------------------------------------------


def protect(table: Table, hidden: set[int], width: float) -> None:
    """Hide what else is needed to keep `width` between the bounds of each small cell: `hidden` grows."""
    links = (table.matrix.T != 0).astype(np.int8) @ (table.matrix != 0).astype(np.int8)
    moves = Moves(np.zeros(len(table.amounts)), np.zeros(len(table.amounts)))
    small = np.array(sorted(table.small), dtype=int)
    _try_tables(table, hidden, small, moves, width)
    for cell in small:
        # What is hidden later only makes more room: a table found once serves for good, and all cells that it moves.
        if moves.reach(cell) < width - NEARLY:
            hide(table, hidden, _room(table, hidden, int(cell), links, moves, width), width)


@dataclass
class Moves:
    """How far down and up other tables were found to have each cell."""

    least: np.ndarray
    most: np.ndarray

    def take_in(self, cells: np.ndarray, moved: np.ndarray) -> None:
        """A table in which these cells are moved so far, and no others."""
        self.least[cells] = np.minimum(self.least[cells], moved)
        self.most[cells] = np.maximum(self.most[cells], moved)

    def reach(self, cells: np.ndarray | int) -> np.ndarray | float:
        return self.most[cells] - self.least[cells]


def _try_tables(table: Table, hidden: set[int], small: np.ndarray, moves: Moves, width: float) -> None:
    """Look for other tables that fit: each one tried serves all cells at once."""
    unknown = np.array(sorted(hidden | set(np.flatnonzero(table.costs == 0).tolist())), dtype=int)
    matrix = _without_empty_rows(table.matrix[:, unknown])
    low, high = _limits(table, unknown)
    draw = np.random.default_rng(1)
    proved = len(small)
    for turn in range(ROUNDS):
        open_ = small[moves.reach(small) < width - NEARLY]
        # A program for one cell is cheaper than one for all: a round must prove more than a few.
        if not len(open_) or (turn > 3 and proved < WORTH_A_ROUND):
            break
        goal = np.zeros(len(unknown))
        goal[np.searchsorted(unknown, open_)] = (
            draw.choice([-1.0, 1.0], len(open_)) if turn > 1 else (-1.0, 1.0)[turn]
        )
        moves.take_in(unknown, _solve(goal, matrix, low, high))
        proved = len(open_) - np.count_nonzero(moves.reach(small) < width - NEARLY)


def _limits(table: Table, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far down and up each of these cells may move."""
    down = np.where(table.can_move[cells], table.least[cells] - table.amounts[cells], 0.0)
    return down, np.where(table.can_move[cells], AT_MOST, 0.0)


def _room(
    table: Table, hidden: set[int], cell: int, links: sparse.csr_array, moves: Moves, width: float
) -> set[int]:
    """The cheapest cells that, hidden too, let this one be `width` more than it is; none when it can be already.

    Looked for near by first, in the sums that the cell is in and the sums that these touch: a small program finds
    nearly always what one of all cells would find.
    """
    free = table.costs == 0
    free[sorted(hidden)] = True
    near = sparse.csr_array(([True], ([0], [cell])), shape=(1, len(table.amounts)))
    # Mostly there is room already, among the hidden cells: a small program tells.
    among_hidden = near
    for _ in range(6):
        among_hidden = _next_to(among_hidden, links, free)
    _stretch(table, cell, np.sort(among_hidden.indices), moves)
    if moves.reach(cell) >= width - NEARLY:
        return set()
    everything = np.ones(len(free), dtype=bool)
    while True:
        wider = _next_to(_next_to(near, links, everything), links, everything)
        keep = np.sort(wider.indices)
        moved = _cheapest_move(table, free, cell, keep, width)
        if moved is not None:
            moves.take_in(keep, moved)
            return set(keep[(np.abs(moved) > NEARLY) & ~free[keep]].tolist())
        if wider.nnz == near.nnz:
            # All cells that hang together in the same proportion are always a solution.
            raise AssertionError("no room for a cell: the sums do not hold for the amounts")
        near = wider


def _stretch(table: Table, cell: int, keep: np.ndarray, moves: Moves) -> None:
    """Move this cell as far down and up as it goes, all cells but those in `keep` as they are."""
    matrix = _without_empty_rows(table.matrix[:, keep])
    goal = (keep == cell).astype(float)
    for sign in (1.0, -1.0):
        moves.take_in(keep, _solve(sign * goal, matrix, *_limits(table, keep)))


def _next_to(cells: sparse.csr_array, links: sparse.csr_array, among: np.ndarray) -> sparse.csr_array:
    """These cells and those that share a sum with one of them, of the cells looked among."""
    found = ((cells @ links) != 0).toarray()[0] & among
    return sparse.csr_array(found[None, :])


def _cheapest_move(
    table: Table, free: np.ndarray, cell: int, keep: np.ndarray, width: float
) -> np.ndarray | None:
    """Moves of the cells in `keep`, this one by `width` or more, that need the least hidden; None when none fits."""
    matrix = _without_empty_rows(table.matrix[:, keep])
    costs = np.where(free[keep], 1e-4, table.costs[keep] + 1e-3)
    down, up = _limits(table, keep)
    least_up = np.zeros(len(keep))
    own = int(np.searchsorted(keep, cell))
    least_up[own], down[own] = width, 0.0
    moved = _solve(
        np.concatenate([costs, costs]),
        sparse.hstack([matrix, -matrix], format="csr"),
        np.concatenate([least_up, np.zeros(len(keep))]),
        np.concatenate([up, -down]),
    )
    return None if moved is None else moved[: len(keep)] - moved[len(keep) :]


def _without_empty_rows(matrix: sparse.csc_array) -> sparse.csr_array:
    matrix = matrix.tocsr()
    return matrix[np.diff(matrix.indptr) > 0]


def _solve(
    goal: np.ndarray, matrix: sparse.csr_array, low: np.ndarray, high: np.ndarray
) -> np.ndarray | None:
    """The least of goal x moves with all sums unchanged; None when there is none."""
    nothing = np.zeros(matrix.shape[0])
    return milp(goal, constraints=LinearConstraint(matrix, nothing, nothing), bounds=Bounds(low, high)).x
