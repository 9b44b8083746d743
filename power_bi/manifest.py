"""What dbt's manifest says of the published tables.

Belongs here: reading tables, columns and references out of the manifest; the Power Query that reads a published table.
Does not belong here: what a model makes of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from power_bi.tmdl import TYPES, Column, Parameter


@dataclass(frozen=True)
class Published:
    """A published table: its audience (schema, folder), its grain in its description, its columns in order."""

    audience: str
    name: str
    description: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Reference:
    """A `relationships` test of dbt: this column's values are members of that table's key."""

    table: str
    column: str
    to_table: str
    to_column: str


def tables(manifest: dict[str, Any], audience: str) -> dict[str, Published]:
    """Every published table of an audience, by name."""
    found = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] == audience:
            columns = tuple(
                Column(c["name"], c["data_type"].lower(), c["description"].strip())
                for c in node["columns"].values()
            )
            found[node["name"]] = Published(audience, node["name"], node["description"].strip(), columns)
    return dict(sorted(found.items()))


def references(manifest: dict[str, Any]) -> list[Reference]:
    """Every reference that dbt tests, in order of table and column."""
    found = []
    for node in manifest["nodes"].values():
        told = node.get("test_metadata") or {}
        if told.get("name") == "relationships":
            to = re.fullmatch(r"ref\('(\w+)'\)", told["kwargs"]["to"])
            table = node["attached_node"].rsplit(".", 1)[1]
            if to:
                found.append(Reference(table, node["column_name"], to[1], told["kwargs"]["field"]))
    return sorted(set(found), key=lambda r: (r.table, r.column))


def parameters(audience: str) -> tuple[Parameter, ...]:
    """Where the model reads from: the folder of Parquet files, or the PostgreSQL server."""
    return (
        Parameter(
            "Store",
            "Parquet files",
            "Where the tables are read from: the folder of Parquet files, or the PostgreSQL server.",
            ("Parquet files", "PostgreSQL"),
        ),
        Parameter(
            "Folder",
            rf"D:\lado\published\current\{audience}",
            "The folder of the Parquet files, without a backslash at its end. Read when Store is Parquet files.",
        ),
        Parameter(
            "Server",
            "localhost:5432",
            "The PostgreSQL server, as name:port. Read when Store is PostgreSQL.",
        ),
        Parameter("Database", "lado", "The database on that server. Read when Store is PostgreSQL."),
    )


def source(table: Published, steps: list[tuple[str, str]] | None = None) -> str:
    """Power Query for a published table: from either store, by its contract's columns and types; then further steps.

    Only the columns of the contract are taken, so a column that is gone stops the refresh with its name. The sources
    stand in each query and not in a function: the Power BI service must see them without running anything.
    """
    picked = ", ".join(f'"{c.name}"' for c in table.columns)
    typed = ", ".join(f'{{"{c.name}", {TYPES[c.type][1]}}}' for c in table.columns)
    item = f'{{[Schema = "{table.audience}", Item = "{table.name}"]}}[Data]'
    lines = [
        "Published =",
        '    if Store = "PostgreSQL" then',
        f"        PostgreSQL.Database(Server, Database, [CreateNavigationProperties = false]){item}",
        "    else",
        f'        Parquet.Document(File.Contents(Folder & "\\{table.name}.parquet")),',
        f"Contract = Table.SelectColumns(Published, {{{picked}}}),",
        f"Typed = Table.TransformColumnTypes(Contract, {{{typed}}})",
    ]
    last = "Typed"
    for step, expression in steps or []:
        lines[-1] += ","
        lines.append(f"{step} = {expression}")
        last = step
    return "\n".join(["let", *("    " + line for line in lines), "in", f"    {last}"])
