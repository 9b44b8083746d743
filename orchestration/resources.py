"""Where things are and how they are opened: the home folder, the secret, the warehouse connection, the lock.

Belongs here: everything read from the environment, and nothing else reads it (profiles.yml apart).
Does not belong here: what happens to the data.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import filelock

PROJECT = Path(__file__).resolve().parents[1]
SEEDS = PROJECT / "dbt_project" / "seeds"
CODE_LISTS = SEEDS / "code_lists.csv"
SHORTEST_SECRET = 32  # bytes; a shorter key can be guessed, and the keyed hash with it

DAGSTER_SETTINGS = """\
# Written once by lado; yours to edit. Nothing is sent to anybody, and what a step prints is not kept:
# printed text is the place where a name could slip into storage.
telemetry:
  enabled: false
nux:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
event_log_storage:
  module: orchestration.event_log
  class: OpenEventLog
  config:
    base_dir:
      env: DAGSTER_HOME
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  poll_interval_seconds: 60
concurrency:
  runs:
    max_concurrent_runs: 1
"""


class NotReady(RuntimeError):
    """The home or the environment lacks something; the message says what to set."""


class AnotherRefreshIsRunning(RuntimeError):
    """Somebody else holds the lock of this home."""


@dataclass(frozen=True)
class Home:
    """One installation's folder; every path of a refresh hangs under `root`."""

    root: Path
    extra_profiles: Path | None = None

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    @property
    def dbt(self) -> Path:
        return self.root / "dbt"

    @property
    def manifest(self) -> Path:
        """dbt's manifest.json as the last refresh left it."""
        return self.dbt / "target" / "manifest.json"

    @property
    def quality(self) -> Path:
        return self.root / "quality"

    @property
    def log(self) -> Path:
        return self.root / "logs" / "refresh.log"

    @property
    def demo_marker(self) -> Path:
        return self.root / "DEMO"

    @property
    def demo_key(self) -> Path:
        return self.root / "demo_subject.key"

    @property
    def profile_folders(self) -> list[Path]:
        """Folders of authority profiles: the repository's, then (winning) the council's own."""
        folders = [PROJECT / "ingest" / "profiles"]
        if self.extra_profiles:
            folders.append(self.extra_profiles)
        return folders

    def prepare(self) -> Home:
        """Make the folders, private to this account and its group, and the settings of Dagster.

        Sets the process umask: whatever this process writes is its own account's alone. What others may read
        (published reports) is opened by publish/, and by nobody else.
        """
        os.umask(0o077)
        self.root.mkdir(mode=0o750, parents=True, exist_ok=True)
        for folder in (self.landing, self.dagster, self.dbt, self.quality, self.log.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(self.root)
        settings = self.dagster / "dagster.yaml"
        if not settings.exists():
            write_whole(settings, DAGSTER_SETTINGS)
        os.environ["DAGSTER_HOME"] = str(self.dagster)
        os.environ["LADO_HOME"] = str(self.root)
        # Nothing solved here is large enough for more than one thread of linear algebra; idle ones burn seconds.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if self.extra_profiles:
            os.environ["LADO_PROFILES"] = str(self.extra_profiles)
        os.environ["LADO_WAREHOUSE"] = self.warehouse.name  # dbt runs in the home (dbt.py)
        os.environ["DO_NOT_TRACK"] = "1"
        os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
        # What a run intends, an event for each asset, is stored at once (event_log.py).
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
        return self


def _close_to_others(root: Path) -> None:
    """Take from group and others what they may do in the home, extracts as they were delivered included.

    publish/ sets the modes of releases itself. What belongs to another account stays as it is: the folder around it
    is closed.
    """
    if os.name != "posix":
        return
    for parent, folders, names in os.walk(root):
        here = Path(parent)
        if here == root:
            folders[:] = [name for name in folders if name != "published"]
        for path, most in [
            (here, 0o750 if here == root else 0o700),
            *((here / name, 0o700) for name in names),
        ]:
            with contextlib.suppress(OSError):  # another refresh may have removed it since
                mode = stat.S_IMODE(path.lstat().st_mode)
                if mode & ~most and not path.is_symlink():
                    path.chmod(mode & most)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that other processes of this home read meanwhile: they find the old content or the new one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    beside.replace(path)


def names_in_environment() -> list[str]:
    """The names of all variables of the environment, and no value."""
    return sorted(os.environ)


def home_from_environment(given: str | Path | None = None) -> Home:
    """The home: the one given, else LADO_HOME, else `data` in the working folder."""
    root = Path(given or os.environ.get("LADO_HOME") or "data").resolve()
    extra = os.environ.get("LADO_PROFILES")
    if extra and not Path(extra).is_dir():
        raise NotReady("LADO_PROFILES names a folder that does not exist; create it or unset the variable")
    return Home(root, Path(extra).resolve() if extra else None)


def dbt_settings() -> list[tuple[str, str]]:
    """What the environment says to dbt: its own variables, and the one that profiles.yml reads."""
    return sorted((k, v) for k, v in os.environ.items() if k.startswith("DBT_") or k == "LADO_WAREHOUSE")


def alert_webhook() -> str | None:
    """Address that gets a JSON message when a refresh fails or is held (LADO_ALERT_WEBHOOK)."""
    return os.environ.get("LADO_ALERT_WEBHOOK") or None


def postgres_dsn() -> str | None:
    """Connection string of the PostgreSQL target (LADO_POSTGRES_DSN). It may hold a password: never print or log it."""
    return os.environ.get("LADO_POSTGRES_DSN") or None


def subject_secret(home: Home) -> bytes:
    """The secret of the keyed hash over person identifiers.

    From LADO_SUBJECT_KEY, or from the file that LADO_SUBJECT_KEY_FILE names; in a demo home from the throw-away key
    the demo made. Raises NotReady when it is missing, shorter than 32 bytes, or in a file that others may read:
    without a secret a keyed hash is a dictionary (ENISA, 2019).
    """
    given = os.environ.get("LADO_SUBJECT_KEY", "").encode()
    file = os.environ.get("LADO_SUBJECT_KEY_FILE")
    if given and file:
        raise NotReady("LADO_SUBJECT_KEY and LADO_SUBJECT_KEY_FILE are both set: unset one; nothing was read")
    if file:
        return secret_in(Path(file))
    if not given and home.demo_marker.exists() and home.demo_key.exists():
        return secret_in(home.demo_key)
    if not given:
        raise NotReady(
            "LADO_SUBJECT_KEY is not set, so nothing was read. Make one with\n"
            '  python -c "import secrets; print(secrets.token_hex(32))"\n'
            "and keep it where this account alone can read it: a lost key cannot be recovered"
        )
    return _long_enough(given, "LADO_SUBJECT_KEY")


def secret_in(file: Path) -> bytes:
    """The secret that a file holds, white space around it left out. Raises NotReady, as `subject_secret` does."""
    try:
        mode, given = file.stat().st_mode, file.read_bytes().strip()
    except OSError as error:
        raise NotReady(
            f"the file of the subject key cannot be read ({error.strerror}); nothing was read"
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise NotReady("the file of the subject key is open to other accounts: chmod 600; nothing was read")
    return _long_enough(given, "the subject key in the file")


def _long_enough(secret: bytes, name: str) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        raise NotReady(f"{name} is shorter than {SHORTEST_SECRET} bytes, so nothing was read")
    return secret


def mark_as_demo(home: Home) -> None:
    """Make the throw-away key of a demo home; refuses a home in which somebody's own data lies."""
    if home.demo_marker.exists():
        return
    if any(home.landing.glob("*/*")) or home.warehouse.exists():
        raise NotReady("this home holds extracts that are not the demo's; give the demo another with --home")
    home.demo_marker.write_text("Everything in this home is made up by `lado demo`.\n", encoding="utf-8")
    home.demo_key.touch(mode=0o600)
    home.demo_key.write_text(secrets.token_hex(32), encoding="utf-8")


# The connection that keeps the warehouse of the refresh in hand from being closed between two stations.
_kept_open: list[duckdb.DuckDBPyConnection] = []


@contextlib.contextmanager
def warehouse(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, open for writing by this process alone, closed again on the way out.

    No extension is fetched, and SQL reaches no file outside the home and dbt's seeds.
    """
    con = _connect(home)
    try:
        yield con
    finally:
        con.close()


def _connect(home: Home) -> duckdb.DuckDBPyConnection:
    # dbt opens the same file in the same process, and DuckDB refuses two configurations of one file at a time: the
    # words here are those of profiles.yml. It knows a file by the path that dbt sees, in which no link is left.
    con = duckdb.connect(
        str(home.root.resolve() / home.warehouse.name),
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "threads": 1,
        },
    )
    try:
        if not _kept_open:
            # In this order: without external access DuckDB takes no more exceptions from it.
            allowed = ", ".join(_sql_text(folder) for folder in (home.root, home.root.resolve(), SEEDS))
            con.execute(f"set allowed_directories = [{allowed}]")
            con.execute("set enable_external_access = false")
    except BaseException:
        con.close()
        raise
    return con


def keep_warehouse_open(home: Home) -> None:
    """Let the stations of this refresh, dbt's among them, share one open warehouse until `let_warehouse_go`.

    Opening the file and closing it, with all that was written brought from the write-ahead log into it, costs more
    than most stations do, and a refresh does it some twenty times otherwise. What dbt runs then is kept from files
    outside the home as everything else is.
    """
    if not _kept_open:
        _kept_open.append(_connect(home))


def let_warehouse_go() -> None:
    """End what `keep_warehouse_open` began; an instance that a full disk has spoilt ends with it."""
    while _kept_open:
        _kept_open.pop().close()


@contextlib.contextmanager
def reading(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only, for what only asks; NotReady when no refresh has made one yet."""
    missing = NotReady(
        f"no refresh has run in the home {home.root} yet; `lado refresh` or `lado demo` makes the warehouse"
    )
    if not home.warehouse.exists():
        raise missing
    con = duckdb.connect(str(home.warehouse), read_only=True, config={"enable_external_access": "false"})
    try:
        # A file without any table is what a first refresh leaves that was stopped at once.
        if not con.execute("select 1 from duckdb_tables() limit 1").fetchall():
            raise missing
        yield con
    finally:
        con.close()


def must_have_refreshed(home: Home) -> None:
    """Raise NotReady when no refresh has made the warehouse yet: what is done by hand rests on one."""
    with reading(home):
        return


def _sql_text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def refresh_lock(home: Home) -> filelock.BaseFileLock:
    """The lock of this home. The operating system drops it with its holder, so a kill leaves none behind.

    One object a process: the command line takes it first and the Dagster run inside takes it again.
    """
    return filelock.FileLock(str(home.root / ".refresh.lock"), timeout=0, is_singleton=True)


@contextlib.contextmanager
def one_refresh_at_a_time(home: Home) -> Iterator[None]:
    """Hold the lock of this home or raise AnotherRefreshIsRunning at once."""
    lock = refresh_lock(home)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise AnotherRefreshIsRunning(
            "another refresh is running in this home; wait for it and look at `lado status`"
        ) from None
    try:
        yield
    finally:
        lock.release()


@cache
def code_version() -> str:
    """Release and a hash of everything that decides a number, so a receipt says which code made it."""
    digest = hashlib.sha256()
    for folder in ("ingest", "matching", "expectations", "publish", "dbt_project"):
        for path in sorted((PROJECT / folder).rglob("*")):
            name = path.relative_to(PROJECT)
            # Profiles have a hash of their own. dbt run by hand leaves its output beside the models, in it folders
            # that are called as models are.
            if path.suffix not in {".py", ".sql", ".yml", ".csv"} or not path.is_file():
                continue
            if {"profiles", "target", "logs"}.isdisjoint(name.parts):
                digest.update(name.as_posix().encode() + b"\0" + path.read_bytes())
    try:
        release = importlib.metadata.version("lado-warehouse")
    except importlib.metadata.PackageNotFoundError:
        release = "0"
    return f"{release}+{digest.hexdigest()[:12]}"


def is_watched() -> bool:
    """Whether a person watches the screen (progress is shown only then)."""
    return sys.stderr.isatty()
