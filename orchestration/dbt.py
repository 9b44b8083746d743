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

from orchestration import dbt_savings, parsed, resources
from orchestration.resources import PROJECT, Home
from orchestration.stations import StationFailed, refused_by_the_machine

# Errors in which DuckDB quotes code, not data. All others may quote a value and are told by kind only.
QUOTES_CODE_ONLY = ("Binder Error", "Catalog Error", "Parser Error", "Compilation Error", "Dependency Error")

THIS_STEP = "this_step"
RUN = {"model", "seed"}  # the kinds of node that a refresh builds

# The manifest of the refresh in hand, which builds in three steps, and the fingerprint of the project it is of.
_manifest: list[Any] = []
_fingerprint: list[str] = []


@dataclass(frozen=True)
class NodeRun:
    """One dbt node as it ran: its unique id, `success` or what else dbt said, its seconds."""

    unique_id: str
    status: str
    seconds: float


def _invoke(home: Home, arguments: list[str], manifest: Any = None) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    paths = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    paths += ["--target-path", str(home.dbt / "target"), "--log-path", str(home.dbt / "logs")]
    # No log file: a failed cast would put the raw line into it. What is printed is dropped for the same reason; what an
    # operator needs comes back in the result.
    quiet = ["--log-level-file", "none", "--no-send-anonymous-usage-stats", "--no-use-colors"]
    try:
        # In the home, where the profile's path of the warehouse is a bare file name: dbt reads the whole project
        # anew whenever that path changes, so this way a home that was moved or copied stays quick.
        with (
            dbt_savings.at_hand(),
            contextlib.chdir(home.root),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            return dbtRunner(manifest=manifest).invoke([*quiet, *arguments, *paths])
    finally:
        # dbt keeps its DuckDB instance open, and an open instance shuts out every other configuration.
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager.close_all_connections()


def parse(home: Home) -> Any:
    """What a refresh runs, as dbt's own manifest, parsed once for as long as the project stays as it is (parsed.py).

    Leaves the whole in the home as manifest.json, for the asset graph, the gate and publication. Raises StationFailed
    with dbt's words: parsing sees code, never data.
    """
    if not _manifest:
        of = parsed.fingerprint()
        manifest = parsed.read(home, of)
        if manifest is None:
            answer = _invoke(home, ["parse", "--no-write-json"])
            if not answer.success:
                raise StationFailed(f"dbt cannot parse the project: {answer.exception}")
            manifest = answer.result
            # dbt writes the same file in half a second: it indents, and so leaves Python's fast encoder.
            told = manifest.writable_manifest().to_dict(omit_none=False)
            home.manifest.parent.mkdir(exist_ok=True)
            resources.write_whole(home.manifest, json.dumps(told, default=str))
            _leave_what_is_run(manifest)
            parsed.keep_manifest(home, manifest)
            parsed.keep(home, of)
            manifest.build_flat_graph()
        _manifest.append(manifest)
        _fingerprint.append(of)
    return _manifest[0]


def forget() -> None:
    """Let the next `parse` read the project again.

    A manifest keeps what compiling left in its nodes, and ephemeral models are not put into the same SQL twice: so
    one manifest serves one refresh.
    """
    _manifest.clear()
    _fingerprint.clear()
    dbt_savings.COMPILED.clear()


def manifest_as_dict(home: Home) -> dict[str, Any]:
    """What manifest.json says of all that a refresh runs, for the asset graph."""
    parse(home)
    told = json.loads(home.manifest.read_text(encoding="utf-8"))
    told["nodes"] = {i: node for i, node in told["nodes"].items() if node["resource_type"] in RUN}
    told["unit_tests"] = {}
    left = told["nodes"].keys() | told["sources"].keys() | told["exposures"].keys()
    for side in ("parent_map", "child_map"):
        told[side] = {
            i: [one for one in others if one in left] for i, others in told[side].items() if i in left
        }
    return told


def run(home: Home, unique_ids: Iterable[str]) -> list[NodeRun]:
    """Build these models and seeds in dbt's order, without their tests; one NodeRun for each.

    Raises StationFailed naming the model and the kind of error.
    """
    manifest = parse(home)
    step = set(unique_ids)
    _prepare_step(manifest, step)
    # Seeds stand as they are on most nights; `build` would go through the graph for tests that were left out above.
    verb = "build" if _seeds(step) else "run"
    arguments = [verb, "--select", f"tag:{THIS_STEP}", "--no-write-json", "--no-populate-cache"]
    answer = _invoke(home, arguments, manifest)
    results = list(getattr(answer.result, "results", None) or [])
    for result in results:
        if str(result.status) not in {"success", "pass", "warn", "skipped", "no-op"}:
            raise StationFailed(f"dbt model {result.node.name} failed: {_kind(result.message or '')}")
    if not answer.success:
        raise StationFailed(f"dbt stopped before any model ran: {_kind(str(answer.exception))}")
    _keep_compiled(home, [result.node for result in results])
    return [NodeRun(r.node.unique_id, str(r.status), round(r.execution_time, 3)) for r in results]


def _keep_compiled(home: Home, nodes: Iterable[Any]) -> None:
    fresh = {
        node.unique_id: node.compiled_code
        for node in nodes
        if node.resource_type == "model" and node.unique_id not in dbt_savings.COMPILED
    }
    if fresh:
        dbt_savings.COMPILED.update(fresh)
        parsed.keep(home, _fingerprint[0])


def _leave_what_is_run(manifest: Any) -> None:
    """Leave in a refresh's manifest what it runs: no tests, which the gate reads from manifest.json, and no files.

    Four of five nodes are tests: they took a tenth of a cpu-second to read. And dbt holds every node against every
    criterion of a selection, twice.
    """
    manifest.nodes = {i: node for i, node in manifest.nodes.items() if node.resource_type in RUN}
    manifest.unit_tests = {}
    manifest.files = {}
    manifest.flat_graph = {}


def _prepare_step(manifest: Any, unique_ids: set[str]) -> None:
    """Mark a step's nodes by a tag: to select ninety by their names costs dbt more than the models' SQL."""
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
