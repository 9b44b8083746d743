with

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

allegations as (
    select * from {{ ref('fct_allegations') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'outcomes'
),

dated as (
    select
        outcomes.outcome_record_key,
        outcomes.authority,
        outcomes.source_system,
        outcomes.allegation_id,
        outcomes.allegation_key,
        outcomes.outcome,
        {{ usable('outcomes.outcome_on', 'authorities.told_to', 'allegations.received_on') }} as outcome_on,
        allegations.received_on,
        allegations.allegation_key is not null as has_allegation,
        -- Two systems may tell of one outcome: the allegation's own is counted, else the first by name.
        row_number() over (
            partition by outcomes.allegation_key
            order by
                cast(outcomes.source_system <> allegations.source_system as integer),
                outcomes.source_system,
                outcomes.allegation_id
        ) = 1 as is_first,
        authorities.refresh_id
    from outcomes
    inner join authorities on outcomes.authority = authorities.authority
    left join allegations on outcomes.allegation_key = allegations.allegation_key
)

select
    outcome_record_key as allegation_outcome_key,
    authority,
    source_system,
    allegation_id,
    allegation_key,
    outcome as outcome_key,
    outcome_on,
    outcome_on - received_on as received_to_outcome_days,
    has_allegation and is_first and outcome_on is not null as is_counted,
    refresh_id
from dated
