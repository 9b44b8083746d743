"""What dbt's YAML says of the published tables: descriptions, keys, references.

Belongs here: reading them from dbt's manifest, for every way out alike. Does not belong here: the descriptions
themselves (`dbt_project/models/*/*.yml`), how a target writes them down (`tables.py`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class NoDictionary(Exception):
    """dbt's manifest is missing or cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Reference:
    """A column whose values are found in another table's column of the same schema."""

    column: str
    table: str
    field: str


@dataclass
class Entry:
    """One table. description: its grain and meaning; columns: description by column, in the order of the contract;
    key: the columns that tell one row from another, none where the YAML declares no such; references: see there.
    """

    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


Dictionary = dict[str, dict[str, Entry]]
"""Entries by schema and table."""


def read(manifest: Path) -> Dictionary:
    """The dictionary of every model in a manifest.json.

    A key is a column's test `unique`, else the model's test `unique_together`; a reference is a test
    `relationships` to a model of the same schema. Tests that allow for exceptions (`found_or_unknown`) are none.
    Raises NoDictionary.
    """
    try:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    except (OSError, ValueError, KeyError):
        raise NoDictionary(
            "dbt's manifest, which describes the tables, is missing or cannot be read; run `lado refresh`"
        ) from None
    found: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
    places = {}
    for node in nodes:
        if node["resource_type"] == "model":
            columns = {c["name"]: _one_line(c["description"]) for c in node["columns"].values()}
            found[node["schema"]][node["name"]] = Entry(_one_line(node["description"]), columns)
            places[node["unique_id"]] = (node["schema"], node["name"])
    for node in sorted(nodes, key=lambda n: n["unique_id"]):
        if node["resource_type"] == "test" and node.get("attached_node") in places:
            schema, table = places[node["attached_node"]]
            _add_rule(found[schema][table], node, schema, places)
    return dict(found)


def _add_rule(entry: Entry, test: dict[str, Any], schema: str, places: dict[str, tuple[str, str]]) -> None:
    rule = test.get("test_metadata") or {}
    options = rule.get("kwargs", {})
    if rule.get("name") == "unique":
        entry.key = (test["column_name"],)
    elif rule.get("name") == "unique_together" and not entry.key:
        entry.key = tuple(options["columns"])
    elif rule.get("name") == "relationships":
        others = [
            places[d] for d in test["depends_on"]["nodes"] if d != test["attached_node"] and d in places
        ]
        if len(others) == 1 and others[0][0] == schema:
            entry.references += (Reference(test["column_name"], others[0][1], options["field"]),)


def _one_line(text: str) -> str:
    return " ".join(text.split())
