with

referrals as (
    select * from {{ ref('stg_referrals') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'referrals'
),

mentions as (
    select * from {{ ref('stg_setting_mentions') }}
    where feed = 'referrals'
),

officers as (
    select * from {{ ref('dim_officers') }}
),

quoted as (
    select distinct
        authority,
        upper(trim(contact_id)) as contact_number
    from {{ ref('stg_contacts') }}
),

matches as (
    select * from {{ ref('int_referral_matches') }}
),

allegations as (
    select
        referral_key,
        count(*) as allegation_count,
        case when bool_and(is_concluded) then max(outcome_on) end as concluded_on
    from {{ ref('fct_allegations') }}
    group by referral_key
),

children as (
    select
        referral_key,
        count(distinct child_key) as child_count
    from {{ ref('fct_children') }}
    group by referral_key
),

-- A meeting dated before its referral is no milestone of it.
meetings as (
    select
        meetings.referral_key,
        min(meetings.held_on) as first_meeting_on
    from {{ ref('fct_meetings') }} as meetings
    inner join referrals on meetings.referral_key = referrals.referral_key
    where meetings.held_on >= referrals.received_on
    group by meetings.referral_key
),

-- Of the dates recorded, those that may be used: nothing after the as-at date, nothing in an impossible order.
milestones as (
    select
        referrals.referral_key,
        authorities.told_to,
        referrals.received_on,
        {{ usable('referrals.employer_aware_on', 'referrals.received_on') }} as employer_aware_on,
        {{ usable('referrals.incident_on', 'referrals.received_on') }} as incident_on,
        {{ usable('referrals.threshold_decided_on', 'authorities.told_to', 'referrals.received_on') }}
            as threshold_decided_on,
        {{ usable('referrals.closed_on', 'authorities.told_to', 'referrals.received_on') }} as closed_on,
        {{ usable('referrals.closure_checked_on', 'authorities.told_to', 'referrals.received_on') }}
            as closure_checked_on,
        meetings.first_meeting_on,
        allegations.concluded_on,
        allegations.allegation_count,
        children.child_count,
        authorities.refresh_id
    from referrals
    inner join authorities on referrals.authority = authorities.authority
    left join meetings on referrals.referral_key = meetings.referral_key
    left join allegations on referrals.referral_key = allegations.referral_key
    left join children on referrals.referral_key = children.referral_key
),

timed as (
    select
        milestones.*,
        milestones.received_on - milestones.incident_on as incident_to_received_days,
        {{ working_days('employer_aware', 'received') }} as employer_aware_to_received_working_days,
        {{ working_days('received', 'decided') }} as received_to_decision_working_days,
        milestones.concluded_on - milestones.received_on as received_to_concluded_days,
        milestones.closed_on - milestones.received_on as received_to_closed_days,
        {{ working_days('received', 'closed') }} as received_to_closed_working_days,
        milestones.closed_on is not null as is_closed,
        coalesce(milestones.closed_on <= {{ months_after('milestones.received_on', 1) }}, false)
            as is_closed_within_1_month,
        coalesce(milestones.closed_on <= {{ months_after('milestones.received_on', 3) }}, false)
            as is_closed_within_3_months,
        coalesce(milestones.closed_on <= {{ months_after('milestones.received_on', 12) }}, false)
            as is_closed_within_12_months,
        {{ band('milestones.received_on', 'milestones.closed_on') }} as closed_band,
        case when milestones.closed_on is null then milestones.told_to - milestones.received_on end as open_days,
        case when milestones.closed_on is null then {{ band('milestones.received_on', 'milestones.told_to') }} end
            as open_age_band
    from milestones
    {{ join_date('employer_aware', 'milestones.employer_aware_on') }}
    {{ join_date('received', 'milestones.received_on') }}
    {{ join_date('decided', 'milestones.threshold_decided_on') }}
    {{ join_date('closed', 'milestones.closed_on') }}
)

select
    referrals.referral_key,
    referrals.authority,
    referrals.source_system,
    referrals.referral_id,
    -- Only what names a contact: the field is also where somebody types a name.
    case when quoted.contact_number is not null then referrals.contact_ref end as contact_ref,
    referrals.received_on,
    referrals.referrer_role,
    referrals.referrer_agency,
    referrals.source_team,
    coalesce(mentions.setting_key, referrals.authority || ':unknown') as setting_key,
    referrals.authority || ':' || referrals.sector as sector_key,
    referrals.authority || ':' || referrals.area as area_key,
    referrals.subject_key,
    referrals.staff_role as staff_role_key,
    referrals.concern_category as concern_category_key,
    referrals.pathway,
    list_contains(referrals.harm_criteria, 'harmed_child') as is_harmed_child,
    list_contains(referrals.harm_criteria, 'criminal_offence') as is_criminal_offence,
    list_contains(referrals.harm_criteria, 'risk_of_harm') as is_risk_of_harm,
    list_contains(referrals.harm_criteria, 'unsuitable') as is_unsuitable,
    list_contains(referrals.harm_criteria, 'unmapped') as has_unmapped_criterion,
    timed.employer_aware_on,
    timed.incident_on,
    timed.threshold_decided_on,
    referrals.rationale_recorded,
    coalesce(officers.officer_key, referrals.authority || ':unknown') as officer_key,
    referrals.police_involved,
    referrals.status,
    timed.closed_on,
    timed.closure_checked_on,
    timed.first_meeting_on,
    timed.concluded_on,
    timed.incident_to_received_days,
    timed.employer_aware_to_received_working_days,
    timed.received_to_decision_working_days,
    timed.received_to_concluded_days,
    timed.received_to_closed_days,
    timed.received_to_closed_working_days,
    timed.is_closed,
    timed.is_closed_within_1_month,
    timed.is_closed_within_3_months,
    timed.is_closed_within_12_months,
    timed.closed_band,
    timed.open_days,
    timed.open_age_band,
    coalesce(timed.allegation_count, 0) as allegation_count,
    coalesce(timed.child_count, 0) as child_count,
    matches.contact_probability,
    array_to_string(coalesce(matches.flags, []), ';') as flags,
    timed.refresh_id
from referrals
inner join timed on referrals.referral_key = timed.referral_key
left join mentions on referrals.referral_key = mentions.mention_key
left join officers on referrals.authority = officers.authority and referrals.lado = officers.officer_id
left join matches on referrals.referral_key = matches.referral_key
left join quoted
    on referrals.authority = quoted.authority and upper(trim(referrals.contact_ref)) = quoted.contact_number
