"""What leaves in the published measures: small counts, what gives them away, and what stays visible.

Belongs here: disclosure control of made-up tables, small enough to work out with a pencil. Does not belong here: what
the figures are (tests/measures), the attack (tests/expectations/test_attack.py), random worlds
(tests/publish/test_disclosure_worlds.py).
"""

from __future__ import annotations

import random

import pytest

from publish import disclosure, files
from tests.measures.conftest import put, put_dimensions, run, warehouse

HEAD = "measure | dimension_1 | member_1 | dimension_2 | member_2 | numerator | denominator | base | value | unit"
MONTHS = {4: "2019-04-30", 5: "2019-05-31", 6: "2019-06-30"}


def prepared(rule: str = "4, null"):
    """A warehouse of Smallshire without figures; rule: hide_up_to, round_to."""
    con = warehouse()
    put_dimensions(con, "smallshire", "2020-03-31")
    con.execute(
        f"update marts.dim_authorities set (disclosure_hide_up_to, disclosure_round_to) = row({rule})"
    )
    con.execute(
        "insert into marts.dim_measures by name select 'smallshire' as authority, measure || change as measure, "
        "date '2018-04-01' as complete_from from reference.measures "
        "cross join (select unnest(['', '_change_number', '_change_percent', '_change_points']) as change)"
    )
    files.prepare(con)
    return con


def add(con, lines: str, kind="financial_year", start="2019-04-01", end="2020-03-31", as_at="2020-03-31"):
    put(
        con, "marts.fct_measures", f"{HEAD}\n{lines.strip()}", authority="smallshire", period_kind=kind,
        period_start=start, period_end=end, as_at=as_at, is_part_period=str(as_at < end).lower(),
        population="received", is_suppressed="false", refresh_id="night",
    )  # fmt: skip


def published(con, where: str = "true") -> dict:
    """The published rows, by measure and members: numerator, denominator, value, is_suppressed, symbol, previous."""
    disclosure.control(con)
    run(con, ["int_measure_periods", "rpt_measures"])
    rows = con.execute(
        "select measure, member_1, member_2, numerator, denominator, value, is_suppressed, symbol, previous_value "
        f"from reports.rpt_measures where {where}"
    ).fetchall()
    return {row[:3]: row[3:] for row in rows}


def publish(lines: str, rule: str = "4, null") -> dict:
    """One year of Smallshire, published."""
    con = prepared(rule)
    add(con, lines)
    return published(con)


def remember(con) -> None:
    """Take what is published now for the last release."""
    files.remember_published(con, "measures.published_measures")


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


@pytest.mark.parametrize(
    ("received", "is_hidden"), [(14.6, True), (16.4, True), (16.6, False), (12.2, False)]
)
def test_an_estimate_that_leaves_a_few_tells_of_them(received, is_hidden):
    rows = publish(
        f"requested_referrals_received | all | all | all | all | {received} | 17 | referrals_requested | "
        f"{100 * received / 17:.1f} | percent"
    )
    assert rows["requested_referrals_received", "all", "all"][3] is is_hidden


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


def test_a_change_is_shown_where_both_its_years_are():
    con = prepared()
    before = {"start": "2018-04-01", "end": "2019-03-31"}
    add(con, count("referrals", {"education": 23, "fostering": 11, "early_years": 12}), **before)
    lines = count("referrals", {"education": 30, "fostering": 2, "early_years": 3})
    lines += "\nreferrals_change_number | sector_group | fostering | all | all | -9 | - | - | -9 | count"
    lines += "\nreferrals_change_number | sector_group | education | all | all | 7 | - | - | 7 | count"
    add(con, lines)
    rows = published(con, "period_start = '2019-04-01'")
    assert ("referrals_change_number", "fostering", "all") in hidden(rows)
    assert rows["referrals_change_number", "education", "all"][0] == 7


OPEN = "cases_open_at_end | all | all | all | all | {open} | - | - | {open} | count"
LOADS = """
caseload | statistic | maximum | all | all | {most} | - | - | {most} | count
caseload | statistic | median | all | all | 9 | - | - | 9 | count
"""


def test_what_one_officer_holds_is_hidden_when_it_is_small():
    rows = publish(OPEN.format(open=40) + LOADS.format(most=3))
    assert hidden(rows) == {("caseload", "maximum", "all")}


def test_what_officers_hold_is_hidden_with_all_that_is_open():
    rows = publish(OPEN.format(open=3) + LOADS.format(most=12))
    assert hidden(rows) == {
        ("cases_open_at_end", "all", "all"),
        ("caseload", "maximum", "all"),
        ("caseload", "median", "all"),
    }


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


# --- Over time ----------------------------------------------------------------------------------------------------


def month(con, number: int, amount: int) -> None:
    add(con, f"escalations | all | all | all | all | {amount} | - | - | {amount} | count", "month",
        f"2019-{number:02d}-01", MONTHS[number])  # fmt: skip


def test_a_small_month_takes_another_with_it_when_the_quarter_is_shown():
    con = prepared()
    for number, amount in ((4, 6), (5, 3), (6, 11)):
        month(con, number, amount)
    add(
        con,
        "escalations | all | all | all | all | 20 | - | - | 20 | count",
        "quarter",
        "2019-04-01",
        "2019-06-30",
    )
    disclosure.control(con)
    rows = con.execute(
        "select period_kind, month(period_start), numerator from measures.published_measures order by all"
    ).fetchall()
    assert rows == [("month", 4, 6), ("month", 5, None), ("month", 6, None), ("quarter", 4, 20)]


def test_breakdowns_are_shown_of_whole_financial_years_only():
    parts = {"education": 30, "fostering": 9}
    con = prepared()
    add(con, count("referrals", parts), "quarter", "2019-04-01", "2019-06-30")
    assert hidden(published(con)) == {("referrals", "education", "all"), ("referrals", "fostering", "all")}
    con = prepared()
    add(con, count("referrals", parts), as_at="2020-01-31")
    assert hidden(published(con)) == {("referrals", "education", "all"), ("referrals", "fostering", "all")}


def test_pairs_have_rows_in_financial_years_only():
    con = prepared()
    add(con, "referrals | pathway | allegation | sector_group | fostering | 2 | - | - | 2 | count", "month",
        "2019-04-01", "2019-04-30")  # fmt: skip
    assert published(con) == {}, "only what occurs has a row there: a hidden row would tell that it does"


# --- From one release to the next -----------------------------------------------------------------------------------


def test_what_was_hidden_stays_hidden_and_what_was_shown_is_not_relied_on():
    con = prepared()
    add(con, count("referrals", {"education": 30, "fostering": 9, "early_years": 3, "unknown": 8}))
    assert hidden(published(con)) == {("referrals", "early_years", "all"), ("referrals", "unknown", "all")}
    remember(con)
    # Decided anew, nothing would be hidden: none of these is small any more.
    for member, amount in (("early_years", 5), ("fostering", 6), ("all", 49)):
        con.execute(
            f"update marts.fct_measures set numerator = {amount}, value = {amount} where member_1 = '{member}'"
        )
    rows = published(con)
    assert hidden(rows) == {("referrals", "early_years", "all"), ("referrals", "unknown", "all")}
    assert rows["referrals", "fostering", "all"][0] == 6


def test_a_period_that_was_running_is_decided_anew_when_it_is_over():
    con = prepared()
    add(con, "escalations | all | all | all | all | 3 | - | - | 3 | count", as_at="2019-05-31")
    assert hidden(published(con))
    remember(con)
    con.execute(
        "update marts.fct_measures set numerator = 9, value = 9, as_at = '2020-03-31', is_part_period = false"
    )
    assert not hidden(published(con))


def test_the_previous_value_is_the_one_that_was_shown():
    con = prepared()
    add(con, count("referrals", {"education": 30, "fostering": 9, "early_years": 4, "unknown": 12}))
    published(con)
    remember(con)
    con.execute("update marts.fct_measures set numerator = 31, value = 31 where member_1 = 'education'")
    con.execute("update marts.fct_measures set numerator = 56, value = 56 where member_1 = 'all'")
    rows = published(con)
    assert rows["referrals", "education", "all"][5] == 30
    assert rows["referrals", "early_years", "all"][5] is None


# --- Rules and symbols ----------------------------------------------------------------------------------------------


def test_rounding_is_an_option_of_the_profile():
    lines = count("referrals", {"education": 33, "fostering": 7, "early_years": 6})
    lines += (
        "\nreferrals_share | sector_group | education | all | all | 33 | 46 | referrals | 71.74 | percent"
    )
    rows = publish(lines, rule="4, 5")
    assert not hidden(rows)
    assert rows["referrals", "education", "all"][0] == 35
    assert rows["referrals_share", "education", "all"][:3] == (35, 45, pytest.approx(100 * 35 / 45))


def test_symbols_say_why_a_figure_is_missing_or_doubtful():
    lines = """
    referrals | all | all | all | all | 2 | - | - | 2 | count
    allegations | all | all | all | all | 0 | 0 | referrals | - | percent
    """
    rows = publish(lines, rule="0, 5")
    assert rows["referrals", "all", "all"] == (0, None, 0, False, "k", None)
    assert rows["allegations", "all", "all"][3:5] == (False, "z")
    con = prepared()
    add(con, "contacts_with_referral | all | all | all | all | 10 | 40 | contacts | 25 | percent")
    con.execute("update marts.fct_measures set lower_90 = 4, upper_90 = 15")
    assert published(con)["contacts_with_referral", "all", "all"][4] == "u"
    con.execute("update marts.fct_measures set lower_90 = 6")
    assert published(con)["contacts_with_referral", "all", "all"][4] is None


def test_the_year_is_hidden_when_the_quarters_of_the_last_release_would_tell_its_last_quarter():
    con = prepared()
    ends = {"2019-04-01": "2019-06-30", "2019-07-01": "2019-09-30", "2019-10-01": "2019-12-31"}
    row = "referrals | all | all | all | all | {0} | - | - | {0} | count"
    for (start, end), number in zip(ends.items(), (20, 25, 30), strict=True):
        add(con, row.format(number), "quarter", start, end, as_at="2019-12-31")
    published(con)
    remember(con)

    add(con, row.format(3), "quarter", "2020-01-01", "2020-03-31")
    add(con, row.format(78))  # 78 - 20 - 25 - 30 = 3
    published(con)
    shown = con.execute(
        "select period_kind, period_start::varchar, numerator from reports.rpt_measures order by all"
    ).fetchall()
    assert shown == [
        ("financial_year", "2019-04-01", None),
        ("quarter", "2019-04-01", 20),
        ("quarter", "2019-07-01", 25),
        ("quarter", "2019-10-01", 30),
        ("quarter", "2020-01-01", None),
    ]


def test_of_what_is_withheld_nothing_is_shown():
    con = prepared()
    add(con, count("referrals", {"education": 30, "fostering": 12}))
    add(con, "allegations | all | all | all | all | 21 | 42 | referrals | 50 | percent")
    add(con, "meetings | all | all | all | all | 9 | - | - | 9 | count")
    disclosure.control(con, {("smallshire", "referrals")})
    rows = con.execute("select measure, is_suppressed from measures.published_measures").fetchall()
    assert set(rows) == {("referrals", True), ("allegations", True), ("meetings", False)}
