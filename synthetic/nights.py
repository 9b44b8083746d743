"""What the recording system knows on a given night: cases move on, are corrected, are entered late and
vanish.

Here: the view of all records as at a night, and the entries that change during the run of nights. Not here:
files.
"""

from __future__ import annotations

import numpy as np

from ingest.feeds import read_feeds
from synthetic.cases import Records

# Days that stand for something done: they are not known before they come. (An incident or a due date may lie
# ahead.)
_KNOWN_WHEN_DONE = {
    feed.name: [
        c.name for c in feed.columns.values() if c.type == "date" and c.name not in ("due_on", "incident_on")
    ]
    for feed in read_feeds().values()
}
_DATED_AHEAD = {"training": "held_on"}  # sessions are booked before they are held


def known_on(
    records: Records, night: int, since: int | None = None, days_ahead: bool = False
) -> dict[str, list[dict]]:
    """The records of each feed as the system held them on the evening of `night`.

    `since` is the night before: feeds that send changes only (match_decisions) give what was entered after
    it. With `days_ahead` a day after the night stays, as in a system that nobody checks."""
    held: dict[str, list[dict]] = {}
    for feed, rows in records.feeds.items():
        dates = [c for c in _KNOWN_WHEN_DONE[feed] if _DATED_AHEAD.get(feed) != c]
        here = held[feed] = []
        for row in rows:
            if row["_entered"] > night or row.get("_left", night + 1) <= night:
                continue
            if feed == "match_decisions" and since is not None and row["_entered"] <= since:
                continue
            here.append(_as_it_was(row, night, [] if days_ahead else dates))
    return held


def _as_it_was(row: dict, night: int, done: list[str]) -> dict:
    """The record on that night: what was done later is not there yet, and later changes are not made."""
    ahead = [column for column in done if isinstance(row[column], int) and row[column] > night]
    changes = [(column, value) for day, column, value in row.get("_changes", ()) if day <= night]
    if not ahead and not changes:
        return row
    was = {**row, **dict.fromkeys(ahead), **dict(changes)}
    if "closed_on" in ahead and "status" in was:
        was["status"] = "open"
    return was


def let_the_nights_pass(
    rng: np.random.Generator, records: Records, first: int, last: int, until: int
) -> None:
    """Corrections and mistakes during the nights from `first` to `last`; all are put right by `until`, so
    that the drop of that night holds the true figures. Does nothing for a single night."""
    end = min(last, until)
    if end - first < 2:
        return
    referrals = [r for r in records.feeds["referrals"] if r["_entered"] < first]
    contacts = [r for r in records.feeds.get("contacts", []) if r["_entered"] < first]
    for record in _some(rng, referrals, 8):
        _correct(rng, record, "police_involved", not record["police_involved"], first, end)
    for record in _some(rng, referrals, 5):
        _correct(rng, record, "area", None, first, end)
    for record in _some(rng, contacts, 8):
        _correct(rng, record, "concern_category", "other", first, end)
    _enter_twice(rng, records.feeds, "referrals", "referral_id", referrals, 3, first, end)
    _enter_twice(rng, records.feeds, "contacts", "contact_id", contacts, 4, first, end)


def _some(rng, items: list, number: int) -> list:
    return [items[i] for i in sorted(rng.permutation(len(items))[:number])]


def _correct(rng, record: dict, column: str, wrong: object, first: int, end: int) -> None:
    """Until some night of the run the record held a wrong value."""
    right = record[column]
    record["_changes"] = [*record.get("_changes", ()), (int(rng.integers(first + 1, end + 1)), column, right)]
    record[column] = wrong


def _enter_twice(
    rng, feeds: dict, feed: str, key: str, rows: list[dict], number: int, first: int, end: int
) -> None:
    """A record entered a second time by mistake on the first night and deleted before the end."""
    for copied, record in enumerate(_some(rng, rows, number), start=1):
        digits = len(record[key]) - len(record[key].rstrip("0123456789"))
        again = record[key][:-digits] + str(10**digits - copied)
        leaves = int(rng.integers(first + 1, end + 1))
        feeds[feed].append({**record, key: again, "_entered": first, "_left": leaves, "_changes": ()})
