"""Which periods everybody may see: none that began before the feeds were complete.

Belongs here: periods that are told, or were by an earlier release. Does not belong here: what is hidden in them
(test_disclosure.py), what the attack makes of what was told before (tests/expectations/test_memory.py).
"""

from __future__ import annotations

from publish import cells, disclosure, files
from tests.publish.test_disclosure import add, prepared, published, remember

CONTACTS = "contacts | all | all | all | all | {0} | - | - | {0} | count"


def add_contacts_around_a_beginning(con) -> None:
    """Contacts are complete from 1 April 2019: the calendar year began before, the months did not."""
    con.execute("update marts.dim_measures set complete_from = '2019-04-01' where measure = 'contacts'")
    add(con, CONTACTS.format(43), "calendar_year", "2019-01-01", "2019-12-31")
    con.execute("update marts.fct_measures set is_part_period = true")
    add(con, CONTACTS.format(20), "month", "2019-04-01", "2019-04-30")
    add(con, CONTACTS.format(60), as_at="2020-01-31")


def test_a_period_that_began_before_the_feeds_were_complete_is_not_published():
    con = prepared()
    add_contacts_around_a_beginning(con)
    # Another count of the same year is complete from earlier.
    add(
        con,
        "referrals | all | all | all | all | 30 | - | - | 30 | count",
        "calendar_year",
        "2019-01-01",
        "2019-12-31",
    )
    rows = published(con)
    assert rows["referrals", "all", "all"][0] == 30
    told = con.execute(
        "select period_kind, numerator from reports.rpt_measures where measure = 'contacts' order by all"
    ).fetchall()
    assert told == [("financial_year", 60), ("month", 20)]


def test_such_a_period_hides_no_other_either():
    con = prepared()
    add_contacts_around_a_beginning(con)
    counted, rows = cells.read(con)
    assert sorted(row.key[1] for row in rows) == ["financial_year", "month"]
    assert sorted(counted.amounts) == [20, 60]


def test_what_a_period_opens_with_is_one_number_with_what_was_open_the_evening_before():
    con = prepared()
    row = "{} | age_band | under_1_month | all | all | 3 | - | - | 3 | count"
    add(con, row.format("cases_open_at_end"), start="2018-04-01", end="2019-03-31")
    add(con, row.format("cases_open_at_start"))
    _, rows = cells.read(con)
    assert len(rows) == 2
    assert len({row.cell for row in rows}) == 1


def test_what_an_earlier_release_told_of_a_time_before_is_remembered_until_it_is_told_again():
    con = prepared()
    add_contacts_around_a_beginning(con)
    con.execute("create view before as select * from marts.fct_measures")
    files.remember_published(con, "before")
    for _ in range(2):
        disclosure.control(con)
        remember(con)
        told = con.execute(
            "select period_kind, numerator from quality.previous_published order by all"
        ).fetchall()
        assert told == [("calendar_year", 43), ("financial_year", 60), ("month", 20)]

    # A night without the feed.
    con.execute("create table kept as from marts.fct_measures; delete from marts.fct_measures")
    disclosure.control(con)
    remember(con)
    assert con.execute("select count(*) from quality.previous_published").fetchall() == [(3,)]
    con.execute("insert into marts.fct_measures from kept")

    # The profile says that earlier contacts are there too, and the year is told anew.
    con.execute("update marts.dim_measures set complete_from = '2018-04-01'")
    con.execute(
        "update marts.fct_measures set numerator = 44, value = 44 where period_kind = 'calendar_year'"
    )
    disclosure.control(con)
    remember(con)
    (told,) = con.execute(
        "select numerator from quality.previous_published where period_kind = 'calendar_year'"
    ).fetchall()
    assert told == (44,)
