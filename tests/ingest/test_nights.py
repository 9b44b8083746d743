"""Several nights: what comes again, late, corrected, shrunken or half done; and names taken literally."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import pytest
from arrivals import NOW, SECRET, Door, contact_line, contact_lines, contacts_csv, counts

import ingest

A, B = contacts_csv(contact_lines(3)), contacts_csv([contact_line(n, "West") for n in (1, 2, 3)])
# The contents in force at the end of a day: the latest extract up to it.
IN_FORCE = """
    select distinct area from raw.contacts where _content_hash = (
        select arg_max(content_hash, extract_on) from raw.load_log
        where feed = 'contacts' and outcome in ('accepted', 'already_loaded') and extract_on <= ?)
"""


def test_the_same_drop_is_judged_once(door: Door):
    door.put("contacts.csv", A)
    assert [row["outcome"] for row in door.night()] == ["accepted"]
    assert door.night() == []
    assert door.values("select count(*) from raw.contacts") == [3]


def test_a_content_that_comes_back_is_in_force_again_and_stored_once(door: Door):
    for day, content in (("2020-03-01", A), ("2020-03-02", B), ("2020-03-03", A)):
        door.put("contacts.csv", content, day=day)
    assert [row["outcome"] for row in door.night()] == ["accepted", "accepted", "already_loaded"]
    assert door.values("select count(*) from raw.contacts") == [6]
    assert [door.values(IN_FORCE, day) for day in ("2020-03-01", "2020-03-02", "2020-03-03")] == [
        ["East"], ["West"], ["East"]
    ]  # fmt: skip
    again = door.rows("select * from raw.load_log where outcome = 'already_loaded'")[0]
    assert counts(again) == ("already_loaded", 0, 0, 0, 0)
    assert again["message"] == "the same content as contacts.csv: nothing changes"


def test_nights_out_of_order_end_where_nights_in_order_end(door: Door):
    door.put("contacts.csv", B, day="2020-03-02")
    door.night()
    door.put("contacts.csv", A, day="2020-03-01")
    (late,) = door.night()
    assert (str(late["extract_on"]), late["outcome"]) == ("2020-03-01", "accepted")
    assert door.values(IN_FORCE, "2020-03-31") == ["West"]
    assert door.values(IN_FORCE, "2020-03-01") == ["East"]


def test_drops_of_all_authorities_come_in_the_order_of_their_days(door: Door):
    for day in ("2020-03-10", "2020-03-02"):
        door.put("lado_team.csv", f"Officer Code\nL{day}\n", day=day)
    door.put("LCS_ALLEG_CASE_1.csv", "CASE_NO|REFERRAL_DATE\n1000001|03-May-2019\n", day="2020-03-05",
             authority="buckinghamshire")  # fmt: skip
    ingest.begin_refresh(door.con, "r", None, NOW, "test")
    ingest.register_profiles(door.con, door.profiles, SECRET)
    drops = ingest.pending_drops(door.con, door.landing, door.profiles, 0, NOW)
    assert [drop.scope for drop in drops] == [
        "kent/2020-03-02", "buckinghamshire/2020-03-05", "kent/2020-03-10"
    ]  # fmt: skip


def test_a_file_replaced_in_its_drop_is_judged_again(door: Door):
    door.put("contacts.csv", A)
    door.night()
    path = door.put("contacts.csv", B)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))
    (row,) = door.night()
    assert counts(row) == ("accepted", 3, 3, 0, 0)


def test_a_copy_inside_a_drop_is_loaded_once_and_refused_with_its_original(door: Door):
    door.put("contacts.csv", A)
    door.put("contacts (copy).csv", A)
    assert [(row["file_name"], row["outcome"]) for row in door.night()] == [
        ("contacts (copy).csv", "accepted"),
        ("contacts.csv", "already_loaded"),
    ]
    drifted = A.replace("C0000", "X0000")
    door.put("contacts.csv", drifted, day="2020-04-01")
    door.put("contacts (copy).csv", drifted, day="2020-04-01")
    assert [row["outcome"] for row in door.night()] == ["refused", "refused"]


class TestVanishingKeys:
    """A full extract that lacks over 10 % of the known keys, and at least 20, is held."""

    def shrink(self, door: Door, known: int, left: int, **night):
        door.put("contacts.csv", contacts_csv(contact_lines(known)), day="2020-03-01")
        door.put("contacts.csv", contacts_csv(contact_lines(left)), day="2020-03-02")
        seen: list = []
        _, second = door.night(
            look=lambda: seen.append(door.con.execute(
                "select known_keys, missing_keys from arriving.files").fetchall()), **night)  # fmt: skip
        assert seen == [[(None, None)], [(known, known - left)]]
        return second["outcome"]

    def test_ten_percent_may_vanish(self, door: Door):
        assert self.shrink(door, 300, 270) == "accepted"

    def test_more_is_held(self, door: Door):
        assert self.shrink(door, 300, 269) == "refused"

    def test_fewer_than_twenty_may_vanish_whatever_the_share(self, door: Door):
        assert self.shrink(door, 40, 21) == "accepted"

    def test_twenty_of_forty_are_held(self, door: Door):
        assert self.shrink(door, 40, 20) == "refused"

    def test_an_operator_may_let_it_through_at_once(self, door: Door):
        assert self.shrink(door, 300, 100, accept=("kent/contacts",)) == "accepted"

    def test_an_operator_may_let_it_through_the_next_night(self, door: Door):
        assert self.shrink(door, 300, 100) == "refused"
        assert door.night() == []
        assert door.night(accept=("kent/referrals",)) == []
        (row,) = door.night(accept=("kent/contacts",))
        assert counts(row) == ("accepted", 100, 100, 0, 0)

    def test_after_a_held_night_the_last_accepted_one_counts(self, door: Door):
        assert self.shrink(door, 300, 100) == "refused"
        door.put("contacts.csv", contacts_csv(contact_lines(290)), day="2020-03-03")
        (row,) = door.night()
        assert row["outcome"] == "accepted"

    def test_a_bad_copy_over_a_good_file_does_not_make_it_forgotten(self, door: Door):
        door.put("contacts.csv", contacts_csv(contact_lines(300)), day="2020-03-01")
        door.night()
        door.put("contacts.csv", "", day="2020-03-01")
        assert [row["outcome"] for row in door.night()] == ["refused"]
        door.put("contacts.csv", contacts_csv(contact_lines(100)), day="2020-03-02")
        assert [row["outcome"] for row in door.night()] == ["refused"]

    def test_what_was_deleted_before_is_not_missed_again(self, door: Door):
        # 300 -> 275 -> 250: each night lacks 25 of the keys of the night before, below a tenth, not 50 of 300.
        for day, left in (("2020-03-01", 300), ("2020-03-02", 275), ("2020-03-03", 250)):
            door.put("contacts.csv", contacts_csv(contact_lines(left)), day=day)
        assert [row["outcome"] for row in door.night()] == ["accepted"] * 3

    def test_files_of_one_feed_are_one_extract(self, door: Door):
        for day, split in (("2020-03-01", 100), ("2020-03-02", 150)):
            door.put("contacts_east.csv", contacts_csv(contact_lines(split)), day=day)
            door.put("contacts_west.csv", contacts_csv(contact_lines(200 - split, first=split + 1)), day=day)
        assert [row["outcome"] for row in door.night()] == ["accepted"] * 4

    def test_a_missing_file_of_a_feed_holds_the_others(self, door: Door):
        door.put("contacts_east.csv", contacts_csv(contact_lines(100)), day="2020-03-01")
        door.put("contacts_west.csv", contacts_csv(contact_lines(100, first=101)), day="2020-03-01")
        door.put("contacts_east.csv", contacts_csv(contact_lines(101)), day="2020-03-02")
        assert [row["outcome"] for row in door.night()] == ["accepted", "accepted", "refused"]

    def test_a_bad_file_does_not_hold_its_neighbour(self, door: Door):
        door.put("contacts_east.csv", contacts_csv(contact_lines(100)), day="2020-03-01")
        door.put("contacts_west.csv", contacts_csv(contact_lines(100, first=101)), day="2020-03-01")
        door.put("contacts_east.csv", contacts_csv(contact_lines(101)), day="2020-03-02")
        door.put("contacts_west.csv", b"", day="2020-03-02")
        assert [row["outcome"] for row in door.night()] == ["accepted", "accepted", "accepted", "refused"]

    def test_a_key_in_a_quarantined_row_is_not_missing(self, door: Door):
        door.put("contacts.csv", contacts_csv(contact_lines(100)), day="2020-03-01")
        bad = [contact_line(n).replace("/2019 09", "/2099 09") for n in range(1, 26)]
        more = contact_lines(500, first=101)
        door.put("contacts.csv", contacts_csv([*bad, *contact_lines(75, first=26), *more]), day="2020-03-02")
        seen: list = []
        door.night(look=lambda: seen.extend(door.values("select missing_keys from arriving.files")))
        assert seen == [None, 0]


class TestLanding:
    """Folders and names, taken literally."""

    def test_files_that_are_still_being_written_wait(self, door: Door):
        path = door.put("contacts.csv", A)
        written = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        (row,) = door.night(settle_seconds=60, now=written + dt.timedelta(seconds=59))
        assert counts(row) == ("waiting", 0, 0, 0, 0)
        assert row["message"] == "the files have not been still for 60 seconds yet"
        (row,) = door.night(settle_seconds=60, now=written + dt.timedelta(seconds=61))
        assert row["outcome"] == "accepted"

    def test_a_drop_of_the_future_waits(self, door: Door):
        door.put("contacts.csv", A, day="2026-11-24")
        (row,) = door.night()
        assert row["outcome"] == "waiting" and "dated in the future" in row["message"]

    def test_an_unknown_file_is_ignored_and_listed_once(self, door: Door):
        door.put("holiday.xlsx", b"?")
        (row,) = door.night()
        assert (row["file_name"], row["outcome"], row["feed"]) == ("holiday.xlsx", "ignored", None)
        assert door.night() == []

    def test_a_drop_without_a_profile_is_refused_naming_it_until_there_is_one(self, door: Door):
        door.put("contacts.csv", A)
        profile = door.profiles.pop("kent")
        (row,) = door.night()
        assert row["outcome"] == "refused" and "no profile kent.yml was found" in row["message"]
        assert door.night() == []
        door.profiles["kent"] = profile
        assert [row["outcome"] for row in door.night()] == ["accepted"]

    def test_a_profile_that_learns_judges_refused_files_again(self, door: Door, tmp_path):
        door.put("contacts.csv", A.replace("Contact Ref", "Ref."))
        assert [row["outcome"] for row in door.night()] == ["refused"]
        text = (ingest.profile.PROFILES_FOLDER / "kent.yml").read_text(encoding="utf-8")
        mended = tmp_path / "kent.yml"
        mended.write_text(
            text.replace("contact_id: Contact Ref", "contact_id: [Contact Ref, Ref.]", 1), "utf-8"
        )
        door.profiles["kent"] = ingest.read_profile(mended)
        assert [row["outcome"] for row in door.night()] == ["accepted"]
        assert door.night() == []

    @pytest.mark.parametrize(
        "name", ["contacts[1].csv", "contacts {a,b}.csv", "contacts%20x;--.csv", "Contacts'.CSV"]
    )
    def test_odd_names_are_names(self, door: Door, name):
        door.put("contacts1.csv", B)
        door.put(name, A)
        rows = {row["file_name"]: counts(row) for row in door.night()}
        assert rows == {"contacts1.csv": ("accepted", 3, 3, 0, 0), name: ("accepted", 3, 3, 0, 0)}

    def test_names_that_are_not_utf_8_are_told_as_text_and_stop_nobody_else(self, door: Door):
        door.put("contacts.csv", A)
        kent, day = os.fsencode(door.landing / "kent"), b"/2020-03-31/"
        try:
            for folder in (kent + b"/2020-03-\xff", os.fsencode(door.landing) + b"/k\xffnt" + day):
                os.makedirs(folder)
            for path in (
                kent + day + b"contacts_\xe9\xff.csv",
                kent + day + b"holiday\xff.txt",
                kent + b"/\xff.csv",
                os.fsencode(door.landing) + b"/k\xffnt" + day + b"\xff",
            ):
                Path(os.fsdecode(path)).write_text(B, encoding="utf-8")
        except OSError:
            pytest.skip("this file system takes no such names")
        rows = door.night()
        assert {(row["authority"], row["file_name"], row["feed"]): row["outcome"] for row in rows} == {
            ("kent", "contacts.csv", "contacts"): "accepted",
            ("kent", r"contacts_\xe9\xff.csv", "contacts"): "refused",
            ("kent", r"holiday\xff.txt", None): "ignored",
            ("kent", r"\xff.csv", None): "ignored",
            ("kent", r"2020-03-\xff", None): "refused",
            (r"k\xffnt", r"\xff", None): "refused",
        }
        assert door.values("select distinct area from raw.contacts") == ["East"]
        assert door.night() == []

    def test_the_feed_of_a_name_is_told_by_the_name_itself_and_not_by_how_it_is_shown(self, door: Door):
        kent = door.profiles["kent"]
        (first,) = (source for source in kent.sources if source.feed == "contacts")
        source = first.model_copy(update={"files": "contacts?.csv"})
        door.profiles["kent"] = kent.model_copy(update={"sources": (source,)})
        folder = door.put("contacts1.csv", A).parent
        try:
            Path(os.fsdecode(os.fsencode(folder) + b"/contacts\xff.csv")).write_text(B, encoding="utf-8")
        except OSError:
            pytest.skip("this file system takes no such names")
        rows = {row["file_name"]: (row["feed"], row["outcome"]) for row in door.night()}
        assert rows == {
            "contacts1.csv": ("contacts", "accepted"),
            r"contacts\xff.csv": ("contacts", "refused"),
        }

    def test_odd_folders_are_refused_or_ignored(self, door: Door):
        door.put("contacts.csv", A, authority="authority=kent")
        door.put("contacts.csv", A, day="31-03-2020")
        door.put("contacts.csv", A, day="2020-02-30")
        door.put("area=east/contacts.csv", A)
        (door.landing / "stray.csv").write_text(A, encoding="utf-8")
        outcomes = {(row["authority"], row["file_name"]): row["outcome"] for row in door.night()}
        assert outcomes == {
            ("authority=kent", "contacts.csv"): "refused",
            ("kent", "31-03-2020"): "refused",
            ("kent", "2020-02-30"): "refused",
            ("kent", "area=east"): "ignored",
            (None, "stray.csv"): "ignored",
        }
        assert door.values("select count(*) from raw.contacts") == [0]

    def test_links_out_of_the_folder_are_refused(self, door: Door, tmp_path):
        outside = tmp_path / "outside"
        (outside / "2020-03-31").mkdir(parents=True)
        (outside / "2020-03-31" / "contacts.csv").write_text(A, encoding="utf-8")
        (door.landing / "kent" / "2020-03-30").mkdir(parents=True)
        try:
            (door.landing / "kent" / "2020-03-30" / "contacts.csv").symlink_to(
                outside / "2020-03-31" / "contacts.csv"
            )
            (door.landing / "kent" / "2020-03-31").symlink_to(outside / "2020-03-31")
            (door.landing / "buckinghamshire").symlink_to(outside)
        except OSError:
            pytest.skip("this account may not make links")
        assert {row["outcome"] for row in door.night()} == {"refused"}
        assert len(door.rows("select * from raw.load_log")) == 3
        assert door.values("select count(*) from raw.contacts") == [0]


class TestKilled:
    """What a refresh that dies leaves behind."""

    def test_between_reading_and_judging_nothing_is_loaded_and_the_next_night_is_ordinary(self, door: Door):
        door.put("contacts.csv", A)

        def die() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            door.night(look=die)
        assert door.values("select count(*) from raw.load_log") == [0]
        assert [counts(row) for row in door.night()] == [("accepted", 3, 3, 0, 0)]
        assert door.values("select count(*) from raw.contacts") == [3]

    def test_while_settling_all_or_nothing_of_the_drop_is_there(self, door: Door, monkeypatch):
        door.put("contacts.csv", A)

        def fail(*_) -> None:
            raise duckdb.IOException("disk full")

        with monkeypatch.context() as patched:
            patched.setattr("ingest.load._remember", fail)
            with pytest.raises(duckdb.IOException):
                door.night()
        assert door.values("select count(*) from raw.contacts") == [0]
        assert [row["outcome"] for row in door.night()] == ["accepted"]

    def test_a_file_that_breaks_the_reader_stops_itself_only(self, door: Door, monkeypatch):
        door.put("contacts.csv", A)
        door.put("lado_team.csv", "Officer Code\nL1\n")
        honest = ingest.load.interpret

        def stumble(table, source, *rest):
            if source.feed == "contacts":
                raise RuntimeError("School 1 and Caller 1")
            return honest(table, source, *rest)

        monkeypatch.setattr("ingest.load.interpret", stumble)
        assert [row["outcome"] for row in door.night()] == ["refused", "accepted"]
        assert "School" not in str(door.rows("select * from raw.load_log"))


class TestSubjectKey:
    """The secret of the keyed hash."""

    def test_a_short_secret_stops_before_anything_is_read(self, door: Door):
        door.put("contacts.csv", A)
        ingest.begin_refresh(door.con, "r", None, NOW, "test")
        with pytest.raises(ingest.SubjectKeyError, match="has 31 bytes and needs 32 or more"):
            ingest.register_profiles(door.con, door.profiles, SECRET[:31])
        assert door.values("select count(*) from raw.authorities") == [0]

    def test_another_secret_than_last_time_is_an_error(self, door: Door):
        door.night()
        with pytest.raises(ingest.SubjectKeyError, match="not the one that this warehouse was filled with"):
            ingest.register_profiles(door.con, door.profiles, b"x" * 32)

    def test_keys_of_children_and_staff_differ_and_stay(self, door: Door):
        door.put("children.csv", "Referral Ref,Child ID\nR00001,S000001\nR00002,S000001\n")
        door.put("staff.csv", "Staff ID,Full Name\nS000001,Ann Example\n")
        door.night()
        first = door.rows("select kind, person_id, person_key from raw.person_keys order by kind")
        assert [(row["kind"], row["person_id"]) for row in first] == [
            ("child", "S000001"),
            ("subject", "S000001"),
        ]
        assert first[0]["person_key"] != first[1]["person_key"]
        assert {len(row["person_key"]) for row in first} == {32}
        door.night()
        assert door.rows("select kind, person_id, person_key from raw.person_keys order by kind") == first


def test_as_at_is_the_last_accepted_day_up_to_the_limit(door: Door):
    door.put("contacts.csv", A, day="2020-03-01")
    door.put("contacts.csv", B, day="2020-03-02")
    door.put("contacts.csv", b"", day="2020-03-03")
    door.night()
    assert ingest.as_ats(door.con) == {"kent": dt.date(2020, 3, 2)}
    ingest.begin_refresh(door.con, "limited", dt.date(2020, 3, 1), NOW, "test")
    assert ingest.as_ats(door.con) == {"kent": dt.date(2020, 3, 1)}
