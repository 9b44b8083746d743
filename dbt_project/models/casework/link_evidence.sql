-- Why a pair is as likely as it is, step by step: a waterfall in bits. 1 doubles the odds, -1 halves them.
with

links as (select * from {{ ref('int_contact_referral_links') }}),

scored as (select * from {{ source('matching', 'scored_pairs') }}),

weights as (select * from {{ source('matching', 'match_weights') }}),

contacts as (select contact_key, is_requested from {{ ref('int_matching_contacts') }}),

as_at as (select authority, refresh_id from {{ ref('stg_as_at') }}),

-- Place first: it decides against what the rest is weighed, another matter at the same setting or an unrelated pair.
compared as (
    select
        links.authority,
        links.contact_key,
        links.referral_key,
        scored.expected_odds,
        scored.same_setting_rate,
        scored.unrelated_rate,
        -- Unrelated pairs of one sector agree in more than others: they are a class of their own (model.AKIN_SECTORS).
        scored.sector_agreement in ('same', 'same_sought') as is_akin,
        unnest([
            { 'step_number': 1, 'comparison': 'expected', 'level': null },
            {
                'step_number': 2, 'comparison': 'place',
                -- Of pairs sought because a place is missing or misnamed, the place is not compared.
                'level': case
                    when scored.sought_by = 'place' then scored.setting_agreement || '/' || scored.postcode_agreement
                    else 'not_compared'
                end
            },
            {
                'step_number': 3,
                -- What the kind of place says is another thing where the names differ.
                'comparison': case when scored.kind_agreement = 'misnamed' then 'kind_misnamed' else 'kind' end,
                'level': links.kind_agreement
            },
            { 'step_number': 4, 'comparison': 'area', 'level': scored.area_agreement },
            { 'step_number': 5, 'comparison': 'sector', 'level': scored.sector_agreement },
            {
                'step_number': 6, 'comparison': case when contacts.is_requested then 'lag' else 'lag_not_requested' end,
                'level': scored.lag_band
            },
            { 'step_number': 7, 'comparison': 'staff_role', 'level': scored.staff_role_agreement },
            { 'step_number': 8, 'comparison': 'concern', 'level': scored.concern_agreement },
            {
                'step_number': 9, 'comparison': 'caller',
                'level': scored.referrer_agreement || '/' || scored.referrer_role_agreement
                || '/' || scored.agency_agreement
            },
            { 'step_number': 10, 'comparison': 'reference', 'level': scored.reference_agreement }
        ], recursive := true)
    from links
    inner join scored on links.contact_key = scored.contact_key and links.referral_key = scored.referral_key
    inner join contacts on links.contact_key = contacts.contact_key
),

-- A wide window so far: what has been compared up to this step, against each of the two other explanations.
summed as (
    select
        compared.*,
        coalesce(sum(weights.against_same_setting) over so_far, 0.0) as bits_against_same_setting,
        coalesce(
            sum(case when compared.is_akin then weights.against_akin else weights.against_unrelated end) over so_far,
            0.0
        ) as bits_against_unrelated
    from compared
    left join weights
        on
            compared.authority = weights.authority
            and compared.comparison = weights.comparison
            and compared.level = weights.level
    window so_far as (partition by compared.contact_key, compared.referral_key order by compared.step_number)
),

-- One referral of the contact, spread evenly over the 181 days looked at, against those that chance brings a day.
weighed as (
    select
        *,
        log2(expected_odds / 181)
        - log2(
            same_setting_rate * pow(2, -bits_against_same_setting) + unrelated_rate * pow(2, -bits_against_unrelated)
        ) as running_bits
    from summed
),

evidence as (
    select
        authority,
        contact_key,
        referral_key,
        step_number,
        comparison,
        level,
        running_bits
    from weighed
    union all by name
    -- What competition makes of it, or a person: neither knows of steps.
    select
        authority,
        contact_key,
        referral_key,
        11 as step_number,
        case when link_status in ('confirmed', 'rejected') then 'decision' else 'competition' end as comparison,
        link_status as level,
        log2(match_probability / (1 - match_probability)) as running_bits
    from links
)

select
    evidence.authority,
    links.contact_id,
    links.referral_id,
    evidence.step_number,
    case evidence.comparison
        when 'lag_not_requested' then 'lag'
        when 'kind_misnamed' then 'kind'
        else evidence.comparison
    end as comparison,
    evidence.level,
    round(evidence.running_bits - coalesce(
        lag(evidence.running_bits) over (
            partition by evidence.contact_key, evidence.referral_key order by evidence.step_number
        ), 0.0
    ), 3) as bits,
    round(evidence.running_bits, 3) as running_bits,
    case
        when evidence.step_number = 11 then links.match_probability
        else 1 / (1 + pow(2, -evidence.running_bits))
    end as running_probability,
    as_at.refresh_id
from evidence
inner join links on evidence.contact_key = links.contact_key and evidence.referral_key = links.referral_key
inner join as_at on evidence.authority = as_at.authority
