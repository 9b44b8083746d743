"""Which lines of timeliness are judged against the targets. What the shares are is held in test_measures.py."""

from __future__ import annotations

from tests.measures.conftest import put_dimensions, run, warehouse


def test_cases_closed_are_judged_and_those_received_are_not():
    con = warehouse()
    put_dimensions(con, "smallshire", "2020-03-31")
    con.execute("update marts.dim_authorities set closed_within_12_months_target_percent = 95")
    con.execute("""
        create table reports.rpt_measures as
        select 'smallshire' as authority, 'Smallshire' as authority_name, 'financial_year' as period_kind,
            '2019/20' as period_name, date '2019-04-01' as period_start, date '2020-03-31' as period_end,
            false as is_part_period, date '2020-03-31' as as_at, population, measure, 'all' as dimension_1,
            'all' as member_1, 'All' as member_1_name, 'all' as dimension_2, 'all' as member_2, 'All' as member_2_name,
            numerator, 100 as denominator, base, numerator as value, null::varchar as symbol, 'night' as refresh_id
        from (values
            ('closed', 'closed_within_12_months', 96, 'cases_closed'),
            ('closed', 'closed_within_3_months', 50, 'cases_closed'),
            ('received', 'closed_within_12_months_of_received', 20, 'referrals')
        ) as told(population, measure, numerator, base)
    """)
    con.execute("""
        insert into marts.dim_measures by name
        select 'smallshire' as authority, measure, 'words' as description from reports.rpt_measures
    """)
    run(con, ["rpt_timeliness"])
    told = con.execute("select line, target_percent, is_target_met from reports.rpt_timeliness").fetchall()
    assert sorted(told) == [
        ("closed_within_12_months", 95, True),
        ("closed_within_12_months_of_received", None, None),
        ("closed_within_3_months", None, None),
    ]
