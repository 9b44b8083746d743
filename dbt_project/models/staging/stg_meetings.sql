{%- set codes = ['meeting_type'] -%}

with

as_at as (
    select * from {{ ref('stg_as_at') }}
),

referrals as (
    select
        authority,
        source_system,
        referral_id,
        referral_key
    from {{ ref('stg_referrals') }}
),

current_meetings as (
    {{ current_rows('meetings') }}
),

dated as (
    select
        current_meetings.*,
        coalesce(
            try_cast(current_meetings.held_on as date), try_cast(current_meetings.due_on as date), as_at.as_at
        ) as _code_on
    from current_meetings
    inner join as_at on current_meetings._authority = as_at.authority
)

select
    {{ record_key('dated', 'meeting_id') }} as meeting_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.meeting_id,
    {{ named_parent('referrals', 'referral_key') }} as referral_key,
    dated.referral_id,
    {{ member('meeting_type', 'dated') }} as meeting_type,
    try_cast(dated.due_on as date) as due_on,
    try_cast(dated.held_on as date) as held_on,
    try_cast(dated.actions_issued_on as date) as actions_issued_on,
    try_cast(dated.notes_issued_on as date) as notes_issued_on,
    {{ unmapped_wordings(codes, 'dated') }} as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_parent('dated', 'referrals', 'referral_id') }}
{{ join_codes(codes, 'dated') }}
