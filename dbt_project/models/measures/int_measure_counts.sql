{#- Every dimension that an items model gives as a column of one member. harm_criterion and action are lists: an
    item counts once under each of its members. -#}
{%- set dimensions = [
    'area', 'sector_group', 'sector', 'staff_role', 'referrer_agency', 'concern_category', 'channel', 'pathway',
    'source_team', 'recorded_as', 'outcome', 'band', 'age_band', 'police_involved', 'meeting_type', 'in_care',
    'send', 'child_in_need', 'child_protection', 'early_help', 'request_type', 'raised_with', 'concern_type'
] -%}

with

items as (
    select * from {{ ref('int_contact_items') }}
    union all by name
    select * from {{ ref('int_referral_items') }}
    union all by name
    select * from {{ ref('int_allegation_items') }}
    union all by name
    select * from {{ ref('int_service_items') }}
),

breakdowns as (select * from {{ ref('int_measure_breakdowns') }}),

days as (select * from {{ ref('int_measure_days') }}),

periods as (select * from {{ ref('int_measure_periods') }}),

of_authorities as (
    select
        days.authority,
        days.as_at,
        breakdowns.*
    from breakdowns
    inner join days on breakdowns.measure = days.measure
),

-- What is published, what stands below a line as its base, and each dimension alone to know its members: to the day of
-- the measure that asks for it.
pairs as (
    select authority, as_at, counts, dimension_1, dimension_2 from of_authorities
    union
    select authority, as_at, base as counts, base_dimension_1 as dimension_1, base_dimension_2 as dimension_2
    from of_authorities
    where base is not null
),

wanted as (
    select authority, as_at, counts, dimension_1, dimension_2 from pairs
    union
    select authority, as_at, counts, dimension_1, 'all' as dimension_2 from pairs
    union
    select authority, as_at, counts, dimension_2 as dimension_1, 'all' as dimension_2 from pairs
),

listed as (
    select
        items.*,
        wanted.as_at,
        date_trunc('month', items.event_on)::date as month_on,
        wanted.dimension_1,
        wanted.dimension_2,
        unnest(
            case
                when 'harm_criterion' in (wanted.dimension_1, wanted.dimension_2) then items.harm_criterion
                when 'action' in (wanted.dimension_1, wanted.dimension_2) then items.action
                else [null]
            end
        ) as listed_member
    from items
    inner join wanted
        on items.authority = wanted.authority and items.counts = wanted.counts and items.event_on <= wanted.as_at
),

-- By month first: every period is made of whole months, so each item is looked at once, not once a period.
monthly as (
    select
        authority,
        as_at,
        counts,
        month_on,
        dimension_1,
        {{ member_of('dimension_1', dimensions) }} as member_1,
        dimension_2,
        {{ member_of('dimension_2', dimensions) }} as member_2,
        sum(amount) as amount,
        sum(amount * (1 - amount)) as variance,
        count_if(amount >= 1) as certain_count
    from listed
    group by all
)

select
    monthly.authority,
    periods.period_kind,
    periods.period_start,
    monthly.as_at,
    monthly.counts,
    monthly.dimension_1,
    coalesce(monthly.member_1, 'unknown') as member_1,
    monthly.dimension_2,
    coalesce(monthly.member_2, 'unknown') as member_2,
    (sum(monthly.amount))::double as amount,
    (sum(monthly.variance))::double as variance,
    (sum(monthly.certain_count))::bigint as certain_count
from monthly
inner join periods on monthly.month_on = periods.month_on
group by all
