-- Which contact became which referral: reviewers' decisions first, then the score.
-- When a pair counts as a link is decided here and nowhere else.
with scored as (
    select * from {{ source('matching', 'scored_pairs') }}
),

decisions as (
    select * from {{ ref('int_matching_decisions') }}
),

contacts as (
    select * from {{ ref('int_matching_contacts') }}
),

referrals as (
    select * from {{ ref('int_matching_referrals') }}
),

judged as (
    select
        coalesce(scored.contact_key, decisions.contact_key) as contact_key,
        coalesce(scored.referral_key, decisions.referral_key) as referral_key,
        case decisions.decision
            when 'confirm' then 1.0
            when 'reject' then 0.0
            else scored.match_probability
        end as match_probability,
        case
            when decisions.decision = 'confirm' then 'confirmed'
            when decisions.decision = 'reject' then 'rejected'
            when scored.match_probability >= 0.5 then 'linked'
            when scored.match_probability >= 0.2 then 'possible'
        end as link_status,
        scored.probability_without_reference,
        scored.setting_agreement,
        scored.postcode_agreement,
        case
            when scored.kind_agreement = 'misnamed' then scored.kind_misnamed_agreement else scored.kind_agreement
        end as kind_agreement,
        scored.area_agreement,
        scored.sector_agreement,
        scored.staff_role_agreement,
        scored.concern_agreement,
        scored.referrer_role_agreement,
        scored.agency_agreement,
        scored.referrer_agreement,
        scored.reference_agreement
    from scored
    full outer join decisions
        on scored.contact_key = decisions.contact_key and scored.referral_key = decisions.referral_key
)

select
    judged.contact_key,
    judged.referral_key,
    contacts.authority,
    contacts.contact_id,
    referrals.referral_id,
    judged.match_probability,
    judged.link_status,
    contacts.received_on as contact_received_on,
    referrals.received_on as referral_received_on,
    referrals.day_number - contacts.day_number as lag_days,
    judged.probability_without_reference,
    judged.setting_agreement,
    judged.postcode_agreement,
    judged.kind_agreement,
    judged.area_agreement,
    judged.sector_agreement,
    judged.staff_role_agreement,
    judged.concern_agreement,
    judged.referrer_role_agreement,
    judged.agency_agreement,
    judged.referrer_agreement,
    judged.reference_agreement,
    list_filter(
        [
            case when judged.link_status in ('confirmed', 'linked') then 'linked' end,
            case
                when
                    judged.link_status in ('confirmed', 'linked') and referrals.day_number < contacts.day_number
                    then 'referral_before_contact'
            end,
            case
                when
                    judged.link_status in ('confirmed', 'linked')
                    and (
                        (
                            contacts.is_requested and coalesce(contacts.is_threshold_met, true)
                            and referrals.pathway = 'information_only'
                        )
                        or (not contacts.is_threshold_met and referrals.pathway = 'allegation')
                    )
                    then 'pathway_contradicts_request'
            end
        ],
        lambda flag: flag is not null
    ) as flags
from judged
inner join contacts on judged.contact_key = contacts.contact_key
inner join referrals on judged.referral_key = referrals.referral_key
where judged.link_status is not null
