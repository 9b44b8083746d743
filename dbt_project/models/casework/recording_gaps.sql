{#- Field: when the record ought to have it, and when it has it. -#}
{%- set referral_fields = {
    'setting': ('true', "setting_key <> authority || ':unknown'"),
    'sector': ('true', "sector_key <> authority || ':unknown'"),
    'area': ('true', "area_key <> authority || ':unknown'"),
    'staff_role': ('true', "staff_role_key <> 'unknown'"),
    'concern_category': ('true', "concern_category_key <> 'unknown'"),
    'pathway': ('true', "pathway <> 'unknown'"),
    'subject': ('true', "subject_key <> 'unknown'"),
    'officer': ('true', "officer_key <> authority || ':unknown'"),
    'police_involved': ('true', 'police_involved is not null'),
    'employer_aware_on': ('true', 'employer_aware_on is not null'),
    'threshold_decided_on': ('true', 'threshold_decided_on is not null'),
    'rationale_recorded': ('true', 'coalesce(rationale_recorded, false)'),
    'harm_criterion': (
        "pathway = 'allegation'",
        'is_harmed_child or is_criminal_offence or is_risk_of_harm or is_unsuitable or has_unmapped_criterion',
    ),
    'outcome': ("pathway = 'allegation' and is_closed", 'concluded_on is not null'),
    'closure_checked_on': ('is_closed', 'closure_checked_on is not null'),
} -%}
{%- set contact_fields = {
    'setting': ('true', "setting_key <> authority || ':unknown'"),
    'sector': ('true', "sector_key <> authority || ':unknown'"),
    'concern_category': ('true', "concern_category_key <> 'unknown'"),
    'advice_given': ('true', "advice_given <> 'unknown'"),
    'referral_requested': ('true', 'referral_requested is not null'),
    'threshold_met': ('true', 'threshold_met is not null'),
    'handled_by': ('true', "officer_key <> authority || ':unknown'"),
    'oversight_on': ('closed_on is not null', 'oversight_on is not null'),
} -%}

with

referrals as (select * from {{ ref('fct_referrals') }}),

contacts as (select * from {{ ref('fct_contacts') }}),

authorities as (select authority, authority_name from {{ ref('dim_authorities') }}),

officers as (select officer_key, officer_id, officer_role from {{ ref('dim_officers') }}),

looked_at as (
    {%- for field, (wanted, present) in referral_fields.items() %}
    select
        authority,
        'referral' as entity,
        referral_id as record_id,
        source_system,
        received_on,
        officer_key,
        '{{ field }}' as field_name,
        {{ present }} as is_present,
        refresh_id
    from referrals
    where {{ wanted }}
    union all
    {%- endfor %}
    {%- for field, (wanted, present) in contact_fields.items() %}
    select
        authority,
        'contact' as entity,
        contact_id as record_id,
        source_system,
        received_on,
        officer_key,
        '{{ field }}' as field_name,
        {{ present }} as is_present,
        refresh_id
    from contacts
    where {{ wanted }}
    {{ '' if loop.last else 'union all' }}
    {%- endfor %}
),

-- A field that the authority's system never sends is no gap of an officer's.
kept as (
    select
        *,
        bool_or(is_present) over (partition by authority, source_system, entity, field_name) as is_ever_present
    from looked_at
)

select
    kept.authority,
    authorities.authority_name,
    officers.officer_id,
    officers.officer_role,
    kept.entity,
    kept.record_id,
    kept.source_system,
    kept.received_on,
    kept.field_name,
    kept.refresh_id
from kept
inner join authorities on kept.authority = authorities.authority
left join officers on kept.officer_key = officers.officer_key
where kept.is_ever_present and not kept.is_present
