"""Changing the secret of the subject keys.

Belongs here: the order in which the stores that know the secret change over. Does not belong here: how a key is made
(ingest), where the secret comes from (resources.py).
"""

from __future__ import annotations

from pathlib import Path

import ingest
from orchestration import audit_log, resources, subject_register
from orchestration.resources import Home, NotReady


def rekey(home: Home, new_key_file: Path) -> int:
    """Make all keys anew with the secret in the file; the number of keys. The caller holds the lock of the home.

    Each store changes whole and one that has changed already is passed over, so a rotation that was killed is
    finished by starting it again. What is published bears the old keys until the next refresh. Raises NotReady.
    """
    old, new = resources.subject_secret(home), resources.secret_in(new_key_file)
    if old == new:
        raise NotReady("the new subject key is the one in use: make another")
    if not home.warehouse.exists():
        raise NotReady("no refresh has run in this home yet: just set the new key")
    with resources.warehouse(home) as con:
        try:
            changed = ingest.rekey(con, old, new)
        except ingest.SubjectKeyError as error:
            raise NotReady(str(error)) from None
        # Records to mend of children are named by key; they keep the day on which they were first seen.
        for (name,) in con.execute("select distinct record_id from quality.findings").fetchall():
            before = name.rpartition(":")[2]
            if before in changed:
                renamed = name.replace(before, changed[before])
                con.execute("update quality.findings set record_id = ? where record_id = ?", [renamed, name])
        subject_register.rewrap(home, old, new)
        fingerprints = {"from": ingest.fingerprint_of(old), "to": ingest.fingerprint_of(new)}
        audit_log.append(
            home, "key", "rotated", con, fingerprints=fingerprints, counts={"keys": len(changed)}
        )
    return len(changed)
