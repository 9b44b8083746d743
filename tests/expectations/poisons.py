"""Bad nights: for each check that stops, a way to make it stop.

Belongs here: damaging a landing drop, or, where no file can cause the fault, the warehouse between two stations.
Does not belong here: assertions. The check files say the same in words (`poison`); a test holds the two lists against
each other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import openpyxl


@dataclass(frozen=True)
class Poison:
    """How one check is made to stop.

    authority     whose drop a landing poison damages
    in_landing    damages the folder of one drop (a copy of a good night, with a later date)
    in_arriving   damages what was read, between reading and the arrival gate
    in_warehouse  damages the finished warehouse, before the publication gate
    """

    authority: str = "kent"
    in_landing: Callable[[Path], None] | None = None
    in_arriving: Callable[[duckdb.DuckDBPyConnection], None] | None = None
    in_warehouse: Callable[[duckdb.DuckDBPyConnection], None] | None = None


def edit_csv(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Rewrite a CSV file of the drop row by row."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    heading = list(rows[0])
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, heading, lineterminator="\n")
    writer.writeheader()
    writer.writerows(change(rows))
    path.write_text(out.getvalue(), encoding="utf-8", newline="")


def _random_bytes(drop: Path) -> None:
    (drop / "referrals.csv").write_bytes(bytes(range(128, 256)) * 40)


def _heading_only(drop: Path) -> None:
    edit_csv(drop / "referrals.csv", lambda rows: [])


def _rename_the_key(drop: Path) -> None:
    path = drop / "referrals.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Referral Ref,", "Case No,", 1), encoding="utf-8", newline=""
    )


def _rename_the_sheets(drop: Path) -> None:
    path = drop / "LADO duty log.xlsx"
    book = openpyxl.load_workbook(path)
    for number, sheet in enumerate(book.worksheets):
        sheet.title = f"Table {number}"
    book.save(path)


def _blank_every_tenth_key(drop: Path) -> None:
    edit_csv(
        drop / "referrals.csv",
        lambda rows: [row if number % 10 else {**row, "Referral Ref": ""} for number, row in enumerate(rows)],
    )


def _swap_key_and_sector(drop: Path) -> None:
    edit_csv(
        drop / "referrals.csv",
        lambda rows: [
            {**row, "Referral Ref": row["Workforce Type"], "Workforce Type": row["Referral Ref"]}
            for row in rows
        ],
    )


def _month_first(drop: Path) -> None:
    def turned(row: dict[str, str]) -> dict[str, str]:
        day, month, year = row["Date Referral Received"].split("/")
        return {**row, "Date Referral Received": f"{month}/{day}/{year}"}

    edit_csv(drop / "referrals.csv", lambda rows: [turned(row) for row in rows])


def _rename_the_sector(drop: Path) -> None:
    path = drop / "referrals.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Workforce Type,", "Sort of Setting,", 1),
        encoding="utf-8",
        newline="",
    )


def _second_half_gone(drop: Path) -> None:
    edit_csv(drop / "referrals.csv", lambda rows: rows[: len(rows) // 2])


def _sectors_nobody_mapped(drop: Path) -> None:
    edit_csv(drop / "referrals.csv", lambda rows: [{**row, "Workforce Type": "Sort no. 17"} for row in rows])


def _nothing_to_match_by(drop: Path) -> None:
    blank = dict.fromkeys(
        ["Contact Ref", "Employer / Setting", "Employer Postcode", "URN", "Referrer Name", "Area"], ""
    )
    edit_csv(drop / "referrals.csv", lambda rows: [{**row, **blank} for row in rows])


def _sql(*statements: str) -> Callable[[duckdb.DuckDBPyConnection], None]:
    def run(con: duckdb.DuckDBPyConnection) -> None:
        for statement in statements:
            con.execute(statement).fetchall()

    return run


def _set(table: str, column: str, value: str, where: str) -> Callable[[duckdb.DuckDBPyConnection], None]:
    """One cell of one row, whatever constraints the table has."""
    return _sql(
        f"create or replace table {table} as select * replace (if("
        f"rowid = (select min(rowid) from {table} where {where}), {value}, {column}) as {column}) from {table}"
    )


FIGURES = "marts.fct_measures"
POISONS: dict[str, Poison] = {
    # The arrival gate.
    "a_file_can_be_opened_and_read": Poison(in_landing=_random_bytes),
    "a_file_holds_rows": Poison(in_landing=_heading_only),
    "a_heading_is_complete_and_unambiguous": Poison(in_landing=_rename_the_key),
    "a_file_has_no_other_fault": Poison(authority="buckinghamshire", in_landing=_rename_the_sheets),
    "at_most_5_percent_of_the_rows_are_unusable": Poison(in_landing=_blank_every_tenth_key),
    "every_column_still_fits_its_type": Poison(in_landing=_swap_key_and_sector),
    "day_and_month_are_not_exchanged": Poison(in_landing=_month_first),
    "a_heading_that_was_filled_is_still_there": Poison(in_landing=_rename_the_sector),
    "a_full_extract_keeps_the_records_it_had": Poison(in_landing=_second_half_gone),
    "every_row_read_is_accounted_for": Poison(
        in_arriving=_sql("update arriving.files set rows_read = rows_read + 1 where feed = 'referrals'")
    ),
    # The publication gate: what a file can cause.
    "at_most_half_of_a_main_column_is_unmapped": Poison(in_landing=_sectors_nobody_mapped),
    "conversion_has_not_collapsed": Poison(in_landing=_nothing_to_match_by),
    # The publication gate: what only a fault of the warehouse can cause.
    "a_decision_wins_over_the_score": Poison(
        in_warehouse=_set(
            "marts.fct_contact_referral_links", "link_status", "'possible'", "link_status = 'confirmed'"
        )
    ),
    "a_denominator_is_the_numerator_of_its_base": Poison(
        in_warehouse=_sql(
            f"update {FIGURES} set denominator = 2 * denominator, value = value / 2 where rowid = "
            f"(select min(rowid) from {FIGURES} "
            "where measure = 'allegations' and dimension_1 = 'all' and denominator > 0)"
        )
    ),
    "a_measure_that_is_absent_says_why": Poison(
        in_warehouse=_set("marts.dim_measures", "is_available", "false", "measure = 'referrals'")
    ),
    "a_probability_lies_between_0_and_1": Poison(
        in_warehouse=_set(
            "marts.fct_contact_referral_links", "match_probability", "1.5", "link_status = 'linked'"
        )
    ),
    "a_table_does_not_shrink_overnight": Poison(
        in_warehouse=_sql("delete from marts.fct_meetings where rowid % 2 = 0 and authority = 'kent'")
    ),
    "a_value_is_its_numerator_over_its_denominator": Poison(
        in_warehouse=_set(FIGURES, "value", "value + 1", "unit = 'percent' and value is not null")
    ),
    "no_hidden_count_can_be_worked_out": Poison(
        in_warehouse=_sql(
            "update measures.published_measures as seen set numerator = fct.numerator, is_suppressed = false "
            "from marts.fct_measures as fct where seen.authority = 'kent' and seen.measure = 'referrals' "
            "and seen.dimension_1 = 'sector' and seen.dimension_2 = 'all' and seen.period_kind = 'financial_year' "
            "and fct.numerator between 1 and 4 and fct.authority = seen.authority and fct.measure = seen.measure "
            "and fct.dimension_1 = seen.dimension_1 and fct.member_1 = seen.member_1 "
            "and fct.dimension_2 = 'all' and fct.period_kind = seen.period_kind "
            "and fct.period_start = seen.period_start"
        )
    ),
    "no_small_count_is_shown": Poison(
        in_warehouse=_sql(
            "update measures.published_measures set numerator = 3, is_suppressed = false "
            "where authority = 'kent' and measure = 'caseload'"
        )
    ),
    "every_code_of_the_marts_is_in_its_list": Poison(
        in_warehouse=_set("marts.fct_referrals", "closed_band", "'soon'", "closed_band is not null")
    ),
    "every_column_that_must_be_filled_is_filled": Poison(
        in_warehouse=_set("marts.fct_contacts", "sector_key", "null", "true")
    ),
    "every_current_record_reaches_its_fact_once": Poison(
        in_warehouse=_sql(
            "delete from marts.fct_referrals where rowid = (select min(rowid) from marts.fct_referrals)"
        )
    ),
    "every_foreign_key_of_the_marts_resolves": Poison(
        in_warehouse=_set("marts.fct_contacts", "sector_key", "'kent:nowhere'", "authority = 'kent'")
    ),
    "every_key_of_the_marts_is_unique": Poison(
        in_warehouse=_sql("insert into marts.dim_sectors select * from marts.dim_sectors limit 1")
    ),
    "every_mart_was_built_by_this_refresh": Poison(
        in_warehouse=_sql("update marts.fct_meetings set refresh_id = 'another'")
    ),
    "every_record_of_the_newest_extract_is_in_staging": Poison(
        in_warehouse=_sql(
            "delete from staging.stg_referrals where rowid = (select min(rowid) from staging.stg_referrals)"
        )
    ),
    "no_column_identifies_a_person": Poison(
        in_warehouse=_sql("alter table marts.dim_subjects add column full_name varchar")
    ),
    "no_duration_is_negative": Poison(
        in_warehouse=_set("marts.fct_referrals", "received_to_closed_days", "-3", "is_closed")
    ),
    "parts_sum_to_the_whole": Poison(
        in_warehouse=_sql(
            f"update {FIGURES} set numerator = numerator + 1, value = value + 1 where rowid = (select min(rowid) "
            f"from {FIGURES} where measure = 'referrals' and dimension_1 = 'sector_group' and dimension_2 = 'all')"
        )
    ),
    "raw_holds_the_rows_that_the_load_log_says": Poison(
        in_warehouse=_sql("delete from raw.contacts where rowid = (select min(rowid) from raw.contacts)")
    ),
    "the_key_of_a_person_looks_like_a_key": Poison(
        in_warehouse=_set("marts.fct_referrals", "subject_key", "'S100001'", "authority = 'kent'")
    ),
    "the_load_log_accounts_for_every_row": Poison(
        in_warehouse=_sql("update raw.load_log set rows_read = rows_read + 1 where feed = 'referrals'")
    ),
    "what_was_open_came_in_or_went_out": Poison(
        in_warehouse=_set(
            FIGURES, "numerator", "numerator - 1", "measure = 'cases_open_at_end' and dimension_1 = 'all'"
        )
    ),
}
