-- What a contact can be compared on. The surname is personal: this table is read by matching and by nothing else.
with contacts as (
    select * from {{ ref('stg_contacts') }}
),

setting_names as (
    select * from {{ ref('int_matching_setting_names') }}
),

referrers as (
    select * from {{ ref('int_matching_referrers') }}
)

select
    contacts.contact_key,
    contacts.authority,
    contacts.source_system,
    contacts.contact_id,
    contacts.received_on,
    date_diff('day', date '1970-01-01', contacts.received_on) as day_number,
    coalesce(contacts.referral_requested, false) as is_requested,
    contacts.referral_requested_on as requested_on,
    contacts.threshold_met as is_threshold_met,
    nullif(upper(trim(contacts.case_ref)), '') as quoted_referral_id,
    setting_names.setting_core,
    setting_names.setting_words,
    setting_names.setting_kind,
    -- A postcode that does not look like one is no evidence; a partial one still gives the district.
    nullif(regexp_extract(
        upper(replace(contacts.setting_postcode, ' ', '')), '^([A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2})$', 1
    ), '') as full_postcode,
    nullif(regexp_extract(
        upper(replace(contacts.setting_postcode, ' ', '')), '^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})?$', 1
    ), '') as outcode,
    nullif(trim(contacts.setting_urn), '') as setting_urn,
    nullif(nullif(contacts.sector, 'unknown'), 'unmapped') as sector,
    nullif(nullif(contacts.area, 'unknown'), 'unmapped') as area,
    nullif(nullif(contacts.staff_role, 'unknown'), 'unmapped') as staff_role,
    nullif(nullif(contacts.concern_category, 'unknown'), 'unmapped') as concern_category,
    nullif(nullif(contacts.referrer_role, 'unknown'), 'unmapped') as referrer_role,
    nullif(nullif(contacts.referrer_agency, 'unknown'), 'unmapped') as referrer_agency,
    referrers.referrer_surname
from contacts
left join setting_names on contacts.setting_name = setting_names.setting_name
left join referrers on contacts.contact_key = referrers.record_key
