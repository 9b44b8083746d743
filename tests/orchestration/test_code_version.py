"""What decides a number is part of the code's version, and what dbt leaves beside it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration import resources


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return made(tmp_path / "code", monkeypatch)


def made(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(root / "dbt_project" / "models" / "a.sql", "select 1")
    write(root / "ingest" / "profiles" / "kent.yml", "name: Kent")
    monkeypatch.setattr(resources, "PROJECT", root)
    return root


def write(path: Path, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, encoding="utf-8")


def version() -> str:
    return resources.code_version.__wrapped__()


def test_what_dbt_leaves_by_hand_changes_nothing(project: Path) -> None:
    before = version()
    # `dbt docs generate` makes folders that are called as the files of the models are.
    compiled = project / "dbt_project" / "target" / "compiled" / "lado_warehouse" / "dbt_project" / "models"
    write(compiled / "a.yml" / "unique_a.sql", "select 2")
    write(project / "dbt_project" / "logs" / "query.sql", "select 3")
    (project / "dbt_project" / "models" / "an_empty_folder.sql").mkdir()
    assert version() == before


def test_a_changed_model_changes_it_and_a_profile_does_not(project: Path) -> None:
    before = version()
    write(project / "ingest" / "profiles" / "kent.yml", "name: Kent and others")
    assert version() == before
    write(project / "dbt_project" / "models" / "a.sql", "select 1 ")
    changed = version()
    assert changed != before
    write(project / "dbt_project" / "models" / "b.yml", "")
    assert version() not in {before, changed}


def test_the_place_of_the_project_does_not_matter(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even below a folder that is called as one of those that are left out."""
    here = version()
    made(tmp_path / "profiles" / "target", monkeypatch)
    assert version() == here
