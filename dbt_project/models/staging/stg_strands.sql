{%- set codes = ['strand'] -%}

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

current_strands as (
    {{ current_rows('strands') }}
),

dated as (
    select
        current_strands.*,
        coalesce(try_cast(current_strands.started_on as date), as_at.as_at) as _code_on
    from current_strands
    inner join as_at on current_strands._authority = as_at.authority
)

select
    {{ record_key('dated', '_record_key') }} as strand_record_key,
    dated._authority as authority,
    dated._source_system as source_system,
    {{ named_parent('allegations', 'allegation_key') }} as allegation_key,
    dated.allegation_id,
    {{ member('strand', 'dated') }} as strand,
    try_cast(dated.started_on as date) as started_on,
    try_cast(dated.ended_on as date) as ended_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_parent('dated', 'allegations', 'allegation_id') }}
{{ join_codes(codes, 'dated') }}
