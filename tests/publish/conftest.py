"""Fixtures of publish/: a stand-in warehouse that refresh `r1` built and the gate passed, and an empty home."""

from __future__ import annotations

from pathlib import Path

import pytest
import stand_in


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    stand_in.make_warehouse(path)
    stand_in.refresh(path, "r1")
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "ho'me [1] a=b"  # names that a glob, a quote or a hive column would trip over
    folder.mkdir()
    return folder
