"""Random damage: one character of a CSV file is lost, doubled, put in or replaced; one byte of a workbook is changed.

Belongs here: making such files. Does not belong here: damage that somebody thought of (kinds_*.py).
"""

from __future__ import annotations

from random import Random

from .extracts import Sheet

CHARACTERS = [
    *"abkzXQ0123459",
    *" \t\n\r\0",
    *",;|/-.:_",
    *"\"'`<=+@*?[]",
    *"éß£\u2013\u00a0\u200b\u0663\uff17\ufeff\u2028",
]
NO_LETTER = {"utf-8": b"\xff", "cp1252": b"\x81"}


def damage(sheet: Sheet, rng: Random) -> tuple[str, bytes]:
    """What was done, and the bytes of the file."""
    text = sheet.text()
    # A tenth in the heading, which is a small part of the file and matters most.
    end = len(sheet.lines()[0]) + 1 if rng.random() < 0.1 else len(text)
    at = rng.randrange(end)
    done = rng.choice(["lost", "doubled", "put in", "replaced", "exchanged with the next", "no letter"])
    before, here, after = text[:at], text[at], text[at + 1 :]
    if done == "no letter":
        return done, before.encode(sheet.encoding) + NO_LETTER[sheet.encoding] + after.encode(sheet.encoding)
    other = _character(rng, sheet.encoding)
    changed = {
        "lost": before + after,
        "doubled": before + here * 2 + after,
        "put in": before + other + here + after,
        "replaced": before + other + after,
        "exchanged with the next": before + after[:1] + here + after[1:],
    }[done]
    return done, changed.encode(sheet.encoding)


def _character(rng: Random, encoding: str) -> str:
    while True:
        character = rng.choice(CHARACTERS)
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return character


def damage_bytes(data: bytes, rng: Random) -> bytes:
    """A workbook with one byte changed."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :]
