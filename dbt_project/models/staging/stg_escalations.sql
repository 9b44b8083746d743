{%- set codes = ['raised_with', 'reason'] -%}

with

referrals as (
    select
        authority,
        source_system,
        referral_id,
        referral_key
    from {{ ref('stg_referrals') }}
),

current_escalations as (
    {{ current_rows('escalations') }}
),

dated as (
    select
        *,
        try_cast(raised_on as date) as _code_on
    from current_escalations
)

select
    {{ record_key('dated', 'escalation_id') }} as escalation_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.escalation_id,
    {{ named_parent('referrals', 'referral_key') }} as referral_key,
    dated.referral_id,
    try_cast(dated.raised_on as date) as raised_on,
    {{ member('raised_with', 'dated') }} as raised_with,
    {{ member('reason', 'dated') }} as reason,
    try_cast(dated.resolved_on as date) as resolved_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_parent('dated', 'referrals', 'referral_id') }}
{{ join_codes(codes, 'dated') }}
