"""The secret of the subject keys comes from the environment or from a file that nobody else can read; never else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import ingest
from orchestration import audit_log, resources, subject_register
from orchestration.resources import Home, NotReady

SECRET, OTHER = b"0123456789abcdef" * 2, b"fedcba9876543210" * 2


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "subject.key"
    file.touch(mode=0o600)
    file.write_bytes(SECRET + b"\n")
    monkeypatch.delenv("LADO_SUBJECT_KEY", raising=False)
    monkeypatch.setenv("LADO_SUBJECT_KEY_FILE", str(file))
    return file


def test_a_private_file_gives_the_secret(key_file: Path, tmp_path: Path) -> None:
    assert resources.subject_secret(Home(tmp_path)) == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_open_to_others_is_refused(key_file: Path, tmp_path: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(NotReady, match="open to other accounts"):
        resources.subject_secret(Home(tmp_path))


def test_a_short_an_empty_and_a_missing_file_are_refused(key_file: Path, tmp_path: Path) -> None:
    for content in (SECRET[:31] + b"\n", b"", b" \n"):
        key_file.write_bytes(content)
        with pytest.raises(NotReady, match="shorter than 32 bytes"):
            resources.subject_secret(Home(tmp_path))
    key_file.unlink()
    with pytest.raises(NotReady, match="cannot be read"):
        resources.subject_secret(Home(tmp_path))


def test_two_secrets_are_one_too_many(
    key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADO_SUBJECT_KEY", "y" * 32)
    with pytest.raises(NotReady, match="both set"):
        resources.subject_secret(Home(tmp_path))


def test_the_register_knows_its_key_without_the_warehouse(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = subject_register.open_register(home, SECRET)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert [e["outcome"] for e in audit_log.entries(home) if e["action"] == "key"] == ["first_used"]
    with pytest.raises(ingest.SubjectKeyError, match="is not the one"):
        subject_register.open_register(home, OTHER)
    text = made.path.read_text(encoding="utf-8")
    assert made.key.hex() not in text and SECRET.decode() not in text


def test_tombstones_stay_good_under_a_new_key(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = subject_register.open_register(home, SECRET)
    made.put_hold(made.reference("subject", "kent", "S1"), "inquiry", dt.date(2026, 1, 2), "somebody")
    subject_register.rewrap(home, SECRET, OTHER)
    subject_register.rewrap(home, SECRET, OTHER)
    again = subject_register.open_register(home, OTHER)
    assert again.key == made.key
    assert again.hold_on(again.reference("subject", "kent", " s1 "))["ground"] == "inquiry"
    assert again.hold_on(again.reference("child", "kent", "S1")) is None
