"""From canonical records to the items that measures count.

Belongs here: which dates of a record may be used, joining a record to its referral, and the columns
that breakdowns need. Does not belong here: reading files (extracts.py) and counting (tally.py,
recompute.py). Rules are those of the measure definitions:

- a closing or outcome date before the receipt, or after the as-at date, is not used: the case is open,
  the allegation not concluded;
- so is it with every date that must follow another: oversight after the contact's receipt, a form's return
  after it was asked for, an officer's last day after the first;
- an action counts when it is dated on or before the as-at date, or undated;
- a child record finds its parent by id within the authority, in its own source system first;
- an allegation whose referral is not there has no receipt date and so no received period, but its
  outcome still counts as concluded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .extracts import Extracts
from .tally import BANDS, KINDS, Items, add_months, band, period_starts, working_days

REMOVALS = ("dismissal", "resignation", "deregistration")


@dataclass
class Facts:
    """One authority's items, by the name of what they are.

    begun: the first day of the first period, of whatever kind, that holds any of them.
    """

    authority: str
    as_at: pd.Timestamp
    outcomes_to: pd.Timestamp
    extracts: Extracts
    groups: dict[str, str]
    items: dict[str, Items]
    officers: pd.DataFrame
    begun: pd.Timestamp


def yes_no(values: pd.Series) -> pd.Series:
    """True, False, missing as the members yes, no, unknown."""
    return values.map({True: "yes", False: "no"}).fillna("unknown").astype(object)


def within(days: pd.Series, earliest: pd.Series | None, told_to: pd.Timestamp) -> pd.Series:
    """The dates that may be used: not after the feed's last extract, not before `earliest` where that is known."""
    good = days.notna() & (days <= told_to)
    if earliest is not None:
        good &= earliest.isna() | (days >= earliest)
    return days.where(good)


def find_parent(child: pd.DataFrame, parent: pd.DataFrame, column: str) -> np.ndarray:
    """Row position in `parent` of each child's `column`; -1 when there is none.

    The child's own source system is asked first; of several others the first by source system answers.
    """
    parent = parent.reset_index(drop=True)
    own = {pair: i for i, pair in enumerate(zip(parent["source_system"], parent[column], strict=True))}
    order = parent.sort_values("source_system", ascending=False).index
    anywhere = {parent.at[i, column]: i for i in order}
    pairs = zip(child["source_system"], child[column], strict=True)
    return np.array([own.get((s, k), anywhere.get(k, -1)) for s, k in pairs], dtype=int)


def take(parent: pd.DataFrame, at: np.ndarray, column: str, otherwise: object) -> pd.Series:
    """The parent's column for each child, `otherwise` where the parent is unknown."""
    values = parent[column].reset_index(drop=True).reindex(at)
    values = values.reset_index(drop=True)
    if otherwise is not None:
        values = values.where(pd.Series(at >= 0), otherwise)
    return values


def build(
    extracts: Extracts,
    groups: dict[str, str],
    holidays: np.ndarray,
    contact_estimates: pd.DataFrame,
    referral_estimates: pd.DataFrame,
) -> Facts:
    """Items of one authority as at its extract date.

    contact_estimates: source_system, contact_id, match_probability, has_case_on_system.
    referral_estimates: source_system, referral_id, contact_probability. Both come from the published facts.
    """
    frames, told_to = extracts.frames, extracts.told_to
    # An outcome and what was done after it are counted as they stood on the last day that all of their feeds tell of.
    family = [f for f in ("referrals", "allegations", "outcomes", "actions") if f in extracts.newest]
    outcomes_to = min((told_to(feed) for feed in family), default=extracts.as_at)
    groups = {**groups, "unknown": "unknown", "unmapped": "unmapped"}
    items: dict[str, Items] = {}
    officers = frames["officers"].reset_index(drop=True)
    ended = officers["ended_on"]
    officers["ended_on"] = ended.where(officers["started_on"].isna() | (ended >= officers["started_on"]))
    referrals = _referrals(
        frames["referrals"], officers, groups, holidays, told_to("referrals"), referral_estimates
    )
    items["referrals"] = Items(referrals)
    items["referrals_by_criterion"] = Items(_by_criterion(referrals))
    closed = referrals.assign(on=referrals["closed_on"])
    items["closed"] = Items(closed[closed["on"].notna()], items["referrals"])
    items["contacts"] = Items(
        _contacts(frames["contacts"], groups, holidays, told_to("contacts"), contact_estimates, extracts)
    )
    allegations = _allegations(frames, referrals, outcomes_to)
    items["allegations"] = Items(allegations)
    items["actions"] = Items(_actions(frames["actions"], allegations, outcomes_to), items["allegations"])
    concluded = allegations[allegations["is_concluded"]].assign(on=lambda f: f["outcome_on"])
    items["concluded"] = Items(concluded, items["allegations"])
    items["children"] = Items(_children(frames["children"], referrals))
    items["meetings"] = Items(_meetings(frames["meetings"], told_to("meetings"), holidays))
    for feed, on in (
        ("requests", "received_on"),
        ("escalations", "raised_on"),
        ("training", "held_on"),
        ("feedback", "returned_on"),
    ):
        frame = frames[feed].copy(deep=False)
        frame["on"] = within(frame[on], frame["requested_on"] if feed == "feedback" else None, told_to(feed))
        items[feed] = Items(frame)
    items["setting_concerns"] = Items(_setting_concerns(frames, groups, told_to("setting_concerns")))
    first = pd.Series([min(f.frame["on"].min() for f in items.values() if f.frame["on"].notna().any())])
    begun = min(period_starts(first, kind).iloc[0] for kind in KINDS)
    return Facts(extracts.authority, extracts.as_at, outcomes_to, extracts, groups, items, officers, begun)


def _referrals(frame, officers, groups, holidays, told_to, estimates) -> pd.DataFrame:
    out = frame.reset_index(drop=True).copy(deep=False)
    out["on"] = within(out["received_on"], None, told_to)
    out["closed_on"] = within(out["closed_on"], out["received_on"], told_to)
    out["sector_group"] = out["sector"].map(groups)
    out["police_involved"] = yes_no(out["police_involved"])
    roles = dict(zip(officers["officer_id"], officers["officer_role"], strict=True))
    out["officer_group"] = out["lado"].map(roles).fillna("unknown").astype(object)
    for months, name in ((1, "1_month"), (3, "3_months"), (12, "12_months")):
        out[f"within_{name}"] = out["closed_on"].notna() & (out["closed_on"] <= add_months(out["on"], months))
    out["band"] = band(out["on"], out["closed_on"])
    aware = out["employer_aware_on"].where(out["employer_aware_on"] <= out["received_on"])
    out["has_both_dates"] = aware.notna()
    out["reported_within_1_day"] = working_days(aware, out["received_on"], holidays) <= 1
    key = ["source_system", "referral_id"]
    out = out.merge(estimates[[*key, "contact_probability"]], how="left", on=key, validate="one_to_one")
    out["without_contact"] = 1.0 - out["contact_probability"].astype(float)
    return out


def _by_criterion(referrals: pd.DataFrame) -> pd.DataFrame:
    """One row for each referral and criterion; none recorded is `unknown`."""
    out = referrals.copy(deep=False)
    distinct = [
        sorted(set(c)) if isinstance(c, (list, tuple)) and len(c) else ["unknown"]
        for c in out["harm_criteria"]
    ]
    out["harm_criterion"] = pd.Series(distinct, index=out.index, dtype=object)
    return out.explode("harm_criterion", ignore_index=True)


def _contacts(frame, groups, holidays, told_to, estimates, extracts) -> pd.DataFrame:
    out = frame.reset_index(drop=True).copy(deep=False)
    out["received_on"] = out["received_at"].dt.normalize()
    out["on"] = within(out["received_on"], None, told_to)
    out["sector_group"] = out["sector"].map(groups)
    out["is_requested"] = out["referral_requested"].eq(True)
    out["is_met"] = out["threshold_met"].eq(True)
    for column in ("closed_on", "oversight_on"):
        out[column] = within(out[column], out["received_on"], told_to)
    key = ["source_system", "contact_id"]
    out = out.merge(estimates, how="left", on=key, validate="one_to_one")
    out["match_probability"] = out["match_probability"].astype(float).fillna(0.0)
    asked = within(out["referral_requested_on"], out["received_on"], told_to).fillna(out["on"])
    # A referral that came after the last extract of referrals cannot be seen, so nobody has waited longer than that.
    census = pd.Series(extracts.told_to("referrals"), index=out.index)
    waited = working_days(asked, census, holidays)
    grace = extracts.profile.get("grace_working_days", 10)
    out["is_outstanding"] = out["is_requested"] & (out["match_probability"] < 0.5) & (waited > grace)
    out["age_band"] = band(asked, census)
    known = set(extracts.frames["referrals"]["referral_id"])
    # The link itself is an estimate and comes from the published facts; a case number found among the
    # referrals is a plain fact and is checked here.
    named = out["case_ref"].map(lambda ref: ref in known)
    out["not_on_case_system"] = out["is_met"] & ~(named | out["has_case_on_system"].eq(True))
    return out


def _allegations(
    frames: dict[str, pd.DataFrame],
    referrals: pd.DataFrame,
    outcomes_to: pd.Timestamp,
) -> pd.DataFrame:
    out = frames["allegations"].reset_index(drop=True).copy(deep=False)
    at = find_parent(out, referrals, "referral_id")
    out["on"] = take(referrals, at, "on", None)
    for dim in ("sector", "sector_group", "area", "staff_role", "source_team", "referrer_agency", "pathway"):
        out[dim] = take(referrals, at, dim, "unknown")
    outcomes = frames["outcomes"].reset_index(drop=True)
    found = find_parent(out, outcomes, "allegation_id")
    outcome_on = take(outcomes, found, "outcome_on", None)
    out["outcome_on"] = within(outcome_on, out["on"], outcomes_to)
    out["is_concluded"] = out["outcome_on"].notna()
    out["outcome"] = take(outcomes, found, "outcome", "unknown").where(out["is_concluded"], "not_concluded")
    done = _done(frames["actions"], outcomes_to)
    own = find_parent(done, out, "allegation_id")
    for name, actions in (
        ("has_removal", REMOVALS),
        ("has_dbs", ("dbs_referral",)),
        ("has_prosecution", ("criminal_prosecution",)),
    ):
        rows = set(own[done["action"].isin(actions).to_numpy(dtype=bool)])
        out[name] = [i in rows for i in range(len(out))]
    out["is_removal"] = out["has_removal"] & out["outcome"].eq("substantiated")
    out["is_removal_without_dbs"] = out["is_removal"] & ~out["has_dbs"]
    return out


def _done(actions: pd.DataFrame, told_to: pd.Timestamp) -> pd.DataFrame:
    actions = actions.reset_index(drop=True)
    return actions[actions["action_on"].isna() | (actions["action_on"] <= told_to)].reset_index(drop=True)


def _actions(actions: pd.DataFrame, allegations: pd.DataFrame, told_to: pd.Timestamp) -> pd.DataFrame:
    """One row for each allegation and action, however often it was taken."""
    done = _done(actions, told_to)
    at = find_parent(done, allegations, "allegation_id")
    out = pd.DataFrame({"action": done["action"], "at": at})
    out = out[out["at"] >= 0].drop_duplicates().reset_index(drop=True)
    at = out["at"].to_numpy()
    out["on"] = take(allegations, at, "on", None)
    for dim in ("sector_group", "sector", "outcome"):
        out[dim] = take(allegations, at, dim, "unknown")
    return out


def _children(frame: pd.DataFrame, referrals: pd.DataFrame) -> pd.DataFrame:
    out = frame.reset_index(drop=True).copy(deep=False)
    at = find_parent(out, referrals, "referral_id")
    out["on"] = take(referrals, at, "on", None)
    for flag in ("send", "child_in_need", "child_protection", "early_help"):
        out[flag] = yes_no(out[flag])
    return out


def _meetings(frame: pd.DataFrame, told_to: pd.Timestamp, holidays: np.ndarray) -> pd.DataFrame:
    out = frame.reset_index(drop=True).copy(deep=False)
    out["on"] = within(out["held_on"], None, told_to)
    for column, days, name in (("actions_issued_on", 1, "actions"), ("notes_issued_on", 20, "notes")):
        issued = within(out[column], out["on"], told_to)
        out[f"has_{name}"] = issued.notna()
        out[f"{name}_in_time"] = working_days(out["on"], issued, holidays) <= days
    return out


def _setting_concerns(
    frames: dict[str, pd.DataFrame], groups: dict[str, str], told_to: pd.Timestamp
) -> pd.DataFrame:
    """A concern names its setting by URN or by name; two settings of one name leave its sector unknown."""
    out = frames["setting_concerns"].reset_index(drop=True).copy(deep=False)
    out["on"] = within(out["recorded_on"], None, told_to)
    settings = frames["settings"]
    by_urn = settings.dropna(subset=["setting_urn"]).drop_duplicates("setting_urn", keep=False)
    by_urn = by_urn.set_index("setting_urn")["sector"]
    by_name = settings.assign(name=settings["setting_name"].map(plain)).dropna(subset=["name"])
    by_name = by_name.drop_duplicates("name", keep=False).set_index("name")["sector"]
    sector = out["setting_urn"].map(by_urn).fillna(out["setting_name"].map(plain).map(by_name))
    out["sector_group"] = sector.map(groups).fillna("unknown").astype(object)
    return out


def plain(name: object) -> str | None:
    """A setting's name without case, punctuation and doubled spaces."""
    if not isinstance(name, str):
        return None
    return " ".join("".join(c if c.isalnum() else " " for c in name.casefold()).split()) or None


def open_on(referrals: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Received on or before the day and not closed by it."""
    closed = referrals["closed_on"]
    return (referrals["on"] <= day) & (closed.isna() | (closed > day))


def age_bands() -> list[str]:
    return list(BANDS)
