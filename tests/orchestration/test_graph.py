"""The graph is the same wherever the command starts.

Belongs here: which assets stand before the gate and which behind it. Does not belong here: what a refresh makes of them
(test_whole_flow.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from orchestration import assets
from orchestration.resources import Home


def test_report_models_stand_behind_the_gate_from_any_folder(
    demo_copy: Callable[[], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    graph = {one.op.name: one for one in assets.build(demo_copy()) if isinstance(one, dg.AssetsDefinition)}
    schemas = {name: {key.path[0] for key in graph[name].keys} for name in ("models", "report_models")}
    assert schemas["report_models"] == {"reports", "casework"}
    assert not schemas["models"] & schemas["report_models"]
