with

authorities as (
    select * from {{ ref('stg_as_at') }}
),

-- Two systems may list the same officer: the first by name tells. Nobody can be registered as the unknown one.
officers as (
    select * from {{ ref('stg_officers') }}
    where officer_id <> 'unknown'
    qualify row_number() over (partition by authority, officer_id order by source_system) = 1
)

select
    officers.authority || ':' || officers.officer_id as officer_key,
    officers.authority,
    officers.officer_id,
    officers.officer_role,
    officers.fte,
    officers.started_on,
    officers.ended_on,
    authorities.refresh_id
from officers
inner join authorities on officers.authority = authorities.authority
union all
select
    authority || ':unknown' as officer_key,
    authority,
    null as officer_id,
    'unknown' as officer_role,
    null as fte,
    null as started_on,
    null as ended_on,
    refresh_id
from authorities
