"""A second maker of worlds, unlike the first: settings whose same few people call, a season, working days.

    python -m benchmarks.matching --world callers

Here belongs what matching_worlds.py leaves out. There every referrer's name, role and agency is drawn by itself and all
days are alike; here they belong to one person, so that they say one thing three times, schools are quiet in their
holidays, nobody writes at weekends, who has no name of a setting writes "not known", and direct referrals come near
other matters of their setting. A method tuned on one of the two is found out by the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.matching_names import CODA, ONSET, mistype, pick, setting_names
from benchmarks.matching_worlds import AREAS, FIRST_DAY

KINDS = (
    # sector, word of the name, settings, share of matters, roles of staff, roles of callers, agency
    ("primary", "Primary School", 450, 0.24, ("teacher", "teaching_assistant"), ("head", "lead", "deputy"), "school"),
    ("secondary", "Academy", 110, 0.16, ("teacher", "teaching_assistant"), ("head", "lead", "deputy"), "school"),
    ("special", "Special School", 40, 0.07, ("teaching_assistant", "teacher"), ("head", "lead"), "school"),
    ("nursery", "Nursery", 250, 0.11, ("nursery_practitioner", "trainee"), ("manager", "lead"), "early_years"),
    ("childminder", "Childminder", 220, 0.04, ("childminder", "childminder"), ("self",), "early_years"),
    ("independent_fostering", "Fostering", 46, 0.11, ("foster_carer", "foster_carer"), ("social_worker", "manager"),
     "fostering"),
    ("residential", "Childrens Home", 130, 0.11, ("residential_worker", "social_worker"), ("manager", "lead"), "care"),
    ("sports", "Football Club", 90, 0.06, ("coach", "volunteer"), ("welfare_officer",), "club"),
    ("faith", "Church", 70, 0.04, ("faith_leader", "volunteer"), ("lead",), "faith"),
    ("health", "Hospital", 30, 0.06, ("health_professional", "other"), ("nurse", "manager"), "health"),
)  # fmt: skip
OUTSIDE = (
    ("police_officer", "police"),
    ("social_worker", "social_care"),
    ("inspector", "ofsted"),
    ("parent", "public"),
)
CONCERNS = ("physical", "inappropriate_conduct", "sexual", "emotional", "neglect", "online_safety", "other")
CONCERN_SHARES = (0.34, 0.26, 0.14, 0.06, 0.06, 0.06, 0.08)
TAKEN_FOR = (1, 0, 5, 0, 0, 2, 1)
"""Number of the category of concern that each is taken for by another person."""
NO_NAME = (None, None, "n/a", "Not known", "school", "TBC", "setting")
HOLIDAYS = ((0, 13), (113, 155), (264, 276))
"""First and last days of school holidays, counted from 1 April: Easter, summer, Christmas."""


@dataclass(frozen=True)
class World:
    """How one world behaves. Shares are of records unless said otherwise."""

    seed: int = 1
    authorities: int = 1
    contacts: int = 2521
    requested: float = 0.345
    received: float = 0.655
    not_requested_received: float = 0.045
    referrals: int = 1185
    settings: float = 1.0
    """How many settings there are, against the usual number."""
    near: float = 0.06
    """Share of direct referrals that come near a contact about another matter of the setting."""
    two_contacts: float = 0.05
    two_referrals: float = 0.05
    same_caller: float = 0.68
    """Share of further records of a matter that come from who called first."""
    outside: float = 0.17
    """Share of callers who do not belong to the setting."""
    short: float = 0.35
    typo: float = 0.03
    alias: float = 0.01
    no_name: float = 0.02
    postcode_missing: float = 0.45
    postcode_wrong: float = 0.03
    surname_missing: float = 0.25
    area_other: float = 0.05
    role_other: float = 0.13
    concern_other: float = 0.22
    blank: float = 0.08
    """Share of sectors, areas, roles, categories, callers' roles and agencies that are left empty, of each."""
    quoted: float = 0.12
    quoted_wrong: float = 0.08


NOISE = {
    "low": {"same_caller": 0.78, "outside": 0.12, "short": 0.17, "typo": 0.01, "alias": 0.004, "no_name": 0.007,
            "postcode_missing": 0.3, "surname_missing": 0.15, "area_other": 0.03, "role_other": 0.08,
            "concern_other": 0.14, "blank": 0.05, "quoted": 0.15, "quoted_wrong": 0.03},
    "middle": {},
    "high": {"same_caller": 0.56, "outside": 0.24, "short": 0.6, "typo": 0.08, "alias": 0.025, "no_name": 0.05,
             "postcode_missing": 0.6, "postcode_wrong": 0.06, "surname_missing": 0.4, "area_other": 0.1,
             "role_other": 0.2, "concern_other": 0.32, "blank": 0.15, "quoted": 0.08, "quoted_wrong": 0.15},
}  # fmt: skip


def world(noise: str = "middle", **changes: object) -> World:
    """A world of one noise level with some behaviour changed."""
    return replace(World(), **{**NOISE[noise], **changes})


def one_authority(w: World, number: int) -> tuple[dict, dict, np.ndarray]:
    """Contacts, referrals (columns as lists) and the true pairs as row numbers of both."""
    rng = np.random.default_rng([w.seed, number, 77])
    settings = _settings(rng, w)
    contacts, referrals = _records(rng, w, settings)
    sides = []
    for prefix, records in (("C", contacts), ("R", referrals)):
        written = [_written(rng, w, record) for record in records]
        rows = {name: [one[name] for one in written] for name in written[0]}
        rows |= {
            "authority": [f"authority_{number:03d}"] * len(records),
            f"{'contact' if prefix == 'C' else 'referral'}_id": [
                f"{prefix}{row:07d}" for row in range(len(records))
            ],
            "day": np.array([record["day"] for record in records]) + FIRST_DAY,
        }
        sides.append(rows)
    sides[0]["referral_requested"] = np.array([record["requested"] for record in contacts])
    of_matter: dict[int, list[int]] = {}
    for row, record in enumerate(contacts):
        of_matter.setdefault(record["matter"], []).append(row)
    quoted: list[str | None] = []
    for record in referrals:
        meant = of_matter.get(record["matter"])
        if meant is None or rng.random() >= w.quoted:
            quoted.append(None)
        else:
            row = int(rng.integers(len(contacts))) if rng.random() < w.quoted_wrong else meant[0]
            quoted.append(f"C{row:07d}")
    sides[1]["contact_ref"] = quoted
    truth = [(c, r) for r, record in enumerate(referrals) for c in of_matter.get(record["matter"], ())]
    return sides[0], sides[1], np.array(truth, dtype=np.int64).reshape(-1, 2)


def _person(rng: np.random.Generator, role: str, agency: str) -> tuple[str, str, str]:
    return pick(rng, ONSET) + pick(rng, CODA), role, agency


def _settings(rng: np.random.Generator, w: World) -> list[dict]:
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    made = []
    for kind in KINDS:
        busy = rng.lognormal(0, 0.9, max(round(kind[2] * w.settings), 1))
        for share in kind[3] * busy / busy.sum():
            area = int(rng.integers(len(AREAS)))
            code = f"ZZ{10 + area * 3 + int(rng.integers(3))} {rng.integers(1, 10)}"
            code += "".join(letters[int(place)] for place in rng.integers(0, len(letters), 2))
            people = [_person(rng, role, kind[6]) for role in kind[5][: 1 + int(rng.integers(len(kind[5])))]]
            made.append({"kind": kind, "names": setting_names(rng, kind[1]), "area": area, "postcode": code,
                         "people": people, "share": share})  # fmt: skip
    return made


def _records(rng: np.random.Generator, w: World, settings: list[dict]) -> tuple[list[dict], list[dict]]:
    """Contacts and referrals as they truly are, in the order of their days."""
    shares = np.cumsum([one["share"] for one in settings])
    outsiders = [_person(rng, *OUTSIDE[int(rng.integers(len(OUTSIDE)))]) for _ in range(120)]
    contacts: list[dict] = []
    referrals: list[dict] = []
    matters = 0

    def calling(setting: dict, before: tuple | None = None) -> tuple[str, str, str]:
        if before and rng.random() < w.same_caller:
            return before
        return pick(rng, outsiders if rng.random() < w.outside else setting["people"])

    def matter(setting: dict) -> dict:
        nonlocal matters
        matters += 1
        return {"matter": matters, "setting": setting, "day": _day(rng, setting), "caller": calling(setting),
                "role": setting["kind"][4][int(rng.random() < 0.3)],
                "concern": int(rng.choice(len(CONCERNS), p=CONCERN_SHARES))}  # fmt: skip

    def anywhere() -> dict:
        return settings[int(np.searchsorted(shares, rng.random() * shares[-1]).clip(0, len(settings) - 1))]

    def again(record: dict, day: int, **other: object) -> dict:
        return {
            **record,
            "day": _workday(day),
            "caller": calling(record["setting"], record["caller"]),
            **other,
        }

    while len(contacts) < w.contacts:
        first = {**matter(anywhere()), "requested": bool(rng.random() < w.requested)}
        told = [first]
        if rng.random() < w.two_contacts:
            told.append(again(first, first["day"] + int(rng.integers(0, 15))))
        contacts += [one for one in told if one["day"] < 366]
        if rng.random() < (w.received if first["requested"] else w.not_requested_received):
            day = told[-1]["day"] + _lag(rng)
            referrals.append(again(told[-1], day))
            if rng.random() < w.two_referrals:
                other = pick(rng, first["setting"]["kind"][4])
                referrals.append(again(told[-1], day + int(rng.integers(0, 10)), role=other))
    referrals = [one for one in referrals if 0 <= one["day"] < 366]
    while len(referrals) < w.referrals:
        if rng.random() < w.near:
            other = contacts[int(rng.integers(len(contacts)))]
            one = again(matter(other["setting"]), other["day"] + int(rng.integers(-10, 25)))
        else:
            one = matter(anywhere())
        if 0 <= one["day"] < 366:
            referrals.append(one)
    return sorted(contacts, key=lambda one: one["day"]), sorted(referrals, key=lambda one: one["day"])


def _workday(day: int) -> int:
    """The day itself, or the Monday after a weekend; day 0 is a Monday."""
    return day + 7 - day % 7 if day % 7 > 4 else day


def _day(rng: np.random.Generator, setting: dict) -> int:
    while True:
        day = int(rng.integers(366))
        quiet = any(first <= day <= last for first, last in HOLIDAYS)
        if day % 7 < 5 and not (
            quiet and rng.random() < (0.8 if setting["kind"][6] in ("school", "early_years") else 0.2)
        ):
            return day


def _lag(rng: np.random.Generator) -> int:
    chance = rng.random()
    if chance < 0.05:
        return -int(rng.integers(1, 8))
    if chance < 0.25:
        return int(rng.integers(0, 2))
    return round(rng.lognormal(np.log(6), 0.85)) if chance < 0.93 else int(rng.integers(20, 75))


def _written(rng: np.random.Generator, w: World, record: dict) -> dict[str, str | None]:
    """One record as somebody writes it down."""
    setting = record["setting"]
    usual, ways, alias = setting["names"]
    name = pick(rng, ways) if rng.random() < w.short else usual
    name = mistype(rng, name) if rng.random() < w.typo else name
    name = alias if rng.random() < w.alias else name
    code = setting["postcode"]
    surname, caller_role, agency = record["caller"]
    if rng.random() < w.role_other:
        role = ("other", "volunteer", "trainee", setting["kind"][4][0])[int(rng.integers(4))]
    else:
        role = record["role"]
    concern = TAKEN_FOR[record["concern"]] if rng.random() < w.concern_other else record["concern"]
    area = int(rng.integers(len(AREAS))) if rng.random() < w.area_other else setting["area"]

    def or_blank(value: str) -> str:
        return "unknown" if rng.random() < w.blank else value

    return {
        "setting_name": NO_NAME[int(rng.integers(len(NO_NAME)))] if rng.random() < w.no_name else name,
        "setting_postcode": None if rng.random() < w.postcode_missing
        else mistype(rng, code) if rng.random() < w.postcode_wrong else code,
        "referrer_name": None if rng.random() < w.surname_missing
        else mistype(rng, surname) if rng.random() < w.typo else surname,
        "sector": or_blank(setting["kind"][0]),
        "area": or_blank(AREAS[area]),
        "staff_role": or_blank(role),
        "concern_category": or_blank(CONCERNS[concern]),
        "referrer_role": or_blank(caller_role),
        "referrer_agency": or_blank(agency),
    }  # fmt: skip
