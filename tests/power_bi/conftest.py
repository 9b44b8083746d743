"""The published reports of the demo, for every way of asking them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from answers import Published, published_measures


@pytest.fixture(scope="session")
def reports(demo) -> Path:
    return Path(os.path.realpath(demo[0].published / "current")) / "reports"


@pytest.fixture(scope="session")
def published(reports: Path) -> Published:
    return published_measures(reports)
