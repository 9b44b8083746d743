"""Where in a home something of a person still stands: the last step of an erasure, which trusts no step before it.

Belongs here: looking through every file, and through the tables of DuckDB and Parquet files behind their compression.
Does not belong here: taking anything out (erasure.py, ingest).

Looked for are names of several words, person keys, and numbers that stand alone (with no letter or digit beside
them). A number in another spelling, and a name that is spelt otherwise, are not found.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from ingest import shown_name
from orchestration.resources import Home

SHORTEST = 4  # characters; a shorter number stands in every file by chance
_TABLES = (".duckdb", ".parquet")


def pattern(words: Iterable[str], names: str | None) -> str | None:
    """A regular expression (of Python and of DuckDB) for words that stand alone, or for the pattern of names."""
    alone = sorted(re.escape(word) for word in words if len(word) >= SHORTEST)
    parts = [f"(?:^|[^0-9A-Za-z])(?:{'|'.join(alone)})(?:$|[^0-9A-Za-z])"] if alone else []
    parts += [names.removeprefix("(?i)")] if names else []
    return f"(?i){'|'.join(parts)}" if parts else None


def find(home: Home, wanted: str) -> list[str]:
    """Files, and tables of files, in which the pattern is found or which cannot be searched; never a value."""
    found = []
    for path in sorted(home.root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            name = shown_name(path.relative_to(home.root).as_posix())
            found += [f"{name}{rest}" for rest in _in_file(path, wanted, path.is_relative_to(home.landing))]
    return found


def _in_file(path: Path, wanted: str, is_delivered: bool) -> Iterator[str]:
    if path.suffix in _TABLES and not is_delivered:
        yield from _in_tables(path, wanted)
        return
    data = path.read_bytes()
    looked = re.compile(wanted, re.MULTILINE)
    if data.startswith(b"PK"):
        try:
            package = zipfile.ZipFile(io.BytesIO(data))
            parts = [package.read(name) for name in package.namelist()]
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
            yield ": cannot be unpacked, so it was not searched"
            return
    elif is_delivered and _is_no_text(data):
        yield ": no text and no workbook, so it was not searched"
        return
    else:
        parts = [data]
    if any(looked.search(text) for part in parts for text in _texts(part)):
        yield ""


def _is_no_text(data: bytes) -> bool:
    return any(byte < 9 or 13 < byte < 28 for byte in data[:4096].replace(b"\0", b""))


def _texts(data: bytes) -> Iterator[str]:
    """The bytes as every encoding that an extract may be in reads them."""
    yield data.decode("utf-8", "replace")
    if not data.isascii():
        yield data.decode("cp1252", "replace")
    if b"\0" in data:
        for encoding in ("utf-16-le", "utf-16-be"):
            for shift in (0, 1):
                yield data[shift:].decode(encoding, "replace")


def _in_tables(path: Path, wanted: str) -> Iterator[str]:
    try:
        if path.suffix == ".parquet":
            with duckdb.connect() as con:
                if _has(con, "read_parquet($path)", wanted, {"path": str(path)}):
                    yield ""
            return
        with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as con:
            for schema, table in con.execute(
                "select schema_name, table_name from duckdb_tables() where not internal order by all"
            ).fetchall():
                if _has(con, f'"{schema}"."{table}"', wanted, {}):
                    yield f" ({schema}.{table})"
    except duckdb.Error:
        yield ": cannot be opened, so it was not searched"


def _has(con: duckdb.DuckDBPyConnection, table: str, wanted: str, values: dict[str, str]) -> bool:
    told = con.execute(
        f"select bool_or(regexp_matches(columns(*)::varchar, $wanted)) from {table}",
        {**values, "wanted": wanted},
    ).fetchall()
    return any(told[0])
