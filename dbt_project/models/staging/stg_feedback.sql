with

referrals as (
    select
        authority,
        source_system,
        referral_id,
        referral_key
    from {{ ref('stg_referrals') }}
),

current_feedback as (
    {{ current_rows('feedback') }}
)

select
    {{ record_key('current_feedback', 'feedback_id') }} as feedback_key,
    current_feedback._authority as authority,
    current_feedback._source_system as source_system,
    current_feedback.feedback_id,
    {{ named_parent('referrals', 'referral_key') }} as referral_key,
    current_feedback.referral_id,
    try_cast(current_feedback.requested_on as date) as requested_on,
    try_cast(current_feedback.returned_on as date) as returned_on,
    try_cast(current_feedback.rating as double) as rating,
    current_feedback._extract_on,
    current_feedback._content_hash,
    current_feedback._line
from current_feedback
{{ join_parent('current_feedback', 'referrals', 'referral_id') }}
