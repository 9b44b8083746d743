"""Canonical records become an authority's own files: its headings, wordings, date formats, encodings and
workbooks.

Here: writing one nightly drop through a profile. Not here: what the records say, and which of them a night
knows.

The same records give the same bytes: wordings are chosen by a checksum of the record, rows keep their order,
and workbooks are written here, because the usual libraries put the time of day into the file.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from ingest.feeds import read_feeds
from ingest.profile import Profile, Source

_EXCEL_DAY_ZERO = date(1899, 12, 30).toordinal()


def write_drop(
    profile: Profile,
    feeds: dict[str, list[dict]],
    folder: Path,
    on: int,
    split_by: dict[str, str] | None = None,
) -> list[Path]:
    """Write one drop into `folder` (created if need be) and return its files. `feeds` holds the records of
    this night.

    `split_by` names for a feed the column by whose member its file is split. A feed with no records writes a
    file with headings only if it is a full extract of a feed that shares its file; otherwise no file, as a
    header alone is refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    by_file: dict[str, list[Source]] = {}
    for source in profile.sources:
        by_file.setdefault(source.files, []).append(source)
    for pattern, sources in by_file.items():
        parts = _parts(sources, feeds, split_by or {})
        for part, own in parts.items():
            path = folder / _file_name(pattern, part, on)
            if sources[0].format == "xlsx":
                written += _write_workbook(path, profile, sources, own)
            else:
                written += _write_csv(path, profile, sources, own)
    if profile.marker and written:
        marker = folder / profile.marker
        marker.write_bytes(b"")
        written.append(marker)
    return written


def _file_name(pattern: str, part: str, on: int) -> str:
    """A file name that the pattern accepts: the part after the stem, or the night's date where the pattern
    has _*."""
    if part:
        return pattern.replace("*", f"_{part}", 1).replace("*", "").replace("?", "1")
    dated = date.fromordinal(on).strftime("%Y%m%d")
    return pattern.replace("_*", f"_{dated}").replace("*", "").replace("?", "1")


def _parts(sources: list[Source], feeds: dict, split_by: dict[str, str]) -> dict[str, dict[str, list[dict]]]:
    """The records of each feed of a file, split into several files where the authority does so."""
    own = {
        source.feed: [
            r for r in feeds.get(source.feed, []) if r.get("_source") in (None, source.source_system)
        ]
        for source in sources
    }
    column = split_by.get(sources[0].feed)
    if not column:
        return {"": own}
    parts: dict[str, dict[str, list[dict]]] = {}
    for record in own[sources[0].feed]:
        name = record[column] or f"no_{column}"
        parts.setdefault(name, {sources[0].feed: []})[sources[0].feed].append(record)
    return dict(sorted(parts.items()))


def _table(
    profile: Profile, sources: list[Source], feeds: dict, as_cells: bool
) -> tuple[list[str], list[list]]:
    """Headings and lines of one file or sheet. Feeds that share it are joined on the columns they have in
    common: each line holds one record of the first feed and at most one of every other, whose headings stay
    blank when it has none."""
    base = next((s for s in sources if s.rows_when is None), sources[0])
    others = [s for s in sources if s is not base]
    headings = {heading: None for s in [base, *others] for heading in (h[0] for h in s.headings.values())}
    writers = {s.feed: _columns(profile, s, as_cells) for s in sources}
    waiting: dict[str, dict[tuple, list[dict]]] = {}
    shared: dict[str, list[str]] = {}
    for source in others:
        shared[source.feed] = [
            c for c, h in source.headings.items() if c in base.headings and base.headings[c][0] == h[0]
        ]
        grouped = waiting.setdefault(source.feed, {})
        for record in feeds.get(source.feed, []):
            grouped.setdefault(tuple(record[c] for c in shared[source.feed]), []).append(record)
    order = {heading: i for i, heading in enumerate(headings)}
    lines = []
    for record in feeds.get(base.feed, []):
        joined = {s.feed: waiting[s.feed].get(tuple(record[c] for c in shared[s.feed]), []) for s in others}
        for i in range(max([1, *(len(found) for found in joined.values())])):
            line: list = [""] * len(order)
            for feed, found in [(s.feed, joined[s.feed]) for s in others]:
                if i < len(found):
                    for heading, write in writers[feed]:
                        line[order[heading]] = write(found[i])
            for heading, write in writers[base.feed]:
                line[order[heading]] = write(record)
            lines.append(line)
    return list(headings), lines


def _columns(profile: Profile, source: Source, as_cells: bool) -> list[tuple[str, Callable[[dict], object]]]:
    """For each heading of a source the function that writes a record's value under it."""
    feed = read_feeds()[source.feed]
    made = []
    for name, headings in source.headings.items():
        column = feed.columns[name]
        if column.type in ("code", "list"):
            write = _code_writer(profile, source, name, column.list or name, feed, column.type)
        elif column.type == "boolean":
            write = _boolean_writer(profile, name)
        elif column.type == "date":
            write = _date_writer(source, name, as_cells)
        elif column.type == "moment":
            write = _moment_writer(source, name, as_cells)
        elif column.type in ("integer", "number"):
            write = _number_writer(name, as_cells)
        else:
            write = _text_writer(name)
        made.append((headings[0], write))
    return made


def _text_writer(name: str):
    return lambda record: record.get(name) or ""


def _number_writer(name: str, as_cells: bool):
    def write(record: dict):
        value = record.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        return value if as_cells else f"{value:g}"

    return write


def _date_writer(source: Source, name: str, as_cells: bool):
    def write(record: dict):
        day = record.get(name)
        if day is None or isinstance(day, str):
            return day or ""
        told = date.fromordinal(day)
        return told if as_cells else told.strftime(source.dates[0])

    return write


def _moment_writer(source: Source, name: str, as_cells: bool):
    def write(record: dict):
        told = record.get(name)
        if told is None or isinstance(told, str):
            return told or ""
        moment = datetime.combine(date.fromordinal(told[0]), datetime.min.time()) + timedelta(minutes=told[1])
        return moment if as_cells else moment.strftime(source.moments[0])

    return write


def _boolean_writer(profile: Profile, name: str):
    wordings = {True: "Yes", False: "No"}
    for value in (True, False):
        local = profile.wordings(name, "true" if value else "false")
        wordings[value] = local[0] if local else wordings[value]

    def write(record: dict) -> str:
        value = record.get(name)
        return value if isinstance(value, str) else wordings.get(value, "")

    return write


def _code_writer(profile: Profile, source: Source, name: str, list_name: str, feed, kind: str):
    """Members become local wordings. Usually the first that the profile gives, now and then another, always
    the same one for the same record; wordings with dates only on the days that they are valid."""
    dated_by = next(iter(feed.mandatory_dates), None)
    cache: dict[tuple, list[str]] = {}

    def word(record: dict, member: str) -> str:
        if member.startswith("~"):
            return member[1:]  # a wording that is meant to be unmapped
        on = record.get(dated_by) if dated_by else None
        on = on[0] if isinstance(on, tuple) else on
        key = (member, on)
        if key not in cache:
            day = date.fromordinal(on) if isinstance(on, int) else None
            cache[key] = profile.wordings(list_name, member, day) or [member]
        options = cache[key]
        if len(options) == 1:
            return options[0]
        spread = zlib.crc32("|".join([name, *(str(record.get(k)) for k in feed.key)]).encode()) % 100
        return options[0] if spread < 85 else options[1 + spread % (len(options) - 1)]

    def write_one(record: dict) -> str:
        member = record.get(name)
        return word(record, member) if member else ""

    def write_list(record: dict) -> str:
        return source.list_separator.join(word(record, member) for member in record.get(name) or [])

    return write_one if kind == "code" else write_list


def _write_csv(path: Path, profile: Profile, sources: list[Source], feeds: dict) -> list[Path]:
    headings, lines = _table(profile, sources, feeds, as_cells=False)
    if not lines:
        return []
    first = sources[0]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=first.delimiter, quotechar=first.quote, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows(lines)
    path.write_bytes(text.getvalue().encode(first.encoding))
    return [path]


def _write_workbook(path: Path, profile: Profile, sources: list[Source], feeds: dict) -> list[Path]:
    sheets: dict[str, list[Source]] = {}
    for source in sources:
        sheets.setdefault(source.sheet or "Sheet1", []).append(source)
    tables = {name: _table(profile, own, feeds, as_cells=True) for name, own in sheets.items()}
    if not any(lines for _, lines in tables.values()):
        return []
    path.write_bytes(workbook_bytes({name: [headings, *lines] for name, (headings, lines) in tables.items()}))
    return [path]


def workbook_bytes(sheets: dict[str, list[list]]) -> bytes:
    """A plain workbook: text, numbers, and dates as dates (style 1) or moments (style 2)."""
    names = list(sheets)
    numbered = range(1, len(names) + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>'
            for i in numbered
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="{escape(n)}" sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(names, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="rId{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in numbered
        )
        + f'<Relationship Id="rId{len(names) + 1}" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet {main}><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
        '<xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
    }
    for i, name in enumerate(names, 1):
        body = "".join(f"<row>{''.join(map(_cell, line))}</row>" for line in sheets[name])
        files[f"xl/worksheets/sheet{i}.xml"] = f"<worksheet {main}><sheetData>{body}</sheetData></worksheet>"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            archive.writestr(entry, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + text)
    return made.getvalue()


def _cell(value: object) -> str:
    if value == "" or value is None:
        return "<c/>"
    if isinstance(value, datetime):
        serial = value.toordinal() - _EXCEL_DAY_ZERO + (value.hour * 60 + value.minute) / 1440
        return f'<c s="2"><v>{serial:.10f}</v></c>'
    if isinstance(value, date):
        return f'<c s="1"><v>{value.toordinal() - _EXCEL_DAY_ZERO}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value:g}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'
