with

measures as (select * from {{ ref('rpt_measures') }})

select
    authority,
    authority_name,
    period_kind,
    period_name,
    period_start,
    period_end,
    is_part_period,
    as_at,
    dimension_1 as characteristic,
    member_1 as member,
    member_1_name as member_name,
    cast(numerator as bigint) as children,
    cast(denominator as bigint) as referrals,
    value as percent_of_referrals,
    symbol,
    refresh_id
from measures
where measure = 'children'
