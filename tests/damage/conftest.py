"""The clean sheets, made once a session."""

from __future__ import annotations

import pytest

from . import runs
from .extracts import Sheet


@pytest.fixture(scope="session")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> list[Sheet]:
    return runs.sheets(tmp_path_factory.mktemp("made up"), seed=1)
