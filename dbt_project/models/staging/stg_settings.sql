{%- set codes = ['sector', 'area', 'provider'] -%}

with

as_at as (
    select * from {{ ref('stg_as_at') }}
),

current_settings as (
    {{ current_rows('settings') }}
),

dated as (
    select
        current_settings.*,
        as_at.as_at as _code_on
    from current_settings
    inner join as_at on current_settings._authority = as_at.authority
)

select
    {{ record_key('dated', 'setting_id') }} as setting_record_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.setting_id,
    dated.setting_name,
    dated.setting_postcode,
    dated.setting_urn,
    {{ member('sector', 'dated') }} as sector,
    {{ member('area', 'dated') }} as area,
    {{ member('provider', 'dated') }} as provider,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
