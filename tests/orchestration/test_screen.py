"""What the command prints can be read to its end, however narrow the screen."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from orchestration import screen

LONG = "LCS_ALLEG_ALLEGATION_AND_OUTCOME_OF_THE_WHOLE_COUNTY_20200331.csv"


def printed(width: int, files: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(screen, "WIDE", width)
    shown = screen.console()
    assert isinstance(shown, Console)
    shown.file = io.StringIO()
    screen.print_files(shown, "files", files)
    return shown.file.getvalue().splitlines()


def a_file(name: str | None, outcome: str, **more: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("rows_read", "rows_loaded", "rows_quarantined", "rows_deduplicated"), 12345)
    return {"authority": "buckinghamshire", "extract_on": "2020-03-31", "file_name": name, "feed": "allegations",
            "outcome": outcome, "message": None, **counts, **more}  # fmt: skip


def column(lines: list[str], heading: str, following: str | None) -> str:
    """All that stands in one column, put together again."""
    (head,) = [line for line in lines if "file (feed)" in line]
    start = head.index(heading)
    end = head.index(following) - 1 if following else None
    return "".join(line[start:end].strip() for line in lines if line[:1] == " ")


@pytest.mark.parametrize("width", [80, 150])
def test_a_table_of_files_cuts_nothing_off(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = ("accepted", "accepted_with_quarantine", "already_loaded")
    lines = printed(width, [a_file(LONG, outcome) for outcome in outcomes], monkeypatch)
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    names = column(lines, "file (feed)", " read")
    assert names.replace(" ", "").count(f"{LONG}(allegations)") == 3
    assert "buckinghamshire 2020-03-31" in names
    told = column(lines, "outcome", None).replace(" ", "")
    assert told == "outcome" + "─" * told.count("─") + "acceptedacceptedwithquarantinealreadyloaded"


def test_names_and_messages_are_told_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """In brackets they look like a style of rich's, between colons like one of its pictures."""
    files = [
        a_file("contacts[bold].csv", "refused", message="a heading [/red] is unknown :warning:"),
        a_file(None, "refused", feed=None, authority="knet", message="no profile"),
        a_file("31-03-2020", "refused", feed=None, extract_on=None, message="no day"),
    ]
    lines = printed(150, files, monkeypatch)
    assert any("contacts[bold].csv (allegations)" in line for line in lines)
    place = "buckinghamshire/2020-03-31/contacts[bold].csv (allegations)"
    assert lines[-3:] == [
        f"  {place}: a heading [/red] is unknown :warning:",
        "  knet/2020-03-31: no profile",
        "  buckinghamshire/31-03-2020: no day",
    ]
    assert "None" not in "".join(lines)


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({"failing_count": 3}, "  warns  a removal has a DBS referral: 3 failing"),
        ({"failing_count": 3, "checked_count": 8}, "  warns  a removal has a DBS referral: 3 failing of 8"),
        (
            {"failing_count": None, "severity": "error"},
            "  STOPS  a removal has a DBS referral: could not run",
        ),
        (
            {"failing_count": 1, "gate": "arrival"},
            "  warns  kent/2020-03-31: a removal has a DBS referral: 1 failing",
        ),
    ],
)
def test_a_check_that_fails(check: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen.console()
    shown.file = io.StringIO()
    usual = {"severity": "warning", "gate": "publication", "scope": "kent/2020-03-31"}
    screen.print_failed(shown, "a_removal_has_a_dbs_referral", usual | check)
    assert shown.file.getvalue() == told + "\n"
