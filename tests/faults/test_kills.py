"""A refresh killed at any moment leaves one complete publication, and the next one needs nobody's help.

A kill takes nothing from the page cache, so what SIGKILL leaves behind is what the files hold at that moment. Where a
refresh is long, the moments are therefore taken from one run: it is stopped dead (SIGSTOP), its home is copied, and the
copy is what is judged and refreshed. Where it is short, and in the last test, the process is killed in earnest.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from orchestration.resources import Home
from publish import releases

from . import forked, homes, syscalls

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not syscalls.IS_AVAILABLE, reason="needs Linux's seccomp"),
]

KILLS = int(os.environ.get("LADO_FAULT_KILLS", "200"))
CHAIN = int(os.environ.get("LADO_FAULT_CHAIN", "10"))
TO_THE_END = 20  # every so many copies the next refresh is run to its end, not only through the door in


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published home with one more night in its landing folder."""
    return homes.one_night_to_go(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def undisturbed(before: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same home after that night, without any fault."""
    home = homes.copy(before, tmp_path_factory.mktemp("undisturbed") / "home")
    said, _ = forked.run(forked.refresh, home.root)
    assert said == "0 published: published", said
    return home


class Judge:
    """Holds killed homes against the homes before and after an undisturbed refresh, and counts what it saw."""

    def __init__(self, before: Home, undisturbed: Home):
        self.loaded = homes.tables_loaded(undisturbed)
        self.published = homes.tables_published(undisturbed)
        self.files = homes.published(before)
        self.known = {refresh_id for refresh_id, *_ in homes.history(before)}
        self.first = homes.is_whole(before)
        self.seen: Counter[str] = Counter()

    def look(self, home: Home) -> str:
        """One complete refresh is published: the one before, byte for byte, or the killed one."""
        shown = homes.is_whole(home)
        if shown == self.first:
            assert homes.published(home) == self.files
        self.seen["old one published" if shown == self.first else "new one published"] += 1
        return shown

    def recover(self, home: Home, *, to_the_end: bool) -> None:
        """The next refresh goes through, everything is loaded once, and the record says how the killed one ended."""
        shown = self.look(home)
        said, _ = forked.run(forked.refresh if to_the_end else forked.take_in, home.root)
        assert said, "the next refresh did not end"
        assert said.startswith("0 "), said
        assert homes.tables_loaded(home) == self.loaded
        killed, *rest = [line for line in homes.history(home) if line[0] not in self.known] or [None]
        if rest:  # the killed one had begun: it is the first of two on record
            assert killed[1:] == (("published", True) if shown == killed[0] else killed[1:])
            assert shown == killed[0] or killed[1:] == ("interrupted", True)
            self.seen[f"on record as {killed[1]}"] += 1
        else:
            self.seen["killed before it was on record"] += 1
        if to_the_end:
            homes.is_whole(home)
            assert homes.tables_published(home) == self.published
            self.seen["refreshed to the end"] += 1


@pytest.fixture(scope="module")
def judge(before: Home, undisturbed: Home) -> Judge:
    return Judge(before, undisturbed)


def test_a_kill_at_every_rename_unlink_and_flush_of_the_door_in(
    before: Home, judge: Judge, tmp_path: Path
) -> None:
    home = homes.copy(before, tmp_path / "counted")
    _, calls = forked.run(forked.take_in, home.root, syscalls.DURABLE, lambda _: syscalls.GO)
    shutil.rmtree(home.root)
    for number in range(1, calls + 1):
        home = homes.copy(before, tmp_path / f"at{number}")
        said, _ = forked.run(
            forked.take_in,
            home.root,
            syscalls.DURABLE,
            lambda call, n=number: syscalls.KILL if call.number == n else syscalls.GO,
        )
        assert said is None
        judge.recover(home, to_the_end=False)
        shutil.rmtree(home.root)
    print(f"\n{calls} kills, one at every rename, unlink and flush of the door in: {dict(judge.seen)}")


def test_every_rename_unlink_and_flush_of_a_refresh_finds_one_whole_publication(
    before: Home, judge: Judge, tmp_path: Path
) -> None:
    home = homes.copy(before, tmp_path / "home")
    calls: Counter[str] = Counter()
    last = None

    def look(call: syscalls.Call) -> int:
        nonlocal last
        place = next((p for p in ("dagster", "published", "warehouse", "dbt", "quality", "audit") if f"/home/{p}" in
                      call.path), "elsewhere")  # fmt: skip
        calls[f"{place} {call.name}"] += 1
        now = [(p, p.lstat().st_mtime_ns) for p in sorted((home.published / "current").resolve().rglob("*"))]
        if now != last:  # while nobody touched the files that are shown, their hashes need not be taken again
            judge.look(home)
            last = now
        return syscalls.GO

    said, met = forked.run(forked.refresh, home.root, syscalls.DURABLE, look)
    assert said == "0 published: published", said
    assert homes.tables_published(home) == judge.published
    print(
        f"\n{met} calls, before each of which one whole publication was found: {dict(sorted(calls.items()))}"
    )


def test_kills_at_random_moments(before: Home, judge: Judge, tmp_path: Path) -> None:
    chance = random.Random(20200331)
    judge.seen.clear()
    home = homes.copy(before, tmp_path / "timed")
    process, told = forked.start(forked.refresh, home.root)
    whole = 0.0  # processor seconds of a refresh here and now
    while (now := _cpu_seconds(process.pid)) is not None:
        whole = now
        time.sleep(0.02)
    process.join()
    taken = 0
    while taken < KILLS:
        home = homes.copy(before, tmp_path / "running")
        process, told = forked.start(forked.refresh, home.root)
        while taken < KILLS and _runs_for(process.pid, chance.uniform(0, 2 * whole / KILLS)):
            copy = homes.copy(home, tmp_path / "killed")
            taken += 1
            judge.recover(copy, to_the_end=taken % TO_THE_END == 0)
            shutil.rmtree(copy.root)
            os.kill(process.pid, signal.SIGCONT)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        told.close()
        shutil.rmtree(home.root)
    print(f"\n{taken} moments: {dict(judge.seen)}")
    assert judge.seen["old one published"] > 0
    assert judge.seen["on record as interrupted"] > 0


def _runs_for(pid: int, cpu_seconds: float) -> bool:
    """Let it run for so much of its own processor time, then stop it dead; False when it ended before."""
    begun = _cpu_seconds(pid)
    while (now := _cpu_seconds(pid)) is not None and begun is not None:
        if now - begun >= cpu_seconds:
            os.kill(pid, signal.SIGSTOP)
            while (state := _state(pid)) not in {"T", "Z", ""}:
                time.sleep(0.001)
            return state == "T"
        time.sleep(0.002)
    return False


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return []


def _state(pid: int) -> str:
    return (_stat(pid) or [""])[0]


def _cpu_seconds(pid: int) -> float | None:
    told = _stat(pid)
    if not told or told[0] == "Z":
        return None
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def test_one_kill_after_the_other_and_then_an_ordinary_refresh(
    before: Home, judge: Judge, tmp_path: Path
) -> None:
    """Killed in earnest, each start upon what the kill before it left behind."""
    chance = random.Random(4)
    home = homes.copy(before, tmp_path / "home")
    begun = 0
    for _ in range(CHAIN):
        process, told = forked.start(forked.refresh, home.root)
        _runs_for(process.pid, chance.uniform(0, 15))
        process.kill()
        process.join()
        told.close()
        judge.look(home)
    said, _ = forked.run(forked.refresh, home.root)
    assert said
    assert said.startswith("0 "), said
    assert homes.tables_loaded(home) == judge.loaded
    assert homes.tables_published(home) == judge.published
    told = homes.history(home)
    begun = [line for line in told if line[0] not in judge.known]
    assert {outcome for _, outcome, _ in begun[:-1]} <= {"interrupted", "published", "nothing_new"}
    assert all(has_ended for *_, has_ended in told)
    assert releases.current_refresh(home.root) in {
        refresh_id for refresh_id, outcome, _ in begun if outcome == "published"
    }
    print(f"\n{CHAIN} kills in a row, {len(begun) - 1} of them after the refresh was on record")
