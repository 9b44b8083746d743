with

this_refresh as (
    select * from {{ source('raw', 'this_refresh') }}
),

authorities as (
    select * from {{ source('raw', 'authorities') }}
),

last_extracts as (
    select
        authority,
        max(told_to) as as_at,
        -- A referral that came later cannot be seen: nothing has been waited for any longer.
        coalesce(max(told_to) filter (where feed = 'referrals'), max(told_to)) as referrals_told_to,
        -- An allegation's outcome and what was done after it are told together or not at all.
        coalesce(
            min(told_to) filter (where feed in ('referrals', 'allegations', 'outcomes', 'actions')), max(told_to)
        ) as outcomes_told_to
    from {{ ref('stg_feed_days') }}
    group by authority
),

targets as (
    select
        authority,
        map_from_entries(list((measure, cast(target_percent as double)) order by measure)) as target_percents
    from {{ source('raw', 'targets') }}
    group by authority
),

sector_lines as (
    select
        authority,
        map_from_entries(list((sector, sector_line) order by sector)) as sector_lines
    from {{ source('raw', 'sector_lines') }}
    group by authority
)

select
    authorities.authority,
    authorities.authority_name,
    last_extracts.as_at,
    last_extracts.referrals_told_to,
    last_extracts.outcomes_told_to,
    authorities.time_zone,
    cast(authorities.grace_working_days as integer) as grace_working_days,
    cast(authorities.disclosure_hide_up_to as integer) as disclosure_hide_up_to,
    cast(authorities.disclosure_round_to as integer) as disclosure_round_to,
    targets.target_percents,
    sector_lines.sector_lines,
    this_refresh.refresh_id
from authorities
inner join last_extracts on authorities.authority = last_extracts.authority
cross join this_refresh
left join targets on authorities.authority = targets.authority
left join sector_lines on authorities.authority = sector_lines.authority
