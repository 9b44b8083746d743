"""The plan of an authority's two years: what kinds of referral and contact there are, and which belong
together.

Here: the targets file read, its tables solved, contacts joined to referrals. Not here: dates, names, files.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from synthetic.days import as_day
from synthetic.tables import Groups, Row, add_dimensions, stage_generator

TARGETS_FOLDER = Path(__file__).with_name("targets")


@dataclass
class Plan:
    """Solved rows. `referrals` and `contacts` are dictionaries of dimensions; a contact's `referrals` are
    places in the list of referrals. `cohorts` gives each cohort's first and last day."""

    targets: dict
    groups: Groups
    cohorts: dict[str, tuple[int, int]]
    referrals: list[dict]
    contacts: list[dict]


@cache
def read_targets(authority: str) -> dict:
    """The targets file of one authority. Raises FileNotFoundError for an authority that has none."""
    path = TARGETS_FOLDER / f"{authority}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def make_plan(targets: dict, seed: int, scale: int = 1) -> Plan:
    """Solve every stage and join contacts to referrals; `scale` repeats the solved rows."""
    groups = Groups.from_yaml(targets["groups"])
    referrals: list[Row] = [
        {"cohort": name} for name, cohort in targets["cohorts"].items() for _ in range(cohort["referrals"])
    ]
    for stage in targets["stages"]:
        add_dimensions(referrals, stage, groups, seed)
    contacts: list[Row] = [{} for _ in range(targets["contacts"]["total"])]
    add_dimensions(contacts, targets["contacts"]["stage"], groups, seed)
    joined = _join(contacts, referrals, targets, groups, seed)
    for contact, places in zip(contacts, joined, strict=True):
        contact["referral_sector"] = referrals[places[0]]["sector"] if places else ""
    add_dimensions(contacts, targets["contacts"]["sector_stage"], groups, seed)
    cohorts = {name: (as_day(c["from"]), as_day(c["to"])) for name, c in targets["cohorts"].items()}
    size = len(referrals)
    return Plan(
        targets,
        groups,
        cohorts,
        [dict(row) for _ in range(scale) for row in referrals],
        [
            {**contact, "referrals": [place + copy * size for place in places]}
            for copy in range(scale)
            for contact, places in zip(contacts, joined, strict=True)
        ],
    )


def _join(
    contacts: list[Row], referrals: list[Row], targets: dict, groups: Groups, seed: int
) -> list[list[int]]:
    """For each contact the places of the referrals that it became: none, or one to begin with."""
    told = targets["contacts"]
    rng = stage_generator(seed, "join")
    joined: list[list[int]] = [[] for _ in contacts]
    here = [i for i, row in enumerate(referrals) if row["cohort"] == targets["contact_cohort"]]
    if "links" in told:
        for kind, where in told["links"].items():
            free = [i for i in here if groups.matches(referrals[i], where)]
            waiting = [n for n, contact in enumerate(contacts) if contact["kind"] == kind]
            for contact, place in zip(waiting, rng.permutation(len(free)), strict=True):
                joined[contact] = [free[place]]
        return joined
    free = [i for i in here if referrals[i]["staff_role"] != "police_officer"]
    waiting = [n for n, contact in enumerate(contacts) if contact["kind"] in told["linked_kinds"]]
    chosen = [free[i] for i in rng.permutation(len(free))[: len(waiting) - told["two_contacts"]]]
    chosen += [chosen[i] for i in rng.permutation(len(chosen))[: told["two_contacts"]]]
    for contact, place in zip(rng.permutation(waiting), chosen, strict=True):
        joined[contact] = [place]
    return joined
