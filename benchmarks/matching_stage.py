"""A stage for matching: a made-up world as staging tables, and the project's own matching SQL run over them.

Here belongs what replaces dbt in tests and benchmarks of matching: refs and sources become tables, models are built in
order. Worlds themselves stand in matching_worlds.py and matching_callers.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import numpy as np

from benchmarks import matching_callers, matching_worlds

MODELS = Path(__file__).parents[1] / "dbt_project" / "models"
SEEDS = Path(__file__).parents[1] / "dbt_project" / "seeds"


def stage(con: duckdb.DuckDBPyConnection, w: matching_worlds.World | matching_callers.World) -> None:
    """Put a world on the stage: staging tables as dbt leaves them, and truth.pairs (contact_key, referral_key)."""
    for schema in ("raw", "reference", "staging", "matching", "marts", "casework", "truth"):
        con.execute(f"create schema if not exists {schema}")
    made_by = matching_callers if isinstance(w, matching_callers.World) else matching_worlds
    for number in range(w.authorities):
        contacts, referrals, truth = made_by.one_authority(w, number)
        made = "create or replace table" if number == 0 else "insert into"
        as_ = " as" if number == 0 else ""
        for side, rows in (("contact", contacts), ("referral", referrals)):
            con.register("made", {name: _column(values) for name, values in rows.items()})
            con.execute(f"{made} truth.{side}_rows{as_} select * from made")
            con.unregister("made")
        true = {
            "authority": _column(contacts["authority"][:1] * len(truth)),
            "contact_id": _column([contacts["contact_id"][c] for c, _r in truth]),
            "referral_id": _column([referrals["referral_id"][r] for _c, r in truth]),
        }
        con.register("made", true)
        con.execute(f"""{made} truth.pairs{as_} select authority || ':made:' || contact_id as contact_key,
            authority || ':made:' || referral_id as referral_key from made""")
        con.unregister("made")
    con.execute("""
        create or replace table staging.stg_contacts as
        select authority || ':made:' || contact_id as contact_key, authority, 'made' as source_system, contact_id,
            date '1970-01-01' + day::integer as received_on, setting_name, setting_postcode,
            null::varchar as setting_urn,
            sector, area, staff_role, concern_category, referrer_role, referrer_agency, referral_requested,
            null::date as referral_requested_on, null::boolean as threshold_met, null::varchar as case_ref,
            'made' as _content_hash, row_number() over (order by authority, contact_id)::integer as _line
        from truth.contact_rows;
        create or replace table staging.stg_referrals as
        select authority || ':made:' || referral_id as referral_key, authority, 'made' as source_system, referral_id,
            date '1970-01-01' + day::integer as received_on, setting_name, setting_postcode,
            null::varchar as setting_urn,
            sector, area, staff_role, concern_category, referrer_role, referrer_agency, contact_ref,
            'allegation' as pathway, 'made' as _content_hash,
            row_number() over (order by authority, referral_id)::integer as _line
        from truth.referral_rows;
        create or replace table raw.contacts as
        select authority as _authority, 'made' as _source_system, contact_id, referrer_name, 'made' as _content_hash,
            row_number() over (order by authority, contact_id)::integer as _line from truth.contact_rows;
        create or replace table raw.referrals as
        select authority as _authority, 'made' as _source_system, referral_id, referrer_name, 'made' as _content_hash,
            row_number() over (order by authority, referral_id)::integer as _line from truth.referral_rows;
        create or replace table staging.stg_match_decisions (
            authority varchar, source_system varchar, contact_id varchar, referral_id varchar, decision varchar,
            decided_on date
        );
        create or replace table staging.stg_as_at as
        select authority, max(day) as last_day, date '1970-01-01' + max(day)::integer as as_at,
            as_at as referrals_told_to, 10 as grace_working_days, 'made' as refresh_id
        from (select authority, day from truth.contact_rows union all select authority, day from truth.referral_rows)
        group by authority;
        create or replace table staging.stg_feed_days as
        select authority, 'contacts' as feed, as_at as told_to from staging.stg_as_at
    """)
    holidays = (SEEDS / "bank_holidays.csv").as_posix()
    con.execute(f"""create or replace table reference.bank_holidays as select * from
        read_csv('{holidays}', header = true, columns = {{'date_on': 'date', 'holiday_name': 'varchar'}})""")


def _column(values: object) -> np.ndarray:
    if isinstance(values, np.ndarray):
        return values
    return np.array(values, dtype=object)


_SCHEMAS = {
    "stg": "staging",
    "int": "matching",
    "fct": "marts",
    "link": "casework",
    "bank_holidays": "reference",
}


def run_model(con: duckdb.DuckDBPyConnection, name: str, folder: str = "matching") -> None:
    """Build one of the project's models on the stage, its refs and sources replaced by their tables."""
    sql = (MODELS / folder / f"{name}.sql").read_text(encoding="utf-8")

    def table(model: str) -> str:
        return f"{_SCHEMAS.get(model) or _SCHEMAS[model.split('_', 1)[0]]}.{model}"

    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", lambda found: table(found[1]), sql)
    sql = re.sub(r"\{\{ source\('(\w+)', '(\w+)'\) \}\}", r"\1.\2", sql)
    con.execute(f"create or replace table {table(name)} as {sql}")


BEFORE = (
    "int_matching_setting_names",
    "int_matching_referrers",
    "int_matching_contacts",
    "int_matching_referrals",
    "int_matching_decisions",
)
AFTER = ("int_contact_referral_links", "int_contact_matches", "int_referral_matches", "int_link_review")


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Build the comparable tables."""
    for name in BEFORE:
        run_model(con, name)


def conclude(con: duckdb.DuckDBPyConnection) -> None:
    """Build what SQL decides from the scores."""
    for name in AFTER:
        run_model(con, name)
    run_model(con, "fct_contact_referral_links", "marts")
    run_model(con, "link_evidence", "casework")
