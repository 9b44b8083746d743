"""A heading that was filled and is gone stops its file; one that was never filled, or never everywhere, does not."""

from __future__ import annotations

import pytest
from arrivals import Door, contact_lines, contacts_csv

FULL = contacts_csv(contact_lines(30))
RENAMED = FULL.replace("Area", "Part of the County").replace("Date Contact Closed", "Ended")


def lost(door: Door) -> list[list[str]]:
    return door.values("select lost_columns from arriving.files order by file_key")


def night(door: Door, accept: tuple[str, ...] = ()) -> tuple[list[str], list[list[str]]]:
    """Outcome of each file of a night, and the columns that each has lost."""
    seen: list[list[str]] = []
    rows = door.night(accept=accept, look=lambda: seen.extend(lost(door)))
    return [row["outcome"] for row in rows], seen


def test_a_heading_that_was_filled_and_is_gone_stops_the_file_until_somebody_accepts_it(door: Door):
    door.put("contacts.csv", FULL, day="2020-03-30")
    assert night(door) == (["accepted"], [[]])
    door.put("contacts.csv", RENAMED)
    assert night(door) == (["refused"], [["area", "closed_on"]])
    assert door.values("select count(*) from raw.contacts where area is null") == [0]
    assert night(door, accept=("kent/contacts",)) == (["accepted"], [["area", "closed_on"]])
    assert door.values("select count(*) from raw.contacts where area is null") == [30]
    # What was accepted is how the extract is now.
    door.put("contacts.csv", RENAMED.replace("School 7,", "School 8,"), day="2020-04-01")
    assert night(door) == (["accepted"], [[]])


def test_the_first_extract_and_a_heading_that_was_never_there_stop_nothing(door: Door):
    door.put("contacts.csv", RENAMED, day="2020-03-30")
    assert night(door) == (["accepted"], [[]])
    door.put("contacts.csv", FULL)
    assert night(door) == (["accepted"], [[]])


@pytest.mark.parametrize(("filled", "outcome"), [(15, "refused"), (14, "accepted")])
def test_a_column_that_under_half_of_the_rows_filled_may_go(door: Door, filled, outcome):
    lines = contact_lines(30)
    lines = lines[:filled] + [line.replace("East", "") for line in lines[filled:]]
    door.put("contacts.csv", contacts_csv(lines), day="2020-03-30")
    night(door)
    door.put("contacts.csv", FULL.replace("Area", "Part of the County"))
    assert night(door)[0] == [outcome]


def test_of_several_files_one_that_never_had_the_heading_is_not_held(door: Door):
    bare = contacts_csv(contact_lines(30, first=31)).replace(",Area", "").replace(",East", "")
    for day in ("2020-03-30", "2020-03-31"):
        door.put("contacts_east.csv", FULL.replace("School 7,", f"School of {day},"), day=day)
        door.put("contacts_no_area.csv", bare.replace("School 37,", f"School of {day},"), day=day)
        assert night(door)[0] == ["accepted", "accepted"]
    door.put("contacts_east.csv", FULL.replace("Date Contact Closed", "Ended"), day="2020-04-01")
    door.put("contacts_no_area.csv", bare, day="2020-04-01")
    assert night(door) == (["refused", "accepted"], [["closed_on"], []])


def test_an_extract_refused_in_between_does_not_hide_the_loss(door: Door):
    door.put("contacts.csv", FULL, day="2020-03-29")
    night(door)
    for day in ("2020-03-30", "2020-03-31"):
        door.put("contacts.csv", RENAMED.replace("School 7,", f"School of {day},"), day=day)
        assert night(door)[0][-1] == "refused"
