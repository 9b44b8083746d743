"""What the verbs of the `lado` command share: options, and how a refusal becomes a sentence and an exit code.

Belongs here: what more than one verb needs. Does not belong here: the verbs (command_line.py, *_command.py).
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import NoReturn

import click
import duckdb

from orchestration import stations
from orchestration.resources import AnotherRefreshIsRunning, NotReady

home_option = click.option(
    "--home", type=click.Path(file_okay=False), help="The installation's folder [LADO_HOME, else data]."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


def stop(code: int, message: str, as_json: bool = False) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"outcome": "failed", "message": message}))
    click.echo(message, err=True)
    sys.exit(code)


@contextlib.contextmanager
def told_plainly(as_json: bool = False) -> Iterator[None]:
    """Turn what may go wrong before a station runs into a sentence and an exit code."""
    try:
        yield
    except AnotherRefreshIsRunning as error:
        stop(4, str(error), as_json)
    except NotReady as error:
        stop(1, str(error), as_json)
    except OSError as error:
        words = stations.refused_by_the_machine(str(error)) or f"{type(error).__name__}: {error.strerror}"
        # Named by its path, because it may lie outside the home: a folder to write to, the code itself.
        stop(1, f"{error.filename or 'a file'} cannot be used: {words}", as_json)
    except duckdb.Error as error:
        stop(1, f"the warehouse cannot be used: {stations.in_plain_words(error)}", as_json)
