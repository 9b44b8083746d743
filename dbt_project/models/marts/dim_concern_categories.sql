with

code_lists as (
    select * from {{ ref('code_lists') }}
)

select
    member as concern_category_key,
    member as concern_category_code,
    label as concern_category_name,
    {{ refresh_id() }}
from code_lists
where list_name = 'concern_category' or (list_name = 'missing' and member in ('unknown', 'unmapped'))
