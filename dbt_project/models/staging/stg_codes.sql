with

code_map as (
    select * from {{ source('raw', 'code_map') }}
),

code_lists as (
    select * from {{ ref('code_lists') }}
),

authorities as (
    select authority from {{ source('raw', 'authorities') }}
),

-- A meaning cannot begin before its member did: the fourth harm criterion did not exist before September 2020.
mapped as (
    select
        code_map.authority,
        code_map.list_name,
        code_map.wording,
        code_map.member,
        greatest(
            coalesce(code_map.valid_from, date '1900-01-01'), coalesce(code_lists.valid_from, date '1900-01-01')
        ) as valid_from,
        coalesce(code_map.valid_to, date '9999-12-31') as valid_to
    from code_map
    left join code_lists on code_map.list_name = code_lists.list_name and code_map.member = code_lists.member
),

-- A member of a closed list, written as it is, needs no entry in the profile, unless the profile says otherwise.
canonical as (
    select
        authorities.authority,
        code_lists.list_name,
        code_lists.member as wording,
        code_lists.member,
        code_lists.valid_from,
        date '9999-12-31' as valid_to
    from code_lists
    cross join authorities
    anti join code_map
        on
            authorities.authority = code_map.authority
            and code_lists.list_name = code_map.list_name
            and code_lists.member = code_map.wording
),

meanings as (
    select * from mapped
    where valid_from <= valid_to
    union all
    select * from canonical
    where list_name not in ('band', 'missing')
),

one_a_day as (
    select * from meanings
    qualify row_number() over (
        partition by authority, list_name, wording, valid_from
        order by valid_to desc, member desc
    ) = 1
),

followed as (
    select
        *,
        lead(valid_from) over (partition by authority, list_name, wording order by valid_from) as next_valid_from
    from one_a_day
)

-- Where two meanings overlap, the one that began later holds from its first day.
select
    authority,
    list_name,
    wording,
    member,
    valid_from,
    least(valid_to, coalesce(next_valid_from - 1, valid_to)) as valid_to
from followed
