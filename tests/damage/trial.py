"""Many damaged files held against what should come of them.

Belongs here: giving each file its name, its expectation and its verdict, and adding up. Does not belong here: the
damage itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

import ingest

from . import oracle, verdicts
from .extracts import ROOT, Sheet
from .nights import Nights
from .oracle import Expected


@dataclass
class Case:
    """One damaged file; `expected` by feed."""

    kind: str
    authority: str
    name: str
    data: bytes
    expected: dict[str, Expected]
    as_written: bool = False


@dataclass
class Report:
    """What came of all files of a trial, by file and feed."""

    verdicts: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    as_written: int = 0
    files: int = 0
    canaries: int = 0

    def add(self, other: Report) -> None:
        self.verdicts += other.verdicts
        self.wrong += other.wrong
        self.as_written += other.as_written
        self.files += other.files
        self.canaries += other.canaries

    @property
    def exact_percent(self) -> float:
        return 100.0 * self.verdicts[verdicts.EXACT] / max(1, self.verdicts.total())


@cache
def codes(authority: str) -> dict:
    """The profile's wordings."""
    path = ROOT / "ingest" / "profiles" / f"{authority}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")).get("codes") or {}


def expectations(sheet: Sheet, data: bytes) -> dict[str, Expected]:
    """What should come of a damaged CSV file, by feed."""
    return {source["feed"]: oracle.expect(data, source, codes(sheet.authority)) for source in sheet.sources}


def name_of(sheet: Sheet, number: int) -> str:
    """Another name that the profile reads as the same file."""
    start, _, end = sheet.sources[0]["files"].partition("*")
    return f"{start}_{number:04}{end}"


def hold(cases: list[Case], folder: Path, may_be_refused: bool = False) -> Report:
    """Run one night over all files, each beside the others, and compare.

    `may_be_refused`: a refusal is right as well, because nobody can say beforehand which byte matters.
    """
    nights = Nights(folder, ingest.read_profiles())
    try:
        for case in cases:
            nights.put(case.authority, case.name, case.data)
        nights.run()
        report = Report(files=len(cases), canaries=nights.canaries())
        for case in cases:
            report.as_written += case.as_written
            for feed, expected in case.expected.items():
                actual = nights.actual(case.name, feed)
                is_right = may_be_refused and actual is not None and actual.outcome == "refused"
                word, why = verdicts.verdict(Expected("refused") if is_right else expected, actual)
                report.verdicts[word] += 1
                if word != verdicts.EXACT:
                    report.wrong.append(f"{word}: {case.kind} in {case.authority} {feed}: {why}")
        return report
    finally:
        nights.close()
