with

authorities as (
    select * from {{ ref('stg_as_at') }}
),

codes as (
    select * from {{ ref('stg_codes') }}
),

code_lists as (
    select * from {{ ref('code_lists') }}
),

-- Areas are an open list: those of an authority are the ones its profile names.
areas as (
    select distinct
        authority,
        member as area_code,
        upper(left(member, 1)) || replace(substr(member, 2), '_', ' ') as area_name
    from codes
    where list_name = 'area'
    union all
    select
        authorities.authority,
        code_lists.member as area_code,
        code_lists.label as area_name
    from authorities
    cross join code_lists
    where code_lists.list_name = 'missing' and code_lists.member in ('unknown', 'unmapped')
)

select
    areas.authority || ':' || areas.area_code as area_key,
    areas.authority,
    areas.area_code,
    areas.area_name,
    authorities.refresh_id
from areas
inner join authorities on areas.authority = authorities.authority
