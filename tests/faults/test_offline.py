"""A night without any network: the whole refresh in a network namespace in which no address answers.

Does not belong here: what a refresh computes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.resources import PROJECT

from . import homes

UNSHARE = ["unshare", "--net", "--"]


def _no_network() -> bool:
    try:
        return subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.faults
@pytest.mark.skipif(not _no_network(), reason="a network namespace takes Linux and root")
def test_a_refresh_needs_no_network(tmp_path: Path) -> None:
    home = homes.make(tmp_path / "home")
    interfaces = subprocess.run(
        [*UNSHARE, "ls", "/sys/class/net"], check=False, capture_output=True, text=True
    )
    reachable = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    cut_off = subprocess.run(
        [*UNSHARE, sys.executable, "-c", reachable], check=False, capture_output=True, text=True
    )
    assert "Network is unreachable" in cut_off.stderr, (interfaces.stdout, cut_off.stderr)
    command = [
        sys.executable,
        "-m",
        "orchestration.command_line",
        "refresh",
        "--settle",
        "0",
        "--home",
        str(home.root),
    ]
    done = subprocess.run([*UNSHARE, *command], check=False, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    homes.is_whole(home)
