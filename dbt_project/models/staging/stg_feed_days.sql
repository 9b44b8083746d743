with

extracts as (
    select * from {{ ref('stg_extracts') }}
),

this_refresh as (
    select * from {{ source('raw', 'this_refresh') }}
),

feeds as (
    select
        authority,
        feed,
        max(extract_on) as newest_on,
        -- Lists that change seldom, and feeds of changes, are silent for as long as nothing changes.
        bool_or(extract_kind = 'changes') or feed in ('officers', 'settings', 'match_decisions') as may_be_silent
    from extracts
    group by authority, feed
)

select
    feeds.authority || ':' || feeds.feed as feed_key,
    feeds.authority,
    feeds.feed,
    case when feeds.may_be_silent then max(feeds.newest_on) over (partition by feeds.authority) else feeds.newest_on end
        as told_to,
    this_refresh.refresh_id
from feeds
cross join this_refresh
