with

actions as (
    select * from {{ ref('stg_actions') }}
),

allegations as (
    select
        allegation_key,
        referral_key
    from {{ ref('stg_allegations') }}
),

referrals as (
    select
        referral_key,
        received_on
    from {{ ref('stg_referrals') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'actions'
),

-- An action planned for later has not been taken.
taken as (
    select
        actions.* exclude (action_on),
        {{ usable('actions.action_on', 'authorities.told_to', 'referrals.received_on') }} as action_on,
        authorities.refresh_id
    from actions
    inner join authorities on actions.authority = authorities.authority
    left join allegations on actions.allegation_key = allegations.allegation_key
    left join referrals on allegations.referral_key = referrals.referral_key
    where actions.action_on is null or actions.action_on <= authorities.told_to
)

-- Two wordings of one action on one day are one action.
select
    authority || ':' || source_system || ':' || allegation_id || ':' || action
    || ':' || coalesce(cast(action_on as varchar), 'undated') as allegation_action_key,
    authority,
    source_system,
    allegation_id,
    allegation_key,
    action as action_key,
    action_on,
    refresh_id
from taken
group by all
