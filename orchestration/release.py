"""The publish station as the graph and the command line call it.

Belongs here: what publish/ needs to be told, and the record of a publication. Does not belong here: how files are
swapped, whether they may be (publish/).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from orchestration import audit_log, history, mirror, resources
from orchestration.resources import Home
from publish import files, releases


def publish(home: Home) -> dict[str, Any]:
    """Publish what the warehouse holds; counts of tables and rows for the run's metadata.

    Raises publish.clearance.NotCleared without a passing verdict for these very marts.
    """
    now = dt.datetime.now(dt.UTC)
    with resources.warehouse(home) as con:
        refresh_id, inputs = con.execute(
            "select this.refresh_id, refreshes.inputs from raw.this_refresh as this "
            "left join quality.refreshes as refreshes on refreshes.refresh_id = this.refresh_id"
        ).fetchall()[0]
        receipt = files.publish_files(con, home.root, refresh_id, inputs, now, home.manifest)
        files.remember_publication(con, home.root)
        history.end(con, refresh_id, "published", "published", now.replace(tzinfo=None))
        audit_log.append(home, "publication", "published", con, **_published(home, receipt))
    tables = [table for audience in receipt["tables"].values() for table in audience.values()]
    return {
        "refresh_id": refresh_id,
        "tables": len(tables),
        "dagster/row_count": sum(table["rows"] for table in tables),
    }


def rollback(home: Home, to: str | None) -> dict[str, Any]:
    """Turn `current` to an earlier release and note it in the record of refreshes; PostgreSQL follows."""
    receipt = files.rollback(home.root, to)
    with resources.warehouse(home) as con:
        files.remember_publication(con, home.root)
        audit_log.append(home, "rollback", "published", con, **_published(home, receipt))
    return {
        "refresh_id": receipt["refresh_id"],
        "as_at": receipt["as_at"],
        "postgres": mirror.follow(home),
    }


def _published(home: Home, receipt: dict[str, Any]) -> dict[str, Any]:
    """What the audit log says of a release: its counts, and the hash of the receipt, which names every file's."""
    folder = releases.published_folder(home.root) / receipt["refresh_id"]
    return {
        "refresh_id": receipt["refresh_id"],
        "as_at": receipt["as_at"],
        "inputs": receipt["inputs"],
        "receipt": releases.file_facts(folder / releases.RECEIPT)["sha256"],
        "rows": {name: sum(t["rows"] for t in tables.values()) for name, tables in receipt["tables"].items()},
    }
