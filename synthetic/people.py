"""Made-up people: names from two short invented lists, dates of birth, postcodes of areas that do not exist.

Here: everything about a person that a record may carry. Not here: which person is in which case.
"""

from __future__ import annotations

import numpy as np

from synthetic.days import as_day

FORENAMES = (
    "Abira Aldo Amsel Anwen Arlo Bettrys Birgen Brannoc Caddo Calla Corvin Dalia Davin Delphie Edda "
    "Elwin Emmet Fenna "
    "Ferris Galen Gwenna Hadley Hesper Idra Isolde Jago Jorah Kerrin Kitto Lammas Linnet Lowen Marla "
    "Merrin Mirza Nadine "
    "Nevan Nuala Orla Osman Perran Petra Quill Ravi Rhosyn Rowan Sabra Senara Sorrel Tamsin Tegen Tobin "
    "Ulric Una Vashti "
    "Veryan Wenna Wilmot Yestin Zennor"
).split()
SURNAMES = (
    "Ambrey Askerwell Bellthorn Birkwater Bracegrove Brindlow Calverstow Carrowby Chidlark Copperwell "
    "Crannock Dawlmere "
    "Dunthorpe Eddlestone Elverham Fallowbank Fenwright Garrowby Glaisdell Gorsebrook Hallowmere Harkwith Hazelrigge "
    "Holmbright Ingleroft Jessamy Kelderman Kestlebury Larkwhistle Lindlemoor Lorrimoor Marchbrook "
    "Merrowdale Millwraith "
    "Nettlefold Norringham Oakenfall Oddershaw Pennyfeld Pilbrook Quarrington Quennel Ravenstow Redmarch Rushbarrow "
    "Saltwick Sandlebridge Scarfell Stonnard Summerhythe Tarnbeck Thistlewade Thornwick Umberfield "
    "Vellacombe Wainscote "
    "Waverling Whinmoor Wolderby Yarrowby"
).split()


def full_name(rng: np.random.Generator) -> str:
    """A first name and a surname."""
    return f"{FORENAMES[rng.integers(len(FORENAMES))]} {SURNAMES[rng.integers(len(SURNAMES))]}"


def name_as_typed(rng: np.random.Generator, name: str) -> str:
    """The same person as another hand writes them: initial, title, surname first."""
    first, _, last = name.partition(" ")
    title = ("Mrs", "Mr", "Ms", "Dr")[rng.integers(4)]
    return (name, name, f"{first[0]} {last}", f"{title} {last}", f"{last}, {first}", last)[rng.integers(6)]


def postcode(rng: np.random.Generator, area_letters: str) -> str:
    """A postcode of the right shape in an area that does not exist (no British postcode begins with Q)."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    inward = "".join(letters[i] for i in rng.integers(len(letters), size=2))
    return f"{area_letters}{rng.integers(1, 25)} {rng.integers(1, 10)}{inward}"


def date_of_birth(rng: np.random.Generator) -> int:
    """A day that makes an adult of working age in 2020."""
    return int(rng.integers(as_day("1953-01-01"), as_day("1999-12-31")))
