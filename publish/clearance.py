"""May these very marts leave? The verdict is read again at the door, so nothing walks round the gate.

Belongs here: the conditions that every way out shares (files now, other targets later).
Does not belong here: judging the marts (`expectations/`), writing anything.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb


class NotCleared(Exception):
    """Publication is refused; the message says which condition fails. The last publication stands."""


@dataclass(frozen=True)
class Clearance:
    """A passing verdict and the marts it was passed for."""

    refresh_id: str
    marts_fingerprint: str
    judged_at: dt.datetime


def clear(con: duckdb.DuckDBPyConnection, refresh_id: str) -> Clearance:
    """The passing publication verdict of this refresh, provided it was passed for the marts as they are now.

    Reads raw.this_refresh, quality.verdicts (the latest of this refresh's publication gate) and
    quality.marts_fingerprint. Raises NotCleared when the warehouse holds another refresh, no verdict was
    given, the verdict does not pass, or the marts were changed after it.
    """
    held = [row[0] for row in con.execute("select refresh_id from raw.this_refresh").fetchall()]
    if held != [refresh_id]:
        raise NotCleared(
            f"refresh {refresh_id} is not the one in the warehouse ({', '.join(map(str, held)) or 'none'}); "
            "run `lado refresh`"
        )
    return clear_judged(con, refresh_id)


def clear_judged(con: duckdb.DuckDBPyConnection, refresh_id: str) -> Clearance:
    """As `clear`, whichever refresh the warehouse has begun since: after a night without news the marts still are
    those of the refresh that built them.
    """
    verdicts = con.execute(
        "select passed, marts_fingerprint, cast(stopping_checks as varchar), judged_at from quality.verdicts "
        "where gate = 'publication' and refresh_id = ? order by judged_at desc, passed limit 1",
        [refresh_id],
    ).fetchall()
    if not verdicts:
        raise NotCleared(
            f"refresh {refresh_id} has no verdict of the publication gate: it brought nothing new, or it did not come "
            "so far. What is published stands; `lado refresh` judges and publishes what is new"
        )
    passed, judged, stopping, judged_at = verdicts[0]
    if not passed:
        raise NotCleared(
            f"the publication gate holds refresh {refresh_id}: {stopping or 'no check named'}; "
            "`lado findings` lists the records to mend"
        )
    now = marts_fingerprint(con)
    if not judged or judged != now:
        raise NotCleared(
            f"the marts are no longer those the publication gate passed in refresh {refresh_id}: they were "
            "changed after the verdict; run `lado refresh` so that they are judged again"
        )
    return Clearance(refresh_id, now, judged_at)


def marts_fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """The fingerprint of the marts as they are now: the formula is the gate's, kept in the warehouse itself.

    Raises NotCleared when it cannot be taken: a table of the judged marts is gone, or no gate ever ran.
    """
    try:
        return con.execute("select fingerprint from quality.marts_fingerprint").fetchall()[0][0]
    except duckdb.Error:
        pass
    raise NotCleared(
        "the marts in the warehouse are not those the publication gate judged: a table it saw is missing; "
        "run `lado refresh`"
    )
