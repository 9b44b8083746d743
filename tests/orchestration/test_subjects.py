"""One person's records from the first extract to the last byte: modes, keys, access, hold, erasure, the night after.

One home goes through it all in the order of this file, because each refresh costs seconds.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import small_home

from orchestration.refresh import refresh
from orchestration.resources import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two nights, delivered and refreshed by somebody whose umask closes nothing."""
    before = os.umask(0)
    try:
        home = small_home.make(tmp_path_factory.mktemp("subjects") / "home", 0, 1)
        # Whoever delivers has a umask, too.
        for path in home.landing.rglob("*"):
            path.chmod(0o777 if path.is_dir() else 0o666)
        outcome = refresh(home, settle_seconds=0)
        assert outcome.outcome == "published", outcome.message
    finally:
        os.umask(before)
    return home


def everything(home: Home) -> list[Path]:
    """Every file and folder of the home, links left out."""
    return [path for path in [home.root, *home.root.rglob("*")] if not path.is_symlink()]


@pytest.mark.skipif(os.name == "nt", reason="modes mean nothing on Windows")
def test_nothing_in_the_home_is_open_to_others_whatever_the_umask(home: Home) -> None:
    names = {path.relative_to(home.root).parts[0] for path in everything(home) if path != home.root}
    assert {"dagster", "dbt", "logs", "landing", "published", "quality", "audit"} <= names
    current = (home.published / "current").resolve()
    group_reads = {home.root, home.published, current, current / "reports", *(current / "reports").iterdir()}
    wrong = {}
    for path in everything(home):
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = (
            (0o750 if path.is_dir() else 0o640)
            if path in group_reads
            else (0o700 if path.is_dir() else 0o600)
        )
        if mode != wanted:
            wrong[path.relative_to(home.root).as_posix()] = oct(mode)
    assert wrong == {}
