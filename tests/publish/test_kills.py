"""A publication killed at any moment leaves one complete release, and the next one needs nobody's help."""

from __future__ import annotations

import functools
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stand_in
from faults import forked, syscalls
from stand_in import publish, refresh

from publish import files, releases

PUBLISHER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
import stand_in
from publish import files
print("ready", flush=True)
stand_in.publish(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], minute=int(sys.argv[3][1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill without warning is POSIX's")
def test_kills_leave_one_complete_release(warehouse, home):
    publish(warehouse, home, "r1")
    here = Path(__file__).resolve()
    chance = random.Random(20200331)
    outcomes = set()
    for n in range(2, 10):
        refresh(warehouse, f"r{n}", value=n)
        before = releases.current_refresh(home)
        publisher = subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, warehouse, home, f"r{n}", here.parent, here.parents[2]],
            stdout=subprocess.PIPE,
        )
        publisher.stdout.readline()
        time.sleep(chance.uniform(0.01, 0.2))
        publisher.send_signal(signal.SIGKILL)
        publisher.communicate()
        shown = releases.current_refresh(home)
        assert shown in {before, f"r{n}"}
        assert files.verify(home) == []
        outcomes.add(shown == before)
    refresh(warehouse, "r99", value=0.0)
    publish(warehouse, home, "r99", minute=99)
    assert releases.current_refresh(home) == "r99"
    assert files.verify(home) == []
    assert not [
        f.name for f in (home / "published").iterdir() if f.name.startswith(".") or f.name == "current.next"
    ]
    assert True in outcomes  # some were killed before the turn, or this test proves little


@pytest.mark.faults
@pytest.mark.skipif(not syscalls.IS_AVAILABLE, reason="needs Linux's seccomp")
def test_a_kill_at_every_rename_unlink_and_flush_of_a_publication(warehouse, tmp_path):
    first = tmp_path / "first"
    publish(warehouse, first, "r1")
    refresh(warehouse, "r2", value=2.0)
    second = functools.partial(stand_in.publish, warehouse, refresh_id="r2", minute=2)
    whole = tmp_path / "whole"
    shutil.copytree(first, whole, symlinks=True)
    said, calls = forked.run(second, whole, syscalls.DURABLE, lambda call: syscalls.GO)
    assert isinstance(said, dict), said
    shown = []
    for number in range(1, calls + 1):
        home = tmp_path / f"at{number}"
        shutil.copytree(first, home, symlinks=True)
        said, _ = forked.run(
            second,
            home,
            syscalls.DURABLE,
            lambda call, n=number: syscalls.KILL if call.number == n else syscalls.GO,
        )
        assert said is None
        assert files.verify(home) == []
        shown.append(releases.current_refresh(home))
        said, _ = forked.run(second, home)
        assert isinstance(said, dict), said
        assert (releases.current_refresh(home), files.verify(home)) == ("r2", [])
        assert sorted(path.name for path in (home / "published").iterdir()) == ["current", "r1", "r2"]
        shutil.rmtree(home)
    assert shown == sorted(shown)  # the old one up to some call, the new one from there on
    assert set(shown) == {"r1", "r2"}
    print(f"\n{calls} kills, one at every rename, unlink and flush of a publication")
