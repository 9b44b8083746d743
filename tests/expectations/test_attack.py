"""The attack on tables small enough to solve with a pencil, and on random ones by trying every table.

Belongs here: that the attack finds what an outsider can find, and no more. Does not belong here: how figures are
hidden (tests/publish/test_disclosure.py).
"""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pytest
from published_rows import publish, warehouse

from expectations import attack, outsider

APRIL, MAY, JUNE = (
    ("month", dt.date(2019, m, 1), dt.date(2019, m, d)) for m, d in ((4, 30), (5, 31), (6, 30))
)
QUARTER = ("quarter", dt.date(2019, 4, 1), dt.date(2019, 6, 30))


def found(con, width: float = 3, rounding: int | None = None) -> dict[str, tuple[float, float]]:
    """What is narrowed: `measure member member` -> (low, high); months by their number behind."""
    relations = outsider.read(con, "published", {"smallshire": rounding})
    told = {}
    for bound in attack.narrowed(relations, width):
        name = relations.names[bound.cell]
        if name[0] == "rest":
            words = ["rest of", name[1][1], *(m for _, m in name[1][4])]
        else:
            words = [name[1], *(m for _, m in name[4])]
            words += [str(name[2].month)] if (name[3] - name[2]).days in (29, 30) else []
        told[" ".join(words)] = (round(bound.low, 6), round(bound.high, 6))
    return told


def test_the_only_hidden_part_is_the_total_less_the_others():
    con = warehouse()
    publish(
        con,
        """
        referrals 42
        referrals sector_group=education 30
        referrals sector_group=fostering 9
        referrals sector_group=early_years c""",
    )
    assert found(con) == {"referrals early_years": (3, 3)}


@pytest.mark.parametrize(
    ("total", "bounds"),
    # Two hidden parts, none of them nought (a nought is shown): 1 + 3, 2 + 2, 3 + 1; and from 5 on four tables.
    [(34, {"referrals fostering": (1, 3), "referrals early_years": (1, 3)}), (35, {})],
)
def test_two_hidden_parts_share_the_rest(total, bounds):
    con = warehouse()
    publish(
        con,
        f"""
        referrals {total}
        referrals sector_group=education 30
        referrals sector_group=fostering c
        referrals sector_group=early_years c""",
    )
    assert found(con) == bounds


def test_a_pair_is_summed_in_both_directions():
    con = warehouse()
    publish(
        con,
        """
        referrals 90
        referrals pathway=allegation 50
        referrals pathway=consultation 40
        referrals sector_group=education 60
        referrals sector_group=fostering 30
        referrals pathway=allegation sector_group=education c
        referrals pathway=allegation sector_group=fostering c
        referrals pathway=consultation sector_group=education c
        referrals pathway=consultation sector_group=fostering c""",
    )
    assert found(con) == {}, "allegation x education may be anything from 21 to 49"
    con.execute("update published set numerator = 48, is_suppressed = false "
                "where member_1 = 'allegation' and member_2 = 'education'")  # fmt: skip
    assert found(con) == {
        "referrals allegation fostering": (2, 2),
        "referrals consultation education": (12, 12),
        "referrals consultation fostering": (28, 28),
    }


def test_members_that_overlap_sum_over_the_other_dimension_only():
    con = warehouse()
    of = "allegations_concluded_of_received"
    publish(
        con,
        f"""
        actions_of_received action=dismissal 12/50 of {of}
        actions_of_received action=warning 45/50 of {of}
        actions_of_received action=dismissal sector_group=education 9/30 of {of}[sector_group=education]
        actions_of_received action=dismissal sector_group=fostering c of {of}[sector_group=fostering]
        actions_of_received action=warning sector_group=education c of {of}[sector_group=education]
        actions_of_received action=warning sector_group=fostering c of {of}[sector_group=fostering]""",
    )
    # Fostering: 12 - 9 = 3 dismissals. The warnings of education and fostering are 45 together.
    assert found(con)["actions_of_received dismissal fostering"] == (3, 3)
    assert "actions_of_received warning education" not in found(con)


def test_sectors_sum_to_their_group():
    con = warehouse()
    publish(
        con,
        """
        referrals 60
        referrals sector_group=education 40
        referrals sector_group=early_years 20
        referrals sector=primary 38
        referrals sector=secondary c
        referrals sector=nursery c
        referrals sector=childminder 17""",
    )
    # Over all sectors two are hidden; within each group one.
    assert found(con) == {"referrals secondary": (2, 2), "referrals nursery": (3, 3)}


def test_months_sum_to_their_quarter():
    con = warehouse()
    publish(con, "escalations 9", QUARTER)
    publish(con, "escalations 6", APRIL)
    publish(con, "escalations c", MAY)
    publish(con, "escalations 0", JUNE)
    assert found(con) == {"escalations 5": (3, 3)}
    con.execute("update published set numerator = null, is_suppressed = true where month(period_start) = 4 "
                "and period_kind = 'month'")  # fmt: skip
    assert found(con) == {}, "April and May are 1 + 8 to 8 + 1"


def test_a_count_is_known_from_the_base_of_another():
    con = warehouse()
    publish(
        con,
        """
        cases_closed c
        closed_within_1_month 6/9 of cases_closed
        closed_within_3_months c of cases_closed""",
    )
    # Of 9 closed 6 within a month: 3 are left. Within three months: no relation without the bands, 0 to 9.
    assert found(con) == {"rest of closed_within_1_month": (3, 3)}
    publish(
        con,
        """
        closed_band band=under_1_month 6/9 of cases_closed
        closed_band band=1_to_3_months 1/9 of cases_closed
        closed_band band=3_to_12_months c of cases_closed
        closed_band band=over_12_months c of cases_closed""",
    )
    told = found(con)
    assert told["closed_within_3_months"] == (7, 7)
    assert told["rest of closed_within_3_months"] == (2, 2)


def test_all_but_a_few_tells_of_the_few():
    con = warehouse()
    publish(
        con,
        """
        allegations 40/50 of referrals
        allegations_concluded_of_received 38/40 of allegations
        allegations_open_of_received c of allegations""",
    )
    assert found(con)["allegations_open_of_received"] == (2, 2)


@pytest.mark.parametrize(("resigned", "told"), [(6, {"education": (4, 4), "fostering": (2, 2)}), (9, {})])
def test_removals_lie_in_the_actions_that_remove(resigned, told):
    con = warehouse()
    publish(
        con,
        f"""
        actions_of_received action=dismissal 30
        actions_of_received action=resignation {resigned}
        actions_of_received action=deregistration 0
        removals_of_received 36
        actions_of_received action=dismissal sector_group=education 20
        actions_of_received action=resignation sector_group=education c
        actions_of_received action=deregistration sector_group=education 0
        removals_of_received sector_group=education 24
        actions_of_received action=dismissal sector_group=fostering 10
        actions_of_received action=resignation sector_group=fostering c
        actions_of_received action=deregistration sector_group=fostering 0
        removals_of_received sector_group=fostering 12""",
    )
    # 30 + 6 + 0 actions for 36 removals: nobody had two, in no group. Of 30 + 9 + 0 three are a second one, somewhere.
    found_of = {name.split()[-1]: bounds for name, bounds in found(con).items() if "resignation" in name}
    assert found_of == told


def test_what_is_open_came_in_or_went_out():
    con = warehouse()
    publish(
        con,
        """
        cases_open_at_start 20
        referrals 100
        cases_closed 117
        cases_open_at_end c""",
    )
    assert found(con) == {"cases_open": (3, 3)}


def test_what_is_open_at_the_start_is_what_was_open_at_the_end_before():
    con = warehouse()
    before = ("financial_year", dt.date(2018, 4, 1), dt.date(2019, 3, 31))
    publish(con, "cases_open_at_end age_band=under_1_month 3", before)
    publish(con, "cases_open_at_start age_band=under_1_month c\ncases_open_at_start 30")
    relations = outsider.read(con, "published", {})
    evening = ("smallshire", "cases_open", dt.date(2019, 3, 31), dt.date(2019, 3, 31))
    assert set(relations.cells) == {(*evening, ()), (*evening, (("age_band", "under_1_month"),))}
    known = relations.cells[(*evening, (("age_band", "under_1_month"),))]
    assert (relations.low[known], relations.high[known]) == (3, 3)


def test_a_change_tells_of_the_year_before():
    con = warehouse()
    before = ("financial_year", dt.date(2018, 4, 1), dt.date(2019, 3, 31))
    publish(con, "referrals area=east c", before)
    publish(con, "referrals area=east 12\nreferrals_change_number area=east 9")
    assert found(con) == {"referrals east": (3, 3)}
    con.execute("delete from published where measure = 'referrals_change_number'")
    publish(con, "referrals_change_percent area=east 9/3 of referrals a year earlier")
    assert found(con) == {}, "the year before is known, not hidden"
    relations = outsider.read(con, "published", {})
    assert sorted(relations.low[:2]) == [3, 12]


def test_rounded_figures_leave_room():
    con = warehouse()
    publish(
        con,
        """
        referrals 40
        referrals sector_group=education 30
        referrals sector_group=fostering 10
        referrals sector_group=early_years c""",
    )
    # 38 to 42, less 28 to 32, less 8 to 12: at most 6.
    assert found(con, rounding=5) == {}
    assert found(con, width=6, rounding=5)["referrals early_years"] == (1, 6)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("referrals 42\nreferrals area=east 30\nreferrals area=west 9", "do not add up"),
        ("contacts_threshold_met 3/9 of contacts\ncontacts 8", "different things"),
        ("referrals 20\nreferrals area=east 30\nreferrals area=west c", "no table fits"),
    ],
)
def test_figures_that_contradict_each_other_are_told(lines, words):
    con = warehouse()
    publish(con, lines)
    with pytest.raises(attack.Contradiction, match=words):
        found(con)


ROWS, COLUMNS = ("allegation", "consultation", "advice_only"), ("education", "fostering", "early_years")


@pytest.mark.parametrize("seed", range(25))
def test_bounds_are_those_of_every_table_that_fits(seed):
    draw = random.Random(seed)
    table = {(r, c): draw.choice([0, 1, 1, 2, 3, 4, 6]) for r in ROWS for c in COLUMNS}
    hidden = [cell for cell, n in table.items() if n and draw.random() < 0.6]
    con = warehouse()
    publish(con, "\n".join(
        [f"referrals {sum(table.values())}"]
        + [f"referrals pathway={r} {sum(table[r, c] for c in COLUMNS)}" for r in ROWS]
        + [f"referrals sector_group={c} {sum(table[r, c] for r in ROWS)}" for c in COLUMNS]
        + [f"referrals pathway={r} sector_group={c} {'c' if (r, c) in hidden else table[r, c]}" for r, c in table]
    ))  # fmt: skip
    least, most = {}, {}
    for guess in fitting(table, hidden):
        for cell, n in guess.items():
            least[cell], most[cell] = min(least.get(cell, n), n), max(most.get(cell, n), n)
    expected = {
        f"referrals {r} {c}": (least[r, c], most[r, c]) for r, c in hidden if most[r, c] - least[r, c] < 3
    }
    assert found(con) == expected


def fitting(table, hidden):
    """Every table of whole numbers from 1 in the hidden cells that has the same totals."""
    by_row = {r: [cell for cell in hidden if cell[0] == r] for r in ROWS}
    sums = {r: sum(table[cell] for cell in cells) for r, cells in by_row.items()}
    choices = [
        [
            dict(zip(by_row[r], numbers, strict=True))
            for numbers in itertools.product(range(1, sums[r] + 1), repeat=len(by_row[r]))
            if sum(numbers) == sums[r]
        ]
        for r in ROWS
    ]
    for parts in itertools.product(*choices):
        guess = {cell: n for part in parts for cell, n in part.items()}
        if all(
            sum(n for cell, n in guess.items() if cell[1] == c)
            == sum(table[cell] for cell in hidden if cell[1] == c)
            for c in COLUMNS
        ):
            yield guess
