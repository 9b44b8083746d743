"""A semantic model in Microsoft's Tabular Model Definition Language (TMDL), as text.

Belongs here: the form of the language: indentation, quoting, order.
Does not belong here: which tables and measures a model has (`reports_model.py`, `star_model.py`).
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field

_NAMESPACE = uuid.UUID("5f0c6d0e-3f0a-4f2b-9a3e-6c1d0a7be001")
# Of a column's type in the published files: the model's, Power Query's.
TYPES = {
    "varchar": ("string", "type text"),
    "boolean": ("boolean", "type logical"),
    "date": ("dateTime", "type date"),
    "timestamp": ("dateTime", "type datetime"),
    "double": ("double", "type number"),
    "integer": ("int64", "Int64.Type"),
    "bigint": ("int64", "Int64.Type"),
    "hugeint": ("int64", "Int64.Type"),  # publish/ narrows it to 64 bits
}
_DAY, _MOMENT = "dd mmm yyyy", "dd mmm yyyy hh:nn"


@dataclass(frozen=True)
class Column:
    """type: a key of TYPES; sort_by: the column that gives the order of the members of this one."""

    name: str
    type: str
    description: str
    is_hidden: bool = False
    is_key: bool = False
    sort_by: str | None = None


@dataclass(frozen=True)
class Measure:
    """expression: DAX; format: Power BI's format string, None for text; folder: `A\\B` for B inside A."""

    name: str
    expression: str
    format: str | None
    folder: str
    description: str


@dataclass(frozen=True)
class Table:
    """source: a Power Query expression of several lines; is_dates marks the model's date table (its key is a day)."""

    name: str
    description: str
    columns: tuple[Column, ...]
    source: str
    measures: tuple[Measure, ...] = ()
    is_dates: bool = False


@dataclass(frozen=True)
class Relationship:
    """Many to one, filtering one way; at most one of those between two tables is active."""

    from_table: str
    from_column: str
    to_table: str
    to_column: str
    is_active: bool = True


@dataclass(frozen=True)
class Parameter:
    """A text parameter; choices when it can only be one of these."""

    name: str
    value: str
    description: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    name: str
    role: str
    role_description: str
    parameters: tuple[Parameter, ...]
    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...] = field(default=())


def render(model: Model) -> dict[str, str]:
    """The files of the model's `definition` folder: path -> text."""
    files = {
        "database.tmdl": "database\n\tcompatibilityLevel: 1600\n",
        "model.tmdl": _model(model),
        "expressions.tmdl": "\n".join(_parameter(model, p) for p in model.parameters),
        f"roles/{model.role}.tmdl": _described(0, model.role_description)
        + f"role {model.role}\n\tmodelPermission: read\n",
    }
    if model.relationships:
        files["relationships.tmdl"] = "\n".join(_relationship(r) for r in model.relationships)
    for table in model.tables:
        files[f"tables/{table.name}.tmdl"] = _table(model, table)
    return files


def name(identifier: str) -> str:
    """An object's name, quoted where TMDL asks for it."""
    return (
        identifier if re.fullmatch(r"[A-Za-z_]\w*", identifier) else "'" + identifier.replace("'", "''") + "'"
    )


def _model(model: Model) -> str:
    # No implicit measures: dragging a column must not add up rows of which some are totals.
    lines = [
        "model Model",
        "\tculture: en-GB",
        "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
        "\tsourceQueryCulture: en-GB",
        "\tdiscourageImplicitMeasures",
        "",
        "\tannotation __PBI_TimeIntelligenceEnabled = 0",
        "",
        *(f"ref expression {name(p.name)}" for p in model.parameters),
        *(f"ref table {name(t.name)}" for t in model.tables),
        f"ref role {model.role}",
    ]
    return "\n".join(lines) + "\n"


def _parameter(model: Model, parameter: Parameter) -> str:
    choices = ", ".join(_m_text(c) for c in parameter.choices)
    told = f"List={{{choices}}}, DefaultValue={_m_text(parameter.value)}, " if choices else ""
    meta = f'[IsParameterQuery=true, {told}Type="Text", IsParameterQueryRequired=true]'
    return (
        _described(0, parameter.description)
        + f"expression {name(parameter.name)} = {_m_text(parameter.value)} meta {meta}\n"
        + f"\tlineageTag: {_tag(model.name, parameter.name)}\n"
    )


def _m_text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _relationship(r: Relationship) -> str:
    text = f"relationship {r.from_table}_{r.from_column}_{r.to_table}\n"
    if not r.is_active:
        text += "\tisActive: false\n"
    return text + (
        f"\tfromColumn: {name(r.from_table)}.{name(r.from_column)}\n"
        f"\ttoColumn: {name(r.to_table)}.{name(r.to_column)}\n"
    )


def _table(model: Model, table: Table) -> str:
    text = _described(0, table.description) + f"table {name(table.name)}\n"
    text += f"\tlineageTag: {_tag(model.name, table.name)}\n"
    if table.is_dates:
        text += "\tdataCategory: Time\n"
    text += "".join(_measure(model, table, m) for m in table.measures)
    text += "".join(_column(model, table, c) for c in table.columns)
    source = "\n".join("\t\t\t\t" + line for line in table.source.splitlines())
    return text + f"\n\tpartition {name(table.name)} = m\n\t\tmode: import\n\t\tsource =\n{source}\n"


def _measure(model: Model, table: Table, measure: Measure) -> str:
    lines = measure.expression.splitlines()
    if len(lines) == 1:
        expression = " " + lines[0] + "\n"
    else:
        expression = "\n" + "".join(f"\t\t\t{line}\n" for line in lines)
    text = "\n" + _described(1, measure.description) + f"\tmeasure {name(measure.name)} ={expression}"
    if measure.format:
        text += f"\t\tformatString: {measure.format}\n"
    text += f"\t\tdisplayFolder: {measure.folder}\n"
    return text + f"\t\tlineageTag: {_tag(model.name, table.name, measure.name)}\n"


def _column(model: Model, table: Table, column: Column) -> str:
    text = "\n" + _described(1, column.description) + f"\tcolumn {name(column.name)}\n"
    text += f"\t\tdataType: {TYPES[column.type][0]}\n"
    if column.is_hidden:
        text += "\t\tisHidden\n"
    if column.is_key:
        text += "\t\tisKey\n"
    if column.type in {"date", "timestamp"}:
        text += f"\t\tformatString: {_DAY if column.type == 'date' else _MOMENT}\n"
    text += f"\t\tlineageTag: {_tag(model.name, table.name, column.name)}\n"
    text += f"\t\tsummarizeBy: none\n\t\tsourceColumn: {column.name}\n"
    if column.sort_by:
        text += f"\t\tsortByColumn: {name(column.sort_by)}\n"
    return text


def _described(depth: int, description: str) -> str:
    return "\t" * depth + "/// " + " ".join(description.split()) + "\n"


def _tag(*path: str) -> str:
    """The same object has the same tag in every run, so that Power BI sees a change and not a new object."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(path)))
