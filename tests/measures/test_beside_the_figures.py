"""The two reports that no figure is read from: the catalogue of measures, and how good the records are.

Belongs here: what may be told to everybody of a measure that is absent, which small numbers are hidden and said to be.
Does not belong here: disclosure control of figures (tests/publish).
"""

from __future__ import annotations

import duckdb
import pytest

from .conftest import run, warehouse

HIDE_UP_TO = 4


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = warehouse()
    con.execute(
        "insert into marts.dim_authorities by name "
        f"select 'kent' as authority, 'Kent' as authority_name, {HIDE_UP_TO} as disclosure_hide_up_to"
    )
    return con


def test_the_catalogue_says_what_a_measure_counts_and_why_it_is_absent(con) -> None:
    con.execute(
        """insert into marts.dim_measures by name
        select 'kent' as authority, 'Counted' as description, 'received' as population, 'r1' as refresh_id, *
        from (values
            ('removals_without_dbs', null, 'percent', 'removals_of_received', true, 'complete from 2018-04-03'),
            ('allegations_per_fte', null, 'per_fte', 'lado_fte', false, 'officers: no extract has been accepted yet'),
            ('contacts_change_number', 'contacts', 'count', null, true, 'complete from 2018-04-03'),
            ('contacts_change_percent', 'contacts', 'percent', 'contacts a year earlier', true, ''),
            ('contacts_change_points', 'contacts', 'percentage_points', null, true, '')
        ) as told (measure, compared_measure, unit, base, is_available, reason)"""
    )
    run(con, ["rpt_measure_catalogue"])
    assert con.execute(
        "select measure, measure_name, unit, base, is_available, symbol, reason from reports.rpt_measure_catalogue "
        "order by 1"
    ).fetchall() == [
        ("allegations_per_fte", "Allegations per FTE", "per_fte", "lado_fte", False, "x",
         "officers: no extract has been accepted yet"),
        ("contacts_change_number", "Contacts, change in number", "count", None, True, None, None),
        ("contacts_change_percent", "Contacts, change in percent of the year before", "percent",
         "contacts a year earlier", True, None, None),
        ("contacts_change_points", "Contacts, change in percentage points", "percentage_points", None, True, None,
         None),
        # The day from which it is complete is that of a first record, and so of a single matter.
        ("removals_without_dbs", "Removals without DBS", "percent", "removals_of_received", True, None, None),
    ]  # fmt: skip


@pytest.fixture
def quality(con) -> dict[tuple[str, str, str], tuple]:
    """The rows of rpt_data_quality by authority, kind of line and line: count, percent, passed, symbol."""
    con.execute(
        """
        create table raw.this_refresh as select 'r1' as refresh_id;
        create table raw.load_log (authority varchar, feed varchar, source_system varchar, extract_on date,
            file_name varchar, content_hash varchar, rows_read bigint, rows_loaded bigint, rows_quarantined bigint,
            outcome varchar, refresh_id varchar, logged_at timestamp);
        insert into raw.load_log values ('kent', 'training', 'liberi', '2020-03-31', 'a.csv', 'x', 50, 49, 1,
            'accepted_with_quarantine', 'r1', '2020-04-01');
        create table quality.findings (authority varchar, rule varchar, severity varchar, is_open boolean);
        insert into quality.findings select 'kent', 'few', 'warning', true from range(3);
        insert into quality.findings select 'bucks', 'few', 'warning', true from range(9);
        insert into quality.findings select 'kent', 'many', 'warning', true from range(5);
        insert into quality.findings
        select 'kent', 'a_substantiated_removal_has_a_dbs_referral', 'warning', true from range(38);
        insert into quality.findings select 'kent', 'could_not_run', 'warning', true from range(2);
        create table quality.check_results as
        select 'r1' as refresh_id, 'publication' as gate, 'warning' as severity, *
        from (values
            ('few', 40, 12, false), ('many', 40, 5, false), ('small', 40, 4, false), ('none', 40, 0, true),
            ('could_not_run', 40, null, false), ('a_substantiated_removal_has_a_dbs_referral', 60, 38, false)
        ) as told (check_name, checked_count, failing_count, passed);
        create table reports.rpt_measures (authority varchar, measure varchar, dimension_1 varchar, member_1 varchar,
            dimension_2 varchar, period_kind varchar, period_start date, is_part_period boolean, numerator double,
            denominator double, is_suppressed boolean);
        insert into reports.rpt_measures
        select
            'kent', 'referrals_share', dimension, 'unknown', 'all', 'financial_year', '2019-04-01', false, n, d, hidden
        from (values ('area', 10, 200, false), ('sector', null, null, true)) as told (dimension, n, d, hidden);
        """
    )
    run(con, ["rpt_data_quality"])
    rows = con.execute(
        "select authority, line_kind, line, failing_count, failing_percent, is_passed, symbol "
        "from reports.rpt_data_quality"
    ).fetchall()
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def test_a_hidden_count_is_said_to_be_hidden(quality) -> None:
    hidden = {line for line, told in quality.items() if told[3] == "c"}
    assert hidden == {
        ("kent", "finding", "few"),
        ("kent", "finding", "could_not_run"),
        # The total of both authorities would tell the small one from the other.
        ("all", "check", "few"),
        ("all", "check", "small"),
        # 38 in all years, less the 36 that rpt_measures shows of one, would be the 2 that it hides of the other.
        ("kent", "finding", "a_substantiated_removal_has_a_dbs_referral"),
        ("all", "check", "a_substantiated_removal_has_a_dbs_referral"),
        ("kent", "unknown", "referrals_share.sector"),
    }
    assert {quality[line][:2] for line in hidden} == {(None, None)}


def test_how_many_records_there_are_is_not_told(quality, con) -> None:
    told = con.execute(
        "select line_kind, checked_count from reports.rpt_data_quality where checked_count is not null order by all"
    ).fetchall()
    assert told == [("files_refused", 1), ("unknown", 200)]


def test_what_is_not_hidden_bears_no_symbol(quality) -> None:
    assert quality["all", "check", "many"] == (5, None, False, None)
    assert quality["all", "check", "none"] == (0, None, True, None)
    # A check that could not run has no count to hide, though its findings of an earlier night stand.
    assert quality["all", "check", "could_not_run"] == (None, None, False, None)
    assert quality["bucks", "finding", "few"] == (9, None, None, None)
    assert quality["kent", "finding", "many"] == (5, None, None, None)
    assert quality["kent", "rows_quarantined", "training"] == (1, None, False, None)
    assert quality["kent", "files_refused", "training"] == (0, 0.0, True, None)
    assert quality["kent", "unknown", "referrals_share.area"] == (10, 5.0, None, None)
