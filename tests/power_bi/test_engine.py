"""Microsoft's own programs read the projects: the modelling engine every model, the parser every Power Query.

Both are npm packages, used here and never shipped; the engine is licensed for development and test, and is fed
definitions, no data. They are looked for below the folder in LADO_POWERBI_ENGINE, where `.ci/run` installs them;
without it these tests are passed over, because a test run must not ask for a network.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pbip import AUDIENCES, definition, relationships, tables

FOLDER = os.environ.get("LADO_POWERBI_ENGINE", "")
pytestmark = pytest.mark.skipif(
    not FOLDER or shutil.which("node") is None,
    reason="needs node, and LADO_POWERBI_ENGINE: a folder into which `npm install` brought Microsoft's packages",
)


class Engine:
    """The engine as a process that answers one JSON line for each it is given (MCP over standard input)."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen(
            [str(program), "--start", "--read-only"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self.number = 0
        client = {"name": "tests", "version": "1"}
        self.call("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
        self._say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _say(self, told: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.number += 1
        self._say({"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters})
        for line in self.process.stdout:
            told = json.loads(line)
            if told.get("id") == self.number:
                return told["result"]
        raise AssertionError("the engine went away")

    def ask(self, tool: str, **request: Any) -> tuple[bool, str]:
        """Whether it is an error, and the words of the answer."""
        told = self.call("tools/call", {"name": tool, "arguments": {"request": request}})
        return told["isError"], " ".join(c.get("text", "") for c in told["content"])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    system = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}[platform.system()]
    machine = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x64"
    package = (
        Path(FOLDER) / "node_modules" / "@microsoft" / f"powerbi-modeling-mcp-{system}-{machine}" / "dist"
    )
    started = Engine(next(p for p in package.iterdir() if p.stem == "powerbi-modeling-mcp"))
    yield started
    started.process.stdin.close()
    try:
        started.process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        started.process.kill()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_engine_imports_the_model(engine: Engine, audience: str):
    is_error, words = engine.ask(
        "database_operations", operation="ImportFromTmdlFolder", tmdlFolderPath=str(definition(audience))
    )
    assert not is_error, words
    is_error, words = engine.ask("model_operations", operation="GetStats")
    assert not is_error, words
    found, model = json.loads(words)["data"], tables(audience)
    assert {t["name"]: (t["columnCount"], t["measureCount"]) for t in found["Tables"]} == {
        name: (len(t.columns), len(t.measures)) for name, t in model.items()
    }
    assert found["RelationshipCount"] == len(relationships(audience))
    assert found["RoleCount"] == 1


@pytest.mark.parametrize(
    ("file", "right", "wrong", "complaint"),
    [
        ("tables/Dates.tmdl", "dataType: dateTime", "dataType: day", "expected type DataType"),
        ("relationships.tmdl", "Authorities.authority", "Authorities.nowhere", "cannot be found"),
    ],
)
def test_the_engine_refuses_a_broken_model(engine: Engine, tmp_path: Path, file, right, wrong, complaint):
    """So that an import without an error means something."""
    copy = tmp_path / "definition"
    shutil.copytree(definition("reports"), copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert right in text
    (copy / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    is_error, words = engine.ask(
        "database_operations", operation="ImportFromTmdlFolder", tmdlFolderPath=str(copy)
    )
    assert is_error
    assert complaint in words


PARSE = """
const { DefaultSettings, TaskUtils } = require("@microsoft/powerquery-parser");
const texts = JSON.parse(require("fs").readFileSync(0, "utf-8"));
(async () => {
  const told = {};
  for (const [name, text] of Object.entries(texts)) {
    const task = await TaskUtils.tryLexParse(DefaultSettings, text);
    if (!TaskUtils.isParseStageOk(task)) told[name] = String(task.error.message);
  }
  console.log(JSON.stringify(told));
})();
"""


def complaints(texts: dict[str, str]) -> dict[str, str]:
    """What Microsoft's parser has against each text; empty for those that it takes."""
    told = subprocess.run(
        ["node", "-e", PARSE],  # noqa: S607 - node is looked up where the operator has it
        input=json.dumps(texts),
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=FOLDER,
        timeout=120,
    )
    return json.loads(told.stdout)


def test_every_power_query_parses():
    texts = {f"{a}.{name}": table.source for a in AUDIENCES for name, table in tables(a).items()}
    for audience in AUDIENCES:
        for line in (definition(audience) / "expressions.tmdl").read_text(encoding="utf-8").splitlines():
            if told := re.match(r"expression (\w+) = (.*) meta (.*)", line):
                texts[f"{audience}.{told[1]}"] = f"{told[2]} meta {told[3]}"
    assert len(texts) > 40
    assert complaints(texts) == {}
    assert list(complaints({"broken": "let a = if 1 = 1 then 2 in a"})) == ["broken"]
