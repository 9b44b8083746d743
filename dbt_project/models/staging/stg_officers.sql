{%- set codes = ['officer_role'] -%}

with

as_at as (
    select * from {{ ref('stg_as_at') }}
),

current_officers as (
    {{ current_rows('officers') }}
),

dated as (
    select
        current_officers.*,
        coalesce(try_cast(current_officers.started_on as date), as_at.as_at) as _code_on
    from current_officers
    inner join as_at on current_officers._authority = as_at.authority
)

select
    {{ record_key('dated', 'officer_id') }} as officer_record_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.officer_id,
    {{ member('officer_role', 'dated') }} as officer_role,
    try_cast(dated.fte as double) as fte,
    try_cast(dated.started_on as date) as started_on,
    try_cast(dated.ended_on as date) as ended_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
