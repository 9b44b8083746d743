"""A feed in several files of one drop that do not come together: what was held for the others is loaded with them."""

from __future__ import annotations

from arrivals import Door, contact_lines, contacts_csv, counts

EAST, WEST = contacts_csv(contact_lines(100)), contacts_csv(contact_lines(100, first=101))
REFUSED = ("refused", 0, 0, 0, 0)


def first_day(door: Door) -> None:
    """Two hundred contacts in two files."""
    door.put("contacts_east.csv", EAST, day="2020-03-01")
    door.put("contacts_west.csv", WEST, day="2020-03-01")
    assert [row["outcome"] for row in door.night()] == ["accepted", "accepted"]


def test_a_held_file_is_loaded_with_the_one_that_was_still_to_come(door: Door):
    first_day(door)
    # All hundred of the west are missing. The content is another than that of the first day, in both files.
    door.put("contacts_east.csv", contacts_csv(contact_lines(99)), day="2020-03-02")
    assert [counts(row) for row in door.night()] == [REFUSED]
    assert door.night() == []
    door.put("contacts_west.csv", contacts_csv(contact_lines(99, first=101)), day="2020-03-02")
    rows = {row["file_name"]: counts(row) for row in door.night()}
    assert rows == {
        "contacts_east.csv": ("accepted", 99, 99, 0, 0),
        "contacts_west.csv": ("accepted", 99, 99, 0, 0),
    }
    assert door.night() == []


def test_files_are_held_until_they_lack_no_more_than_is_allowed(door: Door):
    first_day(door)
    door.put("contacts_east.csv", EAST + "\n", day="2020-03-02")
    door.night()
    # 150 of 200: more than a tenth is still missing.
    door.put("contacts_west.csv", contacts_csv(contact_lines(50, first=101)), day="2020-03-02")
    assert [counts(row) for row in door.night()] == [REFUSED, REFUSED]
    # 181 of 200: 19 are missing, fewer than twenty.
    door.put("contacts_west 2.csv", contacts_csv(contact_lines(31, first=151)), day="2020-03-02")
    assert [row["outcome"] for row in door.night()] == ["accepted"] * 3


def test_a_file_that_comes_after_a_bad_one_is_judged_as_if_they_had_come_together(door: Door):
    first_day(door)
    door.put("contacts_west.csv", b"", day="2020-03-02")
    assert [counts(row) for row in door.night()] == [REFUSED]
    # What the bad file held is not known, so its neighbour is not held for it.
    door.put("contacts_east.csv", contacts_csv(contact_lines(99)), day="2020-03-02")
    rows = {row["file_name"]: row["outcome"] for row in door.night()}
    assert rows == {"contacts_east.csv": "accepted", "contacts_west.csv": "refused"}


def test_a_refused_file_of_another_feed_or_day_is_left_alone(door: Door):
    first_day(door)
    door.put("lado_team.csv", b"", day="2020-03-02")
    door.put("contacts_east.csv", b"", day="2020-03-03")
    assert [counts(row) for row in door.night()] == [REFUSED, REFUSED]
    door.put("contacts_east.csv", contacts_csv(contact_lines(199)), day="2020-03-02")
    assert [(str(row["extract_on"]), row["file_name"], row["outcome"]) for row in door.night()] == [
        ("2020-03-02", "contacts_east.csv", "accepted")
    ]
