"""A home of forty made-up matters, two nights of them, in which one adult is known by heart.

Belongs here: writing the extracts, and the list of every place where the planted adult stands in them. Does not
belong here: looking for them.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from orchestration.resources import Home

NIGHTS = ("2020-03-30", "2020-03-31")
PERSON = "S900001"
NAME = "Zoraida Quillfeather"
POSTCODE = "ME99 7QZ"
SECOND_POSTCODE = "ME99 8QY"
RECORDS = ("R90001", "R90002", "A90001", "A90002", "M90001", "C900001")
# Every text that only the planted adult's records hold; none may be left anywhere after an erasure.
CANARIES = (PERSON, NAME, NAME.split()[1], POSTCODE, SECOND_POSTCODE, "Quernhollow", *RECORDS, "CH900001")

# feed, file, night, line: each row of the planted adult that the raw layer keeps, the earlier versions too.
PLANTED = (
    ("contacts", "contacts.csv", NIGHTS[0], 42),
    ("referrals", "referrals.csv", NIGHTS[0], 42),
    ("referrals", "referrals.csv", NIGHTS[1], 42),
    ("referrals", "referrals.csv", NIGHTS[1], 43),
    ("allegations", "allegations_and_outcomes.csv", NIGHTS[0], 42),
    ("allegations", "allegations_and_outcomes.csv", NIGHTS[1], 42),
    ("allegations", "allegations_and_outcomes.csv", NIGHTS[1], 43),
    ("outcomes", "allegations_and_outcomes.csv", NIGHTS[1], 42),
    ("children", "children.csv", NIGHTS[0], 2),
    ("meetings", "meetings.csv", NIGHTS[0], 3),
    ("subjects", "staff.csv", NIGHTS[0], 42),
    ("subjects", "staff.csv", NIGHTS[1], 42),
    ("quarantine", "staff.csv", NIGHTS[0], 43),
)

CONTACTS = (
    "Contact Ref,Date/Time Received,Contact Name,Name of Setting,Type of Setting,Area,"
    "Nature of Concern,Referral Requested,Date Referral Requested,Referral Ref,Date Contact Closed,Notes"
)
REFERRALS = (
    "Referral Ref,Date Referral Received,Contact Ref,Referrer Name,Employer / Setting,Workforce Type,Area,Staff ID,"
    "Occupation,Primary Concern,Pathway,Date of Threshold Decision,Allocated LADO,Case Status,Date Closed"
)
ALLEGATIONS = "Allegation Ref,Referral Ref,Abuse Type,Date Recorded,Final Outcome,Date of Outcome"
CHILDREN = "Referral Ref,Child ID,Age at Incident"
MEETINGS = "Meeting Ref,Referral Ref,Type of Meeting,Date Held"
STAFF = "Staff ID,Full Name,DOB,Home Postcode"


def contact(number: str, case: str = "", setting: str = "Oakfield School", notes: str = "") -> str:
    return (
        f"{number},03/06/2019 09:30,Caller Amberley,{setting},School - Primary,East,"
        f"Physical Abuse,Yes,04/06/2019,{case},20/06/2019,{notes}"
    )


def referral(
    number: str, person: str, ref: str = "", setting: str = "Oakfield School", closed: str = ""
) -> str:
    status = "Closed" if closed else "Open"
    return (
        f"{number},05/06/2019,{ref},Caller Amberley,{setting},School - Primary,East,{person},"
        f"Teacher,Physical Abuse,Allegation,06/06/2019,L1,{status},{closed}"
    )


def night(number: int) -> dict[str, list[str]]:
    """The lines of each file of a night, heading first. Night 2 is night 1 with another referral changed."""
    many = range(1, 41)
    later = number > 0
    contacts = [contact(f"C{n:06}", f"R{n:05}") for n in many]
    contacts[4] = contact("C000005", "R00005", notes=f"rang {NAME} back")
    contacts.append(contact("C900001", "R90001", setting="Quernhollow School"))
    referrals = [referral(f"R{n:05}", f"S{n:06}", f"C{n:06}", closed="01/08/2019") for n in many]
    if number > 1:
        referrals[0] = referral("R00001", "S000001", "C000001", closed="05/08/2019")
    closed = "02/09/2019" if later else ""
    referrals.append(referral("R90001", PERSON, "C900001", setting="Quernhollow School", closed=closed))
    allegations = [f"A{n:05},R{n:05},Physical Abuse,06/06/2019,Unsubstantiated,01/08/2019" for n in many]
    outcome = "Substantiated,01/09/2019" if later else ","
    allegations.append(f"A90001,R90001,Physical Abuse,06/06/2019,{outcome}")
    staff = [f"S{n:06},Person Number{n},{n % 27 + 1:02}/02/1970,ME1 {n % 9}AA" for n in many]
    staff.append(f"{PERSON},{NAME},17/03/1971,{SECOND_POSTCODE if later else POSTCODE}")
    if later:
        referrals.append(referral("R90002", PERSON))
        allegations.append("A90002,R90002,Physical Abuse,06/06/2019,,")
    else:
        staff.append(f"{PERSON},{NAME},17/03/1971,{POSTCODE},moved here by hand")
    return {
        "contacts.csv": [CONTACTS, *contacts],
        "referrals.csv": [REFERRALS, *referrals],
        "allegations_and_outcomes.csv": [ALLEGATIONS, *allegations],
        "children.csv": [CHILDREN, "R90001,CH900001,9", "R00002,CH000002,11"],
        "meetings.csv": [
            MEETINGS,
            "M00001,R00001,Evaluation Meeting,10/06/2019",
            "M90001,R90001,Evaluation Meeting,11/06/2019",
        ],
        "staff.csv": [STAFF, *staff],
    }


def write_night(home: Home, number: int, day: str | None = None) -> Path:
    """Put the files of a night into the landing folder of Kent, under its own day or another."""
    folder = home.landing / "kent" / (day or NIGHTS[number])
    folder.mkdir(parents=True)
    for name, lines in night(number).items():
        (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return folder


def make(root: Path, *nights: int) -> Home:
    """A home with a throw-away key and these nights' extracts, not yet refreshed."""
    home = Home(root)
    home.landing.mkdir(parents=True)
    home.demo_marker.write_text("made up by a test\n", encoding="utf-8")
    home.demo_key.touch(mode=0o600)
    home.demo_key.write_text(secrets.token_hex(32), encoding="utf-8")
    for number in nights:
        write_night(home, number)
    return home
