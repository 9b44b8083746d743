"""The house rules that no linter knows: twins, grain, nobody's name in what leaves, a README that tells the truth.

Belongs here: rules about how this repository is laid out, checked on its files without running anything.
Does not belong here: what the code computes.
"""

from __future__ import annotations

import ast
import functools
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "dbt_project" / "models"
PACKAGES = ("ingest", "matching", "expectations", "publish", "orchestration", "synthetic")
STATIONS = ("ingest", "matching", "expectations", "publish")
README = (ROOT / "README.md").read_text(encoding="utf-8")

NOT_OURS = {"data", "build", "target", "logs", "__pycache__"}  # made by running; .gitignore names them too


def ours(folder: Path = ROOT) -> Iterator[Path]:
    """Every file of the repository: what runs leave behind is passed over."""
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = [
            f
            for f in folders
            if f not in NOT_OURS and not f.endswith(".egg-info") and (not f.startswith(".") or f == ".ci")
        ]
        # In a second work tree .git is a file that names the first.
        yield from (here / name for name in names if name != ".git")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files() -> list[Path]:
    return sorted(f for f in ours() if f.suffix == ".py")


@functools.cache
def described_models() -> dict[str, dict]:
    """Every model's entry in its YAML twin, by model name."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries = {}
    for twin in MODELS.rglob("[!_]*.yml"):
        document = yaml.load(twin.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - either is a safe loader
        for entry in (document or {}).get("models", []):
            entries[entry["name"]] = entry | {"twin": twin}
    return entries


def models(*folders: str) -> list[str]:
    """Names of the models in these folders of dbt_project/models (all without any)."""
    return sorted(f.stem for folder in folders or ("",) for f in (MODELS / folder).rglob("*.sql"))


# --- Models -----------------------------------------------------------------------------------------------------


def test_every_model_has_its_twin_and_every_twin_its_model():
    sql = {f.with_suffix("") for f in MODELS.rglob("*.sql")}
    yml = {f.with_suffix("") for f in MODELS.rglob("*.yml") if not f.name.startswith("_")}
    assert sorted(relative(f) for f in sql - yml) == [], "models without x.yml"
    assert sorted(relative(f) for f in yml - sql) == [], "x.yml without a model"
    wrong = [relative(e["twin"]) for name, e in described_models().items() if e["twin"].stem != name]
    assert wrong == [], "a twin describes its own model and no other"


def test_every_model_states_its_grain():
    grain = re.compile(r"\bgrain\b|\bone row\b|\bexactly one\b", re.IGNORECASE)
    silent = [
        name for name in models() if not grain.search(described_models().get(name, {}).get("description", ""))
    ]
    assert silent == [], "a description says what one row is"


def test_every_published_column_is_described():
    """The description travels into the published file as a comment: it is all that a reader there has."""
    silent = [
        f"{name}.{column['name']}"
        for name in models("marts", "reports", "casework")
        for column in described_models().get(name, {}).get("columns", [])
        if not column.get("description")
    ]
    assert silent == []


@functools.cache
def identifying_columns() -> set[str]:
    """Columns of the feeds that identify a person, and names of places, which may be a childminder's own."""
    feeds = yaml.safe_load((ROOT / "ingest" / "feeds.yml").read_text(encoding="utf-8"))
    personal = {
        name for feed in feeds.values() for name, column in feed["columns"].items() if column.get("personal")
    }
    assert {"referrer_name", "full_name", "date_of_birth", "subject_id", "child_id"} <= personal
    return personal | {"setting_name", "setting_postcode", "postcode", "surname", "raw_text", "raw_value"}


@pytest.mark.parametrize("name", models("marts", "reports"))
def test_no_identifying_column_leaves(name):
    """Marts and reports have contracts, so the columns that their YAML declares are all that they have."""
    entry = described_models()[name]
    columns = {column["name"] for column in entry["columns"]}
    assert columns, "a published model declares its columns"
    assert columns & identifying_columns() == set()
    sql = entry["twin"].with_suffix(".sql").read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z_]+", re.sub(r"\{#.*?#\}|--[^\n]*", "", sql, flags=re.DOTALL)))
    assert words & identifying_columns() == set()


def test_published_models_carry_the_refresh_id():
    lacking = [
        name
        for name in models("marts", "reports", "casework")
        if "refresh_id" not in {c["name"] for c in described_models().get(name, {}).get("columns", [])}
    ]
    assert lacking == []


# --- Modules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_a_module_says_what_belongs_in_it(path):
    module = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(module) or not module.body, "a module opens with a docstring"


def test_no_module_is_too_long_to_read():
    long = {
        relative(f): n for f in python_files() if (n := len(f.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_folder_for_whatever():
    forbidden = {"utils", "util", "common", "helpers", "config", "scripts", "misc", "lib"}
    found = [relative(f) for f in ours() if forbidden & {*f.relative_to(ROOT).parts[:-1], f.stem}]
    assert found == []


def imports_of(path: Path) -> set[str]:
    """Top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".", 1)[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".", 1)[0])
    return found


def test_stations_meet_in_the_warehouse_and_nowhere_else():
    """The same contracts as import-linter's (pyproject.toml), which cannot see tests/ and benchmarks/."""
    wrong = []
    for path in python_files():
        package = path.relative_to(ROOT).parts[0]
        imported = imports_of(path)
        if package in {*STATIONS, "power_bi"}:
            bad = imported & ({*PACKAGES, "dagster", "dagster_dbt", "dbt"} - {package})
        elif package == "synthetic":
            bad = imported & (set(PACKAGES) - {"synthetic", "ingest"})
        else:
            bad = set()
        if package in PACKAGES:
            bad |= imported & {"tests", "benchmarks"}
        wrong += [f"{relative(path)} imports {name}" for name in sorted(bad)]
    assert wrong == []


def test_import_linter_agrees():
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    told = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-1000:]


def test_the_environment_is_read_in_one_place():
    reads = re.compile(r"\bos\.(environ|getenv)\b")
    inside = [f for f in python_files() if f.relative_to(ROOT).parts[0] in PACKAGES]
    readers = [relative(f) for f in inside if reads.search(f.read_text(encoding="utf-8"))]
    assert readers == ["orchestration/resources.py"]


# --- Words --------------------------------------------------------------------------------------------------------


def fenced_blocks(text: str) -> list[str]:
    return re.findall(r"^```[a-z]*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def tree_block() -> str:
    blocks = [
        b
        for b in fenced_blocks(README)
        if re.search(r"^ingest/ ", b, re.M) and re.search(r"^tests/ ", b, re.M)
    ]
    assert len(blocks) == 1, "the README has one block that shows the tree"
    return blocks[0]


def test_the_tree_in_the_readme_is_real():
    shown = set()
    for line in tree_block().splitlines():
        name, _, words = line.partition(" ")
        assert (ROOT / name).exists(), f"the README shows {name}"
        shown.add(name.rstrip("/"))
        if name.endswith("/"):  # `profiles/ holds ...` speaks of a folder inside
            for inner in re.findall(r"\b([a-z_]+)/", words):
                assert (ROOT / name / inner).exists(), f"the README shows {name}{inner}/"
    folders = {f.name for f in ROOT.iterdir() if f.is_dir() and any(ours(f))}
    hidden = {f for f in folders if f.startswith(".") or f in NOT_OURS or f.endswith(".egg-info")}
    assert folders - hidden - shown == set(), "every folder at the top is in the README's tree"


@functools.cache
def commands() -> dict[str, click.Command]:
    """Every `lado` command by its words, e.g. `profile check`."""
    main = importlib.import_module("orchestration.command_line").main
    found: dict[str, click.Command] = {}

    def walk(prefix: str, group: click.Group) -> None:
        for name, command in group.commands.items():
            words = f"{prefix} {name}".strip()
            found[words] = command
            if isinstance(command, click.Group):
                walk(words, command)

    walk("", main)
    return found


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def told_commands(text: str) -> set[tuple[str, ...]]:
    """What a document tells the reader to type: the words after a `lado` that begins a command."""
    code = "\n".join([*fenced_blocks(text), *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)])
    begins = r"(?:^(?:[\w.]*[\\/])*|&& (?:[\w.]*[\\/])*)lado"
    return {
        tuple(m.split()) for m in re.findall(begins + r"((?: +(?:--)?[a-z][a-z-]*\b(?![./=]))+)", code, re.M)
    }


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_commands_that_are_told_exist(path):
    real = commands()
    for words in told_commands(path.read_text(encoding="utf-8")):
        verb, options = [], []
        for word in words:
            if word.startswith("--"):
                options.append(word)
            elif not options and " ".join([*verb, word]) in real:
                verb.append(word)
        assert verb, f"`lado {' '.join(words)}` is told in {relative(path)}"
        known = {o for p in real[" ".join(verb)].params for o in p.opts} | {"--help"}
        assert set(options) <= known, f"options of `lado {' '.join(verb)}` in {relative(path)}"


def test_every_command_is_told():
    told = {" ".join(words) for words in told_commands(README)}
    leaves = [words for words, command in commands().items() if not isinstance(command, click.Group)]
    assert [w for w in leaves if not any(t == w or t.startswith(w + " ") for t in told)] == []


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_make_targets_that_are_told_exist(path):
    real = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    text = path.read_text(encoding="utf-8")
    code = "\n".join([*fenced_blocks(text), *re.findall(r"`([^`\n]+)`", text)])
    assert set(re.findall(r"\bmake ([a-z]+)\b", code)) <= real


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{relative(path)} links to {target}"


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_files_that_are_named_exist(path):
    """A path in code style that starts with one of our folders is a real file or folder."""
    for named in re.findall(r"`([a-z_./]+)`", path.read_text(encoding="utf-8")):
        top = named.split("/", 1)[0]
        if "/" in named and (
            top in PACKAGES or top in {"dbt_project", "docs", "tests", "benchmarks", "power_bi"}
        ):
            assert (ROOT / named).exists(), f"{relative(path)} names {named}"


def test_every_variable_is_explained():
    """.env.example names every variable that our code or profiles.yml reads, and no other."""
    read = set()
    for path in [
        *(f for f in python_files() if f.relative_to(ROOT).parts[0] in PACKAGES),
        ROOT / "profiles.yml",
    ]:
        read |= set(re.findall(r"\bLADO_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    explained = {m[1] for line in lines if (m := re.match(r"#? ?(LADO_[A-Z_]+)=", line))}
    assert explained == read


# --- What must not be in the tree -----------------------------------------------------------------------------------


def test_nothing_names_a_machine_or_a_registry():
    # Put together here, so that this file does not find itself.
    folders = "|".join(["work", "root", "opt", "Users", "mnt", "home"])
    registries = ["pypi.", "pythonhosted.", "npmjs.", "anaconda.", "ghcr.", "artifactory."]
    hosts = "|".join(re.escape(host) + "(org|com|io)" for host in registries)
    words = rf"(?<![\w.<>}}])/({folders})/\w|C:\\+Users|{hosts}"
    pattern = re.compile(words)
    found = []
    for path in ours():
        if path == Path(__file__).resolve() or path.suffix in {".xlsx", ".png", ".duckdb", ".parquet"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{relative(path)}:{number}")
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-audit.lock"])
def test_the_lock_has_hashes_and_no_addresses(name):
    lock = (ROOT / name).read_text(encoding="utf-8")
    code = "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ", lock)
    requirements = [r for r in re.split(r"\n(?=\S)", code) if r.strip()]
    assert len(requirements) >= 50
    bare = [
        r.split("\n", 1)[0] for r in requirements if not re.match(r"\S+==\S+", r) or "--hash=sha256:" not in r
    ]
    assert bare == []


def test_nothing_is_left_to_do():
    """An open end belongs in an issue, where somebody will find it."""
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        f"{relative(f)}:{n}"
        for f in ours()
        if f.suffix in {".py", ".sql", ".yml", ".md", ".toml"}
        for n, line in enumerate(f.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []
