"""Candidate pairs and how far each agrees: SQL on DuckDB.

Here belong the keys that bring a contact and a referral together and the levels of each comparison. What a level is
worth is not known here. One authority at a time, so that memory is that of the largest authority and not of all. Every
key stays linear in the number of contacts: keys meet only within 60-day buckets, and words too common to say anything
are joined to the area or the kind of place.
"""

from __future__ import annotations

import duckdb

from matching.model import (
    AGAIN_DAYS,
    COMMON_SHARE,
    COMMON_WORD_SETTINGS,
    LAG_STARTS,
    NEAR_CONCERNS,
    PARTS,
    POSTCODE_LEVELS,
    RARE_WORD_SETTINGS,
    SECTOR_GROUPS,
    SETTING_LEVELS,
    SLIP_LETTERS,
    WAYS,
    WINDOW_DAYS,
)

_BUCKET = 60


def seek(con: duckdb.DuckDBPyConnection, authority: str, has_decisions: bool) -> None:
    """Write temporary tables with the records of one authority, and its candidate pairs with how far each agrees.

    match_contacts, match_referrals: one row a record, numbered from 0 in the order of the keys, so that the same input
    gives the same numbers, pairs and probabilities; match_levels: one row a candidate pair; match_couples: one row for
    two contacts with a request that may be about one matter. Tables of the authority before are replaced.
    has_decisions: whether there is a table of reviewers' decisions.
    """
    _number(con, authority)
    _find(con, has_decisions)
    _compare(con)
    _couple(con)


def _number(con: duckdb.DuckDBPyConnection, authority: str) -> None:
    """Write match_contacts, match_referrals and what is common among them: match_words, match_common_..."""
    for side in ("contact", "referral"):
        con.execute(
            f"""
            create or replace temp table match_{side}s as
            select row_number() over (order by {side}_key) - 1 as {side}_number, *
            from matching.int_matching_{side}s where authority = ?
            """,
            [authority],
        )
    con.execute("""
        create or replace temp table match_words as
        with cores as (
            select setting_core, setting_words from match_contacts where setting_core is not null
            union
            select setting_core, setting_words from match_referrals where setting_core is not null
        ),
        worded as (select setting_core, unnest(setting_words) as word from cores),
        met as (select word, count(*) as settings from worded group by word)
        select
            worded.setting_core,
            arg_min(
                struct_pack(word := worded.word, settings := met.settings),
                (case when length(worded.word) > 2 then 0 else 1 end, met.settings, worded.word),
                2
            ) as rarest,
            rarest[1].settings as rarest_settings,
            rarest[1].word as rarest_word,
            rarest[2].word as second_word,
            rarest[2].settings as second_settings
        from worded inner join met on worded.word = met.word
        group by worded.setting_core
    """)
    # Two words that one slip of the finger tells apart (a letter too few, too many, wrong or swapped with the next)
    # have a spelling with one letter less in common; so has a word with the two that it was run together from.
    con.execute(f"""
        create or replace temp table match_slips as
        with typed as (select setting_core, string_split(setting_core, ' ') as words from match_words),
        worded as (
            select setting_core, unnest(list_concat(
                words, list_transform(list_zip(words, words[2:]), lambda two: two[1] || two[2])
            )) as word
            from typed
        ),
        placed as (
            select setting_core, word, unnest(range(1, length(word) + 2)) as place
            from worded where length(word) >= {SLIP_LETTERS}
        )
        select distinct setting_core, left(word, place - 1) || substr(word, place + 1) as slip from placed
    """)
    # Agreeing on what most records say is worth little: a childminder's setting has childminders.
    con.execute(f"""
        create or replace temp table match_common_roles as
        select sector, staff_role from match_referrals
        where staff_role is not null and sector is not null
        group by sector, staff_role
        qualify count(*) > {COMMON_SHARE} * sum(count(*)) over (partition by sector)
    """)
    for table, column in (("concerns", "concern_category"), ("agencies", "referrer_agency")):
        con.execute(f"""
            create or replace temp table match_common_{table} as
            select {column} from match_referrals where {column} is not null
            group by {column}
            qualify count(*) > {COMMON_SHARE} * sum(count(*)) over ()
        """)


def _family(sort: str) -> str:
    """Keys of one family meet: the rarest word of one name may be the second of the other."""
    return sort.removeprefix("second ")


def _way(sort: str) -> int:
    """The number in model.WAYS of a key's sort."""
    began = {"surname": "referrer", "no place": "area", "same matter": "matter"}
    return list(WAYS).index(next((way for words, way in began.items() if sort.startswith(words)), "place"))


def _keys(side: str) -> str:
    """All keys of one side. A key is a hash of its sort and its parts; null parts give no key."""
    common = f"rarest_settings is null or rarest_settings > {COMMON_WORD_SETTINGS}"
    parts = {
        "postcode": ("full_postcode",),
        "urn": ("setting_urn",),
        "core": ("setting_core",),
        "word": (f"case when not ({common}) then rarest_word end",),
        "word of kind": (f"case when {common} then rarest_word end", "setting_kind"),
        "second word": (f"case when second_settings <= {COMMON_WORD_SETTINGS} then second_word end",),
        "surname in area": ("referrer_surname", "area"),
        "surname in sector": ("referrer_surname", "sector"),
        "surname in district": ("referrer_surname", "outcode"),
    }
    parts["same matter"] = ("area", "sector", "staff_role", "concern_category")
    # A record that names no place meets those of its area and sector.
    placeless = "case when setting_core is null and outcode is null and setting_urn is null then area end"
    for blank in ("contact", "referral"):
        parts[f"no place of {blank}"] = (placeless if blank == side else "area", "sector")
    sorts = ", ".join(
        "case when " + " and ".join(f"({part}) is not null" for part in values) + " then "
        f"hash('{_family(sort)}', {', '.join(values)}) end"
        for sort, values in parts.items()
    )
    places = ", ".join("true" if not sort.startswith("surname") else "false" for sort in parts)
    ways = ", ".join(str(_way(sort)) for sort in parts)
    slips = " ".join(
        f"""
        union all
        select {side}_number, day_number, hash('slip in {told}', slip, {told}), true, 0::tinyint
        from match_{side}s
        inner join match_slips using (setting_core)
        where {told} is not null"""
        for told in ("area", "sector")
    )
    return f"""
        select {side}_number, day_number, unnest([{sorts}]) as key, unnest([{places}]) as by_place,
            unnest([{ways}])::tinyint as way
        from match_{side}s
        left join match_words using (setting_core)
        {slips}
    """


def _find(con: duckdb.DuckDBPyConnection, has_decisions: bool) -> None:
    """Write temporary table match_candidates: contact_number, referral_number, found_by_place, way, decision.

    A pair is a candidate when it shares a key within the window, or one quotes the other, or a reviewer decided on it.
    """
    decisions = (
        """
        select c.contact_number, r.referral_number, false, 0, d.decision
        from matching.int_matching_decisions as d
        inner join match_contacts as c on d.contact_key = c.contact_key
        inner join match_referrals as r on d.referral_key = r.referral_key
        """
        if has_decisions
        else "select 0, 0, false, 0, '' where false"
    )
    first, last = WINDOW_DAYS
    con.execute(f"""
        create or replace temp table match_candidates as
        with contact_keys as (
            select contact_number, day_number, key, by_place, way,
                unnest(range(day_number + {first} - (day_number + {first}) % {_BUCKET},
                             day_number + {last} + 1, {_BUCKET})) as bucket
            from ({_keys("contact")}) where key is not null
        ),
        referral_keys as (
            select referral_number, day_number, key,
                day_number - day_number % {_BUCKET} as bucket
            from ({_keys("referral")}) where key is not null
        ),
        met as (
            select c.contact_number, r.referral_number, c.by_place, c.way, null::varchar as decision
            from contact_keys as c
            inner join referral_keys as r on c.key = r.key and c.bucket = r.bucket
            where r.day_number - c.day_number between {first} and {last}
            union all
            select c.contact_number, r.referral_number, false, 0, null
            from match_contacts as c
            inner join match_referrals as r on upper(c.contact_id) = r.quoted_contact_id
            union all
            select c.contact_number, r.referral_number, false, 0, null
            from match_contacts as c
            inner join match_referrals as r on upper(r.referral_id) = c.quoted_referral_id
            union all
            {decisions}
        )
        select contact_number, referral_number,
            bool_or(by_place) as found_by_place, min(way) as way, max(decision) as decision
        from met group by all
    """)


def _agreement(column: str, *tests: str) -> str:
    """SQL for the levels of one column on both sides: one for each test in turn, then different, missing and sought."""
    tests = tests or (f"c.{column} = r.{column}",)
    sought = ", ".join(str(number) for number, columns in enumerate(WAYS.values()) if column in columns)
    levels = " ".join(f"when {test} then {number}" for number, test in enumerate(tests))
    return f"""(case {f"when p.way in ({sought}) then {len(tests) + 2}" if sought else ""}
        when c.{column} is null or r.{column} is null then {len(tests) + 1}
        {levels} else {len(tests)} end)::tinyint"""


_MATTER = f"""
    {
    _agreement(
        "staff_role",
        "c.staff_role = r.staff_role and common_role.staff_role is null",
        "c.staff_role = r.staff_role",
    )
} as staff_role,
    {
    _agreement(
        "concern_category",
        "c.concern_category = r.concern_category and common_concern.concern_category is null",
        "c.concern_category = r.concern_category",
        "c.concern_category || '|' || r.concern_category in ("
        + ", ".join(f"'{a}|{b}', '{b}|{a}'" for a, b in NEAR_CONCERNS)
        + ")",
    )
} as concern,
    {_agreement("referrer_role")} as referrer_role,
    {
    _agreement(
        "referrer_agency",
        "c.referrer_agency = r.referrer_agency and common_agency.referrer_agency is null",
        "c.referrer_agency = r.referrer_agency",
    )
} as agency,
    {
    _agreement(
        "referrer_surname",
        "c.referrer_surname = r.referrer_surname",
        "jaro_winkler_similarity(c.referrer_surname, r.referrer_surname) >= 0.92",
    )
} as referrer"""
"""SQL for the levels of what two records of one matter have in common beyond their place. Needs the joins after it."""

_COMMON = """left join match_common_roles as common_role
        on r.sector = common_role.sector and r.staff_role = common_role.staff_role
    left join match_common_agencies as common_agency on r.referrer_agency = common_agency.referrer_agency
    left join match_common_concerns as common_concern on r.concern_category = common_concern.concern_category"""


def _together(name: str) -> str:
    """SQL for the level of a comparison of several parts, from the levels of the parts."""
    number = "0"
    for part, levels in PARTS[name].items():
        number = f"({number}) * {len(levels)} + {part}"
    return f"({number})::tinyint"


def _compare(con: duckdb.DuckDBPyConnection) -> None:
    """Write temporary table match_levels: one row a candidate pair, its lag and the number of each comparison's level.

    Levels are in the order of model.COMPARISONS and model.PARTS. Texts are compared once for each pair of different
    names.
    """
    groups = (
        "map {" + ", ".join(f"'{s}': '{g}'" for g, sectors in SECTOR_GROUPS.items() for s in sectors) + "}"
    )
    text = {level: number for number, level in enumerate(SETTING_LEVELS)}
    postcode = {level: number for number, level in enumerate(POSTCODE_LEVELS)}
    lag_bin = " ".join(f"when lag_days < {end} then {number}" for number, end in enumerate(LAG_STARTS[1:]))
    con.execute(f"""
        create or replace temp table match_texts as
        with pairs as (
            select distinct c.setting_core as contact_core, r.setting_core as referral_core,
                c.setting_words as contact_words, r.setting_words as referral_words
            from match_candidates as p
            inner join match_contacts as c on p.contact_number = c.contact_number
            inner join match_referrals as r on p.referral_number = r.referral_number
            where c.setting_core is not null and r.setting_core is not null
        ),
        measured as (
            select pairs.*, cw.rarest_word as contact_word, rw.rarest_word as referral_word, cw.rarest_settings,
                case when len(contact_words) <= len(referral_words) then cw.rarest_settings
                    else rw.rarest_settings end as shorter_settings,
                case when contact_words = referral_words then 1.0
                    else jaro_winkler_similarity(contact_core, referral_core) end as similarity,
                len(list_intersect(contact_words, referral_words)) as shared_words
            from pairs
            inner join match_words as cw on pairs.contact_core = cw.setting_core
            inner join match_words as rw on pairs.referral_core = rw.setting_core
        )
        select contact_core, referral_core,
            case
                when similarity = 1.0 and rarest_settings <= {RARE_WORD_SETTINGS} then {text["exact_rare"]}
                when similarity = 1.0 then {text["exact_common"]}
                when similarity >= 0.92 then {text["close"]}
                -- One name holds all words of the other, a telling one among them: "barfield" in "oak park barfield".
                when shared_words = least(len(contact_words), len(referral_words))
                    and shorter_settings <= {COMMON_WORD_SETTINGS} then {text["close"]}
                when jaro_winkler_similarity(contact_word, referral_word) >= 0.9 or similarity >= 0.84
                    then {text["partial"]}
                else {text["different"]}
            end as text_level
        from measured
    """)
    con.execute(f"""
        create or replace temp table match_levels as
        with sides as (
            select p.*, r.day_number - c.day_number as lag_days,
                (case
                    when c.setting_urn = r.setting_urn then {text["exact_rare"]}
                    else coalesce(t.text_level, {text["missing"]})
                end)::tinyint as setting,
                (case
                    when c.outcode is null or r.outcode is null then {postcode["missing"]}
                    when c.full_postcode = r.full_postcode then {postcode["same"]}
                    when length(c.full_postcode) = length(r.full_postcode)
                        and damerau_levenshtein(c.full_postcode, r.full_postcode) = 1 then {postcode["near"]}
                    when c.outcode = r.outcode then {postcode["district"]}
                    else {postcode["different"]}
                end)::tinyint as postcode,
                -- Names that differ, or a pair sought for want of a name that agrees.
                (p.way > 0 or setting = {text["different"]})
                    and c.setting_core is not null and r.setting_core is not null as is_misnamed,
                {_agreement("setting_kind")} as kind_told,
                (case when is_misnamed then 3 else kind_told end)::tinyint as kind,
                (case when is_misnamed then kind_told else 3 end)::tinyint as kind_misnamed,
                {_agreement("area")} as area,
                {
        _agreement("sector", "c.sector = r.sector", f"{groups}[c.sector] = {groups}[r.sector]")
    } as sector,
                {_MATTER},
                (case
                    when r.quoted_contact_id = upper(c.contact_id) or c.quoted_referral_id = upper(r.referral_id) then 0
                    when r.quoted_contact_id is null and c.quoted_referral_id is null then 1
                    else 2
                end)::tinyint as reference
            from match_candidates as p
            inner join match_contacts as c on p.contact_number = c.contact_number
            inner join match_referrals as r on p.referral_number = r.referral_number
            left join match_texts as t
                on c.setting_core = t.contact_core and r.setting_core = t.referral_core
            {_COMMON}
        )
        select *, {_together("place")} as place, {_together("caller")} as caller,
            -- Pairs beyond the window came by a reference or a decision; they count as its outermost bins.
            (case {lag_bin} else {len(LAG_STARTS) - 2} end)::tinyint as lag_bin
        from sides
    """)


def _couple(con: duckdb.DuckDBPyConnection) -> None:
    """Write temporary table match_couples: two contacts with a request, from one setting within AGAIN_DAYS, and how far
    they agree."""
    con.execute(f"""
        create or replace temp table match_couples as
        with sides as (
            select c.contact_number, r.contact_number as again_number, {_MATTER}
            from match_contacts as c
            inner join match_contacts as r
                on c.setting_core = r.setting_core and r.day_number - c.day_number between 0 and {AGAIN_DAYS}
                and (c.day_number, c.contact_number) < (r.day_number, r.contact_number)
                and c.is_requested and r.is_requested
            -- No key brought them together: nothing says that they were sought by what they agree on.
            cross join (select 0 as way) as p
            {_COMMON}
        )
        select contact_number, again_number, staff_role, concern, {_together("caller")} as caller from sides
    """)
