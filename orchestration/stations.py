"""What every station's run has in common: its seconds, and an error that names nobody.

Belongs here: timing and the one place where an exception is turned into words.
Does not belong here: the stations' work.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

OURS = ("ingest", "expectations", "matching", "publish", "orchestration", "synthetic")

SECONDS: dict[str, float] = {}
"""Wall seconds by station of the refresh this process runs or ran last (`refresh --json`, `seconds`)."""


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
    places = []
    for frame in traceback.extract_tb(error.__traceback__):
        folder, file = Path(frame.filename).parts[-2:]
        if folder in OURS:
            places.append(f"{folder}/{file}:{frame.lineno}")
    return f"{type(error).__name__} at {' > '.join(places) or 'an unknown place'}"


@contextlib.contextmanager
def station(name: str) -> Iterator[None]:
    """Time a station and let none of its errors carry data onwards.

    Raises StationFailed for everything but HeldByGate; raised outside the handler, so that neither
    Dagster's storage nor a traceback keeps the original message as context.
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
        raise StationFailed(f"{name}: {words}", kind)
