"""An erased person's rows leave a file in any form, and every other byte that matters stays where it was."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from arrivals import Door, contact_line, contacts_csv

import ingest
from ingest.erased import Erased, name_identity, record_kinds
from ingest.leave_out import without_erased
from ingest.person import find, remove
from ingest.read import read_csv
from ingest.reader import Reader

KEY = b"a key of tombstones, 32 bytes xx"
NAME = "Zoë O'Hara-Quill"
IDENTITIES = [
    ("subject", "S900001"),
    *((kind, "R90001") for kind in record_kinds("referrals", "liberi")),
    *((kind, "A90001") for kind in record_kinds("allegations", "liberi")),
    *((kind, "C900001") for kind in record_kinds("contacts", "liberi")),
    name_identity(NAME),
]
STAFF = "Staff ID,Full Name,DOB,Home Postcode"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


@pytest.fixture
def profiles() -> dict[str, ingest.Profile]:
    return ingest.read_profiles()


def erased(authority: str = "kent", identities: list = IDENTITIES) -> Erased:
    return Erased.of(KEY, authority, identities)


def leave_out(
    name: str, data: bytes, profile: ingest.Profile, reader: Reader, own: Erased
) -> tuple[bytes, dict]:
    done = without_erased(data, profile.sources_of(name), profile.authority, reader, own)
    assert without_erased(data, profile.sources_of(name), profile.authority, reader, own).data == done.data
    again = without_erased(done.data, profile.sources_of(name), profile.authority, reader, own)
    assert (again.data, again.rows) == (done.data, {}), "what is left out once stays out, and is counted once"
    return done.data, {feed: count for (feed, _), count in done.rows.items()}


FORMS = {
    "plain": lambda text: text.encode(),
    "marked": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "windows": lambda text: text.replace("\n", "\r\n").encode(),
    "old mac": lambda text: text.replace("\n", "\r").encode(),
    "no last end": lambda text: text.rstrip("\n").encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_line_goes_and_the_others_keep_their_number(form, profiles, reader):
    lines = [
        STAFF,
        "S000001,Ann Other,01/02/1970,ME1",
        f"s900001 ,{NAME},,",
        "S000002,Bo Other,02/02/1970,ME2",
    ]
    data, rows = leave_out(
        "staff.csv", FORMS[form]("\n".join(lines) + "\n"), profiles["kent"], reader, erased()
    )
    assert rows == {"subjects": 1}
    assert data == FORMS[form]("\n".join([*lines[:2], "", lines[3]]) + "\n")


def test_a_file_without_the_person_is_not_touched(profiles, reader):
    data = contacts_csv([contact_line(n) for n in range(1, 9)]).encode()
    assert leave_out("contacts.csv", data, profiles["kent"], reader, erased()) == (data, {})
    staff = f"{STAFF}\nS900001,{NAME},,\n".encode()
    assert leave_out("staff.csv", staff, profiles["kent"], reader, erased("buckinghamshire")) == (staff, {})


def test_a_record_over_several_lines_goes_whole(profiles, reader):
    lines = [STAFF, 'S900001,"Zoë\nOf Many\nLines",,ME1', 'S000002,"Bo\nOther",02/02/1970,ME2']
    data, rows = leave_out("staff.csv", "\n".join(lines).encode(), profiles["kent"], reader, erased())
    assert rows == {"subjects": 1}
    assert data.decode() == "\n".join([STAFF, "", "", "", lines[2]])


def test_what_hangs_on_their_records_goes_and_who_quotes_one_stays_without_it(profiles, reader):
    heading = "Allegation Ref,Referral Ref,Abuse Type,Date Recorded,Final Outcome,Date of Outcome"
    lines = [heading, "A00001,R00001,Neglect,,Unfounded,01/08/2019", "A90001,R90001,Neglect,,Unfounded,01/08/2019",
             "A90002,R90001,Neglect,,,"]  # fmt: skip
    data, rows = leave_out(
        "allegations_and_outcomes.csv", "\n".join(lines).encode(), profiles["kent"], reader, erased()
    )
    assert (rows, data.decode()) == ({"allegations": 2, "outcomes": 1}, "\n".join([*lines[:2], "", ""]))
    heading = "Contact Ref,Date/Time Received,Referral Ref"
    lines = [
        heading,
        "C000001,03/05/2019 09:30,R90001",
        "C900001,03/05/2019 09:30,",
        "C000002,03/05/2019 09:30,R90002",
    ]
    data, rows = leave_out("contacts.csv", "\n".join(lines).encode(), profiles["kent"], reader, erased())
    assert rows == {"contacts": 1}
    assert data.decode() == "\n".join([heading, "C000001,03/05/2019 09:30,", "", lines[3]])


@pytest.mark.parametrize("written", [NAME, "zoë o'hara-quill", "O'HARA-QUILL, Zoë", "O\u2019Hara-Quill Zoë"])
def test_a_name_in_text_is_taken_out_of_the_rows_of_others(written, profiles, reader):
    heading = "Contact Ref,Date/Time Received,Contact Name,Notes"
    other = 'C000002,03/05/2019 09:30,"Quill, Zoë","Zoë; O\'Hara-Quill-Smith"'
    lines = [heading, f'C000001,03/05/2019 09:30,Bo,"rang ""{written}"" back, twice"', other]
    own = erased(identities=[*IDENTITIES, name_identity(written)])
    data, rows = leave_out("contacts.csv", "\n".join(lines).encode(), profiles["kent"], reader, own)
    assert rows == {}
    told = read_csv(data, "utf-8", ",", '"')
    assert told.rows[0] == ["C000001", "03/05/2019 09:30", "Bo", 'rang "[erased]" back, twice']
    assert data.decode().split("\n")[2] == other


def test_a_namesake_keeps_the_staff_record(profiles, reader):
    lines = [STAFF, f"S000001,{NAME},01/02/1970,ME1", f",{NAME},17/03/1971,ME99"]
    data, rows = leave_out("staff.csv", "\n".join(lines).encode(), profiles["kent"], reader, erased())
    assert (rows, data.decode()) == ({"subjects": 1}, "\n".join([*lines[:2], ""]))


DAMAGED = {
    "too many fields": "S900001,Z,,,ME99,moved",
    "a stray quote": '"S900001,Z,17/03/1971,ME99',
    "shifted": "x,S900001,Z,17/03/1971,ME99",
    "only the name left": f"S9000,{NAME},17/03/1971,ME99,",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_line_of_theirs_goes(kind, profiles, reader):
    lines = [STAFF, "S000001,Ann Other,01/02/1970,ME1", DAMAGED[kind], "S000002,Bo Other,,,,"]
    data, rows = leave_out("staff.csv", "\n".join(lines).encode(), profiles["kent"], reader, erased())
    assert (rows, data.decode()) == ({"subjects": 1}, "\n".join([*lines[:2], "", lines[3]]))


def test_a_file_that_cannot_be_read_is_searched_by_the_line(profiles, reader):
    data = b"Wrong,Heading,Heading\xff\nS900001,Z,\nS000001,A,\n"
    done, _ = leave_out("staff.csv", data, profiles["kent"], reader, erased())
    assert done == b"Wrong,Heading,Heading\xff\n\nS000001,A,\n"


def test_a_sheet_loses_their_row_and_the_same_workbook_gives_the_same_bytes(profiles, reader):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Enquiries"
    sheet.append(["Enquiry No.", "Enquiry received", "Caller", "LCS allegation no.", "Remarks"])
    sheet.append(["ENQ-00001", "03/05/2019 09:30", "Bo", "1234567", f"about {NAME}"])
    sheet.append(["ENQ-00002", "03/05/2019 09:30", "Secretcaller", "", ""])
    sheet.append(["ENQ-00003", "03/05/2019 09:30", "Cy", "7654321", ""])
    written = io.BytesIO()
    book.save(written)
    own = erased(
        "buckinghamshire",
        [*((kind, "ENQ-00002") for kind in record_kinds("contacts", "duty_log")),
         *((kind, "1234567") for kind in record_kinds("referrals", "lcs")), name_identity(NAME)],
    )  # fmt: skip
    data, rows = leave_out("LADO duty log.xlsx", written.getvalue(), profiles["buckinghamshire"], reader, own)
    assert rows == {"contacts": 1}
    packed = zipfile.ZipFile(io.BytesIO(data))
    everything = b"".join(packed.read(name) for name in packed.namelist()).decode()
    assert "Secretcaller" not in everything and "ENQ-00002" not in everything and "Zoë" not in everything
    told = reader.table(data, ("xlsx", "Enquiries"))
    assert told.lines == [2, 4]
    assert told.rows[0] == ["ENQ-00001", "03/05/2019 09:30", "Bo", "", "about [erased]"]
    assert told.rows[1][3] == "7654321"


# --- In the raw tables ------------------------------------------------------------------------------------------------

REFERRALS = "Referral Ref,Date Referral Received,Contact Ref,Employer / Setting,Staff ID"


def found(door: Door, person: str = "S900001", kind: str = "subject") -> ingest.Held:
    return find(door.con, "kent", kind, person, ingest.person_key(b"x" * 32, kind, "kent", person))


def test_a_referral_that_was_another_persons_gives_only_their_own_version(door: Door):
    door.put("referrals.csv", f"{REFERRALS}\nR00001,05/06/2019,,Oak,S900001\n", day="2020-03-30")
    door.put("referrals.csv", f"{REFERRALS}\nR00001,05/06/2019,,Oak,S000001\n", day="2020-03-31")
    door.put("meetings.csv", "Meeting Ref,Referral Ref,Type of Meeting\nM00001,R00001,Evaluation Meeting\n")
    door.night()
    held = found(door)
    assert [(feed, line) for feed, _, _, line in held.rows] == [("referrals", 2)]
    assert held.records == set()
    assert ("record:referrals", "R00001") not in held.identities


def test_a_contact_of_two_persons_stays(door: Door):
    lines = ["R90001,05/06/2019,C000001,Oak,S900001", "R00001,05/06/2019,C000001,Oak,S000001"]
    lines.append("R90002,05/06/2019,C000002,Oak,S900001")
    door.put("referrals.csv", "\n".join([REFERRALS, *lines]) + "\n")
    door.put("contacts.csv", contacts_csv([contact_line(1), contact_line(2), contact_line(3)]))
    door.night()
    held = found(door)
    assert {(feed, number) for feed, _, number in held.records} == {
        ("referrals", "R90001"),
        ("referrals", "R90002"),
        ("contacts", "C000002"),
    }


def test_a_child_is_found_and_removed_without_the_matter(door: Door):
    door.put("referrals.csv", f"{REFERRALS}\nR00001,05/06/2019,,Oak,S000001\n")
    door.put("children.csv", "Referral Ref,Child ID,Age at Incident\nR00001,CH1,9\nR00001,CH2,8\n")
    door.night()
    held = found(door, "ch1", "child")
    assert [(feed, line) for feed, _, _, line in held.rows] == [], "another spelling is known by its key only"
    held = found(door, "CH1", "child")
    assert [(feed, line) for feed, _, _, line in held.rows] == [("children", 2)]
    remove(door.con, held, Erased.of(KEY, "kent", held.identities))
    assert door.values("select child_id from raw.children") == ["CH2"]
    assert door.values("select person_id from raw.person_keys order by 1") == ["CH2", "S000001"]
    assert door.values("select rows_read - rows_loaded - rows_erased from raw.load_log") == [0, 0]


def test_a_name_that_two_persons_have_is_looked_for_in_no_text(door: Door):
    staff = [f"S900001,{NAME},17/03/1971,ME99", f"S000001,{NAME},01/02/1970,ME1"]
    door.put("staff.csv", "\n".join([STAFF, *staff]) + "\n")
    door.put("contacts.csv", contacts_csv([contact_line(1).replace("Caller 1", NAME)]))
    door.night()
    held = found(door)
    assert held.is_name_shared and held.mentions == set()
    assert [kind for kind, _ in held.identities if kind == "name"] == []


def test_a_tombstone_says_nothing_of_the_number():
    made = erased().tombstones
    assert len(made) == len(IDENTITIES)
    assert made.isdisjoint(Erased.of(b"another key of 32 bytes, really!", "kent", IDENTITIES).tombstones)
    assert not any(value.lower() in stone for _, value in IDENTITIES for stone in made)
