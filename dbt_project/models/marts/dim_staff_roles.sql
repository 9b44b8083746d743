with

code_lists as (
    select * from {{ ref('code_lists') }}
)

select
    member as staff_role_key,
    member as staff_role_code,
    label as staff_role_name,
    {{ refresh_id() }}
from code_lists
where list_name = 'staff_role' or (list_name = 'missing' and member in ('unknown', 'unmapped'))
