"""What is published equals its receipt, is kept, taken back and turned to in one step; its measures are remembered."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import pytest
import stand_in
from stand_in import change, publish, refresh, refused, snapshot

from publish import files, releases, tables

# --- Keeping, verifying, going back ------------------------------------------------------------------------------


def test_a_leftover_of_a_killed_refresh_is_removed(warehouse, home):
    leftover = home / "published" / ".building-r0" / "marts"
    leftover.mkdir(parents=True)
    (leftover / "half.parquet").write_bytes(b"PAR1")
    publish(warehouse, home, "r1")
    assert sorted(f.name for f in (home / "published").iterdir()) == ["current", "r1"]


def test_the_number_kept_is_kept(warehouse, home):
    for n in range(1, 5):
        refresh(warehouse, f"r{n}")
        publish(warehouse, home, f"r{n}", minute=n, keep=3)
    assert sorted(f.name for f in (home / "published").iterdir()) == ["current", "r2", "r3", "r4"]
    assert files.published_state(home)["kept"] == ["r4", "r3", "r2"]


def test_rollback_puts_the_earlier_files_back_byte_for_byte(warehouse, home):
    publish(warehouse, home, "r1")
    first = snapshot(home / "published" / "current")
    refresh(warehouse, "r2", value=1.0)
    publish(warehouse, home, "r2", minute=1)
    refresh(warehouse, "r3", value=2.0)
    publish(warehouse, home, "r3", minute=2)
    assert files.rollback(home)["refresh_id"] == "r2"
    assert files.rollback(home)["refresh_id"] == "r1"
    assert snapshot(home / "published" / "current") == first
    assert files.verify(home) == []
    with pytest.raises(releases.NoSuchRelease, match="no earlier"):
        files.rollback(home)
    assert files.rollback(home, to="r3")["refresh_id"] == "r3"
    assert releases.current_refresh(home) == "r3"


def test_rollback_names_what_is_kept(warehouse, home):
    publish(warehouse, home, "r1")
    with pytest.raises(releases.NoSuchRelease, match="kept are: r1"):
        files.rollback(home, to="r9")
    with pytest.raises(releases.NoSuchRelease):
        files.rollback(home, to="../r1")


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "add"])
def test_damage_is_found_and_never_rolled_back_to(warehouse, home, damage):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    publish(warehouse, home, "r2", minute=1)
    victim = home / "published" / "r1" / "reports" / "rpt_demand.parquet"
    content = bytearray(victim.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    elif damage == "truncate":
        victim.write_bytes(content[:-1])
    elif damage == "remove":
        victim.unlink()
    else:
        (victim.parent / "rpt_extra.parquet").write_bytes(content)
    with pytest.raises(releases.DamagedRelease, match=r"reports/rpt_"):
        files.rollback(home)
    assert releases.current_refresh(home) == "r2"
    assert files.verify(home) == []


def test_verify_names_each_file_that_differs(warehouse, home):
    assert files.verify(home) == ["nothing is published"]
    publish(warehouse, home, "r1")
    assert files.verify(home) == []
    marts = home / "published" / "current" / "marts"
    (marts / "fct_measures.parquet").unlink()
    with (marts / "lado_marts.duckdb").open("ab") as file:
        file.write(b"x")
    assert files.verify(home) == [
        "marts/fct_measures.parquet is missing",
        "marts/lado_marts.duckdb was changed after publication",
    ]
    (marts.parent / "receipt.json").write_text("{", encoding="utf-8")
    assert files.verify(home) == ["receipt.json is missing or cannot be read"]
    assert files.published_state(home) is None


def test_publishing_the_same_refresh_again_changes_nothing(warehouse, home):
    first = publish(warehouse, home, "r1")
    before = snapshot(home / "published" / "current")
    assert publish(warehouse, home, "r1", minute=5) == first
    assert snapshot(home / "published" / "current") == before
    assert sorted(f.name for f in (home / "published").iterdir()) == ["current", "r1"]


def test_publishing_the_same_refresh_repairs_a_damaged_release(warehouse, home):
    publish(warehouse, home, "r1")
    (home / "published" / "current" / "reports" / "rpt_demand.parquet").write_bytes(b"")
    publish(warehouse, home, "r1", minute=5)
    assert files.verify(home) == []
    assert sorted(f.name for f in (home / "published").iterdir()) == ["current", "r1"]


def test_a_refresh_id_means_one_content(warehouse, home):
    publish(warehouse, home, "r1")
    change(warehouse, "update reports.rpt_demand set contact_count = 9")
    refused(warehouse, home, "r1", releases.AlreadyReleased, "other contents")


def test_state_of_what_is_published(warehouse, home):
    assert files.published_state(home) is None
    publish(warehouse, home, "r1")
    assert files.published_state(home) == {
        "refresh_id": "r1",
        "published_at": "2020-06-01T02:15:00Z",
        "as_at": {"kent": "2020-05-31"},
        "inputs": "inputs of r1",
        "tables": {"reports": 2, "marts": 3, "casework": 1},
        "kept": ["r1"],
    }


def test_the_home_may_be_moved(warehouse, home):
    publish(warehouse, home, "r1")
    moved = home.rename(home.with_name("elsewhere"))
    assert files.verify(moved) == []


# --- The turn of `current` ----------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="stands in for the junction with a symbolic link")
def test_the_turn_by_two_renames_can_stop_anywhere(warehouse, home):
    """The Windows way: whatever moment it stops at, `current` is one complete release or, once, not there."""
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    publish(warehouse, home, "r2", minute=1)
    published = home / "published"

    def link(at: Path, name: Path) -> None:
        name.symlink_to(at, target_is_directory=True)

    releases.turn_by_two_renames(published, "r1", link)
    assert releases.current_refresh(home) == "r1"

    link(published / "r2", published / "current.next")  # stopped before the old link went
    releases.finish_interrupted_turn(home)
    assert releases.current_refresh(home) == "r1"
    assert not os.path.lexists(published / "current.next")

    link(published / "r2", published / "current.next")  # stopped between the two renames
    (published / "current").unlink()
    releases.finish_interrupted_turn(home)
    assert releases.current_refresh(home) == "r2"
    assert files.verify(home) == []


def test_a_plain_folder_called_current_is_never_removed(warehouse, home):
    kept = home / "published" / "current" / "mine.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine", encoding="utf-8")
    with pytest.raises(OSError):
        publish(warehouse, home, "r1")
    assert kept.read_text(encoding="utf-8") == "mine"


# --- The measures of the last publication ------------------------------------------------------------------------


def remembered(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    return con.execute(
        "select measure, period_start, value, refresh_id from quality.previous_measures"
    ).fetchall()


def test_previous_measures_are_those_that_are_published(warehouse, home):
    with duckdb.connect(str(warehouse)) as con:
        files.prepare(con)
        files.prepare(con)
        assert files.remember_publication(con, home) is None
        assert remembered(con) == []
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2", value=70.0)
    day = dt.date(2019, 4, 1)
    with duckdb.connect(str(warehouse)) as con:
        assert files.remember_publication(con, home) == "r1"
        assert remembered(con) == [("requested_referrals_received", day, 66.0, "r1")]
    publish(warehouse, home, "r2", minute=1)
    with duckdb.connect(str(warehouse)) as con:
        files.remember_publication(con, home)
        assert remembered(con) == [("requested_referrals_received", day, 70.0, "r2")]
        files.rollback(home)
        files.remember_publication(con, home)
        assert remembered(con) == [("requested_referrals_received", day, 66.0, "r1")]


def test_a_damaged_release_leaves_what_is_remembered(warehouse, home):
    publish(warehouse, home, "r1")
    with duckdb.connect(str(warehouse)) as con:
        files.remember_publication(con, home)
    refresh(warehouse, "r2", value=70.0)
    publish(warehouse, home, "r2", minute=1)
    (home / "published" / "current" / "marts" / "lado_marts.duckdb").write_bytes(b"not a database")
    with duckdb.connect(str(warehouse)) as con:
        assert files.remember_publication(con, home) == "r1"
        assert remembered(con)[0][2] == 66.0


def test_nothing_is_left_open_after_a_refusal(warehouse, home):
    """The connection can be used, and the next publication works, after one that failed half-way."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update casework.open_cases set refresh_id = 'r0'")
        with pytest.raises(tables.NotPublishable):
            files.publish_files(con, home, "r1", "i", stand_in.PUBLISHED_AT, stand_in.manifest_of(warehouse))
        con.execute("update casework.open_cases set refresh_id = 'r1'")
        files.publish_files(con, home, "r1", "i", stand_in.PUBLISHED_AT, stand_in.manifest_of(warehouse))
    assert files.verify(home) == []
