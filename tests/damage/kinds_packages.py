"""Packages that are no workbook, or a hostile one: bombs, entities, locks, macros, paths that lead out.

Belongs here: what is wrong before a cell is read. Does not belong here: cells (kinds_sheets.py).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from .workbooks import first_sheet, package, part, repack, sheet

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@package("refused")
def an_empty_file(good, grids):
    return b""


@package("refused")
def a_text(good, grids):
    return b"Enquiry No.,Enquiry received\nENQ-00001,01/04/2019 09:00\n"


@package("refused")
def half_a_package(good, grids):
    return good[: len(good) // 2]


@package("refused")
def a_package_without_its_end(good, grids):
    return good[:-60]


@package("refused")
def an_old_workbook(good, grids):
    return OLE + b"\0" * 4_000


@package("refused")
def a_workbook_with_a_password(good, grids):
    return OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + good


@package("refused")
def parts_that_are_encrypted(good, grids):
    data = bytearray(good)
    for at in [found.start() for found in re.finditer(b"PK\x01\x02", good)]:
        data[at + 8] |= 1
    return bytes(data)


@package("refused")
def macros(good, grids):
    return repack(good, {"xl/vbaProject.bin": OLE + b"Sub Auto_Open()"})


@package("refused")
def macros_in_other_letters(good, grids):
    return repack(good, {"XL/VBAPROJECT.BIN": OLE + b"Sub Auto_Open()"})


@package("refused")
def macros_of_the_old_kind(good, grids):
    return repack(good, {"xl/macrosheets/sheet1.xml": b"<macrosheet/>"})


@package("refused")
def a_zip_of_something_else(good, grids):
    return repack(good, {"[Content_Types].xml": None})


@package("refused")
def a_document_of_a_word_processor(good, grids):
    return repack(good, {"xl/workbook.xml": None, "word/document.xml": b"<document/>"})


@package("refused")
def a_binary_workbook(good, grids):
    return repack(good, {"xl/workbook.xml": None, "xl/workbook.bin": b"\x83\x01\x00"})


@package("refused")
def a_part_of_zeros(good, grids):
    return repack(good, {"xl/media/image1.png": b"\0" * 60_000_000})


@package("refused")
def a_part_whose_stated_size_lies(good, grids):
    data = bytearray(repack(good, {"xl/media/image1.png": b"\0" * 60_000_000}))
    at = data.rindex(b"xl/media/image1.png") - 46
    data[at + 24 : at + 28] = (1).to_bytes(4, "little")
    return bytes(data)


@package("refused")
def too_many_parts(good, grids):
    return repack(good, {f"xl/media/{at}.txt": b"x" for at in range(5_000)})


@package("refused")
def parts_that_share_their_bytes(good, grids):
    """Thousands of entries that point to one packed part: small in the file, large when unpacked (Fifield, 2019)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("xl/media/kernel.txt", b"0123456789abcdef" * 40_000)
        shared = new.infolist()[0]
        with zipfile.ZipFile(io.BytesIO(good)) as old:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        for at in range(1_500):
            other = zipfile.ZipInfo(f"xl/media/{at}.txt")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(other, name, getattr(shared, name))
            new.filelist.append(other)
            new.NameToInfo[other.filename] = other
    return out.getvalue()


@package("refused")
def packages_in_packages(good, grids):
    inner = repack(good, {"xl/media/image1.png": b"\0" * 60_000_000})
    return repack(good, {"xl/embeddings/inner.xlsx": inner, "xl/workbook.xml": None})


@package("refused")
def entities_of_entities(good, grids):
    steps = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{steps}]><sst><si><t>&a9;</t></si></sst>'
    return repack(good, {"xl/sharedStrings.xml": text.encode()})


@package("refused")
def one_long_entity_many_times(good, grids):
    text = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 50_000 + b'">]><sst>' + b"&a;" * 20_000 + b"</sst>"
    return repack(good, {"xl/sharedStrings.xml": text})


@package("refused")
def an_entity_that_reads_a_file(good, grids):
    text = first_sheet(good).replace(
        b"<worksheet", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet', 1
    )
    return repack(good, {SHEET: text})


@package("refused")
def entities_in_utf_16(good, grids):
    text = first_sheet(good).decode().partition("?>")[2] or first_sheet(good).decode()
    told = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "ha">]>{text}'
    return repack(good, {SHEET: told.encode("utf-16")})


@package("refused")
def a_sheet_that_spans_all_there_is(good, grids):
    cells = b'<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return repack(
        good, {SHEET: b"<worksheet " + NAMESPACE + b"><sheetData>" + cells + b"</sheetData></worksheet>"}
    )


@package("refused")
def a_million_columns(good, grids):
    cells = (
        b'<row r="1">'
        + b"".join(b'<c r="%s1"><v>1</v></c>' % _letters(at) for at in range(1, 1_000_001))
        + b"</row>"
    )
    return repack(
        good, {SHEET: b"<worksheet " + NAMESPACE + b"><sheetData>" + cells + b"</sheetData></worksheet>"}
    )


@package("refused")
def a_million_columns_without_letters(good, grids):
    cells = b"<row>" + b"<c><v>1</v></c><c><v>27</v></c><c><v>443</v></c>" * 333_333 + b"</row>"
    return repack(
        good, {SHEET: b"<worksheet " + NAMESPACE + b"><sheetData>" + cells + b"</sheetData></worksheet>"}
    )


@package("refused")
def twelve_million_cells(good, grids):
    row = b"".join(b"<c><v>%d</v></c>" % (at * 7919 % 9_973) for at in range(12_000))
    rows = b"".join(b"<row>" + row + b"</row>" for _ in range(1_000))
    return repack(
        good, {SHEET: b"<worksheet " + NAMESPACE + b"><sheetData>" + rows + b"</sheetData></worksheet>"}
    )


def _letters(number: int) -> bytes:
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name.encode()


@package("refused")
def a_path_that_leads_out(good, grids):
    return repack(good, {"../../escaped.txt": b"escaped"})


@package("refused")
def an_absolute_path(good, grids):
    return repack(good, {"/escaped.txt": b"escaped"})


@package("refused")
def a_path_with_backslashes(good, grids):
    return repack(good, {"..\\..\\escaped.txt": b"escaped"})


@package("refused")
def a_path_with_a_drive(good, grids):
    return repack(good, {"C:/escaped.txt": b"escaped"})


@package("refused")
def a_link_as_a_part(good, grids):
    out = io.BytesIO(good)
    with zipfile.ZipFile(out, "a") as new:
        link = zipfile.ZipInfo("xl/link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        new.writestr(link, "/etc/passwd")
    return out.getvalue()


@package("refused")
def a_part_twice(good, grids):
    out = io.BytesIO(good)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as new:
        new.writestr(SHEET, first_sheet(good).replace(b"ENQ-", b"ENX-"))
    return out.getvalue()


@package("refused")
def packed_with_bzip2(good, grids):
    return repack(good, {}, zipfile.ZIP_BZIP2)


@package("refused")
def packed_with_lzma(good, grids):
    return repack(good, {}, zipfile.ZIP_LZMA)


@package("refused")
def a_checksum_that_is_wrong(good, grids):
    data = bytearray(good)
    right = zlib.crc32(first_sheet(good)).to_bytes(4, "little")
    wrong = bytes([right[0] ^ 1]) + right[1:]
    return bytes(data).replace(right, wrong)


@package("refused")
def the_list_of_sheets_cut_off(good, grids):
    text = part(good, "xl/workbook.xml")
    return repack(good, {"xl/workbook.xml": text[: text.index(b"<sheets")]})


@sheet("refused")
def strings_that_are_not_there(good, grids):
    text = re.sub(rb't="inlineStr"><is><t>[^<]*</t></is>', b't="s"><v>99999</v>', first_sheet(good))
    return repack(good, {SHEET: text, "xl/sharedStrings.xml": b"<sst " + NAMESPACE + b"/>"})


@package("accepted")
def packed_without_compression(good, grids):
    return repack(good, {}, zipfile.ZIP_STORED)


@package("accepted")
def a_harmless_part_more(good, grids):
    return repack(good, {"docProps/custom.xml": b"<Properties/>"})
