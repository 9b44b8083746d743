"""Words, options and exit codes of the command, where no refresh has to run."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from orchestration.command_line import main


def lado(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_what_cannot_be_used_is_named_and_not_taken_for_the_home(tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("", encoding="utf-8")
    told = lado("synthesise", "--authority", "kent", "--into", tmp_path / "a_file" / "landing")
    assert told.exit_code == 1
    assert told.stderr.startswith(str(tmp_path / "a_file" / "landing"))
    assert told.stderr.endswith(" cannot be used: NotADirectoryError: Not a directory\n")
    assert "the home folder" not in told.stderr
