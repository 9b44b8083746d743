"""PostgreSQL as the graph and the command line call it: bring it up to what the files show, and say how it went.

Belongs here: when it is tried, the record of each try (quality.postgres), the alert. Does not belong here: how a
server is filled (publish/postgres.py). Without LADO_POSTGRES_DSN nothing here imports or does anything.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb

from orchestration import alerts, resources
from orchestration.resources import Home, NotReady
from publish import releases

CREATE = """
create schema if not exists quality;
create table if not exists quality.postgres (
    tried_at timestamp not null,
    refresh_id varchar,
    outcome varchar not null,
    message varchar
)
"""
"""Grain: one try. refresh_id: the release that the files showed; outcome: shown | behind; times in UTC."""


def follow(home: Home) -> dict[str, Any] | None:
    """Let PostgreSQL show what `current` shows; None without a DSN.

    Returns refresh_id (what the files show), outcome (`shown`, or `behind`: the server shows something older or
    nothing), message, rows (loaded now; 0 when nothing had to be). Being behind is recorded and alerted, and raises
    nothing: the files are published, and the next refresh tries again even when it has nothing new.
    """
    dsn = resources.postgres_dsn()
    if dsn is None:
        return None
    from publish import postgres

    told: dict[str, Any] = {"refresh_id": releases.current_refresh(home.root), "outcome": "shown", "rows": 0}
    try:
        told |= {"rows": postgres.show_current(home.root, dsn, home.manifest)["rows"], "message": None}
    except postgres.Behind as error:
        told |= {"outcome": "behind", "message": str(error)}
        alerts.tell(home, "postgres_behind", told["message"])
    with resources.warehouse(home) as con:
        con.execute(CREATE)
        con.execute(
            "insert into quality.postgres values (?, ?, ?, ?)",
            [
                dt.datetime.now(dt.UTC).replace(tzinfo=None),
                told["refresh_id"],
                told["outcome"],
                told["message"],
            ],
        )
    return told


def follow_by_hand(home: Home) -> dict[str, Any]:
    """As `follow`, for `lado publish postgres`.

    Raises NotReady without a DSN, publish.clearance.NotCleared without a passing verdict for these very marts.
    """
    if resources.postgres_dsn() is None:
        raise NotReady("LADO_POSTGRES_DSN is not set; docs/postgres.md says what it holds")
    from publish import postgres

    with resources.warehouse(home) as con:
        postgres.cleared_release(con, home.root)
    return follow(home)


def state(con: duckdb.DuckDBPyConnection, home: Home) -> dict[str, Any] | None:
    """Whether PostgreSQL shows what the files show, from the record of tries; None without a DSN.

    outcome: `shown`, `behind` or `not_tried`; shown_refresh_id: the release the server took last; message: why it is
    behind; tried_at (UTC).
    """
    if resources.postgres_dsn() is None:
        return None
    try:
        rows = con.execute(
            "select outcome, message, tried_at, "
            "(select max_by(refresh_id, tried_at) from quality.postgres where outcome = 'shown') "
            "from quality.postgres order by tried_at desc limit 1"
        ).fetchall()
    except duckdb.CatalogException:
        rows = []
    if not rows:
        return {"outcome": "not_tried", "shown_refresh_id": None, "message": None, "tried_at": None}
    outcome, message, tried_at, shown = rows[0]
    if outcome == "shown" and shown != releases.current_refresh(home.root):
        outcome, message = "behind", "the files were published after the last try"
    return {"outcome": outcome, "shown_refresh_id": shown, "message": message, "tried_at": tried_at}
