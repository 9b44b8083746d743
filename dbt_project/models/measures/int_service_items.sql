with

authorities as (select authority, as_at from {{ ref('dim_authorities') }}),

referrals as (select referral_key, received_on from {{ ref('fct_referrals') }}),

sectors as (select sector_key, sector_code, sector_group_code from {{ ref('dim_sectors') }}),

meetings as (
    select * from {{ ref('fct_meetings') }}
    where held_on is not null
),

children as (
    select
        children.authority,
        referrals.received_on,
        children.in_care,
        children.send,
        children.child_in_need,
        children.child_protection,
        children.early_help
    from {{ ref('fct_children') }} as children
    inner join referrals on children.referral_key = referrals.referral_key
),

feedback as (
    select * from {{ ref('fct_feedback') }}
    where returned_on is not null
),

-- A form without a rating says nothing of how good the service was: it is no nought.
rated as (
    select * from feedback
    where rating is not null
),

items as (
    select authority, 'meetings' as counts, held_on as event_on, 1 as amount, meeting_type from meetings
    union all by name
    select authority, 'meetings_with_actions_issued' as counts, held_on as event_on, 1 as amount, meeting_type
    from meetings
    where held_to_actions_issued_working_days is not null
    union all by name
    select
        authority, 'meeting_actions_within_1_working_day' as counts, held_on as event_on, 1 as amount, meeting_type
    from meetings
    where held_to_actions_issued_working_days <= 1
    union all by name
    select authority, 'meetings_with_notes_issued' as counts, held_on as event_on, 1 as amount, meeting_type
    from meetings
    where held_to_notes_issued_working_days is not null
    union all by name
    select
        authority,
        'meeting_notes_within_20_working_days' as counts,
        held_on as event_on,
        1 as amount,
        meeting_type
    from meetings
    where held_to_notes_issued_working_days <= 20
    union all by name
    select
        authority,
        'children' as counts,
        received_on as event_on,
        1 as amount,
        in_care,
        send,
        child_in_need,
        child_protection,
        early_help
    from children
    union all by name
    select authority, 'requests' as counts, received_on as event_on, 1 as amount, request_type
    from {{ ref('fct_requests') }}
    union all by name
    select authority, 'feedback_returned' as counts, returned_on as event_on, 1 as amount from feedback
    union all by name
    select authority, 'feedback_returned_with_rating' as counts, returned_on as event_on, 1 as amount from rated
    union all by name
    select authority, 'feedback_rating' as counts, returned_on as event_on, rating as amount from rated
    union all by name
    select authority, 'escalations' as counts, raised_on as event_on, 1 as amount, raised_with
    from {{ ref('fct_escalations') }}
    union all by name
    select
        concerns.authority,
        'setting_concerns' as counts,
        concerns.recorded_on as event_on,
        1 as amount,
        concerns.concern_type,
        coalesce(sectors.sector_group_code, 'unknown') as sector_group
    from {{ ref('fct_setting_concerns') }} as concerns
    left join sectors on concerns.sector_key = sectors.sector_key
    union all by name
    select
        training.authority,
        'training_sessions' as counts,
        training.held_on as event_on,
        1 as amount,
        coalesce(sectors.sector_code, 'unknown') as sector
    from {{ ref('fct_training') }} as training
    left join sectors on training.sector_key = sectors.sector_key
)

select
    items.authority,
    items.counts,
    items.event_on,
    cast(items.amount as decimal(18, 12)) as amount,
    items.sector_group,
    items.sector,
    items.meeting_type,
    items.in_care,
    items.send,
    items.child_in_need,
    items.child_protection,
    items.early_help,
    items.request_type,
    items.raised_with,
    items.concern_type
from items
inner join authorities on items.authority = authorities.authority
where items.event_on <= authorities.as_at
