"""The door that every test of ingest goes through."""

from __future__ import annotations

from pathlib import Path

import pytest
from arrivals import Door

import ingest


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """The door with the repository's own profiles."""
    return Door(tmp_path, ingest.read_profiles())
