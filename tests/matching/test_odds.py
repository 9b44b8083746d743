"""Odds of one pair worked out by hand: chance, its season, the ways of seeking, and repeats."""

import numpy as np
import pytest

from matching import candidates, competition, model, odds, parameters
from matching.score import read_pairs, season_of, weekdays_of

PLACE = {"setting_core": "oak park barfield", "full_postcode": "ZZ121AB"}


@pytest.fixture
def pairs_of(con, comparable):
    def read(contacts, referrals):
        comparable(contacts, referrals)
        candidates.seek(con, "here", has_decisions=False)
        return read_pairs(con)

    return read


@pytest.fixture
def silent():
    """Parameters under which no comparison says anything."""
    p = parameters.prior()
    for table in p.levels.values():
        table[:] = 1 / table.shape[1]
    return p


def test_other_matters_are_found_by_each_way_in_its_share_and_unrelated_pairs_are_not(pairs_of, silent):
    # Without a word from the comparisons, odds are way * matches / (way * setting + unrelated). One scoring begins with
    # 0.01 referrals a day from the setting and 0.02 unrelated ones; 0.001 more bunch round a contact.
    pairs = pairs_of([{"id": "C1", "day": 0, **PLACE}], [{"id": "R1", "day": 3, **PLACE}])
    pairs.season = np.ones(1)
    told = {}
    for share in (1.0, 0.5):
        silent.ways = np.full_like(silent.ways, share)
        told[share] = odds.score(silent, pairs, rounds=1)
    assert told[1.0].expected_odds[0] == pytest.approx(2 * told[0.5].expected_odds[0])
    assert told[1.0].against[0][0] == pytest.approx(0.011)
    assert told[0.5].against[0][0] == pytest.approx(0.0055)
    assert told[1.0].against[1][0] == told[0.5].against[1][0] == pytest.approx(0.02)
    # (1.0 / (0.011 + 0.02)) / (0.5 / (0.0055 + 0.02))
    assert told[1.0].odds[0] / told[0.5].odds[0] == pytest.approx(2 * 0.0255 / 0.031)


def test_chance_is_counted_at_all_lags_but_not_from_beyond_the_window(pairs_of, silent):
    contacts = [{"id": "C1", "day": 100, **PLACE}]
    days = (0, 50, 90, 103, 130, 219, 400)  # the last comes by its reference alone
    referrals = [{"id": f"R{number}", "day": day, **PLACE} for number, day in enumerate(days)]
    pairs = pairs_of(contacts, [*referrals[:-1], referrals[-1] | {"quoted_contact_id": "C1"}])
    assert pairs.within.tolist() == [True] * 5 + [False]  # the first came too early to be looked at
    pairs.exposure = np.array([181.0])

    def unrelated(open_to, answering):
        outcome = competition.Outcome(np.zeros(6), np.zeros(1), answering, np.ones(6), open_to)
        return odds.chance_rates(silent, pairs, np.zeros(6), outcome, np.ones(1))[0][1]

    # Five referrals on 181 days, of which a pair is weighed against the other four, and a belief of 40 days round the
    # typical rate, which is that of this only contact.
    told = unrelated(np.ones(6), np.zeros(pairs.referrals))
    assert told[:5] == pytest.approx((4 + 40 * 5.5 / 181) / 221)
    assert told[5] == pytest.approx((5 + 40 * 5.5 / 181) / 221)
    # The third answers another contact: it is no chance for this one, and there are four.
    third = np.arange(6) == 2
    taken = np.where(np.arange(pairs.referrals) == pairs.referral[2], 1.0, 0.0)
    told = unrelated(np.where(third, 0.0, 1.0), taken)
    assert told[0] == pytest.approx((3 + 40 * 4.5 / 181) / 221)
    assert told[2] == pytest.approx((4 + 40 * 4.5 / 181) / 221)


def test_a_pair_is_weighed_against_the_other_referrals_of_its_setting(pairs_of, silent):
    # By hand: a quiet rate and a busy one, alike likely before; a referral more multiplies them by how busy they are.
    quiet, busy = parameters.RATES[5], parameters.RATES[15]
    silent.rates = np.where(np.isin(parameters.RATES, [quiet, busy]), 0.5, 0.0)
    referrals = [{"id": f"R{number}", "day": day, **PLACE} for number, day in enumerate((103, 150, 190))]
    pairs = pairs_of([{"id": "C1", "day": 100, **PLACE}], referrals)
    pairs.exposure = np.array([181.0])
    # The first surely answers this contact, and no other claims any of them.
    outcome = competition.Outcome(np.zeros(3), np.ones(1), np.array([1.0, 0.0, 0.0]), np.ones(3), np.ones(3))
    (at_setting, _unrelated), of_contact, _weights = odds.chance_rates(
        silent, pairs, np.ones(3), outcome, np.ones(1)
    )

    def rate(others):
        likely = [one**others * np.exp(-181 * one) for one in (quiet, busy)]
        return (likely[0] * quiet + likely[1] * busy) / sum(likely)

    # Each against the other two: were the second the answer, the first would be chance.
    assert at_setting == pytest.approx(rate(2))
    assert of_contact[0] == pytest.approx(rate(2))
    # Where another contact surely has the third, it is none of them.
    outcome.to_contact[2] = 0.0
    at_setting = odds.chance_rates(silent, pairs, np.ones(3), outcome, np.ones(1))[0][0]
    assert at_setting == pytest.approx([rate(1), rate(1), rate(2)])


def test_unrelated_pairs_of_one_sector_are_weighed_as_akin(pairs_of, silent):
    contact = {"id": "C1", "day": 0, **PLACE, "sector": "primary", "staff_role": "teacher"}
    referrals = [
        {"id": f"R{number}", "day": 3, **PLACE, "staff_role": "teacher", **sector}
        for number, sector in enumerate(({"sector": "primary"}, {"sector": "sports"}, {}))
    ]
    pairs = pairs_of([contact], referrals)
    akin = model.CLASSES.index("akin")
    silent.levels["staff_role"][akin] = (0.1, 0.8, 0.1)
    logs = odds.class_weights(silent, pairs) - odds.class_weights(silent, pairs, "staff_role")
    (roles,) = (c.levels for c in model.COMPARISONS if c.name == "staff_role")
    level = pairs.levels["staff_role"][pairs.pattern]
    assert [roles[one] for one in level] == ["same_common", "same_common", "same_rare"]
    assert np.exp(logs[2]) == pytest.approx([0.8, 1 / 3, 1 / 3])
    assert np.exp(logs[:2]) == pytest.approx(1 / 3)


def test_season_is_what_came_round_a_day_against_the_average():
    # 100 days with a referral each, then 100 without: the average is one half.
    season = season_of(np.arange(100), 0, 199)
    belief = model.SEASON_STRENGTH
    assert len(season) == 200
    assert season[50] == pytest.approx((29 + belief) / (14.5 + belief))
    assert season[0] == pytest.approx((15 + belief) / (7.5 + belief))
    assert season[150] == pytest.approx(belief / (14.5 + belief))
    # 86 to 99 and the day itself of the 29 round day 100.
    assert season[100] == pytest.approx((14 + belief) / (14.5 + belief))
    assert season_of(np.array([7]), 7, 7) == pytest.approx([1.0])


def test_chance_brings_more_on_the_day_of_the_contact_where_nobody_writes_at_weekends():
    working = np.array([day for day in range(700) if day % 7 < 5])
    told = dict(zip(model.LAG_STARTS, weekdays_of(working, working), strict=False))
    # 500 referrals on five days of the week and a belief of 5 on each of the seven.
    open_day, weekend = 105 / 535 * 7, 5 / 535 * 7
    # Of five working days, as many as these have a working day so many days later.
    met = {0: 5, 1: 4, 2: 3, 3: 3, 4: 3, 5: 3, 6: 4}
    of_lag = {lag: (days * open_day + (5 - days) * weekend) / 5 for lag, days in met.items()}
    for first, lags in (
        (0, [0]),
        (1, [1]),
        (2, [2, 3]),
        (4, [4, 5, 6, 0]),
        (8, range(8, 15)),
        (-1, [6]),
        (-3, [4, 5]),
    ):
        assert told[first] == pytest.approx(np.mean([of_lag[lag % 7] for lag in lags])), first
    assert weekdays_of(np.arange(70), working) == pytest.approx(np.ones(len(model.LAG_STARTS) - 1))


def test_chance_follows_the_season(pairs_of, silent):
    # Nine referrals of other settings on each of days 40 to 60 and none else: a busy time and a quiet one.
    others = [
        {"id": f"X{day}-{n}", "day": day, "setting_core": f"quin{day}"}
        for day in range(40, 61)
        for n in range(9)
    ]
    contacts = [{"id": "C1", "day": 50, **PLACE}, {"id": "C2", "day": 200, **PLACE}]
    referrals = [{"id": "R1", "day": 50, **PLACE}, {"id": "R2", "day": 200, **PLACE}]
    pairs = pairs_of(contacts, [*referrals, *others])
    came = np.array([*(day for day in range(40, 61) for _n in range(9)), 50, 200])
    season = season_of(came, 40, 200)
    own = [int(np.flatnonzero((pairs.contact == c) & (pairs.fresh))[0]) for c in (0, 1)]
    week = weekdays_of(np.array([50, 200]), came)[model.LAG_STARTS.index(0)]
    assert pairs.season[own] == pytest.approx([season[10] * week, season[160] * week])
    # Days -60 to 120 of the contact on day 50 are days 40 to 170 of the data; of that on day 200, days 140 to 200.
    assert pairs.exposure == pytest.approx([season[:131].sum(), season[100:].sum()])
    silent.ways[:] = 1.0
    told = odds.score(silent, pairs, rounds=1)
    busy, quiet = pairs.season[own]
    assert told.against[1][own] == pytest.approx([0.02 * busy, 0.02 * quiet])
    assert told.against[0][own] == pytest.approx([0.01 * busy + 0.001, 0.01 * quiet + 0.001])


def test_two_contacts_of_one_matter_are_both_believed_in_their_share(pairs_of, silent):
    contacts = [{"id": f"C{number}", "day": 0, **PLACE} for number in (1, 2)]
    told = odds.score(silent, pairs_of(contacts, [{"id": "R1", "day": 1, **PLACE}]), rounds=1, sweeps=60)
    odd = told.odds[0]
    further = silent.again[0] * model.FURTHER_WEIGHT
    # Four states: neither contact 1, either one its odds, both the square of it times the weight of a further contact.
    whole = 1 + 2 * odd + further * odd**2
    assert told.outcome.pair == pytest.approx((odd + further * odd**2) / whole, rel=1e-6)


def test_the_fall_of_late_lags_is_never_slower_than_the_least_power():
    def inner(power):
        starts = np.array(model.LAG_STARTS[1:-1], dtype=float)
        edges = np.maximum(starts, 22.0)
        return np.where(starts[:-1] >= 22, edges[:-1] ** (1 - power) - edges[1:] ** (1 - power), 0.05)

    least = model.LATE_POWERS[0]
    (within, beyond), (slow_within, slow_beyond) = (odds.late_shares(inner(power)) for power in (least, 1.5))
    last = inner(1.5)[-1] / inner(least)[-1]
    # The same fall from the height of the last bin that is seen.
    assert slow_within == pytest.approx(within * last, rel=0.02)
    assert slow_beyond == pytest.approx(beyond * last, rel=0.02)
