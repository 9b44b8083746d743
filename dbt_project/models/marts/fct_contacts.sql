with

contacts as (
    select * from {{ ref('stg_contacts') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'contacts'
),

mentions as (
    select * from {{ ref('stg_setting_mentions') }}
    where feed = 'contacts'
),

officers as (
    select * from {{ ref('dim_officers') }}
),

-- A case number may be quoted in any case and from any system of the authority.
case_numbers as (
    select distinct
        authority,
        upper(referral_id) as case_number
    from {{ ref('stg_referrals') }}
),

referrals as (
    select
        referral_key,
        referral_id
    from {{ ref('stg_referrals') }}
),

matches as (
    select * from {{ ref('int_contact_matches') }}
)

select
    contacts.contact_key,
    contacts.authority,
    contacts.source_system,
    contacts.contact_id,
    contacts.received_at,
    contacts.received_on,
    contacts.channel,
    contacts.referrer_role,
    contacts.referrer_agency,
    coalesce(mentions.setting_key, contacts.authority || ':unknown') as setting_key,
    contacts.authority || ':' || contacts.sector as sector_key,
    contacts.authority || ':' || contacts.area as area_key,
    contacts.staff_role as staff_role_key,
    contacts.concern_category as concern_category_key,
    contacts.advice_given,
    contacts.threshold_met,
    contacts.referral_requested,
    {{ usable('contacts.referral_requested_on', 'authorities.told_to', 'contacts.received_on') }}
        as referral_requested_on,
    -- Only what names a case: the field is also where somebody types a name.
    case when case_numbers.case_number is not null then contacts.case_ref end as case_ref,
    coalesce(officers.officer_key, contacts.authority || ':unknown') as officer_key,
    {{ usable('contacts.closed_on', 'authorities.told_to', 'contacts.received_on') }} as closed_on,
    {{ usable('contacts.oversight_on', 'authorities.told_to', 'contacts.received_on') }} as oversight_on,
    case_numbers.case_number is not null or matches.referral_key is not null as has_case_on_system,
    coalesce(contacts.referral_requested, false) or coalesce(contacts.threshold_met, false) as referral_expected,
    referrals.referral_id,
    matches.match_probability,
    matches.match_class,
    matches.request_state,
    array_to_string(coalesce(matches.flags, []), ';') as flags,
    authorities.refresh_id
from contacts
inner join authorities on contacts.authority = authorities.authority
left join mentions on contacts.contact_key = mentions.mention_key
left join officers on contacts.authority = officers.authority and contacts.handled_by = officers.officer_id
left join case_numbers
    on contacts.authority = case_numbers.authority and upper(contacts.case_ref) = case_numbers.case_number
left join matches on contacts.contact_key = matches.contact_key
left join referrals on matches.referral_key = referrals.referral_key
