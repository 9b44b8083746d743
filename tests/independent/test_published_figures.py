"""Every published figure of both annual reports: reproduced, corrected with a reason, or left out with one.

Belongs here: the printed figures held against fct_measures of the demo, and the register of settings held
against dim_settings. Does not belong here: which row a figure is (synthetic/published/figure_map.csv).
"""

from __future__ import annotations

from decimal import Decimal

import pytest

# The same reading of the map that the demo shows people: what they see there is what is tested here.
from synthetic.figures import computed, figure_map, half_up, index
from synthetic.figures import published as printed_figures

NEEDED = ("measure", "period_kind", "period_start", "column", "decimals")
MAP = figure_map()
PRINTED = printed_figures()


def lines(treatment: str) -> list:
    return [pytest.param(line, id=line["figure_id"]) for line in MAP if line["treatment"] == treatment]


@pytest.fixture(scope="session")
def rows(published) -> dict:
    return index(published.table("fct_measures"))


def test_every_published_figure_is_accounted_for_once():
    assert sorted(line["figure_id"] for line in MAP) == sorted(PRINTED)


def test_every_line_of_the_map_is_complete():
    for line in MAP:
        if line["treatment"] == "left_out":
            assert line["reason"] and not line["measure"], line["figure_id"]
        else:
            assert all(line[column] for column in NEEDED), line["figure_id"]
            assert line["treatment"] in ("exact", "corrected"), line["figure_id"]
        if line["treatment"] == "corrected":
            assert line["reason"] and line["right_value"], line["figure_id"]


def test_a_consistent_figure_is_never_corrected_and_an_inconsistent_one_never_taken_over():
    for line in MAP:
        consistent = PRINTED[line["figure_id"]]["consistent"]
        assert (consistent, line["treatment"]) not in {("yes", "corrected"), ("no", "exact")}, line[
            "figure_id"
        ]


@pytest.mark.parametrize("line", lines("exact"))
def test_the_printed_value_comes_out(line, rows):
    printed = Decimal(PRINTED[line["figure_id"]]["value"])
    assert -printed.as_tuple().exponent == int(line["decimals"])
    assert computed(line, rows) == printed


@pytest.mark.parametrize("line", lines("corrected"))
def test_the_right_value_comes_out(line, rows):
    assert computed(line, rows) == Decimal(line["right_value"])


@pytest.mark.parametrize(
    ("figure_id", "sectors", "provider"),
    [
        ("KEN1920-098", ("primary", "secondary", "special", "pupil_referral_unit", "through_school"), None),
        ("KEN1920-099", ("primary",), None),
        ("KEN1920-100", ("secondary",), None),
        ("KEN1920-101", ("special",), None),
        ("KEN1920-102", ("pupil_referral_unit",), None),
        ("KEN1920-103", ("through_school",), None),
        (
            "KEN1920-104",
            ("primary", "secondary", "special", "pupil_referral_unit", "through_school"),
            "academy",
        ),
        (
            "KEN1920-105",
            ("primary", "secondary", "special", "pupil_referral_unit", "through_school"),
            "maintained",
        ),
        ("KEN1920-106", ("independent",), None),
        ("KEN1920-136", ("nursery",), None),
        ("KEN1920-137", ("childminder",), None),
    ],
)
def test_the_register_of_settings(figure_id, sectors, provider, published):
    settings = published.table("dim_settings")
    settings = settings[settings["is_registered"] & (settings["authority"] == "kent")]
    settings = settings[settings["sector_key"].isin([f"kent:{sector}" for sector in sectors])]
    if provider:
        settings = settings[settings["provider"] == provider]
    assert len(settings) == int(PRINTED[figure_id]["value"])


def test_rounding_is_half_up():
    assert [str(half_up(v, 0)) for v in (40.5, 40.4999, -8.5, 2.5)] == ["41", "40", "-9", "3"]
    assert str(half_up(9.523809, 1)) == "9.5"


def test_a_wrong_number_is_noticed():
    line = next(line for line in MAP if line["figure_id"] == "KEN1920-022")
    row = {
        "authority": "kent", "period_kind": "financial_year", "period_start": "2019-04-01", "measure": "referrals",
        "dimension_1": "all", "member_1": "all", "dimension_2": "all", "member_2": "all", "numerator": 1184.0,
    }  # fmt: skip
    assert computed(line, {("kent", "financial_year", "2019-04-01", "referrals", frozenset()): row}) == 1184
    assert Decimal(PRINTED["KEN1920-022"]["value"]) != 1184
