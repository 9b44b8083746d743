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
    {{ yes_no('children.send') }} as send,
    {{ yes_no('children.child_in_need') }} as child_in_need,
    {{ yes_no('children.child_protection') }} as child_protection,
    {{ yes_no('children.early_help') }} as early_help,
    authorities.refresh_id
from children
inner join authorities on children.authority = authorities.authority
