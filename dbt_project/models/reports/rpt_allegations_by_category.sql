with

measures as (select * from {{ ref('rpt_measures') }}),

by_category as (
    select
        *,
        if(dimension_1 = 'sector_group', member_2, member_1) as concern_category,
        if(dimension_1 = 'sector_group', member_2_name, member_1_name) as concern_category_name,
        case
            when dimension_1 = 'sector_group' then member_1
            when dimension_2 = 'sector_group' then member_2
            else 'all'
        end as sector_group,
        case
            when dimension_1 = 'sector_group' then member_1_name
            when dimension_2 = 'sector_group' then member_2_name
            else 'All'
        end as sector_group_name
    from measures
    where
        (
            measure in ('allegations', 'allegations_share', 'allegations_change_number', 'allegations_change_percent')
            and dimension_1 = 'concern_category'
            and dimension_2 in ('all', 'sector_group')
        )
        or (measure = 'allegations_share_of_sector_group' and dimension_2 = 'concern_category')
)

select
    {{ period_columns() }},
    concern_category,
    concern_category_name,
    sector_group,
    sector_group_name,
    {{ counted('allegations') }} as allegations,
    {{ figure('allegations_share') }} as allegations_percent_of_all,
    {{ figure('allegations_share_of_sector_group') }} as allegations_percent_of_sector_group,
    {{ counted('allegations_change_number') }} as allegations_change_number,
    {{ figure('allegations_change_percent') }} as allegations_change_percent,
    {{ symbol() }} as symbol,
    refresh_id
from by_category
group by all
