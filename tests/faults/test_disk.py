"""A disk that is full, read-only or failing ends in a sentence and exit code 1, with the last publication whole."""

from __future__ import annotations

import errno
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.refresh import Outcome
from orchestration.resources import PROJECT, Home
from publish import files

from . import forked, homes, syscalls

pytestmark = pytest.mark.skipif(not syscalls.IS_AVAILABLE, reason="needs Linux's seccomp")

WRITES = ("write", "pwrite64", "ftruncate")
FLUSHES = ("fsync", "fdatasync")
POINTS = int(os.environ.get("LADO_FAULT_POINTS", "6"))


def fails(place: Path, error: int, *, after: int = 0, times: int = 10**9) -> Callable[[syscalls.Call], int]:
    """Let calls below this path fail with this error: all of them, or `times` after the first `after`."""
    met = 0

    def decide(call: syscalls.Call) -> int:
        nonlocal met
        if not call.path.startswith(str(place)):
            return syscalls.GO
        met += 1
        return error if after < met <= after + times else syscalls.GO

    return decide


def lado(
    home: Home, names: tuple[str, ...], decide: Callable[[syscalls.Call], int], *words: str
) -> tuple[int, str]:
    """A command whose system calls are interfered with: its exit code and what it said on standard error."""
    ours, theirs = multiprocessing.Pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.command_line", *words, "--home", str(home.root)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: syscalls.watch_me(theirs, names),  # noqa: PLW1509  the filter must be there before the program
    )
    theirs.close()
    syscalls.listen(ours, process.pid, decide)
    said, _ = process.communicate()
    return process.returncode, said


def test_a_full_disk_stops_the_door_in(demo_copy: Callable[[], Home]) -> None:
    home = demo_copy()
    before = homes.published(home)
    full = fails(home.warehouse, errno.ENOSPC)
    code, said = lado(home, WRITES, full, "refresh", "--settle", "0")
    assert (code, "failed: ingest: the disk is full; make room" in " ".join(said.split())) == (1, True), said
    assert homes.published(home) == before


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        (WRITES, errno.ENOSPC, "publish: the disk is full; make room"),
        (FLUSHES, errno.EIO, "publish: the disk answered with an input/output error; look at the disk"),
        (("rename", "renameat2"), errno.EROFS, "publish: the disk is read-only; mount it for writing"),
    ],
)
def test_a_failing_disk_stops_the_door_out(
    demo_copy: Callable[[], Home], names: tuple[str, ...], error: int, words: str
) -> None:
    home = demo_copy()
    before = homes.published(home)
    code, said = lado(home, names, fails(home.published, error), "publish", "files")
    assert (code, words in said) == (1, True), said
    assert homes.published(home) == before
    assert not [path.name for path in home.published.iterdir() if path.name.startswith(".")]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published home with one more night in its landing folder."""
    return homes.one_night_to_go(tmp_path_factory.mktemp("small"))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("names", "error", "words", "times"),
    [
        # SQLite, which keeps Dagster's record, tells a full disk from a broken one only in some of its files.
        (WRITES, errno.ENOSPC, "the disk is full|is it full", 10**9),
        (FLUSHES, errno.EIO, "the disk answered with an input/output error", 1),
        (
            ("pread64",),
            errno.EIO,
            "an input/output error|record of runs is damaged|warehouse is damaged",
            10**9,
        ),
    ],
    ids=["full", "flush", "read"],
)
def test_a_disk_that_fails_at_any_moment_of_a_refresh(
    small: Home, tmp_path: Path, names: tuple[str, ...], error: int, words: str, times: int
) -> None:
    home = homes.copy(small, tmp_path / "counted")
    said, met = forked.run(forked.refresh, home.root, names, met_below(home.root, counted := []))
    assert said == "0 published: published", said
    assert met >= len(counted) > POINTS
    home = homes.copy(small, tmp_path / "home")
    before = homes.published(home)
    told = []
    for point in range(POINTS):
        at = len(counted) * point // POINTS
        said, _ = forked.run(forked.refresh, home.root, names, fails(home.root, error, after=at, times=times))
        if (
            said == "0 published: published"
        ):  # a failed flush of Dagster's own record does not matter to anybody
            assert times == 1
            home = homes.copy(small, tmp_path / f"home{point}")
            continue
        told.append(said)
        assert said
        assert said.startswith("1 failed:")
        assert re.search(words, said), said
        assert homes.published(home) == before
    assert told
    said, _ = forked.run(forked.refresh, home.root)
    assert said == "0 published: published", said
    assert files.verify(home.root) == []
    print(
        f"\n{len(told)} of {POINTS} points stopped the refresh, among {len(counted)} calls of {', '.join(names)}"
    )


def met_below(place: Path, calls: list[str]) -> Callable[[syscalls.Call], int]:
    """Let every call go on and note those below this path."""

    def decide(call: syscalls.Call) -> int:
        if call.path.startswith(str(place)):
            calls.append(call.name)
        return syscalls.GO

    return decide


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """A disk of so many megabytes (a tmpfs, which root alone can mount)."""
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*options: str) -> Path:
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "none", str(place)], check=True)  # noqa: S607
        return place

    yield mount
    subprocess.run(["umount", "-l", str(place)], check=False)  # noqa: S607


@pytest.mark.faults
def test_a_small_disk_fills_up_and_gets_room_again(small: Home, disk: Callable[..., Path]) -> None:
    used = sum(path.lstat().st_size for path in small.root.rglob("*")) // 2**20
    place = disk(f"size={used + 12}m")
    home = homes.copy(small, place / "home")
    before = homes.published(home)
    said, _ = forked.run(forked.refresh, home.root)
    assert said
    assert said.startswith("1 failed:")
    assert re.search("the disk is full|is it full", said), said
    assert homes.published(home) == before
    disk("remount", "size=1g")
    said, _ = forked.run(forked.refresh, home.root)
    assert said == "0 published: published"
    assert files.verify(home.root) == []


@pytest.mark.faults
def test_a_read_only_disk_is_told_before_anything_is_read(
    demo: tuple[Home, Outcome], disk: Callable[..., Path]
) -> None:
    home = homes.copy(demo[0], disk("size=1g") / "home")
    before = homes.published(home)
    disk("remount", "ro")
    code, said = lado(home, FLUSHES, lambda _: syscalls.GO, "refresh", "--settle", "0")
    assert (code, "cannot be used: the disk is read-only" in said) == (1, True), said
    assert str(home.root) in said
    assert homes.published(home) == before


@pytest.mark.faults
def test_a_damaged_record_of_runs_is_told_and_can_be_moved_away(small: Home, tmp_path: Path) -> None:
    home = homes.copy(small, tmp_path / "home")
    before = homes.published(home)
    records = [path for path in home.dagster.rglob("*.db") if path.is_file()]
    assert records
    for path in records:
        path.write_bytes(path.read_bytes()[:1024] + b"\0" * 200_000)
    said, _ = forked.run(forked.refresh, home.root)
    assert said
    assert said.startswith("1 failed:")
    assert "move the folder `dagster` out of the home" in said, said
    assert homes.published(home) == before
    home.dagster.rename(tmp_path / "moved")
    said, _ = forked.run(forked.refresh, home.root)
    assert said == "0 published: published", said
