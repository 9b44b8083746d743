"""Made-up extracts with a known truth: Kent and Buckinghamshire for 2018/19 and 2019/20, and any other size.

Here: everything that makes records up. Not here: reading them; no station imports this package, and it reads
of theirs only the authority profile, through which the last step (render.py) writes.

The journey of a record: targets/ (published figures as constraints) -> plan.py, tables.py (tables solved,
cells made rows) -> cases.py, contacts.py, office.py (days, places, people) -> nights.py (what was known when)
-> render.py (files).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingest.feeds import read_feeds
from ingest.profile import PROFILES_FOLDER, Profile, read_profile
from synthetic import cases as case_making
from synthetic import contacts as contact_making
from synthetic import nights as passing
from synthetic import office
from synthetic.plan import make_plan, read_targets
from synthetic.render import write_drop
from synthetic.tables import stage_generator

AUTHORITIES = ("kent", "buckinghamshire")
YEARS = ("2018/19", "2019/20")


@dataclass(frozen=True)
class Made:
    """What one call wrote: the drops in order, and the file with the true pairs of contact and referral."""

    drops: list[Path]
    truth: Path


def synthesise(
    authority: str,
    into: Path,
    seed: int,
    years: tuple[str, ...] = YEARS,
    nights: int = 1,
    scale: int = 1,
    profile: Profile | None = None,
    noise: float = 0.5,
) -> Made:
    """Write made-up drops of one authority into `<into>/<authority>/<date>/`, and their truth into
    `<into>/../truth/<authority>/contact_referral.csv`.

    `years` are financial years; the drop is dated on the last day of the last one, and cases still open from
    before come along. `nights` gives that many nightly drops, ending on that day; where matters are entered
    late (Buckinghamshire) a third of the nights lie after it. `scale` multiplies every volume. `noise` from 0
    to 1 says how differently two people write one setting. The same arguments give the same bytes. Raises
    ValueError for an unknown authority or year.
    """
    if authority not in AUTHORITIES:
        raise ValueError(f"no targets for '{authority}': there are {', '.join(AUTHORITIES)}")
    if not years or not set(years) <= set(YEARS):
        raise ValueError(f"years must be among {', '.join(YEARS)}")
    if nights < 1 or scale < 1 or not 0 <= noise <= 1:
        raise ValueError("nights and scale start at 1; noise lies between 0 and 1")
    profile = profile or read_profile(PROFILES_FOLDER / f"{authority}.yml")
    targets = read_targets(authority)
    records = make_records(targets, profile.name, seed, scale, noise)
    _refuse_keys_that_do_not_fit(records, profile)
    first, last = _window(targets, years)
    run = _nights(targets, last, nights)
    passing.let_the_nights_pass(stage_generator(seed, "nights"), records, run[0], run[-1], last)
    drops, before = [], None
    for night in run:
        held = passing.known_on(records, night, before)
        if len(years) < len(YEARS):
            held = _of_the_year(held, first)
        folder = into / authority / date.fromordinal(night).isoformat()
        write_drop(profile, held, folder, night, targets.get("files_split_by"))
        drops.append(folder)
        before = night
    return Made(drops, _write_truth(records, into.parent / "truth" / authority))


def make_records(
    targets: dict, name: str, seed: int, scale: int = 1, noise: float = 0.5
) -> case_making.Records:
    """Every canonical record of an authority, and the truth; no file is written."""
    plan = make_plan(targets, seed, scale)
    year_end = max(last for _, last in plan.cohorts.values())
    records = case_making.Records()
    settings = office.register_of_settings(stage_generator(seed, "settings"), targets, name, scale, records)
    gazetteer = case_making.Gazetteer(stage_generator(seed, "gazetteer"), settings)
    cases = case_making.make_cases(stage_generator(seed, "days"), plan)
    letters = f"Q{name[0]}"
    case_making.settle(stage_generator(seed, "people"), cases, gazetteer, targets["ids"], records, letters)
    contact_making.pair_twins(stage_generator(seed, "twins"), cases, plan)
    late = _late(seed, plan, cases, gazetteer, records, year_end, letters)
    contact_making.write_contacts(
        stage_generator(seed, "contacts"), plan, cases, late, gazetteer, records, noise, year_end
    )
    rng = stage_generator(seed, "cases")
    case_making.write_cases(rng, cases, plan, records, noise)
    case_making.write_late_cases(rng, late, plan, records, noise, year_end)
    rng = stage_generator(seed, "office")
    office.write_officers(targets, records)
    office.write_meetings(rng, targets, cases, scale, records)
    office.write_requests(rng, plan, scale, records)
    office.write_feedback(rng, plan, cases, scale, records)
    office.write_training(rng, plan, scale, records)
    office.write_decisions(rng, records, year_end)
    return records


def _late(seed, plan, cases, gazetteer, records, year_end, letters) -> list[case_making.Case]:
    kind = plan.targets["contacts"].get("late_kind")
    waiting = [contact for contact in plan.contacts if kind and contact["kind"] == kind]
    used = {(case.place.name, case.place.town) for case in cases}
    rng = stage_generator(seed, "late")
    return case_making.late_cases(rng, waiting, plan, gazetteer, used, year_end, len(cases), records, letters)


def _refuse_keys_that_do_not_fit(records: case_making.Records, profile: Profile) -> None:
    """A large scale can outgrow the digits that a profile gives a key; every file would then be refused."""
    for source in profile.sources:
        key = read_feeds()[source.feed].key[0]
        longest = max((r[key] for r in records.feeds.get(source.feed, [])), key=len, default=None)
        if longest and source.key_pattern and not re.fullmatch(source.key_pattern, longest):
            raise ValueError(
                f"{source.feed}: at this scale the keys outgrow the profile's key_pattern {source.key_pattern}"
            )


def _window(targets: dict, years: tuple[str, ...]) -> tuple[int, int]:
    chosen = [targets["cohorts"][year] for year in YEARS if year in years]
    return chosen[0]["from"].toordinal(), chosen[-1]["to"].toordinal()


def _nights(targets: dict, last: int, nights: int) -> list[int]:
    """The days of the drops. Late entries need nights after the year's end: at least one, a third of the
    run."""
    after = max(1, nights // 3) if nights > 1 and targets["contacts"].get("late_kind") else 0
    return list(range(last - (nights - after) + 1, last + after + 1))


def _of_the_year(held: dict[str, list[dict]], first: int) -> dict[str, list[dict]]:
    """Without the cases that were received and closed before the first day, and what hangs on them."""
    gone = {
        r["referral_id"]
        for r in held["referrals"]
        if r["received_on"] < first and r["closed_on"] is not None and r["closed_on"] < first
    }
    gone_allegations = {a["allegation_id"] for a in held.get("allegations", []) if a["referral_id"] in gone}
    people = {r["subject_id"] for r in held["referrals"] if r["referral_id"] not in gone}
    return {
        feed: [
            row
            for row in rows
            if row.get("referral_id") not in gone
            and row.get("allegation_id") not in gone_allegations
            and (feed != "subjects" or row["subject_id"] in people)
            and (feed != "training" or row["held_on"] >= first)
        ]
        for feed, rows in held.items()
    }


def _write_truth(records: case_making.Records, folder: Path) -> Path:
    """The true pairs, for tests and calibration only; no part of the pipeline reads this file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "contact_referral.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["contact_id", "referral_id", "kind", "requested", "contact_on", "received_on"])
        for pair in records.truth:
            days = [date.fromordinal(pair[c]).isoformat() for c in ("contact_on", "received_on")]
            writer.writerow(
                [pair["contact_id"], pair["referral_id"], pair["kind"], str(pair["requested"]).lower(), *days]
            )
    return path
