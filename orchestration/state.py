"""What `lado status` and `lado findings` tell.

Belongs here: reading the records of past refreshes and printing them. Writes nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import ingest
from expectations import check
from orchestration import mirror, resources
from orchestration.resources import Home


def _rows(con: Any, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
    answer = con.execute(sql, parameters or [])
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def status(home: Home) -> dict[str, Any]:
    """The state of this home.

    `published` (or None), `postgres` (None where it is not switched on), `refreshes` (last ten), `files`, `gate`,
    `findings_open`.

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
        last = refreshes[0]["refresh_id"] if refreshes else None
        of_files = _rows(
            con,
            "select authority, extract_on, file_name, feed, rows_read, rows_loaded, rows_quarantined, "
            "rows_deduplicated, rows_erased, outcome, message from raw.load_log where refresh_id = "
            "(select max(refresh_id) from raw.load_log) order by authority, extract_on, file_name, feed",
        )
        gate = _rows(
            con,
            "select check_name, gate, severity, scope, failing_count, checked_count, passed "
            "from quality.check_results where refresh_id = ? and not passed order by severity, check_name",
            [last],
        )
        postgres = mirror.state(con, home)
        open_findings = con.execute("select count(*) from quality.findings where is_open").fetchall()[0][0]
    return {
        "home": str(home.root),
        "published": published,
        "postgres": postgres,
        "refreshes": refreshes,
        "files": of_files,
        "gate": gate,
        "findings_open": open_findings,
    }


def print_status(told: dict[str, Any]) -> None:
    """The same for a person."""
    from rich.table import Table

    from orchestration.screen import console as screen

    console = screen()
    published = told["published"]
    if published:
        made = dt.datetime.fromisoformat(published["published_at"].replace("Z", "+00:00"))
        age = dt.datetime.now(dt.UTC) - made
        console.print(
            f"Published: refresh {published['refresh_id']}, {age.days} days {age.seconds // 3600} hours old"
        )
        for authority, as_at in published["as_at"].items():
            console.print(f"  {authority}: as at {as_at}")
    else:
        console.print("Published: nothing yet")
    if postgres := told["postgres"]:
        words = {"shown": "the same", "behind": "BEHIND", "not_tried": "not tried yet"}[postgres["outcome"]]
        console.print(f"PostgreSQL: {words}, shows refresh {postgres['shown_refresh_id'] or 'none'}")
        if postgres["message"]:
            console.print(f"  {postgres['message']}")
    table = Table(title="Last refreshes", title_justify="left")
    for heading in ("refresh", "started (UTC)", "outcome", "message"):
        table.add_column(heading)
    for r in told["refreshes"]:
        table.add_row(
            r["refresh_id"], f"{r['started_at']:%Y-%m-%d %H:%M:%S}", r["outcome"], r["message"] or ""
        )
    console.print(table)
    table = Table(title="Files of the last refresh that met any", title_justify="left")
    for heading in ("authority", "day", "file", "feed", "read", "loaded", "quarantined", "dedup.", "outcome"):
        table.add_column(heading)
    for f in told["files"]:
        counts = ("rows_read", "rows_loaded", "rows_quarantined", "rows_deduplicated")
        table.add_row(
            f["authority"], str(f["extract_on"]), f["file_name"], f["feed"] or "-",
            *(str(f[c] or 0) for c in counts), f["outcome"],
        )  # fmt: skip
    console.print(table)
    for f in told["files"]:
        if f["message"] and f["outcome"] not in {"accepted", "already_loaded"}:
            console.print(f"  {f['authority']}/{f['file_name']}: {f['message']}")
    if told["gate"]:
        console.print("The gates say:")
    for g in told["gate"]:
        mark = "STOPS" if g["severity"] == "error" else "warns"
        words = g["check_name"].replace("_", " ")
        console.print(f"  {mark}  {words}: {g['failing_count']} of {g['checked_count']}")
    console.print(f"Records to mend: {told['findings_open']} (`lado findings`)")


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
    from orchestration.screen import console as screen

    console = screen()
    group = None
    for r in rows:
        if (r["authority"], r["rule"]) != group:
            group = (r["authority"], r["rule"])
            console.print(f"\n{r['authority']}: {r['rule'].replace('_', ' ')} ({r['severity']})")
        column = f" ({r['column_name']})" if r["column_name"] else ""
        console.print(f"  {r['entity']} {r['record_id']}{column} since {r['first_seen_on']}", highlight=False)
    console.print(f"\n{len(rows)} records to mend")
