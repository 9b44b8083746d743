"""The corridor cannot be walked backwards, and a mart cannot break its contract unnoticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from .world import PROJECT, World, run_dbt


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, to be spoilt."""
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    shutil.copytree(
        PROJECT / "dbt_project", tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs")
    )
    return tmp_path


def test_a_report_that_reads_staging_does_not_parse(project: Path):
    report = project / "dbt_project" / "models" / "reports" / "rpt_wrong.sql"
    report.parent.mkdir(exist_ok=True)
    report.write_text("select 1 as one from {{ ref('stg_contacts') }}\n", encoding="utf-8")
    failed = run_dbt(project, project / "warehouse.duckdb", ["parse"])
    assert "private to the 'warehouse' group" in failed[0]
    assert "rpt_wrong" in failed[0]


def test_a_mart_that_breaks_its_contract_leaves_the_table_as_it_was(project: Path, northmere: World):
    northmere.con.close()
    warehouse = project / "warehouse.duckdb"
    shutil.copy(northmere.path, warehouse)
    northmere.con = duckdb.connect(str(northmere.path))
    model = project / "dbt_project" / "models" / "marts" / "dim_subjects.sql"
    spoilt = model.read_text(encoding="utf-8").replace(
        "count(received_on) as referral_count", "'many' as referral_count"
    )
    spoilt = spoilt.replace("count(*) as referral_count", "'many' as referral_count")
    model.write_text(spoilt, encoding="utf-8")
    failed = run_dbt(project, warehouse, ["run", "--select", "dim_subjects"])
    assert "dim_subjects breaks its contract. In the contract only: referral_count BIGINT" in failed[0]
    with duckdb.connect(str(warehouse)) as con:
        assert con.execute("select sum(referral_count) from marts.dim_subjects").fetchall() == [(5,)]
