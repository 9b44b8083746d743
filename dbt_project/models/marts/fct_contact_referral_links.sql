-- Grain: contact x referral, for pairs that are linked, possible, confirmed or rejected.
with links as (
    select * from {{ ref('int_contact_referral_links') }}
),

as_at as (
    select * from {{ ref('stg_as_at') }}
)

select
    links.contact_key || '|' || links.referral_key as contact_referral_link_key,
    links.authority,
    links.contact_key,
    links.referral_key,
    links.contact_id,
    links.referral_id,
    links.match_probability,
    links.link_status,
    links.contact_received_on,
    links.referral_received_on,
    cast(links.lag_days as integer) as lag_days,
    links.setting_agreement,
    links.postcode_agreement,
    links.kind_agreement,
    links.area_agreement,
    links.sector_agreement,
    links.staff_role_agreement,
    links.concern_agreement,
    links.referrer_role_agreement,
    links.agency_agreement,
    links.referrer_agreement,
    links.reference_agreement,
    array_to_string(links.flags, ';') as flags,
    as_at.refresh_id
from links
left join as_at on links.authority = as_at.authority
