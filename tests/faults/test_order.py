"""Nights in any order, repeated or left out, end where the same nights in order end; the clock's awkward days.

Belongs here: the order of deliveries, the days on which calendars go wrong. Does not belong here: how one file is
judged (tests/ingest/).
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import random
import shutil
import zoneinfo
from pathlib import Path

import pytest
from dagster._utils.schedules import schedule_execution_time_iterator  # what its daemon goes by
from independent.compare import differences, report
from independent.homes import FEEDS, SEEDS, new_home
from independent.homes import refresh as refresh_published
from independent.world_files import make_world

from orchestration import resources, triggers
from orchestration.resources import Home

from . import forked, homes

ORDERS = int(os.environ.get("LADO_FAULT_ORDERS", "50"))
IN_FULL = 25  # every so many orders are refreshed to the published tables, the others to the staging tables


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten nightly drops of one authority, in order."""
    home = homes.make(tmp_path_factory.mktemp("nights") / "home", nights=10)
    return sorted((home.landing / homes.AUTHORITY).iterdir())


def deliver(order: list[Path], home: Home) -> None:
    """Put one drop after the other into the landing folder, with a run through the door in after each."""
    resources.mark_as_demo(home.prepare())
    home.demo_key.write_text(
        "5e" * 32, encoding="utf-8"
    )  # one secret, or every person would have another key
    for night in order:
        target = home.landing / homes.AUTHORITY / night.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(night, target, copy_function=shutil.copyfile)
        said, _ = forked.run(forked.take_in, home.root)
        assert said
        assert said.startswith("0 "), said


def staged(home: Home) -> dict[str, tuple]:
    said, _ = forked.run(forked.stage, home.root)
    assert said == "0 staged", said
    return homes.tables_of(home, "staging")


@pytest.mark.faults
def test_ten_nights_in_any_order_end_as_in_order(nights: list[Path], tmp_path: Path) -> None:
    chance = random.Random(10)

    @functools.cache
    def in_order(left_out: frozenset[str], in_full: bool) -> dict[str, tuple]:
        home = Home(tmp_path / "in_order")
        deliver([night for night in nights if night.name not in left_out], home)
        told = staged(home)
        if in_full:
            said, _ = forked.run(forked.refresh, home.root)
            assert said == "0 published: published", said
            told |= homes.tables_published(home)
        shutil.rmtree(home.root)
        return told

    gaps = [frozenset(), frozenset({nights[3].name}), frozenset({nights[0].name, nights[6].name})]
    deliveries = 0
    for number in range(ORDERS):
        left_out, in_full = gaps[number % len(gaps)], number % IN_FULL == 0
        order = [night for night in nights if night.name not in left_out]
        order += chance.sample(order, 3)  # three come twice
        chance.shuffle(order)
        home = Home(tmp_path / f"order{number}")
        deliver(order, home)
        told = staged(home)
        if in_full:
            said, _ = forked.run(forked.refresh, home.root)
            assert said == "0 published: published", said
            told |= homes.tables_published(home)
        expected = in_order(left_out, in_full)
        assert {name for name in expected if told[name] != expected[name]} == set(), [n.name for n in order]
        deliveries += len(order)
        shutil.rmtree(home.root)
    print(
        f"\n{ORDERS} orders of ten nights, {deliveries} deliveries, each ending as the same nights in order"
    )


AWKWARD_DAYS = {
    "end of a month": dt.date(2020, 1, 31),
    "leap day": dt.date(2020, 2, 29),
    "clocks go forward": dt.date(2020, 3, 29),
    "end of the financial year": dt.date(2020, 3, 31),
    "first day of the financial year": dt.date(2020, 4, 1),
    "clocks go back": dt.date(2019, 10, 27),
}


@pytest.mark.faults
def test_every_measure_as_at_the_awkward_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One authority for each day, whose last extract is of that day, recomputed in pandas from the extracts."""
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    monkeypatch.setenv("LADO_PROFILES", str(profiles))
    home = new_home(tmp_path / "home", profiles)
    names = {
        make_world(seed, home.landing, profiles, SEEDS / "code_lists.csv", FEEDS, last=day): day
        for seed, day in enumerate(AWKWARD_DAYS.values(), start=40)
    }
    published = refresh_published(home)
    rows = 0
    for name, day in names.items():
        measures = published.measures(name)
        assert (
            measures["as_at"].astype(str).max() == day.isoformat()
        )  # some of the worlds have feeds that stopped
        told = differences(measures, published.recomputed(name))
        assert not told, report(told)
        rows += len(measures)
    print(f"\n{rows} measure rows as at {len(names)} awkward days, each equal to its recomputation")


@pytest.mark.parametrize(
    ("first", "hours"),
    [("2020-02-27", {2}), ("2020-03-27", {1, 2}), ("2020-10-23", {1, 2}), ("2020-12-30", {2})],
    ids=["leap day", "clocks go forward", "clocks go back", "new year"],
)
def test_the_schedule_fires_once_a_night_at_two_in_london(first: str, hours: set[int]) -> None:
    london = zoneinfo.ZoneInfo("Europe/London")
    start = dt.datetime.combine(dt.date.fromisoformat(first), dt.time(12), london)
    night = triggers.every_night
    fires = schedule_execution_time_iterator(start.timestamp(), night.cron_schedule, night.execution_timezone)
    moments = [next(fires) for _ in range(5)]
    nights = [start.date() + dt.timedelta(days=n) for n in range(1, 6)]
    assert [moment.astimezone(london).strftime("%Y-%m-%d %H:%M") for moment in moments] == [
        f"{n} 02:00" for n in nights
    ]
    assert {moment.astimezone(dt.UTC).hour for moment in moments} == hours
