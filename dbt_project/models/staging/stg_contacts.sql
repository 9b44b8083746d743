{%- set codes = [
    'channel', 'referrer_role', 'referrer_agency', 'sector', 'area', 'staff_role', 'concern_category', 'advice_given',
] -%}

with

current_contacts as (
    {{ current_rows('contacts') }}
),

dated as (
    select
        *,
        try_cast(received_at as timestamp) as _received_at,
        try_cast(left(received_at, 10) as date) as _code_on
    from current_contacts
)

select
    {{ record_key('dated', 'contact_id') }} as contact_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.contact_id,
    dated._received_at as received_at,
    dated._code_on as received_on,
    {{ member('channel', 'dated') }} as channel,
    {{ member('referrer_role', 'dated') }} as referrer_role,
    {{ member('referrer_agency', 'dated') }} as referrer_agency,
    dated.setting_name,
    dated.setting_postcode,
    dated.setting_urn,
    {{ member('sector', 'dated') }} as sector,
    {{ member('area', 'dated') }} as area,
    {{ member('staff_role', 'dated') }} as staff_role,
    {{ member('concern_category', 'dated') }} as concern_category,
    {{ member('advice_given', 'dated') }} as advice_given,
    try_cast(dated.threshold_met as boolean) as threshold_met,
    try_cast(dated.referral_requested as boolean) as referral_requested,
    try_cast(dated.referral_requested_on as date) as referral_requested_on,
    dated.case_ref,
    dated.handled_by,
    try_cast(dated.closed_on as date) as closed_on,
    try_cast(dated.oversight_on as date) as oversight_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
