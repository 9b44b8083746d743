with

extracts as (
    select * from {{ ref('stg_extracts') }}
),

as_at as (
    select * from {{ ref('stg_as_at') }}
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
    case when feeds.may_be_silent then as_at.as_at else feeds.newest_on end as told_to,
    as_at.refresh_id
from feeds
inner join as_at on feeds.authority = as_at.authority
