with

actions as (
    select * from {{ ref('stg_actions') }}
),

authorities as (
    select * from {{ ref('stg_as_at') }}
)

-- Two wordings of one action on one day are one action; an action planned for later has not been taken.
select
    actions.authority || ':' || actions.source_system || ':' || actions.allegation_id || ':' || actions.action
    || ':' || coalesce(cast(actions.action_on as varchar), 'undated') as allegation_action_key,
    actions.authority,
    actions.source_system,
    actions.allegation_id,
    actions.allegation_key,
    actions.action as action_key,
    actions.action_on,
    authorities.refresh_id
from actions
inner join authorities on actions.authority = authorities.authority
where actions.action_on is null or actions.action_on <= authorities.as_at
group by all
