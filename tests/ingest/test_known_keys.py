"""What a full extract lacks of the keys known before it: no key of its rows, nor of the lines that were set aside."""

from __future__ import annotations

import os

import pytest
from arrivals import Door, contact_line, contact_lines, contacts_csv
from test_workbooks import NAME, duty_log, row


def lacking(door: Door, *days: list[str]) -> list[tuple[int | None, int | None]]:
    """Known and missing keys, as the gate is told them, of one file of contacts on each day."""
    seen: list = []
    for day, lines in enumerate(days, start=1):
        door.put("contacts.csv", contacts_csv(lines), day=f"2020-03-{day:02}")
    door.night(look=lambda: seen.extend(door.con.execute(
        "select known_keys, missing_keys from arriving.files where feed = 'contacts'").fetchall()))  # fmt: skip
    return seen


def test_keys_of_lines_that_nobody_could_read_are_not_missing(door: Door):
    # 200 known. 176 rows are whole, 8 have an empty field too many, 16 are gone: 8 %, not 12 %.
    lines = [line + "," if at < 8 else line for at, line in enumerate(contact_lines(184))]
    assert lacking(door, contact_lines(200), lines) == [(None, None), (200, 16)]


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("C000007,cut off", 0),
        ("C000007", 0),
        ("  C000007  ,cut off", 0),
        ('"C000007,cut off', 0),
        ("C000007;03/05/2019;East;;;;", 0),
        ("C000007|03/05/2019", 0),
        ("\t".join(["a", "C000007", "b"]), 0),
        ("(C000007)", 0),
        ("Total: C0000071 rows", 1),
        ("C000007/2,C000007-1,C000007.1,C000007_1", 1),
        ("XC000007,1C000007", 1),
        ("Sum of C000007 to C000009", 1),
        ("c000007", 1),
    ],
)  # fmt: skip
def test_a_key_stands_in_a_line_where_it_is_a_whole_field(door: Door, line, missing):
    lines = [*contact_lines(6), line, *contact_lines(93, first=8)]
    assert lacking(door, contact_lines(100), lines)[1] == (100, missing)


def test_a_key_with_marks_of_its_own_is_found_between_them(door: Door):
    kent = door.profiles["kent"]
    (source,) = (one for one in kent.sources if one.feed == "contacts")
    door.profiles["kent"] = kent.model_copy(
        update={"sources": (source.model_copy(update={"key_pattern": None}),)}
    )
    keys = ["KT(19)0042", 'A"7', "B,8", "D:9", "E 10"]
    quoted = ['"' + key.replace('"', '""') + '"' for key in keys]
    first = [contact_line(n).replace(f"C{n:06}", key) for n, key in enumerate(quoted, start=1)]
    others = contact_lines(300, first=900)
    # On the second day each of them has a field too many; on the third two lines hold no more than their beginnings.
    again = [line + "," for line in first]
    begun = [contact_line(1).replace("C000001", "KT(19)004") + ",", "D9"]
    seen = lacking(door, [*first, *others], [*again, *others], [*begun, *others])
    assert seen == [(None, None), (305, 0), (305, 5)]


def test_a_key_of_several_columns_stands_in_a_line_that_has_its_first(door: Door):
    heading = "Allegation Ref,Result,Date of Result"
    rows = [f"A{n:05},NFA,03/05/2019" for n in range(1, 41)]
    door.put("results_of_allegations.csv", "\n".join([heading, *rows]), day="2020-03-01")
    door.put("results_of_allegations.csv", "\n".join([heading, *rows[1:], rows[0] + ","]), day="2020-03-02")
    seen: list = []
    door.night(look=lambda: seen.extend(door.values("select missing_keys from arriving.files")))
    assert seen == [None, 0]


def test_keys_of_the_rows_of_a_workbook_are_found(door: Door):
    rows = [row(n) for n in range(1, 61)]
    door.put(NAME, duty_log(rows), day="2020-03-01", authority="buckinghamshire")
    # ENQ-00007 has a cell too many, ENQ-00009 is gone.
    changed = [[*one, "more"] if at == 6 else one for at, one in enumerate(rows) if at != 8]
    door.put(NAME, duty_log(changed), day="2020-03-02", authority="buckinghamshire")
    seen: list = []
    door.night(look=lambda: seen.extend(door.rows(
        "select known_keys, missing_keys from arriving.files where feed = 'contacts'")))  # fmt: skip
    assert seen[1] == {"known_keys": 60, "missing_keys": 1}


def test_an_extract_has_the_keys_of_its_set_aside_lines_the_next_night_too(door: Door):
    # C000007 could not be read on the second day; on the third it is gone, and no other key.
    second = [*contact_lines(6), "C000007,cut off", *contact_lines(93, first=8)]
    third = [*contact_lines(6), *contact_lines(93, first=8)]
    assert lacking(door, contact_lines(100), second, third) == [(None, None), (100, 0), (100, 1)]


def test_lines_of_a_content_that_comes_again_are_looked_at_again(door: Door):
    # The second day's file once more on the fourth: nothing of it is stored anew, and its bad line has C000007.
    second = [*contact_lines(6), "C000007,cut off", *contact_lines(93, first=8)]
    assert lacking(door, contact_lines(100), second, contact_lines(100), second)[3] == (100, 0)


def test_what_a_file_held_before_it_was_replaced_is_not_there_any_more(door: Door):
    assert lacking(door, contact_lines(300), contact_lines(299)) == [(None, None), (300, 1)]
    path = door.put("contacts.csv", contacts_csv(contact_lines(100)), day="2020-03-02")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))
    assert [row["outcome"] for row in door.night()] == ["refused"]


def gone(rows: list[dict]) -> list[tuple[str, int | None]]:
    return [(row["outcome"], row["keys_gone"]) for row in rows]


class TestKeysGone:
    """The load log counts the keys that the extract before had and this one has not."""

    def test_each_accepted_extract_says_how_many(self, door: Door):
        days = [
            contact_lines(100),
            contact_lines(95),
            contact_lines(92),
            contact_lines(92),
            contact_lines(95),
        ]
        for day, lines in enumerate(days, start=1):
            door.put("contacts.csv", contacts_csv(lines), day=f"2020-03-{day:02}")
        rows = door.night()
        # The fourth day's content is the third's, the fifth's is the second's.
        assert gone(rows) == [
            ("accepted", None), ("accepted", 5), ("accepted", 3), ("already_loaded", 0), ("already_loaded", 0)
        ]  # fmt: skip
        assert rows[1]["message"].endswith("; gone since the extract before: 5 records")
        assert rows[3]["message"] == "the same content as contacts.csv: nothing changes"
        door.put("contacts.csv", contacts_csv(contact_lines(92)), day="2020-03-06")
        (again,) = door.night()
        assert gone([again]) == [("already_loaded", 3)]
        assert (
            again["message"] == "the same content as contacts.csv; gone since the extract before: 3 records"
        )

    def test_files_of_a_day_are_one_extract(self, door: Door):
        for day, east in (("2020-03-01", 100), ("2020-03-02", 93)):
            door.put("contacts_east.csv", contacts_csv(contact_lines(east)), day=day)
            door.put("contacts_west.csv", contacts_csv(contact_lines(100, first=101)), day=day)
        assert [row["keys_gone"] for row in door.night()] == [None, None, 7, 7]

    def test_changes_and_what_was_not_taken_in_say_nothing(self, door: Door):
        heading = "Contact Ref,Referral Ref,Decision"
        for day, number in (("2020-03-01", 1), ("2020-03-02", 2)):
            line = f"C{number:06},R{number:05},Same matter"
            door.put("match_decisions.csv", f"{heading}\n{line}\n", day=day)
        door.put("contacts.csv", contacts_csv(contact_lines(100)), day="2020-03-01")
        door.put("contacts.csv", contacts_csv(contact_lines(50)), day="2020-03-02")
        assert gone(door.night()) == [
            ("accepted", None), ("accepted", None), ("refused", None), ("accepted", None)
        ]  # fmt: skip
        # Let in by an operator, and then they are counted.
        assert gone(door.night(accept=("kent/contacts",))) == [("accepted", 50)]

    def test_beside_a_file_that_could_not_be_read_nothing_is_counted(self, door: Door):
        door.put("contacts_east.csv", contacts_csv(contact_lines(100)), day="2020-03-01")
        door.put("contacts_west.csv", contacts_csv(contact_lines(100, first=101)), day="2020-03-01")
        door.put("contacts_east.csv", contacts_csv(contact_lines(99)), day="2020-03-02")
        door.put("contacts_west.csv", b"", day="2020-03-02")
        assert [row["keys_gone"] for row in door.night()] == [None] * 4

    def test_a_full_extract_beside_changes_counts_and_the_changes_do_not(self, door: Door):
        kent = door.profiles["kent"]
        (full,) = (one for one in kent.sources if one.feed == "contacts")
        changes = full.model_copy(update={"files": "contacts_new*.csv", "extract": "changes"})
        door.profiles["kent"] = kent.model_copy(update={"sources": (changes, full)})
        for day, left in (("2020-03-01", 100), ("2020-03-02", 96)):
            door.put("contacts.csv", contacts_csv(contact_lines(left)), day=day)
            door.put("contacts_new.csv", contacts_csv(contact_lines(left - 90)), day=day)
        assert [(row["extract_kind"], row["keys_gone"]) for row in door.night()][2:] == [
            ("full", 4), ("changes", None)
        ]  # fmt: skip

    def test_the_log_of_an_older_warehouse_gets_the_column(self, door: Door):
        door.put("contacts.csv", contacts_csv(contact_lines(100)), day="2020-03-01")
        door.night()
        door.con.execute("alter table raw.load_log drop column keys_gone")
        door.put("contacts.csv", contacts_csv(contact_lines(98)), day="2020-03-02")
        assert gone(door.night()) == [("accepted", 2)]
        assert door.values("select keys_gone from raw.load_log order by extract_on") == [None, 2]
