{%- set codes = ['sector', 'audience'] -%}

with

current_training as (
    {{ current_rows('training') }}
),

dated as (
    select
        *,
        try_cast(held_on as date) as _code_on
    from current_training
)

select
    {{ record_key('dated', 'session_id') }} as training_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.session_id,
    try_cast(dated.held_on as date) as held_on,
    {{ member('sector', 'dated') }} as sector,
    {{ member('audience', 'dated') }} as audience,
    try_cast(dated.attendees as integer) as attendees,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
