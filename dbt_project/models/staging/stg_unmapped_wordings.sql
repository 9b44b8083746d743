with

unmapped_codes as (
    select
        authority,
        'contacts' as feed,
        contact_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_contacts') }}
    union all
    select
        authority,
        'referrals' as feed,
        referral_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_referrals') }}
    union all
    select
        authority,
        'allegations' as feed,
        allegation_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_allegations') }}
    union all
    select
        authority,
        'outcomes' as feed,
        allegation_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_outcomes') }}
    union all
    select
        authority,
        'actions' as feed,
        allegation_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_actions') }}
    union all
    select
        authority,
        'strands' as feed,
        allegation_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_strands') }}
    union all
    select
        authority,
        'meetings' as feed,
        meeting_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_meetings') }}
    union all
    select
        authority,
        'children' as feed,
        referral_id || '|' || child_key as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_children') }}
    union all
    select
        authority,
        'officers' as feed,
        officer_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_officers') }}
    union all
    select
        authority,
        'settings' as feed,
        setting_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_settings') }}
    union all
    select
        authority,
        'requests' as feed,
        request_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_requests') }}
    union all
    select
        authority,
        'escalations' as feed,
        escalation_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_escalations') }}
    union all
    select
        authority,
        'setting_concerns' as feed,
        concern_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_setting_concerns') }}
    union all
    select
        authority,
        'training' as feed,
        session_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_training') }}
    union all
    select
        authority,
        'match_decisions' as feed,
        contact_id || '|' || referral_id as record_id,
        unnest(unmapped_wordings) as unmapped
    from {{ ref('stg_match_decisions') }}
)

select distinct
    unmapped_codes.authority,
    unmapped_codes.feed,
    unmapped_codes.unmapped.list_name,
    unmapped_codes.unmapped.column_name,
    unmapped_codes.record_id,
    unmapped_codes.unmapped.wording
from unmapped_codes
