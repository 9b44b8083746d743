"""The door in: authority extracts become raw tables. It knows files, not meaning."""

from ingest.erased import Erased, tombstone
from ingest.landing import Drop, pending_drops, shown_name
from ingest.leave_out import rewrite, without_erased
from ingest.load import settle, stage
from ingest.person import Held, find, others_in, pattern_of_names, remove, restamp
from ingest.profile import Profile, ProfileError, read_profile, read_profiles, read_usable_profiles
from ingest.reader import Reader
from ingest.register import (
    SubjectKeyError,
    add_person_keys,
    as_ats,
    fingerprint_of,
    person_key,
    register_profiles,
    rekey,
)
from ingest.tables import begin_refresh

__all__ = [
    "Drop",
    "Erased",
    "Held",
    "Profile",
    "ProfileError",
    "Reader",
    "SubjectKeyError",
    "add_person_keys",
    "as_ats",
    "begin_refresh",
    "find",
    "fingerprint_of",
    "others_in",
    "pattern_of_names",
    "pending_drops",
    "person_key",
    "read_profile",
    "read_profiles",
    "read_usable_profiles",
    "register_profiles",
    "rekey",
    "remove",
    "restamp",
    "rewrite",
    "settle",
    "shown_name",
    "stage",
    "tombstone",
    "without_erased",
]
