"""Runs that are killed or starved, each in a process forked from one that has imported everything already.

Belongs here: what runs in such a process, and starting it. Does not belong here: what is expected of it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from orchestration.resources import Home

from . import syscalls

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.faults.imported"])


def refresh(home: Path, settle_seconds: float = 0.0) -> str:
    """One refresh; its outcome and message."""
    from orchestration.refresh import refresh as run

    told = run(Home(home), settle_seconds=settle_seconds)
    return f"{told.exit_code} {told.outcome}: {told.message}"


def take_in(home: Path) -> str:
    """The door in alone: everything of a refresh that changes what is not built anew each night."""
    from orchestration import arrival

    place = Home(home).prepare()
    told = arrival.take_in(place, None, 0.0, [], "test")
    return f"0 taken in: {told.summary()}"


def write_and_die(home: Path) -> str:
    """Leave a write-ahead log beside the warehouse, as a killed refresh does."""
    from orchestration import resources

    with resources.warehouse(Home(home)) as con:
        con.execute("set checkpoint_threshold = '1GB'")
        con.execute(
            "create table quality.left_over as select i, 'row ' || i as words from range(20000) as t (i)"
        )
        os.kill(os.getpid(), signal.SIGKILL)
    return "not killed"


def stage(home: Path) -> str:
    """The staging models alone."""
    from orchestration import dbt

    place = Home(home).prepare()
    nodes = dbt.parse(place).nodes.values()
    dbt.run(
        place,
        [
            n.unique_id
            for n in nodes
            if n.resource_type in {"model", "seed"} and n.schema in ("staging", "reference")
        ],
    )
    return "0 staged"


def _run(what: Callable[[Path], str], home: Path, names: tuple[str, ...], telling: Any) -> None:
    os.setsid()
    if names:
        syscalls.watch_me(telling, names)
    try:
        said = what(home)
    except BaseException as error:  # noqa: BLE001  whatever ends it is what the test wants to know
        said = f"1 {type(error).__name__}: {error}"
    with contextlib.suppress(OSError):
        telling.send(said)
    sys.stdout.flush()
    os._exit(0)


def start(what: Callable[[Path], str], home: Path, watched: Iterable[str] = ()) -> tuple[Any, Any]:
    """Start it in a process of its own: the process, and the connection on which it says how it ended."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_run, args=(what, home, tuple(watched), theirs))
    process.start()
    theirs.close()
    return process, ours


def run(
    what: Callable[[Path], str],
    home: Path,
    watched: Iterable[str] = (),
    decide: Callable[[syscalls.Call], int] | None = None,
) -> tuple[Any, int]:
    """Run it to its end or its kill: what it said (None when it was killed) and how many watched calls were met."""
    process, told = start(what, home, watched)
    met = syscalls.listen(told, process.pid, decide) if decide else 0
    try:
        said = told.recv()
    except EOFError:
        said = None
    process.join()
    return said, met


def moment() -> dt.datetime:
    """Now, in UTC, as the warehouse writes moments."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)
