"""A change anywhere in the audit log is found and its line named."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from test_whole_flow import lado

from orchestration import audit_log
from orchestration.resources import Home

Lines = list[str]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a warehouse and a log of five entries, whose head the warehouse knows."""
    home = Home(tmp_path)
    with duckdb.connect(str(home.warehouse)) as con:
        for number in range(1, 6):
            audit_log.append(home, "export", "written", con, counts={"records": number})
    return home


def lines_of(home: Home) -> Lines:
    return audit_log.path_of(home).read_text(encoding="utf-8").splitlines()


def rewrite(home: Home, lines: Lines) -> None:
    audit_log.path_of(home).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def chained(lines: Lines) -> Lines:
    """The same entries with every hash made anew: what somebody does who knows how the log is made."""
    previous, made = "0" * 64, []
    for line in lines:
        entry = json.loads(line) | {"previous": previous}
        del entry["hash"]
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        previous = hashlib.sha256(text.encode()).hexdigest()
        made.append(json.dumps(entry | {"hash": previous}, sort_keys=True, separators=(",", ":")))
    return made


def test_the_chain_is_what_is_written_down(home: Home) -> None:
    assert chained(lines_of(home)) == lines_of(home)
    first, *_, last = map(json.loads, lines_of(home))
    assert (first["number"], last["number"], last["counts"]) == (1, 5, {"records": 5})
    assert {"at", "actor", "code_version", "action", "outcome", "previous", "hash"} <= first.keys()
    assert stat.S_IMODE(audit_log.path_of(home).stat().st_mode) == 0o600
    assert audit_log.verify(home) == audit_log.Verified(5, last["hash"], [])


CHANGES: dict[str, tuple[Callable[[Lines], Lines], int]] = {
    "edited": (lambda x: [*x[:2], x[2].replace('"records":3', '"records":9'), *x[3:]], 3),
    "edited, its own hash made anew": (
        lambda x: [*x[:2], chained([x[2].replace('"records":3', '"records":9')])[0], *x[3:]],
        3,
    ),
    "spaces put in": (lambda x: [x[0].replace(",", ", ", 1), *x[1:]], 1),
    "a word put twice": (lambda x: [*x[:3], '{"action":"nothing",' + x[3][1:], x[4]], 4),
    "the first removed": (lambda x: x[1:], 1),
    "one removed": (lambda x: [*x[:1], *x[2:]], 2),
    "two exchanged": (lambda x: [x[0], x[2], x[1], *x[3:]], 2),
    "one repeated": (lambda x: [*x[:3], x[2], *x[3:]], 4),
    "no line of a log": (lambda x: [*x[:4], "nothing to see here"], 5),
    "the last cut off": (lambda x: x[:4], 5),
    "all cut off": (lambda x: [], 1),
    "cut off and continued": (lambda x: chained([*x[:4], x[3].replace('"number":4', '"number":5')]), 5),
    "all made anew": (lambda x: chained([x[0].replace('"records":1', '"records":7'), *x[1:]]), 5),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_found_and_its_line_named(home: Home, kind: str) -> None:
    change, line = CHANGES[kind]
    rewrite(home, change(lines_of(home)))
    assert [number for number, _ in audit_log.verify(home).problems][:1] == [line]


def test_the_command_says_so(home: Home) -> None:
    def verify(*words: str) -> subprocess.CompletedProcess[str]:
        return lado(home, "audit-log", "verify", *words)

    assert verify().returncode == 0
    rewrite(home, lines_of(home)[:4])
    found = verify("--json")
    assert found.returncode == 1
    assert [one["line"] for one in json.loads(found.stdout)["problems"]] == [5]


def test_a_line_half_written_by_a_kill_is_told_of_and_the_log_goes_on(home: Home) -> None:
    with audit_log.path_of(home).open("a", encoding="utf-8") as file:
        file.write('{"action":"ref')
    assert audit_log.verify(home).problems == [(6, "is no entry: it was edited or cut short")]
    entry = audit_log.append(home, "export", "written")
    assert (entry["number"], entry["after_torn_line"]) == (6, True)
    assert audit_log.verify(home).problems == []


def test_a_spoilt_last_line_stays_visible_behind_later_entries(home: Home) -> None:
    rewrite(home, [*lines_of(home)[:4], "gone"])
    audit_log.append(home, "export", "written")
    assert [number for number, _ in audit_log.verify(home).problems][:1] == [5]


def test_an_interrupted_refresh_is_entered_by_the_next(home: Home) -> None:
    rows = [("one", "interrupted"), ("two", "held"), ("three", "running")]
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            "create schema raw; create table raw.load_log (refresh_id varchar, outcome varchar, content_hash varchar, "
            "rows_read bigint, rows_loaded bigint, rows_quarantined bigint, rows_deduplicated bigint, "
            "rows_erased bigint); "
            "insert into raw.load_log values "
            "('two', 'accepted', 'aa', 6, 3, 1, 1, 1), ('two', 'refused', 'bb', 0, 0, 0, 0, 0)"
        )
        con.execute(
            "create table quality.refreshes (refresh_id varchar, outcome varchar, message varchar, inputs varchar, "
            "code_version varchar, started_at timestamp)"
        )
        for number, (refresh_id, outcome) in enumerate(rows):
            con.execute(
                "insert into quality.refreshes values (?, ?, 'words', 'cc', '1', make_timestamp(2020, 1, 1, ?, 0, 0))",
                [refresh_id, outcome, number],
            )
        audit_log.record_refreshes(con, home)
        audit_log.record_refreshes(con, home)
    told = [entry for entry in audit_log.entries(home) if entry["action"] == "refresh"]
    assert [(entry["refresh_id"], entry["outcome"]) for entry in told] == rows[:2]
    assert told[1]["counts"] == {
        "rows_read": 6,
        "rows_loaded": 3,
        "rows_quarantined": 1,
        "rows_deduplicated": 1,
        "rows_erased": 1,
    }
    assert (told[1]["files"], told[1]["extracts"]) == ({"accepted": 1, "refused": 1}, ["aa", "bb"])
    assert audit_log.verify(home).problems == []
