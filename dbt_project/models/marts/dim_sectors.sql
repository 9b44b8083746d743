with

authorities as (
    select * from {{ ref('stg_as_at') }}
),

code_lists as (
    select * from {{ ref('code_lists') }}
),

sectors as (
    select
        sectors.member as sector_code,
        sectors.label as sector_name,
        groups.member as sector_group_code,
        groups.label as sector_group_name
    from code_lists as sectors
    inner join code_lists as groups
        on sectors.parent = groups.member and groups.list_name = 'sector_group'
    where sectors.list_name = 'sector'
    union all
    select
        member as sector_code,
        label as sector_name,
        member as sector_group_code,
        label as sector_group_name
    from code_lists
    where list_name = 'missing' and member in ('unknown', 'unmapped')
)

select
    authorities.authority || ':' || sectors.sector_code as sector_key,
    authorities.authority,
    sectors.sector_code,
    sectors.sector_name,
    sectors.sector_group_code,
    sectors.sector_group_name,
    coalesce(authorities.sector_lines[sectors.sector_code], sectors.sector_group_name) as sector_line,
    authorities.refresh_id
from sectors
cross join authorities
