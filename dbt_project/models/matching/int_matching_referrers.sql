-- The referrer's surname, read from raw because staging carries no names. It is compared in matching and ends here.
with contacts as (
    select * from {{ ref('stg_contacts') }}
),

referrals as (
    select * from {{ ref('stg_referrals') }}
),

raw_contacts as (
    select * from {{ source('raw', 'contacts') }}
),

raw_referrals as (
    select * from {{ source('raw', 'referrals') }}
),

named as (
    select
        contacts.contact_key as record_key,
        raw_contacts.referrer_name
    from contacts
    inner join raw_contacts
        on
            contacts.authority = raw_contacts._authority
            and contacts.source_system = raw_contacts._source_system
            and contacts._content_hash = raw_contacts._content_hash
            and contacts._line = raw_contacts._line
            and contacts.contact_id = raw_contacts.contact_id
    where raw_contacts.referrer_name is not null
    union all
    select
        referrals.referral_key as record_key,
        raw_referrals.referrer_name
    from referrals
    inner join raw_referrals
        on
            referrals.authority = raw_referrals._authority
            and referrals.source_system = raw_referrals._source_system
            and referrals._content_hash = raw_referrals._content_hash
            and referrals._line = raw_referrals._line
            and referrals.referral_id = raw_referrals.referral_id
    where raw_referrals.referrer_name is not null
),

-- "Mrs J. O'Brien" and "O'BRIEN, Jane" are both "obrien".
cleaned as (
    select
        record_key,
        trim(regexp_replace(
            regexp_replace(
                lower(strip_accents(
                    case
                        when contains(referrer_name, ',') then split_part(referrer_name, ',', 1)
                        else referrer_name
                    end
                )),
                '[''’`.-]', '', 'g'
            ),
            '[^a-z]+', ' ', 'g'
        )) as cleaned_name
    from named
)

select
    record_key,
    string_split(cleaned_name, ' ')[-1] as referrer_surname
from cleaned
where length(string_split(cleaned_name, ' ')[-1]) > 1
