"""Write the Power BI projects: `python -m power_bi.generate [MANIFEST]`.

Belongs here: what is read, which files there are, and that nothing else is left standing among them.
Does not belong here: the content of the files.

MANIFEST is dbt's manifest.json; without it the one that `dbt parse --profiles-dir .` leaves in dbt_project/target.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from power_bi import report, reports_model, star_model, tmdl

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent / "dbt_project" / "seeds"
MANIFEST = HERE.parent / "dbt_project" / "target" / "manifest.json"
AUDIENCES = ("reports", "marts", "casework")


def chosen(name: str) -> dict[str, Any]:
    """What people decided: `models` or `pages`."""
    return yaml.safe_load((HERE / f"{name}.yml").read_text(encoding="utf-8"))


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed of the dbt project."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def models(manifest: dict[str, Any]) -> dict[str, tmdl.Model]:
    """The semantic model of each audience."""
    told = chosen("models")
    folders = {measure: folder for folder, measures in told["folders"].items() for measure in measures}
    bands = sorted(
        (row for row in seed("code_lists") if row["list_name"] == "band"),
        key=lambda row: int(row["sort_order"]),
    )
    members = [row["member"] for row in bands]
    return {
        "reports": reports_model.build(manifest, seed("measures"), members, folders),
        "marts": star_model.build(manifest, "marts", told["marts"]),
        "casework": star_model.build(manifest, "casework", told["casework"]),
    }


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Every generated file: path below power_bi/ -> text."""
    pages = chosen("pages")
    found = {}
    for audience, model in models(manifest).items():
        project = f"lado_{audience}"
        for path, text in tmdl.render(model).items():
            found[f"{project}.SemanticModel/definition/{path}"] = text
        for path, text in report.render(project, pages[audience], model).items():
            found[path] = text
    return found


def write(manifest: dict[str, Any], into: Path) -> list[str]:
    """Write every file below a folder and remove what was generated there before; the paths, in order."""
    for audience in AUDIENCES:
        for kind in ("SemanticModel", "Report"):
            shutil.rmtree(into / f"lado_{audience}.{kind}", ignore_errors=True)
    told = files(manifest)
    for path, text in told.items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return sorted(told)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else MANIFEST
    written = write(json.loads(path.read_text(encoding="utf-8")), HERE)
    sys.stdout.write(f"{len(written)} files written below {HERE.name}/\n")
