"""The event log with open connections writes what Dagster's own reads, and lets go of the oldest run files."""

# No `from __future__ import annotations` here: Dagster reads the annotations themselves.

from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration import event_log
from orchestration.resources import Home


@dg.op
def speak(context: dg.OpExecutionContext) -> None:
    context.log.info("a line for the record")


@dg.job
def spoken() -> None:
    speak()


def test_dagsters_own_storage_reads_every_event_of_more_runs_than_are_held_open(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    with dg.DagsterInstance.get() as instance:
        storage = instance._event_storage
        assert isinstance(storage, event_log.OpenEventLog)
        runs = [
            spoken.execute_in_process(instance=instance).run_id for _ in range(event_log.OPEN_AT_MOST + 2)
        ]
        assert len(storage._engines) == event_log.OPEN_AT_MOST
        written = {run: [(e.timestamp, e.message) for e in instance.all_logs(run)] for run in runs}
    assert storage._engines == {}
    plain = SqliteEventLogStorage(str(home.dagster / "history" / "runs"))
    for run in runs:
        read = [(e.timestamp, e.message) for e in plain.get_logs_for_run(run)]
        assert read == written[run]
        assert "a line for the record" in [message for _, message in read]
    plain.dispose()


@dg.asset
def one() -> None:
    """An asset."""


@dg.asset(deps=[one])
def other() -> None:
    """Another."""


def test_what_a_run_intends_is_stored_at_once_and_read_by_dagsters_own(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    stored = []
    with dg.DagsterInstance.get() as instance:
        storage = instance._event_storage
        store = storage.store_event_batch
        storage.store_event_batch = lambda events: (stored.append(len(events)), store(events))
        runs = [dg.materialize([one, other], instance=instance).run_id for _ in range(2)]
        assert stored == [2, 2]
        assert storage._in_one_go == {}
        assert instance.get_latest_materialization_event(other.key).run_id == runs[-1]
    plain = SqliteEventLogStorage(str(home.dagster / "history" / "runs"))
    for run in runs:
        kinds = [e.dagster_event.event_type_value for e in plain.get_logs_for_run(run) if e.dagster_event]
        assert kinds.count("ASSET_MATERIALIZATION_PLANNED") == kinds.count("ASSET_MATERIALIZATION") == 2
    assert set(plain.all_asset_keys()) == {one.key, other.key}
    plain.dispose()


def test_what_is_known_of_assets_is_read_as_dagsters_own_reads_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    plain = SqliteEventLogStorage(str(home.dagster / "history" / "runs"))
    with dg.DagsterInstance.get() as instance:
        storage = instance._event_storage
        for _ in range(2):
            run = dg.materialize([one, other], instance=instance).run_id
            read = storage.get_asset_records([one.key, other.key])
            assert [r.asset_entry.last_run_id for r in read] == [run, run]
            assert read == plain.get_asset_records([one.key, other.key])
            assert storage._in_one_go == {}
        built = instance.get_latest_materialization_event(other.key).asset_materialization
        (used,) = [r for r in read if r.asset_entry.asset_key == one.key]
        tag = f"dagster/input_event_pointer/{one.key.to_user_string()}"
        assert built.tags[tag] == str(used.asset_entry.last_materialization_storage_id)
    for index in ("asset_key_index_columns", "no_such_index"):
        assert storage.has_secondary_index(index) == plain.has_secondary_index(index)
    assert not storage.has_secondary_index("no_such_index")
    plain.dispose()
