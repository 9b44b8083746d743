"""The solver: constraints hold exactly, tables look drawn, and what cannot hold is said.

Belongs here: small tables worked out by hand. Does not belong here: the authorities' own targets.
"""

from __future__ import annotations

from collections import Counter

import pytest

from synthetic.plan import make_plan, read_targets
from synthetic.tables import Groups, NoTable, add_dimensions, broken_constraints

GROUPS = Groups.from_yaml({"half": {"of": "letter", "members": {"first": ["a", "b"], "second": ["c"]}}})


def rows() -> list[dict]:
    return [{"year": "one"} for _ in range(60)] + [{"year": "two"} for _ in range(40)]


def stage(**more) -> dict:
    return {"name": "t", "given": ["year"], "adds": {"letter": {"a": 1, "b": 1, "c": 2}}} | more


def solve(seed: int, **more) -> Counter:
    made = rows()
    add_dimensions(made, stage(**more), GROUPS, seed)
    return Counter((row["year"], row["letter"]) for row in made)


def test_constraints_hold_and_every_row_has_one_member():
    constraints = [
        {"where": {"year": "one", "letter": "a"}, "count": 7},
        {"where": {"half": "first"}, "count": 30},
        {"where": {"year": "two", "letter": {"not": ["c"]}}, "between": [12, 14]},
    ]
    for seed in range(5):
        made = solve(seed, constraints=constraints, never=[{"year": "two", "letter": "b"}])
        assert made["one", "a"] == 7
        assert sum(made["one", letter] for letter in "abc") == 60
        assert made["two", "b"] == 0
        assert 12 <= made["two", "a"] <= 14
        assert made["one", "a"] + made["one", "b"] + made["two", "a"] == 30


def test_the_seed_decides_the_table_and_weights_its_shape():
    assert solve(1) == solve(1)
    tables = [solve(seed) for seed in range(8)]
    assert len({tuple(sorted(table.items())) for table in tables}) > 4
    assert all(35 <= table["one", "c"] + table["two", "c"] <= 65 for table in tables)  # about half


def test_members_may_depend_on_another_dimension_and_only_some_rows_take_part():
    made = rows()
    adds = {"letter": {"one": {"a": 1}, "two": {"b": 3, "c": 1}}}
    add_dimensions(made, stage(adds=adds, by={"letter": "year"}, only={"year": "one"}), GROUPS, 1)
    assert Counter(row["letter"] for row in made) == {"a": 60, "": 40}


def test_what_cannot_hold_is_said_with_the_stage_and_the_figures():
    with pytest.raises(NoTable, match=r"stage 't' cannot be satisfied.*FIG-1"):
        solve(1, constraints=[{"figure": "FIG-1", "where": {"letter": "a"}, "count": 101}])
    with pytest.raises(NoTable, match="neither given nor added"):
        solve(1, constraints=[{"where": {"area": "west"}, "count": 1}])
    with pytest.raises(NoTable, match="nothing can count"):
        solve(1, constraints=[{"where": {"letter": "z"}, "count": 1}])


def test_a_broken_constraint_is_found():
    made = rows()
    told = stage(constraints=[{"where": {"letter": "a"}, "count": 20}])
    add_dimensions(made, told, GROUPS, 1)
    assert broken_constraints(made, told, GROUPS) == []
    next(row for row in made if row["letter"] == "a")["letter"] = "b"
    assert "counted 19" in broken_constraints(made, told, GROUPS)[0]


@pytest.mark.parametrize("authority", ["kent", "buckinghamshire"])
@pytest.mark.parametrize("seed", [0, 2, 33, 404, 5005])
def test_every_seed_has_a_plan(authority, seed):
    targets = read_targets(authority)
    plan = make_plan(targets, seed)
    told = [(plan.referrals, stage) for stage in targets["stages"]]
    told += [(plan.contacts, targets["contacts"][name]) for name in ("stage", "sector_stage")]
    assert [broken for made, stage in told for broken in broken_constraints(made, stage, plan.groups)] == []


def test_every_constraint_names_its_figure_or_says_why():
    for authority in ("kent", "buckinghamshire"):
        targets = read_targets(authority)
        stages = [*targets["stages"], targets["contacts"]["stage"], targets["contacts"]["sector_stage"]]
        for told in stages:
            for constraint in told.get("constraints", []):
                assert "figure" in constraint or "why" in constraint, (told["name"], constraint)
