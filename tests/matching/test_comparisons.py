"""Literal values: each comparison on rows whose level is known by reading them."""

import pytest

from matching import candidates, model

PLACE = {"setting_core": "oak park barfield", "setting_kind": "primary", "full_postcode": "ZZ121AB"}


def levels_of(con, contact, referral, comparable):
    """The levels of one pair, by name, with those of each part of a comparison. None when it is no candidate."""
    comparable([{"id": "C1", "day": 0, **contact}], [{"id": "R1", "day": 3, **referral}])
    candidates.seek(con, "here", has_decisions=False)
    names = [c.name for c in model.COMPARISONS]
    rows = con.execute(f"select {', '.join(names)} from match_levels").fetchall()
    if not rows:
        return None
    told = {c.name: c.levels[number] for c, number in zip(model.COMPARISONS, rows[0], strict=True)}
    for name, parts in model.PARTS.items():
        told |= zip(parts, told.pop(name).split("/"), strict=True)
    return told


@pytest.mark.parametrize(
    ("comparison", "contact", "referral", "level"),
    [
        ("setting", {}, {}, "exact_rare"),
        ("setting", {}, {"setting_core": "barfield oak park"}, "exact_rare"),
        ("setting", {}, {"setting_core": "oak park barfeild"}, "close"),
        ("setting", {}, {"setting_core": "barfield"}, "close"),
        ("setting", {"setting_core": "oakfield"}, {"setting_core": "oakford"}, "partial"),
        ("setting", {}, {"setting_core": "quinwick"}, "different"),
        ("setting", {}, {"setting_core": None}, "missing"),
        ("setting", {"setting_urn": "118000"}, {"setting_urn": "118000", "setting_core": "quinwick"}, "exact_rare"),
        ("postcode", {}, {}, "same"),
        ("postcode", {}, {"full_postcode": "ZZ121BA"}, "near"),
        ("postcode", {}, {"full_postcode": "ZZ129XY"}, "district"),
        ("postcode", {}, {"full_postcode": "ZZ999XY"}, "different"),
        ("postcode", {}, {"full_postcode": None}, "missing"),
        ("kind", {}, {}, "same"),
        ("kind", {}, {"setting_kind": "nursery"}, "different"),
        ("kind", {}, {"setting_kind": None}, "missing"),
        ("kind", {}, {"setting_core": "quinwick"}, "misnamed"),
        ("kind", {}, {"setting_core": None, "setting_kind": None}, "missing"),
        ("kind_misnamed", {}, {"setting_core": "quinwick"}, "same"),
        ("kind_misnamed", {}, {"setting_core": "quinwick", "setting_kind": "nursery"}, "different"),
        ("kind_misnamed", {}, {"setting_core": "quinwick", "setting_kind": None}, "missing"),
        ("kind_misnamed", {}, {"setting_core": None, "setting_kind": None}, "named"),
        ("kind_misnamed", {}, {}, "named"),
        ("area", {"area": "east"}, {"area": "east"}, "same"),
        ("area", {"area": "east"}, {"area": "west"}, "different"),
        ("area", {"area": "east"}, {}, "missing"),
        ("sector", {"sector": "nursery"}, {"sector": "nursery"}, "same"),
        ("sector", {"sector": "nursery"}, {"sector": "childminder"}, "same_group"),
        ("sector", {"sector": "nursery"}, {"sector": "primary"}, "different"),
        ("sector", {"sector": "nursery"}, {}, "missing"),
        ("staff_role", {"staff_role": "teacher"}, {"staff_role": "teacher"}, "same_rare"),
        ("staff_role", {"staff_role": "teacher", "sector": "primary"}, {"staff_role": "teacher", "sector": "primary"},
         "same_common"),
        ("staff_role", {"staff_role": "teacher"}, {"staff_role": "coach"}, "different"),
        ("staff_role", {"staff_role": "teacher"}, {}, "missing"),
        ("concern", {"concern_category": "neglect"}, {"concern_category": "neglect"}, "same_common"),
        ("concern", {"concern_category": "physical"}, {"concern_category": "inappropriate_conduct"}, "near"),
        ("concern", {"concern_category": "inappropriate_conduct"}, {"concern_category": "physical"}, "near"),
        ("concern", {"concern_category": "physical"}, {"concern_category": "sexual"}, "different"),
        ("concern", {"concern_category": "physical"}, {}, "missing"),
        ("referrer_role", {"referrer_role": "head"}, {"referrer_role": "head"}, "same"),
        ("referrer_role", {"referrer_role": "head"}, {"referrer_role": "manager"}, "different"),
        ("referrer_role", {"referrer_role": "head"}, {}, "missing"),
        ("agency", {"referrer_agency": "police"}, {"referrer_agency": "police"}, "same_common"),
        ("agency", {"referrer_agency": "police"}, {"referrer_agency": "health"}, "different"),
        ("agency", {}, {"referrer_agency": "health"}, "missing"),
        ("referrer", {"referrer_surname": "calderby"}, {"referrer_surname": "calderby"}, "same"),
        ("referrer", {"referrer_surname": "calderby"}, {"referrer_surname": "calderbey"}, "close"),
        ("referrer", {"referrer_surname": "calderby"}, {"referrer_surname": "ostgate"}, "different"),
        ("referrer", {"referrer_surname": "calderby"}, {}, "missing"),
        ("reference", {}, {"quoted_contact_id": "C1"}, "quoted"),
        ("reference", {"quoted_referral_id": "R1"}, {}, "quoted"),
        ("reference", {}, {"quoted_contact_id": "C2"}, "quotes_other"),
        ("reference", {}, {}, "none"),
    ],
)  # fmt: skip
def test_level(con, comparable, comparison, contact, referral, level):
    assert levels_of(con, {**PLACE, **contact}, {**PLACE, **referral}, comparable)[comparison] == level


MATTER = {"area": "east", "sector": "primary", "staff_role": "teacher", "concern_category": "neglect"}
NOWHERE = dict.fromkeys(("setting_core", "setting_kind", "full_postcode"))


@pytest.mark.parametrize(
    ("contact", "referral", "levels"),
    [
        ({**NOWHERE, **MATTER}, {**PLACE, **MATTER, "staff_role": "coach"},
         ("same_sought", "same_sought", "different")),
        ({**PLACE, **MATTER, "staff_role": None}, {**NOWHERE, **MATTER}, ("same_sought", "same_sought", "missing")),
        ({**NOWHERE, **MATTER}, {**NOWHERE, **MATTER}, ("same_sought", "same_sought", "same_common")),
        ({**NOWHERE, **MATTER}, {**PLACE, **MATTER, "area": "west"}, None),
        ({**NOWHERE, **MATTER, "setting_urn": "118000"}, {**PLACE, **MATTER, "staff_role": "coach"}, None),
        ({**PLACE, **MATTER}, {**PLACE, **MATTER, "setting_core": "quinwick", "full_postcode": "ZZ999XY"},
         ("same_sought", "same_sought", "same_sought")),
        ({**PLACE, **MATTER}, {**PLACE, **MATTER, "setting_core": "quinwick", "full_postcode": "ZZ999XY",
          "staff_role": "coach"}, None),
        ({**PLACE, **MATTER}, {**PLACE, **MATTER}, ("same", "same", "same_common")),
    ],
)  # fmt: skip
def test_what_a_pair_was_sought_by_says_nothing_more(con, comparable, contact, referral, levels):
    told = levels_of(con, contact, referral, comparable)
    assert (told and tuple(told[name] for name in ("area", "sector", "staff_role"))) == levels


def test_a_pair_that_only_the_referrer_brings_together_says_nothing_by_the_referrer(con, comparable):
    named = {"referrer_surname": "calderby", "area": "east"}
    elsewhere = {"setting_core": "quinwick", "full_postcode": "ZZ999XY"}
    told = levels_of(con, {**PLACE, **named}, {**PLACE, **named, **elsewhere}, comparable)
    assert (told["referrer"], told["area"]) == ("same_sought", "same")
    assert levels_of(con, {**PLACE, **named}, {**PLACE, **named}, comparable)["referrer"] == "same"


@pytest.mark.parametrize(
    ("name", "slip", "is_sought"),
    [
        ("tarham", "tarhma", True),
        ("tarham", "atrham", True),
        ("tarham", "tarhm", True),
        ("tarham", "tarrham", True),
        ("tarham", "targam", True),
        ("tarham", "tarham road", True),
        ("st osric elland", "stosric barfield", True),
        ("st osric elland", "osricelland", True),
        ("hill view", "hillview", True),
        ("tarham", "trahma", False),
        ("hill", "hull", False),
        ("st osric elland", "stelland", False),
    ],
)
@pytest.mark.parametrize("told", ["area", "sector"])
def test_a_word_is_sought_with_a_slip_of_the_finger_in_one_area_or_sector(
    con, comparable, name, slip, is_sought, told
):
    contact, referral = {"setting_core": name, told: "one"}, {"setting_core": slip, told: "one"}
    assert (levels_of(con, contact, referral, comparable) is not None) == is_sought
    if slip != "tarham road":
        assert levels_of(con, contact, {**referral, told: "other"}, comparable) is None


def test_where_the_place_is_sought_by_other_means_the_kind_is_that_of_a_misnamed_place(con, comparable):
    named = {"referrer_surname": "calderby", "area": "east"}
    elsewhere = {"setting_core": "quinwick", "full_postcode": "ZZ999XY"}
    told = levels_of(con, {**PLACE, **named}, {**PLACE, **named, **elsewhere}, comparable)
    assert (told["kind"], told["kind_misnamed"]) == ("misnamed", "same")
    # So it is where names come close and yet no key of place found them.
    short = {**PLACE, **named, "full_postcode": None}
    told = levels_of(con, {**short, "setting_core": "elms"}, {**short, "setting_core": "elm"}, comparable)
    assert (told["setting"], told["kind"], told["kind_misnamed"]) == ("close", "misnamed", "same")
    # Who names no place cannot misname it.
    named["sector"] = "primary"
    told = levels_of(con, {**NOWHERE, **named}, {**PLACE, **named}, comparable)
    assert (told["kind"], told["kind_misnamed"]) == ("missing", "named")


@pytest.mark.parametrize(("others", "level"), [(5, "same_rare"), (4, "same_common")])
def test_an_agency_of_a_fifth_of_the_referrals_is_rare(con, comparable, others, level):
    police = {"referrer_agency": "police", **PLACE}
    referrals = [{"id": "R0", "day": 3, **police}]
    referrals += [{"id": f"R{n}", "day": 300, "referrer_agency": "school"} for n in range(1, others)]
    comparable([{"id": "C1", "day": 0, **police}], referrals)
    candidates.seek(con, "here", has_decisions=False)
    ((number,),) = con.execute("select agency from match_levels").fetchall()
    assert model.PARTS["caller"]["agency"][number] == level


def test_couples_are_of_one_setting_within_two_weeks_and_compared_as_pairs_are(con, comparable):
    first = {
        "setting_core": "oak park",
        "staff_role": "teacher",
        "sector": "primary",
        "concern_category": "neglect",
    }
    comparable(
        [
            {"id": "C1", "day": 0, **first},
            {"id": "C2", "day": 14, **first, "staff_role": "coach"},
            {"id": "C3", "day": 15, **first, "concern_category": None},
            {"id": "C4", "day": 0, **first, "setting_core": "quinwick"},
            {"id": "C5", "day": 0, "concern_category": "neglect"},
            {"id": "C6", "day": 1, **first, "is_requested": False},
        ],
        [
            {
                "id": "R1",
                "day": 400,
                "sector": "primary",
                "staff_role": "teacher",
                "concern_category": "physical",
            }
        ],
    )
    candidates.seek(con, "here", has_decisions=False)
    rows = con.execute("""
        select a.contact_id, b.contact_id, match_couples.staff_role, match_couples.concern
        from match_couples inner join match_contacts as a using (contact_number)
        inner join match_contacts as b on again_number = b.contact_number order by all
    """).fetchall()
    by_name = {c.name: c.levels for c in model.COMPARISONS}
    told = [(a, b, by_name["staff_role"][role], by_name["concern"][concern]) for a, b, role, concern in rows]
    # C1 and C3 are 15 days apart.
    assert told == [("C1", "C2", "different", "same_rare"), ("C2", "C3", "different", "missing")]


def test_a_word_of_many_settings_is_common(con, comparable):
    contacts = [
        {"id": f"C{n}", "day": 0, "setting_core": f"st mary {town}"}
        for n, town in enumerate(["barfield", "calham", "dunwick", "", "elland"])
    ]
    for row in contacts:
        row["setting_core"] = row["setting_core"].strip()
    comparable(contacts, [{"id": "R1", "day": 2, "setting_core": "st mary", "area": "east"}])
    con.execute("update matching.int_matching_contacts set area = 'east'")
    candidates.seek(con, "here", has_decisions=False)
    rows = con.execute(
        "select contact_id, place // 5 from match_levels join match_contacts using (contact_number) where place < 10"
    ).fetchall()
    assert rows == [("C3", model.SETTING_LEVELS.index("exact_common"))]


@pytest.mark.parametrize(("day", "is_candidate"), [(-60, True), (-61, False), (120, True), (121, False)])
def test_pairs_are_looked_for_within_the_window(con, comparable, day, is_candidate):
    comparable([{"id": "C1", "day": 0, **PLACE}], [{"id": "R1", "day": day, **PLACE}])
    candidates.seek(con, "here", has_decisions=False)
    assert (con.execute("select count(*) from match_candidates").fetchall() == [(1,)]) == is_candidate


def test_a_quoted_reference_is_a_candidate_at_any_lag_and_authorities_never_mix(con, comparable):
    comparable(
        [{"id": "c1", "day": 0}, {"id": "C1", "day": 0, "authority": "there", **PLACE}],
        [{"id": "R1", "day": 400, "quoted_contact_id": "C1", **PLACE}],
    )
    candidates.seek(con, "here", has_decisions=False)
    assert con.execute(
        "select contact_number, referral_number, found_by_place from match_candidates"
    ).fetchall() == [(0, 0, False)]
