"""A third authority is one profile file: other headings, dates, wordings, layout, encoding; several feeds to a file,
several files to a feed, and two systems for one feed."""

from __future__ import annotations

from pathlib import Path

import pytest
from arrivals import Door, counts

import ingest
from ingest.profile_check import check_profile

PROFILES = Path(__file__).with_name("profiles")
CODE_LISTS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "code_lists.csv"
HEADINGS = [
    "Vorwurf", "Akte", "Eingang", "Einrichtung", "Bereich", "Weg", "Kriterien", "Polizei", "Gebiet", "Person", "Art",
    "Ergebnis", "Ergebnis am",
]  # fmt: skip
CASE = [
    "NM/19/001", "2019-05-03", "'Schule\tam Tal'", "Grundschule", "Vorwurf", "verletzt + ungeeignet", "ja", "Tal",
    "P 1", "Schläge",
]  # fmt: skip
ADVICE = ["NM/19/002", "4 May 2019", "O'Neill", "Tagesmutter", "Rat", "", "nein", "Mitte", "p  1", ""]
CASES = [
    "\t".join(["V1", *CASE, "bestätigt", "2019-06-01"]),
    "\t".join(["V2", *CASE, "", ""]),
    "\t".join(["", *ADVICE, "", ""]),
]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path, ingest.read_profiles([ingest.profile.PROFILES_FOLDER, PROFILES], CODE_LISTS))


def put_cases(
    door: Door, name: str = "cases1.tsv", lines: list[str] = CASES, day: str = "2020-03-31"
) -> None:
    door.put(
        name, "\r\n".join(["\t".join(HEADINGS), *lines, ""]).encode("utf-16"), day=day, authority="northmere"
    )
    door.put("DONE.txt", "", day=day, authority="northmere")


def test_the_profile_has_no_problems():
    assert check_profile(PROFILES / "northmere.yml", CODE_LISTS) == []


def test_three_feeds_come_from_one_file(door: Door):
    put_cases(door, lines=[line for line in CASES if "O'Neill" not in line])
    rows = door.night()
    # Two lines hold one referral twice, two allegations and one outcome.
    assert {row["feed"]: counts(row) for row in rows} == {
        "referrals": ("accepted", 2, 1, 0, 1),
        "allegations": ("accepted", 2, 2, 0, 0),
        "outcomes": ("accepted", 1, 1, 0, 0),
    }
    (referral,) = door.rows("select * from raw.referrals")
    assert {name: referral[name] for name in (
        "referral_id", "received_on", "setting_name", "sector", "harm_criteria", "police_involved", "area",
        "_authority", "_source_system", "_line", "_record_key", "_extra")} == {
        "referral_id": "NM/19/001",
        "received_on": "2019-05-03",
        "setting_name": "Schule\tam Tal",
        "sector": "Grundschule",
        "harm_criteria": '["verletzt", "ungeeignet"]',
        "police_involved": "true",
        "area": "Tal",
        "_authority": "northmere",
        "_source_system": "casebook",
        "_line": 2,
        "_record_key": "NM/19/001",
        "_extra": None,
    }  # fmt: skip
    assert door.rows("select allegation_id, referral_id, recorded_as from raw.allegations order by 1") == [
        {"allegation_id": "V1", "referral_id": "NM/19/001", "recorded_as": "allegation"},
        {"allegation_id": "V2", "referral_id": "NM/19/001", "recorded_as": "allegation"},
    ]
    assert door.rows("select allegation_id, outcome, outcome_on from raw.outcomes") == [
        {"allegation_id": "V1", "outcome": "bestätigt", "outcome_on": "2019-06-01"}
    ]


def test_one_feed_comes_from_several_files_and_from_two_systems(door: Door):
    put_cases(door, "cases1.tsv", CASES[:1])
    put_cases(door, "cases2.tsv", [CASES[2].replace("O'Neill", "Haus am See")])
    put_cases(door, "cases10.tsv", CASES[:1])
    # The old log counts month first, and its numbers are its own.
    door.put("archive.csv", "No;When\nNM/19/001;12/31/2017\n", authority="northmere")
    rows = [row for row in door.night() if row["feed"] in ("referrals", None)]
    assert [(row["file_name"], row["source_system"], row["outcome"]) for row in rows] == [
        ("archive.csv", "old_log", "accepted"),
        ("cases1.tsv", "casebook", "accepted"),
        ("cases10.tsv", None, "ignored"),
        ("cases2.tsv", "casebook", "accepted"),
    ]
    assert door.rows(
        "select _source_system as system, referral_id, received_on, area from raw.referrals order by 1, 2"
    ) == [
        {"system": "casebook", "referral_id": "NM/19/001", "received_on": "2019-05-03", "area": "Tal"},
        {"system": "casebook", "referral_id": "NM/19/002", "received_on": "2019-05-04", "area": "Mitte"},
        {"system": "old_log", "referral_id": "NM/19/001", "received_on": "2017-12-31", "area": "uplands"},
    ]


def test_a_quote_of_its_own_makes_an_apostrophe_stray(door: Door):
    # 2 lines of 42 are 4.8 %.
    good = [CASES[0].replace("001", f"{n:03}").replace("V1", f"V{n}") for n in range(101, 141)]
    put_cases(door, lines=[*good, CASES[2], CASES[2]])
    assert {row["feed"]: counts(row) for row in door.night()} == {
        "referrals": ("accepted_with_quarantine", 42, 40, 2, 0),
        # A line that nobody could read may have been an allegation or an outcome too.
        "allegations": ("accepted_with_quarantine", 42, 40, 2, 0),
        "outcomes": ("accepted_with_quarantine", 42, 40, 2, 0),
    }


def test_what_the_profile_says_stands_in_the_raw_tables(door: Door):
    put_cases(door, lines=CASES[:2])
    door.night()
    authority = (
        "select * exclude (authority, profile_hash) from raw.authorities where authority = 'northmere'"
    )
    assert door.rows(authority) == [
        {"authority_name": "Northmere", "time_zone": "Europe/London", "grace_working_days": 5,
         "disclosure_hide_up_to": 5, "disclosure_round_to": 5}
    ]  # fmt: skip
    assert door.rows("select measure, target_percent from raw.targets where authority = 'northmere'") == [
        {"measure": "closed_within_3_months", "target_percent": 75.0}
    ]
    assert door.con.execute(
        "select wording, member, valid_from::varchar, valid_to::varchar from raw.code_map "
        "where authority = 'northmere' and list_name in ('area', 'harm_criterion') order by all"
    ).fetchall() == [
        ("mitte", "uplands", "2019-04-01", None),
        ("mitte", "valley", None, "2019-03-31"),
        ("tal", "valley", None, None),
        ("ungeeignet", "unsuitable", "2020-09-01", None),
        # The constant of the old log is a wording of its own.
        ("uplands", "uplands", None, None),
        ("verletzt", "harmed_child", None, None),
    ]
    assert door.values("select count(*) from raw.code_map where list_name = 'police_involved'") == [0]
    feeds = door.rows(
        "select feed, source_system, extract_kind, is_available, reason from raw.feeds "
        "where authority = 'northmere' and feed in ('contacts', 'referrals', 'training') order by 1, 2"
    )
    assert [tuple(row.values()) for row in feeds] == [
        ("contacts", None, None, False, "Calls are kept on paper."),
        ("referrals", "casebook", "changes", True, None),
        ("referrals", "old_log", "full", True, None),
        ("training", None, None, False, "Northmere does not export this."),
    ]
    assert door.values("select count(distinct feed) from raw.feeds where authority = 'northmere'") == [17]


def test_a_drop_waits_for_its_marker(door: Door):
    put_cases(door, lines=CASES[:2])
    (door.landing / "northmere" / "2020-03-31" / "DONE.txt").unlink()
    (row,) = door.night()
    assert (row["outcome"], row["message"]) == ("waiting", "the marker file DONE.txt is not there yet")
    assert door.values("select count(*) from raw.referrals") == [0]
    put_cases(door, lines=CASES[:2])
    assert {row["outcome"] for row in door.night()} == {"accepted"}


def test_one_person_has_one_key_however_the_number_is_written(door: Door):
    put_cases(door, lines=[CASES[0], CASES[2].replace("O'Neill", "Haus")])
    door.night()
    rows = door.rows("select kind, person_id, person_key from raw.person_keys order by person_id")
    assert [(row["kind"], row["person_id"]) for row in rows] == [("subject", "P 1"), ("subject", "p  1")]
    # Worked out with: printf 'subject|northmere|p 1' | openssl dgst -sha256 -hmac 'a secret of tests, 32 bytes long'
    assert {row["person_key"] for row in rows} == {"0f1d59c106a655558b111a2e4101d751"}
