"""One release as PostgreSQL tables: types, bulk load, keys, references, comments, receipts, rights.

Belongs here: everything that is built aside, before any reader sees it. Does not belong here: connecting, swapping,
trying again, words for what went wrong (`postgres.py`); what a table contains (`dbt_project/`).

Rows leave the release's DuckDB files as Arrow batches and reach the server as CSV through COPY. COPY's option
FREEZE makes them visible to every session as soon as the transaction commits: without it a reader whose snapshot is
older than the load would find the new tables empty.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.csv
from psycopg import Cursor, sql
from psycopg.types.json import Jsonb

from publish import tables
from publish.dictionary import Dictionary, Entry

RECEIPT = "receipt"
ARRIVING = "lado_arriving_"  # prefix of the schema that a release is built in

RIGHTS = {
    "lado_reports": ("reports",),
    "lado_analyst": ("reports", "marts"),
    "lado_team": ("reports", "casework"),
}
"""The schemas whose tables each role may read. Reading is all that any role may do; nobody else may do anything."""

_TYPES = {
    "BOOLEAN": "boolean", "TINYINT": "smallint", "UTINYINT": "smallint", "SMALLINT": "smallint",
    "USMALLINT": "integer", "INTEGER": "integer", "UINTEGER": "bigint", "BIGINT": "bigint", "FLOAT": "real",
    "DOUBLE": "double precision", "DATE": "date", "TIMESTAMP": "timestamp", "VARCHAR": "text",
}  # fmt: skip
_DECIMAL = re.compile(r"DECIMAL\(\d+,\d+\)")
_BATCH = 50_000  # rows on their way at once: some 20 MB of the widest table

_RECEIPT_COLUMNS = {
    "table_name": ("text", "The table that the row is about."),
    "row_count": ("bigint", "Its rows."),
    "content_hash": (
        "text",
        "The hash of its rows in the published files; what it is a hash of: publish/tables.py.",
    ),
    "refresh_id": ("text", "The refresh that made all tables of this schema."),
    "published_at": ("timestamptz", "When the release was published as files."),
    "as_at": ("jsonb", "The newest extract of any feed of each authority; each figure has its own day."),
    "code_version": ("text", "The code that made it."),
    "inputs": ("text", "Fingerprint of the extracts, profiles and code that decide the numbers."),
}


class Mismatch(Exception):
    """The server did not take what the release holds; the message names the table and counts rows."""


@dataclass(frozen=True)
class Shape:
    """One published table: schema, name, columns with their DuckDB types."""

    schema: str
    name: str
    columns: dict[str, str]

    @property
    def arriving(self) -> sql.Identifier:
        return arriving(self.schema, self.name)


def arriving(schema: str, *table: str) -> sql.Identifier:
    """The schema that a release is built in, or a table in it."""
    return sql.Identifier(ARRIVING + schema, *table)


def shapes(con: duckdb.DuckDBPyConnection, folder: Path, receipt: Mapping[str, Any]) -> list[Shape]:
    """Attach the DuckDB files of a release, each under its audience's name; the tables that its receipt lists.

    Raises NotPublishable for a type without a counterpart.
    """
    found = []
    for schema, held in receipt["tables"].items():
        con.execute(
            f"attach {tables.sql_text(folder / schema / f'lado_{schema}.duckdb')} as {schema} (read_only)"
        )
        for name in sorted(held):
            described = con.execute(f"describe {schema}.{tables.sql_name(name)}").fetchall()
            columns = {column: type_ for column, type_, *_ in described}
            for column, type_ in columns.items():
                if type_ not in _TYPES and not _DECIMAL.fullmatch(type_):
                    raise tables.NotPublishable(f"{schema}.{name}.{column}: PostgreSQL has no {type_}")
            found.append(Shape(schema, name, columns))
    return found


def build(
    cur: Cursor,
    con: duckdb.DuckDBPyConnection,
    held: list[Shape],
    words: Dictionary,
    receipt: Mapping[str, Any],
) -> int:
    """Build the release in schemas of its own, complete and with its rights; rows loaded.

    In the transaction that `cur` is in, which must not be a savepoint's: FREEZE needs tables of this very
    transaction. Raises Mismatch when the server counts other rows than the receipt.
    """
    for schema in receipt["tables"]:
        cur.execute(sql.SQL("create schema {}").format(arriving(schema)))
    loaded = 0
    for shape in held:
        cur.execute(create(shape))
        rows = load(cur, con, shape)
        stated = receipt["tables"][shape.schema][shape.name]["rows"]
        if rows != stated:
            raise Mismatch(f"{shape.schema}.{shape.name}: {rows} rows arrived, the receipt states {stated}")
        loaded += rows
    for statements in (_keys(held, words), _references(held, words), _comments(held, words)):
        if joined := list(statements):
            cur.execute(sql.SQL(";").join(joined))
    for schema in receipt["tables"]:
        _write_receipt(cur, schema, receipt)
    names = [shape.arriving for shape in held]
    cur.execute(sql.SQL("analyze {}").format(sql.SQL(", ").join(names)))
    _grant(cur, list(receipt["tables"]))
    return loaded


def create(shape: Shape) -> sql.Composed:
    """The statement that makes one table, bare, where the release is built."""
    columns = [
        sql.SQL("{} {}").format(
            sql.Identifier(name), sql.SQL(_TYPES.get(type_) or type_.replace("DECIMAL", "numeric"))
        )
        for name, type_ in shape.columns.items()
    ]
    return sql.SQL("create table {} ({})").format(shape.arriving, sql.SQL(", ").join(columns))


def load(cur: Cursor, con: duckdb.DuckDBPyConnection, shape: Shape) -> int:
    """Copy one table's rows into the table built for it in this transaction; the rows that the server took."""
    statement = sql.SQL("copy {} from stdin (format csv, freeze)").format(shape.arriving)
    with cur.copy(statement) as copy:
        for block in csv_blocks(con, f"{shape.schema}.{tables.sql_name(shape.name)}"):
            copy.write(block)
    return cur.rowcount


def csv_blocks(con: duckdb.DuckDBPyConnection, relation: str) -> Iterator[memoryview]:
    """A relation's rows as CSV without heading: texts quoted, so that an empty one is told from none."""
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed", batch_size=_BATCH)
    for batch in con.sql(f"from {relation}").to_arrow_reader(_BATCH):
        block = io.BytesIO()
        pyarrow.csv.write_csv(batch, block, options)
        yield block.getbuffer()


def _entry(words: Dictionary, shape: Shape) -> Entry:
    return words.get(shape.schema, {}).get(shape.name, Entry())


def _key(words: Dictionary, shape: Shape) -> tuple[str, ...]:
    """The key, as far as this release has its columns: an earlier one may be older than the dictionary."""
    key = _entry(words, shape).key
    return key if set(key) <= shape.columns.keys() else ()


def _keys(held: list[Shape], words: Dictionary) -> Iterator[sql.Composed]:
    for shape in held:
        if key := _key(words, shape):
            columns = sql.SQL(", ").join(map(sql.Identifier, key))
            yield sql.SQL("alter table {} add primary key ({})").format(shape.arriving, columns)


def _references(held: list[Shape], words: Dictionary) -> Iterator[sql.Composed]:
    keys = {(shape.schema, shape.name): _key(words, shape) for shape in held}
    for shape in held:
        for reference in _entry(words, shape).references:
            if (
                keys.get((shape.schema, reference.table)) == (reference.field,)
                and reference.column in shape.columns
            ):
                yield sql.SQL("alter table {} add foreign key ({}) references {} ({})").format(
                    shape.arriving,
                    sql.Identifier(reference.column),
                    arriving(shape.schema, reference.table),
                    sql.Identifier(reference.field),
                )


def _comments(held: list[Shape], words: Dictionary) -> Iterator[sql.Composed]:
    for shape in held:
        entry = _entry(words, shape)
        yield from _comment(
            shape.schema, shape.name, entry.description, {c: entry.columns.get(c) for c in shape.columns}
        )


def _comment(
    schema: str, table: str, description: str, columns: Mapping[str, str | None]
) -> Iterator[sql.Composed]:
    yield sql.SQL("comment on table {} is {}").format(arriving(schema, table), sql.Literal(description))
    for name, told in columns.items():
        if told:
            yield sql.SQL("comment on column {} is {}").format(
                arriving(schema, table, name), sql.Literal(told)
            )


def _write_receipt(cur: Cursor, schema: str, receipt: Mapping[str, Any]) -> None:
    """The receipt as a table of the schema: one row for each of its tables, nothing of the other audiences'."""
    columns = [
        sql.SQL("{} {} not null").format(sql.Identifier(name), sql.SQL(type_))
        for name, (type_, _) in _RECEIPT_COLUMNS.items()
    ]
    place = arriving(schema, RECEIPT)
    cur.execute(
        sql.SQL("create table {} ({}, primary key (table_name))").format(place, sql.SQL(", ").join(columns))
    )
    common = [
        receipt["refresh_id"],
        receipt["published_at"],
        Jsonb(receipt["as_at"]),
        receipt["code_version"],
    ]
    rows = [
        [name, facts["rows"], facts["content_hash"], *common, receipt["inputs"]]
        for name, facts in receipt["tables"][schema].items()
    ]
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
    cur.executemany(sql.SQL("insert into {} values ({})").format(place, marks), rows)
    told = {name: words for name, (_, words) in _RECEIPT_COLUMNS.items()}
    words = "What this schema shows: the release it comes from. Grain: one row for each table of the schema."
    cur.execute(sql.SQL(";").join(_comment(schema, RECEIPT, words, told)))


# --- Rights -----------------------------------------------------------------------------------------------------


def _grant(cur: Cursor, schemas: list[str]) -> None:
    """Exactly RIGHTS on the schemas being built: what the database's default privileges gave away is taken back."""
    for schema in schemas:
        place = arriving(schema)
        cur.execute(
            """
            select distinct grants.grantee::regrole::text, grants.grantee = 0
            from (
                select relacl as acl, relowner as owner from pg_catalog.pg_class
                where relnamespace = %(name)s::regnamespace
                union all
                select nspacl, nspowner from pg_catalog.pg_namespace where oid = %(name)s::regnamespace
            ) as held, lateral pg_catalog.aclexplode(held.acl) as grants
            where grants.grantee <> held.owner
            """,
            {"name": ARRIVING + schema},
        )
        for name, is_public in cur.fetchall():
            whom = sql.SQL("public") if is_public else sql.SQL(name)  # regrole gives names quoted
            cur.execute(sql.SQL("revoke all on all tables in schema {0} from {1}").format(place, whom))
            cur.execute(sql.SQL("revoke all on schema {0} from {1}").format(place, whom))
        for role in (role for role, readable in RIGHTS.items() if schema in readable):
            cur.execute(sql.SQL("grant usage on schema {} to {}").format(place, sql.Identifier(role)))
            cur.execute(
                sql.SQL("grant select on all tables in schema {} to {}").format(place, sql.Identifier(role))
            )


def ensure_roles(cur: Cursor) -> None:
    """Make the roles of RIGHTS that are missing, without login; who is in them is the council's to say.

    Shuts PUBLIC out of the database as well, where this account owns it: another's database is not ours to close.
    """
    cur.execute("select rolname from pg_catalog.pg_roles where rolname = any(%s)", [list(RIGHTS)])
    for role in sorted(RIGHTS.keys() - {name for (name,) in cur.fetchall()}):
        cur.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    cur.execute(
        "select datname from pg_catalog.pg_database "
        "where datname = current_database() and datdba = current_user::regrole"
    )
    for (name,) in cur.fetchall():
        database = sql.Identifier(name)
        cur.execute(sql.SQL("revoke all on database {} from public").format(database))
        roles = sql.SQL(", ").join(map(sql.Identifier, RIGHTS))
        cur.execute(sql.SQL("grant connect on database {} to {}").format(database, roles))
