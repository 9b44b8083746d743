"""The models of the audiences `marts` and `casework`: every table as published, joined as dbt's tests declare.

Belongs here: facts to conformed dimensions, one path between two tables; the lists of the team.
Does not belong here: names of tables and columns, which the manifest knows; measures and main days, which people
decide (`models.yml`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from power_bi import manifest
from power_bi.tmdl import Column, Measure, Model, Relationship, Table

ROLES = {
    "marts": (
        "lado_analyst",
        "Analysts who may see single matters by key. Members can count rows of any size.",
    ),
    "casework": ("lado_team", "The LADO team, who work the cases. The lists name settings."),
}


def build(told: dict[str, Any], audience: str, chosen: dict[str, Any]) -> Model:
    """chosen: of models.yml, `days` (main day of a fact where it is not the first) and `measures`."""
    published = manifest.tables(told, audience)
    role, role_told = ROLES[audience]
    relationships = list(_relationships(told, published, chosen["days"]))
    joined = {(r.from_table, r.from_column) for r in relationships if r.to_table != "dim_dates"}
    measures = [Measure(m["name"], m["dax"], m["format"], m["folder"], m["told"]) for m in chosen["measures"]]
    homes = {m["name"]: m["table"] for m in chosen["measures"]}
    return Model(
        name=f"lado_{audience}",
        role=role,
        role_description=role_told,
        parameters=manifest.parameters(audience),
        tables=tuple(
            Table(
                table.name,
                table.description,
                tuple(_column(table.name, c, joined) for c in table.columns),
                manifest.source(table),
                tuple(m for m in measures if homes[m.name] == table.name),
                is_dates=table.name == "dim_dates",
            )
            for table in published.values()
        ),
        relationships=tuple(relationships),
    )


def _column(table: str, column: Column, joined: set[tuple[str, str]]) -> Column:
    """Keys join and are hidden; the day is the key of the calendar."""
    is_day = (table, column.name) == ("dim_dates", "date_on")
    is_hidden = column.name.endswith("_key") or (table, column.name) in joined
    return Column(column.name, column.type, column.description, is_hidden, is_day)


def _relationships(
    told: dict[str, Any], published: dict[str, manifest.Published], days: dict[str, str]
) -> Iterable[Relationship]:
    """Facts to dimensions as dbt's tests say; each day of a fact to the calendar, its main day active.

    Dimensions are not joined to each other: there would be two paths from a fact to an authority.
    """
    for reference in manifest.references(told):
        if reference.table.startswith("fct_") and reference.table in published:
            yield Relationship(reference.table, reference.column, reference.to_table, reference.to_column)
    for name, table in published.items():
        found = [c.name for c in table.columns if c.type == "date" and c.name.endswith("_on")]
        if name.startswith("fct_") and found:
            main = days.get(name, found[0])
            for day in found:
                yield Relationship(name, day, "dim_dates", "date_on", day == main)
