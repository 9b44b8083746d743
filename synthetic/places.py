"""Made-up settings, and their names as people type them.

Here: the register of a made-up authority, the places that no register lists, and the noise between two
records of one place (abbreviations, Saint and St, the town dropped, slips of the finger, no postcode). No
name of a real setting. Not here: which setting a case belongs to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from synthetic import people

_TOWN_HEADS = (
    "Quillan Thrum Ostrel Wexal Marrowen Fennick Dunmar Pellow Corvel Hathen Brindle Tamsel Orrin "
    "Skarrow Yarvel Lindle "
    "Grayle Tolver Nethen Ombrel Cravel Vellan Stannow Idlen Wrenna"
).split()
_TOWN_TAILS = "combe hythe stead mere bourne wick dean ley stow marsh".split()
_SAINTS = "Osric Wendla Aldith Cuthwin Merewyn Edric Rumwold Sidwel Tetha Endel Morwen Brannoc".split()
_TREES = "Alderwing Bramblet Cedrow Elmer Fernlow Gorsey Hazelet Ivystone Juniper Larchmoor Rowanet Willowby".split()

# How a place of each kind is called. {t} town, {s} saint, {w} a telling word, {p} a person.
_PATTERNS: dict[str, list[str]] = {
    "primary": [
        "{w} Primary School",
        "{t} Church of England Primary School",
        "St {s}'s Catholic Primary School",
        "{t} Community Primary School",
        "{w} Infant School",
        "{w} Junior School",
        "{w} Primary Academy",
        "St {s}'s Church of England Voluntary Aided Primary School",
    ],
    "secondary": [
        "{w} School",
        "{t} Academy",
        "The {w} Academy",
        "{t} Grammar School",
        "St {s}'s Catholic School",
    ],
    "special": ["{w} School", "{w} Special School", "{t} Academy for Special Needs"],
    "pupil_referral_unit": ["{t} Pupil Referral Unit", "{w} Alternative Provision Academy"],
    "through_school": ["{w} All-Through Academy"],
    "independent": ["{w} College", "{w} Preparatory School", "St {s}'s School", "{w} Independent School"],
    "further_education": ["{t} College", "{w} College of Further Education"],
    "school_transport": ["{w} School Transport", "{t} Minibuses", "{w} Passenger Services"],
    "other_education": ["{w} Tuition Service", "{t} Music Hub", "{w} Supply Teachers"],
    "nursery": [
        "{w} Day Nursery",
        "{w} Pre-School",
        "Little {w} Nursery",
        "{t} Playgroup",
        "{w} Montessori Nursery",
        "St {s}'s Pre-School",
    ],
    "childminder": ["{p} (Childminder)", "{p} Childminding", "{p}"],
    "other_early_years": ["{w} After School Club", "{t} Children's Centre", "{w} Holiday Club"],
    "authority_fostering": ["{a} Council Fostering Service"],
    "independent_fostering": ["{w} Fostering", "{w} Fostering Agency Limited", "{w} Foster Care"],
    "residential": ["{w} House", "{w} Lodge", "{w} Children's Home", "The {w} Residential Home"],
    "health": ["{t} General Hospital", "{w} Surgery", "{w} Health Centre", "{t} Mental Health Trust"],
    "police": ["County Police", "{t} Police Station", "County Police Training Unit"],
    "social_care": ["{t} Children's Social Work Team", "{w} Family Support", "{t} Disabled Children's Team"],
    "transport": ["{w} Taxis", "{t} Cars", "{w} Coaches"],
    "sports": [
        "{t} Football Club",
        "{t} Gymnastics Club",
        "{w} Swimming Club",
        "{t} Youth Cricket Club",
        "{w} Martial Arts",
    ],
    "faith": ["St {s}'s Church", "{t} Baptist Church", "{t} Mosque", "{t} Gurdwara", "{w} Fellowship"],
    "uniformed_groups": ["1st {t} Scout Group", "2nd {t} Guides", "{t} Cadets"],
    "voluntary": ["{w} Youth Project", "{t} Young Carers", "{w} Trust"],
    "council": ["{a} Council", "{a} Council Libraries", "{a} Council Youth Service"],
    "other": ["{w} Theatre School", "{t} Leisure Centre", "{w} Soft Play", "{w} Tutors"],
}
_WITHOUT_TOWN = {"authority_fostering", "council", "police", "childminder", "independent_fostering"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One place: its own name and town apart, because the town is what people leave out."""

    setting_id: str | None
    name: str
    town: str
    postcode: str
    urn: str | None
    sector: str
    area: str
    provider: str


def make_settings(
    rng: np.random.Generator,
    sector: str,
    number: int,
    areas: list[str],
    authority: str,
    id_format: str | None,
    first_id: int,
) -> list[Setting]:
    """That many places of one kind, shared over the areas. Registered ones get an id from `first_id`; schools
    a URN above every real one."""
    letters = "Q" + authority[0].upper()
    settings, taken = [], set()
    for number_of_place in range(number):
        town = _TOWN_HEADS[rng.integers(len(_TOWN_HEADS))] + _TOWN_TAILS[rng.integers(len(_TOWN_TAILS))]
        patterns = _PATTERNS[sector]
        for attempt in range(20):
            name = patterns[rng.integers(len(patterns))].format(
                t=town,
                s=_SAINTS[rng.integers(len(_SAINTS))],
                w=_telling_word(rng, attempt),
                p=people.full_name(rng),
                a=authority,
            )
            if (name, town) not in taken:
                break
        taken.add((name, town))
        has_urn = sector in {
            "primary",
            "secondary",
            "special",
            "pupil_referral_unit",
            "through_school",
            "independent",
        }
        settings.append(
            Setting(
                setting_id=id_format.format(first_id + number_of_place) if id_format else None,
                name=name,
                town="" if sector in _WITHOUT_TOWN or town in name else town,
                postcode=people.postcode(rng, letters),
                urn=str(900000 + first_id + number_of_place) if has_urn else None,
                sector=sector,
                area=areas[rng.integers(len(areas))],
                provider="",
            )
        )
    return settings


def _telling_word(rng: np.random.Generator, attempt: int) -> str:
    word = (_TREES if rng.random() < 0.35 else _TOWN_HEADS)[rng.integers(12)]
    tail = ("", "brook", "field", "gate", "hill", "holt", "side", "bank", "croft", "view")[rng.integers(10)]
    return word + tail + (" " + _TREES[rng.integers(len(_TREES))] if attempt > 3 else "")


_SHORTER = [
    (re.compile(r"Church of England"), ("CE", "C of E", "CofE", "C.E.")),
    (re.compile(r"Voluntary Aided "), ("VA ", "")),
    (re.compile(r"Catholic"), ("RC", "Catholic")),
    (re.compile(r"Primary School"), ("Primary", "Prim School", "PS", "Primary Sch")),
    (re.compile(r"Infant School"), ("Infants", "Infant Sch")),
    (re.compile(r"Junior School"), ("Juniors", "Junior Sch")),
    (re.compile(r"Community "), ("Comm ", "")),
    (re.compile(r"Preparatory"), ("Prep",)),
    (re.compile(r"Special School"), ("School", "Special Sch")),
    (re.compile(r"Grammar School"), ("Grammar", "GS")),
    (re.compile(r"Pupil Referral Unit"), ("PRU",)),
    (re.compile(r"Day Nursery"), ("Nursery", "DN")),
    (re.compile(r"Pre-School"), ("Preschool", "Pre School")),
    (re.compile(r"Children's Home"), ("Childrens Home", "CH", "Home")),
    (re.compile(r"Residential Home"), ("Home", "Res Home")),
    (re.compile(r"Fostering Agency Limited"), ("Fostering", "Fostering Agency Ltd", "IFA")),
    (re.compile(r"Football Club"), ("FC", "Football")),
    (re.compile(r"General Hospital"), ("Hospital", "Gen Hosp")),
    (re.compile(r"\(Childminder\)"), ("childminder", "- CM", "")),
    (re.compile(r"Academy"), ("Acad", "Academy Trust", "Academy")),
    (re.compile(r"^The "), ("",)),
    (re.compile(r"'s"), ("s", "'s")),
]
_SAINT = re.compile(r"\bSt ")


def name_as_typed(rng: np.random.Generator, setting: Setting, noise: float) -> str | None:
    """The setting's name as somebody types it. `noise` 0 gives the register's name, 1 the worst hand; None
    when left out."""
    if rng.random() < 0.05 * noise:
        return None
    name = setting.name
    for pattern, shorter in _SHORTER:
        if rng.random() < 0.75 * noise:
            name = pattern.sub(shorter[rng.integers(len(shorter))], name)
    if rng.random() < 0.8 * noise:
        name = _SAINT.sub(("Saint ", "St. ", "St")[rng.integers(3)], name)
    if setting.town and rng.random() < 1 - 0.7 * noise:
        name += (", ", " ", " - ")[rng.integers(3)] + setting.town
    if rng.random() < 0.35 * noise:
        name = _slip(rng, name)
    if rng.random() < 0.2 * noise:
        name = name.upper() if rng.random() < 0.5 else name.lower()
    return " ".join(name.split()) or None


def postcode_as_typed(rng: np.random.Generator, postcode: str, noise: float) -> str | None:
    """The postcode, missing more often than not in a noisy record, or only its first half, or unspaced."""
    chance = rng.random()
    if chance < 0.15 + 0.6 * noise:
        return None
    if chance < 0.2 + 0.65 * noise:
        return postcode.partition(" ")[0]
    return postcode.replace(" ", "").lower() if rng.random() < 0.3 * noise else postcode


def _slip(rng: np.random.Generator, text: str) -> str:
    """One slip of the finger inside the text: a letter dropped, doubled or swapped with the next."""
    at = int(rng.integers(1, max(2, len(text) - 2)))
    kind = rng.integers(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
