"""What every station's run has in common: its seconds, and an error that names nobody.

Belongs here: timing and the one place where an exception is turned into words.
Does not belong here: the stations' work.
"""

from __future__ import annotations

import contextlib
import re
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OURS = ("ingest", "expectations", "matching", "publish", "orchestration", "synthetic")

SECONDS: dict[str, float] = {}
"""Wall seconds by station of the refresh this process runs or ran last (`refresh --json`, `seconds`)."""


# What a machine refuses, as the system and the two databases word it, and what an operator can do about it. Only these
# fixed words are told, whatever else the error says.
_LOOK_AT_THE_DISK = (
    "the disk answered with an input/output error; look at the disk (is it full?), "
    "then run `lado refresh` again"
)
_RECORD_IS_DAMAGED = (
    "Dagster's record of runs is damaged; move the folder `dagster` out of the home "
    "and run `lado refresh` again"
)
REFUSALS = {
    "No space left on device": "the disk is full; make room and run `lado refresh` again",
    "database or disk is full": "the disk is full; make room and run `lado refresh` again",
    "File too large": "the system lets this account write no larger file; raise the limit (ulimit -f)",
    "Disk quota exceeded": "the disk quota of this account is used up; make room and run `lado refresh` again",
    "Read-only file system": "the disk is read-only; mount it for writing and run `lado refresh` again",
    "readonly database": "the disk is read-only; mount it for writing and run `lado refresh` again",
    "Permission denied": "this account may not write or read there; give it the home folder (chown) and run again",
    "Operation not permitted": "this account may not write there; give it the home folder (chown) and run again",
    "Input/output error": _LOOK_AT_THE_DISK,
    "disk I/O error": _LOOK_AT_THE_DISK,
    "fsync failed": _LOOK_AT_THE_DISK,
    "database disk image is malformed": _RECORD_IS_DAMAGED,
    "file is not a database": _RECORD_IS_DAMAGED,
    "Could not set lock on file": "another program has the warehouse open; wait for it or close it, and try again",
    "we can only read versions between": "the warehouse was written by a newer DuckDB; install the locked versions",
}

# How DuckDB 2.0 words what it finds in a file that is not as it wrote it: every block carries a checksum, and so does
# every entry of the write-ahead log.
DAMAGE = (
    "Corrupt database file",
    "Corrupt WAL file",
    "not a valid DuckDB database file",
    "Could not read enough bytes",
    "WAL does not match database file",
)


class StationFailed(RuntimeError):
    """A station stopped. The message names the station and the kind of fault, never a value of the data.

    kind: the class of the fault, for whoever must tell one from another (exit codes).
    """

    def __init__(self, message: str, kind: str = ""):
        super().__init__(message)
        self.kind = kind


class HeldByGate(RuntimeError):
    """The publication gate found what must not be published; the last publication stands."""


def in_plain_words(error: BaseException) -> str:
    """The error as it may be logged.

    Errors of our own classes are written without data values and pass whole. Every other library may
    quote the value it choked on (DuckDB quotes the whole line), so of those only the kind and the lines
    of code passed on the way are told.
    """
    if type(error).__module__.split(".")[0] in OURS:
        return str(error)
    refusal = refused_by_the_machine(str(error))
    if refusal:
        return refusal
    places = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)  # code that was written by code has no file: "<string>"
        if path.parent.name in OURS:
            places.append(f"{path.parent.name}/{path.name}:{frame.lineno}")
    return f"{type(error).__name__} at {' > '.join(places) or 'an unknown place'}"


def refused_by_the_machine(message: str) -> str | None:
    """What the system would not do, or found broken, and what to do about it; None when it was not the system."""
    told = next((told for words, told in REFUSALS.items() if words in message), None)
    if told is None and any(words in message for words in DAMAGE):
        told = "the warehouse is damaged; `lado refresh` sets it aside and builds it anew"
    return told


_OURS = "|".join(re.escape(module) for module in (__name__, "orchestration.resources"))
"""Modules whose own errors carry words of ours alone: what a station says, what a home lacks or who holds it."""


def told_of(failure: Any) -> str:
    """What may be told of a failure as Dagster keeps it (its SerializableErrorInfo).

    Dagster wraps the exception, and writes its class in front of its words. Only those of _OURS are free of values;
    what fails in Dagster itself is told by what the machine refused, or by its kind.
    """
    while failure.cause is not None:
        failure = failure.cause
    told = re.match(rf"(?:{_OURS})\.\w+: (.*)", failure.message.strip(), re.DOTALL)
    if told:
        return told[1]
    return f"the record of the run: {refused_by_the_machine(failure.message) or failure.cls_name}"


@contextlib.contextmanager
def station(name: str) -> Iterator[None]:
    """Time a station and let none of its errors carry data onwards.

    Raises StationFailed for everything but HeldByGate; `from None`, because a traceback and Dagster's storage
    would else write down what it came from, with the message that may quote a value.
    """
    started = time.perf_counter()
    words, kind = None, ""
    try:
        yield
    except (HeldByGate, StationFailed):
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, its own text must not travel on
        words, kind = in_plain_words(error), type(error).__name__
    finally:
        SECONDS[name] = round(SECONDS.get(name, 0.0) + time.perf_counter() - started, 3)
    if words:
        raise StationFailed(f"{name}: {words}", kind) from None
