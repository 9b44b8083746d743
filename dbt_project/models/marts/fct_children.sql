with

children as (
    select * from {{ ref('stg_children') }}
    -- Two spellings of one child's id in one referral are one child.
    qualify row_number() over (partition by referral_child_key order by _extract_on desc, _line desc) = 1
),

authorities as (
    select * from {{ ref('stg_as_at') }}
)

select
    children.referral_child_key,
    children.authority,
    children.source_system,
    children.referral_id,
    children.referral_key,
    children.child_key,
    children.age_at_incident,
    children.in_care,
    {% for flag in ['send', 'child_in_need', 'child_protection', 'early_help'] -%}
    {{ yes_no('children.' ~ flag) }} as {{ flag }},
    {% endfor -%}
    authorities.refresh_id
from children
inner join authorities on children.authority = authorities.authority
