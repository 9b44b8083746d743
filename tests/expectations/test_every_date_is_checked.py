"""Every date that a feed may hold is looked at by the checks on dates.

Belongs here: that no column was forgotten. Does not belong here: what the checks find (their own examples).
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from expectations.check import CHECKS, read_check

FEEDS = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "ingest" / "feeds.yml").read_text(encoding="utf-8")
)
OPTIONAL = {
    (feed, column)
    for feed, said in FEEDS.items()
    for column, about in said["columns"].items()
    # A mandatory date that cannot be sets its row aside on arrival; dates of birth stay out of the checks.
    if about["type"] == "date" and column not in said["mandatory_dates"] and not about.get("personal")
}
PLANNED = {
    ("meetings", "due_on"),
    ("requests", "due_on"),
    ("officers", "started_on"),
    ("officers", "ended_on"),
}


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [("no_date_is_absurdly_old", OPTIONAL), ("no_date_lies_in_the_future", OPTIONAL - PLANNED)],
)
def test_every_optional_date_is_looked_at(rule, wanted):
    cases = read_check(CHECKS / "publication" / f"{rule}.yml").for_each
    looked_at = {(case["feed"], case["column"]) for case in cases}
    assert len(OPTIONAL) > 20
    assert wanted - looked_at == set()


def test_what_is_planned_may_lie_in_the_future():
    cases = read_check(CHECKS / "publication" / "no_date_lies_in_the_future.yml").for_each
    assert not PLANNED & {(case["feed"], case["column"]) for case in cases}
