"""Which columns a file no longer has although the extract before it filled them.

Belongs here: comparing the headings of a day's files with what the extract before held. Does not belong here: what
becomes of such a file (the arrival gate), headings without which no file is read (interpret.py).
"""

from __future__ import annotations

from datetime import date

import duckdb

from ingest.known_keys import IN_FORCE


def find_lost_columns(con: duckdb.DuckDBPyConnection, authority: str, extract_on: date) -> None:
    """Write arriving.files.lost_columns: columns of a file without a heading that, in the extract before, every file of
    its feed and source system filled in half of its rows or more.

    Where one of several files never had the column (a list without area, say) nothing tells which it is: nothing is
    lost then. A column that few rows ever filled may go unseen.
    """
    lacking = con.execute(
        "select file_key, feed, source_system, content_hash, absent_columns from arriving.files "
        "where len(absent_columns) > 0 order by all"
    ).fetchall()
    for feed, system in sorted({(feed, system) for _key, feed, system, *_rest in lacking}):
        absent = sorted(
            {name for _key, *source, _hash, names in lacking if source == [feed, system] for name in names}
        )
        always_filled = ", ".join(f"bool_and(2 * filled_{at} >= records)" for at in range(len(absent)))
        filled = ", ".join(f'count("{name}") as filled_{at}' for at, name in enumerate(absent))
        before = con.execute(
            f"""
            with earlier as (
                select extract_on, content_hash from raw.load_log
                where authority = $authority and feed = $feed and source_system = $system
                    and extract_on < $day and outcome in {IN_FORCE}
            ),
            last as (
                select distinct content_hash from earlier
                where extract_on = (select max(extract_on) from earlier)
            ),
            files as (
                select _content_hash, count(*) as records, {filled}
                from raw.{feed}
                where _authority = $authority and _source_system = $system
                    and _content_hash in (select content_hash from last)
                group by _content_hash
            )
            select {always_filled} from files
            """,
            {"authority": authority, "feed": feed, "system": system, "day": extract_on},
        ).fetchall()[0]
        known = {name for name, was_filled in zip(absent, before, strict=True) if was_filled}
        for key, *source, _hash, names in lacking:
            if source == [feed, system] and known.intersection(names):
                con.execute(
                    "update arriving.files set lost_columns = ? where file_key = ?",
                    [[name for name in names if name in known], key],
                ).fetchall()
