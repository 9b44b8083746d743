with

catalogue as (select * from {{ ref('measures') }}),

authorities as (select authority, as_at, refresh_id from {{ ref('dim_authorities') }}),

profile_feeds as (
    select
        authority,
        feed,
        bool_or(is_available) as is_available,
        max(reason) as reason,
        max(complete_from) as complete_from
    from {{ source('raw', 'feeds') }}
    group by authority, feed
),

arrived_feeds as (select authority, feed from {{ ref('stg_feed_days') }}),

days as (select * from {{ ref('int_measure_days') }}),

-- Where the profile does not say from when a feed is complete, nothing is taken to be missing: reporting begins with
-- the first period, of whatever kind, that holds a record. So every period told splits wholly into months told.
first_periods as (
    select authority, min(period_start) as first_period_on from {{ ref('int_measure_counts') }}
    group by authority
),

-- A column that nobody fills says nothing: a measure that rests on it would be a zero that is not one.
recorded as (
    select
        authority,
        unnest(['contacts.threshold_met', 'contacts.referral_requested', 'contacts.oversight_on'])
            as needs_recorded,
        unnest([count(threshold_met), count(referral_requested), count(oversight_on)]) as recorded_count
    from {{ ref('fct_contacts') }}
    group by authority
    union all
    select authority, 'referrals.employer_aware_on' as needs_recorded, count(employer_aware_on) as recorded_count
    from {{ ref('fct_referrals') }}
    group by authority
),

needed as (
    select
        catalogue.measure,
        unnest(string_split(catalogue.feeds, ';')) as feed
    from catalogue
),

needs_of_measures as (
    select
        authorities.authority,
        needed.measure,
        bool_and(coalesce(profile_feeds.is_available, false) and arrived_feeds.feed is not null) as has_feeds,
        max(profile_feeds.complete_from) as stated_from,
        bool_or(profile_feeds.complete_from is null) as has_silent_feed,
        string_agg(
            case
                when not coalesce(profile_feeds.is_available, false)
                    then needed.feed || ': ' || coalesce(profile_feeds.reason, 'the profile names no source for it')
                when arrived_feeds.feed is null then needed.feed || ': no extract has been accepted yet'
            end,
            '; '
            order by needed.feed
        ) as reason
    from authorities
    cross join needed
    left join profile_feeds on authorities.authority = profile_feeds.authority and needed.feed = profile_feeds.feed
    left join arrived_feeds on authorities.authority = arrived_feeds.authority and needed.feed = arrived_feeds.feed
    group by authorities.authority, needed.measure
),

judged as (
    select
        authorities.authority,
        authorities.refresh_id,
        catalogue.*,
        case
            when needs_of_measures.has_silent_feed
                then greatest(needs_of_measures.stated_from, first_periods.first_period_on)
            else needs_of_measures.stated_from
        end as complete_from,
        not needs_of_measures.has_silent_feed
        or coalesce(needs_of_measures.stated_from >= first_periods.first_period_on, false) as is_start_stated,
        days.as_at,
        case
            when not needs_of_measures.has_feeds then needs_of_measures.reason
            when catalogue.needs_recorded is not null and coalesce(recorded.recorded_count, 0) = 0
                then catalogue.needs_recorded || ': not recorded in any extract'
        end as missing_reason
    from authorities
    cross join catalogue
    left join needs_of_measures
        on authorities.authority = needs_of_measures.authority and catalogue.measure = needs_of_measures.measure
    left join days on authorities.authority = days.authority and catalogue.measure = days.measure
    left join first_periods on authorities.authority = first_periods.authority
    left join recorded
        on authorities.authority = recorded.authority and catalogue.needs_recorded = recorded.needs_recorded
),

-- The three ways to say what changed are measures of their own, each with its unit.
described as (
    select
        *,
        null as compares
    from judged
    union all by name
    select
        * replace (
            measure || '_change_number' as measure,
            'count' as unit,
            null as base,
            description || ': change in number on the same period a year earlier' as description
        ),
        measure as compares
    from judged
    where is_compared
    union all by name
    select
        * replace (
            measure || '_change_percent' as measure,
            'percent' as unit,
            measure || ' a year earlier' as base,
            description || ': change in percent on the same period a year earlier' as description
        ),
        measure as compares
    from judged
    where is_compared
    union all by name
    select
        * replace (
            measure || '_change_points' as measure,
            'percentage_points' as unit,
            null as base,
            description || ': change in percentage points on the same period a year earlier' as description
        ),
        measure as compares
    from judged
    where is_compared and unit = 'percent'
)

select
    authority || ':' || measure as measure_key,
    authority,
    measure,
    description,
    population,
    unit,
    base,
    compares as compared_measure,
    missing_reason is null and complete_from is not null as is_available,
    coalesce(
        missing_reason,
        case when is_start_stated then 'complete from ' || complete_from end,
        'taken as complete from ' || complete_from || ', the first period with a record: the profile does not say',
        'no record has been received yet'
    ) as reason,
    case when missing_reason is null then complete_from end as complete_from,
    case when missing_reason is null then is_start_stated end as is_start_stated,
    case when missing_reason is null then as_at end as as_at,
    refresh_id
from described
