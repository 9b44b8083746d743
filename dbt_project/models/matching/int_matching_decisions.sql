-- The latest decision of a reviewer on each pair. Decisions win over every score.
with decisions as (
    select * from {{ ref('stg_match_decisions') }}
),

contacts as (
    select * from {{ ref('int_matching_contacts') }}
),

referrals as (
    select * from {{ ref('int_matching_referrals') }}
),

as_at as (
    select * from {{ ref('stg_as_at') }}
),

-- A decision dated in the future is one without a date: it comes before no other.
dated as (
    select
        decisions.* exclude (decided_on),
        case when decisions.decided_on <= as_at.as_at then decisions.decided_on end as decided_on
    from decisions
    inner join as_at on decisions.authority = as_at.authority
),

latest as (
    select
        authority,
        contact_id,
        referral_id,
        -- Of two decisions on one day the more careful one stands: reject sorts after confirm.
        arg_max(decision, (coalesce(decided_on, date '1900-01-01'), decision)) as decision,
        max(decided_on) as decided_on
    from dated
    where decision in ('confirm', 'reject')
    group by authority, contact_id, referral_id
)

select
    contacts.contact_key,
    referrals.referral_key,
    latest.authority,
    latest.decision,
    latest.decided_on,
    referrals.day_number - contacts.day_number as lag_days
from latest
inner join contacts on latest.authority = contacts.authority and latest.contact_id = contacts.contact_id
inner join referrals on latest.authority = referrals.authority and latest.referral_id = referrals.referral_id
