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

arrived_feeds as (select distinct authority, feed from {{ ref('stg_extracts') }}),

-- A feed whose profile does not say from when it is complete counts from its earliest record.
earliest as (
    select authority, 'contacts' as feed, min(received_on) as complete_from from {{ ref('fct_contacts') }}
    group by authority
    union all
    select authority, 'referrals' as feed, min(received_on) as complete_from from {{ ref('fct_referrals') }}
    group by authority
    union all
    select authority, 'outcomes' as feed, min(outcome_on) as complete_from from {{ ref('fct_outcomes') }}
    group by authority
    union all
    select authority, 'requests' as feed, min(received_on) as complete_from from {{ ref('fct_requests') }}
    group by authority
    union all
    select authority, 'escalations' as feed, min(raised_on) as complete_from from {{ ref('fct_escalations') }}
    group by authority
    union all
    select authority, 'setting_concerns' as feed, min(recorded_on) as complete_from
    from {{ ref('fct_setting_concerns') }}
    group by authority
    union all
    select authority, 'training' as feed, min(held_on) as complete_from from {{ ref('fct_training') }}
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
        max(coalesce(profile_feeds.complete_from, earliest.complete_from)) as complete_from,
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
    left join earliest on authorities.authority = earliest.authority and needed.feed = earliest.feed
    group by authorities.authority, needed.measure
),

judged as (
    select
        authorities.authority,
        authorities.refresh_id,
        catalogue.*,
        coalesce(needs_of_measures.complete_from, earliest.complete_from) as complete_from,
        case
            when not needs_of_measures.has_feeds then needs_of_measures.reason
            when catalogue.needs_recorded is not null and coalesce(recorded.recorded_count, 0) = 0
                then catalogue.needs_recorded || ': not recorded in any extract'
        end as missing_reason
    from authorities
    cross join catalogue
    left join needs_of_measures
        on authorities.authority = needs_of_measures.authority and catalogue.measure = needs_of_measures.measure
    left join earliest on authorities.authority = earliest.authority and earliest.feed = 'referrals'
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
        'complete from ' || complete_from,
        'no record has been received yet'
    ) as reason,
    case when missing_reason is null then complete_from end as complete_from,
    refresh_id
from described
