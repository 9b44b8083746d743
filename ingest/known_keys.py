"""What a full extract lacks of the keys that were known before it.

Belongs here: which keys of earlier days the files of a day no longer have. Does not belong here: how many may be
lacking (the arrival gate), what becomes of a record that is gone (current_rows in dbt_project/macros).

The two must agree on which records are gone: an extract has the keys of its rows, and those that are a whole field of
one of its set-aside lines.
"""

from __future__ import annotations

from datetime import date

import duckdb

IN_FORCE = "('accepted', 'accepted_with_quarantine', 'already_loaded')"

_IN_TEXT = """
    set_aside as (
        select in_force.extract_on, quarantine.raw_text
        from raw.quarantine as quarantine inner join in_force using (content_hash)
        where authority = $authority and feed = $feed and source_system = $system
            and in_force.extract_on >= (select extract_on from since)
        union
        select $day, raw_text from raw.quarantine
        where authority = $authority and feed = $feed and source_system = $system
            and content_hash in (select content_hash from arriving_files)
        union
        select $day, raw_text from arriving.quarantine
        where file_key in (select file_key from arriving_files)
    ),
    unread as (
        select extract_on, raw.fields_of(raw_text) as fields, row_number() over () as place from set_aside
    ),
    keys as (
        select distinct _record_key, raw.fields_of(split_part(_record_key, '|', 1)) as fields from stored
    ),
    -- Joined by the first piece of the key: of a broken file every row against every key would take long.
    in_text as (
        select keys._record_key, unread.extract_on
        from keys
        inner join (select place, unnest(string_split(fields, chr(31))) as field from unread) as pieces
            on split_part(keys.fields, chr(31), 2) = pieces.field
        inner join unread on pieces.place = unread.place
        where contains(unread.fields, keys.fields)
    )
"""

# Most feeds never had a line set aside; to plan the above for each of them is half of all that counting costs.
_NO_TEXT = "in_text as (select null::varchar as _record_key, null::date as extract_on where false)"


def count_missing_keys(con: duckdb.DuckDBPyConnection, authority: str, extract_on: date) -> None:
    """Count, for each full extract of the drop, the keys known before and those that the day's files lack.

    All files of a feed and source system are one extract. While one of them cannot be read nothing is
    counted: then its neighbours prove nothing about missing records, and are not held for it.
    """
    extracts = con.execute(
        "select feed, source_system from arriving.files where extract_kind = 'full' "
        "group by all having count(read_error) = 0 order by all"
    ).fetchall()
    earlier = con.execute(
        "select distinct feed, source_system from raw.load_log "
        f"where authority = ? and extract_on < ? and outcome in {IN_FORCE}",
        [authority, extract_on],
    ).fetchall()
    set_aside = set(
        con.execute(
            "select feed, source_system from raw.quarantine where authority = ? union "
            "select feed, source_system from arriving.files semi join arriving.quarantine using (file_key)",
            [authority],
        ).fetchall()
    )
    for feed, system in sorted(set(extracts) & set(earlier)):
        known, missing = con.execute(
            f"""
            with judged as (
                select extract_on, file_name, content_hash, extract_kind, outcome in {IN_FORCE} as is_in_force
                from raw.load_log
                where authority = $authority and feed = $feed and source_system = $system
                    and extract_on <= $day
                -- The last acceptance of a file stands although a worse copy of it was refused later.
                qualify row_number() over (
                    partition by extract_on, file_name, is_in_force order by logged_at desc, refresh_id desc
                ) = 1
            ),
            -- What a file of this day held before it was replaced is no longer in force when its successor is.
            in_force as (
                select extract_on, content_hash from judged
                where is_in_force and not (
                    extract_on = $day
                    and file_name in (
                        select file_name from arriving.files where feed = $feed and source_system = $system
                    )
                )
            ),
            arriving_files as (
                select file_key, content_hash from arriving.files
                where feed = $feed and source_system = $system
            ),
            whole_days as (
                select extract_on from judged where extract_on < $day and extract_kind = 'full'
                group by extract_on
                having count(distinct file_name) = count(distinct file_name) filter (where is_in_force)
            ),
            since as (select coalesce(max(extract_on), date '0001-01-01') as extract_on from whole_days),
            stored as (
                select in_force.extract_on, rows._record_key
                from in_force inner join raw.{feed} as rows on in_force.content_hash = rows._content_hash
                where rows._authority = $authority and rows._source_system = $system
            ),
            {_IN_TEXT if (feed, system) in set_aside else _NO_TEXT},
            known as (
                select _record_key from stored
                where extract_on < $day and extract_on >= (select extract_on from since)
                union select _record_key from in_text where extract_on < $day
            ),
            present as (
                select _record_key from stored where extract_on = $day
                union select _record_key from in_text where extract_on = $day
                union select _record_key from arriving.rows_{feed}
                    where file_key in (select file_key from arriving_files)
                union select _record_key from raw.{feed}
                    where _authority = $authority and _source_system = $system
                        and _content_hash in (select content_hash from arriving_files)
            )
            select
                (select count(*) from known),
                (select count(*) from known anti join present using (_record_key))
            """,
            {"authority": authority, "feed": feed, "system": system, "day": extract_on},
        ).fetchall()[0]
        con.execute(
            "update arriving.files set known_keys = ?, missing_keys = ? "
            "where feed = ? and source_system = ? and extract_kind = 'full'",
            [known, missing, feed, system],
        ).fetchall()
