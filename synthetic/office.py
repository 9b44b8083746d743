"""The service's own records: officers, the register of settings, meetings, requests, feedback, training,
decisions.

Here: records that do not follow from one planned cell but from a number of the targets file. Not here: cases
and contacts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthetic.cases import Case, Records
from synthetic.days import after_working_days, as_day, pick
from synthetic.places import Setting, make_settings
from synthetic.plan import Plan
from synthetic.referrers import sector_group

_AUDIENCES = {
    "education": "school_leaders",
    "early_years": "early_years_leaders",
    "fostering": "foster_carers",
    "wider_workforce": "residential_managers",
}
_STATE_SCHOOLS = ("primary", "secondary", "special", "pupil_referral_unit", "through_school")
_REQUEST_WORKING_DAYS = {
    "freedom_of_information": 20,
    "subject_access": 21,
    "ofsted": 5,
    "safeguarding_check": 10,
}


def register_of_settings(
    rng: np.random.Generator, targets: dict, name: str, scale: int, records: Records
) -> list[Setting]:
    """Every place of the authority; those on the register also become records. Volumes grow with `scale`."""
    areas = sorted(a for a in next(s for s in targets["stages"] if s["name"] == "area")["adds"]["area"] if a)
    settings: list[Setting] = []
    for sector, number in (targets.get("settings") or {}).items():
        own = make_settings(
            rng, sector, number * scale, areas, name, targets["ids"]["setting"], len(settings) + 1
        )
        settings += own
    academies = {s.setting_id for s in _some(rng, [s for s in settings if s.sector in _STATE_SCHOOLS],
                                             targets.get("academies", 0) * scale)}  # fmt: skip
    for i, setting in enumerate(settings):
        settings[i] = replace(setting, provider=_provider(rng, setting, academies))
        records.add("settings", _setting_record(settings[i]), as_day("2016-01-01"))
    for sector, number in (targets.get("unregistered") or {}).items():
        settings += make_settings(rng, sector, number * scale, areas, name, None, 50000 + len(settings))
    return settings


def _some(rng, items: list, number: int) -> list:
    return [items[i] for i in sorted(rng.permutation(len(items))[:number])]


def _provider(rng, setting: Setting, academies: set) -> str:
    if setting.sector in _STATE_SCHOOLS:
        return "academy" if setting.setting_id in academies else "maintained"
    if setting.sector == "independent":
        return "independent"
    if setting.sector == "authority_fostering":
        return "local_authority"
    return "voluntary" if setting.sector == "nursery" and rng.random() < 0.3 else "private"


def _setting_record(setting: Setting) -> dict:
    return {
        "setting_id": setting.setting_id,
        "setting_name": setting.name + (f", {setting.town}" if setting.town else ""),
        "setting_postcode": setting.postcode,
        "setting_urn": setting.urn,
        "sector": setting.sector,
        "area": setting.area,
        "provider": setting.provider,
    }


def write_officers(targets: dict, records: Records) -> None:
    """The officers of the targets file, as given."""
    for officer in targets["officers"]:
        started = as_day(officer["from"])
        ended = as_day(officer["to"]) if "to" in officer else None
        told = {
            "officer_id": officer["id"],
            "officer_role": officer["role"],
            "fte": officer["fte"],
            "started_on": started,
            "ended_on": ended,
        }
        records.add("officers", told, started)


def write_meetings(
    rng: np.random.Generator, targets: dict, cases: list[Case], scale: int, records: Records
) -> None:
    """Meetings held, each about an allegation that was open on the day, with the days on which papers went
    out."""
    allegations = [case for case in cases if case.row["pathway"] == "allegation"]
    received = np.array([case.received for case in allegations])
    closed = np.array([case.closed or 10**7 for case in allegations])
    number = 0
    for told in targets.get("meetings", []):
        for _ in range(told["count"] * scale):
            held = after_working_days(pick(rng, as_day(told["from"]), as_day(told["to"]) - 4) - 1, 1)
            fits = np.flatnonzero((received < held) & (received > held - 45) & (closed >= held))
            case = allegations[fits[rng.integers(len(fits))]]
            number += 1
            actions = after_working_days(held, int(rng.choice([0, 1, 3], p=[0.4, 0.45, 0.15])))
            notes = after_working_days(held, int(rng.choice([8, 15, 20, 28], p=[0.25, 0.35, 0.2, 0.2])))
            meeting = {
                "meeting_id": targets["ids"]["meeting"].format(number),
                "referral_id": case.referral_id,
                "meeting_type": told["type"],
                "due_on": after_working_days(case.received, 5),
                "held_on": held,
                "actions_issued_on": actions if rng.random() < 0.92 else None,
                "notes_issued_on": notes if rng.random() < 0.85 else None,
            }
            records.add("meetings", meeting, held)


def write_requests(rng: np.random.Generator, plan: Plan, scale: int, records: Records) -> None:
    """Requests for information by type; answered when the law or the service's habit says, or a little
    late."""
    days = []
    for told in plan.targets.get("requests", []):
        first, last = plan.cohorts[told["cohort"]]
        days += [(pick(rng, first, last), told["type"]) for _ in range(told["count"] * scale)]
    for number, (day, kind) in enumerate(sorted(days), start=1):
        due = after_working_days(day, _REQUEST_WORKING_DAYS.get(kind, 3))
        answered = after_working_days(day, int(rng.exponential(_REQUEST_WORKING_DAYS.get(kind, 3) * 0.5)))
        request = {
            "request_id": plan.targets["ids"]["request"].format(number),
            "request_type": kind,
            "received_on": day,
            "due_on": due,
            "answered_on": answered if rng.random() < 0.97 else None,
        }
        records.add("requests", request, day)


def write_feedback(
    rng: np.random.Generator, plan: Plan, cases: list[Case], scale: int, records: Records
) -> None:
    """Forms asked for when a case closes; few come back, and those are kind."""
    told = plan.targets.get("feedback")
    if not told:
        return
    first, last = plan.cohorts[told["cohort"]]
    asked = _some(
        rng, [c for c in cases if c.closed and first <= c.closed <= last - 21], told["asked"] * scale
    )
    back = set(rng.permutation(len(asked))[: told["returned"] * scale].tolist())
    for number, case in enumerate(asked, start=1):
        returned = min(case.closed + int(rng.integers(1, 21)), last) if number - 1 in back else None
        form = {
            "feedback_id": plan.targets["ids"]["feedback"].format(number),
            "referral_id": case.referral_id,
            "requested_on": case.closed,
            "returned_on": returned,
            "rating": int(rng.choice([10, 9, 8, 6], p=[0.45, 0.35, 0.15, 0.05])) if returned else None,
        }
        records.add("feedback", form, case.closed)


def write_training(rng: np.random.Generator, plan: Plan, scale: int, records: Records) -> None:
    """Sessions on the dates that the targets give, or that many in the year of contacts, and those of the
    year before."""
    told = plan.targets["training"]
    first, last = plan.cohorts[plan.targets["contact_cohort"]]
    days = [as_day(day) for day in told.get("dates", [])] * scale
    days += [pick(rng, first, last) for _ in range(told.get("number", 0) * scale)]
    days += [pick(rng, first - 365, first - 1) for _ in range(told.get("before", 0) * scale)]
    sectors = [
        "primary",
        "secondary",
        "nursery",
        "independent_fostering",
        "residential",
        "social_care",
        "health",
    ]
    for number, day in enumerate(sorted(days), start=1):
        sector = sectors[rng.integers(len(sectors))]
        session = {
            "session_id": plan.targets["ids"]["training"].format(number),
            "held_on": day,
            "sector": sector if rng.random() < 0.8 else None,
            "audience": {"social_care": "social_workers", "health": "health_staff"}.get(
                sector, _AUDIENCES[sector_group(sector)]
            ),
            "attendees": int(rng.integers(6, 60)) if rng.random() < 0.9 else None,
        }
        records.add("training", session, day - 120 if "dates" in told else day)  # sessions are booked ahead


def write_decisions(rng: np.random.Generator, records: Records, year_end: int, number: int = 6) -> None:
    """A few pairs that a reviewer has looked up in the paper files and confirmed, all in the last weeks."""
    recent = [pair for pair in records.truth if pair["contact_on"] > year_end - 150]
    for pair in _some(rng, recent, number):
        decided = year_end - int(rng.integers(0, 20))
        told = {"contact_id": pair["contact_id"], "referral_id": pair["referral_id"], "decision": "confirm",
                "decided_on": max(decided, pair["contact_on"], pair["received_on"])}  # fmt: skip
        records.add("match_decisions", told, told["decided_on"])
