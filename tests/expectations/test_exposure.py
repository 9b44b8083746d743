"""What counts as given away: what an outsider concludes, where it is true."""

from __future__ import annotations

import pytest

from expectations import attack, exposure

TRUE, FALSE = attack.Bound(1, 2.0, 2.0), attack.Bound(2, 0.0, 0.0)
AMOUNTS = {1: 2.0, 2: 3.0}


@pytest.mark.parametrize(
    ("without_memory", "told"),
    [([], [TRUE]), ([attack.Bound(2, 3.0, 3.0)], [TRUE, attack.Bound(2, 3.0, 3.0)])],
)
def test_a_conclusion_that_leaves_out_the_truth_is_drawn_again_without_the_last_release(
    monkeypatch: pytest.MonkeyPatch, without_memory: list[attack.Bound], told: list[attack.Bound]
) -> None:
    asked = []

    def narrowed(relations: str, width: float, cells: object) -> list[attack.Bound]:
        asked.append((relations, set(cells)))
        return [TRUE, FALSE] if relations == "with memory" else without_memory

    monkeypatch.setattr(attack, "narrowed", narrowed)
    assert exposure._narrowed("with memory", "tonight", 3.0, AMOUNTS) == told
    assert asked == [("with memory", {1, 2}), ("tonight", {2})]


def test_where_the_last_release_contradicts_tonight_it_is_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    def narrowed(relations: str, width: float, cells: object) -> list[attack.Bound]:
        if relations == "with memory":
            raise attack.Contradiction
        return [TRUE]

    monkeypatch.setattr(attack, "narrowed", narrowed)
    assert exposure._narrowed("with memory", "tonight", 3.0, AMOUNTS) == [TRUE]
