"""A project that is as it was is not parsed again; one that changed in anything is.

Belongs here: when what was kept of dbt's work may be taken. Does not belong here: what a refresh makes
(test_whole_flow.py).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration import dbt, dbt_savings, parsed
from orchestration.resources import PROJECT, Home

KEPT = ("manifest.json", parsed.MANIFEST, parsed.NAME)


@pytest.fixture
def home(demo_copy: Callable[[], Home]) -> Iterator[Home]:
    """A home that has refreshed, in a process that remembers nothing of it."""
    dbt.forget()
    yield demo_copy()
    dbt.forget()


def count_parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that dbt is given from now on."""
    given: list[str] = []
    invoke = dbt._invoke

    def told(home: Home, arguments: list[str], manifest: Any = None) -> Any:
        given.append(arguments[0])
        return invoke(home, arguments, manifest)

    monkeypatch.setattr(dbt, "_invoke", told)
    return given


def test_a_project_as_it_was_is_taken_as_it_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    given = count_parses(monkeypatch)
    before = home.manifest.read_bytes()
    kept = dbt.parse(home)
    assert given == []
    assert home.manifest.read_bytes() == before
    told = json.loads(json.dumps(kept.writable_manifest().to_dict(omit_none=False), default=str))
    whole = json.loads(before)
    run = {i: node for i, node in whole["nodes"].items() if node["resource_type"] in {"model", "seed"}}
    assert len(run) < len(whole["nodes"]) / 2, "tests are not run, and not kept"
    assert told["nodes"] == run
    assert told["unit_tests"] == {}
    for part in ("sources", "macros", "exposures", "groups"):
        assert told[part] == whole[part], part
    for side in ("parent_map", "child_map"):
        for node in run:
            others = [one for one in whole[side][node] if not one.startswith(("test.", "unit_test."))]
            assert sorted(told[side][node]) == sorted(others)


def test_the_asset_graph_is_drawn_of_all_that_is_run_and_of_nothing_else(home: Home) -> None:
    drawn = dbt.manifest_as_dict(home)
    assert drawn["nodes"].keys() == dbt.parse(home).nodes.keys()
    known = drawn["nodes"].keys() | drawn["sources"].keys() | drawn["exposures"].keys()
    for side in ("parent_map", "child_map"):
        assert drawn[side].keys() == known
        assert {one for others in drawn[side].values() for one in others} <= known
    built = "model.lado_warehouse.fct_measures"
    assert set(drawn["parent_map"][built]) == set(drawn["nodes"][built]["depends_on"]["nodes"])


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("harm", ["damaged", "gone"])
def test_what_is_damaged_or_gone_is_parsed_anew(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str, harm: str
) -> None:
    path = home.manifest.with_name(name)
    if harm == "gone":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    given = count_parses(monkeypatch)
    assert len(dbt.parse(home).nodes) > 90
    assert given == ["parse"]
    dbt.forget()
    dbt.parse(home)
    assert given == ["parse"], "what was parsed is kept"


@pytest.mark.parametrize(
    "name",
    [
        "dbt_project.yml",
        "profiles.yml",
        "dbt_project/models/marts/fct_referrals.sql",
        "dbt_project/models/marts/fct_referrals.yml",
        "dbt_project/macros/dates.sql",
        "dbt_project/seeds/measures.csv",
    ],
)
def test_any_file_of_the_project_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for file in PROJECT.glob("*.yml"):
        shutil.copy(file, tmp_path)
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(PROJECT / "dbt_project", tmp_path / "dbt_project", ignore=ignored)
    monkeypatch.setattr(parsed, "PROJECT", tmp_path)
    before = parsed.fingerprint()
    assert parsed.fingerprint() == before
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = parsed.fingerprint()
    assert changed != before
    (tmp_path / name).rename(tmp_path / f"{name}.txt")
    assert parsed.fingerprint() not in {before, changed}


def test_dbts_version_and_settings_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = parsed.fingerprint()
    monkeypatch.setenv("DBT_TARGET", "other")
    assert parsed.fingerprint() != before
    monkeypatch.delenv("DBT_TARGET")
    assert parsed.fingerprint() == before
    monkeypatch.setattr(parsed.importlib.metadata, "version", lambda _name: "9.9.9")
    assert parsed.fingerprint() != before


def test_kept_sql_is_what_dbt_compiles(home: Home) -> None:
    kept = json.loads(home.manifest.with_name(parsed.NAME).read_text(encoding="utf-8").split("\n", 1)[1])
    home.manifest.with_name(parsed.NAME).unlink()
    manifest = dbt.parse(home)
    assert dbt_savings.COMPILED == {}
    answer = dbt._invoke(home, ["compile", "--no-write-json"], manifest)
    fresh = {
        result.node.unique_id: result.node.compiled_code
        for result in answer.result.results
        if result.node.resource_type == "model" and result.node.config.materialized != "ephemeral"
    }
    assert len(fresh) > 90
    assert kept["compiled"] == fresh


def test_no_sql_depends_on_what_is_not_of_the_project() -> None:
    """What a model says of the warehouse, the clock or the environment while it is rendered would be kept."""
    elsewhere = re.compile(r"run_query|run_started_at|invocation_id|modules\.|env_var|load_result|adapter\.")
    folder = PROJECT / "dbt_project"
    found = {
        path.relative_to(folder).as_posix()
        for path in [*(folder / "models").rglob("*.sql"), *(folder / "macros").rglob("*.sql")]
        if elsewhere.search(path.read_text(encoding="utf-8"))
    }
    # The materialisation: it runs each time, and its SQL is not kept.
    assert found == {"macros/table.sql"}
