"""Homes that several tests share. Made once a session, copied where a test changes something.

Belongs here: fixtures used by more than one folder of tests. Does not belong here: assertions.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration import resources, showcase
from orchestration.refresh import Outcome, refresh
from orchestration.resources import Home


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Outcome]:
    """The demo's home after its refresh, and the outcome. Read only: change a copy (`demo_copy`)."""
    home = Home(tmp_path_factory.mktemp("demo")).prepare()
    resources.mark_as_demo(home)
    showcase.make_extracts(home, seed=1)
    return home, refresh(home, settle_seconds=0)


@pytest.fixture
def demo_copy(demo: tuple[Home, Outcome], tmp_path: Path) -> Callable[[], Home]:
    """Makes fresh copies of the demo's home."""

    def copy() -> Home:
        target = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
        shutil.copytree(demo[0].root, target, symlinks=True)
        return Home(target).prepare()

    return copy


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long fault runs out unless they are asked for (`make faults`)."""
    if "faults" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("faults")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """A PostgreSQL server of this session's own."""
    if sys.platform == "win32":
        pytest.skip("the packaged PostgreSQL server is for POSIX systems")
    import postgres_server

    with postgres_server.running() as made:
        yield made


@pytest.fixture
def database(server: Any) -> str:
    """The name of an empty database on it, new for each test."""
    return server.new_database()


_exit_status: list[int] = []


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    _exit_status.append(int(exitstatus))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process as the `lado` command does: DuckDB's bindings would print a hundred lines after the verdict."""
    if not hasattr(config, "workerinput") and _exit_status:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_status[-1])
