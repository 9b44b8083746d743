"""One person's records from the first extract to the last byte: modes, keys, access, hold, erasure, the night after.

One home goes through it all in the order of this file, because each refresh costs seconds.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
import small_home
from click.testing import CliRunner

import ingest
from orchestration import access, audit_log, erasure, resources, retention, subject_key
from orchestration import holds as holding
from orchestration.command_line import main
from orchestration.refresh import refresh
from orchestration.resources import Home, NotReady


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two nights, delivered and refreshed by somebody whose umask closes nothing."""
    before = os.umask(0)
    try:
        home = small_home.make(tmp_path_factory.mktemp("subjects") / "home", 0, 1)
        # Whoever delivers has a umask, too.
        for path in home.landing.rglob("*"):
            path.chmod(0o777 if path.is_dir() else 0o666)
        outcome = refresh(home, settle_seconds=0)
        assert outcome.outcome == "published", outcome.message
    finally:
        os.umask(before)
    return home


def everything(home: Home) -> list[Path]:
    """Every file and folder of the home, links left out."""
    return [path for path in [home.root, *home.root.rglob("*")] if not path.is_symlink()]


@pytest.mark.skipif(os.name == "nt", reason="modes mean nothing on Windows")
def test_nothing_in_the_home_is_open_to_others_whatever_the_umask(home: Home) -> None:
    names = {path.relative_to(home.root).parts[0] for path in everything(home) if path != home.root}
    assert {"dagster", "dbt", "logs", "landing", "published", "quality", "audit"} <= names
    current = (home.published / "current").resolve()
    group_reads = {home.root, home.published, current, current / "reports", *(current / "reports").iterdir()}
    wrong = {}
    for path in everything(home):
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = (
            (0o750 if path.is_dir() else 0o640)
            if path in group_reads
            else (0o700 if path.is_dir() else 0o600)
        )
        if mode != wanted:
            wrong[path.relative_to(home.root).as_posix()] = oct(mode)
    assert wrong == {}


def lado(home: Home, *words: str, code: int = 0) -> dict[str, Any]:
    """What a command with --json says."""
    told = CliRunner().invoke(main, [*words, "--home", str(home.root)])
    assert told.exit_code == code, told.output
    return json.loads(told.stdout)


# --- Access ---------------------------------------------------------------------------------------------------------


def lines_with(home: Home, words: tuple[str, ...]) -> set[tuple[str, int]]:
    """File and line of every line of the extracts that holds one of the words: found without our reader."""
    found = set()
    for path in sorted(home.landing.glob("kent/*/*")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if any(word in line for word in words):
                found.add((path.relative_to(home.root).as_posix(), number))
    return found


@pytest.fixture(scope="module")
def exported(home: Home, tmp_path_factory: pytest.TempPathFactory) -> dict:
    into = tmp_path_factory.mktemp("export") / "answer"
    told = lado(home, "subject", "export", "--authority", "kent", "--person", small_home.PERSON.lower(),
                "--into", str(into), "--json")  # fmt: skip
    assert told["mentions"] == 1 and told["unread_files"] == []
    for path in [into, *into.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path == into else 0o600)
    return json.loads((into / "records.json").read_text(encoding="utf-8"))


def test_every_version_of_every_record_is_found_and_no_other(home: Home, exported: dict) -> None:
    night_of = {
        hashlib.sha256(path.read_bytes()).hexdigest(): (path.name, path.parent.name)
        for path in sorted(home.landing.glob("kent/*/*"), reverse=True)
    }
    found = sorted(
        (one["table"], *night_of[one["where"]["content_hash"]], one["where"]["line"])
        for one in exported["records"]
        if one["store"] == "raw" and one["where"]
    )
    assert found == sorted(small_home.PLANTED)


def test_every_line_in_the_kept_extracts_is_found_and_no_other(home: Home, exported: dict) -> None:
    found = {(r["where"]["file"], r["where"]["line"]) for r in exported["records"] if r["store"] == "landing"}
    theirs = lines_with(home, (small_home.PERSON, *small_home.RECORDS))
    assert found == theirs
    assert len(theirs) == 7 + 8
    # Where only the name stands, in somebody else's row, the place is told.
    (mention,) = exported["mentions"]
    assert (mention["table"], mention["where"]["column"], mention["where"]["line"]) == (
        "contacts",
        "_extra",
        6,
    )


def test_every_store_is_searched_and_others_are_left_out(home: Home, exported: dict) -> None:
    stores = {one["store"].split("/")[0] for one in exported["records"]}
    assert stores == {"raw", "landing", "warehouse", "published"}
    tables = {one["table"] for one in exported["records"]}
    assert {"marts.fct_referrals", "marts.dim_subjects", "staging.stg_outcomes", "matching.scored_referrals",
            "casework.open_cases"} <= tables  # fmt: skip
    (release,) = [one["refresh_id"] for one in exported["publications"]]
    assert (home.published / "current").resolve().name == release
    secret = resources.subject_secret(home)
    keys = {
        hmac.new(secret, f"{kind}|kent|{person.lower()}".encode(), hashlib.sha256).hexdigest()[:32]
        for kind, person in (("subject", small_home.PERSON), ("child", "CH900001"))
    }
    for one in exported["records"]:
        text = json.dumps(one["values"])
        assert "S0000" not in text and "Person Number" not in text
        if one["values"]:
            assert any(word in text for word in (*small_home.CANARIES, *keys)), one["table"]


def test_what_concerns_others_is_marked(exported: dict) -> None:
    for table, columns in (("referrals", {"referrer_name", "lado"}), ("children", {"child_id", "age_at_incident"}),
                           ("quarantine", {"raw_text"}), ("subjects", set())):  # fmt: skip
        told = [
            set(r["third_parties"]) for r in exported["records"] if (r["store"], r["table"]) == ("raw", table)
        ]
        assert told and all(marked == columns for marked in told), table


def test_somebody_unknown_is_not_found(home: Home, tmp_path: Path) -> None:
    for kind, person in (("subject", "S777777"), ("child", small_home.PERSON)):
        with pytest.raises(NotReady, match="nothing in this home"):
            access.export(home, "kent", kind, person, tmp_path / "none")


# --- Hold and erasure -----------------------------------------------------------------------------------------------

TODAY = dt.date(2026, 11, 25)


def places_of(home: Home, words: tuple[str, ...]) -> set[str]:
    """Where in the home one of the words stands: in the bytes of a file, or in a table behind its compression."""
    pattern = "|".join(re.escape(word.lower()) for word in words)
    found = set()
    for path in everything(home):
        if not path.is_file():
            continue
        name = path.relative_to(home.root).as_posix()
        content = path.read_bytes().lower()
        found |= {name for word in words if word.lower().encode() in content}
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as con:
                tables = con.execute(
                    "select schema_name || '.' || table_name from duckdb_tables()"
                ).fetchall()
                found |= {f"{name} {table}" for (table,) in tables if holds(con, table, pattern)}
        elif path.suffix == ".parquet" and holds(duckdb, f"read_parquet('{path}')", pattern):
            found.add(name)
    return found


def holds(con: Any, table: str, pattern: str) -> bool:
    asked = f"select bool_or(regexp_matches(lower(columns(*)::varchar), '{pattern}')) from {table}"
    return any(con.sql(asked).fetchall()[0])


@pytest.fixture(scope="module")
def person_key(home: Home) -> str:
    return ingest.person_key(resources.subject_secret(home), "subject", "kent", small_home.PERSON)


@pytest.fixture(scope="module")
def before(home: Home, exported: dict, person_key: str) -> set[str]:
    """Where the person stands before anything is erased."""
    return places_of(home, (*small_home.CANARIES, person_key))


def test_a_hold_forbids_the_erasure(home: Home, before: set[str], person_key: str) -> None:
    assert "landing/kent/2020-03-30/staff.csv" in before
    for table in ("raw.subjects", "raw.quarantine", "marts.fct_referrals", "matching.int_matching_referrals"):
        assert f"warehouse.duckdb {table}" in before
    assert any(place.startswith("published/") for place in before)
    assert holding.put(home, "kent", "subject", small_home.PERSON, "inquiry", TODAY) == "held"
    with pytest.raises(erasure.OnHold, match="inquiry"):
        erasure.erase(home, "kent", "subject", small_home.PERSON.lower(), TODAY)
    assert holding.lift(home, "kent", "subject", small_home.PERSON) == "lifted"
    # Their rows are a child's rows, too.
    held = ("--authority", "kent", "--kind", "child", "--person", "CH900001", "--json")
    assert lado(home, "subject", "hold", *held, "--ground", "court") == {"outcome": "held"}
    with pytest.raises(erasure.OnHold, match="court"):
        erasure.erase(home, "kent", "subject", small_home.PERSON, TODAY)
    assert lado(home, "subject", "hold", *held, "--lift") == {"outcome": "lifted"}
    assert places_of(home, (*small_home.CANARIES, person_key)) == before


def test_the_review_of_retention_lists_who_is_due_and_who_is_on_hold(home: Home) -> None:
    """Everybody's matter is unsubstantiated, so it is due at the hundredth birthday, which small_home.py writes."""
    holding.put(home, "kent", "subject", "S000003", "claim", TODAY)
    told = retention.review(home, dt.date(2070, 2, 14))
    due = sorted(f"R{n:05}" for n in range(1, 41) if n % 27 + 1 <= 14)
    assert sorted(one["record_id"] for one in told["due"]) == due
    assert [one["record_id"] for one in told["due"] if one["is_on_hold"]] == ["R00003"]
    assert (told["later"], told["without_birth"]) == (41 - len(due), 0)
    holding.lift(home, "kent", "subject", "S000003")


LEAVERS = "leavers.txt"  # no feed takes a file of this name, so nobody knows what may be left out of it


@pytest.fixture(scope="module")
def erased(home: Home, before: set[str]) -> erasure.Erasure:
    """An erasure that cannot be completed, because somebody keeps a list of their own."""
    shutil.copyfile(home.warehouse, home.warehouse.with_name("warehouse.duckdb.damaged-20200401T020000Z"))
    (home.landing / "kent" / small_home.NIGHTS[0] / LEAVERS).write_text(
        f"left: {small_home.PERSON.lower()}\n"
    )
    return erasure.erase(home, "kent", "subject", small_home.PERSON, TODAY)


def test_what_is_left_is_named_and_the_next_erasure_is_complete(home: Home, erased: erasure.Erasure) -> None:
    kept = f"landing/kent/{small_home.NIGHTS[0]}/{LEAVERS}"
    assert erased.left == [kept]
    (home.root / kept).unlink()
    again = ("--authority", "kent", "--person", small_home.PERSON, "--yes", "--json")
    told = lado(home, "subject", "erase", *again)
    assert (told["left"], sum(told["removed"].values()), told["changes"].keys() & {"raw.referrals"}) == (
        [],
        0,
        set(),
    )


def test_no_byte_of_the_person_is_left(home: Home, erased: erasure.Erasure, person_key: str) -> None:
    assert places_of(home, (*small_home.CANARIES, person_key)) == set()


def test_the_change_in_counts_is_explained(home: Home, erased: erasure.Erasure) -> None:
    planted = Counter(f"raw.{feed}" for feed, *_ in small_home.PLANTED)
    told = {name: count for name, count in erased.removed.items() if name.startswith("raw.")}
    assert told == planted
    for name, count in planted.items():
        assert erased.before[name] - erased.after[name] == count, name
    marts = {"fct_referrals": 2, "fct_allegations": 2, "fct_outcomes": 1, "fct_contacts": 1, "dim_subjects": 1,
             "fct_children": 1, "fct_meetings": 1}  # fmt: skip
    for name, count in marts.items():
        assert erased.changes()[f"marts.{name}"]["before"] - erased.after[f"marts.{name}"] == count, name


def accounts(home: Home) -> list[tuple]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return con.execute(
            "select feed, extract_on::varchar, rows_read, rows_loaded, rows_quarantined, rows_deduplicated, "
            "rows_erased from raw.load_log where outcome like 'accepted%' order by all"
        ).fetchall()


def test_every_row_read_is_explained_still(home: Home, erased: erasure.Erasure) -> None:
    planted = Counter((feed, day) for feed, _, day, _ in small_home.PLANTED)
    planted["subjects", small_home.NIGHTS[0]] += planted.pop(("quarantine", small_home.NIGHTS[0]))
    told = {}
    for feed, day, read, loaded, quarantined, deduplicated, left_out in accounts(home):
        assert read == loaded + quarantined + deduplicated + left_out
        if left_out:
            told[feed, day] = left_out
    assert told == planted


def test_the_extracts_keep_every_other_line_where_it_was(home: Home, erased: erasure.Erasure) -> None:
    for number, day in enumerate(small_home.NIGHTS):
        for name, lines in small_home.night(number).items():
            kept = (home.landing / "kent" / day / name).read_text(encoding="utf-8").split("\n")
            gone = [any(word in line for word in (small_home.PERSON, *small_home.RECORDS)) for line in lines]
            expected = ["" if is_gone else line.replace(small_home.NAME, "[erased]")
                        for line, is_gone in zip(lines, gone, strict=True)]  # fmt: skip
            assert kept == [*expected, ""], name


def keys_by_referral(home: Home) -> dict[str, str]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return dict(con.execute("select referral_id, subject_key from marts.fct_referrals").fetchall())


def test_a_new_key_and_a_night_that_still_holds_the_person_change_neither_counts_nor_joins(
    home: Home, erased: erasure.Erasure, tmp_path: Path
) -> None:
    old = keys_by_referral(home)
    new_key = tmp_path / "new.key"
    new_key.touch(mode=0o600)
    new_key.write_text(secrets.token_hex(32), encoding="utf-8")
    subject_key.rekey(home, new_key)
    shutil.copyfile(new_key, home.demo_key)
    small_home.write_night(home, 2, "2020-04-01")
    outcome = refresh(home, settle_seconds=0)
    assert outcome.outcome == "published", outcome.message
    assert places_of(home, small_home.CANARIES) == set()
    referrals = ("referrals", "2020-04-01", 42, 40, 0, 0, 2)
    assert [row for row in accounts(home) if row[1] == "2020-04-01"] == [referrals]
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        for name, count in erased.after.items():
            if name.startswith("marts.fct_") and name not in (
                "marts.fct_measures",
                "marts.fct_caseload_weekly",
            ):
                assert con.execute(f"select count(*) from {name}").fetchall() == [(count,)], name
    new = keys_by_referral(home)
    assert new.keys() == old.keys() and len(set(new.values())) == len(set(old.values())) == 40
    assert set(new.values()).isdisjoint(old.values())


def test_everything_is_in_the_audit_log_and_nobody(home: Home, erased: erasure.Erasure) -> None:
    told = [(entry["action"], entry["outcome"]) for entry in audit_log.entries(home)]
    for entry in (("key", "first_used"), ("subject_export", "written"), ("subject_hold", "set"),
                  ("subject_erasure", "refused_by_hold"), ("subject_hold", "lifted"), ("subject_erasure", "begun"),
                  ("subject_erasure", "incomplete"), ("subject_erasure", "erased"), ("retention_review", "listed"),
                  ("key", "rotated"), ("refresh", "published"), ("publication", "published")):  # fmt: skip
        assert entry in told, entry
    references = {
        entry["person"] for entry in audit_log.entries(home) if entry["action"] == "subject_erasure"
    }
    assert references == {erased.reference}
    assert audit_log.verify(home).problems == []
