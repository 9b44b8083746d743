"""Dagster's SQLite event log with its connections kept open between events.

Belongs here: this saving, and two like it. Dagster 1.13 makes an SQLAlchemy engine and opens the file anew for each of
the six or so statements of an event; a refresh has some three hundred events. Of each asset it asks anew which columns
the table has and which indexes, and what a run intends it stores event by event. Does not belong here: what is stored.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as db
from dagster import AssetKey
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData

OPEN_AT_MOST = 8  # run files held open by one process; a daemon meets a new one every night
BUSY_SECONDS = 30


class OpenEventLog(SqliteEventLogStorage):
    """The same files and tables as Dagster's own; a home can change between the two at any time."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        self._engines: dict[str, db.Engine] = {}
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        self._indexes: set[str] = set()
        self._in_one_go: dict[str, db.Connection] = {}
        super().__init__(base_dir, inst_data)
        self._db_lock = threading.RLock()  # a batch holds it while its events are stored one after the other

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: dict) -> OpenEventLog:
        # The folder in which Dagster's own storage keeps its runs, below the one that dagster.yaml names.
        return cls(str(Path(config_value["base_dir"]) / "history" / "runs"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[db.Connection]:
        with self._db_lock:
            if shard in self._in_one_go:
                yield self._in_one_go[shard]
                return
            engine = self._engines.pop(shard, None) or _engine(self.conn_string_for_shard(shard))
            self._engines[shard] = engine  # the last used stands last
            if len(self._engines) > OPEN_AT_MOST:
                self._engines.pop(next(iter(self._engines))).dispose()
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def has_table(self, table_name: str) -> bool:
        if table_name not in self._tables:  # Dagster asks for the same one at every event of an asset
            if not super().has_table(table_name):
                return False
            self._tables.add(table_name)
        return True

    def _has_asset_key_col_on_connection(self, conn: db.Connection, column_name: str) -> bool:
        if column_name not in self._columns:
            if not super()._has_asset_key_col_on_connection(conn, column_name):
                return False
            self._columns.add(column_name)
        return True

    def has_asset_key_col(self, column_name: str) -> bool:
        return column_name in self._columns or super().has_asset_key_col(column_name)

    def has_secondary_index(self, name: str) -> bool:
        if name not in self._indexes:
            if not super().has_secondary_index(name):
                return False
            self._indexes.add(name)
        return True

    @contextmanager
    def _one_go(self, *shards: str) -> Iterator[None]:
        """What this thread asks and writes inside the block is one transaction a file."""
        with self._db_lock, ExitStack() as files:
            self._in_one_go = {shard: files.enter_context(self._connect(shard)) for shard in shards}
            try:
                yield
            finally:
                self._in_one_go = {}

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run. Dagster stores them singly when this fails."""
        with self._one_go(events[0].run_id, INDEX_SHARD_NAME):
            super().store_event_batch(events)

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """What is known of assets; Dagster asks it of each asset that another one is built from."""
        with self._one_go(INDEX_SHARD_NAME):
            return super().get_asset_records(asset_keys)

    def dispose(self) -> None:
        with self._db_lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
        super().dispose()


def _engine(url: str) -> db.Engine:
    """An engine whose connections wait for a writer, and leave it to the system when an event reaches the disk.

    In the write-ahead mode that Dagster sets, a file stays whole either way; after a power cut the last events of a run
    may be missing, and the run with them is one that did not end.
    """
    engine = db.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @db.event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.execute("pragma synchronous = normal")

    return engine
