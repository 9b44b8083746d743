-- One wording of a setting in, its comparable parts out. Each wording is cleaned once, however many records use it.
with trade as (
    select
        [
            'school', 'primary', 'infant', 'junior', 'secondary', 'academy', 'college', 'grammar', 'high',
            'comprehensive', 'community', 'voluntary', 'aided', 'controlled', 'va', 'vc', 'ce', 'rc', 'trust',
            'the', 'of', 'and', 'for', 'at', 'in', 'on', 'a', 'limited', 'nursery', 'preschool', 'playgroup',
            'daycare', 'day', 'childminder', 'mr', 'mrs', 'm', 'ms', 'miss', 'care', 'home', 'house',
            'children', 'child', 'residential', 'centre', 'service', 'agency', 'fostering', 'foster', 'club',
            'church', 'hospital', 'special', 'england', 'federation', 'free', 'foundation', 'group', 'unit',
            'team', 'department', 'council', 'county', 'early', 'year', 'football', 'parish', 'preparatory',
            'pupil', 'referral'
        ] as trade_words
),

contacts as (
    select setting_name from {{ ref('stg_contacts') }}
),

referrals as (
    select setting_name from {{ ref('stg_referrals') }}
),

wordings as (
    select setting_name from contacts
    union
    select setting_name from referrals
),

-- "St. Mary's C.E. (Aided) Pry" becomes "st mary ce aided pry": possessives go before the other marks do.
cleaned as (
    select
        setting_name,
        trim(regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        replace(lower(strip_accents(setting_name)), '&', ' and '),
                        '\bc\.? ?of ?e\b\.?|\bc\.e\.?(\b|$)', ' ce ', 'g'
                    ),
                    '\br\.c\.?(\b|$)', ' rc ', 'g'
                ),
                '[''’`]s?\b', '', 'g'
            ),
            '[^a-z0-9]+', ' ', 'g'
        )) as cleaned_name
    from wordings
    where setting_name is not null
),

-- One spelling for each abbreviation people type. Words of two parts are joined first, so that they stay one word.
spelt_out as (
    select
        setting_name,
        list_transform(
            string_split(
                regexp_replace(
                    regexp_replace(cleaned_name, '\bpre school\b', 'preschool', 'g'),
                    '\b(child minder|child minding|childminding)\b', 'childminder', 'g'
                ),
                ' '
            ),
            lambda word: coalesce(
                map {
                    'saint': 'st', 'ste': 'st', 'catholic': 'rc', 'sch': 'school', 'schl': 'school',
                    'schools': 'school', 'prim': 'primary', 'pri': 'primary', 'pry': 'primary', 'infants': 'infant',
                    'inf': 'infant',
                    'juniors': 'junior', 'jun': 'junior', 'jnr': 'junior', 'jr': 'junior', 'sec': 'secondary',
                    'acad': 'academy', 'acdy': 'academy', 'coll': 'college', 'nurs': 'nursery', 'nursry': 'nursery',
                    'nurseries': 'nursery', 'nsy': 'nursery', 'childminders': 'childminder', 'cm': 'childminder',
                    'hosp': 'hospital', 'ctr': 'centre', 'center': 'centre', 'cntr': 'centre', 'chs': 'home',
                    'homes': 'home', 'hse': 'house', 'rd': 'road', 'ltd': 'limited', 'gram': 'grammar',
                    'grmr': 'grammar', 'ft': 'football', 'fc': 'football', 'clubs': 'club', 'ch': 'church',
                    'cofe': 'ce', 'svc': 'service', 'services': 'service', 'svs': 'service', 'comm': 'community',
                    'comp': 'comprehensive', 'agcy': 'agency', 'mt': 'mount', 'nth': 'north', 'sth': 'south',
                    'gdns': 'garden', 'pk': 'park', 'vly': 'valley', 'wd': 'wood', 'ps': 'primary', 'gs': 'grammar',
                    'pru': 'unit', 'dn': 'nursery', 'prep': 'preparatory', 'ifa': 'fostering', 'gen': 'general',
                    'res': 'residential'
                }[word],
                word
            )
        ) as spelt_words
    from cleaned
),

-- One slip of the finger in a word of the trade ("acadmy", "pirmary") makes no name of it. Short words have too many
-- neighbours, and Forster and Parrish are people.
each_trade_word as (
    select unnest(trade_words) as trade_word from trade
),

words_written as (
    select distinct unnest(spelt_words) as word from spelt_out
),

slips as (
    select
        words_written.word,
        min(each_trade_word.trade_word) as trade_word
    from words_written
    inner join each_trade_word
        on
            abs(length(words_written.word) - length(each_trade_word.trade_word)) <= 1
            and damerau_levenshtein(words_written.word, each_trade_word.trade_word) = 1
    where
        length(each_trade_word.trade_word) > 5
        and each_trade_word.trade_word not in ('foster', 'parish', 'church', 'county')
    group by words_written.word
),

all_slips as (
    select map_from_entries(list((word, trade_word))) as trade_word_of from slips
),

-- Plurals and possessives typed without their mark ("marys") lose the s on both sides alike.
singular as (
    select
        setting_name,
        list_transform(
            list_filter(spelt_words, lambda word: word <> ''),
            lambda word: case
                when trade_word_of[word] is not null then trade_word_of[word]
                when length(word) > 3 and right(word, 1) = 's' and right(word, 2) <> 'ss' then left(word, -1)
                else word
            end
        ) as words
    from spelt_out
    cross join all_slips
),

kinds as (
    select
        setting_name,
        words,
        list_filter(
            list_transform(
                words,
                lambda word: map {
                    'childminder': 'childminder', 'nursery': 'nursery', 'preschool': 'nursery', 'playgroup': 'nursery',
                    'daycare': 'nursery', 'infant': 'infant', 'junior': 'junior', 'primary': 'primary',
                    'secondary': 'secondary', 'grammar': 'secondary', 'high': 'secondary',
                    'comprehensive': 'secondary', 'college': 'college', 'special': 'special', 'fostering': 'fostering',
                    'foster': 'fostering', 'residential': 'home', 'home': 'home', 'hospital': 'hospital',
                    'surgery': 'hospital', 'clinic': 'hospital', 'church': 'church', 'chapel': 'church',
                    'mosque': 'church', 'parish': 'church', 'football': 'club', 'rugby': 'club', 'cricket': 'club',
                    'swimming': 'club', 'gymnastic': 'club', 'club': 'club', 'scout': 'scouts', 'guide': 'scouts',
                    'police': 'police', 'taxi': 'transport', 'coache': 'transport', 'transport': 'transport'
                }[word]
            ),
            lambda kind: kind is not null
        ) as kinds_named
    from singular
),

-- Words of the trade say nothing about which setting it is; where nothing else is left, they must do.
telling as (
    select
        setting_name,
        words,
        kinds_named,
        list_filter(
            words,
            lambda word: not list_contains(
                trade_words,
                word
            )
        ) as telling_words
    from kinds
    cross join trade
)

select
    setting_name,
    array_to_string(
        case when len(telling_words) > 0 then telling_words else words end, ' '
    ) as setting_core,
    list_sort(list_distinct(case when len(telling_words) > 0 then telling_words else words end)) as setting_words,
    -- The most telling kind wins: "infant and nursery school" is an infant school with a nursery.
    list_filter(
        [
            'childminder', 'infant', 'junior', 'primary', 'special', 'secondary', 'college', 'nursery', 'fostering',
            'home', 'hospital', 'church', 'scouts', 'club', 'police', 'transport'
        ],
        lambda kind: list_contains(kinds_named, kind)
    )[1] as setting_kind
from telling
where
    len(words) > 0
    -- What people type when they have no name to write, and a bare kind of place, would join strangers.
    and not list_has_any(
        [
            'n a', 'na', 'n k', 'nk', 'none', 'nil', 'not known', 'unknown', 'unk', 'not applicable', 'not stated',
            'not given', 'not recorded', 'not provided', 'not disclosed', 'not specified', 'unspecified', 'tbc', 'tbd',
            'tba', 'to be confirmed', 'see note', 'see above', 'see below', 'see file', 'see attached',
            'confidential', 'withheld', 'setting', 'school', 'nursery', 'childminder', 'home', 'club', 'church'
        ],
        -- "Unknown school" names no more than "unknown" does.
        [array_to_string(words, ' '), array_to_string(telling_words, ' ')]
    )
