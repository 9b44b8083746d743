"""The data docs: one page that says what the gates found, for a service manager and for an analyst.

Belongs here: turning the kept results into a page that needs no network. Does not belong here: judging (gate.py), lists
of records (the casework tables hold those). The page carries counts only: no values, no record keys, no names.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from expectations.check import CHECKS, Check, read_checks

NIGHTS = 30


@dataclass(frozen=True)
class Line:
    """One check as the page shows it: `state` is stops, warns, passes or not_run; `trend` a small chart's points."""

    check: Check
    state: str
    checked_count: int | None
    failing_count: int | None
    trend: str
    nights: int
    most: int
    open_since: str | None
    authorities: tuple[tuple[str, int], ...]


def write_page(
    con: duckdb.DuckDBPyConnection, refresh_id: str, path: Path, checks_dir: Path = CHECKS
) -> None:
    """Write the page of one refresh to `path`, whole or not at all. Reads quality, raw.load_log, raw.authorities."""
    verdicts = con.execute(
        "select gate, scope, passed, judged_at from quality.verdicts where refresh_id = ? order by gate, scope",
        [refresh_id],
    ).fetchall()
    published = [row for row in verdicts if row[0] == "publication"]
    lines = {gate: _lines(con, gate, refresh_id, checks_dir) for gate in ("publication", "arrival")}
    page = _template().render(
        refresh_id=refresh_id,
        judged_at=max((row[3] for row in verdicts), default=None),
        passed=all(row[2] for row in published) if published else None,
        publication=lines["publication"],
        arrival=lines["arrival"],
        drops=sum(row[0] == "arrival" for row in verdicts),
        authorities=_authorities(con, refresh_id),
        nights=NIGHTS,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(page, encoding="utf-8")
    os.replace(beside, path)


def _lines(con, gate: str, refresh_id: str, checks_dir: Path) -> list[Line]:
    """One line for each check: those that stop first, then warnings, then what passes."""
    history: dict[str, list[int | None]] = {}
    latest: dict[str, tuple] = {}
    rows = con.execute(
        """
        with nights as (
            select refresh_id, max(ran_at) as ran_at from quality.check_results
            where gate = $gate
                and ran_at <= (
                    select max(ran_at) from quality.check_results where refresh_id = $refresh and gate = $gate
                )
            group by refresh_id
            order by ran_at desc, refresh_id desc limit $nights
        )
        select
            results.check_name, nights.refresh_id, sum(results.checked_count), sum(results.failing_count),
            bool_and(results.passed), count(results.failing_count) = count(*)
        from quality.check_results as results inner join nights on results.refresh_id = nights.refresh_id
        where results.gate = $gate
        group by results.check_name, nights.refresh_id, nights.ran_at
        order by results.check_name, nights.ran_at, nights.refresh_id
        """,
        {"gate": gate, "refresh": refresh_id, "nights": NIGHTS},
    ).fetchall()
    for name, night, checked, failing, passed, was_counted in rows:
        history.setdefault(name, []).append(failing if was_counted else None)
        if night == refresh_id:
            latest[name] = (checked, failing if was_counted else None, passed)
    found = _open_findings(con, _names(con))

    lines = []
    for check in read_checks(gate, checks_dir):
        checked, failing, passed = latest.get(check.name, (None, None, None))
        state = (
            "not_run"
            if passed is None
            else "passes"
            if passed
            else "stops"
            if check.severity == "error"
            else "warns"
        )
        counts = history.get(check.name, [])
        since, authorities = found.get(check.name, (None, ()))
        lines.append(
            Line(
                check=check,
                state=state,
                checked_count=checked,
                failing_count=failing,
                trend=_points(counts),
                nights=len(counts),
                most=max((one for one in counts if one is not None), default=0),
                open_since=since,
                authorities=authorities,
            )
        )
    order = {"stops": 0, "not_run": 1, "warns": 2, "passes": 3}
    return sorted(lines, key=lambda line: (order[line.state], line.check.severity, line.check.name))


def _names(con) -> dict[str | None, str]:
    """What the page calls an authority, and what is none's own."""
    names = dict(con.execute("select authority, authority_name from raw.authorities").fetchall())
    return names | {"all": "all authorities", None: "no authority"}


def _open_findings(con, names: dict[str | None, str]) -> dict[str, tuple[str, tuple[tuple[str, int], ...]]]:
    rows = con.execute(
        "select rule, authority, count(*), min(first_seen_on) from quality.findings where is_open "
        "group by rule, authority order by rule, authority"
    ).fetchall()
    found: dict[str, tuple[str, tuple]] = {}
    for rule, authority, count, first_seen_on in rows:
        since, authorities = found.get(rule, (first_seen_on.isoformat(), ()))
        found[rule] = (
            min(since, first_seen_on.isoformat()),
            (*authorities, (names.get(authority, authority), count)),
        )
    return found


def _authorities(con, refresh_id: str) -> list[dict]:
    """For each authority: as-at, and what the files of this refresh came to, as counts."""
    rows = con.execute(
        """
        with files as (
            select
                authority,
                count(*) filter (outcome in ('accepted', 'accepted_with_quarantine')) as accepted_count,
                count(*) filter (outcome = 'already_loaded') as already_loaded_count,
                count(*) filter (outcome = 'refused') as refused_count,
                coalesce(sum(rows_quarantined), 0) as quarantined_count
            from raw.load_log where refresh_id = ? group by authority
        ),
        judged as (
            select authority, max(as_at) as as_at from quality.row_counts where refresh_id = ? group by authority
        )
        select
            coalesce(files.authority, judged.authority) as authority, judged.as_at,
            coalesce(accepted_count, 0), coalesce(already_loaded_count, 0), coalesce(refused_count, 0),
            coalesce(quarantined_count, 0)
        from judged full join files on judged.authority = files.authority
        order by 1
        """,
        [refresh_id, refresh_id],
    ).fetchall()
    columns = ("authority", "as_at", "accepted", "already_loaded", "refused", "quarantined")
    names = _names(con)
    return [
        dict(zip(columns, (names.get(authority, authority), *rest), strict=True)) for authority, *rest in rows
    ]


def _points(counts: list[int | None]) -> str:
    """The points of a 120 x 24 line chart, oldest night on the left; nights that could not be counted are left out."""
    known = [(place, count) for place, count in enumerate(counts) if count is not None]
    if len(known) < 2:
        return ""
    highest = max(count for _, count in known) or 1
    step = 116 / (len(counts) - 1)
    return " ".join(f"{2 + place * step:.1f},{22 - 20 * count / highest:.1f}" for place, count in known)


def _template():
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(["html", "j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = lambda number: "-" if number is None else f"{number:,}"
    # Reasons come from our own check files; they are escaped all the same before `words` become code.
    environment.filters["prose"] = lambda text: Markup(  # noqa: S704  escaped first
        re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    )
    return environment.get_template("page.html.j2")
