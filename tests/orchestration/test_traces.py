"""What is left of a person is found in every form that a file may have, and nobody else is taken for them."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import duckdb
import pytest

import ingest
from ingest.erased import name_identity
from orchestration import traces
from orchestration.resources import Home

WANTED = traces.pattern({"S900001", "1"}, ingest.pattern_of_names([name_identity("Zoë Quillfeather")]))
SAID = "rang S900001 back"


def packed(text: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("sheet.xml", text)
    return whole.getvalue()


FORMS = {
    "plain": SAID.encode(),
    "at the ends": b"S900001",
    "small letters": SAID.lower().encode(),
    "a key": b"kent:liberi:S900001",
    "a name the other way round": "QUILLFEATHER, Zoë".encode(),
    "a name in windows letters": "Zoë Quillfeather".encode("cp1252"),
    "two bytes a letter": SAID.encode("utf-16"),
    "two bytes a letter, high first": SAID.encode("utf-16-be"),
    "packed": packed(SAID),
    "packed and cut short": packed(SAID)[:-9],
    "no text": b"\x1f\x8b\x08\x00\x01\x02",
}
OTHERS = {"longer": b"S9000011", "within": b"XS900001X", "another": "Zoë Quill feather".encode(), "short": b"1 1 1",
          "packed": packed("S900002"), "wide": "S900002".encode("utf-16")}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.landing.mkdir()
    return home


@pytest.mark.parametrize("form", FORMS)
def test_a_person_is_found_in_a_file(form: str, home: Home) -> None:
    (home.landing / "kept").write_bytes(FORMS[form])
    (found,) = traces.find(home, WANTED)
    assert found.startswith("landing/kept")
    assert "900001" not in found


def test_a_file_whose_name_is_no_text_is_told_as_text(home: Home) -> None:
    try:
        (home.landing / os.fsdecode(b"kept\xff")).write_bytes(SAID.encode())
    except OSError:
        pytest.skip("this file system takes no such names")
    assert traces.find(home, WANTED) == [r"landing/kept\xff"]


@pytest.mark.parametrize("form", OTHERS)
def test_others_are_not_taken_for_them(form: str, home: Home) -> None:
    (home.landing / "kept").write_bytes(OTHERS[form])
    assert traces.find(home, WANTED) == []


def test_a_person_is_found_in_tables_behind_their_compression(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema raw; create table raw.notes as select 1 as n, ? as said", [SAID])
        con.execute("create table raw.others as select 'S900002' as said, null as nothing")
        con.execute(f"copy raw.notes to '{home.root / 'notes.parquet'}'")
        con.execute(f"copy raw.others to '{home.root / 'others.parquet'}'")
    assert traces.find(home, WANTED) == ["notes.parquet", "warehouse.duckdb (raw.notes)"]
    (home.root / "other.duckdb").write_bytes(b"not a database")
    assert traces.find(home, WANTED)[1] == "other.duckdb: cannot be opened, so it was not searched"


def test_a_number_too_short_to_be_told_is_not_looked_for() -> None:
    assert traces.pattern({"1", "12"}, None) is None
