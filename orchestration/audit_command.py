"""The `lado audit-log` command: its words and exit codes.

Belongs here: what is printed. Does not belong here: the log itself (audit_log.py).
"""

from __future__ import annotations

import json
import sys

import click

from orchestration import audit_log as log
from orchestration import resources
from orchestration.options import home_option, json_option, told_plainly


@click.group("audit-log")
def audit_log() -> None:
    """What was done in this home, by whom, with what outcome."""


@audit_log.command()
@home_option
@json_option
def verify(home: str | None, as_json: bool) -> None:
    """Say whether entries of the audit log were edited, removed, moved or cut off; exit 1 and the lines if so."""
    with told_plainly(as_json):
        place = resources.home_from_environment(home)
        found = log.verify(place)
    if as_json:
        problems = [{"line": line, "problem": words} for line, words in found.problems]
        told = {"entries": found.entries, "last_hash": found.last_hash, "problems": problems}
        click.echo(json.dumps(told))
    else:
        for line, words in found.problems:
            click.echo(f"{log.path_of(place).name}:{line}: {words}")
        click.echo(
            f"{found.entries} entries, {len(found.problems)} problems; the last hash is {found.last_hash}"
        )
    sys.exit(1 if found.problems else 0)
