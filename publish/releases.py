"""The folder `published/`: one folder for each release, and `current`, which is always one complete release.

Belongs here: the atomic step, file modes, receipts, what is kept, the way back, whether files equal their receipt.
Does not belong here: what a release contains (`files.py`), who may publish (`clearance.py`), the lock that lets
one process at a time do this (`orchestration/`).

How the step is atomic. A release is written into `.building-<refresh_id>`, made durable (every file and folder
flushed), renamed to `<refresh_id>`, and only then does `current` turn to it. On POSIX systems `current` is a
symbolic link, replaced by one rename: a reader finds the old release or the new one, never neither. On Windows
a symbolic link needs a privilege, so `current` is a junction, which needs none; Windows cannot rename one
folder over another, so for an instant between two renames `current` does not exist. A reader who hits that
instant gets "not found" and tries again; no reader anywhere finds a mixture. Should the machine stop in that
instant, the next publication or rollback completes the turn first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

CURRENT = "current"
WAITING = "current.next"
RECEIPT = "receipt.json"

# Reports are for everybody the council lets into the group. Marts and casework hold records of single matters:
# the account that publishes them owns them alone and shares each with its own audience.
GROUP_READS = {"reports"}

_ALWAYS_STATED = {"refresh_id", "published_at", "as_at", "inputs", "tables", "files"}
_REFRESH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class NoSuchRelease(Exception):
    """The release asked for is not among those kept; the message lists them."""


class DamagedRelease(Exception):
    """A release does not equal its receipt; the message lists files, never contents."""


class AlreadyReleased(Exception):
    """The refresh was published before with other contents: one refresh id means one content, for ever."""


# --- What a release is ------------------------------------------------------------------------------------


def published_folder(home: Path) -> Path:
    return Path(home) / "published"


def receipt_of(folder: Path) -> dict[str, Any] | None:
    """The receipt in a release's folder, or None when there is none that can be read."""
    try:
        receipt = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return receipt if isinstance(receipt, dict) and receipt.keys() >= _ALWAYS_STATED else None


def current_refresh(home: Path) -> str | None:
    """The refresh id that `current` shows, or None when nothing is published."""
    published = published_folder(home)
    if not (published / CURRENT).exists():
        return None
    return Path(os.path.realpath(published / CURRENT)).name


def receipts(home: Path) -> dict[str, dict[str, Any]]:
    """Receipts of the releases kept, by refresh id, the one published last first."""
    published = published_folder(home)
    folders = [f for f in published.iterdir() if _REFRESH_ID.fullmatch(f.name)] if published.is_dir() else []
    found = [(f.name, receipt_of(f)) for f in folders if f.name != CURRENT]
    kept = {name: receipt for name, receipt in found if receipt and receipt.get("refresh_id") == name}
    return dict(sorted(kept.items(), key=lambda item: (item[1]["published_at"], item[0]), reverse=True))


def differences(folder: Path) -> list[str]:
    """Where the files of one release differ from its receipt, a sentence each; empty means equal, byte for byte.

    Files are compared as bytes and never opened as databases: a damaged file must not reach a parser.
    """
    receipt = receipt_of(folder)
    if receipt is None:
        return [f"{RECEIPT} is missing or cannot be read"]
    stated = receipt["files"]
    found = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()} - {RECEIPT}
    wrong = [f"{name} is missing" for name in sorted(stated.keys() - found)]
    wrong += [f"{name} is not in the receipt" for name in sorted(found - stated.keys())]
    for name in sorted(stated.keys() & found):
        try:
            if file_facts(folder / name) != stated[name]:
                wrong.append(f"{name} was changed after publication")
        except OSError:
            wrong.append(f"{name} cannot be read")
    return wrong


def file_facts(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of one file, as a receipt states them."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


# --- Making one -------------------------------------------------------------------------------------------


def begin(home: Path, refresh_id: str) -> Path:
    """An empty `.building-<refresh_id>` folder; what killed publications left behind is removed first.

    Raises ValueError for a refresh id that cannot be the name of a folder everywhere.
    """
    if not _REFRESH_ID.fullmatch(refresh_id) or refresh_id == CURRENT:
        raise ValueError("a refresh id has letters, digits, - and _ only, at most 100")
    published = published_folder(home)
    make_folder(published, group_reads=True)
    finish_interrupted_turn(home)
    _remove(published, ".building-*", ".removed-*")
    building = published / f".building-{refresh_id}"
    make_folder(building, group_reads=True)
    return building


def make_folder(folder: Path, *, group_reads: bool) -> None:
    """A folder of mode 0750 or 0700, whatever the umask."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o750 if group_reads else 0o700)


def seal(building: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """Set the modes, write the receipt (`facts` and the files' sizes and hashes), make everything durable."""
    files = sorted(f for f in building.rglob("*") if f.is_file())
    for file in files:
        file.chmod(0o640 if file.parent.name in GROUP_READS else 0o600)
        _flush(file)
    receipt = facts | {"files": {f.relative_to(building).as_posix(): file_facts(f) for f in files}}
    path = building / RECEIPT
    path.write_text(json.dumps(receipt, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    path.chmod(0o600)  # it counts the rows of every audience's tables, small ones too
    _flush(path)
    for folder in [*(f for f in building.rglob("*") if f.is_dir()), building]:
        _flush(folder)
    return receipt


def release(home: Path, building: Path, receipt: dict[str, Any], keep: int) -> dict[str, Any]:
    """Put a sealed release in place, turn `current` to it, remove releases beyond the last `keep`.

    Returns the receipt now in force. A refresh that was released before with the same contents is shown
    again as it lies there; one whose files have since been damaged is replaced. Raises AlreadyReleased when
    the same refresh was released with other contents.
    """
    published = published_folder(home)
    final = published / receipt["refresh_id"]
    if final.exists():
        earlier = receipt_of(final)
        if differences(final):
            # Out of the way first: two folders cannot change places in one step. `current` may dangle for
            # that instant, over files that were damaged anyway.
            final.rename(published / f".removed-{final.name}")
            building.rename(final)
        elif earlier is not None and earlier["tables"] == receipt["tables"]:
            shutil.rmtree(building)
            receipt = earlier
        else:
            raise AlreadyReleased(
                f"refresh {final.name} is published with other contents; what is published under a refresh id "
                "does not change: run `lado refresh`"
            )
    else:
        building.rename(final)
    _flush(published)
    turn_current(home, final.name)
    _remove_beyond(home, keep)
    return receipt


def _remove_beyond(home: Path, keep: int) -> None:
    published = published_folder(home)
    current = current_refresh(home)
    for name in list(receipts(home))[max(keep, 1) :]:
        if name != current:
            # Renamed first, so that a removal cut short does not look like a release. Windows refuses while
            # somebody reads it: the next publication tries again.
            with contextlib.suppress(OSError):
                (published / name).rename(published / f".removed-{name}")
    _remove(published, ".removed-*")


def remove_all_but_current(home: Path) -> list[str]:
    """Remove every release that `current` does not show, damaged and half-built ones too.

    Returns the names of what could not be removed (Windows refuses while somebody reads it).
    """
    published = published_folder(home)
    current = current_refresh(home)
    left = []
    for folder in sorted(published.iterdir()) if published.is_dir() else []:
        if folder.name not in (CURRENT, current) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
            left += [folder.name] if folder.exists() else []
    return left


def _remove(published: Path, *patterns: str) -> None:
    for pattern in patterns:
        for folder in published.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


# --- The turn of `current` --------------------------------------------------------------------------------


def turn_current(home: Path, refresh_id: str) -> None:
    """Let `current` show a release that lies complete in its folder."""
    published = published_folder(home)
    if os.name == "nt":
        import _winapi  # CPython's own; there is no public function for a junction

        turn_by_two_renames(
            published, refresh_id, lambda at, link: _winapi.CreateJunction(str(at), str(link))
        )
    else:
        _discard(published / WAITING)
        (published / WAITING).symlink_to(refresh_id, target_is_directory=True)
        (published / WAITING).replace(published / CURRENT)
    _flush(published)


def turn_by_two_renames(published: Path, refresh_id: str, make_link: Callable[[Path, Path], None]) -> None:
    """The turn where a link to a folder cannot be replaced in one step (Windows): see the module's docstring."""
    _discard(published / WAITING)
    make_link(published / refresh_id, published / WAITING)
    _discard(published / CURRENT)
    (published / WAITING).rename(published / CURRENT)


def finish_interrupted_turn(home: Path) -> None:
    """Complete a turn that the machine did not finish, or drop what one left behind."""
    published = published_folder(home)
    if not os.path.lexists(published / WAITING):
        return
    if os.path.lexists(published / CURRENT):
        _discard(published / WAITING)
    else:
        (published / WAITING).rename(published / CURRENT)


def _discard(link: Path) -> None:
    """Remove a link, never what it leads to (os.unlink takes links and junctions, and refuses real folders)."""
    if os.path.lexists(link):
        link.unlink()


def _flush(path: Path) -> None:
    """Make a file, or the list of names in a folder, survive a power cut. Windows keeps folders by itself."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
