"""Made-up contacts and referrals whose truth is known, for tests and benchmarks of matching.

Here belong the worlds: how people write, lose and mistype things. The stage they are put on is matching_stage.py; the
pipeline's made-up extracts are another matter and stand in synthetic/.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.matching_names import CODA, ONSET, mistype, pick, setting_names

FIRST_DAY = 17987  # 1 April 2019, in days since 1970

SECTORS = (
    ("primary", "Primary School", 0.36),
    ("secondary", "Academy", 0.14),
    ("nursery", "Nursery", 0.13),
    ("childminder", "Childminder", 0.12),
    ("residential", "Childrens Home", 0.10),
    ("sports", "Football Club", 0.06),
    ("faith", "Church", 0.05),
    ("health", "Hospital", 0.04),
)
ROLES = (
    "teacher",
    "teaching_assistant",
    "head_teacher",
    "nursery_practitioner",
    "childminder",
    "residential_worker",
    "coach",
    "volunteer",
    "site_staff",
    "foster_carer",
)
CONCERNS = (
    "physical",
    "inappropriate_conduct",
    "sexual",
    "emotional",
    "neglect",
    "online_safety",
    "risk_by_association",
    "external_safeguarding",
)
CONCERN_SHARES = np.array([0.34, 0.24, 0.13, 0.08, 0.08, 0.06, 0.04, 0.03])
AGENCIES = ("employer", "social_care", "police", "health", "ofsted", "parent")
REFERRER_ROLES = ("head", "designated_lead", "manager", "social_worker", "officer")
AREAS = tuple(f"district_{number}" for number in range(12))


@dataclass(frozen=True)
class World:
    """How one world behaves. Shares are of records unless said otherwise; noise is per side of a pair."""

    seed: int = 1
    authorities: int = 1
    contacts: int = 2521
    years: float = 1.0
    requested: float = 0.345
    received: float = 0.655
    not_requested_received: float = 0.025
    direct: float = 0.24
    """Referrals without a contact, as a share of contacts."""
    settings: int = 1000
    busy: float = 0.7
    """Exponent of the settings' activity: the busiest has 1/1, the next 1/2**busy ..."""
    burst: float = 0.10
    """Share of matters that come within three weeks of another matter at the same setting."""
    lag_median: float = 4.0
    lag_spread: float = 1.0
    early: float = 0.04
    """Share of true pairs whose referral is dated before the contact."""
    two_contacts: float = 0.05
    two_referrals: float = 0.03
    text_missing: float = 0.01
    text_other: float = 0.015
    """Written by a name that has little to do with the usual one (a trust's name, initials)."""
    text_short: float = 0.30
    typo: float = 0.03
    postcode_missing: float = 0.45
    postcode_wrong: float = 0.03
    quoted: float = 0.20
    quoted_wrong: float = 0.10
    surname_missing: float = 0.30
    surname_other: float = 0.25
    role_other: float = 0.15
    role_missing: float = 0.10
    concern_other: float = 0.20
    concern_missing: float = 0.05
    area_other: float = 0.03
    area_missing: float = 0.05
    sector_other: float = 0.04
    agency_other: float = 0.15


NOISE = {
    "low": {},
    "middle": {
        "text_missing": 0.015,
        "text_other": 0.02,
        "typo": 0.05,
        "postcode_missing": 0.55,
        "quoted": 0.13,
        "quoted_wrong": 0.15,
        "surname_missing": 0.40,
        "surname_other": 0.30,
        "role_other": 0.22,
        "role_missing": 0.2,
        "concern_other": 0.28,
        "concern_missing": 0.1,
        "area_other": 0.05,
        "area_missing": 0.08,
        "lag_median": 4.0,
        "lag_spread": 1.05,
    },
    "high": {
        "text_missing": 0.03,
        "text_other": 0.03,
        "typo": 0.08,
        "postcode_missing": 0.65,
        "quoted": 0.08,
        "quoted_wrong": 0.25,
        "surname_missing": 0.55,
        "surname_other": 0.35,
        "role_other": 0.28,
        "role_missing": 0.25,
        "concern_other": 0.33,
        "concern_missing": 0.15,
        "area_other": 0.08,
        "area_missing": 0.12,
        "lag_median": 5.0,
        "lag_spread": 1.2,
        "early": 0.06,
    },
}


def world(noise: str = "low", **changes: object) -> World:
    """A world of one noise level with some behaviour changed."""
    return replace(World(), **{**NOISE[noise], **changes})


def _other(rng: np.random.Generator, codes: np.ndarray, size: int, share: float) -> np.ndarray:
    """Some codes replaced by a random one."""
    return np.where(rng.random(len(codes)) < share, rng.integers(0, size, len(codes)), codes)


def _typed(rng: np.random.Generator, w: World, names: list, setting: np.ndarray) -> list[str | None]:
    chance = rng.random((3, len(setting)))
    way = rng.random(len(setting))
    out: list[str | None] = []
    for row, number in enumerate(setting):
        usual, ways, alias = names[number]
        if chance[0, row] < w.text_missing:
            out.append(None)
            continue
        if chance[1, row] < w.text_other:
            text = alias
        elif way[row] < w.text_short:
            text = ways[int(way[row] / w.text_short * len(ways))]
        else:
            text = usual
        out.append(mistype(rng, text) if chance[2, row] < w.typo else text)
    return out


def one_authority(w: World, number: int) -> tuple[dict, dict, np.ndarray]:  # noqa: PLR0915 - one story, told in order
    """Contacts, referrals (columns as lists) and the true pairs as row numbers of both."""
    rng = np.random.default_rng([w.seed, number])
    kinds = rng.choice(len(SECTORS), w.settings, p=[share for _s, _k, share in SECTORS])
    names = [setting_names(rng, SECTORS[kind][1]) for kind in kinds]
    areas = rng.integers(0, len(AREAS), w.settings)
    outcodes = [f"ZZ{number}" for number in 10 + areas * 4 + rng.integers(0, 4, w.settings)]
    letters = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))
    postcodes = [
        f"{out} {digit}{a}{b}"
        for out, digit, a, b in zip(
            outcodes,
            rng.integers(1, 9, w.settings),
            rng.choice(letters, w.settings),
            rng.choice(letters, w.settings),
            strict=True,
        )
    ]
    people = [[pick(rng, ONSET) + pick(rng, CODA) for _ in range(4)] for _ in range(w.settings)]
    activity = 1.0 / np.arange(1, w.settings + 1) ** w.busy
    activity = rng.permutation(activity / activity.sum())
    days = int(365 * w.years)

    # Matters: most begin with a contact, some are referred straight away.
    contacts = round(w.contacts * w.years)
    led = round(contacts / (1 + w.two_contacts))
    matters = led + round(contacts * w.direct)
    setting = rng.choice(w.settings, matters, p=activity)
    day = rng.integers(0, days, matters)
    follows = np.flatnonzero(rng.random(matters) < w.burst)
    before = rng.integers(0, matters, len(follows))
    setting[follows] = setting[before]
    day[follows] = np.clip(day[before] + rng.integers(0, 21, len(follows)), 0, days - 1)
    has_contact = np.zeros(matters, dtype=bool)
    has_contact[rng.permutation(matters)[:led]] = True
    requested = has_contact & (rng.random(matters) < w.requested)
    comes = np.where(
        requested, rng.random(matters) < w.received, rng.random(matters) < w.not_requested_received
    )
    referred = comes | ~has_contact
    lag = np.floor(np.exp(rng.normal(np.log(w.lag_median), w.lag_spread, matters))).astype(int)
    lag = np.where(rng.random(matters) < w.early, -rng.integers(1, 5, matters), lag)
    referral_day = np.where(has_contact, day + lag, day)
    role = rng.integers(0, len(ROLES), matters)
    # The kind of setting says much about the role: two thirds have the usual role of their sector.
    role = np.where(rng.random(matters) < 0.5, kinds[setting] % len(ROLES), role)
    concern = rng.choice(len(CONCERNS), matters, p=CONCERN_SHARES)
    person = rng.integers(0, 4, matters) * (rng.random(matters) < 0.6)
    agency = rng.choice(len(AGENCIES), matters, p=[0.62, 0.13, 0.1, 0.06, 0.04, 0.05])
    referrer = rng.integers(0, len(REFERRER_ROLES), matters)

    on_contacts = np.flatnonzero(has_contact)
    again = on_contacts[rng.random(len(on_contacts)) < w.two_contacts]
    contact_of = np.concatenate([on_contacts, again])
    contact_day = np.concatenate([day[on_contacts], day[again] + rng.integers(0, 6, len(again))])
    on_referrals = np.flatnonzero(referred & (referral_day < days) & (referral_day >= 0))
    twice = on_referrals[rng.random(len(on_referrals)) < w.two_referrals]
    referral_of = np.concatenate([on_referrals, twice])
    received_day = np.concatenate(
        [referral_day[on_referrals], referral_day[twice] + rng.integers(0, 8, len(twice))]
    )
    order, r_order = np.argsort(contact_day, kind="stable"), np.argsort(received_day, kind="stable")
    contact_of, contact_day = contact_of[order], np.minimum(contact_day[order], days - 1)
    referral_of, received_day = referral_of[r_order], np.minimum(received_day[r_order], days - 1)

    def side(of: np.ndarray) -> dict:
        size, at = len(of), setting[of]
        surname = np.array([people[s][p] for s, p in zip(at, person[of], strict=True)], dtype=object)
        other = rng.random(size) < w.surname_other
        surname[other] = [
            people[s][p] for s, p in zip(at[other], rng.integers(0, 4, other.sum()), strict=True)
        ]
        wrong = rng.random(size) < w.postcode_wrong
        code = np.array([postcodes[s] for s in at], dtype=object)
        code[wrong] = [postcodes[s] for s in rng.integers(0, w.settings, wrong.sum())]
        often_missing = ("surname", "postcode", "role", "concern", "area")
        missing = {name: rng.random(size) < getattr(w, f"{name}_missing") for name in often_missing}

        def coded(members: tuple, codes: np.ndarray, gone: np.ndarray | None = None) -> list:
            return [
                "unknown" if gone is not None and gone[row] else members[code]
                for row, code in enumerate(codes)
            ]

        return {
            "setting_name": _typed(rng, w, names, at),
            "setting_postcode": [
                None if gone else c for c, gone in zip(code, missing["postcode"], strict=True)
            ],
            "referrer_name": [
                None if gone else s for s, gone in zip(surname, missing["surname"], strict=True)
            ],
            "sector": coded(
                tuple(s for s, _k, _p in SECTORS), _other(rng, kinds[at], len(SECTORS), w.sector_other)
            ),
            "area": coded(AREAS, _other(rng, areas[at], len(AREAS), w.area_other), missing["area"]),
            "staff_role": coded(ROLES, _other(rng, role[of], len(ROLES), w.role_other), missing["role"]),
            "concern_category": coded(
                CONCERNS, _other(rng, concern[of], len(CONCERNS), w.concern_other), missing["concern"]
            ),
            "referrer_role": coded(
                REFERRER_ROLES, _other(rng, referrer[of], len(REFERRER_ROLES), w.agency_other)
            ),
            "referrer_agency": coded(AGENCIES, _other(rng, agency[of], len(AGENCIES), w.agency_other)),
        }

    contact_rows, referral_rows = side(contact_of), side(referral_of)
    authority = f"authority_{number:03d}"
    contact_rows |= {
        "authority": [authority] * len(contact_of),
        "contact_id": [f"C{row:07d}" for row in range(len(contact_of))],
        "day": contact_day + FIRST_DAY,
        "referral_requested": requested[contact_of],
    }
    first_contact = {}
    for row, matter in enumerate(contact_of):
        first_contact.setdefault(int(matter), row)
    quote = rng.random(len(referral_of))
    wrong = rng.random(len(referral_of)) < w.quoted_wrong
    astray = rng.integers(-40, 41, len(referral_of))
    quoted: list[str | None] = []
    for row, matter in enumerate(referral_of):
        meant = first_contact.get(int(matter))
        if meant is None or quote[row] >= w.quoted:
            quoted.append(None)
        else:
            # A wrong reference is usually that of a neighbour in the list, sometimes of nothing at all.
            slip = meant + int(astray[row]) if wrong[row] else meant
            quoted.append(f"C{slip:07d}" if 0 <= slip < len(contact_of) else "C9999999")
    referral_rows |= {
        "authority": [authority] * len(referral_of),
        "referral_id": [f"R{row:07d}" for row in range(len(referral_of))],
        "day": received_day + FIRST_DAY,
        "contact_ref": quoted,
    }
    by_matter: dict[int, list[int]] = {}
    for row, matter in enumerate(contact_of):
        by_matter.setdefault(int(matter), []).append(row)
    truth = np.array(
        [(c, r) for r, matter in enumerate(referral_of) for c in by_matter.get(int(matter), ())],
        dtype=np.int64,
    ).reshape(-1, 2)
    return contact_rows, referral_rows, truth
