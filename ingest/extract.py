"""One landed file, read once however many feeds it carries.

Belongs here: bytes, content hash, and each sheet read the first time that a source asks for it. Does not
belong here: splitting into cells (read.py, workbook.py), judging (interpret.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ingest.feeds import normalise_wording
from ingest.landing import LandedFile
from ingest.profile import Source
from ingest.read import Table, Unreadable, read_csv
from ingest.workbook import Workbook


class Extract:
    """One landed file: its bytes read once, each of its sheets once."""

    def __init__(self, landed: LandedFile):
        self.landed = landed
        self.content_hash: str | None = None
        self._fault: Unreadable | None = Unreadable(*landed.fault) if landed.fault else None
        self._data = b""
        self._workbook: Workbook | None = None
        self._tables: dict[tuple, Table | Unreadable] = {}
        if self._fault is None:
            try:
                self._data = landed.path.read_bytes()
                self.content_hash = hashlib.sha256(self._data).hexdigest()
            except OSError as error:
                self._fault = Unreadable("cannot_open", error.strerror or "the file cannot be opened")

    def table(self, source: Source) -> Table:
        """The sheet that the source describes. Raises Unreadable, the same each time."""
        if self._fault:
            raise self._fault
        how = sheet_of(source)
        if how not in self._tables:
            try:
                self._tables[how] = self._read(source)
            except Unreadable as fault:
                self._tables[how] = fault
        found = self._tables[how]
        if isinstance(found, Unreadable):
            raise found
        return found

    def _read(self, source: Source) -> Table:
        if source.format == "csv":
            return read_csv(self._data, source.encoding, source.delimiter, source.quote)
        self._workbook = self._workbook or Workbook(self._data)
        return self._workbook.read(source.sheet)


def sheet_of(source: Source) -> tuple:
    """What tells one sheet of a file from another: sources that agree in it read the same rows."""
    if source.format == "csv":
        return (source.encoding, source.delimiter, source.quote)
    return (source.sheet,)


def headings_taken(source: Source, beside: Iterable[Source]) -> set[str]:
    """Normalised headings that any source of the same sheet uses; whatever else stands there is extra."""
    same = [other for other in beside if sheet_of(other) == sheet_of(source)]
    used = [heading for other in same for headings in other.headings.values() for heading in headings]
    marks = [heading for other in same for heading in other.rows_when or ()]
    return {normalise_wording(heading) for heading in (*used, *marks)}
