with

contacts as (
    select * from {{ ref('stg_contacts') }}
),

referrals as (
    select * from {{ ref('stg_referrals') }}
),

setting_concerns as (
    select * from {{ ref('stg_setting_concerns') }}
),

settings as (
    select * from {{ ref('stg_settings') }}
),

-- Materialized, here and below: inlined into everything that reads them, they double the time.
registered as materialized (
    select
        authority,
        authority || ':' || setting_id as setting_key,
        {{ plain_urn('setting_urn') }} as urn,
        {{ plain_name('setting_name') }} as name,
        {{ plain_postcode('setting_postcode') }} as postcode
    from settings
),

registered_urns as (
    select
        authority,
        urn,
        min(setting_key) as setting_key
    from registered
    where urn is not null
    group by authority, urn
),

registered_places as (
    select
        authority,
        name,
        postcode,
        min(setting_key) as setting_key
    from registered
    where name is not null and postcode is not null
    group by authority, name, postcode
),

registered_names as (
    select
        authority,
        name,
        min(setting_key) as setting_key
    from registered
    where name is not null
    group by authority, name
    having count(distinct setting_key) = 1
),

mentions as materialized (
    select
        'contacts' as feed,
        contact_key as mention_key,
        authority,
        received_on as mentioned_on,
        {{ plain_urn('setting_urn') }} as urn,
        {{ plain_name('setting_name') }} as name,
        {{ plain_postcode('setting_postcode') }} as postcode
    from contacts
    union all
    select
        'referrals' as feed,
        referral_key as mention_key,
        authority,
        received_on as mentioned_on,
        {{ plain_urn('setting_urn') }} as urn,
        {{ plain_name('setting_name') }} as name,
        {{ plain_postcode('setting_postcode') }} as postcode
    from referrals
    union all
    select
        'setting_concerns' as feed,
        setting_concern_key as mention_key,
        authority,
        recorded_on as mentioned_on,
        {{ plain_urn('setting_urn') }} as urn,
        {{ plain_name('setting_name') }} as name,
        null as postcode
    from setting_concerns
),

named as (
    select * from mentions
    where urn is not null or name is not null
),

resolved as materialized (
    select
        named.*,
        coalesce(
            registered_urns.setting_key, registered_places.setting_key, registered_names.setting_key
        ) as registered_key
    from named
    left join registered_urns
        on named.authority = registered_urns.authority and named.urn = registered_urns.urn
    left join registered_places
        on
            named.authority = registered_places.authority
            and named.name = registered_places.name
            and named.postcode = registered_places.postcode
    left join registered_names
        on named.authority = registered_names.authority and named.name = registered_names.name
),

unregistered as materialized (
    select * from resolved
    where registered_key is null
),

-- A name that is always written with one postcode, or with none, is one place.
sole_places as (
    select
        authority,
        name,
        min(postcode) as postcode
    from unregistered
    where name is not null and urn is null
    group by authority, name
    having count(distinct postcode) = 1
),

identified as (
    select
        unregistered.*,
        coalesce(
            'urn ' || unregistered.urn,
            concat_ws(' / ', 'name', unregistered.name, coalesce(unregistered.postcode, sole_places.postcode))
        ) as place
    from unregistered
    left join sole_places
        on unregistered.authority = sole_places.authority and unregistered.name = sole_places.name
),

-- Named after its earliest record, not after itself: a childminder's setting bears a person's name.
derived as (
    select
        feed,
        mention_key,
        first_value(authority || ':of:' || feed || substr(mention_key, length(authority) + 1)) over (
            partition by authority, place order by mentioned_on, feed, mention_key
        ) as setting_key
    from identified
)

select
    resolved.feed,
    resolved.mention_key,
    resolved.authority,
    coalesce(resolved.registered_key, derived.setting_key) as setting_key,
    resolved.registered_key is not null as is_registered,
    resolved.mentioned_on,
    resolved.urn as setting_urn
from resolved
left join derived on resolved.feed = derived.feed and resolved.mention_key = derived.mention_key
