"""Which rows of an extract belong to an erased person, told from tombstones: keyed hashes without identity.

Belongs here: how a tombstone is made, which columns are held against which, and names in running text. Does not
belong here: rewriting files (leave_out.py), where tombstones are kept (orchestration/), finding a person's records in
the warehouse (person.py).

A row is theirs when it bears their person number, when it is one of their records, or when it hangs on one (an
allegation on their referral, an outcome on that allegation). A contact or a referral that only quotes an erased
record is somebody else's: it stays, without the quotation. A record number counts across source systems only where
no other system of the authority used it. A name counts in text that people type; in a staff record of another
number it is another person's name.
"""

from __future__ import annotations

import hmac
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.feeds import Feed, normalise_wording

PERSON_KINDS = {"subject_id": "subject", "child_id": "child"}
REFERENCES = {
    "referral_id": "referrals",
    "case_ref": "referrals",
    "allegation_id": "allegations",
    "contact_id": "contacts",
    "contact_ref": "contacts",
}
# Their rows are matters of their own: a quotation in them makes them nobody else's.
MATTERS = ("contacts", "referrals")
ERASED_WORDS = "[erased]"

_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
_GAP = re.compile(r"[ \t.,]{1,3}")
_TOKEN = re.compile(r"[^\s\"',;|~\t]+")

# What a tombstone stands for: a kind of number and the number.
Identity = tuple[str, str]


def record_kinds(feed: str, system: str | None) -> tuple[str, str]:
    """Kinds of a record number: within a source system, and across those that never used it otherwise."""
    return f"record:{feed}@{system}", f"record:{feed}"


def name_identity(name: str) -> Identity:
    """A name as a tombstone knows it: its words in lower case, in the order of the alphabet."""
    return "name", " ".join(sorted(word.casefold() for word in _WORD.findall(name)))


@dataclass(frozen=True)
class Erased:
    """Tombstones and their key. `name_words`: of how many words the erased names are."""

    key: bytes
    tombstones: frozenset[str] = frozenset()
    name_words: frozenset[int] = frozenset()
    _known: dict[tuple[str, str, str], bool] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, key: bytes, authority: str, identities: Iterable[Identity]) -> Erased:
        """Tombstones of these identities of one authority."""
        listed = list(identities)
        lengths = {len(value.split()) for kind, value in listed if kind == "name"}
        made = frozenset(tombstone(key, authority, *identity) for identity in listed)
        return cls(key, made, frozenset(lengths))

    def has(self, authority: str, kind: str, value: str | None) -> bool:
        """Whether this number is an erased one."""
        if not value or not self.tombstones:
            return False
        asked = (authority, kind, value)
        if asked not in self._known:
            self._known[asked] = tombstone(self.key, authority, kind, value) in self.tombstones
        return self._known[asked]

    def has_record(self, authority: str, feed: str, system: str | None, number: str | None) -> bool:
        return any(self.has(authority, kind, number) for kind in record_kinds(feed, system))

    def is_theirs(self, authority: str, feed: Feed, system: str | None, row: dict[str, str]) -> bool:
        """Whether a row, given by canonical column, belongs to an erased person."""
        for column, kind in PERSON_KINDS.items():
            if self.has(authority, kind, row.get(column)):
                return True
        if self.has_record(authority, feed.name, system, "|".join(row.get(c, "") for c in feed.key)):
            return True
        if feed.name not in MATTERS and any(
            self.has_record(authority, REFERENCES[column], system, row.get(column))
            for column in feed.columns
            if column in REFERENCES
        ):
            return True
        return bool(
            feed.name == "subjects"
            and not row.get("subject_id")
            and self.names(authority, row.get("full_name"))
        )

    def quotes(self, authority: str, feed: Feed, system: str | None, row: dict[str, str]) -> list[str]:
        """Columns in which a row that stays quotes an erased record."""
        own = feed.key[0] if feed.name in MATTERS else None
        return [
            column
            for column in feed.columns
            if column in REFERENCES
            and column != own
            and self.has_record(authority, REFERENCES[column], system, row.get(column))
        ]

    def is_their_text(self, authority: str, feed: Feed, system: str | None, text: str) -> bool:
        """Whether a line that is no row holds an erased number of a kind that this feed has columns for.

        A line of the staff list counts by name as well: its number may be what is damaged.
        """
        kinds = [PERSON_KINDS[column] for column in feed.columns if column in PERSON_KINDS]
        feeds = {feed.name, *(REFERENCES[column] for column in feed.columns if column in REFERENCES)}
        kinds += [kind for name in feeds for kind in record_kinds(name, system)]
        for token in {found.strip(".:()[]{}") for found in _TOKEN.findall(text)}:
            if any(self.has(authority, kind, token) for kind in kinds):
                return True
        return feed.name == "subjects" and bool(self.names(authority, text))

    def names(self, authority: str, text: str | None) -> list[tuple[int, int]]:
        """Where erased names stand in a text: start and end of each."""
        if not text or not self.name_words:
            return []
        words = list(_WORD.finditer(text))
        found = []
        for count in sorted(self.name_words, reverse=True):
            for run in _runs(text, words, count):
                value = " ".join(sorted(word[0].casefold() for word in run))
                if self.has(authority, "name", value):
                    found.append((run[0].start(), run[-1].end()))
        return found

    def without_names(self, authority: str, text: str) -> str:
        """The text with [erased] in place of erased names."""
        for start, end in sorted(self.names(authority, text), reverse=True):
            text = text[:start] + ERASED_WORDS + text[end:]
        return text


def _runs(text: str, words: Sequence[re.Match[str]], count: int) -> Iterator[Sequence[re.Match[str]]]:
    """Every run of so many words that stand side by side."""
    for at in range(len(words) - count + 1):
        run = words[at : at + count]
        pairs = itertools.pairwise(run)
        if all(_GAP.fullmatch(text, first.end(), second.start()) for first, second in pairs):
            yield run


def tombstone(key: bytes, authority: str, kind: str, value: str) -> str:
    """The keyed hash (HMAC-SHA-256, in hex) of one number or name of an authority."""
    text = f"erased|{kind}|{authority}|{normalise_wording(value)}"
    return hmac.digest(key, text.encode(), "sha256").hex()
