with

-- Weeks of which no extract of referrals tells have no caseload.
authorities as (
    select
        authority,
        told_to,
        refresh_id
    from {{ ref('stg_feed_days') }}
    where feed = 'referrals'
),

officers as (
    select * from {{ ref('dim_officers') }}
),

referrals as (
    select
        authority,
        officer_key,
        received_on,
        closed_on
    from {{ ref('fct_referrals') }}
),

sundays as (
    select date_on as week_ending_on
    from {{ ref('dim_dates') }}
    where date_on = week_ending_on
),

first_receipts as (
    select
        authority,
        min(received_on) as first_received_on
    from referrals
    group by authority
),

weeks as (
    select
        authorities.authority,
        sundays.week_ending_on,
        authorities.refresh_id
    from authorities
    inner join first_receipts on authorities.authority = first_receipts.authority
    inner join sundays
        on sundays.week_ending_on between first_receipts.first_received_on and authorities.told_to
),

-- A case opens in the week of its receipt and is no longer open at the end of the week of its closing.
movements as (
    select
        authority,
        officer_key,
        {{ week_ending_on('received_on') }} as week_ending_on,
        1 as opened
    from referrals
    union all
    select
        authority,
        officer_key,
        {{ week_ending_on('closed_on') }} as week_ending_on,
        -1 as opened
    from referrals
    where closed_on is not null
),

moved as (
    select
        authority,
        officer_key,
        week_ending_on,
        sum(opened) as opened
    from movements
    group by authority, officer_key, week_ending_on
),

counted as (
    select
        weeks.authority,
        officers.officer_key,
        weeks.week_ending_on,
        sum(coalesce(moved.opened, 0)) over (
            partition by weeks.authority, officers.officer_key
            order by weeks.week_ending_on
            rows between unbounded preceding and current row
        ) as open_case_count,
        officers.officer_id is not null
        and weeks.week_ending_on >= coalesce(officers.started_on, weeks.week_ending_on)
        and weeks.week_ending_on <= coalesce(officers.ended_on, weeks.week_ending_on) as is_in_post,
        officers.fte,
        weeks.refresh_id
    from weeks
    inner join officers on weeks.authority = officers.authority
    left join moved
        on
            officers.officer_key = moved.officer_key
            and weeks.authority = moved.authority
            and weeks.week_ending_on = moved.week_ending_on
)

select
    officer_key || ':' || week_ending_on as caseload_key,
    authority,
    officer_key,
    week_ending_on,
    cast(open_case_count as bigint) as open_case_count,
    is_in_post,
    case when is_in_post then coalesce(fte, 0) else 0 end as fte,
    refresh_id
from counted
where open_case_count > 0 or is_in_post
