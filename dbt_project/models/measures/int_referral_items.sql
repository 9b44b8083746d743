with

referrals as (
    select
        referrals.*,
        authorities.as_at,
        coalesce(areas.area_code, 'unknown') as area,
        coalesce(sectors.sector_code, 'unknown') as sector,
        coalesce(sectors.sector_group_code, 'unknown') as sector_group,
        referrals.staff_role_key as staff_role,
        referrals.concern_category_key as concern_category
    from {{ ref('fct_referrals') }} as referrals
    inner join {{ ref('dim_authorities') }} as authorities on referrals.authority = authorities.authority
    left join {{ ref('dim_areas') }} as areas on referrals.area_key = areas.area_key
    left join {{ ref('dim_sectors') }} as sectors on referrals.sector_key = sectors.sector_key
),

criteria as (
    select
        referral_key as criteria_of,
        list_filter(
            [
                case when is_harmed_child then 'harmed_child' end,
                case when is_criminal_offence then 'criminal_offence' end,
                case when is_risk_of_harm then 'risk_of_harm' end,
                case when is_unsuitable then 'unsuitable' end,
                case when has_unmapped_criterion then 'unmapped' end
            ],
            lambda criterion: criterion is not null
        ) as recorded
    from referrals
),

-- A referral with two criteria counts under both, so the dimension is a list.
received as (
    select
        referrals.*,
        case when len(criteria.recorded) > 0 then criteria.recorded else ['unknown'] end as harm_criterion
    from referrals
    inner join criteria on referrals.referral_key = criteria.criteria_of
),

items as (
    select 'referrals' as counts, received_on as event_on, 1 as amount, * from received
    union all by name
    select
        'referrals_without_contact' as counts,
        received_on as event_on,
        1 - coalesce(contact_probability, 0) as amount,
        *
    from referrals
    union all by name
    select 'employer_reported_with_both_dates' as counts, received_on as event_on, 1 as amount, * from referrals
    where employer_aware_to_received_working_days is not null
    union all by name
    select 'employer_reported_within_1_working_day' as counts, received_on as event_on, 1 as amount, *
    from referrals
    where employer_aware_to_received_working_days <= 1
    union all by name
    select 'cases_closed' as counts, closed_on as event_on, 1 as amount, closed_band as band, * from referrals
    where is_closed
    union all by name
    select 'closed_within_1_month' as counts, closed_on as event_on, 1 as amount, * from referrals
    where is_closed_within_1_month
    union all by name
    select 'closed_within_3_months' as counts, closed_on as event_on, 1 as amount, * from referrals
    where is_closed_within_3_months
    union all by name
    select 'closed_within_12_months' as counts, closed_on as event_on, 1 as amount, * from referrals
    where is_closed_within_12_months
    union all by name
    select 'closed_within_1_month_of_received' as counts, received_on as event_on, 1 as amount, * from referrals
    where is_closed_within_1_month
    union all by name
    select 'closed_within_3_months_of_received' as counts, received_on as event_on, 1 as amount, * from referrals
    where is_closed_within_3_months
    union all by name
    select 'closed_within_12_months_of_received' as counts, received_on as event_on, 1 as amount, * from referrals
    where is_closed_within_12_months
)

select
    authority,
    counts,
    event_on,
    cast(coalesce(amount, 0) as decimal(18, 12)) as amount,
    pathway,
    area,
    sector_group,
    sector,
    staff_role,
    referrer_agency,
    source_team,
    concern_category,
    harm_criterion,
    band,
    case police_involved when true then 'yes' when false then 'no' else 'unknown' end as police_involved
from items
where event_on <= as_at
