"""Names planted in every personal column and in every kind of bad row turn up in no message and no exception."""

from __future__ import annotations

import traceback

import pytest
from arrivals import CONTACT_HEADING, Door, contact_line, contact_lines, contacts_csv

from ingest.read import Unreadable, read_csv

CANARY = "Zebedee Canaryfeather"
BAD_LINES = [
    contact_line(900) + f",{CANARY}",
    f"C000901,{CANARY}",
    contact_line(902).replace("Caller 902", f'"{CANARY}'),
    contact_line(903).replace("Caller 903", f"\0{CANARY}"),
    contact_line(904).replace("C000904", CANARY),
    contact_line(905).replace("03/05/2019 09:30", CANARY),
    contact_line(906).replace("20/05/2019", CANARY),
    contact_line(907).replace("Caller 907", CANARY),
    contact_line(907).replace("Caller 907", f"{CANARY} 2"),
    contact_line(908).replace("03/05/2019", "03/05/2119").replace("Caller 908", CANARY),
    contact_line(909).replace("East", CANARY),
]
SUBJECTS = f"""\
Staff ID,Full Name,DOB,Home Postcode
S000001,{CANARY},{CANARY},{CANARY}
S000002,{CANARY},01/02/1970,ME1
"""
WHOLE_FILES = [
    f"{CANARY},{CANARY},Area\n" * 30,
    f"Contact Ref,{CANARY}\nC000001,{CANARY}\n",
    CONTACT_HEADING.replace("Area", CANARY).replace("Contact Name", CANARY) + "\n" + contact_line(1),
    contacts_csv([contact_line(n).replace("20/05/2019", CANARY) for n in range(1, 41)]),
    contacts_csv([contact_line(n).replace(f"C{n:06}", CANARY) for n in range(1, 41)]),
    contacts_csv([contact_line(1), f"{CANARY}\xff"]).encode("latin-1"),
    f'"{CANARY}\n' + contacts_csv(contact_lines(2)),
    f"<p>{CANARY}</p>",
]


def everything_told(door: Door) -> str:
    """All that leaves the restricted layer: the log, what the gate sees, the names of files that were met."""
    return str(
        [
            door.rows(f"select * from {table}")
            for table in ("raw.load_log", "arriving.files", "raw.landed_files")
        ]
    )


@pytest.mark.parametrize("content", WHOLE_FILES, ids=range(len(WHOLE_FILES)))
def test_a_refused_file_tells_no_name(door: Door, content):
    told = []
    door.put("contacts.csv", content)
    (row,) = door.night(look=lambda: told.append(everything_told(door)))
    assert row["outcome"] == "refused"
    assert "Zebedee" not in str(told) + everything_told(door)


def test_bad_rows_tell_no_name_and_keep_it_in_the_restricted_layer(door: Door):
    told = []
    door.put("contacts.csv", contacts_csv(contact_lines(400) + BAD_LINES))
    door.put("staff.csv", SUBJECTS)
    rows = door.night(look=lambda: told.append(everything_told(door)))
    assert [row["outcome"] for row in rows] == ["accepted_with_quarantine", "accepted"]
    assert "Zebedee" not in str(told) + everything_told(door)
    # The stray quote, the other field count, ... are nine; the optional date and the area are loaded.
    assert len([text for text in door.values("select raw_text from raw.quarantine") if CANARY in text]) == 9
    assert door.values("select count(*) from raw.unusable_values where raw_value = ?", CANARY) == [2]


def test_an_exception_carries_no_cell():
    with pytest.raises(Unreadable) as caught:
        read_csv(f"Ref,Name\nR1,{CANARY}\xe9\n".encode("latin-1"), "utf-8", ",", '"')
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
