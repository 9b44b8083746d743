"""A day is read to the letter of its format: what a lost character leaves is no day."""

from __future__ import annotations

import datetime as dt

import pytest

from ingest.times import exchange, read_time


@pytest.mark.parametrize(
    ("cell", "form", "read"),
    [
        ("03/05/2019", "%d/%m/%Y", dt.datetime(2019, 5, 3)),
        ("3/05/2019", "%d/%m/%Y", None),
        ("03/5/2019", "%d/%m/%Y", None),
        ("03/05/219", "%d/%m/%Y", None),
        ("03/05/0219", "%d/%m/%Y", None),
        ("03/05/1899", "%d/%m/%Y", None),
        ("03/05/1900", "%d/%m/%Y", dt.datetime(1900, 5, 3)),
        ("31/02/2019", "%d/%m/%Y", None),
        ("0\u0663/05/2019", "%d/%m/%Y", None),
        ("03/05/2019 09:30", "%d/%m/%Y %H:%M", dt.datetime(2019, 5, 3, 9, 30)),
        ("03/05/2019  09:30", "%d/%m/%Y %H:%M", None),
        ("03/05/2019 9:30", "%d/%m/%Y %H:%M", None),
        ("03/05/2019 24:00", "%d/%m/%Y %H:%M", None),
        ("03.05.2019", "%d.%m.%Y", dt.datetime(2019, 5, 3)),
        ("03x05x2019", "%d.%m.%Y", None),
        ("03-May-2019", "%d-%b-%Y", dt.datetime(2019, 5, 3)),
        ("03-MAY-2019", "%d-%b-%Y", dt.datetime(2019, 5, 3)),
        ("03-Mai-2019", "%d-%b-%Y", None),
        ("3/5/2019", "%-d/%-m/%Y", dt.datetime(2019, 5, 3)),
        ("13/12/2019", "%-d/%-m/%Y", dt.datetime(2019, 12, 13)),
        ("113/12/2019", "%-d/%-m/%Y", None),
        ("4 September 2019", "%-d %B %Y", dt.datetime(2019, 9, 4)),
    ],
)
def test_a_cell_is_read_to_the_letter(cell: str, form: str, read: dt.datetime | None):
    assert read_time(cell, (form,)) == read


def test_the_first_format_that_fits_counts():
    assert read_time("03/05/2019", ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y")) == dt.datetime(2019, 5, 3)


def test_day_and_month_change_places_with_and_without_zeros():
    assert exchange("%d/%m/%Y") == "%m/%d/%Y"
    assert exchange("%-d.%-m.%Y %H:%M") == "%-m.%-d.%Y %H:%M"
