"""Every comparison earns its place: learnt without labels it tells matches from chance, and a broken one is seen."""

from dataclasses import replace

import numpy as np
import pytest

from matching import candidates, fit, model
from matching.score import read_pairs

LEAST_BITS = 0.3
"""What a comparison tells of a match on average, at least; 1 bit doubles the odds."""

CALLER = model.PARTS["caller"]


def parts_of(caller: np.ndarray) -> list[np.ndarray]:
    """The level of each part from the levels of who called."""
    return list(np.unravel_index(caller, [len(levels) for levels in CALLER.values()]))


def of_part(table: np.ndarray, part: str) -> np.ndarray:
    """What who called tells by one part alone, where both sides record it; shape (classes, levels)."""
    names = list(CALLER)
    shape = [levels.index("missing") + 1 for levels in CALLER.values()]
    others = tuple(1 + number for number, name in enumerate(names) if name != part)
    alone = table.reshape(-1, *shape).sum(axis=others)[:, :-1]
    return alone / alone.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def learnt_from():
    """A world's pairs, and what a fit on them with one comparison's levels dealt out at random tells."""
    import duckdb

    from benchmarks import matching_stage, matching_worlds

    with duckdb.connect(config={"threads": 1}) as con:
        matching_stage.stage(con, matching_worlds.world("low", seed=31, contacts=1000, settings=250))
        matching_stage.prepare(con)
        candidates.seek(con, "authority_000", has_decisions=False)
        pairs = read_pairs(con)
    each = {name: level[pairs.pattern] for name, level in pairs.levels.items()}
    pairs = replace(pairs, pattern=np.arange(len(pairs.contact)), levels=each)

    def bits(broken: str | None) -> dict[str, float]:
        levels = dict(each)
        rng = np.random.default_rng(7)
        if broken in CALLER:
            parts = parts_of(each["caller"])
            parts[list(CALLER).index(broken)] = rng.permutation(parts[list(CALLER).index(broken)])
            levels["caller"] = np.ravel_multi_index(parts, [len(one) for one in CALLER.values()])
        elif broken:
            levels[broken] = rng.permutation(each[broken])
        p = fit.fit(replace(pairs, levels=levels))
        # Expected worth of a true pair's level against an unrelated pair's: the Kullback-Leibler divergence.
        tables = p.levels | {part: of_part(p.levels["caller"], part) for part in CALLER}
        return {
            name: float((table[0] * np.log2(table[0] / table[2])).sum()) for name, table in tables.items()
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "BOOTSTRAP_DRAWS", 2)
        yield bits


@pytest.fixture(scope="module")
def whole(learnt_from):
    return learnt_from(None)


@pytest.mark.parametrize("name", [*(c.name for c in model.COMPARISONS), *CALLER])
def test_a_comparison_tells_matches_from_chance(whole, name):
    assert whole[name] > LEAST_BITS


@pytest.mark.parametrize(
    "name", ["staff_role", "concern", "caller", "referrer_role", "agency", "referrer", "reference"]
)
def test_a_broken_comparison_is_seen(learnt_from, name):
    assert learnt_from(name)[name] < LEAST_BITS
