"""What the gate's caller does when the attack finds a hole in disclosure control."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestration import judgement, resources
from orchestration.resources import Home
from publish import disclosure, suppression


@pytest.mark.slow
def test_a_hole_in_disclosure_control_costs_figures_and_not_the_night(
    demo_copy: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = demo_copy()
    # As if nothing were hidden but the small counts themselves and what hangs on them over time.
    monkeypatch.setattr(suppression, "hide", lambda table, hidden, more, width: hidden.update(more))
    monkeypatch.setattr(suppression, "protect", lambda table, hidden, width: None)
    with resources.warehouse(home) as con:
        disclosure.control(con)

    judged = judgement.judge(home, [])

    assert judged.passed, judged.stopping
    assert judged.withheld, "the attack found no hole, so this test shows nothing"
    authority, counts = judged.withheld[0].split(": ")
    with resources.warehouse(home) as con:
        shown = con.execute(
            "select count(*) from measures.published_measures as shown inner join reference.measures as catalogue "
            "on shown.measure = catalogue.measure "
            "where shown.authority = ? and catalogue.counts = ? and not shown.is_suppressed",
            [authority, counts],
        ).fetchall()
    assert shown == [(0,)]
