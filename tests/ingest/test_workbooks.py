"""XLSX: cells as text, sheets as feeds, and packages that are refused before they are opened."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from arrivals import Door, counts

from ingest import workbook
from ingest.read import Unreadable
from ingest.workbook import Workbook

NAME = "LADO duty log 2020.xlsx"
HEADINGS = ["Enquiry No.", "Enquiry received", "Employer", "Decision", "Enquiry closed", "Weather"]


def row(number: int, **changes) -> list:
    made = {
        "id": f"ENQ-{number:05}",
        "received": dt.datetime(2019, 5, 3, 9, 30),
        "employer": f"School {number}",
        "decision": "Threshold met",
        "closed": dt.date(2019, 5, 20),
        "weather": None,
    }
    return list((made | changes).values())


def xlsx(sheets: dict[str, list[list]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def duty_log(rows: list[list]) -> bytes:
    return xlsx(
        {
            "Enquiries": [HEADINGS, *rows],
            "Sessions": [["Session No.", "Session date", "Attended"], ["SES-001", dt.date(2019, 6, 1), 12]],
            "Team": [["Worker", "Job", "Whole time equivalent"], ["W1", "LADO", 0.8]],
        }
    )


def repack(data: bytes, **members: bytes) -> bytes:
    """The workbook with parts added or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in members:
                new.writestr(name, old.read(name))
        for name, content in members.items():
            new.writestr(name, content)
    return out.getvalue()


def put(door: Door, data: bytes) -> dict:
    door.put(NAME, data, authority="buckinghamshire")
    return {one["feed"]: one for one in door.night()}


def test_three_feeds_come_from_three_sheets(door: Door):
    log = put(door, duty_log([row(n) for n in range(1, 4)]))
    assert {feed: counts(one) for feed, one in log.items()} == {
        "contacts": ("accepted", 3, 3, 0, 0),
        "training": ("accepted", 1, 1, 0, 0),
        "officers": ("accepted", 1, 1, 0, 0),
    }
    assert door.values("select fte from raw.officers") == ["0.8"]
    assert door.values("select attendees from raw.training") == ["12"]


def test_cells_of_every_kind_become_text(door: Door):
    put(door, duty_log([
        row(1),
        row(2, received="04/05/2019 08:00", closed="21/05/2019", employer=12, decision="Advice only", weather=1.5),
        row(3, received=dt.datetime(2019, 5, 5), closed=dt.datetime(2019, 5, 22, 17, 1), employer=True, decision=None),
    ]))  # fmt: skip
    assert door.con.execute(
        "select _line, received_at, closed_on, setting_name, threshold_met, _extra from raw.contacts order by _line"
    ).fetchall() == [
        (2, "2019-05-03 09:30:00", "2019-05-20", "School 1", "true", None),
        (3, "2019-05-04 08:00:00", "2019-05-21", "12", "false", '{"Weather": "1.5"}'),
        (4, "2019-05-05 00:00:00", "2019-05-22", "true", None, None),
    ]


def test_bad_rows_of_a_sheet_are_quarantined_and_empty_ones_are_no_rows(door: Door):
    rows = [row(n) for n in range(1, 61)]
    rows.insert(10, [None] * 6)
    rows.insert(20, [*row(70), "beside the table"])
    rows.insert(30, row(71, received=dt.datetime(2119, 5, 3)))
    log = put(door, duty_log([*rows, ["Total", None, None, None, None, None]]))
    assert counts(log["contacts"]) == ("accepted_with_quarantine", 63, 60, 3, 0)
    # The heading is row 1, so the 21st, 31st and last (64th) of the 64 rows below stand at 22, 32 and 65.
    assert door.quarantined() == [
        (22, "too_many_fields", None),
        (32, "future_mandatory_date", "ENQ-00071"),
        (65, "unusable_key", None),
    ]
    assert door.values("select raw_text from raw.quarantine where line = 65") == [
        '["Total", "", "", "", "", ""]'
    ]


@pytest.mark.parametrize(
    ("reason", "make"),
    [
        ("empty_file", lambda good: b""),
        ("not_xlsx", lambda good: b"Enquiry No.,Enquiry received\nENQ-00001,03/05/2019 09:30\n"),
        ("not_xlsx", lambda good: good[: len(good) // 2]),
        ("not_xlsx", lambda good: workbook.OLE + b"\0" * 600),
        ("encrypted", lambda good: workbook.OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")),
        ("not_xlsx", lambda good: repack(good, **{"xl/vbaProject.bin": b"Sub Auto_Open()"})),
        ("not_xlsx", lambda good: repack(good, **{"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row"})),
        ("bomb", lambda good: repack(good, **{"xl/media/image1.png": b"\0" * 30_000_000})),
        ("bomb", lambda good: repack(good, **{
            "xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><sst>&a;</sst>'})),
        ("bomb", lambda good: repack(good, **{"xl/worksheets/sheet1.xml": (
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            b'<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"/></row></sheetData></worksheet>')})),
        ("bomb", lambda good: repack(good, **{f"xl/media/{n}.txt": b"x" for n in range(2_001)})),
    ],
)  # fmt: skip
def test_a_package_with_a_fault_is_refused(door: Door, reason, make):
    seen = []
    door.put(NAME, make(duty_log([row(1)])), authority="buckinghamshire")
    rows = door.night(look=lambda: seen.extend(door.values(
        "select read_error from arriving.files where feed = 'contacts'")))  # fmt: skip
    assert seen == [reason]
    contacts = [one for one in rows if one["feed"] == "contacts"]
    assert [counts(one) for one in contacts] == [("refused", 0, 0, 0, 0)]
    assert door.values("select count(*) from raw.contacts") == [0]


def test_a_package_whose_stated_sizes_lie_is_unpacked_no_further_than_the_limit(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_UNPACKED_BYTES", 3_000_000)
    data = bytearray(repack(duty_log([row(1)]), **{"xl/media/image1.png": b"\0" * 4_000_000}))
    # The directory now says that the part unpacks to 1 byte; only unpacking it tells.
    at = data.rindex(b"xl/media/image1.png") - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    data[at + 24 : at + 28] = (1).to_bytes(4, "little")
    with pytest.raises(Unreadable, match="bomb"):
        Workbook(bytes(data))


def test_a_sheet_that_is_not_there_refuses_its_feed_only(door: Door):
    log = put(door, xlsx({"Enquiries": [HEADINGS, row(1)], "Sessions": [["Session No.", "Session date"]]}))
    assert {feed: one["outcome"] for feed, one in log.items()} == {
        "contacts": "accepted",
        "training": "refused",  # a heading and nothing below
        "officers": "refused",
    }


def test_text_dates_exchanged_in_a_sheet_are_seen(door: Door):
    seen = []
    door.put(
        NAME, duty_log([row(n, closed=f"05/{n:02}/2019") for n in range(1, 31)]), authority="buckinghamshire"
    )
    door.night(look=lambda: seen.extend(door.values(
        "select swapped_date_columns from arriving.files where feed = 'contacts'")))  # fmt: skip
    assert seen == [["closed_on"]]
