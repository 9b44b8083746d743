{%- set codes = ['outcome'] -%}

with

allegations as (
    select
        authority,
        source_system,
        allegation_id,
        allegation_key
    from {{ ref('stg_allegations') }}
),

current_outcomes as (
    {{ current_rows('outcomes') }}
),

dated as (
    select
        *,
        try_cast(outcome_on as date) as _code_on
    from current_outcomes
)

select
    {{ record_key('dated', 'allegation_id') }} as outcome_record_key,
    dated._authority as authority,
    dated._source_system as source_system,
    {{ named_parent('allegations', 'allegation_key') }} as allegation_key,
    dated.allegation_id,
    {{ member('outcome', 'dated') }} as outcome,
    try_cast(dated.outcome_on as date) as outcome_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_parent('dated', 'allegations', 'allegation_id') }}
{{ join_codes(codes, 'dated') }}
