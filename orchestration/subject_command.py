"""The `lado subject` commands: their words, options and exit codes.

Belongs here: what is asked and what is printed. Does not belong here: the work.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import click

from orchestration import resources
from orchestration.options import (
    counted,
    feeds_by_authority,
    home_option,
    json_option,
    must_be_known,
    told_plainly,
)


@click.group()
def subject() -> None:
    """What is held on one person, and the secret behind the keys of all."""


def _person(command: Any) -> Any:
    """The options that name one person. The number is asked for when it is not given: shells keep what is typed."""
    for option in (
        click.option(
            "--kind",
            type=click.Choice(["subject", "child"]),
            default="subject",
            show_default=True,
            help="Whose number it is: an adult's or a child's.",
        ),
        click.option("--person", prompt="Number of the person in the recording system", help="Their number."),
        click.option(
            "--authority", required=True, help="The authority whose recording system gave the number."
        ),
        json_option,
        home_option,
    ):
        command = option(command)
    return command


@subject.command()
@_person
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to."
)
def export(home: str | None, as_json: bool, authority: str, person: str, kind: str, into: Path) -> None:
    """Write down every record of a person, from every store, with what concerns third parties marked."""
    from orchestration import access

    with told_plainly(as_json):
        place = resources.home_from_environment(home).prepare()
        found, folder = access.export(place, authority, kind, person, into)
    told = {"records": len(found.records), "counts": found.counts(), "links": len(found.links),
            "mentions": len(found.mentions), "unread_files": found.unread_files}  # fmt: skip
    if as_json:
        click.echo(json.dumps(told))
        return
    for name, count in told["counts"].items():
        click.echo(f"{count:6}  {name}")
    beside = f"{counted(told['links'], 'link')} by matching and {counted(told['mentions'], 'mention')}"
    click.echo(
        f"{counted(told['records'], 'record')} written to {folder}, with {beside} in records of others. "
        "Look at every marked column before you hand it over."
    )
    for name in found.unread_files:
        click.echo(f"not searched: {name}")


@subject.command()
@_person
@click.option(
    "--ground", type=click.Choice(["inquiry", "court", "police", "claim"]), help="Why; needed to set it."
)
@click.option("--lift", is_flag=True, help="Lift the hold.")
def hold(
    home: str | None, as_json: bool, authority: str, person: str, kind: str, ground: str | None, lift: bool
) -> None:
    """Forbid the erasure of a person (legal hold), or lift that."""
    if lift == bool(ground):
        raise click.UsageError("say --ground to set a hold, or --lift to lift it")
    with told_plainly(as_json):
        place = resources.home_from_environment(home).prepare()
        if not lift:
            must_be_known("--authority", authority, feeds_by_authority(place))
        with resources.one_refresh_at_a_time(place):
            from orchestration import holds

            said = holds.lift(place, authority, kind, person) if lift else holds.put(
                place, authority, kind, person, ground or "", dt.datetime.now(dt.UTC).date()
            )  # fmt: skip
    click.echo(json.dumps({"outcome": said}) if as_json else said)


@subject.command()
@_person
@click.confirmation_option(prompt="This cannot be undone. Erase every record of this person?")
def erase(home: str | None, as_json: bool, authority: str, person: str, kind: str) -> None:
    """Erase a person from every file of this home, and keep tomorrow's extracts from bringing them back.

    Exit 3 when something may still hold them: it is named; mend it and start again.
    """
    with told_plainly(as_json):
        place = resources.home_from_environment(home).prepare()
        with resources.one_refresh_at_a_time(place):
            from orchestration import erasure

            done = erasure.erase(place, authority, kind, person, dt.datetime.now(dt.UTC).date())
    told = {"reference": done.reference, "removed": dict(done.removed), "changes": done.changes(),
            "refresh_id": done.refresh_id, "releases_removed": done.releases_removed, "left": done.left}  # fmt: skip
    if as_json:
        click.echo(json.dumps(told))
    else:
        for name, count in sorted(told["removed"].items()):
            click.echo(f"{count:6}  taken out of {name}")
        for name, counts in told["changes"].items():
            click.echo(f"rows of {name}: {counts['before']} before, {counts['after']} now")
        click.echo(f"releases removed: {', '.join(done.releases_removed) or 'none'}")
        for words in done.left:
            click.echo(f"STILL THERE: {words}")
    sys.exit(3 if done.left else 0)


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
            f"{counted(count, 'key')} made anew. Set LADO_SUBJECT_KEY or LADO_SUBJECT_KEY_FILE to the new secret "
            "and run `lado refresh`: until then the publication bears the old keys."
        )


@click.command()
@home_option
@json_option
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="What is due on this day (YYYY-MM-DD) [today].")
@click.option("--authority", help="Only this authority.")
@click.option(
    "--to", type=click.Path(path_type=Path), help="Also write the list to a new .csv or .xlsx file."
)
def retention(
    home: str | None, as_json: bool, on: dt.datetime | None, authority: str | None, to: Path | None
) -> None:
    """List closed records that are due for a retention review. Removes nothing."""
    from orchestration import retention as reviews
    from orchestration import state
    from publish import spreadsheets

    day = on.date() if on else dt.datetime.now(dt.UTC).date()
    with told_plainly(as_json):
        place = resources.home_from_environment(home)
        if authority is not None:
            must_be_known("--authority", authority, state.authorities(place))
        told = reviews.review(place, day, authority)
        if to is not None:
            try:
                spreadsheets.write(to, told["due"], reviews.COLUMNS)
            except FileExistsError:
                raise click.BadParameter(f"{to.name} is there already", param_hint="--to") from None
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--to") from None
    if as_json:
        click.echo(json.dumps(told, default=str))
        return
    for one in told["due"]:
        held = ", ON HOLD" if one["is_on_hold"] else ""
        click.echo(
            f"{one['authority']} {one['record_type']} {one['record_id']}: {one['outcome']}, {one['rule']}, "
            f"due since {one['review_on']}{held}"
        )
    later = counted(told["later"], "closed record")
    click.echo(f"{counted(len(told['due']), 'record')} due for review on {day}; {later} not due yet")
    if told["without_birth"]:
        click.echo(
            f"{counted(told['without_birth'], 'closed record')} without a day of review: the rule counts from a birth, "
            "and none is recorded"
        )
