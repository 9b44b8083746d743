"""The lineage in dbt's documentation ends in the Power BI projects, at the tables that they load."""

from __future__ import annotations

import re

import pytest
import yaml
from pbip import AUDIENCES, ROOT, tables


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_exposure_names_the_tables_that_the_model_loads(audience):
    text = (ROOT / "dbt_project" / "models" / "_exposures.yml").read_text(encoding="utf-8")
    (entry,) = [e for e in yaml.safe_load(text)["exposures"] if e["name"] == f"power_bi_{audience}"]
    named = {re.fullmatch(r"ref\('(\w+)'\)", dep)[1] for dep in entry["depends_on"]}
    assert named == {name for name, table in tables(audience).items() if "File.Contents" in table.source}
