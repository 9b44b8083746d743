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

import highspy
import numpy as np

NEARLY = 1e-6
AT_MOST = 1e6
ROUNDS = 40
WORTH_A_ROUND = 3


@dataclass(frozen=True)
class Terms:
    """The terms of sums: number of the sum, cell, coefficient; in the order of sums, each cell once in a sum."""

    sums: np.ndarray
    cells: np.ndarray
    coefficients: np.ndarray

    @classmethod
    def of(cls, sums: list[list[tuple[int, float]]], cells: int) -> Terms:
        """Those of lists of (cell, coefficient)."""
        numbers = np.repeat(np.arange(len(sums)), [len(one) for one in sums])
        terms = np.array([term for one in sums for term in one], dtype=float).reshape(-1, 2)
        places, which = np.unique(numbers * cells + terms[:, 0].astype(int), return_inverse=True)
        return cls(places // cells, places % cells, np.bincount(which, terms[:, 1], len(places)))

    def among(self, cells: np.ndarray) -> Terms:
        """Those of these cells (sorted), and the sums that have any, both numbered anew."""
        inside = np.isin(self.cells, cells)
        sums = np.unique(self.sums[inside], return_inverse=True)[1]
        return Terms(sums, np.searchsorted(cells, self.cells[inside]), self.coefficients[inside])

    def next_to(self, cells: np.ndarray) -> np.ndarray:
        """Which cells share a sum with one of these; both a truth value for each cell."""
        touched = np.zeros(self.sums[-1] + 1 if len(self.sums) else 0, dtype=bool)
        touched[self.sums[cells[self.cells]]] = True
        found = np.zeros_like(cells)
        found[self.cells[touched[self.sums]]] = True
        return found


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
        self.terms = Terms.of(self.sums, len(self.amounts))
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
    moves = Moves(np.zeros(len(table.amounts)), np.zeros(len(table.amounts)))
    small = np.array(sorted(table.small), dtype=int)
    _try_tables(table, hidden, small, moves, width)
    for cell in small:
        # What is hidden later only makes more room: a table found once serves for good, and all cells that it moves.
        if moves.reach(cell) < width - NEARLY:
            hide(table, hidden, _room(table, hidden, int(cell), moves, width), width)


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
    program = _moves(table.terms.among(unknown), *_limits(table, unknown))
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
        moves.take_in(unknown, program.least(goal))
        proved = len(open_) - np.count_nonzero(moves.reach(small) < width - NEARLY)


def _limits(table: Table, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far down and up each of these cells may move."""
    down = np.where(table.can_move[cells], table.least[cells] - table.amounts[cells], 0.0)
    return down, np.where(table.can_move[cells], AT_MOST, 0.0)


def _room(table: Table, hidden: set[int], cell: int, moves: Moves, width: float) -> set[int]:
    """The cheapest cells that, hidden too, let this one be `width` more than it is; none when it can be already.

    Looked for near by first, in the sums that the cell is in and the sums that these touch: a small program finds
    nearly always what one of all cells would find.
    """
    free = table.costs == 0
    free[sorted(hidden)] = True
    near = np.arange(len(free)) == cell
    # Mostly there is room already, among the hidden cells: a small program tells.
    among_hidden = near
    for _ in range(6):
        among_hidden = table.terms.next_to(among_hidden) & free
    _stretch(table, cell, np.flatnonzero(among_hidden), moves)
    if moves.reach(cell) >= width - NEARLY:
        return set()
    while True:
        wider = table.terms.next_to(table.terms.next_to(near))
        keep = np.flatnonzero(wider)
        moved = _cheapest_move(table, free, cell, keep, width)
        if moved is not None:
            moves.take_in(keep, moved)
            return set(keep[(np.abs(moved) > NEARLY) & ~free[keep]].tolist())
        if wider.sum() == near.sum():
            # All cells that hang together in the same proportion are always a solution.
            raise AssertionError("no room for a cell: the sums do not hold for the amounts")
        near = wider


def _stretch(table: Table, cell: int, keep: np.ndarray, moves: Moves) -> None:
    """Move this cell as far down and up as it goes, all cells but those in `keep` as they are."""
    program = _moves(table.terms.among(keep), *_limits(table, keep))
    goal = (keep == cell).astype(float)
    for sign in (1.0, -1.0):
        moves.take_in(keep, program.least(sign * goal))


def _cheapest_move(
    table: Table, free: np.ndarray, cell: int, keep: np.ndarray, width: float
) -> np.ndarray | None:
    """Moves of the cells in `keep`, this one by `width` or more, that need the least hidden; None when none fits."""
    terms = table.terms.among(keep)
    costs = np.where(free[keep], 1e-4, table.costs[keep] + 1e-3)
    down, up = _limits(table, keep)
    least_up = np.zeros(len(keep))
    own = int(np.searchsorted(keep, cell))
    least_up[own], down[own] = width, 0.0
    up_and_down = Terms(
        np.concatenate([terms.sums, terms.sums]),
        np.concatenate([terms.cells, terms.cells + len(keep)]),
        np.concatenate([terms.coefficients, -terms.coefficients]),
    )
    moved = _moves(
        up_and_down,
        np.concatenate([least_up, np.zeros(len(keep))]),
        np.concatenate([up, -down]),
    ).least(np.concatenate([costs, costs]))
    return None if moved is None else moved[: len(keep)] - moved[len(keep) :]


class Program:
    """What x may be: between low and high, each sum of its terms as given. Solved for one goal after another."""

    def __init__(self, terms: Terms, sums: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        program = highspy.HighsLp()
        program.num_row_, program.num_col_ = len(sums), len(low)
        program.col_cost_ = np.zeros(len(low))
        program.col_lower_, program.col_upper_ = low, high
        program.row_lower_ = program.row_upper_ = sums
        by_sum = np.argsort(terms.sums, kind="stable")
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.searchsorted(terms.sums[by_sum], np.arange(len(sums) + 1))
        program.a_matrix_.index_ = terms.cells[by_sum]
        program.a_matrix_.value_ = terms.coefficients[by_sum]
        self._solver = highspy.Highs()
        self._solver.silent()
        self._solver.passModel(program)
        self._places = np.arange(len(low), dtype=np.int32)

    def least(self, goal: np.ndarray) -> np.ndarray | None:
        """The x that makes goal @ x least; None when there is none. Starts from where the last goal led."""
        self._solver.changeColsCost(len(goal), self._places, goal)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(self._solver.getSolution().col_value)


def _moves(terms: Terms, low: np.ndarray, high: np.ndarray) -> Program:
    """How cells may move with all sums unchanged."""
    return Program(terms, np.zeros(terms.sums.max(initial=-1) + 1), low, high)
