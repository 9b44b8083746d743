with

unusable_values as (
    select * from {{ source('raw', 'unusable_values') }}
),

current_records as (
    select
        authority,
        'contacts' as feed,
        contact_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_contacts') }}
    union all
    select
        authority,
        'referrals' as feed,
        referral_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_referrals') }}
    union all
    select
        authority,
        'allegations' as feed,
        allegation_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_allegations') }}
    union all
    select
        authority,
        'outcomes' as feed,
        allegation_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_outcomes') }}
    union all
    select
        authority,
        'actions' as feed,
        allegation_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_actions') }}
    union all
    select
        authority,
        'strands' as feed,
        allegation_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_strands') }}
    union all
    select
        authority,
        'meetings' as feed,
        meeting_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_meetings') }}
    union all
    select
        authority,
        'children' as feed,
        referral_id || '|' || child_key as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_children') }}
    union all
    select
        authority,
        'officers' as feed,
        officer_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_officers') }}
    union all
    select
        authority,
        'settings' as feed,
        setting_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_settings') }}
    union all
    select
        authority,
        'requests' as feed,
        request_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_requests') }}
    union all
    select
        authority,
        'escalations' as feed,
        escalation_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_escalations') }}
    union all
    select
        authority,
        'setting_concerns' as feed,
        concern_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_setting_concerns') }}
    union all
    select
        authority,
        'training' as feed,
        session_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_training') }}
    union all
    select
        authority,
        'match_decisions' as feed,
        contact_id || '|' || referral_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_match_decisions') }}
    union all
    select
        authority,
        'feedback' as feed,
        feedback_id as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_feedback') }}
    union all
    select
        authority,
        'subjects' as feed,
        subject_key as record_id,
        source_system,
        _content_hash,
        _line
    from {{ ref('stg_subjects') }}
)

-- Of the records as they stand: a value that was mended in a later extract is no longer a finding.
select distinct
    current_records.authority,
    current_records.feed,
    current_records.record_id,
    unusable_values.column_name,
    unusable_values.reason_code
from unusable_values
inner join current_records
    on
        unusable_values.authority = current_records.authority
        and unusable_values.feed = current_records.feed
        and unusable_values.source_system = current_records.source_system
        and unusable_values.content_hash = current_records._content_hash
        and unusable_values.line = current_records._line
