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


@pytest.mark.slow
def test_the_run_names_the_rules_that_fail_and_the_page_that_explains_them(
    demo_copy: Callable[[], Home],
) -> None:
    home = demo_copy()
    with resources.warehouse(home) as con:
        con.execute("drop table marts.fct_meetings")  # the checks that look at it cannot run
    told = judgement.judge(home, []).metadata()
    with resources.warehouse(home) as con:
        kept = con.execute(
            "select severity, check_name || ' (' || coalesce(failing_count::varchar, 'could not run') || ')' "
            "from quality.check_results where gate = 'publication' and not passed "
            "and refresh_id = (select refresh_id from raw.this_refresh)"
        ).fetchall()
    assert {severity for severity, _ in kept} == {"error", "warning"}
    for severity, key in (("error", "stopping"), ("warning", "warning")):
        assert sorted(str(told[key]).split("; ")) == sorted(name for kind, name in kept if kind == severity)
    assert "could not run" in str(told["stopping"])
    assert "a_quoted_contact_exists (3)" in str(told["warning"])
    checks = list((resources.PROJECT / "expectations" / "checks" / "publication").glob("*.yml"))
    assert (told["checks"], told["page"]) == (len(checks), str(home.quality / "index.html"))
