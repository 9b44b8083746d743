"""Made-up names of settings and people, and the ways in which they are written and mistyped.

Here belong words and slips; who writes what, and how often, stands in matching_worlds.py.
"""

from __future__ import annotations

import numpy as np

_SAINTS = (
    "Mary",
    "John",
    "Peter",
    "Paul",
    "Anne",
    "James",
    "George",
    "Michael",
    "Thomas",
    "Andrew",
    "Nicholas",
    "Joseph",
    "Francis",
    "Edmund",
    "Augustine",
    "Margaret",
    "Stephen",
    "Luke",
    "Mark",
    "Teresa",
)
_FIRST = (
    "Oak",
    "Ash",
    "Elm",
    "Hill",
    "Meadow",
    "River",
    "Brook",
    "Park",
    "Castle",
    "Mill",
    "Bridge",
    "Church",
    "Green",
    "White",
    "Black",
    "North",
    "South",
    "West",
    "East",
    "Long",
    "High",
    "Wood",
    "Lake",
    "Stone",
    "Sun",
    "Rose",
    "Fern",
    "Holly",
    "Heath",
    "Manor",
)
_SECOND = (
    "field",
    "wood",
    "view",
    "bank",
    "lands",
    "ford",
    "ham",
    "ton",
    "bury",
    "leigh",
    "dale",
    "hurst",
    "side",
    "mead",
    "worth",
    "stead",
    "bourne",
    "den",
)
ONSET = (
    "Bar",
    "Cal",
    "Dun",
    "Ell",
    "Far",
    "Gil",
    "Har",
    "Ing",
    "Jar",
    "Kel",
    "Lam",
    "Mar",
    "Nor",
    "Ost",
    "Pem",
    "Quin",
    "Rad",
    "Sel",
    "Tar",
    "Und",
    "Ven",
    "Wal",
    "Yar",
    "Thorn",
    "Brad",
    "Cros",
    "Whit",
)
CODA = (
    "ley",
    "man",
    "son",
    "well",
    "dock",
    "wick",
    "by",
    "more",
    "ston",
    "nell",
    "gate",
    "ridge",
    "croft",
    "ard",
    "by",
    "low",
    "er",
    "ett",
    "ings",
    "combe",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def pick(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    """One of the values."""
    return values[int(rng.integers(len(values)))]


def setting_names(rng: np.random.Generator, kind: str) -> tuple[str, list[str], str]:
    """Usual name, ways to write it, and the other name it sometimes goes by."""
    place = pick(rng, ONSET) + pick(rng, _SECOND)
    if kind == "Childminder":
        surname = pick(rng, ONSET) + pick(rng, CODA)
        title = pick(rng, ("Mrs", "Ms", "Mr", "Miss"))
        letter = _LETTERS[int(rng.integers(26))].upper()
        usual = f"{title} {letter} {surname} Childminder"
        ways = [usual, f"{surname} childminding", f"{surname}, {letter}", surname, f"{title} {surname} (CM)"]
        return usual, ways, place
    if kind in ("Primary School", "Church", "Hospital") and rng.random() < 0.45:
        saint = pick(rng, _SAINTS)
        usual = f"St {saint}'s {'C of E ' if kind == 'Primary School' and rng.random() < 0.6 else ''}{kind}"
        if rng.random() < 0.75:
            usual = f"{usual}, {place}"
            core = f"St {saint}s {place}"
        else:
            core = f"Saint {saint}'s"
    else:
        core = pick(rng, _FIRST) + (" " if rng.random() < 0.5 else "") + pick(rng, _SECOND)
        if rng.random() < 0.7:
            core = f"{core} {place}" if rng.random() < 0.3 else place
        usual = f"{core} {kind}"
    short = {"Primary School": "Pri Sch", "Academy": "Acad", "Nursery": "Nurs.", "Childrens Home": "CH"}.get(
        kind, kind
    )
    ways = [usual, f"{core} {short}", core, usual.upper(), f"The {core} {kind}", usual.replace("'", "")]
    return (
        usual,
        ways,
        f"{pick(rng, ONSET)}{pick(rng, _SECOND)} {pick(rng, ('Trust', 'Federation', 'Group'))}",
    )


def mistype(rng: np.random.Generator, text: str) -> str:
    """One slip: a letter lost, doubled, swapped or wrong."""
    spots = [place for place, letter in enumerate(text) if letter.isalpha()]
    if len(spots) < 3:
        return text
    at = spots[int(rng.integers(1, len(spots)))]
    way = int(rng.integers(4))
    if way == 0:
        return text[:at] + text[at + 1 :]
    if way == 1:
        return text[:at] + text[at] + text[at:]
    if way == 2 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + _LETTERS[int(rng.integers(26))] + text[at + 1 :]
