with

contacts as (select * from {{ ref('fct_contacts') }}),

typed_contacts as (select contact_key, setting_name, setting_urn from {{ ref('stg_contacts') }}),

authorities as (select * from {{ ref('dim_authorities') }}),

officers as (select officer_key, officer_id from {{ ref('dim_officers') }}),

sectors as (select sector_key, sector_name from {{ ref('dim_sectors') }}),

areas as (select area_key, area_name from {{ ref('dim_areas') }}),

concern_categories as (
    select concern_category_key, concern_category_name from {{ ref('dim_concern_categories') }}
),

candidates as (
    select
        contact_key,
        count(*) as candidate_count,
        arg_max(referral_id, (match_probability, referral_id)) as nearest_referral_id
    from {{ ref('fct_contact_referral_links') }}
    where link_status = 'possible'
    group by contact_key
),

requested as (
    select
        contacts.*,
        authorities.authority_name,
        authorities.referrals_told_to as as_at,
        authorities.grace_working_days,
        coalesce(contacts.referral_requested_on, contacts.received_on) as requested_on
    from contacts
    inner join authorities on contacts.authority = authorities.authority
    where contacts.referral_requested and coalesce(contacts.match_probability, 0) < 0.5
)

select
    requested.authority,
    requested.authority_name,
    requested.contact_id,
    requested.source_system,
    requested.received_on,
    requested.requested_on,
    {{ working_days('asked', 'today') }} as working_days_since_request,
    {{ band('requested.requested_on', 'requested.as_at') }} as age_band,
    typed_contacts.setting_name,
    typed_contacts.setting_urn,
    sectors.sector_name,
    areas.area_name,
    requested.referrer_role,
    requested.referrer_agency,
    requested.staff_role_key as staff_role,
    concern_categories.concern_category_name,
    officers.officer_id as handled_by,
    requested.match_probability as referral_received_probability,
    requested.request_state,
    coalesce(candidates.candidate_count, 0) as candidate_count,
    candidates.nearest_referral_id,
    requested.flags,
    requested.as_at,
    requested.refresh_id
from requested
inner join typed_contacts on requested.contact_key = typed_contacts.contact_key
left join officers on requested.officer_key = officers.officer_key
left join sectors on requested.sector_key = sectors.sector_key
left join areas on requested.area_key = areas.area_key
left join concern_categories on requested.concern_category_key = concern_categories.concern_category_key
left join candidates on requested.contact_key = candidates.contact_key
{{ join_date('asked', 'requested.requested_on') }}
{{ join_date('today', 'requested.as_at') }}
where {{ working_days('asked', 'today') }} > requested.grace_working_days
