"""The night's work as a whole: decisions win, nothing is fitted behind anybody's back, no name gets out."""

import duckdb
import pytest

import matching
from benchmarks import matching_callers, matching_stage, matching_worlds
from matching import fit


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(fit, "BOOTSTRAP_DRAWS", 8)


TABLES = ("scored_pairs", "scored_contacts", "scored_referrals")


def everything(con, *names):
    return {name: con.execute(f"select * from matching.{name} order by all").fetchall() for name in names}


def test_the_same_input_gives_the_same_output_in_any_order(staged):
    con = staged("middle", seed=21, contacts=600, settings=200)
    matching.score_pairs(con)
    first = everything(con, *TABLES, "match_parameters")
    with duckdb.connect(config={"threads": 2}) as other:
        matching_stage.stage(other, matching_worlds.world("middle", seed=21, contacts=600, settings=200))
        matching_stage.prepare(other)
        for side in ("contacts", "referrals"):
            other.execute(f"""create or replace table matching.int_matching_{side} as
                select * from matching.int_matching_{side} order by md5({side[:-1]}_key)""")
        matching.score_pairs(other)
        assert everything(other, *TABLES, "match_parameters") == first


def test_parameters_are_fitted_once_and_again_only_on_request(staged):
    con = staged("low", seed=22, contacts=400, settings=150)
    assert matching.score_pairs(con)["fitted"] == "authority_000"
    before = everything(con, "match_parameters")
    con.execute("update matching.int_matching_contacts set staff_role = null")
    assert matching.score_pairs(con)["fitted"] == "none"
    assert everything(con, "match_parameters") == before
    assert matching.score_pairs(con, refit=["authority_000"])["fitted"] == "authority_000"
    versions = con.execute("select parameter_version from matching.match_parameters order by all").fetchall()
    assert versions == [(1,), (2,)]


def test_decisions_win_and_free_or_take_the_referral(staged):
    con = staged("low", seed=23, contacts=600, settings=200)
    matching.score_pairs(con)
    matching_stage.conclude(con)
    ((contact, referral),) = con.execute("""
        select contact_id, referral_id from matching.int_contact_referral_links
        where link_status = 'linked' order by match_probability desc, contact_id, referral_id limit 1
    """).fetchall()
    ((other_contact,),) = con.execute(
        "select max(contact_id) from matching.int_matching_contacts where contact_id <> ?", [contact]
    ).fetchall()
    con.execute(
        "insert into staging.stg_match_decisions values ('authority_000', 'made', ?, ?, 'reject', date '2020-04-01')",
        [contact, referral],
    )
    con.execute(
        "insert into staging.stg_match_decisions values ('authority_000', 'made', ?, ?, 'confirm', date '2020-04-01')",
        [other_contact, referral],
    )
    matching_stage.run_model(con, "int_matching_decisions")
    matching.score_pairs(con)
    matching_stage.conclude(con)
    links = dict(
        con.execute(
            """select contact_id, (link_status, match_probability) from marts.fct_contact_referral_links
            where referral_id = ?""",
            [referral],
        ).fetchall()
    )
    assert links[contact] == ("rejected", 0.0)
    assert links[other_contact] == ("confirmed", 1.0)
    ((confirmed,),) = con.execute(
        """
        select match_probability from matching.scored_contacts where contact_key like '%' || ?
    """,
        [other_contact],
    ).fetchall()
    assert confirmed > 0.99


def test_only_levels_reach_scores_and_marts(staged):
    con = staged("low", seed=24, contacts=300, settings=100)
    surnames = {
        row[0]
        for row in con.execute(
            "select distinct referrer_surname from matching.int_matching_contacts where referrer_surname is not null"
        ).fetchall()
    }
    matching.score_pairs(con)
    matching_stage.conclude(con)
    assert len(surnames) > 20
    for table in ("matching.scored_pairs", "matching.scored_contacts", "matching.match_parameters",
                  "matching.int_contact_referral_links", "marts.fct_contact_referral_links"):  # fmt: skip
        columns = [row[0] for row in con.execute(f"describe {table}").fetchall()]
        assert not {"referrer_surname", "setting_core", "setting_name"} & set(columns)
        text = str(con.execute(f"select * from {table}").fetchall()).lower()
        assert not {name for name in surnames if name in text}


def test_an_authority_without_contacts_has_referrals_scored_as_alone(con, comparable):
    comparable([], [{"id": "R1", "day": 0}])
    matching.score_pairs(con)
    assert con.execute(
        "select referral_key, contact_probability from matching.scored_referrals"
    ).fetchall() == [("here:s:R1", 0.0)]


def test_drift_is_told_when_recording_changes_and_not_before(staged):
    con = staged("low", seed=26, contacts=1500, settings=400)
    matching.score_pairs(con)
    assert matching.score_pairs(con)["drifted"] == "none"
    # From one night to the next every category of concern is written otherwise on one side.
    con.execute("""update matching.int_matching_referrals set concern_category = 'financial'
        where hash(referral_key) % 2 = 0""")
    assert matching.score_pairs(con)["drifted"] == "authority_000"
    assert con.execute("select widest_comparison from matching.match_drift").fetchall() == [("concern",)]


def test_weights_explain_a_pair(staged):
    con = staged("low", seed=27, contacts=600, settings=200)
    matching.score_pairs(con)
    weights = {
        (comparison, level): (setting, unrelated)
        for comparison, level, setting, unrelated in con.execute(
            "select comparison, level, against_same_setting, against_unrelated from matching.match_weights"
        ).fetchall()
    }
    assert weights["concern", "same_rare"][0] > 1
    assert weights["concern", "different"][0] < 0
    assert weights["concern", "missing"] == (0, 0)
    # Place cannot tell two matters at one setting apart, but tells settings apart.
    assert weights["place", "exact_rare/same"][0] == pytest.approx(0, abs=1e-9)
    assert weights["place", "exact_rare/same"][1] > 3
    assert weights["lag", "1 day"][0] > 3
    assert weights["lag", "29 to 42 days"][0] < 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("noise", "least", "off"), [("low", 0.91, 0.05), ("middle", 0.86, 0.08), ("high", 0.78, 0.10)]
)
def test_a_world_of_kents_size_is_matched_well(staged, noise, least, off):
    from benchmarks.matching import measure

    con = staged(noise, seed=25)
    matching.score_pairs(con)
    matching_stage.conclude(con)
    told = measure(con)
    assert told["f1"] >= least
    assert told["calibration_error"] <= 0.05
    assert abs(told["received"] - told["true"]) <= off * told["true"]


def test_a_world_of_callers_has_working_days_a_season_and_the_same_people(con):
    contacts, referrals, truth = matching_callers.one_authority(matching_callers.world("low", seed=28), 0)
    for side in (contacts, referrals):
        assert not {day % 7 for day in side["day"] - matching_worlds.FIRST_DAY} & {5, 6}
    schools = [day for day, sector in zip(contacts["day"] - matching_worlds.FIRST_DAY, contacts["sector"], strict=True)
               if sector == "primary"]  # fmt: skip
    first, last = matching_callers.HOLIDAYS[1]
    assert sum(first <= day <= last for day in schools) / len(schools) < 0.5 * (last - first + 1) / 366
    caller = ("referrer_name", "referrer_role", "referrer_agency")
    same = [tuple(contacts[name][c] == referrals[name][r] for name in caller) for c, r in truth
            if contacts["referrer_name"][c] and referrals["referrer_name"][r]]  # fmt: skip
    # Who has the same name has the same role and agency, unless they are left empty.
    named = [one[1:] for one in same if one[0]]
    assert len(named) / len(same) > 0.6
    assert sum(all(one) for one in named) / len(named) > 0.75


@pytest.mark.slow
@pytest.mark.parametrize(
    ("noise", "least", "off"), [("low", 0.87, 0.06), ("middle", 0.83, 0.06), ("high", 0.74, 0.10)]
)
def test_a_world_of_callers_is_matched_well(con, noise, least, off):
    from benchmarks.matching import measure

    matching_stage.stage(con, matching_callers.world(noise, seed=25))
    matching_stage.prepare(con)
    matching.score_pairs(con)
    told = measure(con)
    assert told["f1"] >= least
    assert told["calibration_error"] <= 0.05
    assert abs(told["received"] - told["true"]) <= off * told["true"]
