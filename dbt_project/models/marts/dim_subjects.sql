with

subjects as (
    select
        subject_key,
        authority
    from {{ ref('stg_subjects') }}
),

referrals as (
    select
        subject_key,
        authority,
        received_on
    from {{ ref('stg_referrals') }}
),

every_subject as (
    select
        subject_key,
        authority,
        null as received_on
    from subjects
    union all
    select * from referrals
)

select
    subject_key,
    min(authority) as authority,
    count(received_on) as referral_count,
    min(received_on) as first_received_on,
    max(received_on) as last_received_on,
    {{ refresh_id() }}
from every_subject
where subject_key <> 'unknown'
group by subject_key
union all
select
    'unknown' as subject_key,
    'unknown' as authority,
    count(*) as referral_count,
    min(received_on) as first_received_on,
    max(received_on) as last_received_on,
    {{ refresh_id() }}
from referrals
where subject_key = 'unknown'
