{%- set codes = ['in_care'] -%}

with

as_at as (
    select * from {{ ref('stg_as_at') }}
),

referrals as (
    select
        authority,
        source_system,
        referral_id,
        referral_key
    from {{ ref('stg_referrals') }}
),

current_children as (
    {{ current_rows('children') }}
),

dated as (
    select
        current_children.*,
        as_at.as_at as _code_on
    from current_children
    inner join as_at on current_children._authority = as_at.authority
)

select
    {{ record_key('dated', 'referral_id') }} || ':' || coalesce(people.person_key, 'unknown') as referral_child_key,
    dated._authority as authority,
    dated._source_system as source_system,
    {{ named_parent('referrals', 'referral_key') }} as referral_key,
    dated.referral_id,
    coalesce(people.person_key, 'unknown') as child_key,
    try_cast(dated.age_at_incident as integer) as age_at_incident,
    {{ member('in_care', 'dated') }} as in_care,
    try_cast(dated.send as boolean) as send,
    try_cast(dated.child_in_need as boolean) as child_in_need,
    try_cast(dated.child_protection as boolean) as child_protection,
    try_cast(dated.early_help as boolean) as early_help,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_parent('dated', 'referrals', 'referral_id') }}
{{ join_codes(codes, 'dated') }}
{{ join_person('people', 'child', 'dated', 'child_id') }}
