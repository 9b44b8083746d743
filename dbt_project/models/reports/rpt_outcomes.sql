with

measures as (select * from {{ ref('rpt_measures') }})

select
    {{ period_columns() }},
    population,
    member_1 as outcome,
    member_1_name as outcome_name,
    if(dimension_2 = 'all', 'all', member_2) as sector_group,
    if(dimension_2 = 'all', 'All', member_2_name) as sector_group_name,
    cast(max(numerator) filter (where measure in ('outcomes', 'outcomes_of_received')) as bigint) as allegations,
    cast(max(denominator) filter (where measure in ('outcomes', 'outcomes_of_received')) as bigint)
        as allegations_concluded,
    max(value) filter (where measure in ('outcomes', 'outcomes_of_received')) as percent_of_concluded,
    {{ counted('outcomes_change_number') }} as change_number,
    {{ figure('outcomes_change_points') }} as change_percentage_points,
    {{ symbol() }} as symbol,
    refresh_id
from measures
where
    measure in ('outcomes', 'outcomes_of_received', 'outcomes_change_number', 'outcomes_change_points')
    and dimension_1 = 'outcome'
    and dimension_2 in ('all', 'sector_group')
group by all
