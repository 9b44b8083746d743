"""The `lado` command: a thin face over the same job the schedule runs.

Belongs here: words, options, exit codes, what is printed. Does not belong here: anything a Dagster run
would have to do as well. With --json standard output carries one JSON object and nothing else.
Exit: 0 published or nothing new; 1 failed; 2 wrong usage; 3 held by the gate; 4 another refresh is running.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from orchestration import audit_command, matching_command, resources, stations, subject_command
from orchestration.options import (
    counted,
    day,
    feeds_by_authority,
    home_option,
    json_option,
    must_be_known,
    stop,
    told_plainly,
    warn_of_mistyped_settings,
)
from orchestration.resources import Home

WORDS_OF_STACK = 66_000  # of 8 bytes each

NOT_BEGUN: dict[str, Any] = {
    "refresh_id": None,
    "as_at": {},
    "files": [],
    "checks": [],
    "published_at": None,
    "postgres": None,
    "seconds": {},
}
"""What --json tells of a refresh that did not begin, beside outcome and message: as of any other."""


@contextlib.contextmanager
def _progress(words: str) -> Iterator[None]:
    if not resources.is_watched():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(words):
        yield


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lado-warehouse")
def main() -> None:
    """The LADO warehouse: raw extracts in, defensible report tables out, every night."""
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    warn_of_mistyped_settings(resources.names_in_environment(), resources.alert_webhook())


@main.command()
@home_option
@json_option
@click.option("--as-at", callback=day, help="Use no extract later than this day (YYYY-MM-DD).")
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Seconds for which the files of a drop must have been still.",
)
@click.option(
    "--accept",
    multiple=True,
    metavar="AUTHORITY/FEED",
    help="Accept this once an extract that lacks many records, or a heading, that it had.",
)
def refresh(
    home: str | None, as_json: bool, as_at: dt.date | None, settle: float, accept: tuple[str, ...]
) -> None:
    """Run the nightly job once: landing to publication."""
    for word in accept:
        if word.count("/") != 1 or not all(word.split("/")):
            raise click.BadParameter("--accept takes AUTHORITY/FEED, for example kent/contacts")
    with told_plainly(as_json, NOT_BEGUN):
        place = resources.home_from_environment(home)
        feeds = feeds_by_authority(place) if accept else {}
        for authority, feed in (word.split("/") for word in accept):
            must_be_known("--accept", authority, feeds)
            must_be_known("--accept", feed, feeds[authority])
        outcome = _refresh(place, as_at=as_at, settle_seconds=settle, accept=accept)
    if as_json:
        click.echo(json.dumps(outcome.as_json(), default=str))
    else:
        _print_outcome(outcome)
    sys.exit(outcome.exit_code)


def _with_a_deep_stack(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose own calls and all below them find one piece of memory for their frames.

    CPython maps a piece of 16 KB whenever calls outgrow the last one and unmaps it when they return: dbt and Dagster
    call so deep that a refresh maps some forty thousand, half a cpu-second. A frame that asks for half a megabyte gets
    a piece of twice that, and what it leaves is enough for the rest.
    """
    function.__code__ = function.__code__.replace(co_stacksize=WORDS_OF_STACK)
    return function


@_with_a_deep_stack
def _refresh(place: Home, **options: Any) -> Any:
    # The lock first: a second refresh should leave at once and not after three seconds of imports.
    place.prepare()
    with resources.one_refresh_at_a_time(place), _progress("refreshing"):
        # One command, one refresh: the collector would look through a million objects of Dagster's and dbt's that
        # live to the end of it anyway, again and again.
        gc.set_threshold(1_000_000, 50, 100)
        from orchestration.refresh import refresh as run

        return run(place, **options)


def _print_outcome(outcome: Any) -> None:
    from orchestration import screen

    console = screen.console()
    screen.print_files(console, f"Refresh {outcome.refresh_id or '-'}: {outcome.outcome}", outcome.files)
    for c in outcome.checks:
        if not c["passed"]:
            screen.print_failed(console, c["name"], c)
    console.print(": ".join(dict.fromkeys((outcome.outcome, outcome.message))))  # often the same word twice
    if outcome.postgres and outcome.postgres["outcome"] != "shown":
        console.print(f"PostgreSQL is behind: {outcome.postgres['message'] or 'not tried yet'}")
    if outcome.seconds:
        console.print("seconds: " + ", ".join(f"{name} {s:.1f}" for name, s in outcome.seconds.items()))


@main.command()
@home_option
@json_option
def status(home: str | None, as_json: bool) -> None:
    """Say what is published, how old it is, what each file of the last refresh came to, what the gate said."""
    from orchestration import state

    with told_plainly(as_json):
        told = state.status(resources.home_from_environment(home))
    click.echo(json.dumps(told, default=str)) if as_json else state.print_status(told)


@main.command()
@home_option
@json_option
@click.option("--authority", help="Only this authority.")
@click.option("--rule", help="Only this rule (the name of a check).")
@click.option("--to", type=click.Path(path_type=Path), help="Also write them to a new .csv or .xlsx file.")
def findings(
    home: str | None, as_json: bool, authority: str | None, rule: str | None, to: Path | None
) -> None:
    """List the records to mend: key, rule, since when."""
    from orchestration import state

    with told_plainly(as_json):
        place = resources.home_from_environment(home)
        if authority is not None:
            must_be_known("--authority", authority, state.authorities(place))
        if rule is not None:
            must_be_known("--rule", rule, state.rules(place))
        rows = state.findings(place, authority, rule)
        if to is not None:
            from publish import spreadsheets

            try:
                spreadsheets.write(to, rows, state.FINDING_COLUMNS)
            except FileExistsError:
                raise click.BadParameter(f"{to.name} is there already", param_hint="--to") from None
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--to") from None
    click.echo(json.dumps({"findings": rows}, default=str)) if as_json else state.print_findings(rows)


@main.group()
def profile() -> None:
    """Authority profiles: one file says how an authority's extracts are written."""


@profile.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--sample",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A drop folder; says which headings and wordings stay unmapped.",
)
@json_option
def profile_check(file: Path, sample: Path | None, as_json: bool) -> None:
    """Say what is wrong with a profile, line by line."""
    from ingest.profile_check import check_profile

    problems = check_profile(file, resources.CODE_LISTS, sample)
    errors = [p for p in problems if p.is_error]
    if as_json:
        click.echo(json.dumps({"file": file.name, "problems": [vars(p) for p in problems]}, default=str))
    else:
        for p in problems:
            click.echo(f"{file.name}:{p.line or '-'}: {p.message}")
        remarks = counted(len(problems) - len(errors), "remark")
        click.echo(f"{file.name}: {counted(len(errors), 'error')}, {remarks}")
    sys.exit(1 if errors else 0)


@main.command()
@click.argument("target", type=click.Choice(["files", "postgres"]))
@home_option
@json_option
def publish(target: str, home: str | None, as_json: bool) -> None:
    """Publish by hand what the last refresh built; refuses without a passing verdict for these very marts."""
    with told_plainly(as_json):
        place = resources.home_from_environment(home).prepare()
        with resources.one_refresh_at_a_time(place):
            resources.must_have_refreshed(place)
            from orchestration import mirror, release
            from orchestration.stations import StationFailed, station

            try:
                with station("publish"):
                    told = release.publish(place) if target == "files" else mirror.follow_by_hand(place)
            except StationFailed as error:
                stop(3 if error.kind == "NotCleared" else 1, str(error), as_json)
            if told.get("outcome") == "behind":
                stop(1, told["message"], as_json)
    click.echo(json.dumps(told, default=str) if as_json else f"published {told['refresh_id']}")


@main.command()
@home_option
@json_option
@click.option("--to", "to", help="Refresh id to go back to [the one before the current].")
def rollback(home: str | None, as_json: bool, to: str | None) -> None:
    """Make an earlier kept refresh the published one again."""
    with told_plainly(as_json):
        place = resources.home_from_environment(home).prepare()
        with resources.one_refresh_at_a_time(place):
            from orchestration import release
            from orchestration.stations import StationFailed, station

            try:
                with station("rollback"):
                    told = release.rollback(place, to)
            except StationFailed as error:
                stop(1, str(error), as_json)
    if told["postgres"] and told["postgres"]["outcome"] == "behind":
        click.echo(told["postgres"]["message"], err=True)
    click.echo(json.dumps(told, default=str) if as_json else f"current is now {told['refresh_id']}")


@main.command()
@click.option("--authority", required=True, type=click.Choice(["kent", "buckinghamshire"]))
@click.option(
    "--year", "years", multiple=True, metavar="YYYY/YY", help="Financial year; may be repeated [both]."
)
@click.option("--nights", type=click.IntRange(min=1), default=1, show_default=True, help="Nightly drops.")
@click.option(
    "--scale", type=click.IntRange(min=1), default=1, show_default=True, help="Times the real volume."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), required=True, help="Landing folder."
)
@json_option
def synthesise(
    authority: str, years: tuple[str, ...], nights: int, scale: int, seed: int, into: Path, as_json: bool
) -> None:
    """Make up extracts in an authority's own headings and wordings, with their truth beside them."""
    import synthetic

    with told_plainly(as_json), _progress("making up extracts"):
        try:
            made = synthetic.synthesise(
                authority, into=into, seed=seed, years=years or synthetic.YEARS, nights=nights, scale=scale
            )
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    told = {"drops": [str(path) for path in made.drops], "truth": str(made.truth)}
    click.echo(json.dumps(told) if as_json else "\n".join([*told["drops"], f"truth: {told['truth']}"]))


@main.command()
@home_option
@json_option
@click.option("--seed", type=int, default=1, show_default=True)
def demo(home: str | None, as_json: bool, seed: int) -> None:
    """Make up Kent's and Buckinghamshire's extracts, refresh, and print the headline figures beside the published."""
    from orchestration import showcase

    def say(words: str) -> None:
        click.echo(words, err=True)

    with told_plainly(as_json):
        place = resources.home_from_environment(home)
        place.prepare()
        resources.mark_as_demo(place)
        say("Made-up extracts only. The demo made its own throw-away subject key in this home.")
        with _progress("making up extracts"):
            showcase.make_extracts(place, seed)
        outcome = _refresh(place, as_at=None, settle_seconds=0.0, accept=())
    headlines = showcase.headlines(place) if outcome.exit_code == 0 else []
    if as_json:
        click.echo(json.dumps({**outcome.as_json(), "headlines": headlines}, default=str))
    else:
        _print_outcome(outcome)
        if headlines:
            showcase.print_headlines(place, headlines)
    sys.exit(outcome.exit_code)


main.add_command(audit_command.audit_log)
main.add_command(matching_command.matching_group)
main.add_command(subject_command.subject)
main.add_command(subject_command.retention)


def dev_command(port: int) -> list[str]:
    """What `lado dev` starts."""
    # Dagster recommends a tool of its own for new projects (`dg`), at each start and to whoever starts it.
    silent = ["-W", "ignore:Function `dev_command` is superseded:FutureWarning"]
    return [sys.executable, *silent, "-m", "dagster", "dev", "-m", "orchestration.code_location",
            "-h", "127.0.0.1", "-p", str(port)]  # fmt: skip


@main.command()
@home_option
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def dev(home: str | None, port: int) -> None:
    """Open the Dagster UI on this machine only, with schedule, sensor and everything loaded."""
    import signal
    import subprocess

    with told_plainly():
        resources.home_from_environment(home).prepare()
    group: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {}
    process = subprocess.Popen(dev_command(port), cwd=resources.PROJECT, **group)

    def end(*_: Any) -> None:
        # `dagster dev` leaves its children running when it alone is told to stop, and takes its time itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if os.name != "posix":
            process.terminate()
            sys.exit(0)
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        sys.exit(0)

    handler: Callable[..., None] = end
    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
    sys.exit(process.wait())


def entry() -> NoReturn:
    """Run the command and leave.

    DuckDB 2.0's bindings print a hundred lines of leak warnings when the interpreter takes itself down after dbt
    has used them; the figures above them are what the reader wants to see. So everybody who asked to be told of
    the end is told, everything is flushed, and the process ends without that last act.
    """
    code = 0
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except Exception as error:  # noqa: BLE001  nobody foresaw it, so its own text may quote a value
        click.echo(f"lado stopped where nobody foresaw it: {stations.in_plain_words(error)}", err=True)
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    entry()
