"""A stage for matching: comparable tables written row by row, or a made-up world with known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest

from benchmarks import matching_stage, matching_worlds

_COMMON = {
    "setting_core": "varchar", "setting_words": "varchar[]", "setting_kind": "varchar", "full_postcode": "varchar",
    "outcode": "varchar", "setting_urn": "varchar", "sector": "varchar", "area": "varchar", "staff_role": "varchar",
    "concern_category": "varchar", "referrer_role": "varchar", "referrer_agency": "varchar",
    "referrer_surname": "varchar",
}  # fmt: skip
_SIDES = {
    "contact": {"is_requested": "boolean", "quoted_referral_id": "varchar"},
    "referral": {"quoted_contact_id": "varchar"},
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


@pytest.fixture
def comparable(con: duckdb.DuckDBPyConnection) -> Callable[[list[dict], list[dict]], None]:
    """Write matching.int_matching_contacts and _referrals from rows that give only what matters; `id` and `day` too."""

    def write(contacts: list[dict], referrals: list[dict]) -> None:
        con.execute("create schema if not exists matching")
        for side, rows in (("contact", contacts), ("referral", referrals)):
            columns = {f"{side}_key": "varchar", "authority": "varchar", f"{side}_id": "varchar",
                       "received_on": "date", "day_number": "bigint", **_SIDES[side], **_COMMON}  # fmt: skip
            spelt = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            con.execute(f"create or replace table matching.int_matching_{side}s ({spelt})")
            for given in rows:
                row = {"is_requested": True, **given} if side == "contact" else dict(given)
                row[f"{side}_id"] = row.pop("id")
                row["authority"] = row.get("authority", "here")
                row[f"{side}_key"] = f"{row['authority']}:s:{row[f'{side}_id']}"
                row["day_number"] = 18000 + row.pop("day")
                if row.get("setting_core"):
                    row["setting_words"] = sorted(set(row["setting_core"].split()))
                if row.get("full_postcode"):
                    row["outcode"] = row["full_postcode"][:-3]
                names = ", ".join(row)
                con.execute(
                    f"insert into matching.int_matching_{side}s ({names}) values ({', '.join('?' * len(row))})",
                    list(row.values()),
                )
            con.execute(f"""update matching.int_matching_{side}s
                set received_on = date '1970-01-01' + day_number::integer""")

    return write


@pytest.fixture
def staged(con: duckdb.DuckDBPyConnection) -> Callable[..., duckdb.DuckDBPyConnection]:
    """A made-up world on the stage, comparable tables built by the project's own SQL."""

    def stage(noise: str = "low", **changes: object) -> duckdb.DuckDBPyConnection:
        matching_stage.stage(con, matching_worlds.world(noise, **changes))
        matching_stage.prepare(con)
        return con

    return stage
