-- What a referral can be compared on. The surname is personal: this table is read by matching and by nothing else.
with referrals as (
    select * from {{ ref('stg_referrals') }}
),

setting_names as (
    select * from {{ ref('int_matching_setting_names') }}
),

referrers as (
    select * from {{ ref('int_matching_referrers') }}
)

select
    referrals.referral_key,
    referrals.authority,
    referrals.source_system,
    referrals.referral_id,
    referrals.received_on,
    date_diff('day', date '1970-01-01', referrals.received_on) as day_number,
    nullif(nullif(referrals.pathway, 'unknown'), 'unmapped') as pathway,
    nullif(upper(trim(referrals.contact_ref)), '') as quoted_contact_id,
    setting_names.setting_core,
    setting_names.setting_words,
    setting_names.setting_kind,
    -- A postcode that does not look like one is no evidence; a partial one still gives the district.
    nullif(regexp_extract(
        upper(replace(referrals.setting_postcode, ' ', '')), '^([A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2})$', 1
    ), '') as full_postcode,
    nullif(regexp_extract(
        upper(replace(referrals.setting_postcode, ' ', '')), '^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})?$', 1
    ), '') as outcode,
    nullif(trim(referrals.setting_urn), '') as setting_urn,
    nullif(nullif(referrals.sector, 'unknown'), 'unmapped') as sector,
    nullif(nullif(referrals.area, 'unknown'), 'unmapped') as area,
    nullif(nullif(referrals.staff_role, 'unknown'), 'unmapped') as staff_role,
    nullif(nullif(referrals.concern_category, 'unknown'), 'unmapped') as concern_category,
    nullif(nullif(referrals.referrer_role, 'unknown'), 'unmapped') as referrer_role,
    nullif(nullif(referrals.referrer_agency, 'unknown'), 'unmapped') as referrer_agency,
    referrers.referrer_surname
from referrals
left join setting_names on referrals.setting_name = setting_names.setting_name
left join referrers on referrals.referral_key = referrers.record_key
