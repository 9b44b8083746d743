with

authorities as (
    select * from {{ ref('stg_as_at') }}
),

settings as (
    select * from {{ ref('stg_settings') }}
    where setting_id <> 'unknown'
    qualify row_number() over (partition by authority, setting_id order by source_system) = 1
),

mentions as (
    select * from {{ ref('stg_setting_mentions') }}
    where not is_registered
),

contacts as (
    select
        contact_key as mention_key,
        sector,
        area
    from {{ ref('stg_contacts') }}
),

referrals as (
    select
        referral_key as mention_key,
        sector,
        area
    from {{ ref('stg_referrals') }}
),

described as (
    select
        mentions.*,
        coalesce(contacts.sector, referrals.sector) as sector,
        coalesce(contacts.area, referrals.area) as area
    from mentions
    left join contacts on mentions.feed = 'contacts' and mentions.mention_key = contacts.mention_key
    left join referrals on mentions.feed = 'referrals' and mentions.mention_key = referrals.mention_key
),

-- A setting outside the register is what the earliest record that says so tells of it.
derived as (
    select
        authority,
        setting_key,
        min(setting_urn) as setting_urn,
        arg_min(sector, (mentioned_on, feed, mention_key)) filter (where sector <> 'unknown') as sector,
        arg_min(area, (mentioned_on, feed, mention_key)) filter (where area <> 'unknown') as area
    from described
    group by authority, setting_key
),

every_setting as (
    select
        authority,
        authority || ':' || setting_id as setting_key,
        setting_id,
        {{ plain_urn('setting_urn') }} as setting_urn,
        sector,
        area,
        provider,
        true as is_registered
    from settings
    union all
    select
        authority,
        setting_key,
        null as setting_id,
        setting_urn,
        coalesce(sector, 'unknown') as sector,
        coalesce(area, 'unknown') as area,
        'unknown' as provider,
        false as is_registered
    from derived
    union all
    select
        authority,
        authority || ':unknown' as setting_key,
        null as setting_id,
        null as setting_urn,
        'unknown' as sector,
        'unknown' as area,
        'unknown' as provider,
        false as is_registered
    from authorities
)

select
    every_setting.setting_key,
    every_setting.authority,
    every_setting.setting_id,
    every_setting.setting_urn,
    every_setting.authority || ':' || every_setting.sector as sector_key,
    every_setting.authority || ':' || every_setting.area as area_key,
    every_setting.provider,
    every_setting.is_registered,
    authorities.refresh_id
from every_setting
inner join authorities on every_setting.authority = authorities.authority
