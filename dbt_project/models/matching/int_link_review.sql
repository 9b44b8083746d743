-- What one decision on each undecided pair would tell of the number of requested contacts with a referral.
-- A decision is worth most where either answer is likely and the answers lead to different counts: two contacts that
-- claim one referral differ much in which of them has it and little in how many have one.
with links as (
    select * from {{ ref('int_contact_referral_links') }}
),

contacts as (
    select * from {{ ref('int_contact_matches') }}
),

-- Certain pairs leave nothing to decide; the cap keeps their arithmetic finite.
pairs as (
    select
        links.contact_key,
        links.referral_key,
        links.authority,
        links.link_status,
        contacts.is_requested,
        least(links.match_probability, 0.999) as pair_probability,
        greatest(contacts.match_probability, least(links.match_probability, 0.999)) as contact_probability
    from links
    inner join contacts on links.contact_key = contacts.contact_key
    where links.link_status <> 'rejected'
),

-- Of a contact: the probability that another referral is its own.
without_this as (
    select
        *,
        (contact_probability - pair_probability) / (1 - pair_probability) as contact_probability_without
    from pairs
),

-- The other contacts that claim the referral lose it when the pair is confirmed, unless the probabilities say that
-- both have it: they overlap as little as they can.
others as (
    select
        pairs.contact_key,
        pairs.referral_key,
        sum(
            (1 - rivals.contact_probability_without) / (1 - pairs.pair_probability)
            * (
                greatest(pairs.pair_probability + rivals.pair_probability - 1, 0) / pairs.pair_probability
                - rivals.pair_probability
            )
        ) as rivals_change
    from pairs
    inner join without_this as rivals
        on pairs.referral_key = rivals.referral_key and pairs.contact_key <> rivals.contact_key
    where rivals.is_requested
    group by pairs.contact_key, pairs.referral_key
),

told as (
    select
        without_this.*,
        case when without_this.is_requested then 1 - without_this.contact_probability_without else 0.0 end
        + coalesce(others.rivals_change, 0.0) as count_change
    from without_this
    left join others
        on without_this.contact_key = others.contact_key and without_this.referral_key = others.referral_key
)

select
    contact_key,
    referral_key,
    authority,
    count_change,
    pair_probability * (1 - pair_probability) * pow(count_change, 2) as variance_removed
from told
where link_status <> 'confirmed'
