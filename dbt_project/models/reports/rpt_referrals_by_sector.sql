with

measures as (select * from {{ ref('rpt_measures') }}),

sectors as (
    select authority, sector_code, sector_name, sector_group_code, sector_group_name, sector_line
    from {{ ref('dim_sectors') }}
),

by_sector as (
    select
        *,
        if(dimension_2 = 'sector', member_1, 'all') as pathway,
        if(dimension_2 = 'sector', member_1_name, 'All') as pathway_name,
        if(dimension_2 = 'sector', member_2, member_1) as sector
    from measures
    where
        measure in ('referrals', 'referrals_share', 'referrals_share_of_sector_group', 'referrals_change_number')
        and (dimension_1 = 'sector' or (dimension_1 = 'pathway' and dimension_2 = 'sector'))
)

select
    by_sector.authority,
    by_sector.authority_name,
    by_sector.period_kind,
    by_sector.period_name,
    by_sector.period_start,
    by_sector.period_end,
    bool_or(by_sector.is_part_period) as is_part_period,
    min(by_sector.as_at) as as_at,
    by_sector.pathway,
    by_sector.pathway_name,
    by_sector.sector,
    sectors.sector_name,
    sectors.sector_group_code as sector_group,
    sectors.sector_group_name,
    sectors.sector_line,
    {{ counted('referrals') }} as referrals,
    {{ figure('referrals_share') }} as referrals_percent_of_all,
    {{ figure('referrals_share_of_sector_group') }} as referrals_percent_of_sector_group,
    {{ counted('referrals_change_number') }} as referrals_change_number,
    {{ symbol() }} as symbol,
    by_sector.refresh_id
from by_sector
inner join sectors on by_sector.authority = sectors.authority and by_sector.sector = sectors.sector_code
group by all
