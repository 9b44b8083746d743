"""rpt_columns says of every published column what the published files and the YAML twins say."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
import yaml

from publish.files import AUDIENCES

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"


@pytest.mark.slow
def test_the_dictionary_is_that_of_the_files(demo):
    release = Path(os.path.realpath(demo[0].published / "current"))
    published = set()
    for audience in AUDIENCES:
        with duckdb.connect(str(release / audience / f"lado_{audience}.duckdb"), read_only=True) as con:
            published |= set(
                con.execute(
                    "select ?, table_name, column_index, column_name, lower(data_type) from duckdb_columns() "
                    "where database_name = current_database()",
                    [audience],
                ).fetchall()
            )
    with duckdb.connect(str(release / "reports" / "lado_reports.duckdb"), read_only=True) as con:
        told = con.execute("from rpt_columns").df()
    assert len(told) == len(published)
    keys = ["audience", "table_name", "column_position", "column_name", "data_type"]
    assert set(told[keys].itertuples(index=False, name=None)) == published

    twins = {}
    for audience in AUDIENCES:
        for twin in (MODELS / audience).glob("*.yml"):
            (entry,) = yaml.safe_load(twin.read_text(encoding="utf-8"))["models"]
            twins[entry["name"]] = entry
    for name, rows in told.groupby("table_name"):
        described = {c["name"]: c["description"].strip() for c in twins[name]["columns"]}
        assert dict(zip(rows.column_name, rows.description, strict=True)) == described
        ((_, grain),) = rows[["table_name", "grain"]].drop_duplicates().itertuples(index=False, name=None)
        assert grain
        assert " ".join(twins[name]["description"].split()).endswith(grain)
