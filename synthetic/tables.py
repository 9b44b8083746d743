"""Contingency tables that add up: published totals become whole-numbered cells, and cells become rows.

Here: reading one stage of a targets file, solving it and handing its values to rows. Not here: what the
dimensions mean, dates, names, files.

A stage adds one or more dimensions to a population of rows. Rows that agree on the stage's `given` dimensions
form a group; every group is spread over the members of the new dimensions so that each constraint (a
published figure: "where pathway is allegation, count 582") holds exactly. Among all tables that hold, the one
nearest to a random draw from the stage's weights is taken, so that cells look drawn and not typed, and
another seed gives another table with the same totals. Solved by scipy.optimize.milp (HiGHS), which is
deterministic.
"""

from __future__ import annotations

import itertools
import zlib
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

Row = dict[str, str]


class NoTable(ValueError):
    """The constraints of a stage contradict each other or the rows that it was given."""


@dataclass(frozen=True)
class Groups:
    """Dimensions derived from others: sector_group from sector, for example."""

    of: dict[str, str] = field(default_factory=dict)
    members: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def from_yaml(cls, block: dict | None) -> Groups:
        """`{sector_group: {of: sector, members: {education: [primary, ...]}}}` read into a look-up."""
        of, members = {}, {}
        for name, spec in (block or {}).items():
            of[name] = spec["of"]
            members[name] = {m: group for group, ms in spec["members"].items() for m in ms}
        return cls(of, members)

    def value(self, row: Row, dimension: str) -> str:
        """The row's member of a plain or derived dimension; '' when it has none."""
        if dimension in self.of:
            return self.members[dimension].get(row.get(self.of[dimension], ""), "")
        return row.get(dimension, "")

    def matches(self, row: Row, where: dict) -> bool:
        """True when the row satisfies every condition: a member, a list of members, or {not: list}."""
        for dimension, wanted in where.items():
            value = self.value(row, dimension)
            if isinstance(wanted, dict):
                if value in wanted["not"]:
                    return False
            elif isinstance(wanted, list):
                if value not in wanted:
                    return False
            elif value != wanted:
                return False
        return True


def stage_generator(seed: int, *names: str) -> np.random.Generator:
    """A random generator of its own for each named step, so that one step's draws never shift another's."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def add_dimensions(rows: list[Row], stage: dict, groups: Groups, seed: int) -> None:
    """Solve one stage and write its dimensions into the rows, in place.

    Rows outside the stage's `only` get '' for each new dimension. Raises NoTable, naming the stage, when no
    table satisfies its constraints.
    """
    _refuse_unknown_conditions(stage, groups)
    rng = stage_generator(seed, "stage", stage["name"])
    new_names = list(stage["adds"])
    inside = [row for row in rows if groups.matches(row, stage.get("only", {}))]
    for row in rows:
        row.update(dict.fromkeys(new_names, ""))
    if not inside:
        return
    by_group: dict[tuple, list[Row]] = defaultdict(list)
    for row in inside:
        by_group[tuple(groups.value(row, d) for d in stage["given"])].append(row)
    ordered = sorted(by_group)
    cells, owner = [], []
    for number, key in enumerate(ordered):
        start = dict(zip(stage["given"], key, strict=True))
        for new in _candidates(stage, start, groups):
            cells.append({**by_group[key][0], **start, **new[0], "_weight": new[1]})
            owner.append(number)
    sizes = np.array([len(by_group[key]) for key in ordered])
    counts = _solve(cells, np.array(owner), sizes, stage, groups, rng)
    position = 0
    for number, key in enumerate(ordered):
        members = by_group[key]
        order = list(rng.permutation(len(members)))
        while position < len(cells) and owner[position] == number:
            for _ in range(counts[position]):
                members[order.pop()].update({n: cells[position][n] for n in new_names})
            position += 1


def _refuse_unknown_conditions(stage: dict, groups: Groups) -> None:
    """A condition on a dimension that the stage's groups do not keep apart would count the wrong rows."""
    kept = {*stage["given"], *stage["adds"], *stage.get("only", {})}
    kept |= {name for name, of in groups.of.items() if of in kept}
    wheres = [c["where"] for part in ("constraints", "prefer") for c in stage.get(part, [])]
    for where in [*wheres, *stage.get("never", [])]:
        if not set(where) <= kept:
            raise NoTable(f"stage '{stage['name']}': {sorted(set(where) - kept)} is neither given nor added")


def _candidates(stage: dict, start: Row, groups: Groups):
    """Every combination of new members that this group may take, each with its weight."""
    axes = []
    for name, told in stage["adds"].items():
        by = stage.get("by", {}).get(name)
        weights = told.get(groups.value(start, by), {}) if by else told
        axes.append([(name, str(member), float(weight)) for member, weight in weights.items()])
    for combination in itertools.product(*axes):
        cell = {**start, **{name: member for name, member, _ in combination}}
        if any(groups.matches(cell, never) for never in stage.get("never", [])):
            continue
        if any(start[source] not in ("", cell[name]) for name, source in stage.get("copies", {}).items()):
            continue
        weight = float(np.prod([w for _, _, w in combination]))
        for preference in stage.get("prefer", []):
            if groups.matches(cell, preference["where"]):
                weight *= preference["times"]
        yield {name: member for name, member, _ in combination}, weight


def _solve(cells, owner, sizes, stage, groups, rng) -> np.ndarray:
    from scipy.optimize import Bounds, LinearConstraint, milp  # slow to import, and only needed here
    from scipy.sparse import csr_array

    wished = np.zeros(len(cells), dtype=int)
    for number, size in enumerate(sizes):
        own = np.flatnonzero(owner == number)
        if not len(own):
            raise NoTable(f"stage '{stage['name']}': {size} rows have no permitted member")
        weights = np.array([cells[i]["_weight"] for i in own])
        if not weights.sum():
            weights = np.ones(len(own))
        wished[own] = rng.multinomial(size, rng.dirichlet(400 * weights / weights.sum() + 1e-3))
    rows, columns, low, high, names = list(owner), list(range(len(cells))), list(sizes), list(sizes), []
    for constraint in stage.get("constraints", []):
        hit = [i for i, cell in enumerate(cells) if groups.matches(cell, constraint["where"])]
        least, most = bounds_of(constraint)
        names.append(f"{constraint.get('figure', 'assumed')}: {len(hit)} cells")
        if not hit and least > 0:
            raise NoTable(f"stage '{stage['name']}': nothing can count towards {constraint}")
        rows += [len(low)] * len(hit)
        columns += hit
        low.append(least)
        high.append(most)
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(low), len(cells)))
    base = matrix @ wished
    # cell = wished + more - less: the distance from the draw is what is made small
    cost = rng.uniform(1.0, 1.5, 2 * len(cells)) / np.sqrt(np.tile(wished, 2) + 1.0)
    both = csr_array(np.hstack([matrix.toarray(), -matrix.toarray()]))
    answer = milp(
        cost,
        constraints=LinearConstraint(both, np.array(low) - base, np.array(high) - base),
        bounds=Bounds(0, np.concatenate([np.full(len(cells), np.inf), wished])),
        integrality=np.ones(2 * len(cells)),
        options={"mip_rel_gap": 0.02},
    )
    if answer.x is None:
        raise NoTable(f"stage '{stage['name']}' cannot be satisfied ({answer.message.strip()}): {names}")
    moved = np.rint(answer.x).astype(int)
    return wished + moved[: len(cells)] - moved[len(cells) :]


def broken_constraints(rows: list[Row], stage: dict, groups: Groups) -> list[str]:
    """The constraints of a stage that these rows do not satisfy, each with what was counted: empty when all
    hold."""
    inside = [row for row in rows if groups.matches(row, stage.get("only", {}))]
    broken = []
    for constraint in stage.get("constraints", []):
        least, most = bounds_of(constraint)
        counted = sum(groups.matches(row, constraint["where"]) for row in inside)
        if not least <= counted <= most:
            broken.append(f"{stage['name']}: {constraint}, counted {counted}")
    return broken


def bounds_of(constraint: dict) -> tuple[int, int]:
    """The least and the most that a constraint lets its rows count."""
    if "count" in constraint:
        return constraint["count"], constraint["count"]
    return tuple(constraint["between"])
