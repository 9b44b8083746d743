with

catalogue as (select * from {{ ref('measures') }}),

feeds as (select * from {{ ref('stg_feed_days') }}),

authorities as (
    select
        authority,
        outcomes_told_to
    from {{ ref('dim_authorities') }}
),

-- A measure needs the feeds of its base too, so its base tells at least as far.
needed as (
    select
        measure,
        unnest(string_split(feeds, ';')) as feed
    from catalogue
)

select
    feeds.authority,
    needed.measure,
    min(
        case
            when needed.feed in ('outcomes', 'actions') then least(feeds.told_to, authorities.outcomes_told_to)
            else feeds.told_to
        end
    ) as as_at
from needed
inner join feeds on needed.feed = feeds.feed
inner join authorities on feeds.authority = authorities.authority
group by feeds.authority, needed.measure
