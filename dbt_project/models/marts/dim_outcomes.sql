with

code_lists as (
    select * from {{ ref('code_lists') }}
)

select
    member as outcome_key,
    member as outcome_code,
    label as outcome_name,
    {{ refresh_id() }}
from code_lists
where list_name = 'outcome' or (list_name = 'missing' and member in ('not_concluded', 'unknown', 'unmapped'))
