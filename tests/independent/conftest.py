"""Homes of the independent tests: the demo's, which all tests share, and those of random authorities.

Belongs here: fixtures of this folder. Does not belong here: assertions, and how a home is made (homes.py).

A few random authorities are enough for every day; LADO_ALL_WORLDS=1 takes twenty of each kind.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

import pytest

from synthetic.world import make_world

from .homes import FEEDS, SEEDS, Published, new_home, refresh
from .world_files import make_world as make_awkward_world

MANY = bool(os.environ.get("LADO_ALL_WORLDS"))
WORLDS = [f"world{n}" for n in range(1, 21 if MANY else 5)]
AWKWARD = [f"awkward_{n:02d}" for n in range(20 if MANY else 3)]
TOGETHER = 10  # authorities in one home: a refresh for each would cost more than their records


@pytest.fixture(scope="session")
def published(demo) -> Published:
    """What the demo published for Kent and Buckinghamshire."""
    home, outcome = demo
    assert outcome.outcome == "published", outcome.message
    return Published(home.root)


@pytest.fixture(scope="session")
def world_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Published]:
    """The published home of a random authority, made and refreshed with its neighbours when first asked for."""
    names = WORLDS + AWKWARD

    @cache
    def home_of(first: int) -> Published:
        root = tmp_path_factory.mktemp("worlds")
        profiles = root / "profiles"
        profiles.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LADO_PROFILES", str(profiles))
            home = new_home(root, profiles)
            for name in names[first : first + TOGETHER]:
                if name in WORLDS:
                    make_world(int(name.removeprefix("world")), root)
                else:
                    seed = int(name.removeprefix("awkward_"))
                    make_awkward_world(seed, home.landing, profiles, SEEDS / "code_lists.csv", FEEDS)
            return refresh(home)

    return lambda name: home_of(names.index(name) // TOGETHER * TOGETHER)
