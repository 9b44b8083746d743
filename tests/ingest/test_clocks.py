"""Files whose time lies in the future: a clock that is off neither stalls them nor lets a half-written one in."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from arrivals import Door, contact_lines, contacts_csv

GOOD, HALF = contacts_csv(contact_lines(20)), contacts_csv(contact_lines(10))
AHEAD = dt.datetime(2090, 5, 6, 7, 8, 9, tzinfo=dt.UTC)


def dated(path: Path, moment: dt.datetime) -> Path:
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    return path


def after(seconds: float) -> dt.datetime:
    """So many seconds from now; what is waited for is logged by the real clock."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)


def outcomes(door: Door, seconds: float, settle: float = 60) -> list[tuple[str, str]]:
    return [
        (row["file_name"], row["outcome"]) for row in door.night(settle_seconds=settle, now=after(seconds))
    ]


def test_a_file_from_the_future_is_read_when_it_was_the_same_at_an_earlier_refresh(door: Door):
    dated(door.put("contacts.csv", GOOD), AHEAD)
    (row,) = door.night(settle_seconds=60, now=after(0))
    assert (row["outcome"], row["message"]) == (
        "waiting",
        "the time of contacts.csv lies in the future (2090-05-06 07:08:09 UTC), a clock is off: it is read at the next "
        f"refresh, unless it is changed before ({len(GOOD)} bytes now)",
    )
    # Looked at again too soon, and then late enough.
    assert outcomes(door, 50) == [("contacts.csv", "waiting")]
    assert outcomes(door, 70) == [("contacts.csv", "accepted")]
    assert outcomes(door, 80) == []


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_file_from_the_future_that_is_still_written_waits_on(door: Door, change):
    dated(door.put("contacts.csv", HALF), AHEAD)
    outcomes(door, 0)
    more = GOOD if change == "size" else HALF
    dated(door.put("contacts.csv", more), AHEAD + dt.timedelta(seconds=change == "time"))
    assert outcomes(door, 3_600) == [("contacts.csv", "waiting")]
    assert outcomes(door, 7_200) == [("contacts.csv", "accepted")]
    assert door.values("select count(*) from raw.contacts") == [20 if change == "size" else 10]


def test_every_file_of_a_drop_is_looked_at_and_one_that_was_read_holds_up_none(door: Door):
    dated(door.put("contacts_east.csv", GOOD), AHEAD)
    dated(door.put("contacts_west.csv", contacts_csv(contact_lines(20, first=21))), AHEAD)
    assert outcomes(door, 0) == [("contacts_east.csv", "waiting"), ("contacts_west.csv", "waiting")]
    assert outcomes(door, 70) == [("contacts_east.csv", "accepted"), ("contacts_west.csv", "accepted")]
    dated(door.put("contacts_north.csv", contacts_csv(contact_lines(20, first=41))), after(-70))
    assert outcomes(door, 0) == [("contacts_north.csv", "accepted")]


def test_a_drop_with_a_marker_or_without_a_settle_time_asks_no_clock(door: Door):
    dated(door.put("contacts_2.csv", contacts_csv(contact_lines(20, first=21))), AHEAD)
    assert outcomes(door, 0, settle=0) == [("contacts_2.csv", "accepted")]
    door.profiles["kent"] = door.profiles["kent"].model_copy(update={"marker": "DONE"})
    dated(door.put("contacts.csv", GOOD), AHEAD)
    (row,) = door.night(settle_seconds=60, now=after(0))
    assert row["message"] == "the marker file DONE is not there yet"
    dated(door.put("DONE", ""), AHEAD)
    assert outcomes(door, 0) == [("contacts.csv", "accepted")]


def test_a_time_that_no_calendar_has_is_waited_for_too(door: Door):
    path = door.put("contacts.csv", GOOD)
    try:
        os.utime(path, (1e12, 1e12))
    except OSError:
        pytest.skip("this file system keeps no such times")
    assert outcomes(door, 0) == [("contacts.csv", "waiting")]
    assert outcomes(door, 70) == [("contacts.csv", "accepted")]
