with

settings as (select * from {{ ref('dim_settings') }}),

registered as (
    select
        authority,
        setting_id,
        max(setting_name) as setting_name
    from {{ ref('stg_settings') }}
    group by authority, setting_id
),

mentions as (select * from {{ ref('stg_setting_mentions') }}),

typed_names as (
    select 'contacts' as feed, contact_key as mention_key, setting_name from {{ ref('stg_contacts') }}
    union all
    select 'referrals' as feed, referral_key as mention_key, setting_name from {{ ref('stg_referrals') }}
),

-- Outside the register a setting is called what its latest record calls it.
last_names as (
    select
        mentions.setting_key,
        arg_max(typed_names.setting_name, (mentions.mentioned_on, mentions.feed, mentions.mention_key))
            as setting_name
    from mentions
    inner join typed_names on mentions.feed = typed_names.feed and mentions.mention_key = typed_names.mention_key
    where typed_names.setting_name is not null
    group by mentions.setting_key
),

authorities as (
    select
        authority,
        authority_name,
        as_at,
        refresh_id
    from {{ ref('dim_authorities') }}
),

-- Each feed's own last twelve months: of one that stopped, the newest would be months in which nothing could be seen.
years as (
    select
        authority,
        feed,
        cast(told_to - interval 12 month as date) as year_before
    from {{ ref('stg_feed_days') }}
),

sectors as (select sector_key, sector_name from {{ ref('dim_sectors') }}),

areas as (select area_key, area_name from {{ ref('dim_areas') }}),

contacts as (
    select
        contacts.setting_key,
        count(*) as contacts_12_months
    from {{ ref('fct_contacts') }} as contacts
    inner join years on contacts.authority = years.authority and years.feed = 'contacts'
    where contacts.received_on > years.year_before
    group by contacts.setting_key
),

referrals as (
    select
        referrals.setting_key,
        count(*) as referrals_ever,
        count_if(referrals.received_on > years.year_before) as referrals_12_months,
        count_if(not referrals.is_closed) as open_referrals,
        max(referrals.open_days) as oldest_open_days,
        min(referrals.received_on) as first_received_on,
        max(referrals.received_on) as last_received_on
    from {{ ref('fct_referrals') }} as referrals
    inner join years on referrals.authority = years.authority and years.feed = 'referrals'
    group by referrals.setting_key
),

category_counts as (
    select
        referrals.setting_key,
        concern_categories.concern_category_name,
        count(*) as referral_count
    from {{ ref('fct_referrals') }} as referrals
    inner join years on referrals.authority = years.authority and years.feed = 'referrals'
    inner join {{ ref('dim_concern_categories') }} as concern_categories
        on referrals.concern_category_key = concern_categories.concern_category_key
    where referrals.received_on > years.year_before
    group by all
),

categories as (
    select
        setting_key,
        string_agg(
            concern_category_name || ' ' || referral_count,
            '; '
            order by referral_count desc, concern_category_name asc
        ) as referrals_by_category_12_months
    from category_counts
    group by setting_key
),

allegations as (
    select
        fct_referrals.setting_key,
        count(*) as allegations_12_months,
        count_if(allegations.outcome_key = 'substantiated') as substantiated_12_months
    from {{ ref('fct_allegations') }} as allegations
    inner join years on allegations.authority = years.authority and years.feed = 'allegations'
    inner join {{ ref('fct_referrals') }} as fct_referrals
        on allegations.referral_key = fct_referrals.referral_key
    where allegations.received_on > years.year_before
    group by fct_referrals.setting_key
),

concerns as (
    select
        concerns.setting_key,
        count(*) as setting_concerns_12_months
    from {{ ref('fct_setting_concerns') }} as concerns
    inner join years on concerns.authority = years.authority and years.feed = 'setting_concerns'
    where concerns.recorded_on > years.year_before
    group by concerns.setting_key
)

select
    settings.setting_key,
    settings.authority,
    authorities.authority_name,
    coalesce(registered.setting_name, last_names.setting_name) as setting_name,
    settings.setting_urn,
    settings.is_registered,
    sectors.sector_name,
    areas.area_name,
    settings.provider,
    coalesce(contacts.contacts_12_months, 0) as contacts_12_months,
    coalesce(referrals.referrals_12_months, 0) as referrals_12_months,
    coalesce(allegations.allegations_12_months, 0) as allegations_12_months,
    coalesce(allegations.substantiated_12_months, 0) as substantiated_12_months,
    coalesce(concerns.setting_concerns_12_months, 0) as setting_concerns_12_months,
    categories.referrals_by_category_12_months,
    coalesce(referrals.open_referrals, 0) as open_referrals,
    referrals.oldest_open_days,
    coalesce(referrals.referrals_ever, 0) as referrals_ever,
    referrals.first_received_on,
    referrals.last_received_on,
    authorities.as_at,
    authorities.refresh_id
from settings
inner join authorities on settings.authority = authorities.authority
left join registered on settings.authority = registered.authority and settings.setting_id = registered.setting_id
left join last_names on settings.setting_key = last_names.setting_key
left join sectors on settings.sector_key = sectors.sector_key
left join areas on settings.area_key = areas.area_key
left join contacts on settings.setting_key = contacts.setting_key
left join referrals on settings.setting_key = referrals.setting_key
left join categories on settings.setting_key = categories.setting_key
left join allegations on settings.setting_key = allegations.setting_key
left join concerns on settings.setting_key = concerns.setting_key
where
    settings.setting_key <> settings.authority || ':unknown'
    and (
        contacts.contacts_12_months > 0
        or concerns.setting_concerns_12_months > 0
        or referrals.referrals_12_months > 0
        or referrals.open_referrals > 0
    )
