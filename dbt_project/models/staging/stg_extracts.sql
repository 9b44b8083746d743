with

this_refresh as (
    select * from {{ source('raw', 'this_refresh') }}
),

authorities as (
    select * from {{ source('raw', 'authorities') }}
),

load_log as (
    select * from {{ source('raw', 'load_log') }}
),

-- A file may be judged more than once: held and then let in by the operator, or overwritten by one that was refused.
-- What was accepted last stands, whatever came after it.
judged as (
    select
        load_log.authority,
        load_log.feed,
        load_log.source_system,
        load_log.extract_on,
        load_log.extract_kind,
        load_log.file_name,
        load_log.content_hash,
        load_log.outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded') as is_accepted
    from load_log
    inner join authorities on load_log.authority = authorities.authority
    cross join this_refresh
    where load_log.feed is not null and load_log.extract_on <= coalesce(this_refresh.as_at_limit, load_log.extract_on)
    qualify row_number() over (
        partition by
            load_log.authority, load_log.feed, load_log.source_system, load_log.extract_on, load_log.file_name
        order by
            load_log.outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded') desc,
            load_log.logged_at desc,
            load_log.refresh_id desc,
            load_log.outcome desc,
            load_log.content_hash desc
    ) = 1
),

days as (
    select
        authority,
        feed,
        source_system,
        extract_on,
        bool_and(is_accepted) and bool_or(extract_kind = 'full') as is_full_day
    from judged
    group by authority, feed, source_system, extract_on
),

counted_days as (
    select
        *,
        coalesce(sum(cast(is_full_day as integer)) over (
            partition by authority, feed, source_system
            order by extract_on desc
            rows between unbounded preceding and 1 preceding
        ), 0) as later_full_days
    from days
)

select
    judged.authority,
    judged.feed,
    judged.source_system,
    judged.extract_on,
    judged.extract_kind,
    judged.file_name,
    judged.content_hash,
    counted_days.is_full_day,
    cast(counted_days.later_full_days as bigint) as later_full_days,
    row_number() over (
        partition by judged.authority, judged.feed, judged.source_system, judged.content_hash
        order by judged.extract_on desc, judged.file_name desc
    ) = 1 as is_latest_of_content
from judged
inner join counted_days
    on
        judged.authority = counted_days.authority
        and judged.feed = counted_days.feed
        and judged.source_system = counted_days.source_system
        and judged.extract_on = counted_days.extract_on
where judged.is_accepted
