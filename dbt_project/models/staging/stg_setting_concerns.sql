{%- set codes = ['concern_type'] -%}

with

current_setting_concerns as (
    {{ current_rows('setting_concerns') }}
),

dated as (
    select
        *,
        try_cast(recorded_on as date) as _code_on
    from current_setting_concerns
)

select
    {{ record_key('dated', 'concern_id') }} as setting_concern_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.concern_id,
    dated.setting_name,
    dated.setting_urn,
    try_cast(dated.recorded_on as date) as recorded_on,
    {{ member('concern_type', 'dated') }} as concern_type,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
