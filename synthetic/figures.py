"""The published figures of the two annual reports, and the row of measures that each one is.

Here: reading published/ (the figures as printed, and figure_map.csv) and working a figure out from
fct_measures. Not here: what the made-up records are solved for (targets/), and any arithmetic beyond one
division.

figure_map.csv has one line for each published figure:
- treatment `exact`: the printed value must come out; `corrected`: the report's own arithmetic fails, and
  `right_value` must come out instead, for the `reason`; `left_out`: no measure, for the `reason`.
- measure, dimension_1, member_1, dimension_2, member_2, period_kind, period_start name the row; several
  members joined with + are added up.
- column: `numerator`, `value`, `denominator`; `remainder` is denominator - numerator; `percent_of` and
  `percent_change_on` hold the row's numerator against that of the row named by the `other_` columns.
- decimals: rounding half up, once, of the computed value.
"""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

PUBLISHED = Path(__file__).with_name("published")


def published() -> dict[str, dict[str, str]]:
    """The figures as printed, by figure_id."""
    found = {}
    for path in sorted(PUBLISHED.glob("*_20.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            found.update({line["figure_id"]: line for line in csv.DictReader(lines)})
    return found


def figure_map() -> list[dict[str, str]]:
    """Every line of figure_map.csv, in its order."""
    with (PUBLISHED / "figure_map.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def half_up(value: float, decimals: int) -> Decimal:
    """Rounded half up; the float's shortest decimal form is what is rounded."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def index(measures: pd.DataFrame) -> dict[tuple, dict]:
    """Rows of fct_measures by authority, kind, start (ISO), measure and the two dimensions in any order."""
    found = {}
    for row in measures.to_dict("records"):
        pairs = {(row["dimension_1"], row["member_1"]), (row["dimension_2"], row["member_2"])} - {
            ("all", "all")
        }
        start = str(row["period_start"])[:10]
        found[row["authority"], row["period_kind"], start, row["measure"], frozenset(pairs)] = row
    return found


def row_at(
    rows: dict[tuple, dict], authority: str, measure: str, start: str, *pairs: tuple[str, str]
) -> dict:
    """One row of a financial year; LookupError, naming it, when fct_measures has none."""
    key = (authority, "financial_year", start, measure, frozenset(pairs))
    if key not in rows:
        raise LookupError(f"fct_measures has no row {key[:4]} {sorted(key[4])}")
    return rows[key]


def computed(line: dict[str, str], rows: dict[tuple, dict]) -> Decimal:
    """The figure of one line of the map, rounded for print, from fct_measures alone."""
    named = _rows_of(line, rows)
    column, decimals = line["column"], int(line["decimals"])
    total = sum(row["numerator"] for row in named)
    if column in ("percent_of", "percent_change_on"):
        other = {
            name.removeprefix("other_"): text for name, text in line.items() if name.startswith("other_")
        }
        other = {**line, **other, "dimension_2": "all", "member_2": "all"}
        against = _rows_of(other, rows)[0]["numerator"]
        return half_up(100 * (total if column == "percent_of" else total - against) / against, decimals)
    if column == "numerator":
        return half_up(total, decimals)
    (row,) = named
    return half_up(row["denominator"] - row["numerator"] if column == "remainder" else row[column], decimals)


def _rows_of(line: dict[str, str], rows: dict[tuple, dict]) -> list[dict]:
    """The rows that a line of the map names, one for each of the members joined with +."""
    options = [
        [(line[f"dimension_{place}"], member) for member in line[f"member_{place}"].split("+")]
        for place in ("1", "2")
    ]
    where = (line["authority"], line["period_kind"], line["period_start"], line["measure"])
    keys = [(*where, frozenset({a, b} - {("all", "all")})) for a in options[0] for b in options[1]]
    missing = [key for key in keys if key not in rows]
    if missing:
        raise LookupError(
            f"{line['figure_id']}: no row {missing[0][:4]} {sorted(missing[0][4])} in fct_measures"
        )
    return [rows[key] for key in keys]
