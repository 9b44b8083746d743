with

allegations as (
    select * from {{ ref('stg_allegations') }}
),

referrals as (
    select * from {{ ref('stg_referrals') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'allegations'
),

outcome_days as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'outcomes'
),

-- An allegation asks its own source system first; of several others the first by name answers.
allegation_outcomes as (
    select
        allegations.allegation_key,
        outcomes.outcome,
        outcomes.outcome_on,
        outcome_days.told_to
    from allegations
    inner join outcomes
        on allegations.authority = outcomes.authority and allegations.allegation_id = outcomes.allegation_id
    inner join outcome_days on outcomes.authority = outcome_days.authority
    qualify row_number() over (
        partition by allegations.allegation_key
        order by cast(outcomes.source_system <> allegations.source_system as integer), outcomes.source_system
    ) = 1
),

taken as (
    select
        allegation_key,
        bool_or(action_key = 'dbs_referral') as has_dbs_referral,
        bool_or(action_key = 'criminal_prosecution') as has_prosecution,
        bool_or(action_key in ('dismissal', 'resignation', 'deregistration')) as has_removal
    from {{ ref('fct_actions') }}
    group by allegation_key
),

joined as (
    select
        allegations.allegation_key,
        allegations.authority,
        allegations.source_system,
        allegations.allegation_id,
        allegations.referral_key,
        allegations.referral_id,
        referrals.received_on,
        {{ usable('allegations.recorded_on', 'authorities.told_to', 'referrals.received_on') }} as recorded_on,
        allegations.recorded_as,
        allegations.concern_category as concern_category_key,
        allegations.authority || ':' || coalesce(referrals.sector, 'unknown') as sector_key,
        allegations.authority || ':' || coalesce(referrals.area, 'unknown') as area_key,
        coalesce(referrals.staff_role, 'unknown') as staff_role_key,
        coalesce(referrals.source_team, 'unknown') as source_team,
        coalesce(referrals.referrer_agency, 'unknown') as referrer_agency,
        coalesce(referrals.pathway, 'unknown') as pathway,
        referrals.police_involved,
        allegation_outcomes.outcome,
        {{ usable('allegation_outcomes.outcome_on', 'allegation_outcomes.told_to', 'referrals.received_on') }}
            as outcome_on,
        coalesce(taken.has_dbs_referral, false) as has_dbs_referral,
        coalesce(taken.has_prosecution, false) as has_prosecution,
        coalesce(taken.has_removal, false) as has_removal,
        authorities.refresh_id
    from allegations
    inner join authorities on allegations.authority = authorities.authority
    left join referrals on allegations.referral_key = referrals.referral_key
    left join allegation_outcomes on allegations.allegation_key = allegation_outcomes.allegation_key
    left join taken on allegations.allegation_key = taken.allegation_key
)

select
    allegation_key,
    authority,
    source_system,
    allegation_id,
    referral_key,
    referral_id,
    received_on,
    recorded_on,
    recorded_as,
    concern_category_key,
    sector_key,
    area_key,
    staff_role_key,
    source_team,
    referrer_agency,
    pathway,
    police_involved,
    case when outcome_on is not null then outcome else 'not_concluded' end as outcome_key,
    outcome_on,
    outcome_on is not null as is_concluded,
    outcome_on - received_on as received_to_outcome_days,
    has_dbs_referral,
    has_prosecution,
    has_removal,
    has_removal and outcome_on is not null and outcome = 'substantiated' as is_removal_after_substantiated,
    refresh_id
from joined
