"""Which drops of the landing folder are ready to be judged.

Belongs here: folders, file names, links, whether a drop is complete, and what was judged before. Does not
belong here: opening a file (read.py, workbook.py), judging and storing it (load.py).

A name is always taken literally: `a=b` is no partition and `[1]` is no pattern. Nothing is followed out of
the folder of the authority. Whatever is told or stored of a name is text (`shown_name`): a file system allows bytes
that are none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingest.profile import Profile
from ingest.tables import insert_rows

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOST_NS = 2**63 - 1  # what a column holds: the year 2262


@dataclass(frozen=True)
class LandedFile:
    """A file of a drop; `fault` is a reason code and detail when it must not be opened.

    `name` is what logs show; which feeds the file carries is told by the name of `path`.
    """

    name: str
    path: Path
    size_bytes: int
    modified_ns: int
    fault: tuple[str, str] | None = None


@dataclass(frozen=True)
class Drop:
    """Files of one authority and day that wait to be judged, in the order of their names."""

    authority: str
    extract_on: date
    files: tuple[LandedFile, ...]

    @property
    def scope(self) -> str:
        """How logs and verdicts name the drop."""
        return f"{self.authority}/{self.extract_on}"


def pending_drops(
    con: duckdb.DuckDBPyConnection,
    landing: Path,
    profiles: dict[str, Profile],
    settle_seconds: float,
    now: datetime,
    accept: Collection[str] = (),
    unusable: Collection[str] = (),
) -> list[Drop]:
    """The complete drops with files that were not judged as they are now, oldest day first.

    A file that was refused is judged again when its profile has changed, when `accept` (AUTHORITY/FEED) names
    one of its feeds, or with another file of its feed that came later to the same drop. Writes load-log rows
    for what is not read: `ignored` and `refused` once, `waiting` each time; drops of an authority in `unusable`
    wait until its profile can be read. `now` is UTC.
    """
    if not Path(landing).is_dir():
        return []
    survey = _Survey(con, Path(landing), _as_utc(now), settle_seconds, frozenset(accept), frozenset(unusable))
    for folder in sorted(Path(landing).iterdir()):
        survey.look_at_authority(folder, profiles.get(folder.name))
    insert_rows(con, "raw.load_log", survey.log_rows)
    return sorted(survey.drops, key=lambda drop: (drop.extract_on, drop.authority))


class _Survey:
    """One walk over the landing folder: drops found and log rows to be written."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        landing: Path,
        now: datetime,
        settle_seconds: float,
        accept: frozenset,
        unusable: frozenset,
    ):
        self.root = landing.resolve()
        self.now = now
        self.settle_seconds = settle_seconds
        self.accept = accept
        self.unusable = unusable
        self.drops: list[Drop] = []
        self.log_rows: list[dict[str, Any]] = []
        self.refresh_id = con.execute("select refresh_id from raw.this_refresh").fetchall()[0][0]
        # What was said of what was not read, and since when it is said.
        self.told = {
            tuple(said): since.replace(tzinfo=UTC)
            for *said, since in con.execute(
                "select authority, extract_on, file_name, outcome, message, min(logged_at) from raw.load_log "
                "where feed is null group by all"
            ).fetchall()
        }
        self.landed = {
            (authority, day, name): tuple(rest)
            for authority, day, name, *rest in con.execute(
                "select authority, extract_on, file_name, size_bytes, modified_ns, profile_hash "
                "from raw.landed_files"
            ).fetchall()
        }
        self.last_outcomes = {
            (authority, day, name, feed, system): outcome
            for authority, day, name, feed, system, outcome in con.execute(
                "select authority, extract_on, file_name, feed, source_system, outcome from raw.load_log "
                "where feed is not null order by logged_at, outcome"
            ).fetchall()
        }

    def look_at_authority(self, folder: Path, profile: Profile | None) -> None:
        if not folder.is_dir():
            self.log(None, None, folder.name, "ignored", "this file lies outside every authority's folder")
            return
        if not self.is_inside(folder, self.root):
            self.log(folder.name, None, None, "refused", "the folder is a link out of the landing folder")
            return
        for day_folder in sorted(folder.iterdir()):
            if not day_folder.is_dir():
                message = "this file lies outside the folder of a day (YYYY-MM-DD)"
                self.log(folder.name, None, day_folder.name, "ignored", message)
                continue
            extract_on = _read_day(day_folder.name)
            if not self.is_inside(day_folder, self.root / folder.name):
                message = "the folder is a link out of the authority's folder"
                self.log(folder.name, extract_on, day_folder.name, "refused", message)
            elif extract_on is None:
                message = "the folder's name is not a day (YYYY-MM-DD): rename it"
                self.log(folder.name, None, day_folder.name, "refused", message)
            elif folder.name in self.unusable:
                message = f"the profile {folder.name}.yml cannot be used: see `lado profile check`"
                for name in sorted(shown_name(path.name) for path in day_folder.iterdir()):
                    if (folder.name, extract_on, name) not in self.landed:
                        self.log(folder.name, extract_on, name, "waiting", message)
            elif profile is None:
                message = (
                    f"no profile {shown_name(folder.name)}.yml was found: add it to the folder of profiles, or rename "
                    "the folder if it is meant for another authority"
                )
                for name in sorted(path.name for path in day_folder.iterdir()) or [None]:
                    self.log(folder.name, extract_on, name, "refused", message)
            else:
                self.look_at_drop(day_folder, extract_on, profile)

    def look_at_drop(self, folder: Path, extract_on: date, profile: Profile) -> None:
        authority = profile.authority
        found: list[LandedFile] = []
        for path in sorted(folder.iterdir()):
            if path.name == profile.marker:
                continue
            sources = profile.sources_of(path.name)
            if not sources:
                self.log(
                    authority,
                    extract_on,
                    path.name,
                    "ignored",
                    "no feed of the profile has files of this name",
                )
                continue
            found.append(self.describe(path))
        pending = self.pending_of(found, extract_on, profile)
        if not pending:
            return
        reason = self.waits_for(folder, extract_on, profile)
        moving: dict[str, str] = {}
        if reason is None and profile.marker is None:
            moving = {one.name: words for one in found if (words := self.moves(one, authority, extract_on))}
            reason = next(iter(moving.values()), None)
        if reason is None:
            self.drops.append(Drop(authority, extract_on, tuple(pending)))
            return
        for landed in pending:
            self.log(authority, extract_on, landed.name, "waiting", moving.get(landed.name, reason))

    def describe(self, path: Path) -> LandedFile:
        fault, size, modified = None, 0, 0
        name = shown_name(path.name)
        if name != path.name:
            fault = ("unusable_name", "the file's name is not in UTF-8: rename it")
        elif not self.is_inside(path, path.parent.resolve()):
            fault = ("outside_landing", "the file is a link to another folder: copy the file itself")
        elif not path.is_file():
            fault = ("cannot_open", "this is not a plain file")
        else:
            told = path.stat()
            size, modified = told.st_size, min(max(told.st_mtime_ns, -_MOST_NS), _MOST_NS)
        return LandedFile(name, path, size, modified, fault)

    def is_inside(self, path: Path, folder: Path) -> bool:
        """Whether the path, links followed, lies in the folder (or is broken, which opening it will tell)."""
        try:
            return path.resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError):
            return False

    def pending_of(self, found: list[LandedFile], extract_on: date, profile: Profile) -> list[LandedFile]:
        """Those of a drop's files that are to be judged now.

        All files of a feed are one extract: one that was refused because the others had not come yet is judged
        again together with them.
        """
        pending = [landed for landed in found if self.is_pending(landed, extract_on, profile)]
        feeds = {
            (one.feed, one.source_system) for file in pending for one in profile.sources_of(file.path.name)
        }
        return [
            landed
            for landed in found
            if landed in pending
            or any(
                self.last_outcomes.get((profile.authority, extract_on, landed.name, *feed)) == "refused"
                for feed in feeds
            )
        ]

    def is_pending(self, landed: LandedFile, extract_on: date, profile: Profile) -> bool:
        at = (profile.authority, extract_on, landed.name)
        known = self.landed.get(at)
        if known is None or known[:2] != (landed.size_bytes, landed.modified_ns):
            return True
        for source in profile.sources_of(landed.path.name):
            outcome = self.last_outcomes.get((*at, source.feed, source.source_system))
            is_allowed = f"{profile.authority}/{source.feed}" in self.accept
            if outcome is None or (outcome == "refused" and (is_allowed or known[2] != profile.profile_hash)):
                return True
        return False

    def moves(self, landed: LandedFile, authority: str, extract_on: date) -> str | None:
        """What shows that a file may still be being written; None when it has been still.

        A time in the future says nothing about that: whoever set it has another clock. Then the file is still when
        it was seen at an earlier refresh as it is now.
        """
        seen = (landed.size_bytes, landed.modified_ns)
        is_judged = self.landed.get((authority, extract_on, landed.name), ())[:2] == seen
        age_seconds = self.now.timestamp() - landed.modified_ns / 1e9
        if self.settle_seconds <= 0 or is_judged or age_seconds >= self.settle_seconds:
            return None
        if age_seconds >= 0:
            return f"the files have not been still for {self.settle_seconds:g} seconds yet"
        moment = datetime.fromtimestamp(landed.modified_ns / 1e9, UTC)
        words = (
            f"the time of {landed.name} lies in the future ({moment:%Y-%m-%d %H:%M:%S} UTC), a clock is off: it is "
            f"read at the next refresh, unless it is changed before ({landed.size_bytes} bytes now)"
        )
        since = self.told.get((authority, extract_on, landed.name, "waiting", words))
        is_still = since is not None and (self.now - since).total_seconds() >= self.settle_seconds
        return None if is_still else words

    def waits_for(self, folder: Path, extract_on: date, profile: Profile) -> str | None:
        """What the drop as a whole still waits for; None when it is there."""
        if extract_on > (self.now + timedelta(days=1)).date():
            return f"the drop is dated in the future ({extract_on}): it is read when that day has come"
        if profile.marker is not None:
            is_marked = (folder / profile.marker).is_file()
            return None if is_marked else f"the marker file {profile.marker} is not there yet"
        return None

    def log(
        self, authority: str | None, extract_on: date | None, name: str | None, outcome: str, message: str
    ) -> None:
        authority, name = (one and shown_name(one) for one in (authority, name))
        if outcome != "waiting" and (authority, extract_on, name, outcome, message) in self.told:
            return
        named = ("rows_read", "rows_loaded", "rows_quarantined", "rows_deduplicated", "rows_erased")
        counts = dict.fromkeys(named, 0)
        self.log_rows.append(
            {
                "authority": authority,
                "extract_on": extract_on,
                "file_name": name,
                **counts,
                "outcome": outcome,
                "message": message,
                "refresh_id": self.refresh_id,
                "logged_at": datetime.now(UTC).replace(tzinfo=None),
            }
        )


def shown_name(name: str) -> str:
    """The name of a file or folder as text; bytes that are not UTF-8 as \\xff and the like."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _read_day(name: str) -> date | None:
    try:
        return date.fromisoformat(name) if _DAY.fullmatch(name) else None
    except ValueError:
        return None


def _as_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
