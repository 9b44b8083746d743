-- The referrer's surname, read from raw because staging does not carry names. It is compared in matching and ends here.
with extracts as (
    select authority, feed, source_system, content_hash, max(extract_on) as extract_on
    from {{ source('raw', 'load_log') }}
    where
        feed in ('contacts', 'referrals')
        and outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded')
        and extract_on <= coalesce((select max(as_at_limit) from {{ source('raw', 'this_refresh') }}), extract_on)
    group by all
),

contacts as (
    select
        'contacts' as feed,
        _authority as authority,
        _source_system as source_system,
        contact_id as record_id,
        _content_hash,
        _line,
        referrer_name
    from {{ source('raw', 'contacts') }}
    where referrer_name is not null
),

referrals as (
    select
        'referrals' as feed,
        _authority as authority,
        _source_system as source_system,
        referral_id as record_id,
        _content_hash,
        _line,
        referrer_name
    from {{ source('raw', 'referrals') }}
    where referrer_name is not null
),

named as (
    select * from contacts
    union all
    select * from referrals
),

-- Several extracts hold the same record: the latest that names a referrer is the one compared.
latest as (
    select
        named.feed,
        named.authority,
        named.source_system,
        named.record_id,
        arg_max(
            named.referrer_name, (extracts.extract_on, named._content_hash, named._line)
        ) as referrer_name
    from named
    inner join extracts
        on
            named.authority = extracts.authority
            and named.feed = extracts.feed
            and named.source_system = extracts.source_system
            and named._content_hash = extracts.content_hash
    group by all
),

-- "Mrs J. O'Brien" and "O'BRIEN, Jane" are both "obrien".
cleaned as (
    select
        feed,
        authority,
        source_system,
        record_id,
        trim(regexp_replace(
            regexp_replace(
                lower(strip_accents(case when contains(referrer_name, ',') then split_part(referrer_name, ',', 1) else referrer_name end)),
                '[''’.-]', '', 'g'
            ),
            '[^a-z]+', ' ', 'g'
        )) as cleaned_name
    from latest
)

select
    feed,
    authority,
    source_system,
    record_id,
    nullif(string_split(cleaned_name, ' ')[-1], '') as referrer_surname
from cleaned
