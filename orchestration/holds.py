"""Legal holds: persons who must not be erased while an inquiry, a court or a claim needs their records.

Belongs here: setting and lifting one, and its entry in the audit log. Does not belong here: where holds are kept
(subject_register.py), what a hold forbids (erasure.py).
"""

from __future__ import annotations

import datetime as dt

from orchestration import audit_log, resources, subject_register
from orchestration.resources import Home


def put(home: Home, authority: str, kind: str, person_id: str, ground: str, today: dt.date) -> str:
    """Hold a person, known here or not: their records may come later. The outcome in words."""
    register = subject_register.open_register(home, resources.subject_secret(home))
    reference = register.reference(kind, authority, person_id)
    if register.hold_on(reference):
        return "there is a hold on this person already"
    register.put_hold(reference, ground, today, audit_log.actor())
    audit_log.append(home, "subject_hold", "set", person=reference, ground=ground)
    return "held"


def lift(home: Home, authority: str, kind: str, person_id: str) -> str:
    """Lift a hold. The outcome in words."""
    register = subject_register.open_register(home, resources.subject_secret(home))
    reference = register.reference(kind, authority, person_id)
    if not register.lift_hold(reference):
        return "there was no hold on this person"
    audit_log.append(home, "subject_hold", "lifted", person=reference)
    return "lifted"
