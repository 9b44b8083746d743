with

catalogue as (select * from {{ ref('measures') }}),

feeds as (select * from {{ ref('stg_feed_days') }}),

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
    min(feeds.told_to) as as_at
from needed
inner join feeds on needed.feed = feeds.feed
group by feeds.authority, needed.measure
