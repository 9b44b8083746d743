"""Disclosure control under attack: random authorities, each with a chain of releases, and what an outsider recovers.

Belongs here: running the attack of the publication gate over made-up worlds and adding up what it says.
Does not belong here: the worlds (disclosure_worlds.py), hiding (publish/disclosure.py), the attack
(expectations/attack.py).

    python -m benchmarks.disclosure [WORLDS] [RELEASES]

attacks every release by itself and every pair of consecutive releases, withholds what it finds as the gate does, and
ends with the counts recovered, the share of cells shown and the seconds of the attack. Also a line without secondary
suppression: the attack must find something there, or it proves nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from benchmarks.disclosure_worlds import World
from expectations import exposure
from publish import disclosure, files

SHARES = """
select
    count(*), count_if(not published.is_suppressed), count_if(fct.numerator between 0.5 and {hide_up_to} + 0.5)
from measures.published_measures as published
inner join marts.fct_measures as fct using (
    authority, period_kind, period_start, measure, dimension_1, member_1, dimension_2, member_2
)
where published.measure in ('contacts', 'referrals', 'allegations') and published.dimension_1 = '{dimension}'
    and published.dimension_2 = 'all' and published.period_kind = 'financial_year' and not published.is_part_period
"""
ONLY_SMALL = """
update measures.published_measures as published
set numerator = fct.numerator, denominator = fct.denominator, is_suppressed = false
from marts.fct_measures as fct
where published.authority = fct.authority and published.period_kind = fct.period_kind
    and published.period_start = fct.period_start and published.measure = fct.measure
    and published.dimension_1 = fct.dimension_1 and published.member_1 = fct.member_1
    and published.dimension_2 = fct.dimension_2 and published.member_2 = fct.member_2
    and (published.dimension_1 = 'all' or published.period_kind = 'financial_year')
    and not (fct.numerator between 0.5 and {hide_up_to} + 0.5)
    and (fct.denominator is null or not (fct.denominator between 0.5 and {hide_up_to} + 0.5))
"""


@dataclass
class Told:
    """What was found in all worlds: hidden small counts attacked, known exactly, narrowed; cells; seconds."""

    releases: int = 0
    attacked: int = 0
    recovered: int = 0
    narrowed: int = 0
    cells: dict[str, list[int]] = field(default_factory=dict)
    hide_seconds: list[float] = field(default_factory=list)
    attack_seconds: list[float] = field(default_factory=list)
    exposed: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    left: int = 0


def withhold(con, told: Told, words: str) -> None:
    """As the gate does: withhold what the attack found, whole, and attack again until it finds nothing."""
    withheld: set[tuple[str, str]] = set()
    while exposed := exposure.counts_exposed(con) - withheld:
        withheld |= exposed
        disclosure.control(con, withheld)
        exposure.note_exposed(con)
    told.withheld += [f"{words}: {counts}" for _authority, counts in sorted(withheld)]
    told.left += con.execute("select count(*) from gate_exposed").fetchall()[0][0]


def attack(con, told: Told, words: str) -> None:
    """Attack what is published, and what the last release adds to it."""
    started = time.process_time()
    exposure.note_exposed(con)
    told.attack_seconds.append(time.process_time() - started)
    told.attacked += con.execute("select coalesce(sum(attacked_count), 0) from gate_attacked").fetchall()[0][
        0
    ]
    for record, low, high in con.execute("select record_id, low, high from gate_exposed").fetchall():
        told.recovered += high is None or high - low < 0.5
        told.narrowed += high is not None and high - low >= 0.5
        told.exposed.append(f"{words}: {record}: {low} to {high}")


def run_world(seed: int, releases: int, with_bare: bool = False) -> tuple[Told, Told]:
    """One world: publish, attack, and the same for the nights after, each with the release before in mind.

    Returns what was found, and (of the first release, where asked for) what would be if only small counts were hidden.
    """
    told, bare = Told(), Told()
    world, last = World(seed), None
    for night in range(releases):
        if night:
            world.next_night()
        con = world.count()
        files.prepare(con)
        if last is not None:
            con.register("last_release", last)
            files.remember_published(con, "last_release")
        started = time.process_time()
        disclosure.control(con)
        told.hide_seconds.append(time.process_time() - started)
        attack(con, told, f"world {seed}, release {night + 1}")
        withhold(con, told, f"world {seed}, release {night + 1}")
        told.releases += 1
        for dimension in ("sector", "sector_group"):
            sql = SHARES.format(dimension=dimension, hide_up_to=world.hide_up_to)
            told.cells[dimension] = [
                a + (b or 0)
                for a, b in zip(
                    told.cells.get(dimension, [0, 0, 0]), con.execute(sql).fetchall()[0], strict=True
                )
            ]
        last = con.sql("select * from measures.published_measures").to_arrow_table()
        if with_bare and not night:
            con.execute(ONLY_SMALL.format(hide_up_to=world.hide_up_to))
            attack(con, bare, f"world {seed}")
        con.close()
    return told, bare


def add_up(all_told: list[Told]) -> Told:
    """The sum of what was found in several worlds."""
    total = Told()
    for told in all_told:
        total.releases += told.releases
        total.attacked += told.attacked
        total.recovered += told.recovered
        total.narrowed += told.narrowed
        total.hide_seconds += told.hide_seconds
        total.attack_seconds += told.attack_seconds
        total.exposed += told.exposed
        total.withheld += told.withheld
        total.left += told.left
        for dimension, counts in told.cells.items():
            total.cells[dimension] = [
                a + b for a, b in zip(total.cells.get(dimension, [0, 0, 0]), counts, strict=True)
            ]
    return total


def main() -> None:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    releases = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    found = []
    with ProcessPoolExecutor() as pool:
        runs = [pool.submit(run_world, seed, releases, seed % 10 == 0) for seed in range(worlds)]
        for number, run in enumerate(as_completed(runs), start=1):
            found.append(run.result())
            print(f"{number} of {worlds}", end="\r", file=sys.stderr)
    told, bare = add_up([one for one, _ in found]), add_up([one for _, one in found])
    print(
        f"{worlds} worlds, {told.releases} releases, {told.releases - worlds} pairs of consecutive releases"
    )
    print(f"small counts hidden and attacked: {told.attacked}")
    print(f"  given away by the figures as first hidden: {told.recovered} exactly, {told.narrowed} nearly")
    print(
        f"  given away by what the gate lets out: {told.left}; withheld for it: {len(told.withheld)} counts"
    )
    print(
        f"every tenth world with only small counts hidden: {bare.attacked} attacked, {bare.recovered} recovered, "
        f"{bare.narrowed} narrowed"
    )
    for dimension, (cells, shown, small) in told.cells.items():
        print(
            f"authority x {dimension} x year: {cells} cells, {small} small, {cells - small - shown} hidden with them; "
            f"{100 * shown / cells:.1f} % of all shown, {100 * shown / (cells - small):.1f} % of those not small"
        )
    for words, seconds in (("hiding", told.hide_seconds), ("attack", told.attack_seconds)):
        print(f"cpu-seconds of the {words}: median {statistics.median(seconds):.2f}, most {max(seconds):.2f}")
    for line in told.exposed:
        print("FOUND", line)
    for line in told.withheld:
        print("WITHHELD", line)


if __name__ == "__main__":
    main()
