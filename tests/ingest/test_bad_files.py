"""Files that are refused whole: each row of the table "What bad input gets" that stops a file, and only that file."""

from __future__ import annotations

import pytest
from arrivals import CONTACT_HEADING, Door, contact_line, contact_lines, contacts_csv, counts

REFUSED = ("refused", 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("empty_file", b""),
        ("empty_file", b"\xef\xbb\xbf\r\n\r\n"),
        ("header_only", CONTACT_HEADING + "\n"),
        ("missing_heading", contacts_csv(contact_lines(30)).replace("Contact Ref", "Contact No")),
        ("missing_heading", "\n".join(contact_lines(30)) + "\n"),
        ("missing_heading", "Contacts of Kent\n\n" + contacts_csv(contact_lines(30))),
        ("missing_heading", contacts_csv(contact_lines(30)).replace(",", ";")),
        ("duplicate_heading", contacts_csv(contact_lines(30)).replace("Contact Name", "Area")),
        ("duplicate_heading", contacts_csv(contact_lines(30)).replace("Contact Name", "Notes").replace(
            "Name of Setting", "notes ")),
        ("undecodable_bytes", contacts_csv(contact_lines(30)).replace("School 7", "Sch\xf6ol 7").encode("cp1252")),
        ("undecodable_bytes", contacts_csv(contact_lines(30)).encode("utf-16")),
        ("not_csv", b"PK\x03\x04" + bytes(range(256)) * 9),
        ("not_csv", b"%PDF-1.7 and so on, for a page or two"),
        ("not_csv", "<html><body><table><tr><td>Contact Ref</td></tr></table></body></html>"),
        ("not_csv", "Contact Ref,\0Area\nC000001,East\n"),
        ("not_csv", 'Contact Ref,"Area\nC000001,East\n'),
    ],
)  # fmt: skip
def test_a_file_with_a_fault_of_its_own_is_refused_and_loads_nothing(door: Door, reason, content):
    seen = []
    door.put("contacts.csv", content)
    rows = door.night(look=lambda: seen.extend(door.values("select read_error from arriving.files")))
    assert [counts(row) for row in rows] == [REFUSED]
    assert seen == [reason]
    for table in ("raw.contacts", "raw.quarantine", "raw.unusable_values", "arriving.files"):
        assert door.values(f"select count(*) from {table}") == [0]


def test_a_refused_file_stops_neither_its_neighbours_nor_the_last_good_load(door: Door):
    door.put("contacts.csv", contacts_csv(contact_lines(30)), day="2020-03-30")
    door.night()
    door.put("contacts.csv", CONTACT_HEADING + "\n", day="2020-03-31")
    door.put("lado_team.csv", "Officer Code,Post\nL1,LADO\n", day="2020-03-31")
    rows = door.night()
    assert [(row["file_name"], row["outcome"]) for row in rows] == [
        ("contacts.csv", "refused"),
        ("lado_team.csv", "accepted"),
    ]
    assert door.values("select count(*) from raw.contacts") == [30]


def test_the_message_names_the_heading_that_is_missing_but_no_cell(door: Door):
    row = door.one("contacts.csv", "\n".join(contact_lines(30)))
    assert "refused by the stand-in" in row["message"]
    door.put(
        "contacts.csv", contacts_csv(contact_lines(30)).replace("Contact Ref", "Ref Number of Mrs Canary")
    )
    told = []
    door.night(look=lambda: told.extend(door.values("select detail from arriving.files")))
    assert told == ["no heading for contact_id (Contact Ref); 5 of 21 headings were found"]


def test_what_the_gate_overlooks_is_refused_all_the_same(door: Door):
    door.stand_in_gate = lambda: {}
    row = door.one("contacts.csv", "")
    assert counts(row) == REFUSED
    assert row["message"].startswith("contacts.csv could not be read (empty_file): the file holds nothing")


def test_headings_may_be_renamed_to_an_alias_reordered_and_joined_by_others(door: Door):
    header = "AREA,Weather,date and time received, Contact  Ref "
    row = door.one(
        "contacts.csv", header + "\nEast,rain,03/05/2019 09:30,C000001\nWest,,04/05/2019 10:00,C000002\n"
    )
    assert counts(row) == ("accepted", 2, 2, 0, 0)
    assert "headings that the profile does not know, in column 2" in row["message"]
    assert door.rows("select contact_id, received_at, area, _extra, _line from raw.contacts order by 1") == [
        {"contact_id": "C000001", "received_at": "2019-05-03 09:30:00", "area": "East",
         "_extra": '{"Weather": "rain"}', "_line": 2},
        {"contact_id": "C000002", "received_at": "2019-05-04 10:00:00", "area": "West",
         "_extra": None, "_line": 3},
    ]  # fmt: skip


def test_an_optional_heading_that_is_gone_is_reported(door: Door):
    row = door.one("contacts.csv", contacts_csv(contact_lines(1)).replace("Date Contact Closed", "Closed"))
    assert row["outcome"] == "accepted"
    assert "closed_on" in row["message"] and row["message"].endswith("does not know, in column 6")
    assert door.values("select closed_on from raw.contacts") == [None]


@pytest.mark.parametrize(("bad", "outcome"), [(5, "accepted_with_quarantine"), (6, "refused")])
def test_over_5_percent_unusable_rows_refuse_the_file(door: Door, bad, outcome):
    lines = contact_lines(100 - bad) + [contact_line(900 + at).replace("C", "") for at in range(bad)]
    row = door.one("contacts.csv", contacts_csv(lines))
    assert counts(row) == ((outcome, 100, 95, 5, 0) if bad == 5 else REFUSED)


@pytest.mark.parametrize(
    ("heading", "change", "drifted"),
    [
        # Contact and referral numbers in each other's place: every key is of another pattern.
        ("Contact Ref,Date/Time Received,Referral Ref", lambda n: f"R{n:05},03/05/2019 09:30,C{n:06}", "contact_id"),
        # An optional column that now holds words.
        ("Contact Ref,Date/Time Received,Date Contact Closed", lambda n: f"C{n:06},03/05/2019 09:30,soon", "closed_on"),
        ("Contact Ref,Date/Time Received,Referral Requested", lambda n: f"C{n:06},03/05/2019 09:30,{n + 3}",
         "referral_requested"),
    ],
)  # fmt: skip
def test_a_column_that_no_longer_fits_is_drift(door: Door, heading, change, drifted):
    seen = []
    door.put("contacts.csv", "\n".join([heading, *(change(number) for number in range(1, 41))]))
    (row,) = door.night(look=lambda: seen.extend(door.values("select drifted_columns from arriving.files")))
    assert counts(row) == REFUSED
    assert seen == [[drifted]]


def test_half_a_column_that_does_not_fit_is_not_drift_yet(door: Door):
    # 20 of 40 closing dates are words: each becomes null and is noted, the rows are loaded.
    lines = [contact_line(n).replace("20/05/2019", "soon" if n % 2 else "20/05/2019") for n in range(1, 41)]
    assert counts(door.one("contacts.csv", contacts_csv(lines))) == ("accepted", 40, 40, 0, 0)
    assert door.values("select count(*) from raw.contacts where closed_on is null") == [20]
    assert set(door.values("select column_name from raw.unusable_values")) == {"closed_on"}


def test_day_and_month_the_other_way_round_refuse_the_file(door: Door):
    # Written month first: 13 to 31 May are 19 values that fit only the exchanged format; the 21 others fit both.
    closed = [f"05/{day:02}/2019" for day in range(1, 32)] + [f"06/{day:02}/2019" for day in range(1, 10)]
    lines = [contact_line(n).replace("20/05/2019", closed[n - 1]) for n in range(1, 41)]
    seen = []
    door.put("contacts.csv", contacts_csv(lines))
    (row,) = door.night(look=lambda: seen.extend(door.rows(
        "select swapped_date_columns, drifted_columns from arriving.files")))  # fmt: skip
    assert counts(row) == REFUSED
    assert seen == [{"swapped_date_columns": ["closed_on"], "drifted_columns": []}]


def test_exchanged_moments_are_seen_too(door: Door):
    lines = [contact_line(n).replace("03/05/2019", f"05/{n:02}/2019") for n in range(1, 31)]
    seen = []
    door.put("contacts.csv", contacts_csv(lines))
    door.night(look=lambda: seen.extend(door.values("select swapped_date_columns from arriving.files")))
    assert seen == [["received_at"]]
    assert door.values("select count(*) from raw.contacts") == [0]


@pytest.mark.parametrize(
    ("right", "other_way"),
    [("03/05/2019", "05/{}/2019"), ("20/05/2019", "05/{}/2019")],
    ids=["mandatory", "optional"],
)
def test_one_day_the_other_way_round_may_be_a_slip_and_two_are_not(door: Door, right, other_way):
    def with_days(*days: int) -> str:
        lines = contact_lines(100)
        for at, day in enumerate(days):
            lines[at] = lines[at].replace(right, other_way.format(f"{day:02}"))
        return contacts_csv(lines)

    # The 5th is in May of either form; the 20th is in none.
    one = door.one("contacts.csv", with_days(20, 5), day="2020-03-01")
    unread = door.values("select line from raw.unusable_values") + [line for line, *_ in door.quarantined()]
    assert one["outcome"].startswith("accepted") and unread == [2]
    seen = []
    door.put("contacts.csv", with_days(20, 21), day="2020-03-02")
    (two,) = door.night(
        look=lambda: seen.extend(door.values("select swapped_date_columns from arriving.files"))
    )
    assert counts(two) == REFUSED
    assert seen == [["received_at" if right == "03/05/2019" else "closed_on"]]


def test_one_day_the_other_way_round_in_each_of_two_columns_is_no_exchange(door: Door):
    lines = contact_lines(40)
    lines[0] = lines[0].replace("20/05/2019", "05/20/2019")
    lines[1] = lines[1].replace("03/05/2019", "05/20/2019")
    row = door.one("contacts.csv", contacts_csv(lines))
    assert counts(row) == ("accepted_with_quarantine", 40, 39, 1, 0)


def test_encodings_of_the_profile_are_read(door: Door):
    heading = "CASE_NO|REFERRAL_DATE|EMPLOYER_NAME|THRESHOLD_CRITERIA"
    text = (
        heading + "\r\n1000001|03-May-2019|Café “Zoë”|Possible criminal offence~ May pose a risk of harm\r\n"
    )
    row = door.one("LCS_ALLEG_CASE_1.csv", text.encode("cp1252"), authority="buckinghamshire")
    assert counts(row) == ("accepted", 1, 1, 0, 0)
    assert door.rows("select received_on, setting_name, harm_criteria from raw.referrals") == [
        {
            "received_on": "2019-05-03",
            "setting_name": "Café “Zoë”",
            "harm_criteria": '["Possible criminal offence", "May pose a risk of harm"]',
        }
    ]
    # 0x81 is no letter in cp1252.
    door.put(
        "LCS_ALLEG_CASE_2.csv",
        text.encode("cp1252").replace(b"Caf\xe9", b"Caf\x81"),
        authority="buckinghamshire",
    )
    (row,) = door.night()
    assert counts(row) == REFUSED
