"""What this home remembers of persons beside the warehouse: <home>/subjects.json.

Belongs here: the fingerprint of the subject key, tombstones of erased persons, legal holds, and the key that makes
both. Does not belong here: any identity; what an erasure removes (erasure.py).

A tombstone is a keyed hash of a number that was erased: it can be compared with what tomorrow's extract says, and
cannot be read. Its key is made once and kept wrapped with the subject key, so a new subject key (`lado subject
rekey`) leaves tombstones good although nobody knows any more what they stand for, and who holds this file without
the subject key can test no guess. The file lies outside the warehouse, because a warehouse that is made anew from
extracts must not bring an erased person back; and it is what a restored backup needs first.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ingest
from orchestration import audit_log
from orchestration.resources import Home


@dataclass
class Register:
    """The file, opened with the subject key. `erased`: tombstone -> day; `holds`: one dictionary a hold."""

    path: Path
    key: bytes
    secret: bytes
    erased: dict[str, str] = field(default_factory=dict)
    name_words: list[int] = field(default_factory=list)
    holds: list[dict[str, str]] = field(default_factory=list)

    def save(self) -> None:
        """Write the whole file beside the old one and put it in its place."""
        told = {
            "fingerprint": ingest.fingerprint_of(self.secret),
            "wrapped_key": _wrapped(self.key, self.secret).hex(),
            "erased": self.erased,
            "name_words": self.name_words,
            "holds": self.holds,
        }
        beside = self.path.with_suffix(".next")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(json.dumps(told, indent=1).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def as_erased(self) -> ingest.Erased:
        """The tombstones as the door in takes them."""
        return ingest.Erased(self.key, frozenset(self.erased), frozenset(self.name_words))

    def bury(self, authority: str, identities: list[tuple[str, str]], today: dt.date) -> None:
        """Add the tombstones of a person, each numbered kind and name of theirs one."""
        for kind, value in identities:
            self.erased.setdefault(ingest.tombstone(self.key, authority, kind, value), today.isoformat())
        words = {len(value.split()) for kind, value in identities if kind == "name"}
        self.name_words = sorted(words | set(self.name_words))
        self.save()

    def is_buried(self, authority: str, kind: str, person_id: str) -> bool:
        return ingest.tombstone(self.key, authority, kind, person_id) in self.erased

    def reference(self, kind: str, authority: str, person_id: str) -> str:
        """How the audit log and holds speak of a person: sixteen hex digits that only this home can make."""
        text = f"person|{kind}|{authority}|{' '.join(person_id.split()).casefold()}"
        return hmac.digest(self.key, text.encode(), "sha256").hex()[:16]

    def hold_on(self, reference: str) -> dict[str, str] | None:
        """The hold in force on a person, if there is one."""
        return next((hold for hold in self.holds if hold["person"] == reference), None)

    def put_hold(self, reference: str, ground: str, today: dt.date, by: str) -> None:
        self.holds.append({"person": reference, "ground": ground, "since": today.isoformat(), "by": by})
        self.save()

    def lift_hold(self, reference: str) -> bool:
        """Whether there was a hold to lift."""
        kept = [hold for hold in self.holds if hold["person"] != reference]
        was_held = len(kept) < len(self.holds)
        self.holds = kept
        self.save()
        return was_held


def open_register(home: Home, secret: bytes) -> Register:
    """The register of this home, made when there is none. Raises SubjectKeyError for another subject key."""
    path = home.root / "subjects.json"
    if not path.exists():
        register = Register(path, secrets.token_bytes(32), secret)
        register.save()
        audit_log.append(home, "key", "first_used", fingerprint=ingest.fingerprint_of(secret))
        return register
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if told["fingerprint"] != ingest.fingerprint_of(secret):
        raise ingest.SubjectKeyError(
            "the secret of the subject keys is not the one that this home was filled with: put the earlier "
            "LADO_SUBJECT_KEY back, or change it by `lado subject rekey`; nothing was read"
        )
    key = _wrapped(bytes.fromhex(told["wrapped_key"]), secret)
    return Register(path, key, secret, told["erased"], told["name_words"], told["holds"])


def rewrap(home: Home, old: bytes, new: bytes) -> None:
    """Keep the register under another subject key. One that is under it already is left as it is."""
    try:
        register = open_register(home, old)
    except ingest.SubjectKeyError:
        open_register(home, new)
        return
    register.secret = new
    register.save()


def _wrapped(key: bytes, secret: bytes) -> bytes:
    """The key under the subject key, and back: one use of one pad, which is made of the subject key."""
    pad = hmac.digest(secret, b"wrap of the key of the tombstones", "sha256")
    return bytes(a ^ b for a, b in zip(key, pad, strict=True))
