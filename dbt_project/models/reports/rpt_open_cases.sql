with

measures as (select * from {{ ref('rpt_measures') }})

select
    {{ period_columns() }},
    dimension_1 as breakdown,
    member_1 as member,
    member_1_name as member_name,
    {{ counted('cases_open_at_start') }} as open_at_start,
    {{ counted('referrals') }} as received,
    {{ counted('cases_closed') }} as closed,
    {{ counted('cases_open_at_end') }} as open_at_end,
    {{ counted('stock_difference') }} as stock_difference,
    {{ symbol() }} as symbol,
    refresh_id
from measures
where
    dimension_1 in ('all', 'pathway', 'age_band', 'officer_group')
    and dimension_2 = 'all'
    and measure in ('cases_open_at_start', 'referrals', 'cases_closed', 'cases_open_at_end', 'stock_difference')
group by all
