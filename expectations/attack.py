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

ROUNDS = 12
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

    def solve(self, objective: np.ndarray, whole: bool) -> np.ndarray | None:
        """The solution that makes the objective least; None when there is none."""
        answer = milp(
            objective,
            constraints=LinearConstraint(self.left, self.right, self.right),
            bounds=Bounds(self.low, self.high),
            integrality=self.whole.astype(int) if whole else None,
        )
        return answer.x


def narrowed(
    relations: Relations, width: float, targets: Iterable[int] | None = None, seed: int = 0
) -> list[Bound]:
    """The hidden cells that an outsider can narrow to less than `width` between least and most.

    targets: the cells asked about (without, every hidden figure). Raises Contradiction when nothing fits the
    published figures.
    """
    program = Program(relations)
    place = {int(cell): number for number, cell in enumerate(program.unknown)}
    wanted = relations.figures if targets is None else targets
    asked = np.array(sorted(place[cell] for cell in wanted if cell in place), dtype=int)
    if not len(asked):
        return []
    program, asked = _only_with(program, asked)
    least, most = np.full(len(program.unknown), np.inf), np.full(len(program.unknown), -np.inf)
    draw = np.random.default_rng(seed)
    for turn in range(ROUNDS):
        open_ = asked[most[asked] - least[asked] < width - NEARLY] if turn else asked
        if not len(open_):
            break
        objective = np.zeros(len(program.unknown))
        objective[open_] = draw.choice([-1.0, 1.0], len(open_)) if turn > 1 else (-1.0, 1.0)[turn]
        found = program.solve(objective, whole=False)
        if found is not None and (np.abs(found - np.rint(found))[program.whole] > NEARLY).any():
            found = program.solve(objective, whole=True)
        if found is None:
            raise Contradiction("no table fits all published figures")
        least, most = np.minimum(least, found), np.maximum(most, found)
    return _one_by_one(program, asked[most[asked] - least[asked] < width - NEARLY], width)


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


def _one_by_one(program: Program, cells: np.ndarray, width: float) -> list[Bound]:
    bounds = []
    columns = _components(program) if len(cells) else None
    for cell in cells:
        keep = np.flatnonzero(columns == columns[cell])
        rows = np.flatnonzero(np.diff(program.left[:, keep].indptr) > 0)
        part = program.part(rows, keep)
        objective = (keep == cell).astype(float)
        ends = []
        for sign in (1.0, -1.0):
            found = part.solve(sign * objective, whole=True)
            if found is None:
                raise Contradiction("no table fits all published figures")
            ends.append(float(found[keep == cell][0]))
        if ends[1] - ends[0] < width - NEARLY:
            bounds.append(Bound(int(program.unknown[cell]), *ends))
    return bounds
