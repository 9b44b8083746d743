"""Whether what came of a damaged file is what should have come, something else that is loud, or silently wrong.

Belongs here: comparing. Does not belong here: running (nights.py), what should come (oracle.py).
"""

from __future__ import annotations

from .nights import Actual
from .oracle import Expected

EXACT, LOUD, SILENT = "exact", "loud", "silently wrong"


def verdict(expected: Expected, actual: Actual | None) -> tuple[str, str]:
    """One of the three words, and why; the reason names lines and columns, no value.

    Silently wrong: a row stands in the raw table that should not, or with another value and no finding; a row is
    missing that neither quarantine, nor repetition, nor a refusal accounts for; or the counts do not add up.
    """
    if actual is None:
        return SILENT, "the load log has no row for the file"
    wrong = _miscounted(actual) or _falsely_loaded(expected, actual)
    if wrong:
        return SILENT, wrong
    if not actual.outcome.startswith("accepted"):
        same = actual.outcome == expected.outcome
        return (EXACT, "") if same else (LOUD, f"{actual.outcome}, not {expected.outcome}")
    return _exactly(expected, actual)


def _miscounted(actual: Actual) -> str | None:
    read, loaded, quarantined, repeated = actual.counts
    if read != loaded + quarantined + repeated:
        return "rows read are not rows loaded + quarantined + deduplicated"
    if (loaded, quarantined) != (len(actual.rows), len(actual.quarantined)):
        return "the load log counts other rows than the tables hold"
    return None


def _falsely_loaded(expected: Expected, actual: Actual) -> str | None:
    if not actual.outcome.startswith("accepted"):
        return f"{actual.outcome}, and rows were loaded" if actual.rows else None
    if not expected.outcome.startswith("accepted"):
        return f"{actual.outcome}, not {expected.outcome} ({expected.why})"
    if actual.counts[0] != len(expected.rows) + len(expected.quarantined) + len(expected.repeated):
        return "another number of rows was read than the file has"
    for line, row in actual.rows.items():
        wanted = expected.rows.get(line)
        if wanted is None:
            return f"line {line} should not have been loaded"
        for column, value in row.items():
            if value != wanted[column] and (line, column) not in actual.findings:
                return f"line {line} has another {column}"
    missing = set(expected.rows) - set(actual.rows) - set(actual.quarantined)
    return f"lines {sorted(missing)[:5]} are missing" if missing else None


def _exactly(expected: Expected, actual: Actual) -> tuple[str, str]:
    for what, wanted, found in (
        ("outcome", expected.outcome, actual.outcome),
        ("lines loaded", set(expected.rows), set(actual.rows)),
        ("lines quarantined", sorted(expected.quarantined), sorted(actual.quarantined)),
        ("rows deduplicated", len(expected.repeated), actual.counts[3]),
        ("findings", expected.findings, actual.findings),
    ):
        if wanted != found:
            return LOUD, f"{what}: {_told(found)}, not {_told(wanted)}"
    return EXACT, ""


def _told(what: object) -> str:
    return str(sorted(what)[:6]) if isinstance(what, (set, list)) else str(what)
