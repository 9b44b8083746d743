"""Small awkward authorities, drawn at random: everything that records do wrong, in small numbers.

Belongs here: making up a landing and its profile for one seed, with blank and unmapped wordings, dates out of
order or impossible, orphans, duplicates, contradictory rows, deletions between drops, two systems for one feed
and missing feeds. Does not belong here: realistic authorities (synthetic/) and what comes of the records.

Nothing here is a person: names are numbers.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from .extracts import read_lists

FORMATS = (("%d/%m/%Y", "%d/%m/%Y %H:%M"), ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S"), ("%d-%b-%Y", "%d-%b-%Y %H:%M"))
OPEN_LISTS = {
    "area": ("north", "south", "coast"),
    "channel": ("telephone", "email"),
    "referrer_role": ("manager", "parent"),
    "referrer_agency": ("police", "education", "health", "public"),
    "source_team": ("front_door", "police_team", "other_lado"),
    "advice_given": ("submit_referral", "no_role"),
    "status": ("open", "closed"),
    "officer_role": ("lado", "manager"),
    "provider": ("private", "academy"),
    "raised_with": ("police", "employer"),
    "reason": ("delay", "no_reply"),
    "audience": ("schools", "mixed"),
    "concern_type": ("culture", "recruitment"),
}
OPTIONAL = ("escalations", "setting_concerns", "feedback", "requests", "training", "children", "meetings")
SOURCES = ("contacts", "referrals", "allegations", "outcomes", "actions", "strands", "meetings", "children", "subjects",
           "officers", "settings", "requests", "feedback", "escalations", "setting_concerns", "training")  # fmt: skip
YES_NO = {"Ja": "true", "Nein": "false"}


class World:
    """One made-up authority: its records as canonical text, then as files in its own words."""

    def __init__(self, seed: int, code_lists: Path, feeds: dict) -> None:
        self.random, self.feeds = random.Random(seed), feeds
        self.authority = f"awkward_{seed:02d}"
        self.lists = {**{k: list(v) for k, v in OPEN_LISTS.items()}, **read_lists(code_lists)[0]}
        self.day, self.moment = self.random.choice(FORMATS)
        self.first = dt.date(2018, self.random.choice((1, 4, 9)), 1)
        self.last = self.first + dt.timedelta(days=self.random.randint(500, 900))
        self.missing = {f: "not kept here" for f in OPTIONAL if self.random.random() < 0.25}
        self.rows: dict[str, list[dict[str, str]]] = {f: [] for f in SOURCES if f not in self.missing}

    def some(self, name: str, blank: float = 0.06, other: float = 0.02) -> str:
        """A wording of a code list, sometimes nothing and sometimes one that nobody mapped."""
        draw = self.random.random()
        if draw < blank:
            return ""
        if draw < blank + other:
            return "Quite Another Thing"
        return self.random.choice(self.lists[name]).replace("_", " ").title()

    def on(self, day: dt.date | None, bad: float = 0.01) -> str:
        if day is None:
            return ""
        return "not known" if self.random.random() < bad else day.strftime(self.day)

    def later(self, day: dt.date, longest: int, often: float = 0.8, before: float = 0.03) -> dt.date | None:
        """A day after `day`; sometimes none, sometimes before it, sometimes after the extract."""
        draw = self.random.random()
        if draw > often:
            return None
        if draw < before:
            return day - dt.timedelta(days=self.random.randint(1, 40))
        return day + dt.timedelta(days=int(longest * self.random.random() ** 2))

    def yes(self, often: float = 0.5, blank: float = 0.1) -> str:
        if self.random.random() < blank:
            return ""
        return "Ja" if self.random.random() < often else "Nein"

    def any_day(self) -> dt.date:
        return self.first + dt.timedelta(days=self.random.randrange((self.last - self.first).days + 1))

    def add(self, feed: str, **values: str) -> None:
        if feed in self.rows:
            self.rows[feed].append(values)

    def draw(self) -> None:
        """All records of the world."""
        r = self.random
        for i in range(1, 6):
            started = self.first + dt.timedelta(days=r.randint(-300, 300))
            self.add("officers", officer_id=f"O{i}", officer_role=self.some("officer_role"),
                     fte=r.choice(("1", "0.6", "0.5", "")), started_on=self.on(r.choice((started, None)), 0),
                     ended_on=self.on(self.later(started, 600, 0.3), 0))  # fmt: skip
        for i in range(1, 31):
            self.add("settings", setting_id=f"S{i:03d}", setting_name=f"Place {i}", sector=self.some("sector"),
                     setting_urn=str(100000 + i % 29) if r.random() < 0.6 else "", area=self.some("area"),
                     provider=self.some("provider"))  # fmt: skip
        for i in range(1, 61):
            self.add("subjects", subject_id=f"P{i}", full_name=f"Number {i}")
        matters = [self.contact(i) for i in range(1, r.randint(90, 180))]
        for i in range(1, r.randint(80, 160)):
            self.referral(i, r.choice(matters))
        for i in range(1, 40):
            self.add("requests", request_id=f"Q{i:03d}", request_type=self.some("request_type", 0),
                     received_on=self.any_day().strftime(self.day))  # fmt: skip
            self.add("training", session_id=f"T{i:03d}", held_on=self.any_day().strftime(self.day),
                     sector=self.some("sector"), audience=self.some("audience"))  # fmt: skip
            place = r.randint(1, 40)
            self.add("setting_concerns", concern_id=f"G{i:03d}", setting_name=f"PLACE  {place}",
                     setting_urn=str(100000 + place) if r.random() < 0.5 else "",
                     recorded_on=self.any_day().strftime(self.day), concern_type=self.some("concern_type"))  # fmt: skip

    def contact(self, i: int) -> tuple[str, dt.date, str]:
        r, day = self.random, self.any_day()
        at = dt.datetime.combine(day, dt.time(r.randrange(24), r.randrange(60)))
        requested, met = self.yes(), self.yes(0.4)
        place = f"Place {r.randint(1, 30)}"
        self.add("contacts", contact_id=f"C{i:04d}", received_at=at.strftime(self.moment), channel=self.some("channel"),
                 referrer_agency=self.some("referrer_agency"), referrer_role=self.some("referrer_role"),
                 setting_name=place, sector=self.some("sector"), area=self.some("area"),
                 staff_role=self.some("staff_role"), concern_category=self.some("concern_category"),
                 advice_given=self.some("advice_given"), threshold_met=met, referral_requested=requested,
                 referral_requested_on=self.on(self.later(day, 9, 0.8) if requested == "Ja" else None),
                 case_ref=f"R{r.randint(1, 200):04d}" if r.random() < 0.2 else "",
                 closed_on=self.on(self.later(day, 60)), oversight_on=self.on(self.later(day, 70)))  # fmt: skip
        return f"C{i:04d}", day, place

    def referral(self, i: int, matter: tuple[str, dt.date, str]) -> None:
        r, key = self.random, f"R{i:04d}"
        follows = r.random() < 0.5
        day = min(matter[1] + dt.timedelta(days=r.randint(0, 20)), self.last) if follows else self.any_day()
        criteria = {self.some("harm_criterion", 0, 0.03) for _ in range(r.randint(0, 3))}
        self.add("referrals", referral_id=key, received_on=day.strftime(self.day),
                 contact_ref=matter[0] if follows and r.random() < 0.5 else "",
                 referrer_agency=self.some("referrer_agency"), source_team=self.some("source_team"),
                 setting_name=matter[2] if follows else f"Place {r.randint(1, 30)}", sector=self.some("sector"),
                 area=self.some("area"), subject_id=f"P{r.randint(1, 60)}", staff_role=self.some("staff_role"),
                 concern_category=self.some("concern_category"), harm_criteria=" ; ".join(sorted(criteria)),
                 pathway=self.some("pathway"), employer_aware_on=self.on(self.later(day - dt.timedelta(days=6), 8)),
                 lado=r.choice(("O1", "O2", "O3", "O4", "O9", "")), police_involved=self.yes(0.3),
                 status=self.some("status"), closed_on=self.on(self.later(day, 500)))  # fmt: skip
        for _ in range(r.choice((0, 1, 1, 2))):
            self.allegation(key if r.random() > 0.02 else "R9999", day)
        for n in range(r.choice((0, 0, 1, 2))):
            self.add("children", referral_id=key, child_id=f"K{n}", in_care=self.some("in_care"), send=self.yes(0.3),
                     child_in_need=self.yes(0.2), child_protection=self.yes(0.1),
                     early_help=self.yes(0.2, 0.6))  # fmt: skip
        for n in range(r.choice((0, 0, 1))):
            held = self.later(day, 60)
            follow = held or day
            self.add("meetings", meeting_id=f"M{i:04d}{n}", referral_id=key, held_on=self.on(held),
                     meeting_type=self.some("meeting_type", 0), actions_issued_on=self.on(self.later(follow, 4)),
                     notes_issued_on=self.on(self.later(follow, 50)))  # fmt: skip
        if r.random() < 0.3:
            self.add("feedback", feedback_id=f"F{i:04d}", referral_id=key, requested_on=self.on(day),
                     rating=r.choice(("10", "9", "7.5", "")),
                     returned_on=self.on(self.later(day, 60, 0.6)))  # fmt: skip
        if r.random() < 0.2:
            self.add("escalations", escalation_id=f"E{i:04d}", referral_id=key, reason=self.some("reason"),
                     raised_on=min(day + dt.timedelta(days=5), self.last).strftime(self.day),
                     raised_with=self.some("raised_with"))  # fmt: skip

    def allegation(self, referral: str, day: dt.date) -> None:
        r, key = self.random, f"A{len(self.rows['allegations']) + 1:04d}"
        self.add("allegations", allegation_id=key, referral_id=referral, recorded_on=self.on(day),
                 concern_category=self.some("concern_category"), recorded_as=self.some("recorded_as"))  # fmt: skip
        done = self.later(day, 300, 0.75)
        if done and done <= self.last:
            self.add(
                "outcomes",
                allegation_id=key,
                outcome=self.some("outcome", 0),
                outcome_on=done.strftime(self.day),
            )
        for action in {self.some("action", 0) for _ in range(r.choice((0, 1, 2, 3)))}:
            acted = self.later(done or day, 100)
            self.add("actions", allegation_id=key, action=action, action_on=self.on(acted, 0))
        if r.random() < 0.2:
            self.add("strands", allegation_id=key, strand=self.some("strand", 0), started_on=self.on(day, 0))
