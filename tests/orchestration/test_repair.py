"""A damaged warehouse is found, set aside and built anew by the next refresh; whatever else keeps it shut is told."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from faults import homes
from test_whole_flow import lado, published_bytes

from orchestration import repair, resources, stations
from orchestration.refresh import Outcome, refresh
from orchestration.resources import Home
from publish import files

WRITE_AND_DIE = """
import duckdb, os, signal, sys
con = duckdb.connect(sys.argv[1])
con.execute("set checkpoint_threshold = '1GB'")
con.execute("create schema if not exists raw")
con.execute("create table raw.late as select i, 'row ' || i as words from range(20000) as t (i)")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a small warehouse: 60,000 rows in a closed file."""
    home = Home(tmp_path / "home").prepare()
    with resources.warehouse(home) as con:
        con.execute("create schema raw")
        con.execute("create table raw.rows as select i, md5(i::varchar) as words from range(60000) as t (i)")
    return home


def write_ahead_log(home: Home) -> Path:
    return home.warehouse.with_name(f"{home.warehouse.name}.wal")


def set_aside(home: Home) -> list[str]:
    return sorted(
        p.name.split(".damaged-")[0] + p.suffix * (p.suffix == ".wal") for p in home.root.glob("*.damaged-*")
    )


def change(path: Path, at: int, by: Callable[[bytes], bytes], size: int = 4096) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        block = file.read(size)
        file.seek(at)
        file.write(by(block))


def test_a_sound_warehouse_stays(home: Home) -> None:
    before = home.warehouse.read_bytes()
    assert repair.set_aside_if_damaged(home) is None
    assert home.warehouse.read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: change(path, 20, lambda block: bytes([block[0] ^ 4]) + block[1:]),
        lambda path: change(path, path.stat().st_size // 2, lambda block: bytes([block[0] ^ 4]) + block[1:]),
        lambda path: change(path, path.stat().st_size // 2, lambda block: bytes(len(block))),
        lambda path: os.truncate(path, path.stat().st_size // 2),
        lambda path: os.truncate(path, 0),
        lambda path: path.write_bytes(b"case_no,opened\n" * 5000),
    ],
    ids=["bit of the header", "bit of a row", "zeroes", "cut short", "empty", "another file"],
)
def test_damage_is_found_and_the_file_set_aside(home: Home, damage: Callable[[Path], None]) -> None:
    damage(home.warehouse)
    spoilt = home.warehouse.read_bytes()
    told = repair.set_aside_if_damaged(home)
    (aside,) = home.root.glob("*.damaged-*")
    assert f"set aside as {aside.name}" in (told or "")
    assert aside.read_bytes() == spoilt
    assert stat.S_IMODE(aside.stat().st_mode) & 0o077 == 0
    assert not home.warehouse.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a kill without warning is POSIX's")
def test_the_log_of_a_killed_writer_is_kept_and_a_foreign_or_spoilt_one_is_not(
    home: Home, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.duckdb"
    duckdb.connect(str(stranger)).close()
    for path in (home.warehouse, stranger):
        died = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(path)], check=False)
        assert died.returncode == -signal.SIGKILL
    as_killed = {p: p.read_bytes() for p in (home.warehouse, write_ahead_log(home))}
    foreign = stranger.with_name("stranger.duckdb.wal").read_bytes()

    assert repair.set_aside_if_damaged(home) is None  # its own log is replayed
    with resources.warehouse(home) as con:
        assert con.execute("select count(*) from raw.late").fetchall() == [(20000,)]

    whole = as_killed[write_ahead_log(home)]
    spoilt = whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:]
    for log in (foreign, spoilt):
        home.warehouse.write_bytes(as_killed[home.warehouse])
        write_ahead_log(home).write_bytes(log)
        assert "the warehouse was damaged" in (repair.set_aside_if_damaged(home) or "")
        assert not write_ahead_log(home).exists(), "the next warehouse must not find it"
        assert set_aside(home) == ["warehouse.duckdb", "warehouse.duckdb.wal"]  # the latest alone


def test_a_log_without_its_warehouse_is_dropped(home: Home) -> None:
    write_ahead_log(home).write_bytes(b"left over")
    home.warehouse.unlink()
    assert repair.set_aside_if_damaged(home) is None
    assert not write_ahead_log(home).exists()


def test_a_busy_warehouse_is_not_taken_for_a_damaged_one(home: Home) -> None:
    program = (
        "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(home.warehouse)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(duckdb.IOException) as error:
            repair.set_aside_if_damaged(home)
        assert "another program has the warehouse open" in stations.in_plain_words(error.value)
        assert home.warehouse.exists()
        said = lado(home, "status")
        assert said.returncode == 1
        assert "another program has the warehouse open" in said.stderr
    finally:
        holder.kill()
        holder.communicate()


def test_what_the_system_refuses_is_no_damage() -> None:
    for words in stations.REFUSALS:
        assert not repair.is_damage(duckdb.FatalException(f"FATAL Error: Could not write file: {words}"))


@pytest.mark.slow
def test_the_next_refresh_builds_the_warehouse_anew_and_forgets_nothing(
    demo: tuple[Home, Outcome], demo_copy: Callable[[], Home]
) -> None:
    home = demo_copy()
    before = published_bytes(home)
    os.truncate(home.warehouse, home.warehouse.stat().st_size // 2)
    gone = next(path for path in sorted(home.landing.glob("kent/*/*")) if path.name.startswith("contacts"))
    elsewhere = home.root / gone.name
    gone.rename(elsewhere)
    said = lado(home, "status")
    assert (said.returncode, "the warehouse is damaged" in said.stderr) == (1, True)

    poorer = refresh(home, settle_seconds=0)
    assert poorer.outcome == "failed"
    assert f"the publication rests on: kent/{gone.parent.name} contacts" in poorer.message
    assert "set aside" in poorer.message
    assert published_bytes(home) == before

    shutil.move(elsewhere, gone)
    rebuilt = refresh(home, settle_seconds=0)
    assert rebuilt.outcome == "published", rebuilt.message
    assert files.verify(home.root) == []
    # The demo's first publication had none before it, the rebuilt one has.
    first = frozenset({"previous_value"})
    assert homes.tables_published(home, first) == homes.tables_published(demo[0], first)
    with resources.reading(home) as con:
        told = con.execute(
            "select outcome, remark is not null from quality.refreshes order by started_at"
        ).fetchall()
    assert told == [("failed", True), ("published", False)]
