"""Homes of the independent tests: the demo's, which all tests share, and one with twenty random authorities.

Belongs here: fixtures of this folder. Does not belong here: assertions, and how a home is made (homes.py).
"""

from __future__ import annotations

import pytest

from .homes import FEEDS, SEEDS, Published, new_home, refresh
from .world_files import make_world

WORLDS = range(20)


@pytest.fixture(scope="session")
def published(demo) -> Published:
    """What the demo published for Kent and Buckinghamshire."""
    home, outcome = demo
    assert outcome.outcome == "published", outcome.message
    return Published(home.root)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Twenty random authorities in one home, so that one refresh covers them all."""
    root = tmp_path_factory.mktemp("worlds")
    home = new_home(root, root / "profiles")
    for seed in WORLDS:
        make_world(seed, home.landing, root / "profiles", SEEDS / "code_lists.csv", FEEDS)
    return refresh(home)
