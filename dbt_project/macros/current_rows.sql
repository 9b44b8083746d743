{#
    The current state of a feed: one row for each (authority, source system, record key).

    A record's state is its row in the latest extract that holds it; of two files of one day the later file
    name wins, of two lines the later line. Content that came again is stored once and stg_extracts says when
    it came last, so a state that returns (A, B, A) ends in A.

    A record is gone when a later full extract does not hold it, on a day on which every file of that feed was
    accepted. A day with a quarantined row in which the record's id is a whole field (raw.fields_of, which ingest
    defines and holds extracts by as well) proves nothing about that record: the row may have been its row.
#}
{% macro current_rows(feed) %}
    with

    versions as (
        select
            raw_rows.*,
            extracts.extract_on as _extract_on,
            extracts.file_name as _file_name,
            extracts.later_full_days as _later_full_days
        from {{ source('raw', feed) }} as raw_rows
        inner join {{ ref('stg_extracts') }} as extracts
            on
                raw_rows._authority = extracts.authority
                and raw_rows._source_system = extracts.source_system
                and raw_rows._content_hash = extracts.content_hash
        where extracts.feed = '{{ feed }}' and extracts.is_latest_of_content
    ),

    -- The more recent the extract, the fewer full days have followed it: the least belongs to the newest row.
    missing as (
        select
            _authority,
            _source_system,
            _record_key,
            raw.fields_of(split_part(_record_key, '|', 1)) as fields,
            max(_extract_on) as extract_on,
            min(_later_full_days) as later_full_days
        from versions
        group by _authority, _source_system, _record_key
        having min(_later_full_days) > 0
    ),

    unread_rows as (
        select
            authority,
            source_system,
            extract_on,
            raw.fields_of(raw_text) as fields
        from {{ ref('stg_unread_rows') }}
        where feed = '{{ feed }}'
    ),

    -- Joined by the first piece of the id: every record against every row would take long.
    perhaps_held as (
        select
            missing._authority,
            missing._source_system,
            missing._record_key,
            count(distinct unread_fields.extract_on) as days
        from missing
        inner join (
            select
                *,
                unnest(string_split(fields, chr(31))) as field
            from unread_rows
        ) as unread_fields
            on
                missing._authority = unread_fields.authority
                and missing._source_system = unread_fields.source_system
                and split_part(missing.fields, chr(31), 2) = unread_fields.field
        where missing.extract_on < unread_fields.extract_on and contains(unread_fields.fields, missing.fields)
        group by missing._authority, missing._source_system, missing._record_key
    ),

    gone as (
        select
            missing._authority,
            missing._source_system,
            missing._record_key
        from missing
        left join perhaps_held
            on
                missing._authority = perhaps_held._authority
                and missing._source_system = perhaps_held._source_system
                and missing._record_key = perhaps_held._record_key
        where missing.later_full_days > coalesce(perhaps_held.days, 0)
    )

    select versions.*
    from versions
    anti join gone
        on
            versions._authority = gone._authority
            and versions._source_system = gone._source_system
            and versions._record_key = gone._record_key
    qualify row_number() over (
        partition by versions._authority, versions._source_system, versions._record_key
        order by versions._extract_on desc, versions._file_name desc, versions._line desc
    ) = 1
{% endmacro %}
