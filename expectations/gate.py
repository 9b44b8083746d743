"""Run a gate: count in SQL what fails, have the counts judged, keep the results, the findings and the verdict.

Belongs here: running checks against a connection and the tables of schema `quality`. Does not belong here: the rules
themselves (checks/), levels of earlier nights (levels.py), pages (page.py), what follows from a verdict
(orchestration, publish).

The arrival gate looks at `arriving.files`, one row for each file that wants in; a failing key is a file_key.
The publication gate looks at the marts, and at raw and staging to see that nothing was lost on the way.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from expectations import exposure, levels
from expectations.check import CHECKS, Check, CheckFileError, dbt_tests_of_marts, read_checks, spell_out
from expectations.judge import NOT_COUNTED, judge

_TABLES = """
create schema if not exists quality;
create table if not exists quality.check_results (
    refresh_id varchar, gate varchar, check_name varchar, severity varchar, scope varchar,
    checked_count bigint, failing_count bigint, tolerance varchar, passed boolean, ran_at timestamp
);
create table if not exists quality.findings (
    authority varchar, rule varchar, severity varchar, entity varchar, record_id varchar, column_name varchar,
    first_seen_on date, last_seen_on date, is_open boolean
);
alter table quality.findings add column if not exists local_wording varchar;
create table if not exists quality.verdicts (
    refresh_id varchar, gate varchar, passed boolean, marts_fingerprint varchar, stopping_checks varchar[],
    judged_at timestamp, scope varchar
);
"""

# One statement for each check, not one union of all: DuckDB plans a union of forty-five parts half as slowly again as
# the parts, and an error then names its check by itself. Keys stay in the warehouse; only counts come to Python.
_FAILING = """
create or replace temp table gate_failing (
    check_name varchar, authority varchar, record_id varchar, column_name varchar, entity varchar, message varchar,
    local_wording varchar
)
"""

# The order of rows does not matter, their number, their values and the columns do. A table that appears later is
# seen through its columns, one that disappears makes the view fail: both mean that these are not the judged marts.
_TABLE_HASH = """
select
    '{table} ' || count(*) || ' ' || coalesce(sum(hash(*columns(*))), 0) as part
from marts."{table}"
"""
_COLUMN_LIST = """
select table_name || '.' || column_name || ' ' || data_type as part
from duckdb_columns()
where database_name = current_database() and schema_name = 'marts'
"""


@dataclass(frozen=True)
class Result:
    """What one check came to. Counts are None when its SQL could not run; `error` then says why."""

    check: Check
    checked_count: int | None
    failing_count: int | None
    passed: bool
    error: str | None = None

    @property
    def check_name(self) -> str:
        return self.check.name

    @property
    def severity(self) -> str:
        return self.check.severity

    @property
    def message(self) -> str:
        """What an operator needs to know: the check and the counts, or why it could not run."""
        return self.error or (
            f"{self.check.name}: {self.failing_count} of {self.checked_count} failed "
            f"(tolerance {self.check.tolerance_text})"
        )


@dataclass(frozen=True)
class Verdict:
    """What a gate says: `passed` is false as soon as one check of severity error failed or could not run.

    `stopping_checks` are the names of those. `messages` says for each what an operator needs: check, counts.
    `refusals` (arrival gate only): file_key -> messages of the checks that stop that file.
    """

    refresh_id: str
    gate: str
    scope: str
    passed: bool
    results: tuple[Result, ...]
    stopping_checks: tuple[str, ...]
    marts_fingerprint: str | None
    messages: tuple[str, ...]
    refusals: dict[str, tuple[str, ...]]


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of schema quality: the tables and the view quality.marts_fingerprint."""
    _create_tables(con)
    _create_fingerprint_view(con)


def _create_tables(con) -> None:
    con.execute(_TABLES)
    con.execute(levels.TABLES)


def marts_fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """The fingerprint of everything in schema marts now.

    Leaves the view quality.marts_fingerprint (one column, `fingerprint`) behind, so that publication asks the
    warehouse itself whether these are still the marts that were judged.
    """
    _create_fingerprint_view(con)
    return con.execute("select fingerprint from quality.marts_fingerprint").fetchall()[0][0]


def run_gate(
    con: duckdb.DuckDBPyConnection,
    gate: str,
    scope: str,
    refresh_id: str,
    now: datetime,
    results_dir: Path,
    manifest: Path | dict | None = None,
    accept: list[str] | tuple[str, ...] = (),
    checks_dir: Path = CHECKS,
) -> Verdict:
    """Run every check of `gate` ('arrival' or 'publication') and record what it came to.

    scope        what was judged ('warehouse', or the authority and drop at the arrival gate); kept with the results
    now          the moment of judging, aware or UTC
    results_dir  <results_dir>/<refresh_id>/ receives the suite and the validation result
    manifest     dbt's manifest.json, or its content: the publication gate makes the tests on marts named there its own
    accept       AUTHORITY/FEED that an operator accepts tonight: a loss of rows there does not hold publication

    Running it again for the same refresh and scope replaces what it recorded. The connection must not be inside
    a transaction. Never raises for a bad warehouse: a check whose SQL fails counts as failed and is named.
    """
    checks = read_checks(gate, checks_dir)
    judged_at = now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now
    _create_tables(con)
    is_publication = gate == "publication"
    levels.note_this_gate(con, refresh_id, judged_at)
    tests = dbt_tests_of_marts(manifest) if is_publication and manifest else []
    if is_publication:
        levels.note_publications(con)
        levels.note_newest_extracts(con)
        levels.note_rows(con)
        levels.record_row_counts(con, refresh_id)
        levels.note_conversion(con)
        levels.note_let_pass(con, accept)
        exposure.note_exposed(con)
    counts, errors = _count(con, checks, _marts(con), tests)

    numbers = [
        (check, check.measured(*counts[check.name]) if check.name in counts else NOT_COUNTED)
        for check in checks
    ]
    meta = {check.name: _meta(check, counts.get(check.name)) for check in checks}
    suite_name = "_".join([gate, *"".join(c if c.isalnum() else " " for c in scope).split()])
    judged = judge(numbers, suite_name, results_dir / refresh_id, meta)
    results = tuple(
        Result(
            check,
            *counts.get(check.name, (None, None)),
            judged.get(check.name, False),
            errors.get(check.name),
        )
        for check in checks
    )

    stopping = tuple(one for one in results if not one.passed and one.check.severity == "error")
    # No checks at all (a lost folder) is not a pass.
    passed = bool(results) and not stopping
    fingerprint = marts_fingerprint(con) if is_publication else None
    verdict = Verdict(
        refresh_id=refresh_id,
        gate=gate,
        scope=scope,
        passed=passed,
        results=results,
        stopping_checks=tuple(one.check.name for one in stopping),
        marts_fingerprint=fingerprint,
        messages=tuple(one.message for one in stopping),
        refusals={} if is_publication else _refusals(con, results),
    )
    _record(con, verdict, judged_at)
    if is_publication:
        levels.record_conversion(con, refresh_id, judged_at)
    else:
        levels.record_accepted_losses(con, refresh_id, list(verdict.refusals), judged_at)
    con.execute("drop table if exists gate_failing")
    return verdict


def count_alone(con: duckdb.DuckDBPyConnection, check: Check, tests: list[dict]) -> tuple[int, set[tuple]]:
    """(checked, failing keys) of one check, judging and recording nothing. For examples and for writing checks.

    A key is (authority, record_id, column_name). Raises what its SQL raises.
    """
    con.execute(_FAILING)
    checked_count, _ = _count_one(con, check, _marts(con), tests)
    keys = con.execute(
        "select distinct coalesce(authority, 'all'), record_id, column_name from gate_failing"
    ).fetchall()
    return checked_count, set(keys)


def _marts(con) -> list[str]:
    rows = con.execute(
        "select 'marts.' || table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name = 'marts' order by 1"
    ).fetchall()
    return [one for (one,) in rows]


def _count(con, checks, marts, tests) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """(checked, failing) of each check and the errors of those that could not run; fills temp table gate_failing."""
    con.execute(_FAILING)
    counts, errors = {}, {}
    for check in checks:
        try:
            counts[check.name] = _count_one(con, check, marts, tests)
        except CheckFileError as error:
            errors[check.name] = str(error)
        except duckdb.Error as error:
            errors[check.name] = f"{check.name}: its SQL could not run ({_safe(error)})"
    return counts, errors


def _count_one(con, check, marts, tests) -> tuple[int, int]:
    checked, failing = spell_out(check, marts, tests)
    checked_count = con.execute(f"select coalesce(({checked}), 0)::bigint").fetchall()[0][0]
    failing_count = con.execute(
        f"insert into gate_failing by name select distinct '{check.name}' as check_name, * "
        f"from (\n{failing}\n) as failing"
    ).fetchall()[0][0]
    return checked_count, failing_count


def _safe(error: duckdb.Error) -> str:
    # Only errors of binding name tables and columns alone; the others (a conversion) quote the cell.
    kind = type(error).__name__
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException | duckdb.ParserException):
        return f"{kind}: {str(error).splitlines()[0]}"
    return kind


def _meta(check: Check, counted: tuple[int, int] | None) -> dict:
    checked_count, failing_count = counted or (None, None)
    return {"checked_count": checked_count, "failing_count": failing_count}


def _refusals(con, results) -> dict[str, tuple[str, ...]]:
    stopping = [one.check.name for one in results if not one.passed and one.check.severity == "error"]
    unable = [one.error for one in results if one.error and one.check.severity == "error"]
    refusals: dict[str, tuple[str, ...]] = {}
    if unable:
        # A check that cannot look has not said that any file is good.
        rows = con.execute("select file_key from arriving.files order by 1").fetchall()
        refusals = {key: tuple(unable) for (key,) in rows}
    rows = con.execute(
        "select record_id, coalesce(message, check_name) from gate_failing "
        "where list_contains(?, check_name) order by all",
        [stopping],
    ).fetchall()
    for key, message in rows:
        refusals[key] = (*refusals.get(key, ()), message)
    return refusals


def _record(con, verdict: Verdict, judged_at: datetime) -> None:
    key = [verdict.refresh_id, verdict.gate, verdict.scope]
    con.execute("begin transaction")
    try:
        for table in ("check_results", "verdicts"):
            con.execute(f"delete from quality.{table} where refresh_id = ? and gate = ? and scope = ?", key)
        rows = [
            (
                verdict.refresh_id,
                verdict.gate,
                one.check.name,
                one.check.severity,
                verdict.scope,
                one.checked_count,
                one.failing_count,
                one.check.tolerance_text,
                one.passed,
                judged_at,
            )
            for one in verdict.results
        ]
        if rows:
            marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
            con.execute(
                f"insert into quality.check_results values {marks}", [cell for row in rows for cell in row]
            )
        if verdict.gate == "publication":
            _merge_findings(con, verdict.results)
        con.execute(
            "insert into quality.verdicts values (?, ?, ?, ?, ?, ?, ?)",
            [
                verdict.refresh_id,
                verdict.gate,
                verdict.passed,
                verdict.marts_fingerprint,
                list(verdict.stopping_checks),
                judged_at,
                verdict.scope,
            ],
        )
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _merge_findings(con, results: tuple[Result, ...]) -> None:
    """Add what is new, refresh what is still found, close what is no longer found.

    Days are the as-at of the authority, not the day of the run: an old extract read today was found at its own
    date. A check that could not run says nothing: its findings stay as they are. A wording may be anything that
    somebody typed: it stands in this table alone, and only while the finding is open.
    """
    found = [one.check for one in results if one.check.is_finding and not one.error]
    unable = [one.check.name for one in results if one.check.is_finding and one.error]
    if not found:
        return
    con.execute("create or replace temp table finding_rules (rule varchar, severity varchar, entity varchar)")
    marks = ", ".join(["(?, ?, ?)"] * len(found))
    cells = [cell for check in found for cell in (check.name, check.severity, check.entity)]
    con.execute(f"insert into finding_rules values {marks}", cells)
    con.execute(
        """
        merge into quality.findings as kept
        using (
            select distinct
                coalesce(failing.authority, 'all') as authority, rules.rule, rules.severity,
                coalesce(failing.entity, rules.entity) as entity, failing.record_id, failing.column_name,
                failing.local_wording,
                coalesce(gate_as_at.as_at, (select judged_at::date from this_gate)) as as_at
            from gate_failing as failing
            inner join finding_rules as rules on failing.check_name = rules.rule
            left join gate_as_at on failing.authority = gate_as_at.authority
        ) as now
        on kept.authority = now.authority and kept.rule = now.rule and kept.record_id = now.record_id
            and kept.entity = now.entity and kept.column_name is not distinct from now.column_name
        when matched then update set
            severity = now.severity, is_open = true, last_seen_on = now.as_at, local_wording = now.local_wording,
            first_seen_on = least(kept.first_seen_on, now.as_at)
        when not matched then insert values (
            now.authority, now.rule, now.severity, now.entity, now.record_id, now.column_name,
            now.as_at, now.as_at, true, now.local_wording
        )
        when not matched by source and kept.is_open and not list_contains($unable, kept.rule)
            then update set is_open = false, local_wording = null
        """,
        {"unable": unable},
    )
    con.execute("drop table finding_rules")


def _create_fingerprint_view(con) -> None:
    tables = con.execute(
        "select table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name = 'marts' order by 1"
    ).fetchall()
    parts = "\nunion all\n".join([*(_TABLE_HASH.format(table=table) for (table,) in tables), _COLUMN_LIST])
    con.execute(
        "create or replace view quality.marts_fingerprint as "
        f"select md5(string_agg(part, ';' order by part)) as fingerprint from (\n{parts}\n) as parts"
    )
