with

referrals as (select * from {{ ref('fct_referrals') }}),

authorities as (
    select
        authority,
        authority_name,
        cast(referrals_told_to - interval 12 month as date) as year_before,
        refresh_id
    from {{ ref('dim_authorities') }}
),

allegations as (
    select
        referral_key,
        count(*) as allegation_count,
        count_if(outcome_key = 'substantiated') as substantiated_count,
        count_if(outcome_key = 'unsubstantiated') as unsubstantiated_count,
        count_if(has_dbs_referral) as dbs_referral_count
    from {{ ref('fct_allegations') }}
    group by referral_key
)

select
    referrals.subject_key,
    referrals.authority,
    authorities.authority_name,
    count(*) as referral_count,
    count_if(referrals.received_on > authorities.year_before) as referrals_12_months,
    count_if(not referrals.is_closed) as open_referral_count,
    cast(sum(coalesce(allegations.allegation_count, 0)) as bigint) as allegation_count,
    cast(sum(coalesce(allegations.substantiated_count, 0)) as bigint) as substantiated_count,
    cast(sum(coalesce(allegations.unsubstantiated_count, 0)) as bigint) as unsubstantiated_count,
    cast(sum(coalesce(allegations.dbs_referral_count, 0)) as bigint) as dbs_referral_count,
    count(distinct referrals.setting_key) as setting_count,
    min(referrals.received_on) as first_received_on,
    max(referrals.received_on) as last_received_on,
    string_agg(referrals.referral_id, ';' order by referrals.received_on, referrals.referral_key) as referral_ids,
    authorities.refresh_id
from referrals
inner join authorities on referrals.authority = authorities.authority
left join allegations on referrals.referral_key = allegations.referral_key
where referrals.subject_key <> 'unknown'
group by referrals.subject_key, referrals.authority, authorities.authority_name, authorities.refresh_id
having count(*) > 1
