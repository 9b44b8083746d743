-- What each referral answers: how likely it has a contact at all, and its flags.
with referrals as (
    select * from {{ ref('int_matching_referrals') }}
),

contacts as (
    select * from {{ ref('int_matching_contacts') }}
),

links as (
    select * from {{ ref('int_contact_referral_links') }}
),

scored as (
    select * from {{ source('matching', 'scored_referrals') }}
),

candidates as (
    select * from {{ source('matching', 'scored_pairs') }}
),

decisions as (
    select * from {{ ref('int_matching_decisions') }}
),

judged as (
    select
        coalesce(links.referral_key, candidates.referral_key) as referral_key,
        coalesce(links.match_probability, candidates.match_probability) as match_probability,
        links.link_status,
        coalesce(links.flags, []) as pair_flags,
        coalesce(links.contact_key, candidates.contact_key) as contact_key
    from candidates
    full outer join links
        on candidates.contact_key = links.contact_key and candidates.referral_key = links.referral_key
),

ranked as (
    select
        *,
        row_number() over (partition by referral_key order by match_probability desc, contact_key asc) as rank
    from judged
    where link_status is distinct from 'rejected'
),

best as (
    select
        referral_key,
        max(case when rank = 1 then match_probability end) as best_probability,
        coalesce(max(case when rank = 2 then match_probability end), 0.0) as second_probability,
        count(*) filter (where link_status in ('confirmed', 'linked')) as link_count,
        bool_or(link_status = 'confirmed') as is_confirmed,
        bool_or(list_contains(pair_flags, 'referral_before_contact')) as is_referral_before_contact,
        bool_or(list_contains(pair_flags, 'pathway_contradicts_request')) as is_pathway_contradicted
    from ranked
    group by referral_key
),

-- The contact that the referral itself quotes: does it exist, and what does all other evidence say of the pair?
quoted as (
    select
        referrals.referral_key,
        count(contacts.contact_key) > 0 as is_known,
        max(case
            when decisions.decision = 'confirm' then 1.0
            when decisions.decision = 'reject' then 0.0
            else coalesce(candidates.probability_without_reference, 0.0)
        end) filter (where contacts.contact_key is not null) as probability_without_reference,
        bool_or(referrals.day_number < contacts.day_number) as is_before
    from referrals
    left join contacts
        on referrals.authority = contacts.authority and referrals.quoted_contact_id = upper(contacts.contact_id)
    left join candidates
        on referrals.referral_key = candidates.referral_key and contacts.contact_key = candidates.contact_key
    left join decisions
        on referrals.referral_key = decisions.referral_key and contacts.contact_key = decisions.contact_key
    where referrals.quoted_contact_id is not null
    group by referrals.referral_key
),

joined as (
    select
        referrals.referral_key,
        referrals.authority,
        coalesce(best.best_probability, 0.0) as best_probability,
        coalesce(best.second_probability, 0.0) as second_probability,
        coalesce(best.link_count, 0) as link_count,
        case
            when coalesce(best.is_confirmed, false) then 1.0
            else greatest(coalesce(scored.contact_probability, 0.0), coalesce(best.best_probability, 0.0))
        end as contact_probability,
        case when coalesce(best.is_confirmed, false) then 0.0 else coalesce(scored.unfindable_probability, 0.0) end
            as unfindable_probability,
        case
            when coalesce(best.is_confirmed, false) then [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
            else [
                coalesce(scored.parameter_shift_1, 0.0), coalesce(scored.parameter_shift_2, 0.0),
                coalesce(scored.parameter_shift_3, 0.0), coalesce(scored.parameter_shift_4, 0.0),
                coalesce(scored.parameter_shift_5, 0.0), coalesce(scored.parameter_shift_6, 0.0)
            ]
        end as parameter_shifts,
        coalesce(best.is_referral_before_contact, false) or coalesce(quoted.is_before, false)
            as is_referral_before_contact,
        coalesce(best.is_pathway_contradicted, false) as is_pathway_contradicted,
        quoted.is_known,
        quoted.probability_without_reference
    from referrals
    left join best on referrals.referral_key = best.referral_key
    left join scored on referrals.referral_key = scored.referral_key
    left join quoted on referrals.referral_key = quoted.referral_key
)

select
    referral_key,
    authority,
    best_probability,
    second_probability,
    contact_probability,
    unfindable_probability,
    parameter_shifts,
    link_count,
    list_filter(
        [
            case
                when
                    (best_probability < 0.8 and second_probability >= 0.2)
                    or (link_count > 1 and best_probability < 1.0 and best_probability - second_probability < 0.1)
                    then 'ambiguous'
            end,
            case when is_known and probability_without_reference < 0.1 then 'contradicted_reference' end,
            case when not is_known then 'orphan_reference' end,
            case when is_referral_before_contact then 'referral_before_contact' end,
            case when link_count > 1 then 'several_contacts_one_referral' end,
            case when contact_probability < 0.5 then 'no_contact' end,
            case when is_pathway_contradicted then 'pathway_contradicts_request' end
        ],
        lambda flag: flag is not null
    ) as flags
from joined
