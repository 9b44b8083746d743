"""The picture of docs/matching.md: why one made-up pair is as likely as it is, step by step.

    python -m benchmarks.matching_waterfall docs/pictures/waterfall.svg

Here belongs drawing. What is drawn is casework.link_evidence of a made-up world.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import duckdb

import matching
from benchmarks import matching_stage, matching_worlds

WORDS = {
    "expected": "before any evidence",
    "place": "setting and postcode",
    "kind": "kind of place",
    "area": "area",
    "sector": "sector",
    "lag": "days between",
    "staff_role": "role",
    "concern": "category of concern",
    "caller": "who called",
    "reference": "quoted reference",
    "competition": "other pairs compete",
    "decision": "a person decided",
}
PARTS = {"place": ("", "postcode "), "caller": ("", "role ", "agency ")}
"""What stands before each part of a level that has several."""
ROW, LEFT, RIGHT, WIDE = 27, 350, 90, 860


def evidence() -> list[tuple[str, str, float, float, float]]:
    """The steps of one pair: comparison, level, bits, sum of bits, probability so far.

    Of the links that competition costs most, because another record claims one of their ends, the most likely one.
    """
    with duckdb.connect(config={"threads": 1}) as con:
        matching_stage.stage(con, matching_worlds.world("middle", seed=1, contacts=600, settings=150))
        matching_stage.prepare(con)
        matching.score_pairs(con)
        matching_stage.conclude(con)
        return con.execute("""
            with chosen as (
                select authority, contact_id, referral_id from casework.link_evidence
                where step_number = 11 and level = 'linked' and bits < -1
                    and (authority, contact_id, referral_id) in (
                        select (authority, contact_id, referral_id) from casework.link_evidence
                        group by all having min(bits) filter (step_number between 2 and 10) < -0.5
                    )
                order by running_probability desc, contact_id, referral_id limit 1
            )
            select comparison, coalesce(level, ''), bits, running_bits, running_probability
            from casework.link_evidence inner join chosen using (authority, contact_id, referral_id)
            order by step_number
        """).fetchall()


def drawing(steps: list[tuple[str, str, float, float, float]]) -> str:
    """An SVG: one bar a step, from the sum before it to the sum after it."""
    lowest = min(0.0, *(total for *_rest, total, _p in steps))
    highest = max(0.0, *(total for *_rest, total, _p in steps))
    scale = (WIDE - LEFT - RIGHT) / (highest - lowest)

    def across(bits: float) -> float:
        return round(LEFT + (bits - lowest) * scale, 1)

    high = ROW * (len(steps) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high}" role="img" '
        'font-family="sans-serif" font-size="13"><title>Why one made-up pair is likely</title>',
        f'<rect width="{WIDE}" height="{high}" fill="#ffffff"/>',
        f'<text x="{WIDE - 8}" y="18" text-anchor="end" fill="#444444">probability so far</text>',
        f'<text x="{across(0)}" y="18" text-anchor="middle" fill="#444444">even odds</text>',
        f'<line x1="{across(0)}" x2="{across(0)}" y1="24" y2="{high - 30}" stroke="#888888" stroke-dasharray="3 3"/>',
    ]
    for number, (comparison, level, bits, total, probability) in enumerate(steps, start=1):
        y = ROW * number + 4
        start, end = sorted((across(total - bits), across(total)))
        colour = "#1b6e53" if bits >= 0 else "#b3471d"
        levels = level.replace("_", " ").split("/")
        before = PARTS.get(comparison, ("",)) if len(levels) > 1 else ("",)
        said = escape(", ".join(word + one for word, one in zip(before, levels, strict=True)))
        parts += [
            f'<text x="8" y="{y + 15}"><tspan font-weight="bold">{WORDS[comparison]}</tspan> {said}</text>',
            f'<rect x="{start}" y="{y + 2}" width="{max(end - start, 1):.1f}" height="{ROW - 9}" fill="{colour}"/>',
            f'<text x="{end + 4}" y="{y + 15}" fill="{colour}">{bits:+.1f}</text>',
            f'<text x="{WIDE - 8}" y="{y + 15}" text-anchor="end">{probability:.3f}</text>',
        ]
    words = "Each +1 doubles the odds that both are one matter, each -1 halves them."
    parts += [f'<text x="8" y="{high - 9}" fill="#444444">{words}</text>', "</svg>"]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write the picture to the path given."""
    steps = evidence()
    Path(sys.argv[1]).write_text(drawing(steps), encoding="utf-8", newline="\n")
    for comparison, level, bits, total, probability in steps:
        print(f"{comparison:14} {level:22} {bits:+7.2f} {total:+7.2f} {probability:.4f}")


if __name__ == "__main__":
    main()
