"""Say what is wrong with a profile, and hold it against a drop: which headings and wordings stay unmapped.

Belongs here: the check that an analyst runs while writing a profile. Does not belong here: the rules themselves
(profile_problems.py), judging a drop (load.py).

Wordings are printed only from code columns, and only when they occur at least twice: a heading that was mapped
to the wrong column must not print a name.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ingest.extract import Extract, headings_taken
from ingest.feeds import normalise_wording, read_feeds
from ingest.landing import LandedFile, shown_name
from ingest.profile import Profile, Source, examine, read_closed_lists
from ingest.profile_problems import Lines, Problem, line_of
from ingest.read import Table, Unreadable
from ingest.reader import Reader


def check_profile(path: Path, code_lists: Path, sample_drop: Path | None = None) -> list[Problem]:
    """Every problem of a profile in the order of its lines; with a drop's folder, remarks on what it holds.

    `code_lists` is the seed of closed lists (columns list_name, member). A remark has the line of its source.
    """
    closed = read_closed_lists(Path(code_lists))
    profile, problems, lines = examine(Path(path), closed)
    if profile is not None and sample_drop is not None:
        with Reader() as reader:
            problems = problems + _look_at_sample(profile, closed, Path(sample_drop), lines, reader)
    return sorted(problems, key=lambda problem: problem.line)


def _look_at_sample(
    profile: Profile, closed: dict[str, set[str]], drop: Path, lines: Lines, reader: Reader
) -> list[Problem]:
    remarks: list[Problem] = []
    read: set[int] = set()
    if profile.marker is not None and not (drop / profile.marker).is_file():
        told = f"the marker file {profile.marker} is not in the sample: without it nothing of a drop is read"
        remarks.append(Problem(line_of(lines, ("marker",)), told))
    for path in sorted(drop.iterdir()):
        if path.name == profile.marker:
            continue
        sources = profile.sources_of(path.name)
        name = shown_name(path.name)
        if not sources:
            remarks.append(Problem(0, f"{name}: no feed of the profile has files of this name", False))
            continue
        extract = Extract(LandedFile(name, path, 0, 0), reader)
        for source in sources:
            place = profile.sources.index(source)
            read.add(place)
            line = line_of(lines, ("sources", place))
            where = f"{name} ({source.feed})"
            try:
                table = extract.table(source)
            except Unreadable as fault:
                remarks.append(Problem(line, f"{where}: {fault.reason}: {fault.detail}"))
                continue
            taken = headings_taken(source, sources)
            remarks += [
                Problem(line_of(lines, ("sources", place, *at)), f"{where}: {told}", is_error)
                for at, told, is_error in (
                    *_unmapped_headings(table, source, taken),
                    *_unmapped_wordings(table, source, profile, closed),
                )
            ]
    for place, source in enumerate(profile.sources):
        if place not in read:
            line = line_of(lines, ("sources", place))
            remarks.append(
                Problem(line, f"no file of the sample is named {source.files} ({source.feed})", False)
            )
    return remarks


def _unmapped_headings(table: Table, source: Source, taken: set[str]) -> list[tuple[tuple, str, bool]]:
    standing = {normalise_wording(heading) for heading in table.headings}
    feed = read_feeds()[source.feed]
    remarks = []
    for column, headings in source.headings.items():
        if not standing & {normalise_wording(heading) for heading in headings}:
            told = f"no heading for {column} ({' or '.join(headings)})"
            remarks.append((("headings", column), told, feed.columns[column].mandatory))
    unknown = [heading for heading in table.headings if heading and normalise_wording(heading) not in taken]
    if len(unknown) == len(table.headings):
        # Then the first line may be no heading at all, and its cells are not for printing.
        remarks.append(((), f"none of its {len(unknown)} headings is known", True))
    elif unknown:
        remarks.append(((), f"headings that the profile does not map: {', '.join(unknown)}", False))
    return remarks


def _unmapped_wordings(
    table: Table, source: Source, profile: Profile, closed: dict[str, set[str]]
) -> list[tuple[tuple, str, bool]]:
    feed = read_feeds()[source.feed]
    remarks = []
    for column, headings in source.headings.items():
        told = feed.columns[column]
        wanted = {normalise_wording(heading) for heading in headings}
        places = [at for at, heading in enumerate(table.headings) if normalise_wording(heading) in wanted]
        if told.type not in ("code", "list") or not places:
            continue
        known = {normalise_wording(wording) for wording in profile.codes.get(told.list, {})}
        known |= closed.get(told.list, set())
        cells = [row[places[0]] for row in table.rows]
        if told.type == "list":
            cells = [part for cell in cells for part in cell.split(source.list_separator)]
        counts = Counter(
            cell.strip() for cell in cells if cell.strip() and normalise_wording(cell) not in known
        )
        often = [f"`{wording}` ({count})" for wording, count in sorted(counts.items()) if count > 1]
        single = sum(1 for count in counts.values() if count == 1)
        if often:
            remarks.append((("headings", column), f"{told.list} does not map {', '.join(often)}", False))
        if single:
            told_single = f"{told.list} does not map {single} more wordings that occur once (not printed)"
            remarks.append((("headings", column), told_single, False))
    return remarks
