"""Every check is proved by its own examples: rows that pass give no failing key, rows that fail exactly theirs."""

import pytest

from expectations.check import read_checks
from expectations.examples import expected_of, found_in

ALL = read_checks()


@pytest.mark.parametrize("check", ALL, ids=[f"{check.gate}-{check.name}" for check in ALL])
def test_a_check_tells_good_rows_from_bad(check):
    assert set(check.examples) - {"tests"} == {"passes", "fails", "failing"}
    tests = check.examples.get("tests", [])

    checked, found = found_in(check, check.examples["passes"], tests)
    assert found == set()
    assert checked > 0, "the rows that pass must be looked at"

    checked, found = found_in(check, check.examples["fails"], tests)
    expected = expected_of(check)
    if all(column is None for _, _, column in expected):
        found = {(authority, record_id, None) for authority, record_id, _ in found}
    assert found == expected
    assert checked > 0
