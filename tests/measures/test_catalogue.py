"""The catalogue of measures against the SQL that counts and against itself.

Belongs here: what must hold of the two seeds for every line that anybody adds. Does not belong here: figures.
"""

from __future__ import annotations

import csv
import re

import pytest

from .conftest import MODELS, PROJECT

ITEMS = (
    "int_contact_items",
    "int_referral_items",
    "int_allegation_items",
    "int_service_items",
    "int_measure_stock",
)
LISTED = {"harm_criterion", "action"}


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


MEASURES = {line["measure"]: line for line in seed("measures")}
BREAKDOWNS = seed("measure_breakdowns")


def sql(name: str) -> str:
    return MODELS[name].read_text(encoding="utf-8")


@pytest.mark.parametrize("measure", MEASURES)
def test_what_a_measure_counts_is_counted_somewhere(measure):
    line = MEASURES[measure]
    for items in filter(None, (line["counts"], line["base"])):
        assert any(f"'{items}'" in sql(model) for model in ITEMS), f"no model counts {items}"


@pytest.mark.parametrize("measure", MEASURES)
def test_a_measure_needs_every_feed_that_its_base_needs(measure):
    line = MEASURES[measure]
    if line["base"] in MEASURES:
        assert set(MEASURES[line["base"]]["feeds"].split(";")) <= set(line["feeds"].split(";"))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_percent_has_a_base_and_a_count_has_none(measure):
    line = MEASURES[measure]
    assert (line["unit"] == "count") == (not line["base"]) or measure == "caseload"


def test_every_measure_has_a_breakdown_and_every_breakdown_a_measure():
    assert {line["measure"] for line in BREAKDOWNS} == set(MEASURES)


def test_every_dimension_is_one_that_the_items_have():
    told = re.search(r"set dimensions = \[(.*?)\]", sql("int_measure_counts"), re.DOTALL)
    known = set(re.findall(r"'(\w+)'", told[1])) | LISTED | {"all"}
    stock = {"officer_group", "statistic"}
    for line in BREAKDOWNS:
        assert {line["dimension_1"], line["dimension_2"]} <= known | stock, line


def test_only_counts_of_cohorts_that_had_equal_time_are_compared():
    for measure, line in MEASURES.items():
        assert not (line["is_compared"] == "true" and "of_received" in measure), measure
        assert not (line["is_compared"] == "true" and line["is_estimate"] == "true"), measure
