-- For each field: whether the record ought to have it, and whether it has it.
with

authorities as (select authority, authority_name from {{ ref('dim_authorities') }}),

officers as (select officer_key, officer_id, officer_role from {{ ref('dim_officers') }}),

referral_fields as (
    select
        authority,
        'referral' as entity,
        referral_id as record_id,
        source_system,
        received_on,
        officer_key,
        refresh_id,
        unnest(
            [
                { 'field_name': 'setting', 'is_wanted': true, 'is_present': setting_key <> authority || ':unknown' },
                { 'field_name': 'sector', 'is_wanted': true, 'is_present': sector_key <> authority || ':unknown' },
                { 'field_name': 'area', 'is_wanted': true, 'is_present': area_key <> authority || ':unknown' },
                { 'field_name': 'staff_role', 'is_wanted': true, 'is_present': staff_role_key <> 'unknown' },
                {
                    'field_name': 'concern_category',
                    'is_wanted': true,
                    'is_present': concern_category_key <> 'unknown'
                },
                { 'field_name': 'pathway', 'is_wanted': true, 'is_present': pathway <> 'unknown' },
                { 'field_name': 'subject', 'is_wanted': true, 'is_present': subject_key <> 'unknown' },
                { 'field_name': 'officer', 'is_wanted': true, 'is_present': officer_key <> authority || ':unknown' },
                { 'field_name': 'police_involved', 'is_wanted': true, 'is_present': police_involved is not null },
                { 'field_name': 'employer_aware_on', 'is_wanted': true, 'is_present': employer_aware_on is not null },
                {
                    'field_name': 'threshold_decided_on',
                    'is_wanted': true,
                    'is_present': threshold_decided_on is not null
                },
                {
                    'field_name': 'rationale_recorded',
                    'is_wanted': true,
                    'is_present': coalesce(rationale_recorded, false)
                },
                {
                    'field_name': 'harm_criterion',
                    'is_wanted': pathway = 'allegation',
                    'is_present': is_harmed_child or is_criminal_offence or is_risk_of_harm or is_unsuitable
                    or has_unmapped_criterion
                },
                {
                    'field_name': 'outcome',
                    'is_wanted': pathway = 'allegation' and is_closed,
                    'is_present': concluded_on is not null
                },
                {
                    'field_name': 'closure_checked_on',
                    'is_wanted': is_closed,
                    'is_present': closure_checked_on is not null
                }
            ],
            recursive := true
        )
    from {{ ref('fct_referrals') }}
),

contact_fields as (
    select
        authority,
        'contact' as entity,
        contact_id as record_id,
        source_system,
        received_on,
        officer_key,
        refresh_id,
        unnest(
            [
                { 'field_name': 'setting', 'is_wanted': true, 'is_present': setting_key <> authority || ':unknown' },
                { 'field_name': 'sector', 'is_wanted': true, 'is_present': sector_key <> authority || ':unknown' },
                {
                    'field_name': 'concern_category',
                    'is_wanted': true,
                    'is_present': concern_category_key <> 'unknown'
                },
                { 'field_name': 'advice_given', 'is_wanted': true, 'is_present': advice_given <> 'unknown' },
                {
                    'field_name': 'referral_requested',
                    'is_wanted': true,
                    'is_present': referral_requested is not null
                },
                { 'field_name': 'threshold_met', 'is_wanted': true, 'is_present': threshold_met is not null },
                {
                    'field_name': 'handled_by',
                    'is_wanted': true,
                    'is_present': officer_key <> authority || ':unknown'
                },
                {
                    'field_name': 'oversight_on',
                    'is_wanted': closed_on is not null,
                    'is_present': oversight_on is not null
                }
            ],
            recursive := true
        )
    from {{ ref('fct_contacts') }}
),

fields as (
    select * from referral_fields
    union all
    select * from contact_fields
),

-- A field that the authority's system never sends is no gap of an officer's.
judged as (
    select
        *,
        bool_or(is_present) over (partition by authority, source_system, entity, field_name)
            as is_ever_present
    from fields
    where is_wanted
)

select
    judged.authority,
    authorities.authority_name,
    officers.officer_id,
    officers.officer_role,
    judged.entity,
    judged.record_id,
    judged.source_system,
    judged.received_on,
    judged.field_name,
    judged.refresh_id
from judged
inner join authorities on judged.authority = authorities.authority
left join officers on judged.officer_key = officers.officer_key
where judged.is_ever_present and not judged.is_present
