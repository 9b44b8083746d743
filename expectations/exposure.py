"""The attack as the publication gate runs it: which small counts does tonight's publication give away.

Belongs here: what is asked of the attack, and the temporary tables gate_attacked and gate_exposed that the check
no_hidden_count_can_be_worked_out reads. Does not belong here: the attack itself (attack.py), its relations
(outsider.py).
"""

from collections import defaultdict

import duckdb

from expectations import attack, outsider

_TABLES = """
create or replace temp table gate_attacked (authority varchar, attacked_count bigint);
create or replace temp table gate_exposed (
    authority varchar, record_id varchar, message varchar, low double, high double, counts varchar[]
);
"""
# Small counts and small rests as they are, of the rows that may be published at all; only the gate knows them.
_SMALL = """
with numbered as (
    select
        measures.*, catalogue.counts, authorities.disclosure_hide_up_to as hide_up_to,
        least(measures.period_end, measures.as_at) as last_on,
        measures.denominator - measures.numerator as rest
    from marts.fct_measures as measures
    inner join reference.measures as catalogue on measures.measure = catalogue.measure
    inner join marts.dim_authorities as authorities on measures.authority = authorities.authority
    where
        catalogue.is_controlled and not catalogue.is_estimate
        and (
            measures.dimension_1 = 'all'
            or (measures.period_kind = 'financial_year' and not measures.is_part_period)
        )
)

select
    authority, hide_up_to, counts, measure, unit, period_start, last_on, dimension_1, member_1, dimension_2, member_2,
    base, numerator, denominator, rest
from numbered
where
    numerator between 1 and hide_up_to
    or denominator between 1 and hide_up_to
    or (unit = 'percent' and rest between 1 and hide_up_to)
"""


def width_for(hide_up_to: int) -> int:
    """The protection interval: how far apart the bounds of a hidden count must be.

    As far as the symbol says by itself: from 1 to hide_up_to; at least 1, for else it is known.
    """
    return max(hide_up_to - 1, 1)


def note_exposed(con: duckdb.DuckDBPyConnection) -> None:
    """Attack measures.published_measures; leaves gate_attacked and gate_exposed behind.

    When there is nothing to attack (a table is missing) the tables are missing too, so that the check fails.
    """
    for table in ("gate_attacked", "gate_exposed"):
        con.execute(f"drop table if exists {table}")
    try:
        rounding = dict(
            con.execute("select authority, disclosure_round_to from marts.dim_authorities").fetchall()
        )
        tonight = outsider.read(con, "measures.published_measures", rounding)
        before = outsider.read(con, "quality.previous_published", rounding)
        with_memory = outsider.remember(tonight, before)
        asked = _asked(con, tonight)
    except (duckdb.CatalogException, duckdb.BinderException):
        return
    con.execute(_TABLES)
    for (authority, hide_up_to), amounts in sorted(asked.items()):
        con.execute("insert into gate_attacked values (?, ?)", [authority, len(amounts)])
        try:
            width = width_for(hide_up_to)
            bounds = _narrowed(with_memory, tonight, width, amounts)
            bounds = _not_out_already(bounds, tonight, before, width, amounts)
        except attack.Contradiction:
            con.execute(
                "insert into gate_exposed values (?, 'published figures', ?, null, null, [])",
                [authority, "they contradict each other"],
            )
            continue
        for bound in bounds:
            con.execute(
                "insert into gate_exposed values (?, ?, null, ?, ?, ?)",
                [
                    authority,
                    describe(tonight.names[bound.cell]),
                    bound.low,
                    bound.high,
                    _counts(tonight.names[bound.cell]),
                ],
            )


def counts_exposed(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """(authority, what is counted) of all that the last attack over this connection found exposed."""
    try:
        return set(con.execute("select authority, unnest(counts) from gate_exposed").fetchall())
    except duckdb.CatalogException:  # there was nothing to attack; the check itself has failed then
        return set()


def _counts(name: tuple) -> list[str]:
    return [*_counts(name[1]), *_counts(name[2])] if name[0] == "rest" else [name[1]]


def _narrowed(
    with_memory: outsider.Relations, tonight: outsider.Relations, width: float, amounts: dict[int, float]
) -> list[attack.Bound]:
    """With what the last release said; without, where that no longer fits tonight's figures or misleads.

    An outsider takes a figure of the last release for true still, unless a published one says otherwise. Where it has
    changed in silence, what follows from it is wrong: bounds that leave out the true amount give nothing away.
    """
    try:
        bounds = attack.narrowed(with_memory, width, amounts)
    except attack.Contradiction:
        return attack.narrowed(tonight, width, amounts)
    misled = {b.cell for b in bounds if not _holds(b, amounts[b.cell])}
    true = [b for b in bounds if b.cell not in misled]
    return true + attack.narrowed(tonight, width, misled) if misled else true


def _not_out_already(
    bounds: list[attack.Bound],
    tonight: outsider.Relations,
    before: outsider.Relations,
    width: float,
    amounts: dict[int, float],
) -> list[attack.Bound]:
    """Without what earlier releases give away by themselves and tonight's does not: hiding takes nothing back."""
    if not bounds:
        return []
    alone = {b.cell for b in attack.narrowed(tonight, width, {b.cell for b in bounds})}
    were = {before.cells.get(tonight.names[b.cell]): b.cell for b in bounds if b.cell not in alone}
    were.pop(None, None)
    try:
        out = {were[b.cell] for b in attack.narrowed(before, width, were) if _holds(b, amounts[were[b.cell]])}
    except attack.Contradiction:
        out = set()
    return [b for b in bounds if b.cell not in out]


def _holds(bound: attack.Bound, amount: float) -> bool:
    return bound.low - 0.5 <= amount <= bound.high + 0.5


def _asked(
    con: duckdb.DuckDBPyConnection, relations: outsider.Relations
) -> dict[tuple[str, int], dict[int, float]]:
    """The cells to protect and their true amounts, by authority and the number up to which it hides."""
    asked: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
    for row in con.execute(_SMALL).fetchall():
        (authority, hide_up_to, counts, measure, unit, start, last_on, d1, m1, d2, m2, base, numerator,
         denominator, rest) = row  # fmt: skip
        cell, whole = outsider.cells_of(authority, counts, start, last_on, (d1, m1), (d2, m2), base)
        wanted = [(cell, numerator)] if 0 < numerator <= hide_up_to else []
        if whole is not None:
            if 0 < denominator <= hide_up_to:
                wanted.append((whole, denominator))
            if unit == "percent" and measure not in outsider.NOT_A_PART and 0 < rest <= hide_up_to:
                wanted.append((("rest", cell, whole), rest))
        known = ((relations.cells[name], amount) for name, amount in wanted if name in relations.cells)
        asked[authority, hide_up_to].update(known)
    return asked


def describe(name: tuple) -> str:
    """A cell in words: what is counted, its days and its members; never an amount."""
    if name[0] == "rest":
        return f"what is left of {describe(name[2])} beside {describe(name[1])}"
    _, counts, start, last_on, members = name
    of = ", ".join(f"{dimension}={member}" for dimension, member in members)
    return f"{counts}[{of}] {start} to {last_on}" if of else f"{counts} {start} to {last_on}"
