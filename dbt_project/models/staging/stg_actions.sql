{%- set codes = ['action'] -%}

with

as_at as (
    select * from {{ ref('stg_as_at') }}
),

allegations as (
    select
        authority,
        source_system,
        allegation_id,
        allegation_key
    from {{ ref('stg_allegations') }}
),

current_actions as (
    {{ current_rows('actions') }}
),

dated as (
    select
        current_actions.*,
        coalesce(try_cast(current_actions.action_on as date), as_at.as_at) as _code_on
    from current_actions
    inner join as_at on current_actions._authority = as_at.authority
)

select
    {{ record_key('dated', '_record_key') }} as action_record_key,
    dated._authority as authority,
    dated._source_system as source_system,
    {{ named_parent('allegations', 'allegation_key') }} as allegation_key,
    dated.allegation_id,
    {{ member('action', 'dated') }} as action,
    try_cast(dated.action_on as date) as action_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_parent('dated', 'allegations', 'allegation_id') }}
{{ join_codes(codes, 'dated') }}
