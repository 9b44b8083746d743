"""Watch chosen system calls of a process from outside, and decide of each whether it goes on, fails or kills.

Belongs here: the seccomp filter, the loop of its listener, what a call is about. Does not belong here: what is tried.

The kernel's seccomp user notification (Linux 5.5 and later) stops the calling thread before the call is carried out
and asks a listener. Nothing of the program under test is changed, every thread and every library is seen (Python,
DuckDB, SQLite), and nothing has to be installed.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import reduction
from typing import Any

NUMBERS = {
    "x86_64": {
        "write": 1, "pwrite64": 18, "fsync": 74, "fdatasync": 75, "ftruncate": 77, "rename": 82, "unlink": 87,
        "unlinkat": 263, "renameat": 264, "renameat2": 316, "pread64": 17,
    },
    "aarch64": {
        "write": 64, "pwrite64": 68, "fsync": 82, "fdatasync": 83, "ftruncate": 46, "unlinkat": 35, "renameat": 38,
        "renameat2": 276, "pread64": 67,
    },
}.get(platform.machine(), {})  # fmt: skip
IS_AVAILABLE = platform.system() == "Linux" and bool(NUMBERS)

DURABLE = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "fsync", "fdatasync")
"""The calls after which a kill leaves something else behind than before them."""
OF_A_PATH = {"rename": 0, "unlink": 0, "unlinkat": 1, "renameat": 1, "renameat2": 1}

GO, KILL = 0, -1
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_LET_IT_GO_ON = 1


@dataclass(frozen=True)
class Call:
    """The number-th watched call of a process: which one, and on which path as far as that can be told."""

    number: int
    name: str
    path: str


def watch_me(to_listener: Any, names: Iterable[str]) -> None:
    """Put this process and all that it starts under watch; hand the listener's end through a Connection."""
    numbers = [NUMBERS[name] for name in names if name in NUMBERS]
    load, jump_if_equal, answer = 0x20, 0x15, 0x06
    program = [(load, 0, 0, 0)]
    program += [(jump_if_equal, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    program += [(answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x7FC00000)]  # allow; ask the listener
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    described = ctypes.create_string_buffer(struct.pack("H6xQ", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # no new privileges: needed by an account without rights, harmless for others
    seccomp = 317 if platform.machine() == "x86_64" else 277
    listener = libc.syscall(seccomp, 1, 8, described)  # set a filter, with a listener
    if listener < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    reduction.send_handle(to_listener, listener, os.getppid())
    os.close(listener)


def listen(from_process: Any, pid: int, decide: Callable[[Call], int]) -> int:
    """Answer every watched call of the process until it ends: GO, KILL (before the call is carried out), or an errno.

    Returns how many calls were met. The caller reaps the process.
    """
    listener = reduction.recv_handle(from_process)
    names = {number: name for name, number in NUMBERS.items()}
    met = 0
    try:
        while True:
            ready = select.poll()
            ready.register(listener, select.POLLIN)
            ((_, event),) = ready.poll() or ((0, select.POLLHUP),)
            if not event & select.POLLIN:
                return met
            asked = bytearray(80)
            try:
                fcntl.ioctl(listener, _RECEIVE, asked)
            except OSError as error:  # the thread was killed while it waited
                if error.errno in {errno.ENOENT, errno.EINTR}:
                    continue
                raise
            key, thread, _, number = struct.unpack_from("QIIi", asked)
            arguments = struct.unpack_from("6Q", asked, 32)
            met += 1
            verdict = decide(Call(met, names[number], _path(thread, names[number], arguments)))
            if verdict == KILL:
                os.kill(pid, signal.SIGKILL)
                return met
            answer = struct.pack("QqiI", key, 0, -verdict, 0 if verdict else _LET_IT_GO_ON)
            try:
                fcntl.ioctl(listener, _SEND, answer)
            except OSError as error:
                if error.errno != errno.ENOENT:
                    raise
    finally:
        os.close(listener)


def _path(thread: int, name: str, arguments: tuple[int, ...]) -> str:
    try:
        if name not in OF_A_PATH:
            return os.readlink(f"/proc/{thread}/fd/{arguments[0]}")
        with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
            memory.seek(arguments[OF_A_PATH[name]])
            return memory.read(4096).split(b"\0", 1)[0].decode(errors="replace")
    except OSError:
        return ""
