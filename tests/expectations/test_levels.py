"""What tonight is held against: earlier publications, accepted losses, conversion as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from expectations import gate, levels

NOW = datetime(2020, 4, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema marts; "
            "create table marts.dim_authorities as select 'kent' as authority, date '2020-03-31' as as_at"
        )
        yield connection


def test_an_accepted_loss_lets_an_authority_pass_until_it_was_published(con):
    gate.prepare(con)
    con.execute(
        "insert into quality.accepted_losses values ('one', 'kent', 'contacts', 100, 50, timestamp '2020-04-01 02:00')"
    )
    levels.note_this_gate(con, "tonight", NOW)
    levels.note_publications(con)
    levels.note_let_pass(con, ["northmere/contacts"])
    assert con.execute("select authority from let_pass order by 1").fetchall() == [("kent",), ("northmere",)]
    con.execute(
        "insert into quality.verdicts values "
        "('one', 'publication', true, 'x', [], timestamp '2020-04-01 03:00', 'marts')"
    )
    levels.note_publications(con)
    levels.note_let_pass(con, [])
    assert con.execute("select authority from let_pass").fetchall() == []


def test_only_what_was_published_is_what_tonight_is_held_against(con):
    gate.prepare(con)
    passed = {"shown": True, "held": False, "killed": True, "tonight": True}
    for hour, (refresh_id, is_passed) in enumerate(passed.items()):
        con.execute(
            "insert into quality.verdicts values (?, 'publication', ?, 'x', [], ?, 'marts')",
            [refresh_id, is_passed, datetime(2020, 4, 1, hour)],
        )
    con.execute(
        "insert into quality.verdicts values ('arrived', 'arrival', true, null, [], ?, 'kent')", [NOW]
    )
    levels.note_this_gate(con, "tonight", NOW)
    levels.note_publications(con)
    known = "select refresh_id from publications order by judged_at"
    assert con.execute(known).fetchall() == [("shown",), ("killed",)], "without a record of refreshes"
    con.execute("create table quality.refreshes (refresh_id varchar, outcome varchar)")
    con.execute(
        "insert into quality.refreshes values ('shown', 'published'), ('held', 'held'), ('killed', 'interrupted'), "
        "('tonight', 'running')"
    )
    levels.note_publications(con)
    assert con.execute(known).fetchall() == [("shown",)]


def test_conversion_counts_requests_of_more_than_60_days_ago(con):
    con.execute(
        """
        create table marts.dim_dates as
            select day::date as date_on, '2019/20' as financial_year
            from range(timestamp '2019-04-01', timestamp '2020-04-01', interval 1 day) as days(day);
        create table marts.fct_contacts (
            authority varchar, received_on date, referral_requested boolean, match_probability double);
        insert into marts.fct_contacts values
            ('kent', date '2020-01-31', true, 0.75), ('kent', date '2019-04-01', true, null),
            ('kent', date '2020-02-01', true, 0.9), ('kent', date '2019-04-01', false, 0.9),
            ('stopped', date '2019-11-01', true, 0.5), ('stopped', date '2019-11-02', true, null);
        create temp table gate_as_at as
            select unnest(['kent', 'stopped']) as authority, date '2020-03-31' as as_at;
        -- Nobody can see a referral that the second one received after its last extract of referrals.
        create or replace table marts.dim_authorities as
            select 'kent' as authority, date '2020-03-31' as referrals_told_to
            union all select 'stopped', date '2019-12-31';
        """
    )
    gate.prepare(con)
    levels.note_conversion(con)
    levels.record_conversion(con, "one", datetime(2020, 4, 2))
    kept = con.execute(
        "select authority, financial_year, requested_count, received_count from quality.conversion_levels"
    )
    assert sorted(kept.fetchall()) == [("kent", "2019/20", 2, 0.75), ("stopped", "2019/20", 1, 0.5)]
