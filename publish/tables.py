"""One audience's tables as Parquet files and one DuckDB file, in a form that every reader can take.

Belongs here: types, comments and content hashes of what is written.
Does not belong here: what a table contains (`dbt_project/`), where the files go (`releases.py`).

The form every reader can take. DuckDB files are written in the storage of version 1.0.0: files in the default
of DuckDB 2.0 cannot be opened by older clients (ODBC drivers, DBeaver). Views leave as tables. Whole numbers
wider than 64 bits leave as BIGINT (Parquet would turn them into floating point), lists as text joined
with `;`, other text-like types as text; a type that not every reader knows is refused.

The content hash of a table says whether two tables hold the same rows, in any order, in either format: SHA-256, in
hex, of the UTF-8 text `<columns>|<rows>|<sum>`, where <columns> are `name TYPE` joined by commas and <sum> is the sum
over all rows of DuckDB's `hash(column, column, ...)`. DuckDB may change that function with a version, so hashes of
two receipts compare when both name the same `duckdb_version`; otherwise take both anew with `content_hash` from
the files. (A row hash by MD5 would not have that limit and cost half of the whole publication's seconds.) It finds
differences; it is no seal against forgery. The SHA-256 of each file, also in the receipt, says whether the very bytes
are those published, and is what `verify` and `rollback` go by.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from publish import releases
from publish.dictionary import Entry

# Changed for as long as a file is written.
SETTINGS = ("disabled_compression_methods", "checkpoint_threshold")
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_AS_IT_IS = re.compile(
    r"BOOLEAN|U?(TINY|SMALL)INT|U?INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL\(.*\)|DATE|TIMESTAMP|VARCHAR"
)
_AS_BIGINT = re.compile(r"U?HUGEINT|UBIGINT")
_AS_TEXT = re.compile(r"ENUM\(.*\)|JSON|UUID", re.DOTALL)


class NotPublishable(Exception):
    """A table cannot leave as it is; the message names table and column, never a value."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]


def write_audience(
    con: duckdb.DuckDBPyConnection,
    audience: str,
    building: Path,
    refresh_id: str,
    entries: Mapping[str, Entry],
) -> dict[str, dict[str, Any]]:
    """Write one audience's DuckDB file and Parquet files; rows and content hash by table.

    entries: what the dictionary says of each table. The DuckDB file carries it as comments; each Parquet file as its
    metadata `description` and `columns` (a JSON object of descriptions by column).
    """
    tables = _tables_of(con, audience)
    if not tables:
        raise NotPublishable(f"the warehouse has no table in schema {audience}; run `lado refresh`")
    folder = building / audience
    releases.make_folder(folder, group_reads=audience in releases.GROUP_READS)
    con.execute(
        f"attach {sql_text(folder / f'lado_{audience}.duckdb')} as leaving (read_write, storage_version 'v1.0.0')"
    )
    # FSST compression makes these files no smaller and costs a fifth of the time to write them.
    con.execute("set disabled_compression_methods = 'fsst'")
    # A commit that brings all into the file at once does not write it into the log first, to be read from there again.
    con.execute("set checkpoint_threshold = '1KB'")
    try:
        con.execute("begin")
        for table in tables:
            wanted = ", ".join(_as_published(table, column) for column in table.columns)
            con.execute(f"create table leaving.{table.name} as select {wanted} from {audience}.{table.name}")
        con.execute(";".join(_comments(tables, entries)))
        con.execute("commit")
        written = _types_written(con)
        facts = {}
        for table in tables:
            columns = written[table.name]
            ((rows, strangers, total),) = con.execute(
                f"select count(*), count(*) filter (where refresh_id is distinct from ?), "
                f"{_row_sum(name for name, _ in columns)} from leaving.{table.name}",
                [refresh_id],
            ).fetchall()
            if strangers:
                raise NotPublishable(
                    f"{audience}.{table.name}: {strangers} of {rows} rows do not carry refresh {refresh_id}; "
                    "it was not built by this refresh"
                )
            facts[table.name] = {"rows": rows, "content_hash": _hash_of(columns, rows, total)}
            con.execute(
                f"copy leaving.{table.name} to {sql_text(folder / f'{table.name}.parquet')} "
                f"(format parquet, kv_metadata {_metadata(table, entries)})"
            )
    except BaseException:
        _abandon(con)
        raise
    con.execute("detach leaving")
    for setting in SETTINGS:
        con.execute(f"reset {setting}")
    return facts


def _abandon(con: duckdb.DuckDBPyConnection) -> None:
    """Let go of a half-written file; what went wrong first is what the caller must hear."""
    for statement in ("rollback", "detach leaving", *(f"reset {setting}" for setting in SETTINGS)):
        try:
            con.execute(statement)
        except duckdb.Error:
            continue


def _tables_of(con: duckdb.DuckDBPyConnection, schema: str) -> list[Table]:
    columns = defaultdict(list)
    for table, name, type_ in con.execute(
        """
        select table_name, column_name, data_type from duckdb_columns()
        where database_name = current_database() and schema_name = ?
        order by table_name, column_index
        """,
        [schema],
    ).fetchall():
        columns[table].append(Column(name, type_))
    for table, held in columns.items():
        if not _TABLE_NAME.fullmatch(table):
            raise NotPublishable(
                f"{schema}: a table's name must be lower-case letters, digits and _ to be a file's"
            )
        if "refresh_id" not in {column.name for column in held}:
            raise NotPublishable(
                f"{schema}.{table} has no column refresh_id, so a reader could not tell its refresh"
            )
    return [Table(name, tuple(columns[name])) for name in sorted(columns)]


def _as_published(table: Table, column: Column) -> str:
    name, type_ = sql_name(column.name), column.type
    if _AS_IT_IS.fullmatch(type_):
        return name
    if _AS_BIGINT.fullmatch(type_):
        return f"cast({name} as bigint) as {name}"
    if type_.endswith("[]"):
        return f"array_to_string(cast({name} as varchar[]), ';') as {name}"
    if _AS_TEXT.fullmatch(type_):
        return f"cast({name} as varchar) as {name}"
    raise NotPublishable(
        f"{table.name}.{column.name} is of type {type_}, which not every reader of Parquet knows"
    )


def _described(table: Table, entries: Mapping[str, Entry]) -> tuple[str, dict[str, str]]:
    entry = entries.get(table.name, Entry())
    return entry.description, {
        c.name: entry.columns[c.name] for c in table.columns if entry.columns.get(c.name)
    }


def _comments(tables: Iterable[Table], entries: Mapping[str, Entry]) -> Iterator[str]:
    for table in tables:
        description, columns = _described(table, entries)
        yield f"comment on table leaving.{table.name} is {sql_text(description)}"
        for name, words in columns.items():
            yield f"comment on column leaving.{table.name}.{sql_name(name)} is {sql_text(words)}"


def _metadata(table: Table, entries: Mapping[str, Entry]) -> str:
    description, columns = _described(table, entries)
    return f"{{description: {sql_text(description)}, columns: {sql_text(json.dumps(columns, ensure_ascii=False))}}}"


def _types_written(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    types = defaultdict(list)
    for table, name, type_ in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() where database_name = 'leaving' "
        "order by table_name, column_index"
    ).fetchall():
        types[table].append((name, type_))
    return types


def sql_name(identifier: str) -> str:
    """A name quoted for SQL, whatever is in it."""
    return '"' + identifier.replace('"', '""') + '"'


def sql_text(value: object) -> str:
    """A text or path quoted for SQL where a parameter cannot stand (attach, copy, comment on)."""
    return "'" + str(value).replace("'", "''") + "'"


def content_hash(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    """The content hash (see the module's docstring) of a relation named in SQL, a table or read_parquet(...)."""
    described = con.execute(f"describe select * from {relation}").fetchall()
    columns = [(name, type_) for name, type_, *_ in described]
    ((rows, total),) = con.execute(
        f"select count(*), {_row_sum(n for n, _ in columns)} from {relation}"
    ).fetchall()
    return _hash_of(columns, rows, total)


def _row_sum(names: Iterable[str]) -> str:
    return f"sum(hash({', '.join(sql_name(n) for n in names)}))"


def _hash_of(columns: list[tuple[str, str]], rows: int, total: int | None) -> str:
    head = ",".join(f"{name} {type_}" for name, type_ in columns)
    return hashlib.sha256(f"{head}|{rows}|{total or 0}".encode()).hexdigest()
