with

quarantine as (
    select * from {{ source('raw', 'quarantine') }}
),

extracts as (
    select * from {{ ref('stg_extracts') }}
)

-- Joined by content, not by day: a file that came again unchanged has the same unreadable rows again.
select distinct
    extracts.authority,
    extracts.feed,
    extracts.source_system,
    extracts.extract_on,
    quarantine.raw_text
from quarantine
inner join extracts
    on
        quarantine.authority = extracts.authority
        and quarantine.feed = extracts.feed
        and quarantine.source_system = extracts.source_system
        and quarantine.content_hash = extracts.content_hash
where extracts.is_full_day
