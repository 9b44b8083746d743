"""What parsing and compiling the dbt project came to, kept in the home: a project that is as it was is taken as it is.

Belongs here: when what is kept is of the project at hand. Does not belong here: parsing, running (dbt.py).

dbt keeps what it parsed too, but looks through all of it at each start, builds its own objects from it one by one and
manifest.json from those, and renders every model's SQL anew: more than a cpu-second a refresh, to find that nothing has
changed. What is kept is taken when the content of every file that dbt reads, its version, Python's and its settings are
the same as then, and the files kept are as they were written; otherwise dbt does it, as it did before. So no model may
ask the warehouse or the clock while its SQL is rendered (tests/orchestration/test_parsed.py).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

from orchestration import dbt_savings, resources
from orchestration.resources import PROJECT, Home

NAME = "parsed.json"
MANIFEST = "parsed.msgpack"
PACKAGES = (
    "dbt-core",
    "dbt-common",
    "dbt-adapters",
    "dbt-duckdb",
    "dbt-semantic-interfaces",
    "mashumaro",
    "jinja2",
)
BY_HAND = frozenset({"target", "logs"})  # what dbt leaves beside the models when somebody runs it by hand


def fingerprint() -> str:
    """A hash of all that decides what dbt makes of the project."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(f"{path.relative_to(PROJECT).as_posix()}\0{_hash(path)}\n".encode())
    versions = [importlib.metadata.version(name) for name in PACKAGES]
    digest.update(repr((str(PROJECT), sys.version, versions, resources.dbt_settings())).encode())
    return digest.hexdigest()


def _files() -> list[Path]:
    """Every file that dbt may read, wherever the project may put one."""
    return sorted(
        path
        for path in [*PROJECT.glob("*.yml"), *(PROJECT / "dbt_project").rglob("*")]
        if BY_HAND.isdisjoint(path.relative_to(PROJECT).parts) and path.is_file()
    )


def read(home: Home, of: str) -> Any | None:
    """The manifest (dbt's own object) kept of a project with this fingerprint; None when dbt must parse.

    manifest.json in the home is then that of this very manifest, and dbt_savings knows what was compiled of it.
    """
    try:
        seal, _, body = home.manifest.with_name(NAME).read_text(encoding="utf-8").partition("\n")
        if seal != hashlib.sha256(body.encode()).hexdigest():
            return None
        kept = json.loads(body)
        if kept["of"] != of or kept["files"] != _hashes(home):
            return None
    except (OSError, ValueError, KeyError):
        return None
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    dbt_savings.SCHEMAS.update(kept["schemas"])
    dbt_savings.COMPILED.update(kept["compiled"])
    manifest = Manifest.from_msgpack(
        home.manifest.with_name(MANIFEST).read_bytes(), decoder=extended_mashumuro_decoder
    )
    manifest.build_flat_graph()
    return manifest


def keep_manifest(home: Home, manifest: Any) -> None:
    """Keep dbt's own object of what was parsed, for `read`; `keep` is to follow."""
    from dbt.parser.manifest import extended_mashumaro_encoder

    resources.write_whole(home.manifest.with_name(MANIFEST), manifest.to_msgpack(extended_mashumaro_encoder))


def keep(home: Home, of: str) -> None:
    """Keep what dbt left in the home as that of a project with this fingerprint, with all that dbt_savings knows."""
    kept = {
        "of": of,
        "files": _hashes(home),
        "schemas": dbt_savings.SCHEMAS,
        "compiled": dbt_savings.COMPILED,
    }
    body = json.dumps(kept)
    resources.write_whole(
        home.manifest.with_name(NAME), f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}"
    )


def _hashes(home: Home) -> dict[str, str]:
    return {
        path.name: _hash(path) for path in (home.manifest, home.manifest.with_name(MANIFEST)) if path.exists()
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
