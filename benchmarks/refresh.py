"""The cost of one warm refresh of one year of Kent, station by station, beside plain DuckDB doing the same SQL.

    python -m benchmarks.refresh [--rounds 5]

A round adds the next night's drop to a copy of a home that has refreshed before, and runs `lado refresh` as the
night does: one new process, gates and publication included. The floor is one new process too: it imports duckdb
alone, reads the same files as text and runs the compiled SQL of the same models in dbt's order. Rounds alternate,
so that a noisy machine disturbs both alike; medians are reported. cpu is user + system of the process.
Does not belong here: passing or failing. A timed test lies on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOOR = """
import json, sys, duckdb
work = json.load(open(sys.argv[1], encoding="utf-8"))
con = duckdb.connect(work["warehouse"], config={"autoinstall_known_extensions": "false"})
for path, delimiter, encoding in work["files"]:
    query = "select count(*) from read_csv(?, all_varchar=true, header=true, delim=?)"
    con.execute(query, [path, delimiter]).fetchall()
for schema, name, kind, sql in work["models"]:
    con.execute(f'create or replace {kind} "{schema}"."{name}" as {sql}')
con.close()
"""


def cpu_of(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """Run a command to its end; cpu seconds, wall seconds, standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    cpu = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return cpu, wall, done.stdout


def prepare(root: Path) -> tuple[Path, dict[str, str]]:
    """A home that has refreshed one night of one year of Kent, and a second night waiting beside it."""
    from orchestration import resources
    from orchestration.refresh import refresh
    from synthetic import synthesise

    made = root / "made"
    synthesise("kent", years=("2019/20",), into=made, nights=2, seed=1)
    nights = sorted(path for path in (made / "kent").iterdir() if path.is_dir())
    home = resources.Home(root / "home").prepare()
    resources.mark_as_demo(home)
    (home.landing / "kent").mkdir()
    shutil.copytree(nights[0], home.landing / "kent" / nights[0].name)
    outcome = refresh(home, settle_seconds=0)
    if outcome.outcome != "published":
        raise SystemExit(f"the first refresh was not published: {outcome.message}")
    shutil.copytree(nights[1], home.landing / "kent" / nights[1].name)
    compiled = compile_models(home, root / "floor.json", nights[1])
    return home.root, compiled


def compile_models(home, target: Path, night: Path) -> dict[str, str]:
    """Write what the floor runs: the night's CSV files, and each model's SQL as dbt compiles it."""
    from orchestration import dbt

    dbt.forget()
    manifest = dbt.parse(home)
    answer = dbt._invoke(home, ["compile", "--no-write-json"], manifest)
    order = [r.node for r in answer.result.results if r.node.resource_type == "model"]
    order = [n for n in order if n.config.materialized != "ephemeral"]  # those stand inside the others' SQL
    models = [
        (n.schema, n.name, "view" if n.config.materialized == "view" else "table", n.compiled_code)
        for n in order
    ]
    files = [(str(path), ",", "utf-8") for path in sorted(night.glob("*.csv"))]
    work = {"warehouse": str(target.parent / "floor" / "warehouse.duckdb"), "files": files, "models": models}
    target.write_text(json.dumps(work), encoding="utf-8")
    return {"floor": str(target)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        home, work = prepare(root)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LADO_")}
        # Warm: a machine that refreshed yesterday holds the project's compiled modules, as it holds the libraries'.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        ours, floors, stations = [], [], []
        for number in range(rounds):
            copy = root / f"round{number}"
            shutil.copytree(home, copy, symlinks=True)
            (root / "floor").mkdir(exist_ok=True)
            shutil.copy2(copy / "warehouse.duckdb", root / "floor" / "warehouse.duckdb")
            command = [sys.executable, "-m", "orchestration.command_line", "refresh", "--home", str(copy)]
            cpu, wall, said = cpu_of([*command, "--settle", "0", "--json"], environment)
            told = json.loads(said)
            assert told["outcome"] == "published", told["message"]
            ours.append((cpu, wall))
            stations.append(told["seconds"])
            floors.append(cpu_of([sys.executable, "-c", FLOOR, work["floor"]], environment)[:2])
            shutil.rmtree(copy)
            print(
                f"round {number + 1}: refresh {cpu:.1f} cpu s, floor {floors[-1][0]:.1f} cpu s",
                file=sys.stderr,
            )
    median = statistics.median
    refresh_cpu, floor_cpu = median(c for c, _ in ours), median(c for c, _ in floors)
    print(f"one refresh of one year of Kent, warm, one process; medians of {rounds} rounds")
    print(f"{'':24}{'cpu s':>8}{'wall s':>8}")
    print(f"{'lado refresh':24}{refresh_cpu:8.2f}{median(w for _, w in ours):8.2f}")
    print(f"{'plain DuckDB, same SQL':24}{floor_cpu:8.2f}{median(w for _, w in floors):8.2f}")
    print(f"{'ratio':24}{refresh_cpu / floor_cpu:8.1f}")
    print("wall seconds by station (the rest is the interpreter, Dagster's events and its shutdown):")
    for name in stations[0]:
        print(f"  {name:22}{median(s[name] for s in stations):8.2f}")


if __name__ == "__main__":
    main()
