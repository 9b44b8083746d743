{%- set codes = [
    'referrer_role', 'referrer_agency', 'source_team', 'sector', 'area', 'staff_role', 'concern_category', 'pathway',
    'status',
] -%}

with

current_referrals as (
    {{ current_rows('referrals') }}
),

dated as (
    select
        *,
        try_cast(received_on as date) as _code_on
    from current_referrals
),

criteria_wordings as (
    select
        _authority,
        _source_system,
        referral_id,
        _code_on,
        unnest(from_json(harm_criteria, '["VARCHAR"]')) as harm_criterion
    from dated
    where harm_criteria is not null
),

criteria as (
    select
        criteria_wordings._authority,
        criteria_wordings._source_system,
        criteria_wordings.referral_id,
        list_sort(list(distinct {{ member('harm_criterion', 'criteria_wordings') }})) as harm_criteria,
        list_sort(list(distinct {
            'list_name': 'harm_criterion', 'column_name': 'harm_criteria', 'wording': criteria_wordings.harm_criterion
        }) filter (where harm_criterion_codes.member is null)) as unmapped_wordings
    from criteria_wordings
    {{ join_codes(['harm_criterion'], 'criteria_wordings') }}
    where criteria_wordings.harm_criterion is not null
    group by criteria_wordings._authority, criteria_wordings._source_system, criteria_wordings.referral_id
)

select
    {{ record_key('dated', 'referral_id') }} as referral_key,
    dated._authority as authority,
    dated._source_system as source_system,
    dated.referral_id,
    dated._code_on as received_on,
    dated.contact_ref,
    {{ member('referrer_role', 'dated') }} as referrer_role,
    {{ member('referrer_agency', 'dated') }} as referrer_agency,
    {{ member('source_team', 'dated') }} as source_team,
    dated.setting_name,
    dated.setting_postcode,
    dated.setting_urn,
    {{ member('sector', 'dated') }} as sector,
    {{ member('area', 'dated') }} as area,
    coalesce(subjects.person_key, 'unknown') as subject_key,
    {{ member('staff_role', 'dated') }} as staff_role,
    {{ member('concern_category', 'dated') }} as concern_category,
    coalesce(criteria.harm_criteria, []) as harm_criteria,
    {{ member('pathway', 'dated') }} as pathway,
    try_cast(dated.employer_aware_on as date) as employer_aware_on,
    try_cast(dated.incident_on as date) as incident_on,
    try_cast(dated.threshold_decided_on as date) as threshold_decided_on,
    try_cast(dated.rationale_recorded as boolean) as rationale_recorded,
    dated.lado,
    try_cast(dated.police_involved as boolean) as police_involved,
    {{ member('status', 'dated') }} as status,
    try_cast(dated.closed_on as date) as closed_on,
    try_cast(dated.closure_checked_on as date) as closure_checked_on,
    list_concat(
        {{ unmapped_wordings(codes, 'dated') }},
        coalesce(criteria.unmapped_wordings, [])
    ) as unmapped_wordings,
    dated._extract_on,
    dated._content_hash,
    dated._line
from dated
{{ join_codes(codes, 'dated') }}
left join criteria
    on
        dated._authority = criteria._authority
        and dated._source_system = criteria._source_system
        and dated.referral_id = criteria.referral_id
{{ join_person('subjects', 'subject', 'dated', 'subject_id') }}
