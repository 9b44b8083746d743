with

as_at as (
    select * from {{ ref('stg_as_at') }}
)

select
    authority as authority_key,
    authority,
    authority_name,
    as_at,
    referrals_told_to,
    outcomes_told_to,
    time_zone,
    target_percents['closed_within_1_month'] as closed_within_1_month_target_percent,
    target_percents['closed_within_3_months'] as closed_within_3_months_target_percent,
    target_percents['closed_within_12_months'] as closed_within_12_months_target_percent,
    grace_working_days,
    disclosure_hide_up_to,
    disclosure_round_to,
    refresh_id
from as_at
