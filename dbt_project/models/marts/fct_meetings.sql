with

meetings as (
    select * from {{ ref('stg_meetings') }}
),

referrals as (
    select
        referral_key,
        received_on
    from {{ ref('stg_referrals') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'meetings'
),

held as (
    select
        meetings.* exclude (due_on),
        {{ usable('meetings.due_on') }} as due_on,
        referrals.received_on,
        authorities.told_to,
        authorities.refresh_id,
        {{ usable('meetings.held_on', 'authorities.told_to') }} as happened_on
    from meetings
    inner join authorities on meetings.authority = authorities.authority
    left join referrals on meetings.referral_key = referrals.referral_key
),

milestones as (
    select
        held.*,
        {{ usable('held.actions_issued_on', 'held.told_to', 'held.happened_on') }} as usable_actions_issued_on,
        {{ usable('held.notes_issued_on', 'held.told_to', 'held.happened_on') }} as usable_notes_issued_on,
        case when held.happened_on >= held.received_on then held.received_on end as usable_received_on
    from held
),

counted as (
    select
        milestones.*,
        {{ working_days('received', 'happened') }} as received_to_held_working_days,
        {{ working_days('happened', 'actions_issued') }} as held_to_actions_issued_working_days,
        {{ working_days('happened', 'notes_issued') }} as held_to_notes_issued_working_days
    from milestones
    {{ join_date('received', 'milestones.usable_received_on') }}
    {{ join_date('happened', 'milestones.happened_on') }}
    {{ join_date('actions_issued', 'milestones.usable_actions_issued_on') }}
    {{ join_date('notes_issued', 'milestones.usable_notes_issued_on') }}
)

select
    meeting_key,
    authority,
    source_system,
    meeting_id,
    referral_key,
    referral_id,
    meeting_type,
    due_on,
    happened_on as held_on,
    usable_actions_issued_on as actions_issued_on,
    usable_notes_issued_on as notes_issued_on,
    received_to_held_working_days,
    held_to_actions_issued_working_days,
    held_to_notes_issued_working_days,
    happened_on is not null as is_held,
    coalesce(happened_on, told_to) > due_on as is_late,
    held_to_actions_issued_working_days <= 1 as is_actions_within_1_working_day,
    held_to_notes_issued_working_days <= 20 as is_notes_within_20_working_days,
    refresh_id
from counted
