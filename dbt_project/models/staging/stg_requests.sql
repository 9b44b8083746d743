{%- set codes = ['request_type'] -%}

with

current_requests as (
    {{ current_rows('requests') }}
),

dated as (
    select
        *,
        try_cast(received_on as date) as _code_on
    from current_requests
)

select
    {{ record_key('dated', 'request_id') }} as request_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.request_id,
    {{ member('request_type', 'dated') }} as request_type,
    try_cast(dated.received_on as date) as received_on,
    try_cast(dated.due_on as date) as due_on,
    try_cast(dated.answered_on as date) as answered_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
