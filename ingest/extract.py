"""One landed file, read once however many feeds it carries.

Belongs here: bytes, content hash, and each sheet read the first time that a source asks for it. Does not
belong here: splitting into cells (reader.py), judging (interpret.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ingest.feeds import normalise_wording
from ingest.landing import LandedFile
from ingest.profile import Source
from ingest.read import Table, Unreadable
from ingest.reader import Reader, Stopped

MAX_FILE_BYTES = 40_000_000  # as text 30 MB take 500 MB to read; a year of Kent has 1 MB in its largest file


class Extract:
    """One landed file: its bytes read once, each of its sheets once."""

    def __init__(self, landed: LandedFile, reader: Reader):
        self._reader = reader
        self.content_hash: str | None = None
        self._fault: Unreadable | None = Unreadable(*landed.fault) if landed.fault else None
        self._data = b""
        self._tables: dict[tuple[str, ...], Table | Unreadable] = {}
        if self._fault is None:
            try:
                self._take(landed.path)
            except OSError as error:
                self._fault = Unreadable("cannot_open", error.strerror or "the file cannot be opened")

    def _take(self, path: Path) -> None:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            most = MAX_FILE_BYTES // 1_000_000
            self._fault = Unreadable(
                "too_large", f"the file has more than {most} MB: export fewer years at once"
            )
            return
        self._data = data
        self.content_hash = hashlib.sha256(data).hexdigest()

    def table(self, source: Source) -> Table:
        """The sheet that the source describes. Raises Unreadable, the same each time."""
        if self._fault:
            raise self._fault
        how = sheet_of(source)
        if how not in self._tables:
            try:
                self._tables[how] = self._reader.table(self._data, how)
            except Stopped as fault:
                self._fault = fault
                raise
            except Unreadable as fault:
                self._tables[how] = fault
        found = self._tables[how]
        if isinstance(found, Unreadable):
            raise found
        return found


def sheet_of(source: Source) -> tuple[str, ...]:
    """What tells one sheet of a file from another: sources that agree in it read the same rows."""
    if source.format == "csv":
        return ("csv", source.encoding, source.delimiter, source.quote)
    return ("xlsx", source.sheet or "")


def headings_taken(source: Source, beside: Iterable[Source]) -> set[str]:
    """Normalised headings that any source of the same sheet uses; whatever else stands there is extra."""
    same = [other for other in beside if sheet_of(other) == sheet_of(source)]
    used = [heading for other in same for headings in other.headings.values() for heading in headings]
    marks = [heading for other in same for heading in other.rows_when or ()]
    return {normalise_wording(heading) for heading in (*used, *marks)}
