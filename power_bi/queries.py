"""The question that each visual of the reports asks, as SQL over the published tables.

Belongs here: the same lines of `pages.yml` that the report is made of, turned into SQL that DuckDB and PostgreSQL both
take (tables unqualified: the file of the audience, or the schema `reports` on the search path). The slicers stay open:
a query answers for every authority and period at once.
Does not belong here: what the numbers are; the tests hold the answers against rpt_measures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from power_bi import generate, headlines


@dataclass(frozen=True)
class Query:
    """keys: the columns that tell the rows apart, first in the answer; values: the model's measures, in order.

    A value is (name, measure, column of rpt_measures); measure is None for one that is read from rpt_timeliness and
    for the columns of a list.
    """

    page: str
    visual: str
    sql: str
    keys: tuple[str, ...]
    values: tuple[tuple[str, str | None, str], ...]
    breakdown: str


def queries() -> list[Query]:
    """One for each visual of the reports' pages, in order."""
    read = {h.name: h for h in headlines.of_the_catalogue(generate.seed("measures"))}
    found = []
    for page in generate.chosen("pages")["reports"]:
        for visual in page["visuals"]:
            if "list" in visual:
                found.append(_of_a_list(page["name"], visual))
            elif "axis" in visual:
                found.append(_of_every_row(page["name"], visual))
            elif visual["kind"] != "slicer":
                found.append(_of_figures(page["name"], visual, read))
    return found


def _of_a_list(page: str, visual: dict[str, Any]) -> Query:
    columns = ["authority", *visual["show"]]
    sql = f"select {', '.join(columns)}\nfrom {visual['list']}\norder by {', '.join(columns)}"
    return Query(
        page, visual["name"], sql, ("authority",), tuple((c, None, c) for c in visual["show"]), "all"
    )


def _of_every_row(page: str, visual: dict[str, Any]) -> Query:
    """Every row of rpt_measures, whatever it is broken down by: the slicers choose."""
    grain = (
        "authority",
        "period_kind",
        "period_start",
        "measure",
        "dimension_1",
        "member_1",
        "dimension_2",
        "member_2",
    )
    # The text `Figure` is put together of these.
    parts = {"Figure": ("numerator", "denominator", "value", "unit", "symbol")}
    columns = [c for name in visual["show"] for c in parts.get(name) or (headlines.COLUMNS[name][0],)]
    sql = f"select\n    {', '.join(grain)},\n    {', '.join(columns)}\nfrom rpt_measures\norder by {', '.join(grain)}"
    return Query(page, visual["name"], sql, grain, tuple((c, None, c) for c in columns), "any")


def _of_figures(page: str, visual: dict[str, Any], read: dict[str, headlines.Headline]) -> Query:
    breakdown = visual.get("breakdown", "all")
    first, _, second = breakdown.partition(" x ")
    keys = ("authority", "period_kind", "period_start", "member_1")
    targets = dict(_targets())
    figures, values = [], []
    for name in visual["show"]:
        if name in targets:
            figures.append(f"max(targets.{_quoted(name)}) as {_quoted(name)}")
            values.append((name, None, name))
        else:
            of = read[name]
            column = headlines.COLUMNS[of.of][0]
            figures.append(
                f"max(case when figures.measure = '{of.measure}' then figures.{column} end) as {_quoted(name)}"
            )
            values.append((name, of.measure, column))
    joined = ""
    if any(name in targets for name in visual["show"]):
        lines = ",\n        ".join(f"{sql} as {_quoted(name)}" for name, sql in targets.items())
        joined = (
            "left join (\n    select\n        authority,\n        period_kind,\n        period_start,\n"
            f"        {lines}\n    from rpt_timeliness\n    where population = 'closed' and breakdown = 'all'\n"
            "    group by authority, period_kind, period_start\n) as targets\n"
            "    on\n        figures.authority = targets.authority\n"
            "        and figures.period_kind = targets.period_kind\n"
            "        and figures.period_start = targets.period_start\n"
        )
    grouped = ", ".join(f"figures.{key}" for key in keys)
    asked = ", ".join(f"'{m}'" for m in dict.fromkeys(m for _, m, _ in values if m))
    sql = (
        f"select\n    {grouped},\n    "
        + ",\n    ".join(figures)
        + f"\nfrom rpt_measures as figures\n{joined}"
        f"where figures.dimension_1 = '{first}' and figures.dimension_2 = '{second or 'all'}'\n"
        f"    and figures.measure in ({asked})\n"
        f"group by {grouped}\norder by {grouped}"
    )
    return Query(page, visual["name"], sql, keys, tuple(values), breakdown)


def _targets() -> Iterable[tuple[str, str]]:
    """The measures against a target, as SQL over rpt_timeliness grouped by authority and period."""
    for measure in headlines.TARGETED:
        of = f"max(case when line = '{measure}' then {{}} end)"
        share, target = of.format("percent_of_base"), of.format("target_percent")
        yield f"{headlines.in_words(measure)} target %", target
        yield f"{headlines.in_words(measure)} points from target", f"{share} - {target}"


def _quoted(name: str) -> str:
    return f'"{name}"'
