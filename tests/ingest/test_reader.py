"""Files are split into cells by a process of its own: what ends it refuses one file and nothing else."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import arrivals
import pytest
from arrivals import CONTACT_HEADING, Door, contact_lines, contacts_csv, counts

from ingest.read import Unreadable
from ingest.reader import Reader

HOW = ("csv", "utf-8", ",", '"')
SMALL = contacts_csv(contact_lines(3)).encode()
LARGE = contacts_csv(contact_lines(60_000)).encode()
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits for one process")


@pytest.fixture
def reader():
    with Reader() as one:
        yield one


@posix
def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_is_read():
    with Reader(memory_bytes=60_000_000) as reader:
        with pytest.raises(Unreadable, match="bomb: reading it takes more memory than 60 MB"):
            reader.table(LARGE, HOW)
        assert len(reader.table(SMALL, HOW).rows) == 3
    with Reader() as reader:
        assert len(reader.table(LARGE, HOW).rows) == 60_000


@posix
def test_a_file_that_takes_too_long_is_refused_and_the_next_is_read():
    with Reader(seconds=1) as reader:
        # 30 MB of quoted cells take several seconds of any processor.
        slow = (CONTACT_HEADING + "\n" + '"",' * 5 + '""\n' + ('"a",' * 5 + '"b"\n') * 1_300_000).encode()
        with pytest.raises(Unreadable, match="bomb: the file was not read in 1 seconds"):
            reader.table(slow, HOW)
        assert len(reader.table(SMALL, HOW).rows) == 3


@posix
def test_a_crash_refuses_its_file_and_no_other(door: Door, reader: Reader, monkeypatch):
    monkeypatch.setattr(arrivals, "READER", reader)
    asked = reader.table

    def crash_at_the_second(data: bytes, how):
        if b"C000902" in data:
            os.kill(reader._process.pid, signal.SIGSEGV)
        return asked(data, how)

    monkeypatch.setattr(reader, "table", crash_at_the_second)
    for name, first in (("contacts_a.csv", 800), ("contacts_b.csv", 900), ("contacts_c.csv", 1000)):
        door.put(name, contacts_csv(contact_lines(5, first)))
    told: list[str] = []
    faults = "select read_error || ': ' || detail from arriving.files where read_error is not null"
    rows = door.night(look=lambda: told.extend(door.values(faults)))
    assert [counts(row) for row in rows] == [
        ("accepted", 5, 5, 0, 0), ("refused", 0, 0, 0, 0), ("accepted", 5, 5, 0, 0)
    ]  # fmt: skip
    assert told == ["reader_failed: the file stopped the process that reads it (code -11)"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at the process through /proc")
def test_the_process_is_given_no_secret_and_may_write_nothing(reader: Reader, monkeypatch):
    monkeypatch.setenv("LADO_SUBJECT_KEY", "a secret that no parser needs to see")
    reader.table(SMALL, HOW)
    process = Path(f"/proc/{reader._process.pid}")
    assert process.joinpath("environ").read_bytes() == b""
    limits = {
        line[:25].strip(): line[25:].split() for line in process.joinpath("limits").read_text().splitlines()
    }
    assert limits["Max file size"][:2] == ["0", "0"]
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert limits["Max address space"][:2] == ["700000000", "700000000"]
    assert {path.readlink().as_posix().split(":")[0] for path in (process / "fd").iterdir()} <= {
        "pipe",
        "/dev/null",
    }


def test_the_process_ends_with_its_reader(reader: Reader):
    reader.table(SMALL, HOW)
    process = reader._process
    reader.close()
    assert process.poll() is not None


def test_a_file_above_the_limit_is_not_read_at_all(door: Door, monkeypatch):
    monkeypatch.setattr("ingest.extract.MAX_FILE_BYTES", 1_000)
    told: list[str] = []
    door.put("contacts_large.csv", contacts_csv(contact_lines(50)))
    door.put("contacts_small.csv", contacts_csv(contact_lines(5, 100)))
    rows = door.night(
        look=lambda: told.extend(door.values("select read_error from arriving.files order by 1"))
    )
    assert [row["outcome"] for row in rows] == ["refused", "accepted"]
    assert told == ["too_large", None]
