with

measures as (select * from {{ ref('rpt_measures') }})

select
    {{ period_columns() }},
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
