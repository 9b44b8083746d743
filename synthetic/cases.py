"""Planned rows become cases: days, places and people for each, then the records that a recording system would
hold.

Here: referrals and everything that hangs on one (allegations, outcomes, results, strands, children,
subjects). Not here: contacts (contacts.py), the service's own records (office.py), local headings and
wordings (render.py).

A record is a dictionary of canonical columns; days are whole numbers; `_entered` is the day on which it was
entered.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synthetic import people, places
from synthetic.days import add_months, after_working_days, pick
from synthetic.plan import Plan
from synthetic.referrers import agency_and_job, sector_group, team

BAND_MONTHS = {
    "under_1_month": (0, 1),
    "1_to_3_months": (1, 3),
    "3_to_12_months": (3, 12),
    "over_12_months": (12, 60),
}


@dataclass
class Case:
    """One referral on its way to becoming records."""

    row: dict
    received: int
    outcome: int | None
    closed: int | None
    later_outcome: int | None = None
    later_closed: int | None = None
    place: places.Setting | None = None
    referral_id: str = ""
    subject_id: str = ""
    referrer: str = ""
    contact_ref: str | None = None


@dataclass
class Records:
    """Everything made so far: canonical rows by feed, and the truth that no pipeline reads."""

    feeds: dict[str, list[dict]] = field(default_factory=dict)
    truth: list[dict] = field(default_factory=list)

    def add(self, feed: str, record: dict, entered: int) -> None:
        """Keep one record, known to the system from the day it was entered."""
        record["_entered"] = entered
        self.feeds.setdefault(feed, []).append(record)


def make_cases(rng: np.random.Generator, plan: Plan) -> list[Case]:
    """A case for each planned referral, in the plan's order, with the days that its cells ask for."""
    return [Case(row, *_timeline(rng, row, plan.cohorts)) for row in plan.referrals]


def _timeline(rng, row, cohorts) -> tuple:
    """Received, outcome and closing day, and for a case still open what will happen later.

    Draws until the days suit the cohort, the period of the outcome, the period of the closing and its
    band."""
    first, last = cohorts[row["cohort"]]
    end = max(last for _, last in cohorts.values())
    is_open = row.get("closed_in", "open") == "open"
    for _ in range(3000):
        received, closed = pick(rng, first, last), None
        if is_open and row["cohort"] != "earlier" and rng.random() < 0.6:
            received = max(first, last - int(rng.exponential(80)))  # most open cases are young
        if not is_open:
            start, stop = cohorts[row["closed_in"]]
            least, most = BAND_MONTHS[row["band"]]
            low = add_months(received, least) + 1 if least else received + (row["pathway"] == "allegation")
            low, high = max(low, start), min(add_months(received, most), stop)
            if low > high:
                continue
            closed = pick(rng, low, high)
        if not row.get("outcome"):
            break
        start, stop = cohorts[row["concluded_in"]]
        low, high = max(received + 1, start), min(stop, closed if closed else stop)
        if low <= high:
            share = rng.beta(5, 1.2) if closed else rng.beta(1.5, 1.2)
            outcome = low + int(share * (high - low))
            later = None if closed else end + 1 + int(rng.exponential(40))
            return received, outcome, closed, None, later
    else:
        raise ValueError(
            f"no days suit a case of {row['cohort']} closed in {row['closed_in']} ({row['band']})"
        )
    if closed:
        return received, None, closed, None, None
    later_outcome = end + 1 + int(rng.exponential(90)) if row["pathway"] == "allegation" else None
    later_closed = (later_outcome or end + 1 + int(rng.exponential(60))) + int(rng.exponential(6))
    return received, None, None, later_outcome, later_closed


class Gazetteer:
    """The settings of an authority, and a draw among them in which few are busy and many are quiet."""

    def __init__(self, rng: np.random.Generator, settings: list[places.Setting]):
        self.settings = settings
        self._by_kind: dict[tuple[str, str], tuple[list[places.Setting], np.ndarray]] = {}
        by_sector: dict[str, list[places.Setting]] = {}
        for setting in settings:
            by_sector.setdefault(setting.sector, []).append(setting)
        for sector, own in by_sector.items():
            pull = 1.0 / np.arange(1, len(own) + 1) ** 0.85
            pull = pull[rng.permutation(len(own))]
            for area in ["", *sorted({s.area for s in own})]:
                inside = [i for i, s in enumerate(own) if area in ("", s.area)]
                self._by_kind[sector, area] = ([own[i] for i in inside], np.cumsum(pull[inside]))

    def draw(self, rng: np.random.Generator, sector: str, area: str) -> places.Setting:
        """A setting of that sector in that area; anywhere when the area is unknown or has none."""
        own, pull = self._by_kind.get((sector, area)) or self._by_kind[sector, ""]
        return own[min(int(np.searchsorted(pull, rng.uniform(0, pull[-1]))), len(own) - 1)]


def settle(
    rng: np.random.Generator, cases: list[Case], gazetteer: Gazetteer, ids: dict, records: Records, area: str
) -> None:
    """Give every case its reference (in the order of receipt), its place and its member of staff."""
    known: dict[tuple, list[str]] = {}
    everybody: list[str] = []
    for number, case in enumerate(sorted(cases, key=lambda c: c.received), start=1):
        case.referral_id = ids["referral"].format(1000 + number)
        case.place = gazetteer.draw(rng, case.row["sector"], case.row["area"])
        case.referrer = people.full_name(rng)
        at_place = known.setdefault((case.place.name, case.place.town, case.row["staff_role"]), [])
        chance = rng.random()
        if at_place and chance < 0.22:
            case.subject_id = at_place[rng.integers(len(at_place))]
        elif everybody and chance > 0.985:  # someone who has moved from another setting
            case.subject_id = everybody[rng.integers(len(everybody))]
        else:
            case.subject_id = ids["subject"].format(100000 + len(everybody) + 1)
            everybody.append(case.subject_id)
            person = {
                "subject_id": case.subject_id,
                "full_name": people.full_name(rng),
                "date_of_birth": people.date_of_birth(rng),
                "postcode": people.postcode(rng, area) if rng.random() < 0.9 else None,
            }
            records.add("subjects", person, case.received)
        at_place.append(case.subject_id)


def write_cases(
    rng: np.random.Generator, cases: list[Case], plan: Plan, records: Records, noise: float
) -> None:
    """The records of every case, in the order of receipt."""
    ids = plan.targets["ids"]
    counters = {"allegation": 1000, "child": 1000}
    for case in sorted(cases, key=lambda c: (c.received, c.referral_id)):
        entered = min(case.received + int(rng.integers(0, 3)), plan.cohorts[case.row["cohort"]][1])
        records.add("referrals", _referral(rng, case, noise), entered)
        if case.row["pathway"] == "allegation":
            counters["allegation"] += 1
            allegation_id = ids["allegation"].format(
                case.referral_id if ids["allegation"].startswith("{}") else counters["allegation"]
            )
            write_allegation(rng, case, allegation_id, "allegation", records, entered, plan.cohorts)
        if case.row.get("child", "none") not in ("none", ""):
            _children(rng, case, ids, counters, records, entered)


def _referral(rng, case: Case, noise: float) -> dict:
    row, place = case.row, case.place
    source = row["source"]
    agency, job = agency_and_job(rng, source, row["sector"])
    incident = case.received - int(rng.exponential(9)) if rng.random() < 0.85 else None
    if incident and rng.random() < 0.06:
        incident -= int(rng.integers(300, 6000))  # a non-recent matter
    aware = None
    if rng.random() < 0.8:
        aware = max(
            case.received - int(rng.choice([0, 1, 1, 2, 4, 9], p=[0.35, 0.2, 0.15, 0.15, 0.1, 0.05])),
            incident or 0,
        )
    is_allegation = row["pathway"] == "allegation"
    criteria = []
    if is_allegation or rng.random() < 0.25:
        likely = {"harmed_child": 0.65, "criminal_offence": 0.2, "risk_of_harm": 0.35}
        criteria = [name for name, p in likely.items() if rng.random() < p] or ["risk_of_harm"]
        criteria = [] if rng.random() < 0.05 else criteria
    police = source in ("police", "polit") or rng.random() < (0.32 if is_allegation else 0.05)
    own_noise = noise * 0.5  # a form is filled in with more care than a telephone note
    return {
        "referral_id": case.referral_id,
        "received_on": case.received,
        "contact_ref": case.contact_ref,
        "referrer_name": case.referrer,
        "referrer_role": job,
        "referrer_agency": agency,
        "source_team": team(rng, source, row["sector"]),
        "setting_name": places.name_as_typed(rng, place, own_noise),
        "setting_postcode": places.postcode_as_typed(rng, place.postcode, own_noise),
        "setting_urn": place.urn if place.urn and rng.random() < 0.35 else None,
        "sector": row["sector"],
        "area": row["area"] or None,
        "subject_id": case.subject_id,
        "staff_role": row["staff_role"],
        "concern_category": row["concern_category"] or None,
        "harm_criteria": criteria,
        "pathway": row["pathway"],
        "employer_aware_on": aware,
        "incident_on": incident,
        "threshold_decided_on": after_working_days(
            case.received, int(rng.choice([0, 1, 2, 4], p=[0.5, 0.3, 0.15, 0.05]))
        )
        if rng.random() < 0.93
        else None,
        "rationale_recorded": bool(rng.random() < 0.85) if rng.random() < 0.95 else None,
        "lado": row["officer"],
        "police_involved": bool(police) if police or rng.random() < 0.95 else None,
        "status": "closed" if case.closed or case.later_closed else "open",
        "closed_on": case.closed or case.later_closed,
        "closure_checked_on": (case.closed or case.later_closed) + int(rng.integers(0, 12))
        if (case.closed or case.later_closed) and rng.random() < 0.7
        else None,
    }


def write_allegation(
    rng, case: Case, allegation_id: str, recorded_as: str, records: Records, entered: int, cohorts
) -> None:
    """The allegation of a case with its strands, its outcome once there is one, and what followed."""
    row = case.row
    allegation = {
        "allegation_id": allegation_id,
        "referral_id": case.referral_id,
        "concern_category": row["concern_category"] or None,
        "recorded_on": case.received + int(rng.integers(0, 4)),
        "recorded_as": recorded_as,
    }
    records.add("allegations", allegation, entered)
    outcome, outcome_on = row.get("outcome") or None, case.outcome or case.later_outcome
    if outcome_on and not outcome:
        outcome = str(
            rng.choice(["substantiated", "unsubstantiated", "unfounded", "false"], p=[0.25, 0.45, 0.2, 0.1])
        )
    ended = outcome_on or case.closed
    own_enquiry = "fostering_review" if sector_group(row["sector"]) == "fostering" else "employer"
    for strand, chance in ((own_enquiry, 0.75), ("police", 0.3), ("section_47", 0.2), ("disciplinary", 0.15)):
        if rng.random() < chance:
            started = case.received + int(rng.integers(0, 8))
            over = None if not ended else max(started, ended - int(rng.exponential(10)))
            line = {"allegation_id": allegation_id, "strand": strand, "started_on": started, "ended_on": over}
            records.add("strands", line, max(entered, started))
    if not outcome_on:
        return
    told = {"allegation_id": allegation_id, "outcome": outcome, "outcome_on": outcome_on}
    records.add("outcomes", told, max(entered, outcome_on))
    actions = [row.get("removal", "none"), row.get("other_action", "none")]
    actions += [name for name in ("dbs_referral", "criminal_prosecution") if row.get(name) == "yes"]
    if case.later_outcome:
        actions = ["no_further_action"] if outcome != "substantiated" else ["training_or_development"]
    latest = next((last for first, last in cohorts.values() if first <= outcome_on <= last), outcome_on + 60)
    for action in actions:
        if action not in ("none", ""):
            day = min(outcome_on + int(rng.integers(0, 15)), latest)
            done = {
                "allegation_id": allegation_id,
                "action": action,
                "action_on": day if rng.random() < 0.97 else None,
            }
            records.add("actions", done, max(entered, day))


def _children(rng, case: Case, ids: dict, counters: dict, records: Records, entered: int) -> None:
    """The planned child, and now and then another one about whom nothing more is recorded."""
    planned = {
        "in_care": None if case.row["child"] == "unrecorded" else case.row["child"],
        "send": {"yes": True, "no": False}.get(case.row["send"]),
    }
    others = [
        {"in_care": None, "send": None} for _ in range(int(rng.choice([0, 1, 2], p=[0.93, 0.055, 0.015])))
    ]
    for child in [planned, *others]:
        counters["child"] += 1
        repeats = child is planned and counters["child"] > 1100 and rng.random() < 0.05
        number = counters["child"] - int(rng.integers(1, 90)) if repeats else counters["child"]
        record = {
            "referral_id": case.referral_id,
            "child_id": ids["child"].format(number),
            "age_at_incident": int(rng.integers(0, 18)) if rng.random() < 0.85 else None,
            **child,
        }
        records.add("children", record, entered)


def late_cases(
    rng, contacts: list[dict], plan: Plan, gazetteer: Gazetteer, used: set, year_end: int, cases_before: int,
    records: Records, letters: str,
) -> list[Case]:  # fmt: skip
    """Cases for the matters that met the threshold and are entered only after the year's end, at places of
    their own, so that no other case can be taken for theirs."""
    roles: dict[str, list[str]] = {}
    for row in plan.referrals:
        roles.setdefault(row["sector"], []).append(row["staff_role"])
    quiet: dict[str, list[places.Setting]] = {}
    for setting in gazetteer.settings:
        if (setting.name, setting.town) not in used:
            quiet.setdefault(setting.sector, []).append(setting)
    lados = [o["id"] for o in plan.targets["officers"] if o["role"] == "lado" and "to" not in o]
    first, last = plan.cohorts[plan.targets["contact_cohort"]]
    made = []
    for number, contact in enumerate(contacts, start=1):
        own = roles.get(contact["sector"], ["other"])
        free = quiet.get(contact["sector"], [])
        if free:
            place = free.pop(int(rng.integers(len(free))))
        else:
            areas = sorted({setting.area for setting in gazetteer.settings})
            (place,) = places.make_settings(
                rng, contact["sector"], 1, areas, letters[1], None, 90000 + number
            )
        received = pick(rng, first, last - 5)
        closed = min(received + int(rng.integers(20, 120)), year_end) if rng.random() < 0.5 else None
        row = {
            "pathway": "allegation", "sector": contact["sector"], "area": place.area, "source": "employer",
            "staff_role": own[rng.integers(len(own))], "officer": lados[rng.integers(len(lados))],
            "concern_category": str(rng.choice(["physical", "sexual", "inappropriate_conduct", "emotional"])),
            "outcome": str(rng.choice(["substantiated", "unsubstantiated", "unfounded"])) if closed else "",
            "other_action": "training_or_development" if closed else "none",
        }  # fmt: skip
        ids = plan.targets["ids"]
        case = Case(row, received, closed, closed, place=place, referrer=people.full_name(rng))
        case.referral_id = ids["referral"].format(1000 + cases_before + number)
        case.subject_id = ids["subject"].format(100000 + cases_before + number)
        person = {"subject_id": case.subject_id, "full_name": people.full_name(rng),
                  "date_of_birth": people.date_of_birth(rng), "postcode": people.postcode(rng, letters)}  # fmt: skip
        records.add("subjects", person, year_end + 1)
        made.append(case)
    return made


def write_late_cases(
    rng, late: list[Case], plan: Plan, records: Records, noise: float, year_end: int
) -> None:
    """The late cases as risk assessments, entered on the first night after the year's end; from then on
    their contact names them."""
    contacts = {record["contact_id"]: record for record in records.feeds.get("contacts", [])}
    by_referral = {pair["referral_id"]: contacts[pair["contact_id"]] for pair in records.truth}
    entered = year_end + 1
    for case in late:
        records.add("referrals", _referral(rng, case, noise), entered)
        allegation_id = plan.targets["ids"]["allegation"].format(case.referral_id)
        write_allegation(rng, case, allegation_id, "risk_assessment", records, entered, plan.cohorts)
        by_referral[case.referral_id]["_changes"] = [(entered, "case_ref", case.referral_id)]
