"""A report in Power BI's enhanced report format (PBIR), as text.

Belongs here: pages, visuals and slicers as Microsoft's published JSON schemas want them, and where they stand.
Does not belong here: what the visuals show (`pages.yml`).
"""

from __future__ import annotations

import json
from typing import Any

from power_bi.tmdl import Model

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_ITEM = f"{_SCHEMAS}/item/report/definition"
_VISUALS = {"table": "tableEx", "columns": "clusteredColumnChart", "bars": "clusteredBarChart"}
WIDTH, HEIGHT = 1280, 720
_EDGE, _TOP, _BOTTOM, _GAP = 16, 84, 684, 8
# Of each audience: fields by which a page is sliced (single: exactly one is chosen), and measures that stand below.
_SLICERS = {
    "reports": [
        ("authority", "Authorities.authority_name", True, None),
        ("period_kind", "Periods.period_kind", True, "financial_year"),
        ("period", "Periods.period_name", False, None),
    ],
    "marts": [
        ("authority", "dim_authorities.authority_name", False, None),
        ("year", "dim_dates.financial_year", False, None),
    ],
    "casework": [],
}
_BELOW = {"reports": [("refresh", "Refresh", 820), ("what_to_choose", "What to choose", 412)]}
# What a table of the model over reports is cut by, whatever it shows.
AXIS = ("Authorities.authority_name", "Periods.period_name")
MEMBER, BREAKDOWN = "Breakdowns.member_1_name", "Breakdowns.breakdown"


def render(project: str, pages: list[dict[str, Any]], model: Model) -> dict[str, str]:
    """Every file of the project except the model's: path below power_bi/ -> text."""
    homes = {m.name: t.name for t in model.tables for m in t.measures}
    folder = f"{project}.Report"
    files: dict[str, Any] = {
        f"{project}.pbip": {
            "$schema": f"{_SCHEMAS}/pbip/pbipProperties/1.0.0/schema.json",
            "version": "1.0",
            "artifacts": [{"report": {"path": folder}}],
            "settings": {"enableAutoRecovery": True},
        },
        f"{project}.SemanticModel/definition.pbism": {
            "$schema": f"{_SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json",
            "version": "4.2",
            "settings": {},
        },
        f"{folder}/definition.pbir": {
            "$schema": f"{_SCHEMAS}/item/report/definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": f"../{project}.SemanticModel"}},
        },
        f"{folder}/definition/version.json": {
            "$schema": f"{_ITEM}/versionMetadata/1.0.0/schema.json",
            "version": "2.0.0",
        },
        f"{folder}/definition/report.json": {
            "$schema": f"{_ITEM}/report/3.0.0/schema.json",
            "themeCollection": {},
        },
        f"{folder}/definition/pages/pages.json": {
            "$schema": f"{_ITEM}/pagesMetadata/1.0.0/schema.json",
            "pageOrder": [page["name"] for page in pages],
            "activePageName": pages[0]["name"],
        },
    }
    audience = project.removeprefix("lado_")
    for page in pages:
        at = f"{folder}/definition/pages/{page['name']}"
        files[f"{at}/page.json"] = {
            "$schema": f"{_ITEM}/page/2.0.0/schema.json",
            "name": page["name"],
            "displayName": page["title"],
            "displayOption": "FitToPage",
            "height": HEIGHT,
            "width": WIDTH,
        }
        containers = [*_frame(audience, page["title"], homes), *(_visual(v, homes) for v in page["visuals"])]
        for order, container in enumerate(containers):
            container["position"] |= {"z": order * 1000, "tabOrder": order * 1000}
            files[f"{at}/visuals/{container['name']}/visual.json"] = container
    return {path: json.dumps(told, indent=2, ensure_ascii=False) + "\n" for path, told in files.items()}


def _frame(audience: str, title: str, homes: dict[str, str]) -> list[dict[str, Any]]:
    """What every page has: its title, the slicers, the refresh that it shows."""
    style = {"fontSize": "16pt", "fontWeight": "bold"}
    words = {"paragraphs": [{"textRuns": [{"value": title, "textStyle": style}]}]}
    frame = [
        _container(
            "title", (_EDGE, 16, 400, 56), {"visualType": "textbox", "objects": _object("general", words)}
        )
    ]
    for place, (name, field, is_single, selected) in enumerate(_SLICERS[audience]):
        slicer = _slicer(field, selected, homes)
        slicer["objects"] |= _object("data", {"mode": _literal("Dropdown")})
        if is_single:
            slicer["objects"] |= _object("selection", {"strictSingleSelect": _literal(True)})
        # The slicers of one name move together on every page.
        slicer["syncGroup"] = {"groupName": name, "fieldChanges": True, "filterChanges": True}
        frame.append(_container(f"slicer_{name}", (432 + place * 280, 12, 272, 64), slicer))
    left = _EDGE
    for name, measure, width in _BELOW.get(audience, []):
        objects = _object("labels", {"fontSize": _literal(10)}) | _object(
            "categoryLabels", {"show": _literal(False)}
        )
        card = {
            "visualType": "card",
            "query": {"queryState": {"Values": {"projections": [_projection(measure, homes)]}}},
            "objects": objects,
        }
        frame.append(_container(name, (left, _BOTTOM + 4, width, 28), card))
        left += width + 16
    return frame


def _slicer(field: str, selected: str | None, homes: dict[str, str]) -> dict[str, Any]:
    return {
        "visualType": "slicer",
        "query": {"queryState": {"Values": {"projections": [_projection(field, homes)]}}},
        "objects": _object("general", {"filter": {"filter": _is(field, selected)}}) if selected else {},
    }


def _visual(told: dict[str, Any], homes: dict[str, str]) -> dict[str, Any]:
    if told["kind"] == "slicer":
        slicer = _slicer(told["by"], told.get("selected"), homes)
        return _container(told["name"], _place(told["at"]), slicer)
    shown = [f"{told['list']}.{c}" for c in told["show"]] if "list" in told else told["show"]
    axis = told.get("axis") or ([] if "list" in told else [*AXIS])
    if "list" in told and told["list"].startswith("rpt_"):
        axis = [AXIS[0]]
    member = [MEMBER] if "breakdown" in told else []
    if told["kind"] == "table":
        state = {"Values": [*axis, *member, *shown]}
    else:
        state = {"Category": member, "Series": [AXIS[1]], "Y": shown}
    query: dict[str, Any] = {
        "queryState": {
            role: {"projections": [_projection(f, homes) for f in fields]} for role, fields in state.items()
        }
    }
    if told["kind"] != "table":
        by, direction = (MEMBER, "Ascending") if told["kind"] == "columns" else (shown[0], "Descending")
        query["sortDefinition"] = {"sort": [{"field": _field(by, homes), "direction": direction}]}
    visual = {
        "visualType": _VISUALS[told["kind"]],
        "query": query,
        "visualContainerObjects": _object("title", {"show": _literal(True), "text": _literal(told["title"])})
        | _object("general", {"altText": _literal(told["title"])}),
        "drillFilterOtherVisuals": True,
    }
    container = _container(told["name"], _place(told["at"]), visual)
    if "breakdown" in told:
        container["filterConfig"] = {
            "filters": [
                {
                    "name": f"breakdown_of_{told['name']}",
                    "field": _field(BREAKDOWN, homes),
                    "type": "Categorical",
                    "filter": _is(BREAKDOWN, told["breakdown"]),
                }
            ]
        }
    return container


def _place(at: list[int]) -> tuple[float, float, float, float]:
    """A place on the grid of 12 by 12 as left, top, width, height."""
    column, row, wide, high = at
    step_x, step_y = (WIDTH - 2 * _EDGE) / 12, (_BOTTOM - _TOP) / 12
    place = (_EDGE + column * step_x, _TOP + row * step_y, wide * step_x - _GAP, high * step_y - _GAP)
    return tuple(round(side, 1) for side in place)


def _container(name: str, place: tuple[float, float, float, float], visual: dict[str, Any]) -> dict[str, Any]:
    left, top, width, height = place
    return {
        "$schema": f"{_ITEM}/visualContainer/2.0.0/schema.json",
        "name": name,
        "position": {"x": left, "y": top, "width": width, "height": height},
        "visual": visual,
    }


def _field(field: str, homes: dict[str, str]) -> dict[str, Any]:
    """`Table.column`, or the name of a measure."""
    table, _, column = field.partition(".")
    if column:
        return {"Column": {"Expression": {"SourceRef": {"Entity": table}}, "Property": column}}
    return {"Measure": {"Expression": {"SourceRef": {"Entity": homes[field]}}, "Property": field}}


def _projection(field: str, homes: dict[str, str]) -> dict[str, Any]:
    column = field.partition(".")[2]
    reference = field if column else f"{homes[field]}.{field}"
    projection = {"field": _field(field, homes), "queryRef": reference, "nativeQueryRef": column or field}
    if column:
        words = column.removesuffix("_1_name").removesuffix("_name").replace("_", " ")
        projection["displayName"] = words[:1].upper() + words[1:]
    return projection


def _is(field: str, value: str) -> dict[str, Any]:
    """The filter that a column has one value."""
    table, _, column = field.partition(".")
    source = {"Column": {"Expression": {"SourceRef": {"Source": "t"}}, "Property": column}}
    values = [[{"Literal": {"Value": f"'{value}'"}}]]
    return {
        "Version": 2,
        "From": [{"Name": "t", "Entity": table, "Type": 0}],
        "Where": [{"Condition": {"In": {"Expressions": [source], "Values": values}}}],
    }


def _object(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {name: [{"properties": properties}]}


def _literal(value: str | bool | int) -> dict[str, Any]:
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, int):
        text = f"{value}D"
    else:
        text = "'" + value.replace("'", "''") + "'"
    return {"expr": {"Literal": {"Value": text}}}
