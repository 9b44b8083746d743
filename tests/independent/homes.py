"""Homes that the independent tests look at: a landing, one refresh, and the tables it published.

Belongs here: making a home, running the real refresh on it, reading published tables, and recomputing all
its authorities. Does not belong here: judging what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from orchestration import resources
from orchestration.refresh import refresh as nightly
from orchestration.resources import Home

from .extracts import read_authority, read_holidays, read_lists
from .facts import build
from .recompute import recompute

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT / "dbt_project" / "seeds"
FEEDS = PROJECT / "ingest" / "feeds.yml"
PROFILES = PROJECT / "ingest" / "profiles"


@dataclass(frozen=True)
class Published:
    """A home after a refresh. `profiles` is a folder searched before the repository's own."""

    home: Path
    profiles: Path | None = None

    @cache  # noqa: B019 - one object for a whole test session
    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.home / "published" / "current" / "marts" / f"{name}.parquet")

    def profile(self, authority: str) -> Path:
        own = self.profiles / f"{authority}.yml" if self.profiles else None
        return own if own and own.exists() else PROFILES / f"{authority}.yml"

    def authorities(self) -> list[str]:
        return sorted(p.name for p in (self.home / "landing").iterdir() if p.is_dir())

    def recomputed(self, authority: str) -> pd.DataFrame:
        """Every measure of one authority, counted from its landing."""
        lists, groups = read_lists(SEEDS / "code_lists.csv")
        read = read_authority(self.home / "landing" / authority, self.profile(authority), FEEDS, lists)
        contacts, referrals = self.table("fct_contacts"), self.table("fct_referrals")
        chances = ["source_system", "contact_id", "match_probability", "has_case_on_system"]
        facts = build(
            read,
            groups,
            read_holidays(SEEDS / "bank_holidays.csv"),
            contacts.loc[contacts["authority"] == authority, chances],
            referrals.loc[
                referrals["authority"] == authority, ["source_system", "referral_id", "contact_probability"]
            ],
        )
        return recompute(facts, lists)

    def measures(self, authority: str) -> pd.DataFrame:
        rows = self.table("fct_measures")
        return rows[rows["authority"] == authority]


def new_home(root: Path, profiles: Path | None = None) -> Home:
    """An empty home with a throw-away secret."""
    home = Home(root, profiles).prepare()
    resources.mark_as_demo(home)
    return home


def refresh(home: Home) -> Published:
    """Run the nightly job on a home that has its landing; what it published."""
    outcome = nightly(home, settle_seconds=0)
    assert outcome.outcome == "published", f"{outcome.outcome}: {outcome.message}"
    return Published(home.root, home.extra_profiles)
