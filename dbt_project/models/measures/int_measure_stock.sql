with

days as (
    select
        days.authority,
        days.as_at,
        bool_or(days.measure = 'referrals') as is_of_cases,
        bool_or(coalesce(catalogue.base = 'lado_fte', false)) as is_of_posts
    from {{ ref('int_measure_days') }} as days
    inner join {{ ref('measures') }} as catalogue on days.measure = catalogue.measure
    group by days.authority, days.as_at
),

officers as (select * from {{ ref('dim_officers') }}),

caseload as (select * from {{ ref('fct_caseload_weekly') }}),

measures as (
    select authority, min(complete_from) as complete_from from {{ ref('dim_measures') }}
    where is_available
    group by authority
),

-- Weeks of which nothing was recorded yet are none to spread referrals over.
recorded_from as (
    select authority, complete_from from {{ ref('dim_measures') }}
    where measure = 'referrals_per_week'
),

all_periods as (
    select distinct
        days.*,
        periods.period_kind,
        periods.period_start,
        -- Days after the as-at date have not happened: they count neither as time nor as an end.
        least(periods.period_end, days.as_at) as last_on
    from days
    inner join measures on days.authority = measures.authority
    inner join {{ ref('int_measure_periods') }} as periods
        on days.as_at >= periods.period_start and measures.complete_from <= periods.period_end
),

periods as (
    select * from all_periods
    where is_of_cases
),

referrals as (
    select
        referrals.authority,
        referrals.received_on,
        referrals.pathway,
        coalesce(officers.officer_role, 'unknown') as officer_group,
        referrals.closed_on
    from {{ ref('fct_referrals') }} as referrals
    left join officers on referrals.officer_key = officers.officer_key
),

-- A census is taken at the end of a day: what a period opens with, ages included, is that of the evening before.
censuses as (
    select authority, period_kind, period_start, as_at, 'cases_open_at_start' as counts, period_start - 1 as census_on
    from periods
    union all
    select authority, period_kind, period_start, as_at, 'cases_open_at_end' as counts, last_on as census_on from periods
),

evenings as (select distinct authority, census_on from censuses),

open_cases as (
    select
        evenings.*,
        referrals.pathway,
        referrals.officer_group,
        {{ band('referrals.received_on', 'evenings.census_on') }} as age_band
    from evenings
    inner join referrals
        on
            evenings.authority = referrals.authority
            and evenings.census_on >= referrals.received_on
            and (referrals.closed_on is null or evenings.census_on < referrals.closed_on)
),

open_members as (
    select
        authority,
        census_on,
        unnest(['all', 'pathway', 'officer_group', 'age_band']) as dimension_1,
        unnest(['all', pathway, officer_group, age_band]) as member_1
    from open_cases
),

open_counts as (
    select
        authority,
        census_on,
        dimension_1,
        member_1,
        count(*) as amount
    from open_members
    group by all
),

stock as (
    select
        censuses.authority,
        censuses.period_kind,
        censuses.period_start,
        censuses.as_at,
        censuses.counts,
        open_counts.dimension_1,
        open_counts.member_1,
        open_counts.amount
    from censuses
    inner join open_counts
        on censuses.authority = open_counts.authority and censuses.census_on = open_counts.census_on
),

-- Received and closed are counted here from the records, not from the two censuses, or the sum could not fail.
moved as (
    select
        periods.authority,
        periods.period_kind,
        periods.period_start,
        periods.as_at,
        count_if(referrals.received_on between periods.period_start and periods.last_on)
        - count_if(referrals.closed_on between periods.period_start and periods.last_on) as amount
    from periods
    inner join referrals on periods.authority = referrals.authority
    group by all
),

differences as (
    select
        moved.authority,
        moved.period_kind,
        moved.period_start,
        moved.as_at,
        moved.amount
        + coalesce(sum(case stock.counts when 'cases_open_at_start' then stock.amount else -stock.amount end), 0)
            as amount
    from moved
    left join stock
        on
            moved.authority = stock.authority
            and moved.period_kind = stock.period_kind
            and moved.period_start = stock.period_start
            and stock.dimension_1 = 'all'
    group by moved.authority, moved.period_kind, moved.period_start, moved.as_at, moved.amount
),

weeks as (
    select
        caseload.authority,
        caseload.week_ending_on,
        sum(caseload.open_case_count) / nullif(sum(caseload.fte), 0) as cases_per_fte
    from caseload
    group by all
),

caseload_statistics as (
    select
        periods.authority,
        periods.period_kind,
        periods.period_start,
        periods.as_at,
        unnest(['maximum', 'median']) as member_1,
        unnest([max(caseload.open_case_count), median(caseload.open_case_count)]) as amount
    from periods
    inner join caseload
        on
            periods.authority = caseload.authority
            and caseload.week_ending_on between periods.period_start and periods.last_on
    inner join officers on caseload.officer_key = officers.officer_key
    where officers.officer_id is not null
    group by periods.authority, periods.period_kind, periods.period_start, periods.as_at
    union all
    select
        periods.authority,
        periods.period_kind,
        periods.period_start,
        periods.as_at,
        'per_fte' as member_1,
        avg(weeks.cases_per_fte order by weeks.week_ending_on) as amount
    from periods
    inner join weeks
        on
            periods.authority = weeks.authority
            and weeks.week_ending_on between periods.period_start and periods.last_on
    group by periods.authority, periods.period_kind, periods.period_start, periods.as_at
),

lado_fte as (
    select
        periods.authority,
        periods.period_kind,
        periods.period_start,
        periods.as_at,
        sum(
            -- Exact tenths: 0.8 and 0.8 posts are 1.6, in whatever order they are added.
            cast(officers.fte as decimal(9, 4))
            * greatest(
                least(coalesce(officers.ended_on, periods.last_on), periods.last_on)
                - greatest(coalesce(officers.started_on, periods.period_start), periods.period_start)
                + 1,
                0
            )
        ) / (periods.last_on - periods.period_start + 1) as amount
    from all_periods as periods
    inner join officers on periods.authority = officers.authority
    where periods.is_of_posts and officers.officer_role = 'lado'
    group by periods.authority, periods.period_kind, periods.period_start, periods.as_at, periods.last_on
)

select
    authority,
    period_kind,
    period_start,
    as_at,
    counts,
    dimension_1,
    member_1,
    cast(amount as double) as amount
from stock
union all
select authority, period_kind, period_start, as_at, 'stock_difference', 'all', 'all', cast(amount as double)
from differences
union all
select authority, period_kind, period_start, as_at, 'caseload', 'statistic', member_1, cast(amount as double)
from caseload_statistics
where amount is not null
union all
select authority, period_kind, period_start, as_at, 'lado_fte', 'all', 'all', cast(amount as double) from lado_fte
union all
select
    periods.authority,
    periods.period_kind,
    periods.period_start,
    periods.as_at,
    'weeks',
    'all',
    'all',
    greatest(periods.last_on - greatest(periods.period_start, recorded_from.complete_from) + 1, 0) / 7.0
from periods
left join recorded_from on periods.authority = recorded_from.authority
