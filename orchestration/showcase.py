"""What `lado demo` makes and shows: made-up extracts, and headline figures beside the published ones.

Belongs here: which figures a newcomer sees first. Does not belong here: how extracts are made (synthetic/), what a
published figure is in terms of measures (synthetic/figures.py), how a measure is computed (fct_measures).
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.resources import Home

# Figure of the annual reports -> what a reader would call it. The reports' own numbering (synthetic/published/).
HEADLINES = {
    "KEN1920-030": "Kent: contacts",
    "KEN1920-031": "Kent: contacts in which a referral was requested",
    "KEN1920-033": "Kent: requested referrals received",
    "KEN1920-032": "Kent: ... as a share of those requested, %",
    "KEN1920-022": "Kent: referrals",
    "KEN1920-024": "Kent: ... taken as allegations",
    "KEN1920-026": "Kent: ... change on the year before, %",
    "KEN1920-016": "Kent: closed within 1 month, %",
    "KEN1920-018": "Kent: closed within 3 months, %",
    "KEN1920-059": "Kent: substantiated",
    "KEN1920-065": "Kent: education, removed after substantiated, %",
    "KEN1920-142": "Kent: early years, referrals taken as allegations, %",
    "BKM1920-008": "Buckinghamshire: enquiries",
    "BKM1920-010": "Buckinghamshire: threshold met",
    "BKM1920-014": "Buckinghamshire: ... change on the year before, %",
    "BKM1920-013": "Buckinghamshire: threshold met per full-time officer",
    "BKM1920-040": "Buckinghamshire: concluded, unsubstantiated, %",
    "BKM1920-045": "Buckinghamshire: concluded, substantiated, %",
    "BKM1920-068": "Buckinghamshire: closed within 1 month, %",
}


def make_extracts(home: Home, seed: int) -> None:
    """Write one drop of both authorities, two years each, into the landing folder (the same seed, the same bytes)."""
    import synthetic

    for authority in synthetic.AUTHORITIES:
        if not (home.landing / authority).exists():
            synthetic.synthesise(authority, into=home.landing, seed=seed)


def headlines(home: Home) -> list[dict[str, Any]]:
    """The headline figures: figure_id, label, published, computed (text), lower_90, upper_90, why (or None).

    Computed from the published fct_measures of this home, rounded half up once, here.
    """
    from synthetic import figures

    path = home.published / "current" / "marts" / "lado_marts.duckdb"
    with duckdb.connect(str(path), read_only=True) as con:
        rows = figures.index(con.execute("select * from fct_measures").df())
    printed = figures.published()
    lines = {line["figure_id"]: line for line in figures.figure_map()}
    told = []
    for figure_id, label in HEADLINES.items():
        line = lines[figure_id]
        one = {"figure_id": figure_id, "label": label, "published": printed[figure_id]["value"], "why": None}
        if line["treatment"] == "left_out":
            row = figures.row_at(rows, "kent", "requested_referrals_received", "2019-04-01")
            share = 100 / row["denominator"] if line["figure_id"] == "KEN1920-032" else 1
            one |= {name: str(figures.half_up(row[key] * share, 0)) for name, key in
                    (("computed", "numerator"), ("lower_90", "lower_90"), ("upper_90", "upper_90"))}  # fmt: skip
            one["why"] = "an estimate with its 90 % interval: no contact names the adult it is about"
            if figure_id == "KEN1920-032":
                one["why"] = "printed over 2,521 contacts instead of the 869 requested"
        else:
            one["computed"] = str(figures.computed(line, rows))
            one["why"] = line["reason"] or None if line["treatment"] == "corrected" else None
        told.append(one)
    return told


def print_headlines(home: Home, told: list[dict[str, Any]]) -> None:
    """The table for a person, and where to look next."""
    from orchestration import screen

    console = screen.console()
    table = screen.table(
        "Annual reports 2019/20: computed from made-up records, beside the print",
        ("", "published", "computed", "why they differ"),
        ("published", "computed"),
    )
    for one in told:
        computed = one["computed"]
        if one.get("lower_90"):
            computed += f" ({one['lower_90']}-{one['upper_90']})"
        table.add_row(one["label"], one["published"], computed, one["why"] or "")
    console.print(table)
    current = home.published / "current"
    console.print("\nWhere to look next:")
    for words, place in (
        ("report tables, for everybody", current / "reports"),
        ("the star, for analysts", current / "marts"),
        ("lists by case, for the LADO team", current / "casework"),
        ("what the gates checked", home.quality / "index.html"),
    ):
        console.print(f"  {words:34} {place}", highlight=False, soft_wrap=True)
    console.print("  the Dagster graph                  lado dev", highlight=False)
    console.print("  the records to mend                lado findings", highlight=False)
