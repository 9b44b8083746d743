with

escalations as (
    select * from {{ ref('stg_escalations') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'escalations'
),

resolved as (
    select
        escalations.* exclude (resolved_on),
        {{ usable('escalations.resolved_on', 'authorities.told_to', 'escalations.raised_on') }} as resolved_on,
        authorities.told_to,
        authorities.refresh_id
    from escalations
    inner join authorities on escalations.authority = authorities.authority
)

select
    escalation_key,
    authority,
    source_system,
    escalation_id,
    referral_key,
    case when referral_key <> 'unknown' then referral_id end as referral_id,
    raised_on,
    raised_with,
    reason,
    resolved_on,
    resolved_on is null as is_open,
    resolved_on - raised_on as raised_to_resolved_days,
    case when resolved_on is null then told_to - raised_on end as open_days,
    refresh_id
from resolved
