with

referrals as (
    select * from {{ ref('fct_referrals') }}
    where not is_closed
),

typed_referrals as (select referral_key, setting_name from {{ ref('stg_referrals') }}),

-- A case is open on the last day of which the extracts of referrals tell.
authorities as (
    select
        authority,
        authority_name,
        referrals_told_to as as_at
    from {{ ref('dim_authorities') }}
),

officers as (select officer_key, officer_id, officer_role from {{ ref('dim_officers') }}),

sectors as (select sector_key, sector_name from {{ ref('dim_sectors') }}),

areas as (select area_key, area_name from {{ ref('dim_areas') }}),

allegations as (select * from {{ ref('fct_allegations') }}),

meetings as (select * from {{ ref('fct_meetings') }}),

-- Anything dated that somebody did on the case.
events as (
    select referral_key, received_on as happened_on from referrals
    union all
    select referral_key, threshold_decided_on as happened_on from referrals
    union all
    select referral_key, recorded_on as happened_on from allegations
    union all
    select referral_key, outcome_on as happened_on from allegations
    union all
    select allegations.referral_key, actions.action_on as happened_on
    from {{ ref('fct_actions') }} as actions
    inner join allegations on actions.allegation_key = allegations.allegation_key
    union all
    select allegations.referral_key, unnest([strands.started_on, strands.ended_on]) as happened_on
    from {{ ref('fct_strands') }} as strands
    inner join allegations on strands.allegation_key = allegations.allegation_key
    union all
    select referral_key, unnest([held_on, actions_issued_on, notes_issued_on]) as happened_on from meetings
),

last_events as (
    select
        referral_key,
        max(happened_on) as last_event_on
    from events
    group by referral_key
),

next_meetings as (
    select
        referral_key,
        min(due_on) as next_meeting_due_on,
        bool_or(is_late) as is_meeting_overdue
    from meetings
    where not is_held
    group by referral_key
),

waiting as (
    select
        referral_key,
        count(*) as allegation_count,
        count_if(not is_concluded) as allegations_not_concluded
    from allegations
    group by referral_key
)

select
    referrals.referral_key,
    referrals.authority,
    authorities.authority_name,
    referrals.referral_id,
    referrals.received_on,
    referrals.open_days,
    referrals.open_age_band,
    officers.officer_id,
    officers.officer_role,
    referrals.pathway,
    referrals.status,
    typed_referrals.setting_name,
    sectors.sector_name,
    areas.area_name,
    referrals.police_involved,
    coalesce(waiting.allegation_count, 0) as allegation_count,
    coalesce(waiting.allegations_not_concluded, 0) as allegations_not_concluded,
    referrals.threshold_decided_on,
    last_events.last_event_on,
    greatest(authorities.as_at - last_events.last_event_on, 0) as days_since_last_event,
    next_meetings.next_meeting_due_on,
    coalesce(next_meetings.is_meeting_overdue, false) as is_meeting_overdue,
    referrals.threshold_decided_on is null
    and {{ working_days('received', 'today') }} > 1 as is_decision_overdue,
    authorities.as_at,
    referrals.refresh_id
from referrals
inner join authorities on referrals.authority = authorities.authority
inner join typed_referrals on referrals.referral_key = typed_referrals.referral_key
left join officers on referrals.officer_key = officers.officer_key
left join sectors on referrals.sector_key = sectors.sector_key
left join areas on referrals.area_key = areas.area_key
left join last_events on referrals.referral_key = last_events.referral_key
left join next_meetings on referrals.referral_key = next_meetings.referral_key
left join waiting on referrals.referral_key = waiting.referral_key
{{ join_date('received', 'referrals.received_on') }}
{{ join_date('today', 'authorities.as_at') }}
