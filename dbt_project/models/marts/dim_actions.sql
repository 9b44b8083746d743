with

code_lists as (
    select * from {{ ref('code_lists') }}
)

select
    member as action_key,
    member as action_code,
    label as action_name,
    member in ('dismissal', 'resignation', 'deregistration') as is_removal,
    {{ refresh_id() }}
from code_lists
where list_name = 'action' or (list_name = 'missing' and member in ('unknown', 'unmapped'))
