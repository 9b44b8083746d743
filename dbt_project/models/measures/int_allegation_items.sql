with

authorities as (
    select
        authority,
        as_at,
        outcomes_told_to
    from {{ ref('dim_authorities') }}
),

-- Outcomes and actions as they stood on the last day that all of an allegation's feeds tell of: where one goes on for
-- longer, its news would meet a base that does not know of them.
actions as (
    select
        actions.allegation_key as actions_of,
        list(distinct actions.action_key order by actions.action_key) as action
    from {{ ref('fct_actions') }} as actions
    inner join authorities on actions.authority = authorities.authority
    where actions.action_on is null or actions.action_on <= authorities.outcomes_told_to
    group by actions.allegation_key
),

allegations as (
    select
        allegations.authority,
        allegations.received_on,
        allegations.outcome_on,
        allegations.source_team,
        allegations.recorded_as,
        authorities.as_at,
        actions.action,
        coalesce(areas.area_code, 'unknown') as area,
        coalesce(sectors.sector_code, 'unknown') as sector,
        coalesce(sectors.sector_group_code, 'unknown') as sector_group,
        allegations.staff_role_key as staff_role,
        allegations.concern_category_key as concern_category,
        coalesce(allegations.outcome_on <= authorities.outcomes_told_to, false) as has_told_outcome,
        case when has_told_outcome then allegations.outcome_key else 'not_concluded' end as outcome,
        coalesce(list_contains(actions.action, 'dbs_referral'), false) as has_dbs_referral,
        coalesce(list_contains(actions.action, 'criminal_prosecution'), false) as has_prosecution,
        outcome = 'substantiated'
        and coalesce(list_has_any(actions.action, ['dismissal', 'resignation', 'deregistration']), false)
            as is_removal_after_substantiated
    from {{ ref('fct_allegations') }} as allegations
    inner join authorities on allegations.authority = authorities.authority
    left join {{ ref('dim_areas') }} as areas on allegations.area_key = areas.area_key
    left join {{ ref('dim_sectors') }} as sectors on allegations.sector_key = sectors.sector_key
    left join actions on allegations.allegation_key = actions.actions_of
),

items as (
    select 'allegations' as counts, received_on as event_on, * from allegations
    union all by name
    select 'allegations_concluded_of_received' as counts, received_on as event_on, * from allegations
    where has_told_outcome
    union all by name
    select 'allegations_open_of_received' as counts, received_on as event_on, * from allegations
    where not has_told_outcome
    union all by name
    select 'outcomes' as counts, outcome_on as event_on, * from allegations
    where has_told_outcome
    union all by name
    select 'actions_of_received' as counts, received_on as event_on, * from allegations
    where action is not null
    union all by name
    select 'removals_of_received' as counts, received_on as event_on, * from allegations
    where is_removal_after_substantiated
    union all by name
    select 'removals_without_dbs' as counts, received_on as event_on, * from allegations
    where is_removal_after_substantiated and not has_dbs_referral
    union all by name
    select 'dbs_referrals' as counts, received_on as event_on, * from allegations
    where has_dbs_referral
    union all by name
    select 'prosecutions' as counts, received_on as event_on, * from allegations
    where has_prosecution
)

select
    authority,
    counts,
    event_on,
    cast(1 as decimal(18, 12)) as amount,
    area,
    sector_group,
    sector,
    staff_role,
    source_team,
    concern_category,
    recorded_as,
    outcome,
    action
from items
where event_on <= as_at
