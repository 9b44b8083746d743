"""The records add up to both annual reports, counted on the written files alone.

Belongs here: published figures that follow from counting records. Does not belong here: measures
(tests/independent).
"""

from __future__ import annotations

import csv

import pandas as pd
import pytest
from drop_reader import PROJECT

NOW = "year == 2019"
BEFORE = "year == 2018"
ALLEGED = "year == 2019 and pathway == 'allegation'"


def alleged(**where: str) -> str:
    return " and ".join([NOW, *(f"{column} == '{member}'" for column, member in where.items())])


IC, PH = "inappropriate_conduct", "physical"
PHASES = ("primary", "secondary", "special", "pupil_referral_unit", "through_school")
STATE = f"sector in {PHASES}"

# figure -> frame, condition. The expected number is the printed one, unless RIGHT gives the one that stands
# up.
KENT = {
    "004": ("requests", "request_type == 'ofsted'"),
    "005": ("requests", "request_type == 'enquiry'"),
    "006": ("requests", "request_type == 'independent_schools_inspection'"),
    "007": ("requests", "request_type == 'freedom_of_information'"),
    "008": ("requests", "request_type == 'subject_access'"),
    "009": ("requests", "request_type == 'safeguarding_check'"),
    "010": ("training", "'2019-04-01' <= held_on <= '2020-03-31'"),
    "014": ("R", "closed_year == 2019"),
    "015": ("R", "closed_year == 2018"),
    "017": ("R", "closed_year == 2019 and in_1"),
    "019": ("R", "closed_year == 2019 and in_3"),
    "021": ("feedback", "'2019-04-01' <= returned_on <= '2020-03-31'"),
    "022": ("R", NOW),
    "023": ("R", BEFORE),
    "024": ("R", ALLEGED),
    "027": ("R", f"{NOW} and pathway == 'consultation'"),
    "029": ("R", f"{NOW} and pathway == 'information_only'"),
    "030": ("contacts", NOW),
    "031": ("contacts", f"{NOW} and referral_requested == 'true'"),
    "040": ("R", f"{NOW} and area == 'west'"),
    "041": ("R", f"{NOW} and area == 'east'"),
    "042": ("R", f"{NOW} and sector_group == 'education'"),
    "044": ("R", f"{NOW} and sector_group == 'early_years'"),
    "045": ("R", f"{NOW} and sector_group == 'wider_workforce'"),
    "046": ("R", f"{NOW} and sector_group == 'fostering'"),
    "048": ("R", f"{BEFORE} and sector == 'health'"),
    "049": ("R", f"{NOW} and sector == 'health'"),
    "050": ("C", f"{NOW} and in_care == 'own_authority'"),
    "052": ("C", f"{NOW} and in_care == 'other_authority'"),
    "054": ("C", f"{NOW} and in_care == 'formerly'"),
    "056": ("C", f"{NOW} and send == 'true'"),
    "058": ("A", "outcome_year == 2019"),
    "059": ("A", "outcome_year == 2019 and outcome == 'substantiated'"),
    "061": ("A", "outcome_year == 2019 and outcome == 'unsubstantiated'"),
    "063": ("A", f"{NOW} and is_removed and sector_group == 'education'"),
    "064": ("A", f"{NOW} and is_removed and sector_group == 'wider_workforce'"),
    "068": ("A", f"{NOW} and is_removed and sector_group == 'early_years'"),
    "070": ("A", f"{NOW} and is_removed and sector_group == 'fostering'"),
    "071": ("A", f"{NOW} and dbs_referral"),
    "072": ("A", f"{NOW} and criminal_prosecution"),
    "073": ("meetings", "meeting_type == 'evaluation' and '2019-04-01' <= held_on <= '2020-03-31'"),
    "074": ("meetings", "meeting_type == 'professionals' and '2019-04-01' <= held_on <= '2020-03-31'"),
    "075": ("meetings", "meeting_type == 'position_of_trust' and '2020-01-01' <= held_on <= '2020-03-31'"),
    "078": ("R", f"{NOW} and sector == 'independent_fostering'"),
    "080": ("A", alleged(sector_group="fostering")),
    "082": ("A", alleged(sector="authority_fostering")),
    "084": ("A", alleged(sector="independent_fostering")),
    "086": ("A", alleged(sector_group="fostering", concern_category=IC)),
    "087": ("A", alleged(sector="authority_fostering", concern_category=IC)),
    "088": ("A", alleged(sector="independent_fostering", concern_category=IC)),
    "089": ("A", alleged(sector="authority_fostering", outcome="substantiated") + " and deregistration"),
    "090": ("A", alleged(sector="independent_fostering", outcome="substantiated")),
    "091": ("A", alleged(sector="independent_fostering") + " and resignation"),
    "092": ("A", alleged(sector="independent_fostering") + " and deregistration"),
    "096": ("A", alleged(sector_group="education")),
    "098": ("settings", STATE),
    "099": ("settings", "sector == 'primary'"),
    "100": ("settings", "sector == 'secondary'"),
    "101": ("settings", "sector == 'special'"),
    "102": ("settings", "sector == 'pupil_referral_unit'"),
    "103": ("settings", "sector == 'through_school'"),
    "104": ("settings", f"{STATE} and provider == 'academy'"),
    "105": ("settings", f"{STATE} and provider == 'maintained'"),
    "106": ("settings", "sector == 'independent'"),
    "108": ("R", f"{NOW} and sector == 'special'"),
    "109": ("R", f"{NOW} and sector == 'independent'"),
    "110": ("A", alleged(sector_group="education", concern_category=PH)),
    "111": ("A", alleged(sector_group="education", concern_category=IC)),
    "113": ("A", alleged(sector_group="education") + " and is_concluded"),
    "118": ("A", alleged(sector_group="education", outcome="unsubstantiated")),
    "120": ("A", alleged(sector_group="education", outcome="substantiated")),
    "121": ("A", alleged(sector_group="education") + " and dbs_referral"),
    "123": ("R", f"{NOW} and sector_group == 'education' and staff_role == 'teacher'"),
    "125": ("R", f"{NOW} and sector_group == 'education' and staff_role == 'teaching_assistant'"),
    "130": ("R", f"{NOW} and sector_group == 'education' and staff_role == 'head_teacher'"),
    "132": ("R", f"{NOW} and sector_group == 'education' and staff_role == 'governor'"),
    "133": ("R", f"{NOW} and staff_role == 'trainee'"),
    "136": ("settings", "sector == 'nursery'"),
    "137": ("settings", "sector == 'childminder'"),
    "140": ("R", f"{NOW} and sector == 'childminder'"),
    "143": ("A", alleged(sector_group="early_years")),
    "145": ("A", alleged(sector_group="early_years", concern_category=PH)),
    "147": ("A", alleged(sector_group="early_years", concern_category=IC)),
    "148": ("A", alleged(sector_group="early_years") + " and is_concluded"),
    "152": ("A", alleged(sector_group="early_years", outcome="substantiated")),
    "154": ("A", alleged(sector_group="early_years", outcome="unsubstantiated")),
    "155": ("A", alleged(sector_group="early_years") + " and dbs_referral"),
    "156": ("A", alleged(sector_group="early_years") + " and criminal_prosecution"),
    "159": ("A", alleged(sector_group="wider_workforce")),
    "162": ("A", alleged(sector="residential")),
    "165": ("A", alleged(sector_group="wider_workforce", concern_category=PH)),
    "167": ("A", alleged(sector_group="wider_workforce", concern_category=IC)),
    "168": ("A", alleged(sector_group="wider_workforce") + " and is_concluded"),
    "172": ("A", alleged(sector_group="wider_workforce", outcome="unsubstantiated")),
    "174": ("A", alleged(sector_group="wider_workforce", outcome="substantiated")),
    "175": ("A", alleged(sector_group="wider_workforce") + " and dbs_referral"),
    "176": ("A", alleged(sector_group="wider_workforce") + " and criminal_prosecution"),
    "177": ("R", f"{NOW} and staff_role == 'police_officer'"),
    "179": ("contacts", f"{NOW} and staff_role == 'police_officer'"),
    "181": ("R", f"{NOW} and referrer_agency == 'police'"),
    "182": ("R", f"{NOW} and source_team == 'polit'"),
    "183": ("A", f"{NOW} and referrer_agency == 'police'"),
    "184": ("R", f"{BEFORE} and referrer_agency == 'police'"),
    "208": ("A", alleged(sector="health")),
    "209": ("A", alleged(sector="health", outcome="substantiated")),
    "210": ("A", alleged(sector="health") + " and dismissal"),
    "211": ("A", alleged(sector="health") + " and disciplinary"),
}
CATEGORIES = ("external_safeguarding", IC, "online_safety", PH, "risk_by_association", "sexual")
for i, category in enumerate(CATEGORIES):
    KENT[f"{185 + i}"] = ("A", alleged(source_team="police", concern_category=category))
    KENT[f"{192 + i}"] = ("A", alleged(source_team="polit", concern_category=category))
    KENT[f"{199 + i}"] = ("A", alleged(referrer_agency="police", concern_category=category))
KENT |= {"191": ("A", alleged(source_team="police")), "198": ("A", alleged(source_team="polit"))}

CASE = "pathway == 'allegation' and closed_year"
BUCKINGHAMSHIRE = {
    "008": ("contacts", NOW),
    "010": ("contacts", f"{NOW} and threshold_met == 'true'"),
    "011": ("contacts", f"{NOW} and threshold_met == 'true' and case_ref == ''"),
    "012": ("A", BEFORE),
    "015": ("training", "'2019-04-01' <= held_on <= '2020-03-31'"),
    "019": ("R", f"{NOW} and pathway == 'advice_only'"),
    "020": ("A", alleged(concern_category=PH)),
    "022": ("A", f"{BEFORE} and concern_category == 'physical'"),
    "024": ("A", alleged(concern_category="neglect")),
    "026": ("A", f"{BEFORE} and concern_category == 'sexual'"),
    "028": ("A", alleged(concern_category="sexual")),
    "030": ("A", alleged(sector_group="education")),
    "031": ("A", f"{BEFORE} and sector_group == 'education'"),
    "032": ("A", f"{BEFORE} and sector == 'health'"),
    "033": ("A", alleged(sector="health")),
    "034": ("A", f"{BEFORE} and sector_group == 'fostering'"),
    "035": ("A", alleged(sector_group="fostering")),
    "036": ("A", f"{BEFORE} and sector == 'social_care'"),
    "037": ("A", alleged(sector="social_care")),
    "038": ("A", f"{NOW} and not is_concluded"),
    "039": ("A", alleged(outcome="unsubstantiated")),
    "041": ("A", f"{BEFORE} and outcome == 'unsubstantiated'"),
    "044": ("A", alleged(outcome="substantiated")),
    "047": ("contacts", f"{NOW} and sector_group == 'education'"),
    "048": ("contacts", f"{NOW} and sector_group == 'early_years'"),
    "049": ("contacts", f"{NOW} and sector == 'health'"),
    "050": ("contacts", f"{NOW} and sector == 'residential'"),
    "051": ("contacts", f"{NOW} and sector in ('council', 'social_care', 'police', 'other')"),
    "052": ("contacts", f"{NOW} and sector == 'transport'"),
    "053": ("contacts", f"{NOW} and sector_group == 'fostering'"),
    "054": ("contacts", f"{NOW} and sector == 'sports'"),
    "055": ("contacts", f"{NOW} and sector == 'faith'"),
    "056": ("contacts", f"{NOW} and sector == 'uniformed_groups'"),
    "057": ("contacts", f"{NOW} and sector == 'voluntary'"),
    "058": ("A", f"{NOW} and is_concluded"),
    "059": ("A", f"{NOW} and no_further_action"),
    "061": ("A", f"{BEFORE} and no_further_action"),
    "063": ("A", f"{NOW} and training_or_development"),
    "065": ("A", f"{BEFORE} and training_or_development"),
    "067": ("R", f"{CASE} == 2019"),
    "070": ("R", f"{CASE} == 2019 and in_3 and not in_1"),
    "073": ("R", f"{CASE} == 2019 and not in_12"),
    "074": ("R", f"{CASE} == 2018 and not in_12"),
}
# What stands up where the print does not: 52 + 19 + 46 + 2 + 11, and one of the 23 dates after the year's
# end.
RIGHT = {"KEN1920-010": 22, "KEN1920-059": 130}


def printed() -> dict[str, int]:
    found = {}
    for path in (PROJECT / "synthetic" / "published").glob("*_20.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            found |= {line["figure_id"]: line["value"] for line in csv.DictReader(lines)}
    return {figure: int(value) for figure, value in found.items() if value.lstrip("-").isdigit()}


PRINTED = printed() | RIGHT
CASES = [("kent", f"KEN1920-{n}", *told) for n, told in sorted(KENT.items())]
CASES += [("buckinghamshire", f"BKM1920-{n}", *told) for n, told in sorted(BUCKINGHAMSHIRE.items())]


def frame(frames: dict, name: str) -> pd.DataFrame:
    if name == "C":
        return frames["children"].merge(
            frames["R"][["referral_id", "year"]], on="referral_id", validate="many_to_one"
        )
    return frames[name]


@pytest.mark.parametrize(("authority", "figure", "name", "condition"), CASES, ids=[case[1] for case in CASES])
def test_the_printed_number_is_counted(made, authority, figure, name, condition):
    assert len(frame(made[0][authority], name).query(condition)) == PRINTED[figure]


def test_shares_whose_counts_were_not_printed(made):
    education = made[0]["kent"]["R"].query(f"{NOW} and sector_group == 'education'")
    for column, member, percent in (("sector", "primary", 37), ("staff_role", "transport_staff", 4),
                                    ("staff_role", "site_staff", 3), ("staff_role", "midday_supervisor",
                                    6)):  # fmt: skip
        assert round(100 * (education[column] == member).mean()) == percent
    wider = made[0]["kent"]["R"].query(f"{NOW} and sector_group == 'wider_workforce'")
    assert round(100 * (wider["sector"] == "residential").mean()) == 45
    closed = made[0]["buckinghamshire"]["R"].query(CASE + " == 2019")
    assert closed["in_1"].sum() == 51  # 40 % of 128
    before = made[0]["buckinghamshire"]["R"].query(CASE + " == 2018")
    assert round(100 * before["in_1"].mean()) == 63
    assert round(100 * (before["in_3"] & ~before["in_1"]).mean()) == 21


def test_changes_on_the_year_before(made):
    kent = made[0]["kent"]
    before = kent["R"].query(BEFORE)
    assert before["pathway"].value_counts().to_dict() == {
        "consultation": 662, "allegation": 410, "information_only": 97}  # fmt: skip
    assert (before["sector_group"] == "education").sum() == 521
    assert (before["sector_group"] == "early_years").sum() == 111
    assert (before["staff_role"] == "police_officer").sum() == 6
    outcomes = kent["A"].query("outcome_year == 2018")["outcome"].value_counts()
    assert (outcomes["substantiated"], outcomes["unsubstantiated"]) == (73, 113)


def test_parts_and_wholes_of_the_closed_cases(made):
    buckinghamshire = made[0]["buckinghamshire"]
    closed = buckinghamshire["R"].query(CASE + " == 2019")
    assert ((closed["year"] == 2019).sum(), (closed["year"] < 2019).sum()) == (91, 37)
    assert ((~closed["in_3"]) & closed["in_12"]).sum() == 39
    assert len(buckinghamshire["A"].query(BEFORE + " and is_concluded")) == 166  # 93 are 56 % of them


def test_kent_stands_as_the_report_says_on_both_ends_of_the_year(made):
    referrals = made[0]["kent"]["R"]
    start, end = pd.Timestamp("2019-04-01"), pd.Timestamp("2020-04-01")
    open_at = {
        day: referrals[(referrals["received_on"] < day) & ~(referrals["closed_on"] < day)]
        for day in (start, end)
    }
    assert len(open_at[end]) == len(open_at[start]) + 1185 - 998
    assert open_at[start]["lado"].value_counts().max() > 250  # in excess of 250
    assert open_at[end]["lado"].value_counts().max() == pytest.approx(85, abs=5)


def test_establishment_of_buckinghamshire(made):
    officers = made[0]["buckinghamshire"]["officers"].query("officer_role == 'lado'")
    for day in pd.date_range("2019-04-01", "2020-03-31"):
        ended = officers["ended_on"].fillna(pd.Timestamp("2100-01-01"))
        here = officers[(officers["started_on"] <= day) & (ended >= day)]
        assert (len(here), here["fte"].astype(float).sum()) == (2, 1.6)
