"""What a reviewer is shown: the pairs whose decision tells most, and why a pair is as likely as it is."""

from itertools import product

import numpy as np
import pytest

import matching
from benchmarks import matching_stage
from matching import candidates, fit, odds, parameters
from matching.score import read_pairs


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(fit, "BOOTSTRAP_DRAWS", 2)


def every_set_of_links(edges, weights):
    """Each set of pairs in which nobody is met twice, with its share of all weight."""
    sets = []
    for taken in product((0, 1), repeat=len(edges)):
        chosen = [edge for edge, one in zip(edges, taken, strict=True) if one]
        if len({c for c, _r in chosen}) == len({r for _c, r in chosen}) == len(chosen):
            sets.append((chosen, float(np.prod([w for w, one in zip(weights, taken, strict=True) if one]))))
    total = sum(weight for _chosen, weight in sets)
    return [(chosen, weight / total) for chosen, weight in sets]


def spread(sets, requested):
    """Variance of the number of requested contacts that are met."""
    share = np.array([weight for _chosen, weight in sets])
    count = np.array([sum(c in requested for c, _r in chosen) for chosen, _weight in sets])
    if share.sum() == 0:
        return 0.0
    share = share / share.sum()
    return float((share * count**2).sum() - (share * count).sum() ** 2)


@pytest.mark.parametrize(
    ("edges", "weights", "requested"),
    [
        ([("c1", "r1")], [1.5], {"c1"}),
        ([("c1", "r1"), ("c2", "r1")], [1.5, 0.8], {"c1", "c2"}),
        ([("c1", "r1"), ("c2", "r1")], [1.5, 0.8], {"c1"}),
        ([("c1", "r1"), ("c2", "r1"), ("c3", "r1")], [2.0, 0.7, 0.9], {"c1", "c3"}),
        ([("c1", "r1"), ("c1", "r2")], [1.2, 0.6], {"c1"}),
    ],
)
def test_a_decision_removes_what_counting_every_possibility_says(con, edges, weights, requested):
    sets = every_set_of_links(edges, weights)
    contacts = sorted({c for c, _r in edges})
    met = {c: sum(w for chosen, w in sets if c in {one for one, _r in chosen}) for c in contacts}
    pair = {edge: sum(w for chosen, w in sets if edge in chosen) for edge in edges}
    expected = {}
    for edge in edges:
        with_it = [(chosen, w) for chosen, w in sets if edge in chosen]
        without = [(chosen, w) for chosen, w in sets if edge not in chosen]
        left = pair[edge] * spread(with_it, requested) + (1 - pair[edge]) * spread(without, requested)
        expected[edge] = spread(sets, requested) - left
    con.execute("create schema matching")
    con.execute("""create table matching.int_contact_matches (contact_key varchar, is_requested boolean,
        match_probability double)""")
    con.execute("""create table matching.int_contact_referral_links (contact_key varchar, referral_key varchar,
        authority varchar, link_status varchar, match_probability double)""")
    for c in contacts:
        con.execute("insert into matching.int_contact_matches values (?, ?, ?)", [c, c in requested, met[c]])
    for (c, r), p in pair.items():
        con.execute(
            "insert into matching.int_contact_referral_links values (?, ?, 'a', 'possible', ?)", [c, r, p]
        )
    matching_stage.run_model(con, "int_link_review")
    told = con.execute(
        "select contact_key, referral_key, variance_removed from matching.int_link_review"
    ).fetchall()
    assert {(c, r): v for c, r, v in told} == pytest.approx(expected, abs=1e-9)


def doubt(con):
    return con.execute("""select sum(s.match_probability * (1 - s.match_probability))
        from matching.scored_contacts as s inner join matching.int_matching_contacts using (contact_key)
        where is_requested""").fetchall()[0][0]


def test_decisions_in_the_ranked_order_remove_more_doubt_than_the_most_doubtful_pairs(staged):
    con = staged("high", seed=31, contacts=1200, settings=300)
    matching.score_pairs(con)
    matching_stage.conclude(con)
    before, left = doubt(con), {}
    con.execute("create temp table ranked as select * from matching.int_link_review")
    for name, order in (
        ("ranked", "variance_removed desc"),
        ("doubtful", "abs(match_probability - 0.5)"),
    ):
        con.execute(f"""
            create or replace table staging.stg_match_decisions as
            select links.authority, 'made' as source_system, links.contact_id, links.referral_id,
                case when true_pair.contact_key is null then 'reject' else 'confirm' end as decision,
                date '2020-04-01' as decided_on
            from (
                select l.* from matching.int_contact_referral_links as l
                inner join ranked using (contact_key, referral_key)
                where link_status in ('linked', 'possible')
                order by {order}, contact_key, referral_key limit 40
            ) as links
            left join truth.pairs as true_pair using (contact_key, referral_key)
        """)
        matching_stage.run_model(con, "int_matching_decisions")
        matching.score_pairs(con)
        left[name] = doubt(con)
        con.execute("delete from matching.int_matching_decisions")
        matching.score_pairs(con)
        matching_stage.conclude(con)
    assert before - left["ranked"] > 1.1 * (before - left["doubtful"]) > 0


def test_steps_of_the_evidence_add_up_to_the_odds_that_compete_and_end_at_the_probability(staged):
    con = staged("high", seed=32, contacts=800, settings=250)
    matching.score_pairs(con)
    matching_stage.conclude(con)
    told = {
        (contact, referral): (steps, before, after, bits)
        for contact, referral, steps, before, after, bits in con.execute("""
            select contact_id, referral_id, count(*), max(running_bits) filter (where step_number = 10),
                max(running_probability) filter (where step_number = 11), sum(bits)
            from casework.link_evidence group by all""").fetchall()
    }
    candidates.seek(con, "authority_000", has_decisions=False)
    pairs = read_pairs(con)
    scored = odds.score(parameters.load(con, "authority_000")[1], pairs)
    contact_ids, referral_ids = (
        [row[0] for row in con.execute(
            f"select {side}_id from match_{side}s order by {side}_number").fetchall()]
        for side in ("contact", "referral")
    )  # fmt: skip
    seen, ways = 0, set()
    for number, p in enumerate(scored.outcome.pair):
        key = contact_ids[pairs.contact[number]], referral_ids[pairs.referral[number]]
        if p < 0.2:
            assert key not in told
            continue
        steps, before, after, bits = told[key]
        assert steps == 11
        assert before == pytest.approx(np.log2(scored.odds[number]), abs=2e-3)
        assert after == pytest.approx(p)
        assert bits == pytest.approx(np.log2(p / (1 - p)), abs=0.02)
        seen += 1
        ways.add(pairs.way[number])
    assert seen == len(told) > 50
    assert len(ways) > 1, "no pair that was sought otherwise than by place"
