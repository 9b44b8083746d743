-- What became of each contact: its best link, how likely it has a referral at all, its match class and its flags.
with contacts as (
    select * from {{ ref('int_matching_contacts') }}
),

links as (
    select * from {{ ref('int_contact_referral_links') }}
),

scored as (
    select * from {{ source('matching', 'scored_contacts') }}
),

candidates as (
    select * from {{ source('matching', 'scored_pairs') }}
),

as_at as (
    select * from {{ ref('stg_as_at') }}
),

contact_days as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'contacts'
),

bank_holidays as (
    select * from {{ ref('bank_holidays') }}
),

-- Pairs below "possible" still count as a second candidate; a reviewer's decision replaces the score.
judged as (
    select
        coalesce(links.contact_key, candidates.contact_key) as contact_key,
        coalesce(links.referral_key, candidates.referral_key) as referral_key,
        links.referral_id,
        coalesce(links.match_probability, candidates.match_probability) as match_probability,
        links.link_status,
        coalesce(links.reference_agreement, candidates.reference_agreement) as reference_agreement,
        coalesce(links.flags, []) as pair_flags
    from candidates
    full outer join links
        on candidates.contact_key = links.contact_key and candidates.referral_key = links.referral_key
),

ranked as (
    select
        *,
        row_number() over (
            partition by contact_key
            order by match_probability desc, coalesce(link_status = 'confirmed', false) desc, referral_key asc
        ) as rank
    from judged
    where link_status is distinct from 'rejected'
),

best as (
    select
        contact_key,
        max(case when rank = 1 then match_probability end) as best_probability,
        coalesce(max(case when rank = 2 then match_probability end), 0.0) as second_probability,
        max(case when rank = 1 then link_status end) as best_status,
        max(case when rank = 1 then reference_agreement end) as best_reference,
        max(case when rank = 1 and link_status in ('confirmed', 'linked') then referral_key end) as referral_key,
        max(case when rank = 1 and link_status in ('confirmed', 'linked') then referral_id end) as referral_id,
        count(*) filter (where link_status in ('confirmed', 'linked')) as link_count,
        bool_or(list_contains(pair_flags, 'referral_before_contact')) as is_referral_before_contact,
        bool_or(list_contains(pair_flags, 'pathway_contradicts_request')) as is_pathway_contradicted
    from ranked
    group by contact_key
),

-- A request dated before its contact, or after the extract that tells of it, was made on the day of the contact.
asked as (
    select
        contacts.contact_key,
        case
            when contacts.requested_on between contacts.received_on and contact_days.told_to then contacts.requested_on
            else contacts.received_on
        end as asked_on
    from contacts
    left join contact_days on contacts.authority = contact_days.authority
),

days as (
    select unnest(generate_series(
        (select coalesce(min(asked_on), date '2000-01-01') from asked),
        (select coalesce(max(as_at), date '2000-01-01') from as_at),
        interval 1 day
    ))::date as date_on
),

-- Cumulative count of working days: the difference of two is the number of working days between them.
working_days as (
    select
        days.date_on,
        sum(case when isodow(days.date_on) < 6 and bank_holidays.date_on is null then 1 else 0 end)
            over (order by days.date_on) as working_day_number
    from days
    left join bank_holidays on days.date_on = bank_holidays.date_on
),

joined as (
    select
        contacts.contact_key,
        contacts.authority,
        contacts.is_requested,
        best.referral_key,
        best.referral_id,
        coalesce(best.best_probability, 0.0) as best_probability,
        coalesce(best.second_probability, 0.0) as second_probability,
        best.best_status,
        best.best_reference,
        coalesce(best.link_count, 0) as link_count,
        coalesce(best.is_referral_before_contact, false) as is_referral_before_contact,
        coalesce(best.is_pathway_contradicted, false) as is_pathway_contradicted,
        case
            when best.best_status = 'confirmed' then 1.0
            else greatest(coalesce(scored.match_probability, 0.0), coalesce(best.best_probability, 0.0))
        end as match_probability,
        case when best.best_status = 'confirmed' then 0.0 else coalesce(scored.unfindable_probability, 0.0) end
            as unfindable_probability,
        case
            when best.best_status = 'confirmed' then [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
            else [
                coalesce(scored.parameter_shift_1, 0.0), coalesce(scored.parameter_shift_2, 0.0),
                coalesce(scored.parameter_shift_3, 0.0), coalesce(scored.parameter_shift_4, 0.0),
                coalesce(scored.parameter_shift_5, 0.0), coalesce(scored.parameter_shift_6, 0.0)
            ]
        end as parameter_shifts,
        date_diff('day', asked.asked_on, as_at.referrals_told_to) as waited_days,
        last_day.working_day_number - first_day.working_day_number as waited_working_days,
        as_at.grace_working_days
    from contacts
    inner join asked on contacts.contact_key = asked.contact_key
    left join best on contacts.contact_key = best.contact_key
    left join scored on contacts.contact_key = scored.contact_key
    left join as_at on contacts.authority = as_at.authority
    left join working_days as first_day on asked.asked_on = first_day.date_on
    left join working_days as last_day on as_at.referrals_told_to = last_day.date_on
)

select
    contact_key,
    authority,
    is_requested,
    referral_key,
    referral_id,
    best_probability,
    second_probability,
    match_probability,
    unfindable_probability,
    parameter_shifts,
    case
        when best_status = 'confirmed' then 'confirmed'
        when link_count > 0 and best_reference = 'quoted' then 'exact_reference'
        when link_count > 0 and best_probability >= 0.8 then 'strong'
        when match_probability >= 0.5 and best_probability < 0.8 and second_probability >= 0.1 then 'several_candidates'
        when link_count > 0 then 'weak'
        when match_probability >= 0.5 then 'several_candidates'
        when is_requested and unfindable_probability >= 0.3 then 'unlinkable'
        when is_requested then 'requested_none_received'
        else 'none'
    end as match_class,
    -- What to do about a request. Thresholds were measured on made-up worlds with known truth (see docs).
    case
        when not is_requested then 'not_requested'
        when match_probability >= 0.9 then 'received'
        when unfindable_probability >= 0.3 and best_probability < 0.5 then 'unlinkable'
        when match_probability >= 0.5 then 'probably_received'
        when waited_days <= 28 then 'pending'
        when match_probability >= 0.08 then 'doubtful'
        else 'outstanding'
    end as request_state,
    list_filter(
        [
            case
                when
                    (match_probability >= 0.5 and best_probability < 0.8 and second_probability >= 0.1)
                    or (link_count > 1 and best_probability < 1.0 and best_probability - second_probability < 0.1)
                    then 'ambiguous'
            end,
            case when is_referral_before_contact then 'referral_before_contact' end,
            case when link_count > 1 then 'one_contact_several_referrals' end,
            case when not is_requested and link_count > 0 then 'not_requested_but_received' end,
            case
                when is_requested and match_probability < 0.5 and waited_working_days > grace_working_days
                    then 'requested_outstanding'
            end,
            case when is_pathway_contradicted then 'pathway_contradicts_request' end
        ],
        lambda flag: flag is not null
    ) as flags
from joined
