{%- set codes = ['concern_category', 'recorded_as'] -%}

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

current_allegations as (
    {{ current_rows('allegations') }}
),

dated as (
    select
        current_allegations.*,
        coalesce(try_cast(current_allegations.recorded_on as date), as_at.as_at) as _code_on
    from current_allegations
    inner join as_at on current_allegations._authority = as_at.authority
)

select
    {{ record_key('dated', 'allegation_id') }} as allegation_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.allegation_id,
    {{ named_parent('referrals', 'referral_key') }} as referral_key,
    dated.referral_id,
    {{ member('concern_category', 'dated') }} as concern_category,
    try_cast(dated.recorded_on as date) as recorded_on,
    {{ member('recorded_as', 'dated') }} as recorded_as,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_parent('dated', 'referrals', 'referral_id') }}
{{ join_codes(codes, 'dated') }}
