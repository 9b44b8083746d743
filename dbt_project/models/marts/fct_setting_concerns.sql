with

setting_concerns as (
    select * from {{ ref('stg_setting_concerns') }}
),

mentions as (
    select * from {{ ref('stg_setting_mentions') }}
    where feed = 'setting_concerns'
),

settings as (
    select * from {{ ref('dim_settings') }}
),

authorities as (
    select * from {{ ref('stg_as_at') }}
)

select
    setting_concerns.setting_concern_key,
    setting_concerns.authority,
    setting_concerns.source_system,
    setting_concerns.concern_id,
    coalesce(mentions.setting_key, setting_concerns.authority || ':unknown') as setting_key,
    -- A concern says no sector of its own; only the register's is taken for it.
    case when settings.is_registered then settings.sector_key else setting_concerns.authority || ':unknown' end
        as sector_key,
    setting_concerns.recorded_on,
    setting_concerns.concern_type,
    authorities.refresh_id
from setting_concerns
inner join authorities on setting_concerns.authority = authorities.authority
left join mentions on setting_concerns.setting_concern_key = mentions.mention_key
left join settings on mentions.setting_key = settings.setting_key
