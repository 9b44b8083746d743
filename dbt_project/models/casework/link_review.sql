with

links as (select * from {{ ref('fct_contact_referral_links') }}),

worth as (
    select contact_key, referral_key, variance_removed from {{ ref('int_link_review') }}
),

contacts as (select contact_key, setting_name from {{ ref('stg_contacts') }}),

referrals as (select referral_key, setting_name from {{ ref('stg_referrals') }}),

fct_contacts as (
    select contact_key, referral_requested, sector_key, flags from {{ ref('fct_contacts') }}
),

fct_referrals as (select referral_key, pathway, sector_key from {{ ref('fct_referrals') }}),

sectors as (select sector_key, sector_name from {{ ref('dim_sectors') }}),

authorities as (select authority, authority_name from {{ ref('dim_authorities') }})

-- A pair that is nearly certain, or decided already, needs nobody.
select
    links.authority,
    authorities.authority_name,
    links.contact_id,
    links.referral_id,
    links.match_probability,
    links.link_status,
    row_number() over (
        partition by links.authority
        order by
            round(worth.variance_removed, 6) desc,
            abs(links.match_probability - 0.5) asc,
            links.contact_referral_link_key asc
    ) as review_order,
    round(worth.variance_removed, 6) as variance_removed,
    links.contact_received_on,
    links.referral_received_on,
    links.lag_days,
    contacts.setting_name as contact_setting_name,
    referrals.setting_name as referral_setting_name,
    contact_sectors.sector_name as contact_sector_name,
    referral_sectors.sector_name as referral_sector_name,
    fct_contacts.referral_requested as is_referral_requested,
    fct_referrals.pathway as referral_pathway,
    fct_contacts.flags as contact_flags,
    links.flags as pair_flags,
    links.refresh_id
from links
inner join worth on links.contact_key = worth.contact_key and links.referral_key = worth.referral_key
inner join authorities on links.authority = authorities.authority
inner join contacts on links.contact_key = contacts.contact_key
inner join referrals on links.referral_key = referrals.referral_key
inner join fct_contacts on links.contact_key = fct_contacts.contact_key
inner join fct_referrals on links.referral_key = fct_referrals.referral_key
left join sectors as contact_sectors on fct_contacts.sector_key = contact_sectors.sector_key
left join sectors as referral_sectors on fct_referrals.sector_key = referral_sectors.sector_key
where links.link_status in ('linked', 'possible') and links.match_probability between 0.2 and 0.9
