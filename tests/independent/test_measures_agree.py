"""Every row of fct_measures equals its recomputation from the extracts, and none that counts something is missing.

Belongs here: the two seed authorities and random ones (LADO_ALL_WORLDS=1: twenty of each
kind) held against the warehouse. Does not belong here: how
either side is computed. A failure lists measures, members and both values.
"""

from __future__ import annotations

import pytest

from .compare import differences, report
from .conftest import AWKWARD, WORLDS


@pytest.mark.slow
@pytest.mark.parametrize("authority", ["kent", "buckinghamshire"])
def test_every_measure_of_the_seed_authorities(published, authority):
    told = differences(published.measures(authority), published.recomputed(authority))
    assert not told, report(told)


@pytest.mark.slow
@pytest.mark.parametrize("authority", WORLDS + AWKWARD)
def test_every_measure_of_a_random_authority(world_of, authority):
    world = world_of(authority)
    told = differences(world.measures(authority), world.recomputed(authority))
    assert not told, report(told)


@pytest.mark.slow
@pytest.mark.parametrize("authority", ["kent", "buckinghamshire"])
def test_an_estimate_lies_within_its_bounds(published, authority):
    rows = published.measures(authority)
    rows = rows[rows["lower_90"].notna() | rows["upper_90"].notna()]
    assert set(rows["measure"]) == {
        "requested_referrals_received",
        "contacts_with_referral",
        "referrals_without_contact",
    }
    assert ((rows["lower_90"] <= rows["numerator"]) & (rows["numerator"] <= rows["upper_90"])).all()
