"""The DAX measures over rpt_measures: one rule for reading a row, and one measure for each headline.

Belongs here: how a published number is looked up. Nothing is added up or divided here: every figure is one row of
rpt_measures, which carries its numerator, its base and its share; where the filters leave none or several, the answer
is blank. So no filter can make the model say what was not published.
Does not belong here: what the measures of the catalogue count (`dbt_project/seeds/measures.csv`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from power_bi.tmdl import Measure

FACT = "rpt_measures"
ANY = "Any measure"
_COUNT, _SHARE, _RATE = "#,0", r"0.0\%", "0.0"
_WORDS = {"dbs": "DBS", "fte": "FTE"}
_CHANGES = {
    "number": (" change", "+#,0;-#,0;0"),
    "percent": (" change %", r"+0.0\%;-0.0\%;0.0\%"),
    "points": (" change points", "+0.0;-0.0;0.0"),
}
# What the targets of the profiles are set for: catalogue measure -> its line in rpt_timeliness is the same.
TARGETED = ("closed_within_1_month", "closed_within_3_months", "closed_within_12_months")


SYMBOLS = (
    "After the Department for Education: c hidden by disclosure control, z not applicable, "
    "k rounds to nought but is none, u an estimate of low reliability."
)
# The columns of rpt_measures that a figure is read from, by the name of the measure that reads it.
COLUMNS = {
    "Number": ("numerator", _COUNT, "What was counted."),
    "Amount": ("value", _RATE, "The figure in its own unit: a count, a percentage, a rate."),
    "Base count": ("denominator", _COUNT, "What the amount is a share of."),
    "Lower 90": ("lower_90", _COUNT, "Estimates only: lower end of the 90 % interval, as a count."),
    "Upper 90": ("upper_90", _COUNT, "Estimates only: upper end of the 90 % interval, as a count."),
    "Previous amount": ("previous_value", _RATE, "The amount at the publication before."),
    "Sign": ("symbol", None, SYMBOLS),
    "Base in words": ("base", None, "What the base counts."),
    "Counted in": ("unit", None, "count, percent, percentage_points, per_week, per_fte or rating."),
}


@dataclass(frozen=True)
class Headline:
    """A measure of the model that reads one column (`of`, a key of COLUMNS) of one measure's row in rpt_measures."""

    name: str
    measure: str
    of: str
    format: str
    description: str
    catalogue_line: str

    def in_dax(self, folder: str) -> Measure:
        look_up = f'CALCULATE ( [{self.of}], Catalogue[measure] = "{self.measure}" )'
        return Measure(self.name, look_up, self.format, folder, self.description)


def in_words(measure: str) -> str:
    """`removals_without_dbs` -> `Removals without DBS`."""
    words = [_WORDS.get(word, word) for word in measure.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def changes(line: dict[str, str]) -> dict[str, str]:
    """The measures that compare a catalogue line with the year before: suffix -> what is compared; often none."""
    if line["is_compared"] != "true":
        return {}
    told = {"number": "in number", "percent": "in percent of the year before"}
    return told | ({"points": "in percentage points"} if line["unit"] == "percent" else {})


def _of_one_row(column: str) -> str:
    """The column of the one row that the filters leave; the total where nothing is broken down."""
    return "\n".join(
        [
            "IF (",
            "    ISFILTERED ( Breakdowns ),",
            f"    IF ( COUNTROWS ( {FACT} ) = 1, MAX ( {FACT}[{column}] ) ),",
            "    CALCULATE (",
            f"        IF ( COUNTROWS ( {FACT} ) = 1, MAX ( {FACT}[{column}] ) ),",
            '        Breakdowns[breakdown] = "all"',
            "    )",
            ")",
        ]
    )


def of_any_measure() -> list[Measure]:
    """What can be said of whichever measure, period, authority and member the filters leave."""
    one = "Of the one row that the filters leave; blank where they leave several or none."
    measures = [
        Measure(name, _of_one_row(column), shown, ANY, f"{told} {one}")
        for name, (column, shown, told) in COLUMNS.items()
    ]
    figure = "\n".join(
        [
            # A symbol in place of a number says why there is none; behind a number it says how far to trust it.
            "IF (",
            "    ISBLANK ( [Amount] ),",
            "    [Sign],",
            "    SWITCH (",
            "        TRUE (),",
            '        [Counted in] = "count", FORMAT ( [Amount], "#,0" ),',
            '        [Counted in] <> "percent" || ISBLANK ( [Base count] ), FORMAT ( [Amount], "0.0" ),',
            '        FORMAT ( [Number], "#,0" ) & " of " & FORMAT ( [Base count], "#,0" ) & " ("'
            ' & FORMAT ( [Amount], "0.0" ) & " %)"',
            '    ) & IF ( NOT ISBLANK ( [Sign] ), " " & [Sign] )',
            ")",
        ]
    )
    refresh = "\n".join(
        [
            "IF (",
            "    COUNTROWS (",
            "        DISTINCT (",
            "            UNION (",
            "                DISTINCT ( rpt_measures[refresh_id] ),",
            "                DISTINCT ( rpt_timeliness[refresh_id] ),",
            "                DISTINCT ( rpt_data_quality[refresh_id] ),",
            "                DISTINCT ( rpt_refreshes[refresh_id] ),",
            "                DISTINCT ( rpt_measure_catalogue[refresh_id] )",
            "            )",
            "        )",
            "    ) = 1,",
            '    "Refresh " & MAX ( rpt_measures[refresh_id] )',
            "        & IF (",
            "            HASONEVALUE ( rpt_measures[as_at] ),",
            '            ", records as at ",',
            '            ", records of some feeds end earlier, the newest as at "',
            "        )",
            '        & FORMAT ( MAX ( rpt_measures[as_at] ), "d mmmm yyyy" ),',
            '    "Two refreshes are mixed: refresh the model again"',
            ")",
        ]
    )
    choose = "\n".join(
        [
            "IF (",
            "    HASONEVALUE ( Authorities[authority] ) && HASONEVALUE ( Periods[period_kind] ),",
            '    "",',
            '    "Choose one authority and one kind of period"',
            ")",
        ]
    )
    return [
        *measures,
        Measure(
            "Figure",
            figure,
            None,
            ANY,
            f"The figure with its base, and its symbol behind it or in its place. {SYMBOLS} {one}",
        ),
        Measure("Refresh", refresh, None, ANY, "Which refresh the page shows, and how far its records go."),
        Measure(
            "What to choose", choose, None, ANY, "What the page still needs to know; empty when nothing."
        ),
    ]


def of_the_catalogue(catalogue: Iterable[dict[str, str]]) -> list[Headline]:
    """Count, share and base, interval and change on the year before for each line of the catalogue."""
    found: list[Headline] = []
    for line in catalogue:
        measure, base = line["measure"], line["base"].replace("_", " ")
        if line["unit"] in {"count", "percent"}:
            parts = [("", "Number", _COUNT, ": how many.", measure)]
        else:
            parts = [("", "Amount", _RATE, ".", measure)]
        if line["unit"] == "percent":
            parts += [
                (" %", "Amount", _SHARE, f": in percent of {base}.", measure),
                (" base", "Base count", _COUNT, f": the base of the percentage, {base}.", measure),
            ]
        if line["is_estimate"] == "true":
            parts += [
                (" lower 90", "Lower 90", _COUNT, ": lower end of the 90 % interval.", measure),
                (" upper 90", "Upper 90", _COUNT, ": upper end of the 90 % interval.", measure),
            ]
        for kind, compared in changes(line).items():
            suffix, form = _CHANGES[kind]
            told = f": change on the year before, {compared}."
            parts.append((suffix, "Amount", form, told, f"{measure}_change_{kind}"))
        found += [
            Headline(in_words(measure) + suffix, row, of, form, line["description"] + told, measure)
            for suffix, of, form, told, row in parts
        ]
    return found


def against_target(folder: str) -> list[Measure]:
    """Target, distance and verdict for the cases closed, all pathways together: rows of rpt_timeliness."""
    found = []
    for measure in TARGETED:
        words = in_words(measure)
        row = (
            f'rpt_timeliness[line] = "{measure}", rpt_timeliness[population] = "closed", '
            'rpt_timeliness[breakdown] = "all"'
        )
        for suffix, column, form, told in [
            (" target %", "MAX ( rpt_timeliness[target_percent] )", _SHARE, "The authority's target"),
            (
                " points from target",
                "MAX ( rpt_timeliness[percent_of_base] ) - MAX ( rpt_timeliness[target_percent] )",
                "+0.0;-0.0;0.0",
                "Percentage points above the target, below it when negative",
            ),
            (
                " target met",
                'IF ( MAX ( rpt_timeliness[percent_of_base] ) >= MAX ( rpt_timeliness[target_percent] ), "yes", "no" )',
                None,
                "Whether the target is reached",
            ),
        ]:
            shown = [
                f"NOT ISBLANK ( MAX ( rpt_timeliness[{c}] ) )" for c in ("percent_of_base", "target_percent")
            ]
            asked = shown[1:] if suffix == " target %" else shown
            expression = "\n".join(
                [
                    "CALCULATE (",
                    "    IF (",
                    f"        COUNTROWS ( rpt_timeliness ) = 1 && {' && '.join(asked)},",
                    f"        {column}",
                    "    ),",
                    f"    {row}",
                    ")",
                ]
            )
            found.append(Measure(words + suffix, expression, form, folder, f"{told}: {words.lower()}."))
    return found
