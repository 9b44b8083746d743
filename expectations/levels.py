"""What earlier nights looked like: row counts and conversion, kept so that tonight can be held against them.

Belongs here: recording levels in schema quality. Does not belong here: saying what is far from usual (checks/).
"""

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


# Contacts of the last 60 days may still be answered: they would make every recent night look worse than the last.
CONVERSION_NOW = """
select
    contacts.authority,
    dates.financial_year,
    count(*) as requested_count,
    sum(coalesce(contacts.match_probability, 0)) as received_count
from marts.fct_contacts as contacts
inner join marts.dim_dates as dates on contacts.received_on = dates.date_on
inner join gate_as_at on contacts.authority = gate_as_at.authority
where contacts.referral_requested and contacts.received_on <= gate_as_at.as_at - 60
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
    """Keep which files were let in although they lack more than a tenth of the known keys (profile or operator said so)."""
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
        where recorded_at > coalesce(
            (select max(judged_at) from quality.verdicts where gate = 'publication' and passed), timestamp '1900-01-01'
        )
        """,
        [list(accept)],
    )
