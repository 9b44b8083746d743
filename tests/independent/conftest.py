"""Homes of the independent tests: the demo's, which all tests share, and one with many random authorities.

Belongs here: fixtures of this folder. Does not belong here: assertions, and how a home is made (homes.py).

A few random authorities are enough for every day; LADO_ALL_WORLDS=1 takes twenty of each kind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from synthetic.world import make_world

from .homes import FEEDS, SEEDS, Published, new_home, refresh
from .world_files import make_world as make_awkward_world

MANY = bool(os.environ.get("LADO_ALL_WORLDS"))
WORLDS = range(1, 21 if MANY else 5)
AWKWARD = range(20 if MANY else 3)


@pytest.fixture(scope="session")
def published(demo) -> Published:
    """What the demo published for Kent and Buckinghamshire."""
    home, outcome = demo
    assert outcome.outcome == "published", outcome.message
    return Published(home.root)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """All random authorities in one home, so that one refresh covers them."""
    root = tmp_path_factory.mktemp("worlds")
    profiles = root / "profiles"
    profiles.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADO_PROFILES", str(profiles))
        home = new_home(root, profiles)
        for seed in WORLDS:
            make_world(seed, root)
        for seed in AWKWARD:
            make_awkward_world(seed, home.landing, profiles, SEEDS / "code_lists.csv", FEEDS)
        yield refresh(home)
