"""Every measure, counted a second time from the extracts.

Belongs here: what each measure counts, over which base, by which breakdowns, in which periods: written
from the definitions of the measures alone, so that agreement with the warehouse means something. Does not
belong here: SQL, or anything read from the warehouse other than match probabilities.

Result of `recompute`: one row for each (authority, period_kind, period_start, measure, dimension_1,
member_1, dimension_2, member_2) with population, numerator, denominator, base, value, unit, period_end,
is_part_period and as_at; counts are floats.

Readings where the definitions leave a choice:
- a rate in a period that began before its feeds were complete is spread over the days since;
- the age of exactly n months belongs to the shorter band, as `closed_within_n_months` counts it;
- a request dated before its contact or after the as-at date is not usable: the contact's day stands in;
- an allegation has its own concern category; its sector, area, role, team, agency and pathway are its
  referral's;
- `meetings`, `requests`, `feedback`, `escalations`, `setting_concerns`, `training_sessions` count by their
  own date, and their population is not compared (the four names do not describe them).
"""

from __future__ import annotations

import pandas as pd

from . import services, stock, yearly
from .facts import Facts
from .tally import BANDS, KEY, Items, base_text, grid, periods_between, shape, singles, spread_over

OUTCOMES = ["substantiated", "unsubstantiated", "unfounded", "false", "malicious"]
REFERRAL_DIMS = (
    "pathway",
    "area",
    "sector_group",
    "sector",
    "staff_role",
    "referrer_agency",
    "source_team",
    "concern_category",
    "harm_criterion",
)


class Recomputation:
    """Collects the rows of one authority."""

    def __init__(self, facts: Facts, lists: dict[str, list[str]]) -> None:
        self.facts, self.lists = facts, lists
        self.rows: list[pd.DataFrame] = []
        self.periods_of: dict[str, pd.DataFrame] = {}

    def available(self, *feeds: str) -> bool:
        return all(self.facts.extracts.is_available(feed) for feed in feeds)

    def first_day(self, *feeds: str) -> tuple[pd.Timestamp, bool]:
        """From when measures of these feeds are complete, and whether the profile says so.

        A feed of which it says nothing is taken as complete from the first period that holds any record.
        """
        days = [self.facts.extracts.complete_from(feed) for feed in feeds]
        said = max((day for day in days if day is not None), default=None)
        if None in days and (said is None or said < self.facts.begun):
            return self.facts.begun, False
        return said, True

    def told_to(self, *feeds: str) -> pd.Timestamp:
        """The last day of which all of these feeds tell; outcomes and actions tell together."""
        days = [self.facts.extracts.told_to(feed) for feed in feeds]
        return min([*days, self.facts.outcomes_to] if {"outcomes", "actions"} & {*feeds} else days)

    def periods(self, measure: str, *feeds: str) -> pd.DataFrame:
        """The periods of a measure that needs these feeds: only the profile's word cuts one at its start."""
        first, is_said = self.first_day(*feeds)
        as_at = self.told_to(*feeds)
        self.periods_of[measure] = periods_between(first, as_at, may_be_cut=is_said).assign(as_at=as_at)
        return self.periods_of[measure]

    def members(self, dim: str, own: tuple[str, ...], items: Items, base: Items | None) -> list[str]:
        """All canonical members of outcome, action and bands; of other dimensions, those seen."""
        if dim == "outcome":
            seen = [m for m in items.seen(dim) if m not in OUTCOMES]
            return OUTCOMES + seen
        if dim == "action":
            actions = self.lists["action"]
            return actions + [m for m in items.seen(dim) if m not in actions]
        if dim in ("band", "age_band"):
            return list(BANDS)
        sides = [items] if base is None or dim in own else [items, base]
        return sorted({member for side in sides for member in side.seen(dim)})

    def count(
        self,
        measure: str,
        population: str | None,
        items: Items,
        breakdowns: list[tuple[str, ...]],
        feeds: tuple[str, ...],
        base: tuple[str, Items] | None = None,
        own: tuple[str, ...] = (),
        weight: str | None = None,
        total: bool = True,
        unit: str | None = None,
    ) -> None:
        """Rows of one measure for its total and each breakdown, with its base where it has one."""
        if not self.available(*feeds):
            return
        periods, as_at = self.periods(measure, *feeds), self.told_to(*feeds)
        items, base = items.until(as_at), base and (base[0], base[1].until(as_at))
        for dims in ([()] if total else []) + breakdowns:
            names = {d: self.members(d, own, items, base[1] if base else None) for d in dims}
            frame = grid(periods, names)
            frame["numerator"] = items.tally(periods, names, weight).ravel()
            if base:
                kept = [d for d in dims if d not in own]
                counted = base[1].tally(periods, {d: names[d] for d in kept})
                frame["denominator"] = spread_over(counted, kept, names)
                frame["base"] = self.bases(base[0], frame, kept)
            self.rows.append(
                shape(frame, dims, measure, population, unit or ("percent" if base else "count"))
            )

    @staticmethod
    def bases(measure: str, frame: pd.DataFrame, kept: list[str]) -> pd.Series:
        if not kept:
            return pd.Series(measure, index=frame.index, dtype=object)
        texts = [
            base_text(measure, dict(zip(kept, row, strict=True)))
            for row in zip(*(frame[d] for d in kept), strict=True)
        ]
        return pd.Series(texts, index=frame.index, dtype=object)


def recompute(facts: Facts, lists: dict[str, list[str]]) -> pd.DataFrame:
    """All measures of one authority. `lists` holds the members of each closed code list."""
    made = Recomputation(facts, lists)
    _contacts(made)
    _referrals(made)
    _allegations(made)
    _closed(made)
    services.add(made)
    stock.add(made)
    result = pd.concat(made.rows, ignore_index=True)
    spans = pd.concat([p.assign(measure=m) for m, p in made.periods_of.items()], ignore_index=True)
    result = result.merge(spans, how="left", on=["measure", "period_kind", "period_start"])
    result = pd.concat([result, yearly.year_on_year(result)], ignore_index=True)
    result.insert(0, "authority", facts.authority)
    columns = [
        "population",
        "numerator",
        "denominator",
        "base",
        "value",
        "unit",
        "period_end",
        "is_part_period",
        "as_at",
    ]
    return result[[*KEY, *columns]]


def _contacts(made: Recomputation) -> None:
    contacts = made.facts.items["contacts"]
    frame, feeds = contacts.frame, ("contacts",)
    dims = ("area", "sector_group", "sector", "staff_role", "referrer_agency", "concern_category", "channel")
    made.count("contacts", "received", contacts, singles(*dims), feeds)
    base = ("contacts", contacts)
    if made.facts.extracts.maps("contacts", "threshold_met"):
        met = contacts.where(frame["is_met"])
        made.count("contacts_threshold_met", "received", met, singles("sector_group", "sector"), feeds, base)
        missing = contacts.where(frame["not_on_case_system"])
        made.count(
            "threshold_met_not_on_case_system", "received", missing, singles("sector_group"),
            ("contacts", "referrals"), ("contacts_threshold_met", met),
        )  # fmt: skip
    asked = contacts.where(frame["is_requested"])
    made.count(
        "referrals_requested",
        "received",
        asked,
        singles("sector_group", "area", "referrer_agency"),
        feeds,
        base,
    )
    both, requested = ("contacts", "referrals"), ("referrals_requested", asked)
    made.count(
        "requested_referrals_received", "received", asked, singles("sector_group", "area"), both, requested,
        weight="match_probability",
    )  # fmt: skip
    made.count(
        "contacts_with_referral",
        "received",
        contacts,
        singles("sector_group"),
        both,
        base,
        weight="match_probability",
    )
    made.count(
        "requested_referrals_outstanding", "received", contacts.where(frame["is_outstanding"]),
        singles("sector_group", "age_band"), both, requested, own=("age_band",),
    )  # fmt: skip
    closed = contacts.frame.assign(on=contacts.frame["closed_on"])
    closed = Items(closed[closed["on"].notna()], contacts)
    if made.facts.extracts.maps("contacts", "oversight_on"):
        seen = closed.where(closed.frame["oversight_on"].notna())
        made.count("contacts_oversight_recorded", "closed", seen, [], feeds, ("contacts_closed", closed))


def _referrals(made: Recomputation) -> None:
    plain, exploded = made.facts.items["referrals"], made.facts.items["referrals_by_criterion"]
    feeds = ("referrals",)
    pairs = [("pathway", d) for d in REFERRAL_DIMS[1:]]
    for breakdowns, items, total in (
        ([*singles(*REFERRAL_DIMS[:-1]), *pairs[:-1]], plain, True),
        ([("harm_criterion",), pairs[-1]], exploded, False),
    ):
        made.count("referrals", "received", items, breakdowns, feeds, total=total)
        base = ("referrals", plain)
        made.count(
            "referrals_share", "received", items, breakdowns, feeds, base, own=REFERRAL_DIMS, total=total
        )
    made.count(
        "referrals_without_contact", "received", plain, singles("sector_group"), ("referrals", "contacts"),
        ("referrals", plain), weight="without_contact",
    )  # fmt: skip
    _within_group(made, "referrals", plain, [("sector",), ("sector_group", "staff_role")], feeds)
    _per_week(made, plain)
    frame = plain.frame
    both = plain.where(frame["has_both_dates"])
    made.count(
        "employer_reported_within_1_working_day", "received", both.where(both.frame["reported_within_1_day"]),
        singles("sector_group"), feeds, ("employer_reported_with_both_dates", both),
    )  # fmt: skip
    for name in ("1_month", "3_months", "12_months"):
        made.count(
            f"closed_within_{name}_of_received", "received", plain.where(frame[f"within_{name}"]),
            singles("pathway", "sector_group"), feeds, ("referrals", plain),
        )  # fmt: skip


def _within_group(made, measure: str, items: Items, breakdowns, feeds) -> None:
    """`<measure>_share_of_sector_group`: the base is the measure in the member's own sector group."""
    if not made.available(*feeds):
        return
    name = f"{measure}_share_of_sector_group"
    periods, items = made.periods(name, *feeds), items.until(made.told_to(*feeds))
    for dims in breakdowns:
        names = {d: items.seen(d) for d in dims}
        frame = grid(periods, names)
        frame["numerator"] = items.tally(periods, names).ravel()
        if "sector_group" not in dims:
            frame["sector_group"] = frame["sector"].map(made.facts.groups)
        of_group = grid(periods, {"sector_group": items.seen("sector_group")})
        of_group["denominator"] = items.tally(periods, {"sector_group": items.seen("sector_group")}).ravel()
        frame = frame.merge(of_group, how="left", on=["period_kind", "period_start", "sector_group"])
        frame["base"] = made.bases(measure, frame, ["sector_group"])
        made.rows.append(shape(frame, dims, name, "received", "percent"))


def _per_week(made: Recomputation, items: Items) -> None:
    periods = made.periods("referrals_per_week", "referrals")
    ends = periods["period_end"].clip(upper=made.told_to("referrals"))
    starts = periods["period_start"].clip(lower=made.first_day("referrals")[0])
    weeks = periods.assign(weeks=((ends - starts).dt.days + 1) / 7)
    for dims in [(), ("pathway",)]:
        names = {d: items.seen(d) for d in dims}
        frame = grid(periods, names)
        frame["numerator"] = items.tally(periods, names).ravel()
        frame = frame.merge(
            weeks[["period_kind", "period_start", "weeks"]], on=["period_kind", "period_start"]
        )
        frame["value"] = frame["numerator"] / frame["weeks"]
        frame["denominator"], frame["base"] = frame["weeks"], "weeks"
        made.rows.append(shape(frame, dims, "referrals_per_week", "received", "per_week"))


def _allegations(made: Recomputation) -> None:
    items = made.facts.items
    allegations, referrals = items["allegations"], items["referrals"]
    frame = allegations.frame
    feeds = ("referrals", "allegations")
    pairs = [
        ("concern_category", "sector_group"),
        ("concern_category", "source_team"),
        ("sector", "concern_category"),
    ]
    dims = ("concern_category", "sector_group", "sector", "area", "staff_role", "recorded_as")
    base = ("referrals", referrals)
    made.count(
        "allegations", "received", allegations, singles(*dims) + pairs, feeds, base, own=("recorded_as",)
    )
    share = ("concern_category", "sector_group", "area", "staff_role")
    made.count(
        "allegations_share",
        "received",
        allegations,
        singles(*share),
        feeds,
        ("allegations", allegations),
        own=share,
    )
    _within_group(
        made, "allegations", allegations, [("sector",), ("sector_group", "concern_category")], feeds
    )
    known = (*feeds, "outcomes")
    concluded = allegations.where(frame["is_concluded"])
    group, whole = singles("sector_group"), ("allegations", allegations)
    made.count("allegations_concluded_of_received", "received", concluded, group, known, whole)
    made.count(
        "allegations_open_of_received",
        "received",
        allegations.where(~frame["is_concluded"]),
        group,
        known,
        whole,
    )
    of = ("allegations_concluded_of_received", concluded)
    by_outcome = [
        ("outcome",),
        ("outcome", "sector_group"),
        ("outcome", "sector"),
        ("outcome", "concern_category"),
    ]
    made.count("outcomes_of_received", "received", concluded, by_outcome, known, of, own=("outcome",))
    in_period = items["concluded"]
    made.count(
        "outcomes", "concluded", in_period, by_outcome[:2], known, ("outcomes", in_period), own=("outcome",)
    )
    acted = (*known, "actions")
    by_action = [("action",), ("action", "sector_group"), ("action", "outcome"), ("action", "sector")]
    made.count(
        "actions_of_received",
        "received",
        items["actions"],
        by_action,
        acted,
        of,
        own=("action", "outcome"),
        total=False,
    )
    removed = allegations.where(frame["is_removal"])
    made.count("removals_of_received", "received", removed, group, acted, of)
    without = allegations.where(frame["is_removal_without_dbs"])
    made.count("removals_without_dbs", "received", without, group, acted, ("removals_of_received", removed))
    made.count("dbs_referrals", "received", allegations.where(frame["has_dbs"]), group, acted, of)
    made.count("prosecutions", "received", allegations.where(frame["has_prosecution"]), group, acted, of)


def _closed(made: Recomputation) -> None:
    closed, feeds = made.facts.items["closed"], ("referrals",)
    made.count("cases_closed", "closed", closed, singles("pathway", "sector_group"), feeds)
    base = ("cases_closed", closed)
    for name in ("1_month", "3_months", "12_months"):
        made.count(
            f"closed_within_{name}", "closed", closed.where(closed.frame[f"within_{name}"]),
            singles("pathway", "sector_group", "police_involved"), feeds, base,
        )  # fmt: skip
    made.count(
        "closed_band",
        "closed",
        closed,
        [("band",), ("band", "pathway")],
        feeds,
        base,
        own=("band",),
        total=False,
    )
