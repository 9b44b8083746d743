"""What is told of an error: our own words whole, of all others the kind or what the machine refused."""

from __future__ import annotations

import traceback
from types import SimpleNamespace

import pytest

from orchestration import refresh, stations


def ended_with(cls_name: str, message: str) -> SimpleNamespace:
    """The result of a run whose step failed with this, wrapped as Dagster wraps it."""
    cause = SimpleNamespace(cls_name=cls_name, message=message, cause=None)
    wrapped = SimpleNamespace(
        cls_name="DagsterExecutionStepExecutionError", message="Error occurred", cause=cause
    )
    data = SimpleNamespace(error=wrapped)
    return SimpleNamespace(all_events=[SimpleNamespace(is_step_failure=True, step_failure_data=data)])


FULL = "the record of the run: the disk answered with an input/output error; look at the disk (is it full?), then"
DAMAGED = "the record of the run: Dagster's record of runs is damaged; move the folder `dagster` out of the home and"


@pytest.mark.parametrize(
    ("cls_name", "message", "told"),
    [
        ("StationFailed", "orchestration.stations.StationFailed: models: dbt model x failed\n",
         "models: dbt model x failed"),
        ("HeldByGate", "orchestration.stations.HeldByGate: publication held by 2 checks",
         "publication held by 2 checks"),
        ("ValueError", "ValueError: Calder Ostgate, born 1 April 1970\n", "the record of the run: ValueError"),
        ("OperationalError", "sqlite3.OperationalError: disk I/O error\n", f"{FULL} run `lado refresh` again"),
        ("DatabaseError", "sqlalchemy.exc.DatabaseError: (sqlite3.DatabaseError) file is not a database\n[SQL: ...]",
         f"{DAMAGED} run `lado refresh` again"),
    ],
)  # fmt: skip
def test_only_our_own_words_are_told(cls_name: str, message: str, told: str) -> None:
    assert refresh._failure(ended_with(cls_name, message)) == told


def test_what_fails_in_code_without_a_file_is_told_by_kind() -> None:
    """Libraries write code as they run (dataclasses do, and the import system): its frames have no folder."""
    with pytest.raises(stations.StationFailed) as told, stations.station("ingest"):
        exec("raise ValueError('Calder Ostgate, born 1 April 1970')")  # noqa: S102  such code, made by hand
    assert str(told.value).startswith("ingest: ValueError at orchestration/stations.py:")
    assert "Calder" not in str(told.value)
    assert told.value.kind == "ValueError"
    assert "Calder" not in "".join(traceback.format_exception(told.value))
