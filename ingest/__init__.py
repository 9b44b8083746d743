"""The door in: authority extracts become raw tables. It knows files, not meaning."""

from ingest.landing import Drop, pending_drops
from ingest.load import settle, stage
from ingest.profile import Profile, ProfileError, read_profile, read_profiles
from ingest.register import SubjectKeyError, add_person_keys, as_ats, register_profiles
from ingest.tables import begin_refresh

__all__ = [
    "Drop",
    "Profile",
    "ProfileError",
    "SubjectKeyError",
    "add_person_keys",
    "as_ats",
    "begin_refresh",
    "pending_drops",
    "read_profile",
    "read_profiles",
    "register_profiles",
    "settle",
    "stage",
]
