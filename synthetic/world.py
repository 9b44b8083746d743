"""Small made-up authorities with arbitrary numbers, for tests that must hold whatever the records are.

Here: one random authority from a seed: its profile (headings, wordings, formats, files of its own) and one to
three drops of messy but legal records. Not here: the two seed authorities, and what any test makes of a
world.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import yaml

from ingest.feeds import read_feeds
from ingest.profile import read_profile
from synthetic import people
from synthetic.cases import Records
from synthetic.days import as_day
from synthetic.nights import known_on
from synthetic.render import write_drop
from synthetic.tables import stage_generator

# A world uses a random part of each list. The first names are closed lists (code_lists.csv), the rest are
# open.
_MEMBERS = {
    "pathway": "allegation consultation information_only advice_only out_of_area_transfer",
    "concern_category": "physical sexual emotional neglect inappropriate_conduct online_safety financial other",
    "harm_criterion": "harmed_child criminal_offence risk_of_harm unsuitable",
    "outcome": "substantiated unsubstantiated unfounded false malicious",
    "action": "no_further_action training_or_development warning dismissal resignation deregistration dbs_referral "
    "criminal_prosecution",
    "strand": "section_47 police employer disciplinary fostering_review",
    "meeting_type": "position_of_trust evaluation professionals strategy review",
    "sector": "primary secondary special nursery childminder authority_fostering independent_fostering "
    "residential health "
    "police sports voluntary other school_transport council",
    "staff_role": "teacher teaching_assistant head_teacher childminder foster_carer residential_worker "
    "coach volunteer other",
    "in_care": "own_authority other_authority formerly no",
    "request_type": "ofsted freedom_of_information subject_access safeguarding_check enquiry",
    "recorded_as": "allegation risk_assessment",
    "decision": "confirm reject",
    "area": "north south coast hills",
    "channel": "telephone email online_form",
    "referrer_role": "manager head_teacher police_officer parent",
    "referrer_agency": "education police health social_care public",
    "source_team": "front_door police polit other_lado",
    "advice_given": "submit_referral no_role practice_guidance",
    "status": "open closed reopened",
    "officer_role": "lado manager contact_and_referral_officer",
    "provider": "academy maintained private",
    "raised_with": "head_of_service commissioner police",
    "reason": "delay threshold recording",
    "audience": "schools mixed foster_carers",
    "concern_type": "culture recruitment leadership",
}
_DATES = ("%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y", "%d.%m.%Y")
_KEYS = {"contacts": "C", "referrals": "R", "allegations": "A", "meetings": "M", "subjects": "P", "officers": "W",
         "settings": "S", "requests": "Q", "feedback": "F", "escalations": "E", "setting_concerns": "N",
         "training": "T"}  # fmt: skip
_NEEDS = {
    "outcomes": "allegations",
    "actions": "allegations",
    "strands": "allegations",
    "match_decisions": "contacts",
}
_BLANK, _UNMAPPED, _SPOILT, _AWRY = 0.08, 0.02, 0.01, 0.03


def make_world(seed: int, into: Path) -> Path:
    """Write `<into>/landing/<authority>/<date>/...` and `<into>/profiles/<authority>.yml`, and return the
    profile.

    The authority is called `world<seed>`. Codes may be blank or unmapped, optional dates missing, unreadable,
    before the receipt or after the extract; records move on, and a few vanish, from drop to drop. Nothing is
    refused or quarantined: keys are unique and every mandatory value is usable. The same seed gives the same
    bytes.
    """
    rng = stage_generator(seed, "world")
    world = _World(seed, rng)
    path = into / "profiles" / f"{world.name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(world.profile(), sort_keys=False, allow_unicode=True, width=110)
    path.write_text(text, encoding="utf-8", newline="\n")
    profile = read_profile(path)
    world.fill()
    for night in world.nights:
        folder = into / "landing" / world.name / date.fromordinal(night).isoformat()
        write_drop(profile, known_on(world.records, night, days_ahead=True), folder, night)
    return path


class _World:
    """The choices of one world, and its records."""

    def __init__(self, seed: int, rng: np.random.Generator):
        self.name, self.rng, self.records = f"world{seed}", rng, Records()
        self.first = as_day("2017-01-01") + int(rng.integers(0, 400))
        end = self.first + int(rng.integers(500, 1100))
        self.nights = [
            end + int(gap) for gap in np.cumsum([0, *rng.integers(1, 40, size=rng.integers(0, 3))])
        ]
        optional = [feed for feed in read_feeds() if feed != "referrals"]
        lacks = {feed for feed in optional if rng.random() < 0.18} | {"match_decisions"}
        lacks |= {feed for feed, needed in _NEEDS.items() if needed in lacks}
        self.feeds = [feed for feed in read_feeds() if feed not in lacks]
        self.members = {}
        for name, members in _MEMBERS.items():
            own = members.split()
            keep = sorted(rng.permutation(len(own))[: max(2, int(rng.integers(2, len(own) + 1)))])
            self.members[name] = [own[i] for i in keep]
        self.weights = {name: rng.dirichlet(np.full(len(own), 0.8)) for name, own in self.members.items()}

    def chance(self, share: float) -> bool:
        """True that often."""
        return bool(self.rng.random() < share)

    def code(self, name: str, mandatory: bool = False) -> str | None:
        """A member, now and then none, now and then a wording that the profile does not map."""
        if not mandatory and self.chance(_BLANK):
            return None
        if self.chance(_UNMAPPED):
            return f"~Quite another {name.replace('_', ' ')}"
        return str(self.rng.choice(self.members[name], p=self.weights[name]))

    def yes_or_no(self) -> bool | None:
        """True, False or not recorded."""
        return None if self.chance(0.1) else self.chance(0.5)

    def day_after(self, day: int, spread: float, missing: float = 0.15) -> int | str | None:
        """A day some time after another one; now and then missing, before it, or not a day at all."""
        if self.chance(missing):
            return None
        if self.chance(_SPOILT):
            return "not known"
        if self.chance(_AWRY):
            return day - int(self.rng.integers(1, 60))
        return day + int(self.rng.exponential(spread))

    def profile(self) -> dict:
        """A profile of its own: one file for a feed, or two feeds in one, workbooks here and there."""
        rng = self.rng
        style = int(rng.integers(3))
        dates = _DATES[rng.integers(len(_DATES))]
        delimiter = (",", ";", "|", "tab")[rng.integers(4)]
        encoding = ("utf-8", "cp1252", "latin-1", "utf-16")[rng.integers(4)]
        shares_file = self.chance(0.5)
        complete_from = self.first if self.chance(0.5) else None
        sources = []
        for name in self.feeds:
            feed = read_feeds()[name]
            together = shares_file and name in ("allegations", "outcomes")
            source = {
                "feed": name,
                "source_system": "system_a",
                "files": f"{'allegations' if together else name}_*.csv",
                "format": "csv",
                "delimiter": delimiter,
                "encoding": encoding,
                "extract": "full",
                "dates": [dates],
                "moments": [f"{dates} %H:%M"],
                "list_separator": "~" if delimiter == ";" else ";",
                "headings": {column: self.heading(column, style) for column in feed.columns},
            }
            if not together and self.chance(0.2):
                source |= {"files": f"{name}_*.xlsx", "format": "xlsx", "sheet": "Export"}
            if together and name == "outcomes":
                source["rows_when"] = self.heading("outcome", style)
            if complete_from and self.chance(0.7):
                source["complete_from"] = date.fromordinal(complete_from).isoformat()
            sources.append(source)
        self.systems = {}
        for name in ("contacts", "referrals"):
            if name in self.feeds and self.chance(0.3):  # one feed from two systems
                first = next(s for s in sources if s["feed"] == name)
                second = {**first, "source_system": "system_b", "files": first["files"].replace("_*", "_b_*")}
                first["files"] = first["files"].replace("_*", "_a_*")
                sources.append(second)
                self.systems[name] = ("system_a", "system_b")
        codes = {
            name: {self.wording(member, i): member for member in members for i in range(1 + self.chance(0.2))}
            for name, members in self.members.items()
        }
        return {
            "authority": self.name,
            "name": self.name.title(),
            "targets": {"closed_within_1_month": 80},
            "grace_working_days": int(rng.integers(5, 16)),
            "missing_feeds": {f: "this world has no such feed" for f in read_feeds() if f not in self.feeds},
            "sources": sources,
            "codes": codes,
        }

    @staticmethod
    def heading(column: str, style: int) -> str:
        """The same column in the style of one system or another."""
        return (column.replace("_", " ").title(), column.upper(), column.title().replace("_", ""))[style]

    @staticmethod
    def wording(member: str, number: int) -> str:
        """A local wording: never the member itself."""
        return member.replace("_", " ").capitalize() + (" (local)", " or so")[number]

    def add(self, feed: str, **values) -> dict:
        """Keep a record; it is entered by the first night or later, and may have been something else
        before."""
        record = dict.fromkeys(read_feeds()[feed].columns) | values
        if feed in self.systems:
            record["_source"] = self.systems[feed][self.rng.integers(2)]
        late = len(self.nights) > 1 and self.chance(0.06)
        latest = self.nights[-1 if late else 0]
        if feed in self.feeds:
            self.records.add(feed, record, latest)
        return record

    def key(self, feed: str, number: int) -> str:
        """The key of the n-th record of a feed."""
        return f"{_KEYS[feed]}{number:05d}"

    def fill(self) -> None:
        """Every record of the world."""
        rng, end = self.rng, self.nights[0]
        officers = [self.key("officers", n) for n in range(1, int(rng.integers(2, 6)))]
        for officer in officers:
            started = self.first - int(rng.integers(0, 900))
            self.add("officers", officer_id=officer, officer_role=self.code("officer_role"),
                     fte=float(rng.choice([1.0, 0.8, 0.6, 0.5])), started_on=started,
                     ended_on=None if self.chance(0.7) else started + int(rng.integers(100, 1500)))  # fmt: skip
        places = [f"{people.SURNAMES[rng.integers(len(people.SURNAMES))]} {kind}" for kind in
                  ("Primary School", "Nursery", "House", "Football Club", "Surgery",
                  "Fostering") for _ in range(4)]  # fmt: skip
        for n, place in enumerate(places[: int(rng.integers(2, len(places)))], start=1):
            self.add("settings", setting_id=self.key("settings", n), setting_name=place, sector=self.code("sector"),
                     setting_postcode=people.postcode(rng, "QW"), area=self.code("area"),
                     provider=self.code("provider"))  # fmt: skip
        contacts = self._contacts(officers, places, end)
        referrals = self._referrals(officers, places, contacts, end)
        self._service(referrals, places, end)
        self._move_on()

    def _contacts(self, officers: list, places: list, end: int) -> list[tuple[str, int]]:
        made = []
        for n in range(1, int(self.rng.integers(20, 220))):
            day = int(self.rng.integers(self.first, end + 1))
            requested = self.yes_or_no()
            made.append((self.key("contacts", n), day))
            self.add(
                "contacts", contact_id=made[-1][0], received_at=(day, int(self.rng.integers(0, 1440))),
                channel=self.code("channel"), referrer_name=people.full_name(self.rng),
                referrer_role=self.code("referrer_role"),
                referrer_agency=self.code("referrer_agency"), setting_name=self.place(places),
                sector=self.code("sector"),
                area=self.code("area"), staff_role=self.code("staff_role"),
                concern_category=self.code("concern_category"),
                advice_given=self.code("advice_given"), threshold_met=self.yes_or_no(), referral_requested=requested,
                referral_requested_on=self.day_after(day, 2) if requested else None,
                case_ref=self.key("referrals", int(self.rng.integers(1, 200))) if self.chance(0.15) else None,
                handled_by=self.officer(officers), closed_on=self.day_after(day, 8),
                oversight_on=self.day_after(day, 15),
            )  # fmt: skip
        return made

    def _referrals(self, officers: list, places: list, contacts: list, end: int) -> list[tuple[str, int]]:
        rng, made, allegations = self.rng, [], 0
        for n in range(1, int(rng.integers(25, 180))):
            day = int(rng.integers(self.first, end + 1))
            made.append((self.key("referrals", n), day))
            closed = self.day_after(day, 110, missing=0.35)
            subject = self.key("subjects", int(rng.integers(1, 150))) if self.chance(0.95) else None
            self.add(
                "referrals", referral_id=made[-1][0], received_on=day, referrer_name=people.full_name(rng),
                contact_ref=contacts[rng.integers(len(contacts))][0] if self.chance(0.15) else None,
                referrer_role=self.code("referrer_role"), referrer_agency=self.code("referrer_agency"),
                source_team=self.code("source_team"), setting_name=self.place(places), sector=self.code("sector"),
                area=self.code("area"), subject_id=subject, staff_role=self.code("staff_role"),
                concern_category=self.code("concern_category"), pathway=self.code("pathway"),
                harm_criteria=[c for c in (self.code("harm_criterion") for _ in range(rng.integers(0, 3))) if c],
                employer_aware_on=self.day_after(day - 3, 3), incident_on=self.day_after(day - 40, 20),
                threshold_decided_on=self.day_after(day, 2), rationale_recorded=self.yes_or_no(),
                lado=self.officer(officers), police_involved=self.yes_or_no(), status=self.code("status"),
                closed_on=closed,
                closure_checked_on=self.day_after(closed, 10) if isinstance(closed, int) else None,
            )  # fmt: skip
            for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.35, 0.5, 0.1, 0.05]))):
                allegations += 1
                self._allegation(self.key("allegations", allegations), made[-1][0], day, end)
            for child in range(int(rng.choice([0, 1, 2], p=[0.3, 0.6, 0.1]))):
                self.add("children", referral_id=made[-1][0], child_id=f"K{n:04d}{child}",
                in_care=self.code("in_care"),
                         age_at_incident=int(rng.integers(0, 18)), send=self.yes_or_no(),
                         child_in_need=self.yes_or_no(),
                         child_protection=self.yes_or_no(), early_help=self.yes_or_no())  # fmt: skip
        for n in range(1, 150):
            self.add("subjects", subject_id=self.key("subjects", n), full_name=people.full_name(rng),
                     date_of_birth=people.date_of_birth(rng), postcode=people.postcode(rng, "QW"))  # fmt: skip
        return made

    def _allegation(self, key: str, referral: str, day: int, end: int) -> None:
        rng = self.rng
        self.add("allegations", allegation_id=key, referral_id=referral if self.chance(0.99) else "R99999",
                 concern_category=self.code("concern_category"), recorded_on=self.day_after(day, 3),
                 recorded_as=self.code("recorded_as"))  # fmt: skip
        if self.chance(0.7):
            concluded = day - 9 if self.chance(_AWRY) else min(day + int(rng.exponential(70)), end)
            self.add("outcomes", allegation_id=key, outcome=self.code("outcome", True), outcome_on=concluded)
            own = self.members["action"]
            for action in (own[i] for i in rng.permutation(len(own))[: rng.integers(0, 4)]):
                self.add("actions", allegation_id=key, action=action, action_on=self.day_after(concluded, 9))
        own = self.members["strand"]
        for strand in (own[i] for i in rng.permutation(len(own))[: rng.integers(0, 3)]):
            started = self.day_after(day, 5)
            self.add(
                "strands",
                allegation_id=key,
                strand=strand,
                started_on=started,
                ended_on=self.day_after(day + 9, 50),
            )

    def _service(self, referrals: list, places: list, end: int) -> None:
        rng = self.rng

        def some(feed: str, most: int):
            for n in range(1, int(rng.integers(2, most))):
                referral, day = referrals[rng.integers(len(referrals))]
                yield self.key(feed, n), referral, min(day + int(rng.integers(0, 60)), end)

        for key, referral, day in some("meetings", 60):
            held = self.day_after(day, 10)
            after = held if isinstance(held, int) else day
            self.add("meetings", meeting_id=key, referral_id=referral, meeting_type=self.code("meeting_type", True),
                     due_on=self.day_after(day, 5), held_on=held, actions_issued_on=self.day_after(after, 1),
                     notes_issued_on=self.day_after(after, 20))  # fmt: skip
        for key, _, day in some("requests", 80):
            self.add("requests", request_id=key, request_type=self.code("request_type", True), received_on=day,
                     due_on=self.day_after(day, 20), answered_on=self.day_after(day, 15))  # fmt: skip
        for key, referral, day in some("feedback", 60):
            back = self.day_after(day, 12, missing=0.6)
            self.add("feedback", feedback_id=key, referral_id=referral, requested_on=day, returned_on=back,
                     rating=float(rng.integers(1, 11)) if isinstance(back,
                     int) and self.chance(0.9) else None)  # fmt: skip
        for key, referral, day in some("escalations", 30):
            self.add("escalations", escalation_id=key, referral_id=referral, raised_on=day,
            reason=self.code("reason"),
                     raised_with=self.code("raised_with"), resolved_on=self.day_after(day, 30))  # fmt: skip
        for key, _, day in some("setting_concerns", 30):
            self.add("setting_concerns", concern_id=key,
            setting_name=self.place(places) or "The place without a name",
                     recorded_on=day, concern_type=self.code("concern_type"))  # fmt: skip
        for key, _, day in some("training", 30):
            self.add("training", session_id=key, held_on=day, sector=self.code("sector"),
            audience=self.code("audience"),
                     attendees=int(rng.integers(1, 90)))  # fmt: skip

    def _move_on(self) -> None:
        """Between two drops some referrals close and a few records of any feed are deleted."""
        if len(self.nights) < 2:
            return
        for feed, records in self.records.feeds.items():
            for record in records:
                if feed == "referrals" and self.chance(0.05):
                    record["_changes"] = [
                        (self.nights[-1], "closed_on", self.nights[-1] - int(self.rng.integers(0, 3)))
                    ]
                elif record["_entered"] == self.nights[0] and self.chance(0.01):
                    record["_left"] = self.nights[-1]

    def place(self, places: list) -> str | None:
        """A setting as typed, or nothing."""
        return None if self.chance(0.05) else places[self.rng.integers(len(places))]

    def officer(self, officers: list) -> str | None:
        """An officer, nobody, or one whom the list of officers does not have."""
        return (
            None
            if self.chance(0.05)
            else "W99999"
            if self.chance(0.01)
            else officers[self.rng.integers(len(officers))]
        )
