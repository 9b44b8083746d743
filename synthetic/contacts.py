"""Contacts, and the truth about which referral each became.

Here: contact records with what a telephone note really holds (no member of staff, a setting as somebody typed
it, seldom a reference), and the true pairs. Not here: how matching guesses them.
"""

from __future__ import annotations

import numpy as np

from synthetic import people, places
from synthetic.cases import Case, Gazetteer, Records
from synthetic.days import after_working_days, pick
from synthetic.plan import Plan
from synthetic.referrers import agency_and_job

_ADVICE = [
    "employer_to_investigate",
    "practice_guidance",
    "no_role",
    "contact_front_door",
    "contact_police",
    "other_lado",
]
_ADVICE_SHARE = [0.34, 0.32, 0.14, 0.1, 0.06, 0.04]
_CHANNELS, _CHANNEL_SHARE = ["telephone", "email", "online_form", "in_person"], [0.62, 0.3, 0.06, 0.02]
_NEAR_CATEGORY = {
    "physical": ["inappropriate_conduct", "emotional"], "inappropriate_conduct": ["physical", "online_safety"],
    "sexual": ["inappropriate_conduct", "online_safety"], "neglect": ["inappropriate_conduct", "emotional"],
}  # fmt: skip
_CATEGORIES = [
    "physical",
    "inappropriate_conduct",
    "sexual",
    "online_safety",
    "external_safeguarding",
    "neglect",
]
_CATEGORY_SHARE = [0.36, 0.36, 0.08, 0.06, 0.08, 0.06]


def lag_days(rng: np.random.Generator, on_one_system: bool) -> int:
    """Days from contact to referral: mostly within four weeks, a tail, and some referrals dated before their
    contact."""
    chance = rng.random()
    if on_one_system:
        return int(rng.integers(0, 4)) if chance < 0.9 else int(rng.integers(4, 30))
    if chance < 0.05:
        return -int(rng.integers(1, 8))
    if chance < 0.93:
        return min(int(rng.gamma(1.1, 6.0)), 28)
    return int(rng.integers(29, 75))


def pair_twins(rng: np.random.Generator, cases: list[Case], plan: Plan) -> None:
    """Let some contacts bring a second referral: a direct one of the same sector and weeks moves to the same
    setting."""
    told = plan.targets["contacts"]
    wanted = told.get("two_referrals", 0) * len(plan.contacts) // told["total"]
    joined = {place for contact in plan.contacts for place in contact["referrals"]}
    direct: dict[tuple, list[int]] = {}
    for i, case in enumerate(cases):
        if i not in joined and case.row["cohort"] == plan.targets["contact_cohort"]:
            direct.setdefault((case.row["sector"], case.row["area"], case.row["staff_role"]), []).append(i)
    for contact in (plan.contacts[i] for i in rng.permutation(len(plan.contacts))):
        if wanted <= 0:
            return
        if not contact["referrals"]:
            continue
        case = cases[contact["referrals"][0]]
        near = direct.get((case.row["sector"], case.row["area"], case.row["staff_role"]), [])
        twin = next((i for i in near if abs(cases[i].received - case.received) <= 12), None)
        if twin is not None:
            near.remove(twin)
            cases[twin].place = case.place
            contact["referrals"].append(twin)
            wanted -= 1


def write_contacts(
    rng: np.random.Generator, plan: Plan, cases: list[Case], late: list[Case], gazetteer: Gazetteer, records: Records,
    noise: float, year_end: int,
) -> None:  # fmt: skip
    """Every contact of the plan in the order of receipt, and the true pairs. `late` are the cases, in the
    plan's order, of the contacts of the late kind. Sets the reference that a referral quotes."""
    told = plan.targets["contacts"]
    first, last = plan.cohorts[plan.targets["contact_cohort"]]
    waiting = iter(late)
    drafts = []
    for contact in plan.contacts:
        partners = [cases[i] for i in contact["referrals"]]
        if contact["kind"] == told.get("late_kind"):
            partners = [next(waiting)]
        drafts.append((_contact_day(rng, partners, first, last, "links" in told), contact, partners))
    roles: dict[str, list[str]] = {}
    for row in plan.referrals:
        roles.setdefault(row["sector"], []).append(row["staff_role"])
    handlers = [
        o["id"]
        for o in plan.targets["officers"]
        if o["role"] in ("contact_and_referral_officer", "safeguarding_officer")
    ]
    met_police = told.get("met_police", 0)
    for number, (day, contact, partners) in enumerate(sorted(drafts, key=lambda d: d[0]), start=1):
        contact_id = plan.targets["ids"]["contact"].format(number)
        record = _contact(rng, contact_id, day, contact, partners, plan, gazetteer, roles, noise, year_end)
        record["handled_by"] = handlers[rng.integers(len(handlers))] if rng.random() < 0.97 else None
        if contact.get("police_officer") == "yes":
            record.update(staff_role="police_officer", sector="police")
            if met_police:
                record["setting_name"], met_police = "Capital Police", met_police - 1
        records.add("contacts", record, day)
        for case in partners:
            records.truth.append(
                {"contact_id": contact_id, "referral_id": case.referral_id, "kind": contact["kind"],
                 "requested": record["referral_requested"], "contact_on": day, "received_on": case.received}
            )  # fmt: skip
            if rng.random() < told["contact_ref_quoted"]:
                wrong = rng.random() < told["contact_ref_wrong"]
                quoted = int(rng.integers(1, len(drafts) + 400)) if wrong else number
                case.contact_ref = plan.targets["ids"]["contact"].format(quoted)


def _contact_day(rng, partners: list[Case], first: int, last: int, on_one_system: bool) -> int:
    if not partners:
        return pick(rng, first, last)
    for _ in range(12):
        day = partners[0].received - lag_days(rng, on_one_system)
        if first <= day <= last:
            return day
    return min(max(partners[0].received, first), last)


def _contact(rng, contact_id, day, contact, partners, plan: Plan, gazetteer, roles, noise, year_end) -> dict:
    told = plan.targets["contacts"]
    case = partners[0] if partners else None
    sector = contact["sector"]
    place = case.place if case else gazetteer.draw(rng, sector or "primary", "")
    requested = contact["kind"] in told["requested_kinds"]
    if told["known_threshold"]:
        threshold = contact["kind"] in told["threshold_kinds"]
    else:
        threshold = (rng.random() < 0.75) if requested else False
        threshold = None if rng.random() < 0.2 else bool(threshold)
    if case:
        role = (
            case.row["staff_role"]
            if rng.random() < 0.72 and case.row["staff_role"] != "police_officer"
            else None
        )
        category = _category_as_heard(rng, case.row["concern_category"])
        agency_from, same_person = case.row["source"], rng.random() < 0.7
        if not told["known_threshold"] and rng.random() < 0.06:
            sector = ""  # where the sector is not published it may be left out
    else:
        own = [r for r in roles.get(sector, ["other"]) if r != "police_officer"] or ["other"]
        role = own[rng.integers(len(own))] if rng.random() < 0.7 else None
        category = str(rng.choice(_CATEGORIES, p=_CATEGORY_SHARE)) if rng.random() < 0.9 else None
        agency_from, same_person = (
            str(rng.choice(["employer", "public", "childrens_services"], p=[0.86, 0.07, 0.07])),
            False,
        )
    agency, referrer_role = agency_and_job(rng, agency_from, sector or place.sector)
    closed = after_working_days(day, int(rng.exponential(4))) if rng.random() < 0.97 else None
    closed = closed if closed is None or closed <= year_end else None
    asked_on = after_working_days(day, int(rng.integers(0, 2))) if requested and rng.random() < 0.9 else None
    return {
        "contact_id": contact_id,
        "received_at": (day, int(rng.integers(8 * 60, 18 * 60))),
        "channel": str(rng.choice(_CHANNELS, p=_CHANNEL_SHARE)),
        "referrer_name": (people.name_as_typed(rng, case.referrer) if same_person else people.full_name(rng))
        if rng.random() < 0.8
        else None,
        "referrer_role": referrer_role,
        "referrer_agency": agency,
        "setting_name": places.name_as_typed(rng, place, noise),
        "setting_postcode": places.postcode_as_typed(rng, place.postcode, noise),
        "setting_urn": place.urn if place.urn and rng.random() < 0.06 else None,
        "sector": sector or None,
        "area": (place.area or None) if rng.random() < 0.93 else None,
        "staff_role": role,
        "concern_category": category,
        "advice_given": "submit_referral" if requested else str(rng.choice(_ADVICE, p=_ADVICE_SHARE)),
        "threshold_met": threshold,
        "referral_requested": requested,
        "referral_requested_on": asked_on if asked_on is None or asked_on <= year_end else day,
        "case_ref": case.referral_id
        if case and contact["kind"] != told.get("late_kind") and rng.random() < told["case_ref_quoted"]
        else None,
        "handled_by": None,
        "closed_on": closed,
        "oversight_on": min(closed + int(rng.integers(0, 6)), year_end)
        if closed and rng.random() < 0.82
        else None,
    }


def _category_as_heard(rng, category: str) -> str | None:
    """The category of the same matter at first hearing: the same, one near it, or none."""
    chance = rng.random()
    if chance < 0.12 or not category:
        return None
    near = _NEAR_CATEGORY.get(category, ["inappropriate_conduct"])
    return category if chance < 0.8 else near[rng.integers(len(near))]
