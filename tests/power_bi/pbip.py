"""Reads the generated projects from their files, without the program that wrote them.

Belongs here: just enough of TMDL and PBIR to say what a project holds. Does not belong here: assertions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = ROOT / "power_bi"
AUDIENCES = ("reports", "marts", "casework")


@dataclass
class Table:
    columns: dict[str, str] = field(default_factory=dict)  # name -> description
    measures: dict[str, str] = field(default_factory=dict)  # name -> DAX
    source: str = ""
    is_dates: bool = False
    keys: list[str] = field(default_factory=list)


def definition(audience: str) -> Path:
    return PROJECTS / f"lado_{audience}.SemanticModel" / "definition"


def tables(audience: str) -> dict[str, Table]:
    """Every table of a model, by name, as its TMDL file says."""
    found = {}
    for path in sorted((definition(audience) / "tables").glob("*.tmdl")):
        found[path.stem] = _table(path.read_text(encoding="utf-8"))
    return found


def _table(text: str) -> Table:
    table = Table(is_dates="\n\tdataCategory: Time\n" in text)
    head, _, partition = text.partition("\n\tpartition ")
    table.source = "\n".join(line[4:] for line in partition.split("\t\tsource =\n", 1)[1].splitlines())
    for block in re.split(r"\n(?=\t/// )", head)[1:]:
        described, declared, *rest = block.strip("\n").split("\n")
        told = re.fullmatch(r"\t(measure|column) ('(?:[^']|'')+'|\w+)(?: =(.*))?", declared)
        name = told[2].strip("'").replace("''", "'")
        if told[1] == "column":
            table.columns[name] = described.removeprefix("\t/// ")
            if "\t\tisKey" in rest:
                table.keys.append(name)
        else:
            lines = [line.strip() for line in rest if line.startswith("\t\t\t")]
            table.measures[name] = " ".join([told[3].strip(), *lines]).strip()
    return table


def relationships(audience: str) -> list[tuple[str, str, str, str, bool]]:
    """From table and column, to table and column, whether active."""
    path = definition(audience) / "relationships.tmdl"
    found = []
    for block in path.read_text(encoding="utf-8").split("relationship ")[1:] if path.exists() else []:
        ends = re.search(r"fromColumn: (\w+)\.(\w+)\n\ttoColumn: (\w+)\.(\w+)", block)
        found.append((*ends.groups(), "isActive: false" not in block))
    return found


def visuals(audience: str) -> list[tuple[str, dict[str, Any]]]:
    """Page and content of every visual of a report."""
    pages = PROJECTS / f"lado_{audience}.Report" / "definition" / "pages"
    return [
        (path.parents[2].name, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(pages.glob("*/visuals/*/visual.json"))
    ]


def fields(told: Any) -> list[tuple[str, str, str]]:
    """Kind (Column, Measure), table and name of every field that a piece of a report mentions."""
    found = []
    if isinstance(told, dict):
        for kind in ("Column", "Measure"):
            if kind in told and "Entity" in told[kind]["Expression"]["SourceRef"]:
                found.append((kind, told[kind]["Expression"]["SourceRef"]["Entity"], told[kind]["Property"]))
        for value in told.values():
            found += fields(value)
    elif isinstance(told, list):
        for value in told:
            found += fields(value)
    return found
