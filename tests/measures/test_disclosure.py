"""What leaves in rpt_measures: small counts, what gives them away, and what stays visible.

Belongs here: disclosure control of made-up tables, by tables small enough to attack with a pencil. Does not belong
here: what the figures are (test_measures.py).
"""

from __future__ import annotations

import random

import pytest

from .conftest import put, put_dimensions, run, warehouse

PUBLISHING = ("int_measure_periods", "int_disclosure", "rpt_measures")
HEAD = "measure | dimension_1 | member_1 | dimension_2 | member_2 | numerator | denominator | base | value | unit"


def publish(lines: str, previous: str | None = None):
    """rpt_measures of one year of Smallshire (counts to 4 are hidden), keyed by measure and members."""
    con = warehouse()
    put_dimensions(con, "smallshire", "2020-03-31")
    put(con, "marts.dim_measures", "measure | compared_measure\nreferrals | -\nreferrals_change_number | referrals",
        authority="smallshire")  # fmt: skip
    put(
        con, "marts.fct_measures", f"{HEAD}\n{lines.strip()}", authority="smallshire", period_kind="financial_year",
        period_start="2019-04-01", period_end="2020-03-31", population="received", is_suppressed="false",
        refresh_id="night",
    )  # fmt: skip
    if previous:
        con.execute(f"update marts.fct_measures set previous_value = {previous}")
    run(con, PUBLISHING)
    rows = con.execute(
        "select measure, member_1, member_2, numerator, denominator, value, is_suppressed, symbol, previous_value "
        "from reports.rpt_measures"
    ).fetchall()
    return {row[:3]: row[3:] for row in rows}


def count(measure: str, parts: dict[str, int], dimension: str = "sector_group") -> str:
    lines = [
        f"{measure} | all | all | all | all | {sum(parts.values())} | - | - | {sum(parts.values())} | count"
    ]
    lines += [
        f"{measure} | {dimension} | {m} | all | all | {n} | - | - | {n} | count" for m, n in parts.items()
    ]
    return "\n".join(lines)


def hidden(rows: dict) -> set:
    return {key for key, row in rows.items() if row[3]}


def test_a_small_count_takes_its_smallest_sibling_with_it():
    rows = publish(count("referrals", {"education": 30, "fostering": 9, "early_years": 3, "unknown": 0}))
    assert hidden(rows) == {("referrals", "early_years", "all"), ("referrals", "fostering", "all")}
    assert rows["referrals", "early_years", "all"] == (None, None, None, True, "c", None)
    assert rows["referrals", "unknown", "all"][:4] == (0, None, 0, False)
    assert rows["referrals", "all", "all"][0] == 42


@pytest.mark.parametrize(("small", "is_hidden"), [(4, True), (5, False)])
def test_the_threshold_is_the_profiles(small, is_hidden):
    rows = publish(count("referrals", {"education": 30, "fostering": small}))
    assert rows["referrals", "fostering", "all"][3] is is_hidden


def test_two_small_counts_need_no_third():
    rows = publish(count("referrals", {"education": 30, "fostering": 2, "early_years": 3}))
    assert hidden(rows) == {("referrals", "fostering", "all"), ("referrals", "early_years", "all")}


def test_a_share_stands_or_falls_with_its_count():
    lines = count("referrals", {"education": 30, "fostering": 9, "early_years": 3})
    lines += "\nreferrals_share | sector_group | fostering | all | all | 9 | 42 | referrals | 21.4 | percent"
    lines += "\nreferrals_share | sector_group | education | all | all | 30 | 42 | referrals | 71.4 | percent"
    rows = publish(lines)
    assert rows["referrals_share", "fostering", "all"] == (None, None, None, True, "c", None)
    assert rows["referrals_share", "education", "all"][:4] == (30, 42, 71.4, False)


def test_all_but_a_few_tells_of_the_few():
    lines = "closed_within_1_month | all | all | all | all | 88 | 120 | cases_closed | 73.3 | percent"
    for pathway, within, closed in (
        ("allegation", 38, 40),
        ("consultation", 20, 50),
        ("advice_only", 30, 30),
    ):
        base = f"cases_closed[pathway={pathway}]"
        numbers = f"{within} | {closed} | {base} | {100 * within / closed}"
        lines += f"\nclosed_within_1_month | pathway | {pathway} | all | all | {numbers} | percent"
    rows = publish(lines)
    assert ("closed_within_1_month", "allegation", "all") in hidden(rows)
    assert len(hidden(rows)) == 2
    assert rows["closed_within_1_month", "all", "all"][0] == 88


def test_nothing_is_shown_over_a_small_base():
    base = "referrals[sector_group=fostering]"
    rows = publish(f"allegations | sector_group | fostering | all | all | 0 | 3 | {base} | 0 | percent")
    assert rows["allegations", "fostering", "all"][:4] == (None, None, None, True)


def test_posts_and_weeks_are_no_small_bases():
    rows = publish("allegations_per_fte | all | all | all | all | 80 | 1.6 | lado_fte | 50 | per_fte")
    assert not hidden(rows)


def test_a_change_gives_no_hidden_year_away():
    lines = count("referrals", {"education": 30, "fostering": 2, "early_years": 3})
    lines += "\nreferrals_change_number | sector_group | fostering | all | all | -9 | - | - | -9 | count"
    lines += "\nreferrals_change_number | sector_group | education | all | all | 7 | - | - | 7 | count"
    assert ("referrals_change_number", "fostering", "all") in hidden(publish(lines))
    assert ("referrals_change_number", "education", "all") not in hidden(publish(lines))


def test_a_training_session_is_nobody():
    rows = publish(count("training_sessions", {"primary": 1, "secondary": 30}, "sector"))
    assert not hidden(rows)


@pytest.mark.parametrize(("previous", "shown"), [("3", None), ("6", 6), ("0", 0)])
def test_an_earlier_value_does_not_tell_a_small_count(previous, shown):
    rows = publish(count("referrals", {"education": 30, "fostering": 9}), previous=previous)
    assert rows["referrals", "education", "all"][5] == shown


def attack(table: dict[tuple[str, str], int], seen: set[tuple[str, str]], totals: dict) -> set:
    """Cells that follow at once from a visible total less visible parts."""
    known = set(seen)
    while True:
        found = set()
        for place in (0, 1):
            for member in {cell[place] for cell in table}:
                if (place, member) in totals:
                    unknown = [cell for cell in table if cell[place] == member and cell not in known]
                    if len(unknown) == 1:
                        found.update(unknown)
        if not found:
            return known - seen
        known |= found


PATHWAYS = ("allegation", "consultation", "information_only")
GROUPS = ("education", "fostering", "early_years", "wider_workforce")


def publish_pairs(table: dict[tuple[str, str], int]) -> dict:
    """Both totals of a table of pairs, and the pairs."""
    lines = count("referrals", {p: sum(table[p, g] for g in GROUPS) for p in PATHWAYS}, "pathway")
    by_group = count("referrals", {g: sum(table[p, g] for p in PATHWAYS) for g in GROUPS})
    lines += "\n" + "\n".join(by_group.splitlines()[1:])
    for (p, g), n in table.items():
        lines += f"\nreferrals | pathway | {p} | sector_group | {g} | {n} | - | - | {n} | count"
    return publish(lines)


def test_one_small_pair_hides_a_rectangle_and_no_more():
    table = {(p, g): 10 + i for i, (p, g) in enumerate((p, g) for p in PATHWAYS for g in GROUPS)}
    table["allegation", "fostering"] = 2
    rows = publish_pairs(table)
    assert len([cell for cell in table if rows["referrals", *cell][3]]) == 4
    assert not [key for key in hidden(rows) if key[2] == "all"]


@pytest.mark.parametrize("seed", range(40))
def test_no_cell_of_a_pair_follows_from_one_total(seed):
    draw = random.Random(seed)
    table = {(p, g): draw.choice([0, 0, 1, 2, 3, 5, 8, 13, 40]) for p in PATHWAYS for g in GROUPS}
    rows = publish_pairs(table)
    seen = {cell for cell in table if not rows["referrals", *cell][3]}
    totals = {(0, p) for p in PATHWAYS if not rows["referrals", p, "all"][3]}
    totals |= {(1, g) for g in GROUPS if not rows["referrals", g, "all"][3]}
    assert all(table[cell] == 0 or table[cell] > 4 for cell in seen)
    assert not {cell for cell in attack(table, seen, totals) if table[cell]}
