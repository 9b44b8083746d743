"""The feeds and their canonical columns, read from feeds.yml.

Belongs here: what feeds.yml says, and how wordings and headings are compared. Does not belong here: what an
authority calls things (profile.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FEEDS_FILE = Path(__file__).with_name("feeds.yml")
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Column:
    """One canonical column of a feed, as feeds.yml describes it."""

    name: str
    type: str
    list: str | None = None
    mandatory: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Feed:
    """One kind of record: its canonical columns in order, its key and the dates that it cannot do without."""

    name: str
    key: tuple[str, ...]
    mandatory_dates: tuple[str, ...]
    columns: dict[str, Column]


@cache
def read_feeds() -> dict[str, Feed]:
    """Every feed by name, in the order of feeds.yml."""
    # The loader is the safe one; only, in C where that is installed.
    listed = yaml.load(FEEDS_FILE.read_text(encoding="utf-8"), YAML_LOADER)  # noqa: S506
    return {
        name: Feed(
            name,
            tuple(feed["key"]),
            tuple(feed["mandatory_dates"]),
            {column: Column(column, **told) for column, told in feed["columns"].items()},
        )
        for name, feed in listed.items()
    }


def normalise_wording(text: str) -> str:
    """The form in which wordings and headings are compared: stripped, lower case, single spaces."""
    return " ".join(text.split()).casefold()
