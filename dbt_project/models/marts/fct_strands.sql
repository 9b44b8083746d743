with

strands as (
    select * from {{ ref('stg_strands') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'strands'
),

begun as (
    select
        strands.* exclude (started_on),
        {{ usable('strands.started_on', 'authorities.told_to') }} as started_on,
        coalesce(strands.started_on <= authorities.told_to, true) as is_begun,
        authorities.told_to,
        authorities.refresh_id
    from strands
    inner join authorities on strands.authority = authorities.authority
),

-- Two wordings of one strand begun on one day are one strand, which ends when the last of them does.
ended as (
    select
        authority,
        source_system,
        allegation_id,
        allegation_key,
        strand,
        started_on,
        bool_or(is_begun) as is_begun,
        max({{ usable('ended_on', 'told_to', 'started_on') }}) as ended_on,
        told_to,
        refresh_id
    from begun
    group by all
)

select
    authority || ':' || source_system || ':' || allegation_id || ':' || strand || ':'
    || coalesce(cast(started_on as varchar), 'undated') as allegation_strand_key,
    authority,
    source_system,
    allegation_id,
    allegation_key,
    strand,
    started_on,
    ended_on,
    is_begun and ended_on is null as is_open,
    ended_on - started_on as started_to_ended_days,
    case when ended_on is null then told_to - started_on end as open_days,
    refresh_id
from ended
