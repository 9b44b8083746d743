"""The screen of `lado`: one console for all tables.

Belongs here: how wide the screen is taken to be. Does not belong here: what is printed.
"""

from __future__ import annotations

import sys

from rich.console import Console

WIDE = 150  # columns, where no terminal says how wide it is (a log, a pipe): nothing is cut off there


def console() -> Console:
    """Standard output, as wide as the terminal or as a log can hold."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)
