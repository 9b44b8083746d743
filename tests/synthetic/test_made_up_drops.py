"""Drops as files: the same bytes for the same seed, nights that move, a truth that is nowhere in them, nobody real.

Belongs here: what must hold for any drop. Does not belong here: the published totals.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from drop_reader import FEEDS, PROJECT, read_drop, read_profile

import synthetic

PERSONAL = {
    "kent": ("staff.csv", "Full Name"),
    "buckinghamshire": ("LCS_ALLEG_PERSON_20200331.csv", "PERSON_NAME"),
}


def profile_of(authority: str) -> dict:
    return read_profile(PROJECT / "ingest" / "profiles" / f"{authority}.yml")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module", params=synthetic.AUTHORITIES)
def nightly(request, tmp_path_factory):
    """Five nights of one authority: the name, the frames of each night in order, and the root folder."""
    root = tmp_path_factory.mktemp("nights")
    made = synthetic.synthesise(request.param, root / "landing", seed=4, nights=5)
    profile = profile_of(request.param)
    return request.param, [(drop.name, read_drop(drop, profile)) for drop in made.drops], root


@pytest.mark.parametrize("authority", synthetic.AUTHORITIES)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_records(authority, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 5)):
        synthetic.synthesise(authority, tmp_path / name / "landing", seed)
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    referrals = [name for name in a if "referrals" in name or "CASE" in name]
    assert all(a[name] != c[name] for name in referrals)


def test_every_key_fits_the_profile_and_is_unique(made):
    for authority, frames in made[0].items():
        for source in profile_of(authority)["sources"]:
            frame = frames[source["feed"]]
            key = FEEDS[source["feed"]]["key"]
            assert not frame.duplicated(key).any(), source["feed"]
            if "key_pattern" in source:
                assert frame[key[0]].str.fullmatch(source["key_pattern"]).all(), source["feed"]


def test_records_hang_together(made):
    for frames in made[0].values():
        referrals, allegations = frames["R"], frames["A"]
        assert set(frames["outcomes"]["allegation_id"]) <= set(allegations["allegation_id"])
        assert set(frames["actions"]["allegation_id"]) <= set(frames["outcomes"]["allegation_id"])
        assert set(frames["meetings"]["referral_id"]) <= set(referrals["referral_id"])
        assert set(referrals["subject_id"]) <= set(frames["subjects"]["subject_id"])
        assert referrals["subject_id"].duplicated().any()
        assert not (referrals["closed_on"] < referrals["received_on"]).any()
        assert not (allegations["outcome_on"] < allegations["received_on"]).any()
        assert not (allegations["closed_on"].notna() & ~allegations["is_concluded"]).any()
        assert (
            allegations["closed_on"].isna() | (allegations["outcome_on"] <= allegations["closed_on"])
        ).all()
        assert (referrals["closed_on"].notna() == (referrals["status"] == "closed")).all()
        latest = max(referrals[c].max() for c in referrals if str(referrals[c].dtype).startswith("datetime"))
        assert latest <= pd.Timestamp("2020-03-31")


def test_no_contact_is_older_than_the_tracking_of_contacts(made):
    for frames in made[0].values():
        assert frames["contacts"]["received_at"].min() >= pd.Timestamp("2019-04-01")


def texts_of(frames: dict) -> list[str]:
    """Every column of every file, each as one text."""
    tables = [frame for own in frames.values() for frame in own.values()]
    columns = [table[c] for table in tables for c in table.select_dtypes(["object", "string"])]
    assert len(columns) > 100
    return ["\n".join(map(str, column)) for column in columns]


def truth_of(root: Path, authority: str) -> pd.DataFrame:
    path = root / "truth" / authority / "contact_referral.csv"
    return pd.read_csv(path, dtype=str, parse_dates=["contact_on", "received_on"])


def test_the_truth_about_kents_contacts(made):
    frames, root = made
    truth = truth_of(root, "kent")
    requested = frames["kent"]["contacts"].query("referral_requested == 'true'")
    assert truth["contact_id"][truth["contact_id"].isin(requested["contact_id"])].nunique() == 572
    assert set(truth["contact_id"]) <= set(frames["kent"]["contacts"]["contact_id"])
    assert set(truth["referral_id"]) <= set(frames["kent"]["R"]["referral_id"])
    assert truth["referral_id"].duplicated().sum() >= 25  # one matter, several contacts
    assert truth["contact_id"].duplicated().sum() >= 5  # one contact, two referrals
    lag = (truth["received_on"] - truth["contact_on"]).dt.days
    assert lag.between(0, 28).mean() > 0.8
    assert 0.01 < (lag < 0).mean() < 0.1
    assert (lag > 28).mean() > 0.01


def test_two_records_of_one_matter_differ_as_they_do_in_life(made):
    frames, root = made
    pairs = truth_of(root, "kent").merge(frames["kent"]["contacts"], on="contact_id")
    pairs = pairs.merge(frames["kent"]["R"], on="referral_id", suffixes=("", "_of_referral"))
    assert 0.05 < (pairs["setting_name"] == pairs["setting_name_of_referral"]).mean() < 0.4
    assert 0.35 < (frames["kent"]["contacts"]["setting_postcode"] == "").mean() < 0.6
    quoted = pairs[pairs["contact_ref"] != ""]
    assert 0.05 < len(quoted) / len(pairs) < 0.25
    assert 0.02 < (quoted["contact_ref"] != quoted["contact_id"]).mean() < 0.4
    assert "subject_id" not in frames["kent"]["contacts"]  # a contact names no member of staff
    assert frames["kent"]["R"]["setting_name"].value_counts().max() >= 8  # busy settings


def test_noise_is_a_parameter(tmp_path):
    quiet = synthetic.synthesise("buckinghamshire", tmp_path / "quiet" / "landing", 2, noise=0.0)
    loud = synthetic.synthesise("buckinghamshire", tmp_path / "loud" / "landing", 2, noise=1.0)
    missing = []
    for made in (quiet, loud):
        contacts = read_drop(made.drops[0], profile_of("buckinghamshire"))["contacts"]
        missing.append((contacts["setting_postcode"] == "").mean())
    assert missing[0] < 0.25
    assert missing[1] > 0.6


def test_buckinghamshires_late_matters_cannot_be_taken_for_another_case(made):
    frames = made[0]["buckinghamshire"]
    alone = frames["contacts"].query("threshold_met == 'true' and case_ref == ''")
    assert len(alone) == 23
    rest = frames["contacts"].query("threshold_met == 'true' and case_ref != ''")
    assert set(rest["case_ref"]) == set(frames["A"].query("year == 2019")["referral_id"])
    known = set(frames["R"]["setting_postcode"]) - {""}
    full = alone["setting_postcode"].str.fullmatch(r"QB\d+ \d\w\w")
    assert not set(alone["setting_postcode"][full]) & known


def test_cases_only_move_on(nightly):
    _, nights, _ = nightly
    for (_, before), (_, after) in pairwise(nights):
        closed = before["referrals"].dropna(subset="closed_on").merge(after["referrals"], on="referral_id")
        assert (closed["closed_on_x"] == closed["closed_on_y"]).all()
        assert set(before["outcomes"]["allegation_id"]) <= set(after["outcomes"]["allegation_id"])
    first, last = nights[0][1], nights[-1][1]
    assert last["referrals"]["closed_on"].notna().sum() > first["referrals"]["closed_on"].notna().sum()
    assert len(last["outcomes"]) > len(first["outcomes"])
    assert len(last["contacts"]) > len(first["contacts"])


def test_nothing_is_known_before_it_happens(nightly):
    _, nights, _ = nightly
    for day, frames in nights:
        for feed, column in (("referrals", "received_on"), ("referrals", "closed_on"), ("outcomes", "outcome_on"),
                             ("actions", "action_on"), ("meetings", "held_on")):  # fmt: skip
            assert frames[feed][column].max() <= pd.Timestamp(day), (feed, column)


def test_some_records_vanish_and_some_are_corrected_below_the_hold(nightly):
    _, nights, _ = nightly
    vanished, corrected = 0, 0
    for (_, before), (_, after) in pairwise(nights):
        for feed, key in (("referrals", "referral_id"), ("contacts", "contact_id")):
            gone = set(before[feed][key]) - set(after[feed][key])
            assert len(gone) < 0.1 * len(before[feed])
            vanished += len(gone)
        both = before["referrals"].merge(after["referrals"], on="referral_id")
        corrected += (both["police_involved_x"] != both["police_involved_y"]).sum()
    assert vanished >= 4
    assert corrected >= 4


def test_the_night_of_the_years_end_holds_the_figures_of_a_single_night(nightly, tmp_path):
    authority, nights, _ = nightly
    alone = synthetic.synthesise(authority, tmp_path / "landing", seed=4).drops[0]
    alone = read_drop(alone, profile_of(authority))
    night = dict(nights)["2020-03-31"]
    for feed in ("contacts", "referrals", "allegations", "outcomes", "actions"):
        pd.testing.assert_frame_equal(night[feed], alone[feed])


def test_the_23_are_entered_after_the_years_end(nightly):
    authority, nights, _ = nightly
    if authority == "kent":
        assert nights[-1][0] == "2020-03-31"
        return
    nights = dict(nights)
    assert (nights["2020-03-31"]["allegations"]["recorded_as"] == "allegation").all()
    last = nights[max(nights)]
    late = (
        last["allegations"]
        .query("recorded_as == 'risk_assessment'")
        .merge(last["referrals"], on="referral_id")
    )
    assert len(late) == 23
    assert late["received_on"].between("2019-04-01", "2020-03-31").all()
    assert set(late["referral_id"]) <= set(last["contacts"]["case_ref"])
    received = last["referrals"].query("pathway == 'allegation'")["received_on"]
    assert received.between("2019-04-01", "2020-03-31").sum() == 256


def test_one_year_still_carries_open_cases_from_before(tmp_path):
    made = synthetic.synthesise("kent", tmp_path / "landing", 1, years=("2019/20",))
    frames = read_drop(made.drops[0], profile_of("kent"))
    start = pd.Timestamp("2019-04-01")
    before = frames["referrals"][frames["referrals"]["received_on"] < start]
    assert len(before) == 316  # 90 + 1169 - 943
    assert not (before["closed_on"] < start).any()
    assert len(frames["referrals"]) - len(before) == 1185
    assert set(frames["allegations"]["referral_id"]) <= set(frames["referrals"]["referral_id"])
    assert set(frames["outcomes"]["allegation_id"]) <= set(frames["allegations"]["allegation_id"])
    earlier = synthetic.synthesise("kent", tmp_path / "earlier" / "landing", 1, years=("2018/19",))
    assert earlier.drops[0].name == "2019-03-31"
    frames = read_drop(earlier.drops[0], profile_of("kent"))
    assert "contacts" not in frames
    assert (len(frames["referrals"]), frames["referrals"]["closed_on"].notna().sum()) == (90 + 1169, 943)


def test_scale_multiplies_the_volume(tmp_path):
    made = synthetic.synthesise("buckinghamshire", tmp_path / "landing", 1, scale=3)
    frames = read_drop(made.drops[0], profile_of("buckinghamshire"))
    assert (len(frames["contacts"]), len(frames["referrals"])) == (3 * 785, 3 * 579)
    assert (frames["contacts"]["threshold_met"] == "true").sum() == 3 * 256
    assert not frames["referrals"].duplicated("referral_id").any()


def test_keys_that_outgrow_the_profile_are_refused(tmp_path):
    with pytest.raises(ValueError, match="outgrow"):
        synthetic.synthesise(
            "buckinghamshire", tmp_path / "landing", 1, scale=46
        )  # 46 x 22 sessions, SES-999


def test_what_cannot_be_made_is_refused(tmp_path):
    for wrong in (
        {"authority": "northmere"},
        {"years": ("2017/18",)},
        {"nights": 0},
        {"scale": 0},
        {"noise": 2},
    ):
        told = {"authority": "kent", "into": tmp_path, "seed": 1} | wrong
        with pytest.raises(ValueError, match=r"no targets|years|start at 1"):
            synthetic.synthesise(**told)


def test_the_truth_lies_beside_the_landing_and_nowhere_in_it(made):
    frames, root = made
    assert not list((root / "landing").rglob("*truth*"))
    assert not list((root / "landing").rglob("contact_referral*"))
    kinds = r"\b(requested_received|received_only|requested_only|on_lcs|lcs_advice|duty_log_only)\b"
    assert not [text for text in texts_of(frames) if re.search(kinds, text)]


def test_nobody_and_no_place_is_real(made):
    frames, _ = made
    from synthetic.people import FORENAMES, SURNAMES

    names = pd.concat([f["subjects"]["full_name"] for f in frames.values()])
    assert set(names.str.split().str[0]) <= set(FORENAMES)
    assert set(names.str.split().str[1]) <= set(SURNAMES)
    for own in frames.values():
        codes = pd.concat([own["subjects"]["postcode"], own["contacts"]["setting_postcode"]])
        assert codes[codes != ""].str.upper().str.startswith("Q").all()  # no British postcode begins with Q
        assert own["contacts"]["setting_urn"].replace("", None).dropna().astype(int).min() >= 900000
    text = "\n".join(texts_of(frames))
    assert not re.search(r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", text)  # national insurance
    assert not re.search(r"\b0\d{9,10}\b|\b\S+@\S+\.\w+\b", text)  # telephone, e-mail
