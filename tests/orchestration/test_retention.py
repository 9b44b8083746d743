"""The day of a retention review, worked out by hand for each rule."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration import audit_log, retention
from orchestration.command_line import main
from orchestration.resources import PROJECT, Home

RULES = PROJECT / "dbt_project" / "seeds" / "retention_rules.csv"

# record, closed, outcomes of its allegations, birth of the adult; the day of its review.
REFERRALS = [
    ("substantiated", "2019-05-01", ["substantiated"], "1970-03-17", "2070-03-17"),
    ("unsubstantiated", "2019-05-01", ["unsubstantiated"], "1970-03-17", "2070-03-17"),
    ("unfounded", "2020-02-29", ["unfounded"], "1970-03-17", "2030-02-28"),
    ("false", "2019-05-01", ["false"], None, "2029-05-01"),
    ("malicious", "2019-05-01", ["malicious"], "1970-03-17", "2029-05-01"),
    ("several", "2019-05-01", ["malicious", "substantiated", "not_concluded"], "1970-03-17", "2070-03-17"),
    ("no_allegation", "2019-05-01", [], "1970-03-17", "2029-05-01"),
    ("no_birth", "2019-05-01", ["false", "substantiated"], None, None),
    ("open", None, ["substantiated"], "1970-03-17", "never listed"),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.demo_marker.touch()
    home.demo_key.touch(mode=0o600)
    home.demo_key.write_text(secrets.token_hex(32))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            f"create schema reference; create table reference.retention_rules as from read_csv('{RULES}')"
        )
        con.execute(
            """
            create schema raw; create schema marts;
            create table raw.person_keys (authority varchar, kind varchar, person_id varchar, person_key varchar);
            create table raw.subjects (_authority varchar, subject_id varchar, date_of_birth varchar);
            create table marts.fct_referrals (referral_key varchar, authority varchar, source_system varchar,
                referral_id varchar, closed_on date, is_closed boolean, subject_key varchar);
            create table marts.fct_allegations (referral_key varchar, outcome_key varchar);
            create table marts.fct_contacts (authority varchar, source_system varchar, contact_id varchar,
                referral_id varchar, case_ref varchar, closed_on date, received_on date);
            insert into marts.fct_contacts values
                ('kent', 'liberi', 'C1', null, null, '2018-03-31', '2018-03-01'),
                ('kent', 'liberi', 'C2', null, null, null, '2018-03-02'),
                ('kent', 'liberi', 'C3', 'false', null, '2018-03-01', '2018-03-01'),
                ('kent', 'liberi', 'C4', null, 'R1', '2018-03-01', '2018-03-01');
            """
        )
        for name, closed, outcomes, born, _ in REFERRALS:
            con.execute(
                "insert into raw.person_keys values ('kent', 'subject', ?, ?)", [name, f"key of {name}"]
            )
            con.execute("insert into raw.subjects values ('kent', ?, ?)", [name, born])
            con.execute(
                "insert into marts.fct_referrals values (?, 'kent', 'liberi', ?, ?, ?, ?)",
                [name, name, closed, closed is not None, f"key of {name}"],
            )
            for outcome in outcomes:
                con.execute("insert into marts.fct_allegations values (?, ?)", [name, outcome])
    return home


def test_every_rule_gives_its_day(home: Home) -> None:
    told = retention.review(home, dt.date(2200, 1, 1))
    found = {one["record_id"]: str(one["review_on"]) for one in told["due"]}
    days = {name: day for name, *_, day in REFERRALS if day not in (None, "never listed")}
    assert found == {**days, "C1": "2028-03-31", "C2": "2028-03-02"}
    assert (told["without_birth"], told["later"]) == (1, 0)
    assert all(one["source"] for one in told["due"])
    rules = {one["record_id"]: one["rule"] for one in told["due"]}
    assert rules["C1"] == "10 years after closed_on"
    assert rules["C2"] == "10 years after received_on, the day of closing is not recorded"
    assert rules["substantiated"].endswith("after born_on")


def test_what_is_not_due_is_not_listed(home: Home) -> None:
    assert [one["record_id"] for one in retention.review(home, dt.date(2028, 3, 30))["due"]] == ["C2"]
    assert retention.review(home, dt.date(2028, 3, 31), "buckinghamshire")["due"] == []
    (first, second) = [e for e in audit_log.entries(home) if e["action"] == "retention_review"]
    assert (first["counts"], second["counts"]["due"]) == (
        {"due": 1, "without_birth": 1, "later": 8, "on_hold": 0},
        0,
    )


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2028-03-30", "1 record due for review on 2028-03-30; 8 closed records not due yet"),
        ("2028-03-31", "2 records due for review on 2028-03-31; 7 closed records not due yet"),
    ],
)
def test_the_command_counts_in_words(home: Home, day: str, told: str) -> None:
    said = CliRunner().invoke(main, ["retention", "--on", day, "--home", str(home.root)])
    *_, count, without = said.stdout.splitlines()
    assert count == told
    assert without.startswith("1 closed record without a day of review: the rule counts from a birth")
