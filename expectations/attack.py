"""The attack: which hidden counts can an outsider work out, exactly or nearly, from everything that is published.

Belongs here: bounds of hidden cells from relations between cells, by linear programming (HiGHS). Does not belong
here: which relations there are (outsider.py), how figures are hidden (the publish station).

A hidden count is safe when two tables that both fit everything published give it values at least `width` apart. So
the attack looks for such tables: each solution of the relations serves every cell at once, and only cells that no
solution moves far enough are bounded one by one, exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

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
    """The relations with all that is known put in: unknowns, A x = b, bounds."""

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
        shape = (len(lengths), len(low))
        left = sparse.csr_array((coefficients, (rows, cells)), shape=shape)
        right = -(left @ np.where(known, low, 0.0))
        unknown = np.flatnonzero(~known)
        left = left[:, unknown]
        empty = np.diff(left.indptr) == 0
        # Rounded figures do not add up exactly; they come as intervals and are unknowns here.
        if (np.abs(right[empty]) > 1e-5).any():
            wrong = np.flatnonzero(empty & (np.abs(right) > 1e-5))[0]
            names = [relations.names[cell] for cell, _ in relations.equations[wrong]]
            raise Contradiction(f"these figures do not add up: {names[:3]}")
        self.unknown = unknown
        self.left, self.right = left[~empty], right[~empty]
        self.low, self.high = low[unknown], np.minimum(high[unknown], AT_MOST)
        self.whole = np.array(relations.whole)[unknown]

    def part(self, rows: np.ndarray, columns: np.ndarray) -> "Program":
        """The same, of some rows and columns."""
        part = object.__new__(Program)
        part.unknown, part.whole = self.unknown[columns], self.whole[columns]
        part.left, part.right = self.left[rows][:, columns], self.right[rows]
        part.low, part.high = self.low[columns], self.high[columns]
        return part

    def least(self, objective: np.ndarray) -> np.ndarray:
        """The table, in whole numbers, that makes the objective least. Raises Contradiction when there is none."""
        found = self._solve(objective, whole=False)
        if (np.abs(found - np.rint(found))[self.whole] > NEARLY).any():
            found = self._solve(objective, whole=True)
        return found

    def _solve(self, objective: np.ndarray, whole: bool) -> np.ndarray:
        found = milp(
            objective,
            constraints=LinearConstraint(self.left, self.right, self.right),
            bounds=Bounds(self.low, self.high),
            integrality=self.whole.astype(int) if whole else None,
        ).x
        if found is None:
            raise Contradiction("no table fits all published figures")
        return found


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
    columns = _components(program)
    wanted = np.unique(columns[asked])
    keep = np.flatnonzero(np.isin(columns, wanted))
    rows = np.flatnonzero(np.diff(program.left[:, keep].indptr) > 0)
    position = np.zeros(len(program.unknown), dtype=int)
    position[keep] = np.arange(len(keep))
    return program.part(rows, keep), position[asked]


def _components(program: Program) -> np.ndarray:
    """For each unknown the number of the group of unknowns that relations connect it with."""
    rows, columns = program.left.shape
    links = sparse.block_array([[None, program.left], [program.left.T, None]], format="csr")
    return connected_components(links, directed=False)[1][rows : rows + columns]


def _one_by_one(
    program: Program, asked: np.ndarray, least: np.ndarray, most: np.ndarray, width: float
) -> list[Bound]:
    """Exact bounds of the cells that no table so far moved far enough; every table found serves the others too."""
    bounds = []
    columns = _components(program)
    for cell in asked:
        if most[cell] - least[cell] >= width - NEARLY:
            continue
        keep = np.flatnonzero(columns == columns[cell])
        part = program.part(np.flatnonzero(np.diff(program.left[:, keep].indptr) > 0), keep)
        for sign in (1.0, -1.0):
            found = part.least(sign * (keep == cell))
            least[keep], most[keep] = np.minimum(least[keep], found), np.maximum(most[keep], found)
        if most[cell] - least[cell] < width - NEARLY:
            bounds.append(Bound(int(program.unknown[cell]), float(least[cell]), float(most[cell])))
    return bounds
