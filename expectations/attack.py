"""The attack: which hidden counts can an outsider work out, exactly or nearly, from everything that is published.

Belongs here: bounds of hidden cells from relations between cells, by linear programming (HiGHS). Does not belong
here: which relations there are (outsider.py), how figures are hidden (the publish station).

A hidden count is safe when two tables that both fit everything published give it values at least `width` apart. So
the attack looks for such tables: each solution of the relations serves every cell at once, and only cells that no
solution moves far enough are bounded one by one, exactly.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import highspy
import networkx
import numpy as np

from expectations.outsider import Relations

ROUNDS = 40
# A program for one cell is cheaper than one for all: a round must prove more than a few.
WORTH_A_ROUND = 3
# Nothing that a LADO service counts in a year comes near this; without a bound a program may have no optimum.
AT_MOST = 1e6
NEARLY = 1e-6


class Contradiction(ValueError):
    """The published figures contradict each other: a relation that must hold does not."""


@dataclass(frozen=True)
class Bound:
    """What an outsider can say of one hidden cell: at least `low`, at most `high`."""

    cell: int
    low: float
    high: float


class Program:
    """The relations with all that is known put in: unknowns, A x = b, bounds.

    A as its terms: row, column, coefficient; in the order of rows, each column once in a row, no row without any.
    """

    def __init__(self, relations: Relations) -> None:
        low, high = np.array(relations.low), np.array(relations.high)
        if (low > high + NEARLY).any():
            name = relations.names[int(np.argmax(low > high + NEARLY))]
            raise Contradiction(f"two rows say different things of {name}")
        known = high - low <= NEARLY
        lengths = [len(one) for one in relations.equations]
        rows = np.repeat(np.arange(len(lengths)), lengths)
        terms = np.array([term for one in relations.equations for term in one], dtype=float).reshape(-1, 2)
        cells, coefficients = terms[:, 0].astype(int), terms[:, 1]
        right = -np.bincount(rows, coefficients * np.where(known, low, 0.0)[cells], len(lengths))
        asked = ~known[cells]
        places, which = np.unique((rows * len(low) + cells)[asked], return_inverse=True)
        rows, cells = places // len(low), places % len(low)
        empty = np.bincount(rows, minlength=len(lengths)) == 0
        # Rounded figures do not add up exactly; they come as intervals and are unknowns here.
        if (np.abs(right[empty]) > 1e-5).any():
            wrong = np.flatnonzero(empty & (np.abs(right) > 1e-5))[0]
            names = [relations.names[cell] for cell, _ in relations.equations[wrong]]
            raise Contradiction(f"these figures do not add up: {names[:3]}")
        self.unknown = np.flatnonzero(~known)
        self.rows = (np.cumsum(~empty) - 1)[rows]
        self.columns = np.searchsorted(self.unknown, cells)
        self.coefficients = np.bincount(which, coefficients[asked], len(places))
        self.right = right[~empty]
        self.low, self.high = low[self.unknown], np.minimum(high[self.unknown], AT_MOST)
        self.whole = np.array(relations.whole)[self.unknown]

    def part(self, keep: np.ndarray) -> "Program":
        """The same, of some unknowns (sorted) and the rows that have any of them: whole groups of `groups`."""
        part = object.__new__(Program)
        inside = np.isin(self.columns, keep)
        rows, part.rows = np.unique(self.rows[inside], return_inverse=True)
        part.columns = np.searchsorted(keep, self.columns[inside])
        part.coefficients, part.right = self.coefficients[inside], self.right[rows]
        part.unknown, part.whole = self.unknown[keep], self.whole[keep]
        part.low, part.high = self.low[keep], self.high[keep]
        return part

    def groups(self) -> np.ndarray:
        """For each unknown the number of the group of unknowns that relations connect it with."""
        links = networkx.Graph()
        links.add_nodes_from(range(len(self.unknown)))
        rows = (~self.rows).tolist()  # numbered from -1 down, to be told from unknowns
        links.add_edges_from(zip(self.columns.tolist(), rows, strict=True))
        numbers = np.empty(len(self.unknown), dtype=int)
        for number, group in enumerate(networkx.connected_components(links)):
            numbers[[one for one in group if one >= 0]] = number
        return numbers

    def least(self, objective: np.ndarray) -> np.ndarray:
        """The table, in whole numbers, that makes the objective least. Raises Contradiction when there is none."""
        found = _solved(self._any_numbers, objective)
        if (np.abs(found - np.rint(found))[self.whole] > NEARLY).any():
            found = _solved(self._solver(whole=True), objective)
        return found

    @functools.cached_property
    def _any_numbers(self) -> highspy.Highs:
        """The solver without whole numbers, kept: it begins with each objective where the last one led."""
        return self._solver(whole=False)

    def _solver(self, whole: bool) -> highspy.Highs:
        program = highspy.HighsLp()
        program.num_row_, program.num_col_ = len(self.right), len(self.unknown)
        program.col_cost_ = np.zeros(len(self.unknown))
        program.col_lower_, program.col_upper_ = self.low, self.high
        program.row_lower_ = program.row_upper_ = self.right
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.searchsorted(self.rows, np.arange(len(self.right) + 1))
        program.a_matrix_.index_, program.a_matrix_.value_ = self.columns, self.coefficients
        if whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            program.integrality_ = [kinds[is_whole] for is_whole in self.whole.tolist()]
        solver = highspy.Highs()
        solver.silent()
        solver.passModel(program)
        return solver


def _solved(solver: highspy.Highs, objective: np.ndarray) -> np.ndarray:
    solver.changeColsCost(len(objective), np.arange(len(objective), dtype=np.int32), objective)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise Contradiction("no table fits all published figures")
    return np.array(solver.getSolution().col_value)


def narrowed(
    relations: Relations, width: float, targets: Iterable[int] | None = None, seed: int = 0
) -> list[Bound]:
    """The hidden cells that an outsider can narrow to less than `width` between least and most.

    targets: the cells asked about, hidden or not (without, every hidden figure). Raises Contradiction when nothing
    fits the published figures.
    """
    program = Program(relations)
    place = {int(cell): number for number, cell in enumerate(program.unknown)}
    wanted = set(place) & relations.figures if targets is None else set(targets)
    plain = [Bound(cell, relations.low[cell], relations.high[cell]) for cell in sorted(wanted - set(place))]
    asked = np.array(sorted(place[cell] for cell in wanted & set(place)), dtype=int)
    if not len(asked):
        return plain
    program, asked = _only_with(program, asked)
    least, most = np.full(len(program.unknown), np.inf), np.full(len(program.unknown), -np.inf)
    draw = np.random.default_rng(seed)
    proved = len(asked)
    for turn in range(ROUNDS):
        open_ = asked[most[asked] - least[asked] < width - NEARLY] if turn else asked
        if not len(open_) or (turn > 3 and proved < WORTH_A_ROUND):
            break
        objective = np.zeros(len(program.unknown))
        objective[open_] = draw.choice([-1.0, 1.0], len(open_)) if turn > 1 else (-1.0, 1.0)[turn]
        found = program.least(objective)
        least, most = np.minimum(least, found), np.maximum(most, found)
        proved = len(open_) - np.count_nonzero(most[asked] - least[asked] < width - NEARLY)
    return plain + _one_by_one(program, asked, least, most, width)


def _only_with(program: Program, asked: np.ndarray) -> tuple[Program, np.ndarray]:
    """The program cut down to what hangs together with the cells asked about."""
    groups = program.groups()
    keep = np.flatnonzero(np.isin(groups, groups[asked]))
    return program.part(keep), np.searchsorted(keep, asked)


def _one_by_one(
    program: Program, asked: np.ndarray, least: np.ndarray, most: np.ndarray, width: float
) -> list[Bound]:
    """Exact bounds of the cells that no table so far moved far enough; every table found serves the others too."""
    bounds = []
    groups = program.groups()
    for cell in asked:
        if most[cell] - least[cell] >= width - NEARLY:
            continue
        keep = np.flatnonzero(groups == groups[cell])
        part = program.part(keep)
        for sign in (1.0, -1.0):
            found = part.least(sign * (keep == cell))
            least[keep], most[keep] = np.minimum(least[keep], found), np.maximum(most[keep], found)
        if most[cell] - least[cell] < width - NEARLY:
            bounds.append(Bound(int(program.unknown[cell]), float(least[cell]), float(most[cell])))
    return bounds
