"""What is compared, and what is believed before any data is seen.

Here belong the comparisons, their levels, their prior probabilities in the three classes of pair, the windows and the
constants of the method. How levels are computed stands in candidates.py; how beliefs are learnt, in fit.py.

Three classes of pair (a model of two calls every pair at a busy setting a match):
  same_matter   the referral answers the contact;
  same_setting  another matter at the same setting;
  unrelated     another setting that happens to share a word, a postcode or a surname.
"""

from __future__ import annotations

from dataclasses import dataclass

# Raise when a comparison, a level or a window changes: parameters fitted under another version are not used.
MODEL_VERSION = 4

CLASSES = ("same_matter", "same_setting", "unrelated")

WINDOW_DAYS = (-60, 120)
"""Lags (referral day minus contact day) at which pairs are looked at."""
PLACEBO_BEFORE, PLACEBO_AFTER = -15, 61
"""At or below the first and at or above the second lag a match is very rare: these pairs show the rate of chance."""

LAG_STARTS = (-60, -14, -7, -3, -1, 0, 1, 2, 4, 8, 15, 22, 29, 43, 61, 121)
"""First day of each lag bin; the last number closes the last bin."""
LAG_PRIOR = (0.002, 0.004, 0.006, 0.012, 0.02, 0.10, 0.16, 0.18, 0.20, 0.16, 0.07, 0.04, 0.03, 0.01, 0.006)
LAG_STRENGTH = 15.0
LATE_SEEN_FROM, LATE_POWERS, LATE_MOST = (22, 43), (1.3, 6.0), 0.1
"""How matches fall off after the first day and after the second tells how many come later than anybody can see among
chance: in the last bin and beyond the window, at most LATE_MOST in each."""

REQUESTED_PRIOR = (0.62, 12.0)
"""Share of requested contacts that have a referral, and how many contacts this belief weighs."""
NOT_REQUESTED_PRIOR = (0.05, 25.0)

FURTHER_PRIOR = (0.06, 0.03)
FURTHER_STRENGTH = 300.0
FURTHER_WEIGHT = 2.4
FURTHER_MOST = 0.15
"""One matter may bring two contacts (first share, of referrals with a contact) or two referrals (second share, of
contacts with a referral). Each further link weighs its share times FURTHER_WEIGHT: about what a repeat's closeness in
time is worth against chance. It is alike for quiet and busy settings, where contacts and other referrals are rare or
frequent together."""

BUNCHING_LAGS = (-21, 21)
BUNCHING_SEEN_AT = (-14, -4)
BUNCHING_PRIOR = (0.001, 30000.0)
"""Matters at one setting come in bunches. How much is seen shortly before contacts, where matches are rare, and is
taken to hold as long after. The prior: referrals a day, and how many contact-days it weighs."""

COMMON_SHARE = 0.2
"""A role (within its sector) or a category of concern that more than this share of referrals have is common."""

RARE_WORD_SETTINGS = 2
"""A word met in at most this many differently named settings (of one authority) is rare: equal names then say more."""
COMMON_WORD_SETTINGS = 12
"""A word met in more settings than this is a key only together with area or kind of place."""

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

MISSED_TOGETHER = 1.8
"""How much more often place and referrer both fail to find a pair than if the one told nothing of the other: who writes
the one badly writes the other badly, too."""

FOUND_PRIOR = {"area": (0.7, 20.0), "place": (0.93, 20.0), "other": (0.5, 4.0)}
"""Share of true pairs that keys find, with the weight of the belief: keys of area and matter where a contact names no
place, with keys of place where it names one, and keys of surname or reference."""


@dataclass(frozen=True)
class Comparison:
    """One thing compared. Probabilities are in the order of `levels`. Levels behind them change no odds: something is
    missing, or the pair was sought by agreeing here (WAYS), which says nothing more.

    shared: place evidence, which the same matter and another matter at the same setting have in common.
    learnt: the classes whose probabilities are learnt; the others keep their prior.
    """

    name: str
    levels: tuple[str, ...]
    same_matter: tuple[float, ...]
    same_setting: tuple[float, ...]
    unrelated: tuple[float, ...]
    shared: bool = False
    learnt: tuple[str, ...] = ("same_matter", "same_setting", "unrelated")
    strength: float = 20.0


SETTING_LEVELS = ("exact_rare", "exact_common", "close", "partial", "different", "missing")
POSTCODE_LEVELS = ("same", "near", "district", "different", "missing")

_SETTING_SAME = (0.36, 0.22, 0.22, 0.10, 0.04, 0.06)
_POSTCODE_SAME = (0.40, 0.03, 0.02, 0.02, 0.53)
_SETTING_OTHER = (0.02, 0.08, 0.08, 0.30, 0.50, 0.02)
_POSTCODE_OTHER = (0.04, 0.01, 0.08, 0.40, 0.47)


def _cross(first: tuple[float, ...], second: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a * b for a in first for b in second)


COMPARISONS = (
    # Text and postcode are judged together: a key found the pair by one of them, so they are not independent.
    Comparison(
        "place",
        tuple(f"{text}/{postcode}" for text in SETTING_LEVELS for postcode in POSTCODE_LEVELS),
        _cross(_SETTING_SAME, _POSTCODE_SAME),
        _cross(_SETTING_SAME, _POSTCODE_SAME),
        _cross(_SETTING_OTHER, _POSTCODE_OTHER),
        shared=True,
        strength=30.0,
    ),
    Comparison(
        "kind", ("same", "different", "missing"), (0.93, 0.07), (0.93, 0.07), (0.40, 0.60), shared=True
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
        (0.04, 0.16, 0.80),
    ),
    Comparison(
        "concern",
        ("same_rare", "same_common", "near", "different", "missing", "same_sought"),
        (0.28, 0.40, 0.15, 0.17),
        (0.05, 0.18, 0.25, 0.52),
        (0.05, 0.18, 0.25, 0.52),
    ),
    Comparison("referrer_role", ("same", "different", "missing"), (0.75, 0.25), (0.45, 0.55), (0.30, 0.70)),
    Comparison("agency", ("same", "different", "missing"), (0.85, 0.15), (0.65, 0.35), (0.40, 0.60)),
    Comparison(
        "referrer",
        ("same", "close", "different", "missing", "same_sought"),
        (0.65, 0.06, 0.29),
        (0.20, 0.02, 0.78),
        (0.08, 0.02, 0.90),
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

DIRECTIONS = 6
"""In how many ways the parameters' uncertainty is kept: each is a column parameter_shift_k of the scored tables."""
