"""The gate: verdicts, failing closed, what is kept in schema quality and on disk, the fingerprint of the marts."""

import json
import re
from datetime import UTC, date, datetime

import duckdb
import pytest

from expectations import gate, levels
from expectations.check import CheckFileError, dbt_tests_of_marts, read_check, read_checks
from expectations.page import write_page

NOW = datetime(2020, 4, 2, 1, 0, tzinfo=UTC)

WARNING = """
gate: publication
severity: warning
entity: referral
since: 2026-11-21
is_finding: true
reason: Closed cases have a `closed_on` & no other date.
checked: select count(*) from marts.fct_referrals
failing: |
  select authority, referral_id as record_id, 'closed_on' as column_name from marts.fct_referrals where is_bad
examples: {passes: {}, fails: {}, failing: ''}
"""
ERROR = """
gate: publication
severity: error
entity: referral
since: 2026-11-21
reason: A referral is there once.
poison: none here
tolerance: 50 %
checked: select count(*) from marts.fct_referrals
failing: select authority, referral_id as record_id from marts.fct_referrals where is_wrong
examples: {passes: {}, fails: {}, failing: ''}
"""


@pytest.fixture
def checks(tmp_path):
    folder = tmp_path / "checks"
    (folder / "publication").mkdir(parents=True)
    (folder / "arrival").mkdir()
    (folder / "publication" / "a_closed_case_is_dated.yml").write_text(WARNING, encoding="utf-8")
    (folder / "publication" / "a_referral_is_there_once.yml").write_text(ERROR, encoding="utf-8")
    return folder


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema marts;
            create schema raw;
            create table raw.load_log (authority varchar, outcome varchar, rows_quarantined bigint, refresh_id varchar);
            create table raw.authorities as select 'kent' as authority, 'County of Kent' as authority_name;
            create table marts.dim_authorities as select 'kent' as authority, date '2020-03-31' as as_at;
            create table marts.fct_referrals (authority varchar, referral_id varchar, is_bad boolean, is_wrong boolean);
            insert into marts.fct_referrals values
                ('kent', 'R1', true, true), ('kent', 'R2', false, true),
                ('kent', 'R3', false, false), ('kent', 'R4', false, false);
            """
        )
        yield connection


def run(con, checks, tmp_path, refresh_id="one", now=NOW):
    return gate.run_gate(con, "publication", "marts", refresh_id, now, tmp_path / "kept", checks_dir=checks)


def findings(con):
    return con.execute(
        "select record_id, column_name, first_seen_on, last_seen_on, is_open from quality.findings order by record_id"
    ).fetchall()


def test_a_tolerated_share_passes_and_one_more_stops(con, checks, tmp_path):
    verdict = run(con, checks, tmp_path)
    counted = {one.check_name: (one.checked_count, one.failing_count, one.passed) for one in verdict.results}
    assert counted == {"a_closed_case_is_dated": (4, 1, False), "a_referral_is_there_once": (4, 2, True)}
    assert verdict.passed and verdict.stopping_checks == ()

    con.execute("update marts.fct_referrals set is_wrong = true where referral_id = 'R3'").fetchall()
    verdict = run(con, checks, tmp_path, "two")
    assert not verdict.passed
    assert verdict.stopping_checks == ("a_referral_is_there_once",)
    assert verdict.messages == ("a_referral_is_there_once: 3 of 4 failed (tolerance 50 %)",)
    kept = con.execute(
        "select refresh_id, gate, passed, stopping_checks, judged_at from quality.verdicts order by 1"
    ).fetchall()
    moment = datetime(2020, 4, 2, 1, 0)
    assert kept == [
        ("one", "publication", True, [], moment),
        ("two", "publication", False, ["a_referral_is_there_once"], moment),
    ]


def test_running_it_again_replaces_what_was_recorded(con, checks, tmp_path):
    run(con, checks, tmp_path)
    run(con, checks, tmp_path)
    assert con.execute("select count(*) from quality.verdicts").fetchall() == [(1,)]
    assert con.execute("select count(*) from quality.check_results").fetchall() == [(2,)]


def test_a_check_that_cannot_run_fails_closed_and_is_named(con, checks, tmp_path):
    path = checks / "publication" / "a_referral_is_there_once.yml"
    path.write_text(ERROR.replace("where is_wrong", "where gone"), encoding="utf-8")
    verdict = run(con, checks, tmp_path)
    assert not verdict.passed
    assert verdict.stopping_checks == ("a_referral_is_there_once",)
    assert verdict.messages[0].startswith("a_referral_is_there_once: its SQL could not run (BinderException")
    # The other check was still counted, and its finding kept.
    assert findings(con) == [("R1", "closed_on", date(2020, 3, 31), date(2020, 3, 31), True)]


def test_an_error_never_quotes_a_cell(con, checks, tmp_path):
    con.execute("insert into marts.fct_referrals values ('kent', 'Jane Canary', false, false)").fetchall()
    path = checks / "publication" / "a_referral_is_there_once.yml"
    path.write_text(ERROR.replace("where is_wrong", "where referral_id::integer = 1"), encoding="utf-8")
    verdict = run(con, checks, tmp_path)
    assert verdict.stopping_checks == ("a_referral_is_there_once",)
    assert verdict.messages == ("a_referral_is_there_once: its SQL could not run (ConversionException)",)


def test_no_checks_at_all_is_not_a_pass(con, tmp_path):
    (tmp_path / "none" / "publication").mkdir(parents=True)
    assert not run(con, tmp_path / "none", tmp_path).passed


def test_findings_keep_their_first_day_close_and_open_again(con, checks, tmp_path):
    run(con, checks, tmp_path)
    con.execute("update marts.dim_authorities set as_at = date '2020-04-01'").fetchall()
    run(con, checks, tmp_path, "two")
    assert findings(con) == [("R1", "closed_on", date(2020, 3, 31), date(2020, 4, 1), True)]

    con.execute("update marts.dim_authorities set as_at = date '2020-04-02'").fetchall()
    con.execute("update marts.fct_referrals set is_bad = (referral_id = 'R4')").fetchall()
    run(con, checks, tmp_path, "three")
    assert findings(con) == [
        ("R1", "closed_on", date(2020, 3, 31), date(2020, 4, 1), False),
        ("R4", "closed_on", date(2020, 4, 2), date(2020, 4, 2), True),
    ]

    # A check that cannot run says nothing about its findings.
    path = checks / "publication" / "a_closed_case_is_dated.yml"
    path.write_text(WARNING.replace("where is_bad", "where gone"), encoding="utf-8")
    run(con, checks, tmp_path, "four")
    assert [row[4] for row in findings(con)] == [False, True]


def test_the_wording_of_an_unmapped_code_stands_in_the_findings_while_they_are_open(con, checks, tmp_path):
    """As in a home of before there were wordings: the table lacks the column, and the finding its wording."""
    run(con, checks, tmp_path)
    con.execute("alter table quality.findings drop column local_wording")
    con.execute("alter table marts.fct_referrals add column wording varchar default 'Jane Canary'")
    path = checks / "publication" / "a_closed_case_is_dated.yml"
    worded = WARNING.replace(
        "'closed_on' as column_name", "'closed_on' as column_name, wording as local_wording"
    )
    path.write_text(worded, encoding="utf-8")
    con.execute("update marts.dim_authorities set as_at = date '2020-04-01'").fetchall()
    run(con, checks, tmp_path, "two")
    told = "select record_id, local_wording, first_seen_on, is_open from quality.findings"
    assert con.execute(told).fetchall() == [("R1", "Jane Canary", date(2020, 3, 31), True)]
    assert findings(con)[0][2:4] == (date(2020, 3, 31), date(2020, 4, 1))

    con.execute("update marts.fct_referrals set wording = 'J. Canary'").fetchall()
    run(con, checks, tmp_path, "three")
    assert con.execute(told).fetchall() == [("R1", "J. Canary", date(2020, 3, 31), True)]

    con.execute("update marts.fct_referrals set is_bad = false").fetchall()
    run(con, checks, tmp_path, "four")
    assert con.execute(told).fetchall() == [("R1", None, date(2020, 3, 31), False)]
    kept = [path.read_text(encoding="utf-8") for path in (tmp_path / "kept").rglob("*.json")]
    assert len(kept) == 8
    assert not any("Canary" in text for text in kept)


def test_only_the_rule_about_wordings_tells_one():
    assert [check.name for check in read_checks() if "local_wording" in check.failing] == [
        "every_wording_is_mapped"
    ]


def test_suite_and_result_are_kept_without_keys_or_values(con, checks, tmp_path):
    run(con, checks, tmp_path)
    kept = tmp_path / "kept" / "one"
    suite = json.loads((kept / "publication_marts.suite.json").read_text(encoding="utf-8"))
    result = json.loads((kept / "publication_marts.result.json").read_text(encoding="utf-8"))
    assert [one["kwargs"]["column"] for one in suite["expectations"]] == [
        "a_closed_case_is_dated",
        "a_referral_is_there_once",
    ]
    assert result["statistics"]["successful_expectations"] == 1
    assert suite["expectations"][0]["meta"]["failing_count"] == 1
    assert not any("R1" in path.read_text(encoding="utf-8") for path in kept.iterdir())


def test_the_fingerprint_sees_every_change_and_nothing_else(con):
    gate.prepare(con)
    before = gate.marts_fingerprint(con)

    def now():
        return con.execute("select fingerprint from quality.marts_fingerprint").fetchall()[0][0]

    assert now() == before
    con.execute(
        "create or replace table marts.fct_referrals as select * from marts.fct_referrals order by referral_id desc"
    )
    assert now() == before, "the order of rows is not a change"

    con.execute("update marts.fct_referrals set is_bad = not is_bad where referral_id = 'R2'").fetchall()
    assert now() != before
    con.execute("update marts.fct_referrals set is_bad = not is_bad where referral_id = 'R2'").fetchall()
    assert now() == before

    con.execute("insert into marts.fct_referrals select * from marts.fct_referrals").fetchall()
    assert now() != before, "every row twice is a change although it cancels out in an exclusive or"
    con.execute("create or replace table marts.fct_referrals as select distinct * from marts.fct_referrals")
    assert now() == before

    con.execute("create table marts.fct_new (a integer)")
    assert now() != before, "a table that was not judged"
    con.execute("drop table marts.fct_new")
    assert now() == before

    con.execute("alter table marts.fct_referrals rename column is_bad to is_good")
    assert now() != before
    con.execute("drop table marts.fct_referrals")
    with pytest.raises(duckdb.CatalogException):
        now()


def test_the_arrival_gate_refuses_a_file_and_only_that_file(tmp_path):
    with duckdb.connect() as con:
        con.execute(
            """
            create schema arriving;
            create table arriving.files (file_key varchar, authority varchar, feed varchar, source_system varchar,
                extract_on date, extract_kind varchar, file_name varchar, content_hash varchar, read_error varchar,
                detail varchar, rows_read bigint, rows_usable bigint, rows_quarantined bigint, rows_deduplicated bigint,
                unusable_percent double, drifted_columns varchar[], swapped_date_columns varchar[], known_keys bigint,
                missing_keys bigint, max_missing_percent double, is_accepted_by_operator boolean,
                is_already_loaded boolean, rows_erased bigint, lost_columns varchar[]);
            insert into arriving.files values
                ('k1', 'kent', 'contacts', 'liberi', date '2020-03-31', 'full', 'contacts.csv', 'aa', null, null,
                    100, 90, 10, 0, 10.0, [], ['received_at'], 100, 0, 10, false, false, 0, []),
                ('k2', 'kent', 'referrals', 'liberi', date '2020-03-31', 'full', 'referrals.csv', 'bb', null, null,
                    400, 400, 0, 0, 0.0, [], [], 1000, 600, 70, false, false, 0, []);
            """
        )
        verdict = gate.run_gate(con, "arrival", "kent/2020-03-31", "one", NOW, tmp_path)
        assert not verdict.passed
        assert verdict.refusals == {
            "k1": (
                "contacts.csv: 10 of 100 rows are unusable, more than 5 %",
                "contacts.csv: day and month look exchanged in received_at",
            )
        }
        assert (tmp_path / "one" / "arrival_kent_2020_03_31.suite.json").exists()
        losses = con.execute("select authority, feed, missing_keys from quality.accepted_losses").fetchall()
        assert losses == [("kent", "referrals", 600)], (
            "the profile's larger share is remembered for the publication gate"
        )

        con.execute("alter table arriving.files drop column swapped_date_columns")
        verdict = gate.run_gate(con, "arrival", "kent/2020-03-31", "two", NOW, tmp_path)
        assert set(verdict.refusals) == {"k1", "k2"}, "a check that cannot look lets nothing in"


def test_the_page_needs_no_network_and_names_no_record(con, checks, tmp_path):
    run(con, checks, tmp_path)
    con.execute("update marts.fct_referrals set is_wrong = true, is_bad = true").fetchall()
    run(con, checks, tmp_path, "two", datetime(2020, 4, 3, 1, 0, tzinfo=UTC))
    con.execute(
        "insert into raw.load_log values ('kent', 'accepted', 3, 'two'), (null, 'ignored', 0, 'two'), "
        "('knet', 'refused', 0, 'two')"
    ).fetchall()
    write_page(con, "two", tmp_path / "docs" / "index.html", checks)
    page = (tmp_path / "docs" / "index.html").read_text(encoding="utf-8")
    assert "http" not in page and "src=" not in page and "@import" not in page
    assert "a <code>closed_on</code> &amp; no other date" in page
    assert "Held." in page and "A referral is there once" in page and "A closed case is dated" in page
    assert "County of Kent 4" in page, "open findings of the authority, as a count"
    assert re.findall(r"<tr><td>(.*?)</td>", page) == ["County of Kent", "knet", "no authority"]
    assert '<td class="number">' not in page, "on a narrow screen a number without its heading says nothing"
    assert "it is to be mended, and stops nothing" in page and "none may fail" in page
    assert "nothing is published" in page and "up to 50 % may fail" in page
    assert not any(f"R{number}" in page for number in range(1, 5))
    assert page.count("<polyline") == 2


def test_the_newest_extract_is_the_last_day_accepted_as_it_was_judged_last(con):
    con.execute(
        """
        create or replace table raw.load_log (authority varchar, feed varchar, source_system varchar, extract_on date,
            file_name varchar, content_hash varchar, outcome varchar, logged_at timestamp, refresh_id varchar);
        create table raw.this_refresh as select date '2020-03-30' as as_at_limit;
        insert into raw.load_log values
            ('kent', 'contacts', 'liberi', date '2020-03-28', 'a.csv', 'old', 'accepted', timestamp '2020-03-28', 'r1'),
            -- Held at first, let in the next day: the last word counts.
            ('kent', 'contacts', 'liberi', date '2020-03-29', 'a.csv', 'new', 'refused', timestamp '2020-03-29', 'r2'),
            ('kent', 'contacts', 'liberi', date '2020-03-29', 'a.csv', 'new', 'accepted', timestamp '2020-03-30', 'r3'),
            ('kent', 'contacts', 'liberi', date '2020-03-29', 'b.csv', 'seen',
                'already_loaded', timestamp '2020-03-30', 'r3'),
            ('kent', 'contacts', 'liberi', date '2020-03-30', 'a.csv', 'bad', 'refused', timestamp '2020-03-30', 'r3'),
            -- After the as-at limit.
            ('kent', 'contacts', 'liberi', date '2020-03-31', 'a.csv', 'late',
                'accepted', timestamp '2020-03-31', 'r4'),
            -- Another system of the same feed has a newest day of its own.
            ('kent', 'contacts', 'log', date '2020-03-01', 'l.csv', 'log', 'accepted', timestamp '2020-03-01', 'r0');
        """
    )
    levels.note_newest_extracts(con)
    found = con.execute("select source_system, content_hash from newest_extracts order by 1, 2").fetchall()
    assert found == [("liberi", "new"), ("liberi", "seen"), ("log", "log")]


@pytest.mark.parametrize(
    ("line", "changed", "complaint"),
    [
        ("severity: warning", "severity: fatal", "severity must be one of"),
        ("since: 2026-11-21", "since: lately", "since must be a date"),
        ("entity: referral", "entity: referral\nowner: nobody", "unknown key owner"),
        ("reason: Closed cases have a `closed_on` & no other date.", "", "missing reason"),
        ("gate: publication", "gate: arrival", "gate must be publication"),
        ("entity: referral", "entity: referral\ntolerance: some", "tolerance must be a count"),
        ("severity: warning", "severity: error", "must say in `poison`"),
        ("entity: referral", "entity: referral\nfor_each: column", "for_each must be"),
    ],
)
def test_a_check_file_that_is_not_understood_is_refused(checks, line, changed, complaint):
    path = checks / "publication" / "a_closed_case_is_dated.yml"
    path.write_text(WARNING.replace(line, changed), encoding="utf-8")
    with pytest.raises(CheckFileError, match=complaint) as refused:
        read_check(path)
    assert "a_closed_case_is_dated.yml" in str(refused.value)


def test_tests_of_a_manifest_are_taken_from_marts_only():
    def node(kind, model, column, parents=(), **options):
        return {
            "test_metadata": {"name": kind, "kwargs": options},
            "attached_node": model,
            "column_name": column,
            "depends_on": {"nodes": [*parents, model]},
        }

    manifest = {
        "nodes": {
            "model.fct": {"schema": "marts", "name": "fct_things"},
            "model.dim": {"schema": "marts", "name": "dim_kinds", "alias": "dim_kinds_2"},
            "model.stg": {"schema": "staging", "name": "stg_things"},
            "test.1": node("unique", "model.fct", "thing_key"),
            "test.2": node(
                "relationships",
                "model.fct",
                "kind_key",
                ["model.dim"],
                arguments={"to": "ref('x')", "field": "kind_key"},
            ),
            "test.3": node("accepted_values", "model.fct", "colour", values=["red", "d'or"]),
            "test.4": node("unique", "model.stg", "thing_key"),
            "test.5": {**node("not_null", "model.fct", "colour"), "config": {"where": "is_old"}},
        }
    }
    assert dbt_tests_of_marts(manifest) == [
        {
            "kind": "accepted_values",
            "table": "marts.fct_things",
            "column": "colour",
            "values": "'red', 'd''or'",
        },
        {
            "kind": "relationships",
            "table": "marts.fct_things",
            "column": "kind_key",
            "to_table": "marts.dim_kinds_2",
            "to_column": "kind_key",
        },
        {"kind": "unique", "table": "marts.fct_things", "column": "thing_key"},
    ]


def test_a_publication_gate_without_dbts_tests_is_not_a_pass(con, checks, tmp_path):
    path = checks / "publication" / "a_referral_is_there_once.yml"
    path.write_text(ERROR.replace("poison:", "for_each: unique\npoison:"), encoding="utf-8")
    verdict = run(con, checks, tmp_path)
    assert verdict.messages == ("a_referral_is_there_once: no unique to look at",)
