"""Words, options and exit codes of the command, where no refresh has to run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import duckdb
import pytest
import small_home
from click.testing import CliRunner, Result

from orchestration import arrival, command_line, options, resources
from orchestration.command_line import main
from orchestration.refresh import Outcome
from orchestration.resources import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Kent's extracts of one night are in; nothing has been built or judged. Nothing here changes it."""
    home = small_home.make(tmp_path_factory.mktemp("small") / "home", 0).prepare()
    arrival.take_in(home, None, 0, [], "the night")
    return home


def lado(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_what_cannot_be_used_is_named_and_not_taken_for_the_home(tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("", encoding="utf-8")
    told = lado("synthesise", "--authority", "kent", "--into", tmp_path / "a_file" / "landing")
    assert told.exit_code == 1
    assert told.stderr.startswith(str(tmp_path / "a_file" / "landing"))
    assert told.stderr.endswith(" cannot be used: NotADirectoryError: Not a directory\n")
    assert "the home folder" not in told.stderr


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("findings --authority knet", "knet is not known; known are: kent"),
        # A profile of theirs is there, but nothing of them was loaded, so nothing is known to be well.
        ("findings --authority buckinghamshire", "buckinghamshire is not known; known are: kent"),
        ("findings --rule no_such", "no_such is not known; known are: a_closed_case_has_an_outcome, a_con"),
        # A rule of the warehouse, not of a record.
        ("findings --rule every_mart_was_built_by_this_refresh", "is not known; known are: a_closed_case"),
        ("retention --authority knet", "knet is not known; known are: kent"),
        ("refresh --accept knet/contacts", "knet is not known; known are: buckinghamshire, kent"),
        ("refresh --accept kent/contcts", "contcts is not known; known are: actions, allegations, children"),
        # Kent sends no such feed.
        ("refresh --accept kent/escalations", "escalations is not known; known are: actions"),
        (
            "subject hold --authority knet --person S1 --ground court",
            "knet is not known; known are: buckinghamshire, kent",
        ),
    ],
)
def test_a_misspelt_name_is_refused_and_the_known_ones_are_listed(home: Home, words: str, known: str) -> None:
    told = lado(*words.split(), "--home", home.root)
    assert told.exit_code == 2, told.output
    assert known in told.stderr


@pytest.mark.parametrize("port", ["0", "80000", "http"])
def test_a_port_that_is_none_is_refused(home: Home, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)  # nothing is started, or the test would last
    assert lado("dev", "--port", port, "--home", home.root).exit_code == 2


def test_dagsters_advice_to_use_another_command_is_silenced_and_nothing_else() -> None:
    """Its own words, out of the installed version: they change, and then the filter has to."""
    python, *silent = command_line.dev_command(3000)[:3]
    program = (
        "import warnings\nfrom dagster._cli.dev import dev_command\n"
        "try:\n    dev_command.callback()\nexcept TypeError:\n    warnings.warn('another', FutureWarning)\n"
    )
    told = [
        subprocess.run([python, *words, "-c", program], capture_output=True, text=True, check=True).stderr
        for words in ([], silent)
    ]
    assert ["is superseded" in one for one in told] == [True, False]
    assert ["FutureWarning: another" in one for one in told] == [True, True]


def test_a_known_name_is_taken(home: Home) -> None:
    told = lado("findings", "--authority", "kent", "--rule", "a_quoted_contact_exists", "--home", home.root)
    assert (told.exit_code, told.stdout) == (0, "\n0 records to mend\n"), told.output


def test_an_authority_whose_profile_cannot_be_read_may_be_accepted(tmp_path: Path) -> None:
    """Tonight its files wait, and which feeds it sends is not known; its name is no mistake."""
    (tmp_path / "wessex.yml").write_text("nmae: Wessex\n", encoding="utf-8")
    known = options.feeds_by_authority(Home(tmp_path / "home", tmp_path))
    assert {"contacts", "escalations"} <= known["wessex"]
    assert "contacts" in known["kent"]
    assert "escalations" not in known["kent"]


@pytest.mark.parametrize("words", ["findings", "status", "retention", "publish files", "matching refit kent"])
@pytest.mark.parametrize("left_by_a_stopped_refresh", [False, True])
def test_before_the_first_refresh_it_is_said_that_there_was_none(
    tmp_path: Path, words: str, left_by_a_stopped_refresh: bool
) -> None:
    home = Home(tmp_path / "home").prepare()
    resources.mark_as_demo(home)
    if left_by_a_stopped_refresh:
        duckdb.connect(str(home.warehouse)).close()
    told = lado(*words.split(), "--home", home.root)
    assert told.exit_code == 1
    assert "lado refresh" in told.output
    assert home.warehouse.exists() == left_by_a_stopped_refresh


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LADO_HOMES", "x", "LADO_HOMES is no setting and is not read; did you mean LADO_HOME?"),
        ("LADO_PROFILE", "x", "LADO_PROFILE is no setting and is not read; did you mean LADO_PROFILES?"),
        ("LADO_ALERT_WEBHOOK", "Canary", "LADO_ALERT_WEBHOOK does not begin with https:// or http://"),
        ("LADO_ALERT_WEBHOOK", "https://example.invalid/x", ""),
        ("LADO_FAULT_KILLS", "7", ""),
        ("SUBJECT_KEY", "x", ""),
    ],
)
def test_a_mistyped_setting_is_named_and_its_value_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    for setting in [one for one in os.environ if one.startswith("LADO_")]:
        monkeypatch.delenv(setting)
    monkeypatch.setenv(name, value)
    said = lado("status", "--home", tmp_path)
    assert ("LADO_" in said.stderr, "Canary" in said.output) == (bool(told), False)
    assert told in said.stderr


@pytest.mark.parametrize("secret", ["", "x" * 31])
def test_a_refresh_that_did_not_begin_tells_the_keys_of_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("LADO_SUBJECT_KEY", secret)
    told = lado("refresh", "--home", tmp_path / "home", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout).keys() == Outcome("", "failed", "").as_json().keys()


def test_what_nobody_foresaw_is_told_by_kind_and_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """A traceback would print the error's own text, which may quote the value it choked on."""

    def choke(*_args: object) -> None:
        raise ValueError("Calder Ostgate, born 1 April 1970")

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("sys.argv", ["lado", "status"])
    monkeypatch.setattr(resources, "home_from_environment", choke)
    monkeypatch.setattr("atexit._run_exitfuncs", lambda: None)
    monkeypatch.setattr("os._exit", leave)
    with pytest.raises(SystemExit) as left:
        command_line.entry()
    assert left.value.code == 1
    said = capsys.readouterr()
    assert said.err.startswith(
        "lado stopped where nobody foresaw it: ValueError at orchestration/command_line.py:"
    )
    assert "Calder" not in said.out + said.err
