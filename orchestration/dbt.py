"""dbt inside this process: parse once, run parts of the project, hand back what each node did.

Belongs here: how dbt is called. A dbt process of its own costs about three cpu-seconds a call, and a
refresh of one year takes less than that in SQL.
Does not belong here: SQL, selections of models (assets.py).
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration import resources
from orchestration.resources import PROJECT, Home
from orchestration.stations import StationFailed, refused_by_the_machine

# Errors in which DuckDB quotes code, not data. All others may quote a value and are told by kind only.
QUOTES_CODE_ONLY = ("Binder Error", "Catalog Error", "Parser Error", "Compilation Error", "Dependency Error")

THIS_STEP = "this_step"

# The manifest of the refresh in hand: parsing is a good part of its seconds, and it builds in three steps.
_manifest: list[Any] = []


@dataclass(frozen=True)
class NodeRun:
    """One dbt node as it ran: its unique id, `success` or what else dbt said, its seconds."""

    unique_id: str
    status: str
    seconds: float


def _invoke(home: Home, arguments: list[str], manifest: Any = None) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.events import event_manager_client

    paths = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    paths += ["--target-path", str(home.dbt / "target"), "--log-path", str(home.dbt / "logs")]
    # No log file: a failed cast would put the raw line into it. What is printed is dropped for the same reason; what an
    # operator needs comes back in the result.
    quiet = ["--log-level-file", "none", "--no-send-anonymous-usage-stats", "--no-use-colors"]
    event_manager_client.ctx_set_event_manager(_no_events())
    _leave_messages_unbuilt()
    # In an event that nobody hears dbt names the module which made each behaviour flag, and reads the source of every
    # caller for it, at each start: 0.2 cpu-seconds a refresh.
    BehaviorFlagRendered._default_source = staticmethod(lambda: "")
    try:
        # In the home, where the profile's path of the warehouse is a bare file name: dbt reads the whole project
        # anew whenever that path changes, so this way a home that was moved or copied stays quick.
        with (
            contextlib.chdir(home.root),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            return dbtRunner(manifest=manifest).invoke([*quiet, *arguments, *paths])
    finally:
        # dbt keeps its DuckDB instance open, and an open instance shuts out every other configuration.
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager.close_all_connections()


def _no_events() -> Any:
    """An event manager of dbt that tells nobody anything.

    dbt builds a message for each of some two thousand events of a refresh, and only then asks whether anybody listens:
    as many seconds as a third of the SQL. An event that is never built cannot carry a value of the data either.
    """
    from dbt_common.events.event_manager import EventManager

    class NoEvents(EventManager):
        def fire_event(self, *_: Any, **__: Any) -> None:
            """Nobody listens."""

    return NoEvents()


def _leave_messages_unbuilt() -> None:
    """Let an event of dbt keep what it was given, and build its message when somebody reads it.

    Each builds a protobuf message when it is made, before anybody is asked to hear it.
    """
    from dbt_common.events.base_types import BaseEvent

    build = BaseEvent.__init__
    if build.__module__ == __name__:
        return

    def keep(self: Any, *args: Any, **kwargs: Any) -> None:
        self.__dict__["given"] = (args, kwargs)

    def read(self: Any, name: str) -> Any:
        if name != "pb_msg":
            return getattr(self.pb_msg, name)
        args, kwargs = self.__dict__["given"]
        build(self, *args, **kwargs)
        return self.__dict__["pb_msg"]

    def write(self: Any, name: str, value: Any) -> None:
        if name == "pb_msg":
            self.__dict__[name] = value
        else:
            setattr(self.pb_msg, name, value)

    BaseEvent.__init__, BaseEvent.__getattr__, BaseEvent.__setattr__ = keep, read, write


def parse(home: Home) -> Any:
    """The project's manifest (dbt's own object), parsed once a refresh.

    Raises StationFailed with dbt's words: parsing sees code, never data.
    """
    if not _manifest:
        answer = _invoke(home, ["parse", "--no-write-json"])
        if not answer.success:
            raise StationFailed(f"dbt cannot parse the project: {answer.exception}")
        _manifest.append(answer.result)
    return _manifest[0]


def forget() -> None:
    """Let the next `parse` read the project again.

    A manifest keeps what compiling left in its nodes, and ephemeral models are not put into the same SQL twice: so
    one manifest serves one refresh.
    """
    _manifest.clear()


def manifest_as_dict(home: Home) -> dict[str, Any]:
    """The manifest in the form of manifest.json, for the asset graph; also written to the home, for the gate."""
    told = parse(home).writable_manifest().to_dict(omit_none=False)
    # dbt writes the same file in half a second: it indents, and so leaves Python's fast encoder.
    home.manifest.parent.mkdir(exist_ok=True)
    resources.write_whole(home.manifest, json.dumps(told, default=str))
    return told


def run(home: Home, unique_ids: Iterable[str]) -> list[NodeRun]:
    """Build these models and seeds in dbt's order, without their tests; one NodeRun for each.

    Raises StationFailed naming the model and the kind of error.
    """
    manifest = parse(home)
    _prepare_step(manifest, set(unique_ids))
    arguments = ["build", "--select", f"tag:{THIS_STEP}", "--no-write-json", "--no-populate-cache"]
    answer = _invoke(home, arguments, manifest)
    results = list(getattr(answer.result, "results", None) or [])
    for result in results:
        if str(result.status) not in {"success", "pass", "warn", "skipped", "no-op"}:
            raise StationFailed(f"dbt model {result.node.name} failed: {_kind(result.message or '')}")
    if not answer.success:
        raise StationFailed(f"dbt stopped before any model ran: {_kind(str(answer.exception))}")
    return [NodeRun(r.node.unique_id, str(r.status), round(r.execution_time, 3)) for r in results]


def _prepare_step(manifest: Any, unique_ids: set[str]) -> None:
    """Leave in this refresh's manifest what a step needs: no tests, and the step's nodes marked by a tag.

    dbt holds every node against every criterion of a selection, twice: ninety names against some five hundred nodes,
    most of them tests that the gate has read from manifest.json already, cost more than the models' SQL.
    """
    manifest.nodes = {
        i: node for i, node in manifest.nodes.items() if node.resource_type in {"model", "seed"}
    }
    manifest.unit_tests = {}
    for unique_id, node in manifest.nodes.items():
        node.tags = [THIS_STEP] if unique_id in unique_ids else []


def _seeds(unique_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Seeds among the nodes: unique id -> (table, checksum of its file). Only after `parse`."""
    nodes = (_manifest[0].nodes[unique_id] for unique_id in unique_ids)
    return {
        node.unique_id: (f'"{node.schema}"."{node.name}"', node.checksum.checksum)
        for node in nodes
        if node.resource_type == "seed"
    }


def seeds_in_place(con: duckdb.DuckDBPyConnection, unique_ids: Iterable[str]) -> set[str]:
    """Seeds that the warehouse holds as their files are now: loading one costs more than most models."""
    held = dict(
        con.execute(
            """select '"' || schema_name || '"."' || table_name || '"', comment from duckdb_tables()"""
        ).fetchall()
    )
    return {
        unique_id
        for unique_id, (table, checksum) in _seeds(unique_ids).items()
        if held.get(table) == checksum
    }


def mark_seeds(con: duckdb.DuckDBPyConnection, unique_ids: Iterable[str]) -> None:
    """Note at each seed's table which file it was loaded from."""
    for table, checksum in _seeds(unique_ids).values():
        con.execute(f"comment on table {table} is '{checksum}'")


def _kind(message: str) -> str:
    refusal = refused_by_the_machine(message)
    if refusal:
        return refusal
    for kind in QUOTES_CODE_ONLY:
        if kind in message:
            return message[message.index(kind) :].split("\n\n", maxsplit=1)[0][:600]
    words = [line.strip() for line in message.splitlines() if "Error" in line]
    return (words[-1].split(":")[0] if words else "unknown error")[
        :80
    ] + " (its text may quote data and is not kept)"
