"""The `lado subject` commands: their words, options and exit codes.

Belongs here: what is asked and what is printed. Does not belong here: the work.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from orchestration import resources
from orchestration.options import home_option, json_option, told_plainly


@click.group()
def subject() -> None:
    """What is held on one person, and the secret behind the keys of all."""


@subject.command()
@home_option
@json_option
@click.option(
    "--new-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="File with the new secret, readable by this account alone (chmod 600).",
)
def rekey(home: str | None, as_json: bool, new_key_file: Path) -> None:
    """Give every person a new key, made with a new secret; all joins and counts stay."""
    from orchestration import subject_key

    with told_plainly(as_json):
        place = resources.home_from_environment(home).prepare()
        with resources.one_refresh_at_a_time(place):
            count = subject_key.rekey(place, new_key_file)
    if as_json:
        click.echo(json.dumps({"keys": count}))
    else:
        click.echo(
            f"{count} keys made anew. Set LADO_SUBJECT_KEY or LADO_SUBJECT_KEY_FILE to the new secret and run "
            "`lado refresh`: until then the publication bears the old keys."
        )
