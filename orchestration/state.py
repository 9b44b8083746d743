"""What `lado status` and `lado findings` tell.

Belongs here: reading the records of past refreshes and printing them. Writes nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import ingest
from expectations import check
from orchestration import mirror, resources
from orchestration.options import counted
from orchestration.resources import Home


def _rows(con: Any, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
    answer = con.execute(sql, parameters or [])
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def status(home: Home) -> dict[str, Any]:
    """The state of this home.

    `published` (or None), `postgres` (None where it is not switched on), `refreshes` (last ten), `files`, `verdict` (of
    the last refresh that was judged: a night without news judges nothing; None before the first), `gate` (the checks
    that did not pass in it), `findings_open`.

    Raises NotReady when no refresh has run here.
    """
    from publish import files

    published = files.published_state(home.root)
    with resources.reading(home) as con:
        refreshes = _rows(
            con,
            "select refresh_id, started_at, ended_at, outcome, message from quality.refreshes "
            "order by started_at desc limit 10",
        )
        of_files = _rows(
            con,
            # Not by name: a warehouse lacks a new column until its next refresh.
            "select * exclude (source_system, extract_kind, content_hash, refresh_id, logged_at) from raw.load_log "
            "where refresh_id = (select max(refresh_id) from raw.load_log) "
            "order by authority, extract_on, file_name, feed",
        )
        verdicts = _rows(
            con,
            "select refresh_id, passed, judged_at from quality.verdicts where gate = 'publication' "
            "order by judged_at desc, refresh_id desc limit 1",
        )
        verdict = verdicts[0] if verdicts else None
        gate = _rows(
            con,
            "select check_name, gate, severity, scope, failing_count, checked_count, passed "
            "from quality.check_results where refresh_id = ? and not passed order by severity, check_name, scope",
            [verdict and verdict["refresh_id"]],
        )
        postgres = mirror.state(con, home)
        open_findings = con.execute("select count(*) from quality.findings where is_open").fetchall()[0][0]
    return {
        "home": str(home.root),
        "published": published,
        "postgres": postgres,
        "refreshes": refreshes,
        "files": of_files,
        "verdict": verdict,
        "gate": gate,
        "findings_open": open_findings,
    }


def print_status(told: dict[str, Any]) -> None:
    """The same for a person."""
    from orchestration import screen

    console = screen.console()
    published = told["published"]
    if published:
        made = dt.datetime.fromisoformat(published["published_at"].replace("Z", "+00:00"))
        age = in_hours(dt.datetime.now(dt.UTC) - made)
        console.print(f"Published: refresh {published['refresh_id']}, {age} old")
        for authority, as_at in published["as_at"].items():
            console.print(f"  {authority}: as at {as_at}")
    else:
        console.print("Published: nothing yet")
    if postgres := told["postgres"]:
        words = {"shown": "the same", "behind": "BEHIND", "not_tried": "not tried yet"}[postgres["outcome"]]
        console.print(f"PostgreSQL: {words}, shows refresh {postgres['shown_refresh_id'] or 'none'}")
        if postgres["message"]:
            console.print(f"  {postgres['message']}")
    table = screen.table("Last refreshes (UTC)", ("refresh", "outcome", "message"))
    for r in told["refreshes"]:
        table.add_row(r["refresh_id"], r["outcome"], r["message"] or "")
    console.print(table)
    screen.print_files(console, "Files of the latest refresh that found new or waiting ones", told["files"])
    if verdict := told["verdict"]:
        words = "may be published" if verdict["passed"] else "HELD"
        console.print(f"The publication gate says of refresh {verdict['refresh_id']}: {words}")
    else:
        console.print("The publication gate has judged no refresh yet")
    for g in told["gate"]:
        screen.print_failed(console, g["check_name"], g)
    console.print(f"{counted(told['findings_open'], 'record')} to mend (`lado findings`)")


def in_hours(age: dt.timedelta) -> str:
    """How old something is, in days and hours."""
    days, hours = age.days, age.seconds // 3600
    parts = [counted(days, "day")] * (days > 0) + [counted(hours, "hour")] * (hours > 0)
    return " ".join(parts) or "less than an hour"


def authorities(home: Home) -> set[str]:
    """Authorities of which something has been loaded, and `all` where a finding is nobody's own."""
    with resources.reading(home) as con:
        of_findings = {name for (name,) in con.execute("select authority from quality.findings").fetchall()}
        return of_findings | ingest.as_ats(con).keys()


def rules(home: Home) -> set[str]:
    """Rules whose failing records are findings: those of the gate's check files, and any that left some."""
    with resources.reading(home) as con:
        of_findings = {name for (name,) in con.execute("select rule from quality.findings").fetchall()}
    return of_findings | {one.name for one in check.read_checks("publication") if one.is_finding}


FINDING_COLUMNS = (
    "authority", "rule", "severity", "entity", "record_id", "column_name", "first_seen_on", "last_seen_on"
)  # fmt: skip


def findings(home: Home, authority: str | None, rule: str | None) -> list[dict[str, Any]]:
    """Open findings: authority, rule, severity, entity, record_id, column_name, first_seen_on, last_seen_on."""
    with resources.reading(home) as con:
        return _rows(
            con,
            f"select {', '.join(FINDING_COLUMNS)} from quality.findings "
            "where is_open and authority = coalesce(?, authority) and rule = coalesce(?, rule) "
            "order by authority, rule, record_id, column_name",
            [authority, rule],
        )


def print_findings(rows: list[dict[str, Any]]) -> None:
    """One line a finding, grouped by rule."""
    from orchestration import screen

    console = screen.console()
    group = None
    for r in rows:
        if (r["authority"], r["rule"]) != group:
            group = (r["authority"], r["rule"])
            console.print(f"\n{r['authority']}: {check.in_words(r['rule'])} ({r['severity']})")
        column = f" ({r['column_name']})" if r["column_name"] else ""
        console.print(f"  {r['entity']} {r['record_id']}{column} since {r['first_seen_on']}", highlight=False)
    console.print(f"\n{counted(len(rows), 'record')} to mend")
