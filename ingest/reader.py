"""Have extracts split into cells by a process of its own, so that a hostile file can stop that process and no more.

Belongs here: starting the process, its limits, asking it, and what its end means for the file in hand. Does not
belong here: how an extract is read (read.py, workbook.py), what the process does (reading_process.py).

The process gets the bytes of a file through a pipe and gives text back as JSON: it is handed no path, no
environment (the secret of the subject keys is in ours) and nothing that could run on the way back. On Windows there
is only the limit by the clock.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ingest.read import BadLine, Table, Unreadable

MEMORY_BYTES = 700_000_000
SECONDS = 20  # of the processor, for one sheet
PATIENCE = 3  # so many times longer by the clock, for a machine that has other work too

_SCRIPT = Path(__file__).with_name("reading_process.py")


class Stopped(Unreadable):
    """A file ended the process that read it, so no other sheet of it is to be tried."""


class Reader:
    """One process at a time, started with the first file and started anew after one that stopped it."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES, seconds: int = SECONDS):
        self.memory_bytes = memory_bytes
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def table(self, data: bytes, how: Sequence[str]) -> Table:
        """A sheet as text. `how` is csv, encoding, delimiter, quote; or xlsx, sheet.

        Raises Unreadable; Stopped when the file takes too much time or crashes the process.
        """
        process = self._process = self._process or self._start()
        said = late = None

        def stop() -> None:
            nonlocal late
            late = True
            process.kill()

        clock = threading.Timer(PATIENCE * self.seconds, stop)
        clock.start()
        try:
            said = _ask(process, json.dumps(how).encode(), data)
        finally:
            clock.cancel()
            if said is None:
                self.close()
        if said is None:
            raise self._why(process.returncode, late)
        told = json.loads(said)
        if "reason" in told:
            raise Unreadable(told["reason"], told["detail"])
        return Table(**{**told, "bad_lines": [BadLine(*bad) for bad in told["bad_lines"]]})

    def _start(self) -> subprocess.Popen[bytes]:
        limits = [str(self.memory_bytes), str(self.seconds)]
        # -I and -S: no variable, no start-up file and no folder of the user changes what runs; where the library
        # for workbooks lies is therefore said.
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SCRIPT), *limits, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a crash prints may quote the content
            env={} if os.name == "posix" else None,  # Windows starts no program without its own variables
        )

    def _why(self, code: int, late: bool | None) -> Stopped:
        """What the end of the process says about the file."""
        if late or (code < 0 and signal.Signals(-code).name == "SIGXCPU"):
            return Stopped("bomb", f"the file was not read in {self.seconds} seconds")
        return Stopped("reader_failed", f"the file stopped the process that reads it (code {code})")


def _ask(process: subprocess.Popen[bytes], how: bytes, data: bytes) -> bytes | None:
    """The answer; None when the process ended without one."""
    questions, answers = process.stdin, process.stdout
    try:
        for part in (how, data):
            questions.write(len(part).to_bytes(8, "little"))
            questions.write(part)
        questions.flush()
        head = answers.read(8)
        said = answers.read(int.from_bytes(head, "little")) if len(head) == 8 else b""
    except OSError:  # it ended while we wrote
        return None
    return said if len(head) == 8 and len(said) == int.from_bytes(head, "little") else None
