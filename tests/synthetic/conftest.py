"""Drops that several tests here read: one night of each authority. Read only."""

from __future__ import annotations

import pandas as pd
import pytest
from drop_reader import PROJECT, read_drop, read_profile

import synthetic

GROUPS = {
    "early_years": ["nursery", "childminder", "other_early_years"],
    "fostering": ["authority_fostering", "independent_fostering"],
    "education": ["primary", "secondary", "special", "pupil_referral_unit", "through_school", "independent",
                  "further_education", "school_transport", "other_education"],
}  # fmt: skip
GROUP_OF = {sector: group for group, sectors in GROUPS.items() for sector in sectors}


@pytest.fixture(scope="session", params=[1, 20], ids=["seed 1", "seed 20"])
def made(request, tmp_path_factory):
    """Both authorities' single night by seed: authority -> frames by feed; and the folder."""
    root = tmp_path_factory.mktemp("made")
    frames = {}
    for authority in synthetic.AUTHORITIES:
        drops = synthetic.synthesise(authority, root / "landing", request.param).drops
        profile = read_profile(PROJECT / "ingest" / "profiles" / f"{authority}.yml")
        frames[authority] = with_years(read_drop(drops[-1], profile))
    return frames, root


def with_years(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Adds what the counts need: the financial year of each day, sector groups, and R, A and K.

    R: referrals. A: allegations with their referral and their outcome. K: results with their allegation."""
    contacts, referrals = frames["contacts"], frames["referrals"]
    contacts["year"] = contacts["received_at"].map(financial_year)
    for frame in (contacts, referrals):
        frame["sector_group"] = frame["sector"].map(lambda s: GROUP_OF.get(s, "wider_workforce") if s else "")
    referrals["year"] = referrals["received_on"].map(financial_year)
    referrals["closed_year"] = referrals["closed_on"].map(financial_year)
    months = [pd.DateOffset(months=n) for n in (1, 3, 12)]
    for name, month in zip(("in_1", "in_3", "in_12"), months, strict=True):
        referrals[name] = referrals["closed_on"] <= referrals["received_on"] + month
    allegations = frames["allegations"].merge(
        referrals.drop(columns="concern_category"), on="referral_id", validate="one_to_one"
    )
    allegations = allegations.merge(frames["outcomes"], on="allegation_id", how="left", validate="one_to_one")
    allegations["outcome_year"] = allegations["outcome_on"].map(financial_year)
    allegations["outcome"] = allegations["outcome"].fillna("")
    allegations["is_concluded"] = allegations["outcome"] != ""
    results = frames["actions"].groupby("allegation_id")["action"].agg(set)
    allegations["results"] = (
        allegations["allegation_id"].map(results).map(lambda r: r if isinstance(r, set) else set())
    )
    removed = {"dismissal", "resignation", "deregistration"}
    allegations["is_removed"] = [
        bool(results & removed) and outcome == "substantiated"
        for results, outcome in zip(allegations["results"], allegations["outcome"], strict=True)
    ]
    for action in ("dbs_referral", "criminal_prosecution", "no_further_action", "training_or_development",
                   "dismissal", "disciplinary", "resignation", "deregistration"):  # fmt: skip
        allegations[action] = allegations["results"].map(lambda results, action=action: action in results)
    frames |= {"R": referrals, "A": allegations}
    return frames


def financial_year(day) -> int:
    """The calendar year in which the financial year began; 0 for no day."""
    return 0 if pd.isna(day) else day.year - (day.month < 4)
