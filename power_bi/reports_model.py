"""The model of the audience `reports`: published figures only, as a star around rpt_measures.

Belongs here: which published tables are loaded, the dimensions drawn out of them, how they hang together.
Does not belong here: the DAX (`headlines.py`), the wide report tables: they are made of rpt_measures and of nothing
else, and loading them too would be a second way to the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from power_bi import headlines, manifest
from power_bi.tmdl import Column, Model, Relationship, Table

LOADED = (
    "rpt_measures",
    "rpt_timeliness",
    "rpt_data_quality",
    "rpt_refreshes",
    "rpt_measure_catalogue",
    "rpt_columns",
)
_PERIOD = ("period_kind", "period_name", "period_start", "period_end")
_PARTS = ("dimension_1", "member_1", "member_1_name", "dimension_2", "member_2", "member_2_name")
# Columns that a dimension shows instead; the facts keep them for their keys.
_SHOWN_ELSEWHERE = {"authority", "authority_name", "measure", *_PERIOD, *_PARTS}
_KEY_OF_PERIOD = 'each [period_kind] & "|" & Date.ToText([period_start], "yyyy-MM-dd")'
_KEY_OF_BREAKDOWN = (
    f'each Text.Combine(List.Transform({{{", ".join(f"[{p}]" for p in _PARTS)}}}, each _ ?? ""), "|")'
)


def build(
    told: dict[str, Any], catalogue: list[dict[str, str]], bands: list[str], folders: dict[str, str]
) -> Model:
    """told: dbt's manifest; catalogue: the rows of measures.csv; bands: members of time bands in their order."""
    published = manifest.tables(told, "reports")
    timeliness = folders["closed_within_1_month"]
    measures = {
        "rpt_measures": (
            *headlines.of_any_measure(),
            *(h.in_dax(folders[h.catalogue_line]) for h in headlines.of_the_catalogue(catalogue)),
        ),
        "rpt_timeliness": tuple(headlines.against_target(timeliness)),
    }
    keys = {
        "rpt_measures": [("period_key", _KEY_OF_PERIOD), ("breakdown_key", _KEY_OF_BREAKDOWN)],
        "rpt_timeliness": [("period_key", _KEY_OF_PERIOD)],
    }
    facts = [
        _fact(published[name], measures.get(name, ()), keys.get(name, []), is_star=name in keys)
        for name in LOADED
    ]
    return Model(
        name="lado_reports",
        role="lado_reports",
        role_description="Everybody who may read the reports. The model holds published figures only, after "
        "disclosure control; so there is nothing to filter.",
        parameters=manifest.parameters("reports"),
        tables=(
            *facts,
            _authorities(published),
            _periods(published),
            _dates(),
            _breakdowns(published, bands),
            _catalogue(catalogue, folders),
        ),
        relationships=tuple(_relationships()),
    )


def _fact(
    table: manifest.Published, measures: Iterable[Any], keys: list[tuple[str, str]], *, is_star: bool
) -> Table:
    columns = [
        replace(c, is_hidden=c.name == "authority" or (is_star and c.name in _SHOWN_ELSEWHERE))
        for c in table.columns
    ]
    columns += [
        Column(name, "varchar", "Joins to the dimension; made while loading.", is_hidden=True)
        for name, _ in keys
    ]
    steps = [
        (
            "".join(word.capitalize() for word in name.split("_")),
            f'Table.AddColumn({before}, "{name}", {each}, type text)',
        )
        for (name, each), before in zip(keys, ("Typed", "PeriodKey"), strict=False)
    ]
    return Table(
        table.name, table.description, tuple(columns), manifest.source(table, steps), tuple(measures)
    )


def _described(published: dict[str, manifest.Published], *names: str) -> list[Column]:
    """Columns of a dimension in the words of rpt_measures."""
    by_name = {c.name: c for c in published["rpt_measures"].columns}
    return [by_name[name] for name in names]


def _drawn_out(columns: Iterable[str], *steps: str) -> str:
    """Power Query: the distinct rows of some columns of rpt_measures, then further steps on `Members`."""
    picked = ", ".join(f'"{c}"' for c in columns)
    lines = [f"Members = Table.Distinct(Table.SelectColumns(rpt_measures, {{{picked}}}))", *steps]
    last = lines[-1].split(" = ", 1)[0]
    return "\n".join(
        ["let", *(f"    {line}," for line in lines[:-1]), f"    {lines[-1]}", "in", f"    {last}"]
    )


def _authorities(published: dict[str, manifest.Published]) -> Table:
    key, words = _described(published, "authority", "authority_name")
    return Table(
        "Authorities",
        "The authorities, and `all` for the checks of the whole warehouse. Grain: one row for each authority.",
        (replace(key, is_hidden=True, is_key=True), words),
        _drawn_out(
            ["authority", "authority_name"],
            'Checks = Table.SelectColumns(rpt_data_quality, {"authority", "authority_name"})',
            'All = Table.Distinct(Table.Combine({Members, Checks}), {"authority"})',
        ),
    )


def _periods(published: dict[str, manifest.Published]) -> Table:
    kind, words, start, end = _described(published, *_PERIOD)
    key = Column("period_key", "varchar", "Kind and first day.", is_hidden=True, is_key=True)
    return Table(
        "Periods",
        "The periods that figures are published for. Choose one kind; periods of two kinds overlap. Grain: one row "
        "for each kind of period and first day.",
        (key, kind, replace(words, sort_by="period_start"), start, end),
        _drawn_out(["period_key", *_PERIOD]),
    )


def _dates() -> Table:
    text = [
        ("calendar_year", "integer", "Date.Year([date_on])", "Year."),
        ("month_starting_on", "date", "Date.StartOfMonth([date_on])", "First day of the month."),
        ("month_name", "varchar", 'Date.ToText([date_on], "MMMM yyyy", "en-GB")', "Month and year."),
        ("financial_year", "varchar", _year_from(4), "Financial year, from 1 April, as 2019/20."),
        ("academic_year", "varchar", _year_from(9), "Academic year, from 1 September, as 2019/20."),
    ]
    lines = [
        "First = Date.StartOfYear(List.Min(rpt_measures[period_start]))",
        "Last = Date.EndOfYear(List.Max(rpt_measures[period_end]))",
        "Days = List.Dates(First, Duration.Days(Last - First) + 1, #duration(1, 0, 0, 0))",
        "Listed = Table.FromColumns({Days}, type table [date_on = date])",
    ]
    before = "Listed"
    for name, type_, expression, _ in text:
        kind = {"integer": "Int64.Type", "date": "type date", "varchar": "type text"}[type_]
        step = "".join(word.capitalize() for word in name.split("_"))
        lines.append(f'{step} = Table.AddColumn({before}, "{name}", each {expression}, {kind})')
        before = step
    body = ["let", *(f"    {line}," for line in lines[:-1]), f"    {lines[-1]}", "in", f"    {before}"]
    return Table(
        "Dates",
        "The calendar, over every whole year that a published period touches; a figure stands on the first day of "
        "its period. Grain: one row for each day.",
        (
            Column("date_on", "date", "The day.", is_key=True),
            *(
                Column(name, type_, told, sort_by="month_starting_on" if name == "month_name" else None)
                for name, type_, _, told in text
            ),
        ),
        "\n".join(body),
        is_dates=True,
    )


def _year_from(month: int) -> str:
    """Power Query for the year that begins in a month, as 2019/20."""
    year = f"(Date.Year([date_on]) - (if Date.Month([date_on]) < {month} then 1 else 0))"
    return f'Text.From({year}) & "/" & Text.End(Text.From({year} + 1), 2)'


def _breakdowns(published: dict[str, manifest.Published], bands: list[str]) -> Table:
    parts = _described(published, *_PARTS)
    order = ", ".join(f'"{b}"' for b in bands)
    return Table(
        "Breakdowns",
        "What figures are broken down by, and the members. Filter breakdown to one value before reading members. "
        "Grain: one row for each pair of members.",
        (
            Column("breakdown_key", "varchar", "All members of the row.", is_hidden=True, is_key=True),
            Column(
                "breakdown",
                "varchar",
                "What the figure is broken down by: `all`, one dimension, or two as `outcome x sector_group`.",
            ),
            *(replace(c, sort_by="band_order" if c.name == "member_1_name" else None) for c in parts),
            Column(
                "band_order",
                "integer",
                "Order of the bands of time; 0 for every other member.",
                is_hidden=True,
            ),
        ),
        _drawn_out(
            ["breakdown_key", *_PARTS],
            'Named = Table.AddColumn(Members, "breakdown", each [dimension_1] & '
            '(if [dimension_2] = "all" then "" else " x " & [dimension_2]), type text)',
            f'Ordered = Table.AddColumn(Named, "band_order", each List.PositionOf({{{order}}}, [member_1]) + 1, '
            "Int64.Type)",
        ),
    )


def _catalogue(catalogue: list[dict[str, str]], folders: dict[str, str]) -> Table:
    rows = []
    for line in catalogue:
        cells = [
            line["measure"],
            headlines.in_words(line["measure"]),
            folders[line["measure"]],
            line["description"],
        ]
        rows.append(cells)
        for kind, compared in headlines.changes(line).items():
            rows.append(
                [
                    f"{cells[0]}_change_{kind}",
                    f"{cells[1]}, change {compared}",
                    cells[2],
                    f"{cells[3]}: change on the year before, {compared}",
                ]
            )
    listed = ",\n".join("        {" + ", ".join(f'"{cell}"' for cell in row) + "}" for row in rows)
    columns = [
        ("measure", "The measure, as in rpt_measures."),
        ("measure_name", "The measure in words."),
        ("topic", "The page of the report that it belongs to."),
        ("description", "What it counts."),
    ]
    typed = ", ".join(f"{name} = text" for name, _ in columns)
    return Table(
        "Catalogue",
        "What each measure means, from the seed measures.csv. Grain: one row for each measure.",
        tuple(
            Column(name, "varchar", told, is_key=name == "measure", is_hidden=name == "measure")
            for name, told in columns
        ),
        f"#table(\n    type table [{typed}],\n    {{\n{listed}\n    }}\n)",
    )


def _relationships() -> Iterable[Relationship]:
    for fact in LOADED[:5]:
        yield Relationship(fact, "authority", "Authorities", "authority")
    for fact in LOADED[:2]:
        yield Relationship(fact, "period_key", "Periods", "period_key")
        yield Relationship(fact, "period_start", "Dates", "date_on")
    yield Relationship("rpt_measures", "breakdown_key", "Breakdowns", "breakdown_key")
    for fact in ("rpt_measures", "rpt_measure_catalogue"):
        yield Relationship(fact, "measure", "Catalogue", "measure")
