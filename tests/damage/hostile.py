"""Hostile packages, one by one: what reading each costs, and whether it leaves anything behind.

Belongs here: measuring. Does not belong here: the packages (kinds_packages.py).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.read import Unreadable
from ingest.reader import Reader

from . import workbooks as books
from .extracts import Sheet


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and the most memory (MB) that the process held, looked at fifty times a second."""

    kind: str
    refusal: str | None
    seconds: float
    megabytes: float


def costs(made: list[Sheet], folder: Path) -> list[Cost]:
    """Every package that must be refused, read in a folder two levels down in which nothing may appear."""
    sheets = [sheet for sheet in made if sheet.sources[0]["format"] == "xlsx"]
    good = books.build(books.grids(sheets))
    deep = folder / "one" / "two"
    deep.mkdir(parents=True)
    found = []
    for kind in books.KINDS:
        if kind.whole and kind.outcome == "refused":
            data = kind.make(good, books.grids(sheets))
            begun = time.perf_counter()
            with contextlib.chdir(deep), Reader() as reader, _watched(reader) as seen:
                refusal = _refusal(reader, data)
            found.append(Cost(kind.name, refusal, time.perf_counter() - begun, max(seen, default=0.0)))
    left = [path for path in folder.rglob("*") if path.is_file()] + [
        Path("/escaped.txt"),
        Path("C:/escaped.txt"),
    ]
    if any(path.exists() for path in left):
        raise AssertionError("a package left a file behind")
    return found


@contextlib.contextmanager
def _watched(reader: Reader) -> Iterator[list[float]]:
    """The peaks of the reading process, in MB. (The system's own count would include what its parent held.)"""
    seen: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            with contextlib.suppress(OSError, AttributeError, StopIteration):
                status = Path(f"/proc/{reader._process.pid}/status").read_text(encoding="ascii")
                seen.append(
                    next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1000
                )

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield seen
    finally:
        over.set()
        watch.join()


def _refusal(reader: Reader, data: bytes) -> str | None:
    try:
        reader.table(data, ("xlsx", books.MAIN_SHEET))
    except Unreadable as fault:
        return fault.reason
    return None
