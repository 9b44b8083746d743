with

feedback as (
    select * from {{ ref('stg_feedback') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'feedback'
),

requested as (
    select
        feedback.* exclude (requested_on),
        {{ usable('feedback.requested_on', 'authorities.told_to') }} as requested_on,
        authorities.told_to,
        authorities.refresh_id
    from feedback
    inner join authorities on feedback.authority = authorities.authority
),

returned as (
    select
        requested.* exclude (returned_on),
        {{ usable('requested.returned_on', 'requested.told_to', 'requested.requested_on') }} as returned_on
    from requested
)

select
    feedback_key,
    authority,
    source_system,
    feedback_id,
    referral_key,
    case when referral_key <> 'unknown' then referral_id end as referral_id,
    requested_on,
    returned_on,
    returned_on is not null as is_returned,
    case when returned_on is not null then rating end as rating,
    returned_on - requested_on as requested_to_returned_days,
    refresh_id
from returned
