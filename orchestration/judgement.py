"""The publication gate as the graph calls it.

Belongs here: opening the warehouse for the gate, the data docs page after it. Does not belong here: judging.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from expectations import exposure, gate, page
from orchestration import history, resources
from orchestration.resources import Home
from publish import disclosure


@dataclass(frozen=True)
class Judgement:
    """The verdict on these marts: whether they pass, how many checks ran, which fail, what is withheld.

    stopping, warning: names of checks, each with the number of what fails in it. page: where all of them are explained.
    """

    passed: bool
    checks: int
    stopping: list[str]
    warning: list[str]
    withheld: list[str]
    page: Path

    def metadata(self) -> dict[str, int | str]:
        return {
            "checks": self.checks,
            "stopping": "; ".join(self.stopping) or "none",
            "warning": "; ".join(self.warning) or "none",
            "withheld": "; ".join(self.withheld) or "none",
            "page": str(self.page),
        }


def judge(home: Home, accept: list[str]) -> Judgement:
    """Run the publication gate over the marts as they stand and write the data docs.

    accept: AUTHORITY/FEED whose vanished records an operator accepts this once.
    """
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with resources.warehouse(home) as con:
        refresh_id = con.execute("select refresh_id from raw.this_refresh").fetchall()[0][0]

        def judged() -> gate.Verdict:
            results = home.quality / "results"
            return gate.run_gate(
                con, "publication", "warehouse", refresh_id, now, results, home.manifest, accept=accept
            )

        verdict = judged()
        # What the attack found is withheld whole, and all is judged again: figures are lost then, and not the night.
        withheld: set[tuple[str, str]] = set()
        while exposed := exposure.counts_exposed(con) - withheld:
            withheld |= exposed
            disclosure.control(con, withheld)
            verdict = judged()
        page.write_page(con, refresh_id, home.quality / "index.html")
        stopping, warning = (
            [
                f"{r.check_name} ({_failing(r)})"
                for r in verdict.results
                if not r.passed and r.severity == severity
            ]
            for severity in ("error", "warning")
        )
        if not verdict.passed:
            history.end(con, refresh_id, "held", "publication held by: " + "; ".join(stopping), now)
    return Judgement(
        passed=verdict.passed,
        checks=len(verdict.results),
        stopping=stopping,
        warning=warning,
        withheld=sorted(f"{authority}: {counts}" for authority, counts in withheld),
        page=home.quality / "index.html",
    )


def _failing(result: gate.Result) -> str:
    return "could not run" if result.failing_count is None else str(result.failing_count)
