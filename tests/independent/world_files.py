"""A random world as a landing: a profile in the world's own words, two drops, and damage in small numbers.

Belongs here: headings, formats, drops, and what is spoiled, doubled, changed and deleted between them. Does
not belong here: the records themselves (worlds.py).

Damage stays under the shares at which a whole file is refused: a spoiled or doubled line only in files of
at least 60 rows, deletions under a tenth.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from pathlib import Path

import openpyxl
import yaml

from .worlds import YES_NO, World

ROOMY = 60


def make_world(
    seed: int, into: Path, profiles: Path, code_lists: Path, feeds_path: Path, last: dt.date | None = None
) -> str:
    """Write one world below `into`/<authority>/ and its profile into `profiles`; the authority's slug.

    last: the day of its last drop, drawn when it is not given.
    """
    feeds = yaml.safe_load(feeds_path.read_text(encoding="utf-8"))
    world = World(seed, code_lists, feeds)
    world.last = last or world.last
    world.draw()
    sources = _sources(world)
    profile = {
        "authority": world.authority,
        "name": f"World {seed}",
        "grace_working_days": world.random.choice((5, 10, 20)),
        "disclosure": {"hide_up_to": 4},
        "missing_feeds": {**world.missing, "match_decisions": "no reviewers here"},
        "sources": [s for s, _ in sources],
        "codes": _codes(world),
    }
    profiles.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(profile, sort_keys=False, allow_unicode=True)
    (profiles / f"{world.authority}.yml").write_text(text, encoding="utf-8")
    before = world.last - dt.timedelta(days=world.random.randint(20, 60))
    # In a third of the worlds two feeds stop: the last drop has nothing of them.
    stopped = random.Random(seed).sample(sorted(world.rows), 2) if seed % 3 == 0 else []
    for day, is_last in ((before, False), (world.last, True)):
        folder = into / world.authority / day.isoformat()
        folder.mkdir(parents=True)
        for source, rows in sources:
            if is_last and source["feed"] in stopped:
                continue
            lines = _lines(world, source, rows, day, before if is_last else None)
            _write(folder, source, lines, day)
    return world.authority


def _codes(world: World) -> dict:
    """Every member under its own wording; one wording of each open list has no member."""
    codes = {}
    for name, members in world.lists.items():
        if name in ("sector_group", "band", "missing", "decision"):
            continue
        codes[name] = {m.replace("_", " ").title(): m for m in members}
    codes["harm_criterion"]["Unsuitable"] = {"member": "unsuitable", "from": dt.date(2020, 9, 1)}
    for column in ("threshold_met", "referral_requested", "police_involved", "send", "child_in_need"):
        codes[column] = dict(YES_NO)
    codes["child_protection"] = codes["early_help"] = dict(YES_NO)
    return {name: dict(entries) for name, entries in codes.items()}


def _sources(world: World) -> list[tuple[dict, list[dict]]]:
    """A source for each feed; referrals sometimes from two systems."""
    made = []
    for feed, rows in world.rows.items():
        systems = ["main"]
        if feed == "referrals" and world.random.random() < 0.4:
            systems = ["main", "paper"]
        for place, system in enumerate(systems):
            source = {
                "feed": feed,
                "source_system": system,
                "files": f"{feed}_{system}*.csv",
                "format": "csv",
                "delimiter": world.random.choice((",", ";", "|")),
                "encoding": world.random.choice(("utf-8", "cp1252", "utf-16")),
                "extract": "changes" if world.random.random() < 0.15 else "full",
                "dates": [world.day],
                "moments": [world.moment],
                "list_separator": ";",
                "headings": {c: _heading(c, system) for c in world.feeds[feed]["columns"]},
            }
            if world.random.random() < 0.2:
                source["files"], source["format"] = source["files"].replace(".csv", ".xlsx"), "xlsx"
                source["sheet"] = "Data"
                del source["delimiter"], source["encoding"]
            if world.random.random() < 0.6:
                source["complete_from"] = world.first + dt.timedelta(days=world.random.choice((0, 0, 75)))
            made.append((source, rows[place :: len(systems)]))
    return made


def _heading(column: str, system: str) -> str:
    words = column.replace("_", " ").title()
    return words if system == "main" else f"{words} ({system})"


def _lines(
    world: World, source: dict, rows: list[dict], day: dt.date, before: dt.date | None
) -> list[list[str]]:
    """The rows known on the day, with what went wrong on it; `before` is the day of the earlier drop, if any."""
    draw, columns, is_last = world.random, list(source["headings"]), before is not None
    dates = world.feeds[source["feed"]]["mandatory_dates"]
    since = [_day(r[dates[0]], world, dates[0]) if dates else dt.date.min for r in rows]
    sends_all = source["extract"] == "full" or not is_last
    sent = [n for n, on in enumerate(since) if on <= day and (sends_all or n % 7 == 0 or on > before)]
    lines = [[rows[n].get(c, "") for c in columns] for n in sent]
    if "area" in columns and not is_last:
        for line in lines[::7]:
            line[columns.index("area")] = "North"
    if len(lines) < ROOMY or source["format"] == "xlsx":
        return lines
    if is_last:
        twice = list(lines[14])  # its area was another in the first drop
        for _ in range(len(lines) // 50):
            lines.pop(draw.randrange(15, len(lines)))
        lines.append(list(lines[draw.randrange(20, len(lines))]))
        at = columns.index("area") if "area" in columns else None
        if at is not None:
            twice[at] = "Coast" if twice[at] != "Coast" else "South"
            lines.append(twice)
        lines[3] = [*lines[3], ""]
    if dates and not is_last:
        lines[5][columns.index(dates[0])] = "2019-31-31"
    return lines


def _day(text: str, world: World, column: str) -> dt.date:
    wanted = world.moment if column == "received_at" else world.day
    return dt.datetime.strptime(text, wanted).date()


def _write(folder: Path, source: dict, lines: list[list[str]], day: dt.date) -> None:
    headings = list(source["headings"].values())
    name = source["files"].replace("*", f"_{day:%Y%m%d}")
    if source["format"] == "xlsx":
        book = openpyxl.Workbook()
        book.active.title = "Data"
        for line in [headings, *lines]:
            book.active.append([c or None for c in line])
        book.save(folder / name)
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=source["delimiter"], lineterminator="\r\n")
    writer.writerows([headings, *lines])
    (folder / name).write_bytes(text.getvalue().encode(source["encoding"]))
