"""What the fork server imports once: everything slow of a refresh, and nothing that opens a file of a home.

Does not belong here: anything with a body.
"""

import dagster
import dbt.cli.main
import great_expectations
from dbt.adapters.duckdb import connections

import ingest
import matching
from expectations import gate, page
from orchestration import alerts, arrival, assets, definitions, judgement, refresh, release, repair
from publish import files

__all__ = [
    "alerts", "arrival", "assets", "connections", "dagster", "dbt", "definitions", "files", "gate",
    "great_expectations", "ingest", "judgement", "matching", "page", "refresh", "release", "repair",
]  # fmt: skip
