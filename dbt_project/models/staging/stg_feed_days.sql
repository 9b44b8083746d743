{%- set lists = "('officers', 'settings', 'match_decisions')" -%}

with

extracts as (
    select * from {{ ref('stg_extracts') }}
),

-- Systems that the profile names now: one that sent changes years ago and was replaced tells nothing by its silence.
named as (
    select distinct
        authority,
        feed,
        source_system
    from {{ source('raw', 'feeds') }}
),

this_refresh as (
    select * from {{ source('raw', 'this_refresh') }}
),

systems as (
    select
        authority,
        feed,
        source_system,
        max(extract_on) as newest_on,
        arg_max(extract_kind, (extract_on, extract_kind = 'changes')) as newest_kind
    from extracts
    group by authority, feed, source_system
),

feeds as (
    select
        systems.authority,
        systems.feed,
        max(systems.newest_on) as newest_on,
        -- Lists that change seldom, and feeds of changes, are silent for as long as nothing changes.
        systems.feed in {{ lists }}
        or bool_or(systems.newest_kind = 'changes' and named.source_system is not null) as may_be_silent
    from systems
    left join named
        on
            systems.authority = named.authority
            and systems.feed = named.feed
            and systems.source_system = named.source_system
    group by systems.authority, systems.feed
),

-- That somebody handed in a list, or what he decided, does not show that the recording system has sent its changes.
heard as (
    select
        authority,
        max(newest_on) filter (where feed not in {{ lists }}) as system_heard_on
    from feeds
    group by authority
)

select
    feeds.authority || ':' || feeds.feed as feed_key,
    feeds.authority,
    feeds.feed,
    case
        when feeds.may_be_silent then greatest(feeds.newest_on, heard.system_heard_on)
        else feeds.newest_on
    end as told_to,
    this_refresh.refresh_id
from feeds
inner join heard on feeds.authority = heard.authority
cross join this_refresh
