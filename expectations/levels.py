"""What checks may lean on beside the warehouse itself: facts about tonight, and levels of earlier nights.

Belongs here: the temporary tables this_gate, gate_as_at, publications, newest_extracts, conversion_now and let_pass,
the temporary views raw_rows and staged_rows, and recording levels in schema quality. Does not belong here: saying what
is far from usual (checks/).
"""

import contextlib
from datetime import datetime

import duckdb

TABLES = """
create table if not exists quality.row_counts (
    refresh_id varchar, authority varchar, table_name varchar, row_count bigint, as_at date
);
create table if not exists quality.conversion_levels (
    refresh_id varchar, authority varchar, financial_year varchar, requested_count bigint, received_count double,
    as_at date, recorded_at timestamp
);
create table if not exists quality.accepted_losses (
    refresh_id varchar, authority varchar, feed varchar, known_keys bigint, missing_keys bigint, recorded_at timestamp
);
"""


def note_this_gate(con: duckdb.DuckDBPyConnection, refresh_id: str, judged_at: datetime) -> None:
    """Temp tables this_gate (one row: refresh_id, judged_at) and gate_as_at (one row an authority: as_at)."""
    con.execute(
        "create or replace temp table this_gate as select ?::varchar as refresh_id, ?::timestamp as judged_at",
        [refresh_id, judged_at],
    )
    con.execute("create or replace temp table gate_as_at (authority varchar, as_at date)")
    try:
        con.execute("insert into gate_as_at select authority, as_at from marts.dim_authorities")
    except (duckdb.CatalogException, duckdb.BinderException):
        pass  # Before the first refresh (arrival), or a warehouse so broken that the checks will say so.


def note_publications(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table publications: earlier refreshes that were published, and when their marts were judged.

    A refresh that was judged well and killed before its publication is none: nobody has seen its figures.
    """
    con.execute(
        """
        create or replace temp table publications as
        select refresh_id, judged_at from quality.verdicts
        where gate = 'publication' and passed and refresh_id <> (select refresh_id from this_gate)
        """
    )
    with contextlib.suppress(
        duckdb.CatalogException
    ):  # no refresh is on record where the gate runs by itself
        con.execute(
            "delete from publications where refresh_id in "
            "(select refresh_id from quality.refreshes where outcome <> 'published')"
        )


def note_newest_extracts(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table newest_extracts: the files of the last day on which each source's feed was accepted.

    Days after the as-at limit do not count. Worked out from the load log alone, so that staging can be held against
    it. Columns authority, feed, source_system, content_hash, file_name.
    """
    con.execute("drop table if exists newest_extracts")
    try:
        con.execute(
            """
            create temp table newest_extracts as
            with judged as (
                select log.*
                from raw.load_log as log cross join raw.this_refresh as tonight
                where log.extract_on <= coalesce(tonight.as_at_limit, log.extract_on)
                -- A file that was judged more than once counts as it was judged last.
                qualify row_number() over (
                    partition by log.authority, log.feed, log.source_system, log.extract_on, log.file_name
                    order by log.logged_at desc, log.refresh_id desc, log.outcome desc, log.content_hash desc
                ) = 1
            )
            select authority, feed, source_system, content_hash, file_name
            from judged
            where outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded')
            qualify extract_on = max(extract_on) over (partition by authority, feed, source_system)
            """
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        pass  # No load log: the checks that need it fail and say so.


def note_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Temp views raw_rows and staged_rows: where every row of every feed came from.

    Columns feed, authority, source_system, content_hash, line, and record_key (raw_rows only).
    """
    feeds = con.execute(
        "select table_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = 'raw' and column_name = '_record_key' order by 1"
    ).fetchall()
    staged = con.execute(
        "select table_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = 'staging' and column_name = '_content_hash' order by 1"
    ).fetchall()
    raw_rows = [
        f"select '{feed}' as feed, _authority as authority, _source_system as source_system, "
        f"_content_hash as content_hash, _line as line, _record_key as record_key from raw.{feed}"
        for (feed,) in feeds
    ]
    staged_rows = [
        f"select '{table.removeprefix('stg_')}' as feed, authority, source_system, "
        f"_content_hash as content_hash, _line as line from staging.{table}"
        for (table,) in staged
    ]
    for name, parts in (("raw_rows", raw_rows), ("staged_rows", staged_rows)):
        con.execute(f"drop view if exists {name}")
        if parts:
            con.execute(f"create temp view {name} as " + "\nunion all\n".join(parts))


def record_row_counts(con: duckdb.DuckDBPyConnection, refresh_id: str) -> None:
    """One row for each authority and fact table, of tonight's marts. Grain: refresh, authority, table."""
    facts = con.execute(
        "select table_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = 'marts' and table_name like 'fct\\_%' escape '\\' and column_name = 'authority' order by 1"
    ).fetchall()
    con.execute("delete from quality.row_counts where refresh_id = ?", [refresh_id])
    if not facts:
        return
    counts = "\nunion all\n".join(
        f"select authority, '{table}' as table_name, count(*) as row_count from marts.\"{table}\" group by authority"
        for (table,) in facts
    )
    con.execute(
        f"""
        insert into quality.row_counts
        select ?, counts.authority, counts.table_name, counts.row_count, gate_as_at.as_at
        from (\n{counts}\n) as counts
        left join gate_as_at on counts.authority = gate_as_at.authority
        """,
        [refresh_id],
    )


# Contacts of the last 60 days of which the referrals tell may still be answered: they would make every recent night
# look worse than the last.
CONVERSION_NOW = """
select
    contacts.authority,
    dates.financial_year,
    count(*) as requested_count,
    sum(coalesce(contacts.match_probability, 0)) as received_count
from marts.fct_contacts as contacts
inner join marts.dim_dates as dates on contacts.received_on = dates.date_on
inner join marts.dim_authorities as authorities on contacts.authority = authorities.authority
where contacts.referral_requested and contacts.received_on <= authorities.referrals_told_to - 60
group by contacts.authority, dates.financial_year
"""


def note_conversion(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table conversion_now: of the referrals requested in each financial year, how many came (an estimate)."""
    con.execute("drop table if exists conversion_now")
    try:
        con.execute(f"create temp table conversion_now as {CONVERSION_NOW}")
    except (duckdb.CatalogException, duckdb.BinderException):
        pass  # The marts lack a table or column: the checks that need conversion_now fail and say so.


def record_conversion(con: duckdb.DuckDBPyConnection, refresh_id: str, recorded_at: datetime) -> None:
    """Keep conversion_now. Grain: refresh, authority, financial year of the contact."""
    con.execute("delete from quality.conversion_levels where refresh_id = ?", [refresh_id])
    if not con.execute("select 1 from duckdb_tables() where table_name = 'conversion_now'").fetchall():
        return
    con.execute(
        """
        insert into quality.conversion_levels
        select ?, now.authority, now.financial_year, now.requested_count, now.received_count, gate_as_at.as_at, ?
        from conversion_now as now inner join gate_as_at on now.authority = gate_as_at.authority
        """,
        [refresh_id, recorded_at],
    )


def record_accepted_losses(
    con: duckdb.DuckDBPyConnection, refresh_id: str, refused: list[str], recorded_at: datetime
) -> None:
    """Keep which files were let in, by profile or operator, although they lack more than a tenth of the known keys."""
    con.execute(
        """
        insert into quality.accepted_losses
        select ?, authority, feed, known_keys, missing_keys, ?
        from arriving.files
        where extract_kind = 'full' and missing_keys >= 20 and 100.0 * missing_keys > 10 * known_keys
            and not list_contains(?::varchar[], file_key::varchar)
        """,
        [refresh_id, recorded_at, [str(key) for key in refused]],
    )


def note_let_pass(con: duckdb.DuckDBPyConnection, accept: list[str] | tuple[str, ...]) -> None:
    """Temp table let_pass: authorities whose losses were accepted, tonight or since the last publication."""
    con.execute(
        """
        create or replace temp table let_pass as
        select split_part(accepted, '/', 1) as authority from (select unnest(?::varchar[]) as accepted) as tonight
        union
        select authority from quality.accepted_losses
        where recorded_at > coalesce((select max(judged_at) from publications), timestamp '1900-01-01')
        """,
        [list(accept)],
    )
