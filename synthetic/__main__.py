"""`python -m synthetic --authority kent --into LANDING --seed 1`: made-up extracts without the orchestration
around them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from synthetic import AUTHORITIES, YEARS, synthesise


def main() -> None:
    """Read the arguments, write the drops, name the folders written."""
    parser = argparse.ArgumentParser(prog="python -m synthetic", description=__doc__)
    parser.add_argument("--authority", choices=AUTHORITIES, required=True)
    parser.add_argument("--into", type=Path, required=True, help="the landing folder")
    parser.add_argument("--year", choices=YEARS, action="append", help="a financial year; both when left out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nights", type=int, default=1)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument(
        "--noise", type=float, default=0.5, help="0 to 1: how differently settings are written"
    )
    told = parser.parse_args()
    made = synthesise(
        told.authority,
        told.into,
        told.seed,
        tuple(told.year or YEARS),
        told.nights,
        told.scale,
        noise=told.noise,
    )
    sys.stdout.write("".join(f"{folder}\n" for folder in made.drops))


if __name__ == "__main__":
    main()
