"""Belief propagation against adding up every possible set of links, which is exact."""

from itertools import product

import numpy as np
import pytest

from matching.competition import compete

FURTHER = (0.08, 0.04)


def enumerate_all(odds, contact, referral, contacts, referrals):
    """Marginals by brute force: a set of links weighs its odds, times FURTHER for each further link at an end."""
    total, pair, of_contact, of_referral = 0.0, np.zeros(len(odds)), np.zeros(contacts), np.zeros(referrals)
    for taken in product((0, 1), repeat=len(odds)):
        chosen = np.array(taken)
        at_contact = np.bincount(contact, chosen, contacts)
        at_referral = np.bincount(referral, chosen, referrals)
        weight = np.prod(np.where(chosen == 1, odds, 1.0))
        weight *= np.prod(FURTHER[0] ** np.maximum(at_referral - 1, 0))
        weight *= np.prod(FURTHER[1] ** np.maximum(at_contact - 1, 0))
        total += weight
        pair += weight * chosen
        of_contact += weight * (at_contact > 0)
        of_referral += weight * (at_referral > 0)
    return pair / total, of_contact / total, of_referral / total


@pytest.mark.parametrize(
    ("contact", "referral", "odds"),
    [
        ([0], [0], [3.0]),
        ([0, 1], [0, 0], [4.0, 2.0]),
        ([0, 0], [0, 1], [4.0, 2.0]),
        ([0, 0, 1, 1, 2], [0, 1, 1, 2, 2], [2.0, 5.0, 0.5, 9.0, 1.0]),
        ([0, 1, 2, 3], [0, 0, 0, 0], [50.0, 40.0, 0.1, 7.0]),
    ],
)
def test_exact_where_pairs_form_no_circle(contact, referral, odds):
    contact, referral, odds = np.array(contact), np.array(referral), np.array(odds)
    sizes = contact.max() + 1, referral.max() + 1
    told = compete(odds, contact, referral, *sizes, FURTHER, sweeps=60)
    pair, of_contact, of_referral = enumerate_all(odds, contact, referral, *sizes)
    np.testing.assert_allclose(told.pair, pair, rtol=1e-6)
    np.testing.assert_allclose(told.contact, of_contact, rtol=1e-6)
    np.testing.assert_allclose(told.referral, of_referral, rtol=1e-6)


def test_a_faint_pair_hears_the_others_and_they_hardly_miss_it():
    contact, referral = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    odds = np.array([5e-5, 3.0, 2.0, 4.0])
    told = compete(odds, contact, referral, 3, 2, FURTHER, sweeps=60)
    pair, of_contact, of_referral = enumerate_all(odds, contact, referral, 3, 2)
    np.testing.assert_allclose(told.pair, pair, rtol=1e-3)
    np.testing.assert_allclose(told.contact, of_contact, rtol=1e-3)
    np.testing.assert_allclose(told.referral, of_referral, rtol=1e-3)


def test_close_in_a_circle():
    contact, referral = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    odds = np.array([8.0, 2.0, 3.0, 4.0])
    told = compete(odds, contact, referral, 2, 2, FURTHER, sweeps=60)
    pair, _of_contact, _of_referral = enumerate_all(odds, contact, referral, 2, 2)
    np.testing.assert_allclose(told.pair, pair, atol=0.06)


def test_certain_and_impossible_pairs_stay_so():
    contact, referral = np.array([0, 1, 1]), np.array([0, 0, 1])
    told = compete(np.array([1e12, 5.0, 0.0]), contact, referral, 2, 2, FURTHER)
    assert told.pair[0] > 0.999999
    assert told.pair[1] < 0.5
    assert told.pair[2] == 0.0
    assert np.isfinite(told.contact).all()
