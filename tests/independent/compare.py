"""Two tables of measures held against each other, row by row.

Belongs here: what counts as equal and how a difference is told. Does not belong here: computing either side.

Every row of the warehouse must be met by a recomputed row with the same numerator, denominator, value, unit,
base and population; every recomputed row that is not zero must be in the warehouse. The two dimensions of a
pair may stand in either order.
"""

from __future__ import annotations

import math

import pandas as pd

from .tally import KEY

NUMBERS = ("numerator", "denominator", "value")
WORDS = ("unit", "population", "base")
NEAR = 1e-6


def key_of(row: dict) -> tuple:
    """The row's key with its dimensions in alphabetical order, the period as a day."""
    dims = sorted(
        (row[f"dimension_{i}"], row[f"member_{i}"]) for i in (1, 2) if row[f"dimension_{i}"] != "all"
    )
    start = pd.Timestamp(row["period_start"]).date().isoformat()
    return (row["authority"], row["period_kind"], start, row["measure"], tuple(dims))


def keyed(rows: pd.DataFrame) -> dict[tuple, dict]:
    """Rows by key; two rows with one key are an error of whoever made them."""
    found: dict[tuple, dict] = {}
    for row in rows.to_dict("records"):
        key = key_of(row)
        if key in found:
            raise AssertionError(f"two rows for {tell(key)}")
        found[key] = row
    return found


def tell(key: tuple) -> str:
    authority, kind, start, measure, dims = key
    return f"{authority} {kind} {start} {measure}[{', '.join(f'{d}={m}' for d, m in dims)}]"


def same_number(one: object, other: object) -> bool:
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one)) and bool(pd.isna(other))
    return math.isclose(float(one), float(other), rel_tol=NEAR, abs_tol=NEAR)


def same_words(column: str, warehouse: object, mine: object) -> bool:
    if column == "population" and mine is None:
        return warehouse in ("received", "concluded", "closed", "open")
    if pd.isna(warehouse) or pd.isna(mine):
        return bool(pd.isna(warehouse)) and bool(pd.isna(mine))
    if column == "base":
        return spelled(str(warehouse)) == spelled(str(mine))
    return str(warehouse) == str(mine)


def spelled(base: str) -> tuple[str, tuple[str, ...]]:
    """A base text as its measure and its members in any order."""
    measure, _, members = base.partition("[")
    return measure.strip(), tuple(sorted(m.strip() for m in members.rstrip("]").split(",") if m.strip()))


def is_nothing(row: dict) -> bool:
    """Zero or without a value: a row that the warehouse may leave out."""
    return all(pd.isna(row[c]) or abs(float(row[c])) < NEAR for c in ("numerator", "value"))


def differences(warehouse: pd.DataFrame, mine: pd.DataFrame, words: tuple[str, ...] = WORDS) -> list[str]:
    """One sentence for each row that does not agree; empty when all agree."""
    theirs, ours, told = keyed(warehouse[[*KEY, *NUMBERS, *WORDS]]), keyed(mine), []
    for key, row in theirs.items():
        own = ours.get(key)
        if own is None:
            told.append(
                f"only in the warehouse: {tell(key)} numerator {row['numerator']} value {row['value']}"
            )
            continue
        told += [
            f"{column}: {tell(key)} warehouse {row[column]} recomputed {own[column]}"
            for column in NUMBERS
            if not same_number(row[column], own[column])
        ]
        told += [
            f"{column}: {tell(key)} warehouse {row[column]} recomputed {own[column]}"
            for column in words
            if not same_words(column, row[column], own[column])
        ]
    told += [
        f"missing in the warehouse: {tell(key)} recomputed {row['numerator']} value {row['value']}"
        for key, row in ours.items()
        if key not in theirs and row["required"] and not is_nothing(row)
    ]
    return told


def report(told: list[str], most: int = 40) -> str:
    """The first differences and how many there are by kind and measure, for an assertion's message."""
    kinds: dict[tuple[str, str], int] = {}
    for sentence in told:
        kind, _, rest = sentence.partition(": ")
        measure = rest.split()[3].partition("[")[0]
        kinds[kind, measure] = kinds.get((kind, measure), 0) + 1
    lines = [f"{len(told)} differences"]
    lines += [f"  {n:6d} {measure} ({kind})" for (kind, measure), n in sorted(kinds.items())]
    return "\n".join([*lines, *told[:most]])
