"""What runs in the process of its own that splits extracts into cells (reader.py starts it).

Belongs here: the limits that the process puts on itself, and its loop of question and answer. Does not belong here:
how an extract is read (read.py, workbook.py).

Run as a script, never imported. The package is stood up empty, because its front door would bring DuckDB and
pydantic along: half a second of every night, and memory that a parser does not need.
"""

from __future__ import annotations

import json
import sys
import types

sys.dont_write_bytecode = True
_package = types.ModuleType("ingest")
_package.__path__ = [__file__.rpartition("/")[0] or __file__.rpartition("\\")[0]]
sys.modules["ingest"] = _package

from ingest.read import Table, Unreadable, read_csv  # noqa: E402

try:
    import resource
except ImportError:  # Windows has no such limits: there the reader's own clock stands alone
    resource = None


def limit_itself(memory_bytes: int) -> None:
    """No more memory than this, no file written, no core dump (it would hold the extract), no other program."""
    if resource is None:
        return
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (OSError, ValueError):
            continue  # macOS knows some of them in name only


def limit_next_question(seconds: int) -> None:
    """End the process when one question takes more processor time, even if nobody waits for the answer any more."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


class Reading:
    """The extract in hand: one workbook is opened once for all its sheets."""

    def __init__(self) -> None:
        self.data = b""
        self.workbook = None

    def table(self, data: bytes, how: list[str]) -> Table:
        """The sheet as text. Raises Unreadable."""
        kind, *rest = how
        if kind == "csv":
            return read_csv(data, *rest)
        if self.workbook is None or data != self.data:
            from ingest.workbook import Workbook

            self.workbook, self.data = None, data
            self.workbook = Workbook(data)
        return self.workbook.read(*rest)


def answer(reading: Reading, data: bytes, how: list[str]) -> dict:
    """The sheet, or the fault of the file, as plain JSON values."""
    try:
        table = reading.table(data, how)
    except Unreadable as fault:
        return {"reason": fault.reason, "detail": fault.detail}
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a file nobody foresaw must not stop its neighbours
        # What the error says may quote the content, so only its kind is passed on.
        return {"reason": "reader_failed", "detail": f"the reader stopped at a {type(error).__name__}"}
    bad = [(one.line, one.reason, one.text) for one in table.bad_lines]
    return {**vars(table), "bad_lines": bad}


def main() -> None:
    """Answer until there are no more questions. A message is its length in 8 bytes, then its bytes."""
    memory_bytes, seconds = int(sys.argv[1]), int(sys.argv[2])
    sys.path[:] = json.loads(sys.argv[3])
    limit_itself(memory_bytes)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    reading = Reading()
    while head := questions.read(8):
        how = json.loads(questions.read(int.from_bytes(head, "little")))
        data = questions.read(int.from_bytes(questions.read(8), "little"))
        limit_next_question(seconds)
        try:
            said = json.dumps(answer(reading, data, how)).encode()
        except MemoryError:
            reading = Reading()
            told = f"reading it takes more memory than {memory_bytes // 1_000_000} MB"
            said = json.dumps({"reason": "bomb", "detail": told}).encode()
        answers.write(len(said).to_bytes(8, "little"))
        answers.write(said)
        answers.flush()


main()
