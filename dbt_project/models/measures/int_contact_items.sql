with

contacts as (
    select
        contacts.*,
        authorities.as_at,
        authorities.referrals_told_to,
        authorities.grace_working_days,
        coalesce(areas.area_code, 'unknown') as area,
        coalesce(sectors.sector_code, 'unknown') as sector,
        coalesce(sectors.sector_group_code, 'unknown') as sector_group,
        contacts.staff_role_key as staff_role,
        contacts.concern_category_key as concern_category,
        coalesce(contacts.referral_requested_on, contacts.received_on) as requested_on
    from {{ ref('fct_contacts') }} as contacts
    inner join {{ ref('dim_authorities') }} as authorities on contacts.authority = authorities.authority
    left join {{ ref('dim_areas') }} as areas on contacts.area_key = areas.area_key
    left join {{ ref('dim_sectors') }} as sectors on contacts.sector_key = sectors.sector_key
),

dates as (select date_on, working_day_number from {{ ref('dim_dates') }}),

outstanding as (
    select
        contacts.*,
        {{ band('contacts.requested_on', 'contacts.referrals_told_to') }} as age_band
    from contacts
    inner join dates as requested on contacts.requested_on = requested.date_on
    inner join dates as today on contacts.referrals_told_to = today.date_on
    where
        contacts.referral_requested
        and coalesce(contacts.match_probability, 0) < 0.5
        and today.working_day_number - requested.working_day_number > contacts.grace_working_days
),

items as (
    select 'contacts' as counts, received_on as event_on, 1 as amount, null as age_band, * from contacts
    union all by name
    select 'contacts_threshold_met' as counts, received_on as event_on, 1 as amount, * from contacts
    where threshold_met
    union all by name
    select 'referrals_requested' as counts, received_on as event_on, 1 as amount, * from contacts
    where referral_requested
    union all by name
    select 'requested_referrals_received' as counts, received_on as event_on, match_probability as amount, *
    from contacts
    where referral_requested
    union all by name
    select 'contacts_with_referral' as counts, received_on as event_on, match_probability as amount, *
    from contacts
    union all by name
    select 'requested_referrals_outstanding' as counts, received_on as event_on, 1 as amount, * from outstanding
    union all by name
    select 'threshold_met_not_on_case_system' as counts, received_on as event_on, 1 as amount, * from contacts
    where threshold_met and not has_case_on_system
    union all by name
    select 'contacts_closed' as counts, closed_on as event_on, 1 as amount, * from contacts
    where closed_on is not null
    union all by name
    select 'contacts_oversight_recorded' as counts, closed_on as event_on, 1 as amount, * from contacts
    where closed_on is not null and oversight_on is not null
)

select
    authority,
    counts,
    event_on,
    cast(coalesce(amount, 0) as decimal(18, 12)) as amount,
    area,
    sector_group,
    sector,
    staff_role,
    referrer_agency,
    concern_category,
    channel,
    age_band
from items
where event_on <= as_at
