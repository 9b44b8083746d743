with

strands as (
    select * from {{ ref('stg_strands') }}
),

authorities as (
    select * from {{ ref('stg_as_at') }}
),

-- Two wordings of one strand begun on one day are one strand, which ends when the last of them does.
begun as (
    select
        strands.authority,
        strands.source_system,
        strands.allegation_id,
        strands.allegation_key,
        strands.strand,
        strands.started_on,
        max({{ usable('strands.ended_on', 'authorities.as_at', 'strands.started_on') }}) as ended_on,
        authorities.as_at,
        authorities.refresh_id
    from strands
    inner join authorities on strands.authority = authorities.authority
    where strands.started_on is null or strands.started_on <= authorities.as_at
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
    ended_on is null as is_open,
    ended_on - started_on as started_to_ended_days,
    case when ended_on is null then as_at - started_on end as open_days,
    refresh_id
from begun
