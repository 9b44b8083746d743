"""Nights that are out of order, repeated, cut short or half delivered, and file names that are traps.

Each case states beforehand what the load log and the raw tables should say. Belongs here: several files, several days,
names. Does not belong here: what is wrong inside one file (test_kinds.py).
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path

import pytest

import ingest

from .extracts import CANARY, DAY, Sheet
from .nights import NOW, Nights

BEFORE = DAY - dt.timedelta(days=1)
AFTER = DAY + dt.timedelta(days=1)


@pytest.fixture
def contacts(sheets: list[Sheet]) -> Sheet:
    return next(sheet for sheet in sheets if sheet.name == "contacts_east.csv")


@pytest.fixture
def nights(tmp_path: Path):
    one = Nights(tmp_path, ingest.read_profiles())
    yield one
    one.close()
    assert one.canaries() == 0


def first(sheet: Sheet, count: int) -> bytes:
    """The file with its first rows alone."""
    return sheet.with_rows(sheet.grid()[:count]).data()


def outcomes(nights: Nights) -> list[tuple[str, str]]:
    """Day or file with its outcome, in the order of the nights and then of the days."""
    rows = sorted(
        nights.log(), key=lambda row: (row["refresh_id"], str(row["extract_on"]), row["file_name"] or "")
    )
    return [(row["file_name"], row["outcome"]) for row in rows]


def loaded(nights: Nights) -> int:
    return nights.con.execute("select count(*) from raw.contacts").fetchall()[0][0]


# --- Nights -----------------------------------------------------------------------------------------------------------


def test_the_same_night_again(nights: Nights, contacts: Sheet):
    nights.put("kent", "contacts.csv", contacts.data())
    nights.run()
    nights.put("kent", "contacts.csv", contacts.data(), AFTER)
    nights.run()
    nights.run()
    assert outcomes(nights) == [("contacts.csv", "accepted"), ("contacts.csv", "already_loaded")]
    assert loaded(nights) == 120


def test_the_same_content_under_two_names(nights: Nights, contacts: Sheet):
    nights.put("kent", "contacts_a.csv", contacts.data())
    nights.put("kent", "contacts_b.csv", contacts.data())
    nights.run()
    assert outcomes(nights) == [("contacts_a.csv", "accepted"), ("contacts_b.csv", "already_loaded")]
    assert loaded(nights) == 120


def test_a_night_cut_in_half_is_held_and_let_through_on_demand(nights: Nights, contacts: Sheet):
    nights.put("kent", "contacts.csv", contacts.data(), BEFORE)
    nights.put("kent", "contacts.csv", first(contacts, 60))
    nights.run()
    assert outcomes(nights) == [("contacts.csv", "accepted"), ("contacts.csv", "refused")]
    assert loaded(nights) == 120
    nights.run(accept=("kent/contacts",))
    assert outcomes(nights)[-1] == ("contacts.csv", "accepted")
    assert loaded(nights) == 180


@pytest.mark.parametrize(("kept", "outcome"), [(101, "accepted"), (100, "refused")])
def test_a_night_may_lack_nineteen_records_of_120_and_not_twenty(
    nights: Nights, contacts: Sheet, kept, outcome
):
    nights.put("kent", "contacts.csv", contacts.data(), BEFORE)
    nights.put("kent", "contacts.csv", first(contacts, kept))
    nights.run()
    assert outcomes(nights)[-1] == ("contacts.csv", outcome)


def test_an_empty_night_takes_nothing_away(nights: Nights, contacts: Sheet):
    nights.put("kent", "contacts.csv", contacts.data(), BEFORE)
    nights.put("kent", "contacts.csv", first(contacts, 0))
    nights.run()
    assert outcomes(nights)[-1] == ("contacts.csv", "refused")
    assert loaded(nights) == 120


def test_an_older_night_that_comes_later(nights: Nights, contacts: Sheet):
    nights.put("kent", "contacts.csv", contacts.data())
    nights.run()
    nights.put("kent", "contacts.csv", first(contacts, 110), BEFORE)
    nights.run()
    assert outcomes(nights) == [("contacts.csv", "accepted"), ("contacts.csv", "accepted")]
    assert loaded(nights) == 230  # history keeps both days; which one counts is told by the day, in SQL


def test_a_bad_night_is_mended_by_sending_it_again(nights: Nights, contacts: Sheet):
    nights.put(
        "kent",
        "contacts.csv",
        contacts.data()[: len(contacts.data()) // 2].replace(b"Contact Ref", b"Ref", 1),
    )
    nights.run()
    nights.put("kent", "contacts.csv", contacts.data())
    nights.run()
    assert outcomes(nights) == [("contacts.csv", "refused"), ("contacts.csv", "accepted")]
    assert loaded(nights) == 120


def test_a_night_of_tomorrow_waits(nights: Nights, contacts: Sheet):
    nights.put("kent", "contacts.csv", contacts.data(), NOW.date() + dt.timedelta(days=2))
    nights.run()
    assert outcomes(nights) == [("contacts.csv", "waiting")]
    assert loaded(nights) == 0


def test_a_file_that_is_still_being_written_waits(nights: Nights, contacts: Sheet):
    path = nights.put("kent", "contacts.csv", first(contacts, 60))
    now = dt.datetime.now(dt.UTC)
    nights.run(settle_seconds=60, now=now)
    assert outcomes(nights) == [("contacts.csv", "waiting")]
    path.write_bytes(contacts.data())
    still = time.time() - 120
    os.utime(path, (still, still))
    nights.run(settle_seconds=60, now=now)
    assert outcomes(nights)[-1] == ("contacts.csv", "accepted")
    assert loaded(nights) == 120


def test_a_file_that_is_gone_before_it_is_read(nights: Nights, contacts: Sheet, monkeypatch):
    nights.put("kent", "contacts_a.csv", contacts.data())
    gone = nights.put("kent", "contacts_b.csv", first(contacts, 60))
    found = ingest.pending_drops

    def and_then_gone(*arguments):
        drops = found(*arguments)
        gone.unlink()
        return drops

    monkeypatch.setattr(ingest, "pending_drops", and_then_gone)
    nights.run()
    assert outcomes(nights) == [("contacts_a.csv", "accepted"), ("contacts_b.csv", "refused")]


# --- Names ------------------------------------------------------------------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
TAKEN = [
    "contacts[1].csv",
    "contacts a=b.csv",
    "contacts;drop table x.csv",
    "contacts'quoted'.csv",
    "contacts $HOME `id`.csv",
    "CONTACTS.CSV",
    "contacts \u00e9\u6f22.csv",
    "contacts%00.csv",
    "contacts {{ 1 }}.csv",
    "contacts" + "x" * 200 + ".csv",
]
ON_POSIX = [
    "contacts*.csv",
    "contacts?.csv",
    'contacts"x".csv',
    "contacts\nnext line.csv",
    "contacts\\..\\x.csv",
]
IGNORED = [
    ".contacts.csv",
    "~$contacts.csv",
    "contacts.csv.part",
    "contacts.txt",
    "-contacts.csv",
    "my contacts.csv",
]


@pytest.mark.parametrize("name", [*TAKEN, *(pytest.param(name, marks=posix) for name in ON_POSIX)])
def test_a_name_is_taken_to_the_letter(nights: Nights, contacts: Sheet, name: str):
    # Beside it lies what the name would mean as a pattern.
    nights.put("kent", "contacts1.csv", first(contacts, 60))
    nights.put("kent", name, contacts.data())
    nights.run()
    assert dict(outcomes(nights)) == {name: "accepted", "contacts1.csv": "accepted"}
    held = nights.con.execute(
        "select count(*) from raw.contacts inner join raw.load_log on _content_hash = content_hash where file_name = ?",
        [name],
    ).fetchall()
    assert held == [(120,)]


@pytest.mark.parametrize("name", IGNORED)
def test_a_name_that_no_profile_knows_is_ignored_and_listed(nights: Nights, contacts: Sheet, name: str):
    nights.put("kent", name, contacts.data())
    nights.run()
    assert outcomes(nights) == [(name, "ignored")]
    assert loaded(nights) == 0


@pytest.mark.parametrize("day", ["sector=Secret", "2020-3-31", "31-03-2020", "2020-02-30", "*"])
def test_a_folder_that_is_no_day_is_refused(nights: Nights, contacts: Sheet, day: str):
    folder = nights.landing / "kent" / day
    folder.mkdir(parents=True)
    (folder / "contacts.csv").write_bytes(contacts.data())
    nights.run()
    assert outcomes(nights) == [(day, "refused")]
    assert loaded(nights) == 0


def test_an_authority_without_profile_is_refused(nights: Nights, contacts: Sheet):
    nights.put("sector=secret", "contacts.csv", contacts.data())
    nights.run()
    assert outcomes(nights) == [("contacts.csv", "refused")]


@posix
@pytest.mark.parametrize(
    "target", ["a file outside", "a file of another authority", "nothing", "itself", "a device"]
)
def test_a_link_is_not_followed_out(nights: Nights, contacts: Sheet, tmp_path: Path, target: str):
    link = nights.put("kent", "contacts_link.csv", b"")
    link.unlink()
    outside = tmp_path / f"{CANARY}.csv"
    outside.write_bytes(contacts.data())
    other = nights.put("elsewhere", "contacts.csv", contacts.data())
    link.symlink_to({"a file outside": outside, "a file of another authority": other, "nothing": tmp_path / "nothing",
                     "itself": link, "a device": Path("/dev/zero")}[target])  # fmt: skip
    nights.put("kent", "contacts_good.csv", first(contacts, 60))
    nights.run()
    told = dict(outcomes(nights))
    assert told["contacts_link.csv"] == "refused"
    assert told["contacts_good.csv"] == "accepted"
    assert loaded(nights) == 60


@posix
def test_what_is_no_plain_file_is_refused(nights: Nights, contacts: Sheet):
    folder = nights.put("kent", "contacts_good.csv", first(contacts, 60)).parent
    (folder / "contacts_folder.csv").mkdir()
    os.mkfifo(folder / "contacts_pipe.csv")
    nights.run()
    assert dict(outcomes(nights)) == {
        "contacts_good.csv": "accepted", "contacts_folder.csv": "refused", "contacts_pipe.csv": "refused"
    }  # fmt: skip
