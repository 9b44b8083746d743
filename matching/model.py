"""What is compared, and what is believed before any data is seen.

Here belong the comparisons, their levels, their prior probabilities in the classes of pair, the windows and the
constants of the method. How levels are computed stands in candidates.py; how beliefs are learnt, in fit.py.

Four classes of pair (a model of two calls every pair at a busy setting a match):
  same_matter   the referral answers the contact;
  same_setting  another matter at the same setting;
  unrelated     another setting that happens to share a word, a postcode or a surname;
  akin          the same, and both sides are of one sector.
Two primary schools have one kind of place, staff of the same roles and callers of the same agencies. Counted together
with pairs of a school and a club, where none of these agrees, they would look like matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

# Raise when a comparison, a level, a window or a belief changes: parameters fitted under another version are not used.
MODEL_VERSION = 9

CLASSES = ("same_matter", "same_setting", "unrelated", "akin")
AKIN_SECTORS = ("same", "same_sought")
"""Levels of the comparison of sectors at which an unrelated pair is akin."""

WINDOW_DAYS = (-60, 120)
"""Lags (referral day minus contact day) at which pairs are looked at."""
PLACEBO_BEFORE, PLACEBO_AFTER = -15, 61
"""At or below the first and at or above the second lag a match is very rare: these pairs show the rate of chance."""

LAG_STARTS = (-60, -14, -7, -3, -1, 0, 1, 2, 4, 8, 15, 22, 29, 43, 61, 121)
"""First day of each lag bin; the last number closes the last bin."""
LAG_PRIOR = (0.002, 0.004, 0.006, 0.012, 0.02, 0.10, 0.16, 0.18, 0.20, 0.16, 0.07, 0.04, 0.03, 0.01, 0.006)
LAG_STRENGTH = 15.0
LATE_SEEN_FROM, LATE_POWERS, LATE_MOST = (22, 43), (2.2, 6.0), 0.1
"""How matches fall off after the first day and after the second tells how many come later than anybody can see among
chance: in the last bin and beyond the window, at most LATE_MOST in each. A power of 2 or less would have no mean: it is
chance among the late matches that makes the fall look so slow."""

REQUESTED_PRIOR = (0.62, 12.0)
"""Share of requested contacts that have a referral, and how many contacts this belief weighs."""
NOT_REQUESTED_PRIOR = (0.05, 500.0)
"""Three contacts of four are without a request and few of those bring a referral: chance at so many would teach a share
of its own making, so what is believed of them is held firmly."""

AGAIN_PRIOR, AGAIN_DAYS = (0.06, 150.0), 14
"""Share of matters that bring a second contact, with the weight of the belief in contacts. How many is learnt from the
contacts with a request alone: of two from one setting within so many days, some agree in role, category and caller as
only one matter does. Whether two likely pairs are one matter or two cannot be seen in the pairs themselves: a share
learnt from them would make more of them likely, and grow."""
AGAIN_COMPARED = ("staff_role", "concern", "caller")
REFERRED_AGAIN = 0.03
"""Share of contacts with a referral that have a second one."""
FURTHER_WEIGHT = 1.8
"""Each further link weighs its share times this: about what a repeat's closeness in time is worth against chance. It is
alike for quiet and busy settings, where contacts and other referrals are rare or frequent together."""

BUNCHING_LAGS = (-21, 21)
BUNCHING_SEEN_AT = (-14, -4)
BUNCHING_PRIOR = (0.001, 30000.0)
"""Matters at one setting come in bunches. How much is seen shortly before contacts, where matches are rare, and is
taken to hold as long after. The prior: referrals a day, and how many contact-days it weighs."""

COMMON_SHARE = 0.2
"""A role (within its sector), a category of concern or a referrer's agency that more than this share of referrals have
is common."""

RARE_WORD_SETTINGS = 2
"""A word met in at most this many differently named settings (of one authority) is rare: equal names then say more."""
COMMON_WORD_SETTINGS = 12
"""A word met in more settings than this is a key only together with area or kind of place."""

SLIP_LETTERS = 5
"""A word of at least so many letters is sought in every spelling that one slip of the finger leaves, together with area
or sector; one slip makes a shorter word another word."""

WAYS = {
    "place": (),
    "referrer": ("referrer_surname",),
    "area": ("area", "sector"),
    "matter": ("area", "sector", "staff_role", "concern_category"),
}
"""Ways in which pairs are sought, and what a pair agrees on because of that: by place, reference or decision; by the
referrer; one side naming no place; by the matter alone. The first to find a pair counts. Each has a rate of chance and
a share of the matches of its own: otherwise the many pairs that disagree in place would add up to matches."""

WAYS_PRIOR, WAYS_STRENGTH = ((0.15, 0.4, 0.4, 0.05), (0.955, 0.015, 0.015, 0.015)), 150.0
"""Shares of the matches found that each way finds: for contacts that name no place, and for those that name one."""

FOUND_PRIOR = {"nothing": (0.7, 20.0), "one": (0.94, 10.0), "both": (0.98, 10.0), "other": (0.5, 4.0)}
"""Share of true pairs that keys find, with the weight of the belief: keys of area and matter where a contact names no
place, with keys of place where it names its setting or a postcode, or both; and keys of surname or reference."""


@dataclass(frozen=True)
class Comparison:
    """One thing compared. Probabilities are in the order of `levels`. Levels behind them change no odds: something is
    missing, or the pair was sought by agreeing here (WAYS), which says nothing more.

    shared: place evidence, which the same matter and another matter at the same setting have in common.
    akin: without them, those of unrelated pairs.
    learnt: the classes whose probabilities are learnt; the others keep their prior.
    """

    name: str
    levels: tuple[str, ...]
    same_matter: tuple[float, ...]
    same_setting: tuple[float, ...]
    unrelated: tuple[float, ...]
    akin: tuple[float, ...] = ()
    shared: bool = False
    learnt: tuple[str, ...] = CLASSES
    strength: float = 20.0


SETTING_LEVELS = ("exact_rare", "exact_common", "close", "partial", "different", "missing")
POSTCODE_LEVELS = ("same", "near", "district", "different", "missing")

PARTS = {
    # A key found the pair by its text or its postcode, so they are not independent.
    "place": {"setting": SETTING_LEVELS, "postcode": POSTCODE_LEVELS},
    # Surname, role and agency of the referrer are one fact, who called: weighed one by one, the same head teacher would
    # count three times. A pair sought by the surname is the same caller already: the rest says nothing more.
    "caller": {
        "referrer": ("same", "close", "different", "missing", "same_sought"),
        "referrer_role": ("same", "different", "missing"),
        "agency": ("same_rare", "same_common", "different", "missing"),
    },
}
"""Comparisons of several things judged together, and the levels of each. They are shown each under its own name."""

_SETTING_SAME = (0.36, 0.22, 0.22, 0.10, 0.04, 0.06)
_POSTCODE_SAME = (0.40, 0.03, 0.02, 0.02, 0.53)
_SETTING_OTHER = (0.02, 0.08, 0.08, 0.30, 0.50, 0.02)
_POSTCODE_OTHER = (0.04, 0.01, 0.08, 0.40, 0.47)


def _cross(*parts: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(prod(shares) for shares in product(*parts))


def _levels(name: str) -> tuple[str, ...]:
    return tuple("/".join(levels) for levels in product(*PARTS[name].values()))


COMPARISONS = (
    Comparison(
        "place",
        _levels("place"),
        _cross(_SETTING_SAME, _POSTCODE_SAME),
        _cross(_SETTING_SAME, _POSTCODE_SAME),
        _cross(_SETTING_OTHER, _POSTCODE_OTHER),
        shared=True,
        strength=30.0,
    ),
    Comparison(
        "kind",
        ("same", "different", "missing", "misnamed"),
        (0.93, 0.07),
        (0.93, 0.07),
        (0.10, 0.90),
        (0.90, 0.10),
        shared=True,
    ),
    # The kind of place is read from the name. Who calls a setting by quite another name (a trust's, initials) seldom
    # names its kind: two names that differ and both say "primary school" are two schools.
    Comparison(
        "kind_misnamed",
        ("same", "different", "missing", "named"),
        (0.10, 0.04, 0.86),
        (0.10, 0.04, 0.86),
        (0.07, 0.60, 0.33),
        (0.60, 0.07, 0.33),
        shared=True,
    ),
    Comparison(
        "area",
        ("same", "different", "missing", "same_sought"),
        (0.95, 0.05),
        (0.95, 0.05),
        (0.35, 0.65),
        shared=True,
    ),
    Comparison(
        "sector",
        ("same", "same_group", "different", "missing", "same_sought"),
        (0.88, 0.07, 0.05),
        (0.88, 0.07, 0.05),
        (0.35, 0.20, 0.45),
        shared=True,
    ),
    Comparison(
        "staff_role",
        ("same_rare", "same_common", "different", "missing", "same_sought"),
        (0.30, 0.48, 0.22),
        (0.06, 0.26, 0.68),
        (0.04, 0.10, 0.86),
        (0.06, 0.26, 0.68),
    ),
    Comparison(
        "concern",
        ("same_rare", "same_common", "near", "different", "missing", "same_sought"),
        (0.28, 0.40, 0.15, 0.17),
        (0.05, 0.18, 0.25, 0.52),
        (0.05, 0.18, 0.25, 0.52),
    ),
    # Something missing is believed alike in all classes, and so says nothing until records teach otherwise.
    Comparison(
        "caller",
        _levels("caller"),
        _cross((0.39, 0.036, 0.174, 0.4), (0.675, 0.225, 0.1), (0.25, 0.515, 0.135, 0.1)),
        _cross((0.12, 0.012, 0.468, 0.4), (0.405, 0.495, 0.1), (0.085, 0.5, 0.315, 0.1)),
        _cross((0.048, 0.012, 0.54, 0.4), (0.27, 0.63, 0.1), (0.05, 0.31, 0.54, 0.1)),
    ),
    # A reference to this contact is nearly decisive. One to another contact says nothing by itself: that other pair
    # competes for the referral. Wrong references are too few to learn from, so only the true ones are.
    Comparison(
        "reference",
        ("quoted", "none", "quotes_other"),
        (0.15, 0.85),
        (0.0006, 0.9994),
        (0.0006, 0.9994),
        learnt=("same_matter",),
        strength=30.0,
    ),
)

SECTOR_GROUPS = {
    "education": (
        "primary",
        "secondary",
        "special",
        "pupil_referral_unit",
        "through_school",
        "independent",
        "further_education",
        "school_transport",
        "other_education",
    ),
    "early_years": ("nursery", "childminder", "other_early_years"),
    "fostering": ("authority_fostering", "independent_fostering"),
    "wider_workforce": (
        "residential",
        "health",
        "police",
        "social_care",
        "transport",
        "sports",
        "faith",
        "uniformed_groups",
        "voluntary",
        "council",
        "other",
    ),
}

NEAR_CONCERNS = (
    ("physical", "inappropriate_conduct"),
    ("physical", "emotional"),
    ("physical", "neglect"),
    ("emotional", "neglect"),
    ("emotional", "inappropriate_conduct"),
    ("sexual", "online_safety"),
    ("sexual", "inappropriate_conduct"),
    ("online_safety", "inappropriate_conduct"),
    ("risk_by_association", "external_safeguarding"),
)
"""Categories that two people may give to one event (an intervention is physical to one, conduct to the other)."""

SEASON_DAYS, SEASON_STRENGTH, WEEK_STRENGTH = 14, 2.0, 35.0
"""Referrals so many days before and after tell how busy the season is (few come in school holidays). How many referrals
the beliefs weigh that all seasons and all days of the week are alike: a handful makes neither."""

DIRECTIONS = 6
"""In how many ways the parameters' uncertainty is kept: each is a column parameter_shift_k of the scored tables."""
