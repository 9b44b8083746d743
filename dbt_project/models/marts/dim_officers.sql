with

authorities as (
    select * from {{ ref('stg_as_at') }}
),

-- Two systems may list the same officer: the first by name tells. Nobody can be registered as the unknown one.
officers as (
    select
        *,
        {{ usable('started_on') }} as usable_started_on
    from {{ ref('stg_officers') }}
    where officer_id <> 'unknown'
    qualify row_number() over (partition by authority, officer_id order by source_system) = 1
)

select
    officers.authority || ':' || officers.officer_id as officer_key,
    officers.authority,
    officers.officer_id,
    officers.officer_role,
    officers.fte,
    officers.usable_started_on as started_on,
    {{ usable('officers.ended_on', not_before='officers.usable_started_on') }} as ended_on,
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
