{%- set codes = ['decision'] -%}

with

as_at as (
    select * from {{ ref('stg_as_at') }}
),

current_match_decisions as (
    {{ current_rows('match_decisions') }}
),

dated as (
    select
        current_match_decisions.*,
        coalesce(try_cast(current_match_decisions.decided_on as date), as_at.as_at) as _code_on
    from current_match_decisions
    inner join as_at on current_match_decisions._authority = as_at.authority
)

select
    {{ record_key('dated', '_record_key') }} as match_decision_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.contact_id,
    dated.referral_id,
    {{ member('decision', 'dated') }} as decision,
    try_cast(dated.decided_on as date) as decided_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
