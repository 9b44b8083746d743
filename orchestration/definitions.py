"""What Dagster loads: assets, the nightly job, its triggers and the lock.

Belongs here: the one `defs`. Does not belong here: anything with a body.
"""

from __future__ import annotations

import dagster as dg

from orchestration import assets, resources, triggers


def build(home: resources.Home) -> dg.Definitions:
    """Definitions over one home (the dbt project is parsed into that home)."""
    graph = assets.build(home)
    return dg.Definitions(
        assets=graph,
        jobs=[triggers.nightly_refresh],
        schedules=[triggers.every_night],
        sensors=[triggers.on_landing, triggers.alert_on_failure],
        resources={"home": assets.home_lock},
        executor=dg.in_process_executor,
    )
