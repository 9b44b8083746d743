"""The screen of `lado`: one console, its tables, and what more than one verb prints.

Belongs here: how wide the screen is taken to be, how a table looks, the lists of files and of checks. Does not belong
here: what one verb alone prints. Nothing is cut off: what is too long for its column goes on in the next line.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from expectations.check import in_words

WIDE = 150  # columns, where no terminal says how wide it is (a log, a pipe)
_COUNTS = {"rows_read": "read", "rows_loaded": "loaded", "rows_quarantined": "set aside",
           "rows_deduplicated": "repeated"}  # fmt: skip


def console() -> Console:
    """Standard output, as wide as the terminal or as a log can hold.

    Text is told as it is: file names and messages may hold brackets and colons, which rich would take for its own.
    """
    width = None if sys.stdout.isatty() else WIDE
    return Console(width=width, markup=False, emoji=False)


def table(title: str, headings: Iterable[str], numbers: Collection[str] = ()) -> Table:
    """An empty table; the headings in `numbers` stand over numbers."""
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
    return made


def print_files(screen: Console, title: str, files: list[dict[str, Any]]) -> None:
    """Rows of the load log: what each file came to, by authority and day, and below what is to be said of some."""
    listed = table(title, ("file (feed)", *_COUNTS.values(), "outcome"), _COUNTS.values())
    listed.columns[-1].max_width = len("accepted with")  # the rest below it: file names need the room
    drop = None
    for f in files:
        if drop != (drop := " ".join(str(part) for part in (f["authority"], f["extract_on"]) if part)):
            listed.add_section()
            listed.add_row(drop)
        counts = [str(f[name] or 0) for name in _COUNTS]
        name = f"{f['file_name'] or '-'} ({f['feed']})" if f["feed"] else f["file_name"] or "-"
        listed.add_row(name, *counts, f["outcome"].replace("_", " "))
    if files:
        screen.print(listed)
    for f in files:
        if f["message"] and (f["outcome"] not in {"accepted", "already_loaded"} or f.get("keys_gone")):
            place = "/".join(str(f[part]) for part in ("authority", "extract_on", "file_name") if f[part])
            feed = f" ({f['feed']})" if f["feed"] else ""
            screen.print(f"  {place}{feed}: {f['message']}")


def print_failed(screen: Console, name: str, check: dict[str, Any]) -> None:
    """One check that does not pass: what it does, of what, and how many fail."""
    mark = "STOPS" if check["severity"] == "error" else "warns"
    of_file = f"{check['scope']}: " if check["gate"] == "arrival" else ""
    count, checked = check["failing_count"], check.get("checked_count")
    told = "could not run" if count is None else f"{count} failing" + (f" of {checked}" if checked else "")
    screen.print(f"  {mark}  {of_file}{in_words(name)}: {told}")
