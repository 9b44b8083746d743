"""Random small authorities, two releases each, under the attack of the publication gate.

Belongs here: a few of the worlds of `python -m benchmarks.disclosure`. Does not belong here: single rules
(test_disclosure.py), what the attack can find (tests/expectations/test_attack.py).
"""

from __future__ import annotations

import pytest

from benchmarks.disclosure import run_world


@pytest.mark.parametrize("seed", [2, 11])
def test_no_hidden_count_is_recovered_from_two_releases(seed):
    told, _ = run_world(seed, releases=2)
    assert told.attacked > 100
    assert told.exposed == []


def test_the_attack_finds_what_hiding_small_counts_alone_leaves_open():
    _, bare = run_world(2, releases=1, with_bare=True)
    assert bare.recovered > 10
