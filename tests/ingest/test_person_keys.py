"""Keys of persons cannot be made without the secret, and a new secret changes every key and no join."""

from __future__ import annotations

import hashlib
import hmac
import itertools

import pytest
from arrivals import SECRET, Door

import ingest

NEW_SECRET = b"another secret, also of 32 bytes"
STAFF = ["S000001,Hesper Redmarch,22/10/1972,QK2 3XF"]
STAFF += [f"S{n:06},Person Number{n},{n:02}/02/1970,ME1 {n}AA" for n in range(2, 20)]
REFERRALS = "Referral Ref,Date Referral Received,Employer / Setting,Staff ID\n" + "".join(
    f"R{n:05},05/06/2019,Oakfield School,S{n:06}\n" for n in range(1, 20)
)
REFERRALS += "R00020,05/06/2019,Oakfield School,s000001\n"
CHILDREN = "Referral Ref,Child ID,Age at Incident\n" + "".join(f"R{n:05},S{n:06},9\n" for n in range(1, 20))


@pytest.fixture
def filled(door: Door) -> Door:
    """A warehouse with adults and children, some of whom have the same local number."""
    door.put("staff.csv", "Staff ID,Full Name,DOB,Home Postcode\n" + "\n".join(STAFF) + "\n")
    door.put("referrals.csv", REFERRALS)
    door.put("children.csv", CHILDREN)
    door.night()
    return door


def keys(door: Door) -> dict[tuple[str, str, str], str]:
    """Key by authority, kind and local number."""
    rows = door.rows("select * from raw.person_keys")
    return {(row["authority"], row["kind"], row["person_id"]): row["person_key"] for row in rows}


def test_a_key_is_the_keyed_hash_that_is_written_down(filled: Door) -> None:
    expected = hmac.new(SECRET, b"subject|kent|s000007", hashlib.sha256).hexdigest()[:32]
    assert keys(filled)["kent", "subject", "S000007"] == expected
    assert keys(filled)["kent", "child", "S000007"] != expected


def test_no_hash_of_what_is_known_of_a_person_is_a_key(filled: Door) -> None:
    """A dictionary attack with every number, name and day in the extracts and every word beside them as salt."""
    people = filled.rows("select * from raw.subjects")
    parts = [
        [
            row["subject_id"],
            row["full_name"],
            row["date_of_birth"],
            row["postcode"],
            row["full_name"].split()[-1],
        ]
        for row in people
    ]
    parts += [[row["subject_id"], row["referral_id"], row["received_on"]] for row in
              filled.rows("select * from raw.referrals")]  # fmt: skip
    salts = ["", "kent", "subject", "child", "kent|subject", "subject|kent", "liberi"]
    salts += [row["fingerprint"] for row in filled.rows("select * from raw.key_fingerprint")]
    digests = ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b")
    held = set(keys(filled).values())
    assert len(held) == 38
    tried = 0
    for known in parts:
        words = [
            *known,
            *(a + glue + b for a, b in itertools.permutations(known, 2) for glue in ("", "|", " ")),
        ]
        for word, salt, glue in itertools.product(words, salts, ("|", "")):
            for text in {f"{salt}{glue}{word}", f"{word}{glue}{salt}"}:
                for written in {text, text.lower()}:
                    for digest in digests:
                        tried += 1
                        assert hashlib.new(digest, written.encode()).hexdigest()[:32] not in held
    assert tried > 100_000


def test_a_new_secret_changes_every_key_and_keeps_who_shares_one(filled: Door) -> None:
    before = keys(filled)
    changed = ingest.rekey(filled.con, SECRET, NEW_SECRET)
    after = keys(filled)
    assert before.keys() == after.keys()
    assert set(before.values()).isdisjoint(after.values())
    pairs = {(before[person], after[person]) for person in before}
    assert len(pairs) == len(set(before.values())) == len(set(after.values())) == 38
    assert dict(pairs) == changed
    assert after["kent", "subject", "S000001"] == after["kent", "subject", "s000001"]


def test_a_rotation_that_is_started_again_changes_nothing_and_the_old_secret_is_refused(filled: Door) -> None:
    ingest.rekey(filled.con, SECRET, NEW_SECRET)
    after = keys(filled)
    assert ingest.rekey(filled.con, SECRET, NEW_SECRET) == {}
    assert keys(filled) == after
    with pytest.raises(ingest.SubjectKeyError, match="is not the one"):
        ingest.register_profiles(filled.con, filled.profiles, SECRET)
    with pytest.raises(ingest.SubjectKeyError, match="is not the one"):
        ingest.rekey(filled.con, b"a third secret of 32 bytes, new!", SECRET)
    ingest.register_profiles(filled.con, filled.profiles, NEW_SECRET)


def test_a_short_new_secret_changes_nothing(filled: Door) -> None:
    before = keys(filled)
    with pytest.raises(ingest.SubjectKeyError, match="31 bytes"):
        ingest.rekey(filled.con, SECRET, NEW_SECRET[:31])
    assert keys(filled) == before
    ingest.register_profiles(filled.con, filled.profiles, SECRET)
