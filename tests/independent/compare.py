"""Two tables of measures held against each other, row by row.

Belongs here: what counts as equal and how a difference is told. Does not belong here: computing either side.

Every row of the warehouse must be met by a recomputed row with the same numerator, denominator, value, unit,
base, population, period and as-at date; every recomputed row that is not zero must be in the warehouse. The
two dimensions of a pair may stand in either order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

NUMBERS = ("numerator", "denominator", "value")
WORDS = ("unit", "population", "base")
SPANS = ("period_end", "is_part_period", "as_at")
POPULATIONS = ("received", "concluded", "closed", "open")
NEAR = 1e-6
PLACE = ["authority", "period_kind", "period_start", "measure", "dims"]


def placed(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows indexed by their key, the dimensions of a pair in alphabetical order, the period as a day."""
    one = np.where(rows["dimension_1"] == "all", "", rows["dimension_1"] + "=" + rows["member_1"])
    two = np.where(rows["dimension_2"] == "all", "", rows["dimension_2"] + "=" + rows["member_2"])
    turned = (two != "") & ((one == "") | (two < one))
    first, last = np.where(turned, two, one), np.where(turned, one, two)
    dims = np.where(last == "", first, first + ", " + last)
    starts = pd.to_datetime(rows["period_start"]).dt.strftime("%Y-%m-%d")
    out = rows.assign(dims=dims, period_start=starts).set_index(PLACE)
    twice = out.index[out.index.duplicated()]
    if len(twice):
        raise AssertionError(f"{len(twice)} keys stand twice, the first is {tell(twice[0])}")
    return out


def tell(key: tuple) -> str:
    authority, kind, start, measure, dims = key
    return f"{authority} {kind} {start} {measure}[{dims}]"


def spelled(base: str) -> str:
    """A base text with its members in alphabetical order."""
    measure, _, members = base.partition("[")
    return f"{measure.strip()}[{', '.join(sorted(m.strip() for m in members.rstrip(']').split(',')))}]"


def differences(warehouse: pd.DataFrame, mine: pd.DataFrame, words: tuple[str, ...] = WORDS) -> list[str]:
    """One sentence for each number or word that does not agree; empty when all agree."""
    theirs, ours = placed(warehouse), placed(mine)
    told = [
        f"only in the warehouse: {tell(key)} numerator {row.numerator} value {row.value}"
        for key, row in theirs.loc[theirs.index.difference(ours.index)].iterrows()
    ]
    missing = ours.loc[ours.index.difference(theirs.index)]
    counts = missing[["numerator", "value"]].fillna(0).abs().max(axis=1) > NEAR
    told += [
        f"missing in the warehouse: {tell(key)} recomputed {row.numerator} value {row.value}"
        for key, row in missing[counts].iterrows()
    ]
    common = theirs.index.intersection(ours.index)
    theirs, ours = theirs.loc[common], ours.loc[common]
    for column in NUMBERS:
        one, other = theirs[column].astype(float).to_numpy(), ours[column].astype(float).to_numpy()
        wrong = ~np.isclose(one, other, rtol=NEAR, atol=NEAR, equal_nan=True)
        told += _told(column, common[wrong], one[wrong], other[wrong])
    for column in SPANS:
        one, other = (side[column].astype(str).str[:10].to_numpy() for side in (theirs, ours))
        told += _told(column, common[one != other], one[one != other], other[one != other])
    for column in words:
        if column == "base":
            one, other = (side[column].fillna("").astype(object).to_numpy() for side in (theirs, ours))
            written = {text: spelled(text) for text in {*one, *other}}
            wrong = np.array([written[a] != written[b] for a, b in zip(one, other, strict=True)], dtype=bool)
        else:
            one, other = (side[column].to_numpy(dtype=object) for side in (theirs, ours))
            left_open = pd.isna(other) & np.isin(one.astype(str), POPULATIONS)
            wrong = (one != other) & ~left_open
        told += _told(column, common[wrong], one[wrong], other[wrong])
    return told


def _told(column: str, keys: pd.Index, warehouse: np.ndarray, mine: np.ndarray) -> list[str]:
    rows = zip(keys, warehouse, mine, strict=True)
    return [f"{column}: {tell(key)} warehouse {one} recomputed {other}" for key, one, other in rows]


def report(told: list[str], each: int = 3) -> str:
    """How many differences there are by kind and measure, with the first few of each, for an assertion's message."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for sentence in told:
        kind, _, rest = sentence.partition(": ")
        measure = rest.split()[3].partition("[")[0]
        kinds.setdefault((measure, kind), []).append(sentence)
    lines = [f"{len(told)} differences"]
    for (measure, kind), sentences in sorted(kinds.items()):
        lines += [f"{len(sentences):6d} {measure} ({kind})", *(f"         {s}" for s in sentences[:each])]
    return "\n".join(lines)
