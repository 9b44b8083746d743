"""What the verbs of the `lado` command share: options, and how a refusal becomes a sentence and an exit code.

Belongs here: what more than one verb needs. Does not belong here: the verbs (command_line.py, *_command.py).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import click
import duckdb

from orchestration import stations
from orchestration.resources import CODE_LISTS, AnotherRefreshIsRunning, Home, NotReady

home_option = click.option(
    "--home", type=click.Path(file_okay=False), help="The installation's folder [LADO_HOME, else data]."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


SETTINGS = (
    "LADO_ALERT_WEBHOOK",
    "LADO_HOME",
    "LADO_POSTGRES_DSN",
    "LADO_PROFILES",
    "LADO_SUBJECT_KEY",
    "LADO_SUBJECT_KEY_FILE",
    "LADO_WAREHOUSE",
)
"""The variables of the environment that are read (.env.example explains them)."""


def warn_of_mistyped_settings(names: Iterable[str], webhook: str | None) -> None:
    """Say on standard error which variable looks like a setting and is none, and that a webhook is no web address.

    Only names are told: a value may be a secret.
    """
    for name in names:
        meant = difflib.get_close_matches(name, SETTINGS, n=1, cutoff=0.85)
        if meant and name not in SETTINGS:
            click.echo(f"{name} is no setting and is not read; did you mean {meant[0]}?", err=True)
    if webhook and not webhook.startswith(("https://", "http://")):
        click.echo(
            "LADO_ALERT_WEBHOOK does not begin with https:// or http://: no alert will arrive", err=True
        )


def day(_context: Any, _option: Any, value: str | None) -> dt.date | None:
    """A day that the command line gives."""
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("a day is written YYYY-MM-DD") from None


def stop(
    code: int, message: str, as_json: bool = False, also: Mapping[str, object] = MappingProxyType({})
) -> NoReturn:
    """Say what went wrong and leave with the code. also: what --json tells beside outcome and message."""
    if as_json:
        click.echo(json.dumps({"outcome": "failed", "message": message, **also}))
    click.echo(message, err=True)
    sys.exit(code)


def counted(count: int, noun: str) -> str:
    """A number with its noun: 1 error, 2 errors."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def must_be_known(option: str, word: str, known: Collection[str]) -> None:
    """Refuse a name that is not known (exit 2): misspelt it would find nothing, which reads as all being well."""
    if word not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise click.BadParameter(f"{word} is not known; known are: {listed}", param_hint=option)


def feeds_by_authority(home: Home) -> dict[str, set[str]]:
    """Every authority that has a profile, and the feeds it sends: any, where its profile cannot be read."""
    import ingest
    from ingest.feeds import read_feeds

    profiles, unusable = ingest.read_usable_profiles(home.profile_folders, CODE_LISTS)
    sent = {name: {source.feed for source in profile.sources} for name, profile in profiles.items()}
    return sent | {name: set(read_feeds()) for name in unusable}


@contextlib.contextmanager
def told_plainly(as_json: bool = False, also: Mapping[str, object] = MappingProxyType({})) -> Iterator[None]:
    """Turn what may go wrong before a station runs into a sentence and an exit code. also: as of `stop`."""
    try:
        yield
    except AnotherRefreshIsRunning as error:
        stop(4, str(error), as_json, also)
    except NotReady as error:
        stop(1, str(error), as_json, also)
    except OSError as error:
        words = stations.refused_by_the_machine(str(error)) or f"{type(error).__name__}: {error.strerror}"
        # Named by its path, because it may lie outside the home: a folder to write to, the code itself.
        stop(1, f"{error.filename or 'a file'} cannot be used: {words}", as_json, also)
    except duckdb.Error as error:
        stop(1, f"the warehouse cannot be used: {stations.in_plain_words(error)}", as_json, also)
