"""Random small authorities for the attack on what is published: records in the marts, two nights of them.

Belongs here: making records up and correcting them overnight. Does not belong here: realistic authorities
(synthetic/), hiding and attacking (disclosure.py). Nobody in here is a person: there are no names, only codes.

Small on purpose: many counts of 1 to 4, sectors that hardly occur, years without a case of a kind.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import duckdb

from tests.measures.conftest import COUNTING, run, warehouse

FEEDS = (
    "contacts referrals allegations outcomes actions officers feedback escalations meetings children requests"
)
STOPPING = tuple(feed for feed in FEEDS.split() if feed != "officers")
CATEGORIES = ("physical", "sexual", "neglect", "emotional", "conduct")
OUTCOMES = ("substantiated", "unsubstantiated", "unfounded", "false", "malicious")
ACTIONS = (
    "no_further_action",
    "dismissal",
    "warning",
    "dbs_referral",
    "criminal_prosecution",
    "training_or_development",
)
BANDS = ((31, "under_1_month"), (92, "1_to_3_months"), (365, "3_to_12_months"), (10**6, "over_12_months"))
AUTHORITY = "smallshire"
CODE_LISTS = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds" / "code_lists.csv"


class World:
    """One authority: records as dicts by table, the profile's rule, and the days of two extracts."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.first = dt.date(2018, self.draw.choice((1, 4, 4, 9)), 1)
        self.as_at = self.first + dt.timedelta(days=self.draw.randint(380, 760))
        self.hide_up_to = self.draw.choice((4, 4, 4, 5, 7, 2))
        self.size = self.draw.choice((12, 30, 60, 120, 250))
        self.skew = self.draw.uniform(0.3, 1.6)
        lines = [line.split(",") for line in CODE_LISTS.read_text(encoding="utf-8").splitlines()]
        self.sectors = [line[1] for line in lines if line[0] == "sector"]
        self.draw.shuffle(self.sectors)
        self.sectors = [*self.sectors[: self.draw.randint(5, len(self.sectors))], "unknown"]
        self.tables: dict[str, list[dict]] = {
            "fct_referrals": [], "fct_allegations": [], "fct_actions": [], "fct_contacts": [], "fct_feedback": [],
            "fct_escalations": [], "fct_meetings": [], "fct_children": [], "fct_requests": [],
        }  # fmt: skip
        # In a third of the worlds two feeds stopped before the first night, and their figures end there on both.
        aside = random.Random(seed)
        self.stopped = {
            feed: self.as_at - dt.timedelta(days=aside.randint(1, 90))
            for feed in (aside.sample(STOPPING, 2) if seed % 3 == 0 else [])
        }
        for number in range(self.size):
            self._matter(f"{number}", self.first + dt.timedelta(days=self.draw.randrange(self._days())))

    def _days(self) -> int:
        return (self.as_at - self.first).days + 1

    def _one(self, members: tuple | list) -> str:
        """A member; the first ones far more often than the last."""
        return self.draw.choices(members, [1 / (n + 1) ** self.skew for n in range(len(members))])[0]

    def _later(self, day: dt.date, longest: int, often: float) -> dt.date | None:
        later = day + dt.timedelta(days=int(longest * self.draw.random() ** 2))
        return later if self.draw.random() < often and later <= self.as_at else None

    def _matter(self, key: str, day: dt.date) -> None:
        """A contact, mostly a referral of it, allegations, outcomes, and what happens around them."""
        draw = self.draw
        case = {
            "authority": AUTHORITY, "sector_key": f"{AUTHORITY}:{self._one(self.sectors)}",
            "area_key": self._one((f"{AUTHORITY}:east", "unknown")),
            "staff_role_key": self._one(("teacher", "carer", "coach")),
            "concern_category_key": self._one(CATEGORIES), "referrer_agency": self._one(("school", "police", "health")),
        }  # fmt: skip
        asked = draw.random() < 0.4
        self.tables["fct_contacts"].append(
            case | {
                "contact_key": f"c{key}", "received_on": day, "channel": self._one(("email", "telephone")),
                "threshold_met": draw.random() < 0.3, "referral_requested": asked,
                "has_case_on_system": draw.random() < 0.8,
                "match_probability": draw.choice((0.0, 0.1, 0.6, 1.0)), "closed_on": self._later(day, 60, 0.9),
                "oversight_on": self._later(day, 30, 0.8),
            }
        )  # fmt: skip
        if draw.random() < 0.2:
            self.tables["fct_requests"].append(
                {"authority": AUTHORITY, "received_on": day, "request_type": self._one(("sar", "foi"))}
            )
        if draw.random() < 0.6:
            self._referral(key, day, case)

    def _referral(self, key: str, day: dt.date, case: dict) -> None:
        draw = self.draw
        closed = self._later(day, 500, 0.8)
        band = (
            next(name for days, name in BANDS if closed and (closed - day).days <= days) if closed else None
        )
        pathway = self._one(("allegation", "consultation", "advice_only"))
        aware = draw.choice((None, 0, 1, 2, 9))
        self.tables["fct_referrals"].append(
            case | {
                "referral_key": f"r{key}", "received_on": day, "pathway": pathway, "closed_on": closed,
                "is_closed": closed is not None, "closed_band": band, "source_team": self._one(("front_door", "other")),
                "is_closed_within_1_month": band == "under_1_month",
                "is_closed_within_3_months": band in ("under_1_month", "1_to_3_months"),
                "is_closed_within_12_months": band is not None and band != "over_12_months",
                "police_involved": draw.choice((None, True, False)), "is_harmed_child": draw.random() < 0.5,
                "is_criminal_offence": draw.random() < 0.2, "is_risk_of_harm": draw.random() < 0.3,
                "is_unsuitable": False, "has_unmapped_criterion": False, "officer_key": draw.choice(("O1", "O2")),
                "employer_aware_to_received_working_days": aware, "contact_probability": draw.choice((0.0, 0.3, 1.0)),
                "employer_aware_on": day if aware is not None else None,
            }
        )  # fmt: skip
        around = {"authority": AUTHORITY, "referral_key": f"r{key}"}
        if draw.random() < 0.1:
            self.tables["fct_escalations"].append(
                around | {"raised_on": day, "raised_with": self._one(("police", "employer"))}
            )
        if draw.random() < 0.15:
            self.tables["fct_feedback"].append(around | {"returned_on": day, "rating": draw.randint(1, 5)})
        if draw.random() < 0.2:
            self.tables["fct_children"].append(
                around | {name: draw.choice(("yes", "no", "unknown"))
                          for name in ("in_care", "send", "child_in_need", "child_protection", "early_help")}
            )  # fmt: skip
        if draw.random() < 0.3:
            self.tables["fct_meetings"].append(
                around | {"held_on": day, "meeting_type": self._one(("strategy", "review")),
                          "held_to_actions_issued_working_days": draw.choice((None, 0, 1, 3)),
                          "held_to_notes_issued_working_days": draw.choice((None, 5, 19, 30))}
            )  # fmt: skip
        if pathway == "allegation":
            for part in range(draw.choice((1, 1, 1, 2))):
                self._allegation(f"{key}.{part}", day, case | around)

    def _allegation(self, key: str, day: dt.date, case: dict) -> None:
        draw = self.draw
        done = self._later(day, 300, 0.85)
        outcome = self._one(OUTCOMES) if done else "not_concluded"
        actions = {self._one(ACTIONS) for _ in range(draw.randint(0, 3))} if done else set()
        self.tables["fct_allegations"].append(
            case | {
                "allegation_key": f"a{key}", "received_on": day, "outcome_key": outcome, "outcome_on": done,
                "is_concluded": done is not None, "recorded_as": "allegation", "source_team": "front_door",
                "has_dbs_referral": "dbs_referral" in actions, "has_prosecution": "criminal_prosecution" in actions,
                "is_removal_after_substantiated": outcome == "substantiated" and "dismissal" in actions,
            }
        )  # fmt: skip
        for action in sorted(actions):
            self.tables["fct_actions"].append(
                {"allegation_action_key": f"{key}{action}", "allegation_key": f"a{key}", "authority": AUTHORITY,
                 "action_key": action}
            )  # fmt: skip

    def next_night(self) -> None:
        """A day or a month later: new matters, late additions to closed years, a correction, a record gone."""
        draw = self.draw
        before, self.as_at = self.as_at, self.as_at + dt.timedelta(days=draw.choice((1, 1, 1, 7, 30)))
        for number in range(draw.randint(0, 6)):
            day = (
                self.as_at
                if draw.random() < 0.6
                else self.first + dt.timedelta(days=draw.randrange(self._days()))
            )
            self._matter(f"n{before}{number}", day)
        for name in ("fct_contacts", "fct_referrals"):
            for row in draw.sample(self.tables[name], min(len(self.tables[name]), draw.randint(0, 2))):
                row["sector_key"] = f"{AUTHORITY}:{self._one(self.sectors)}"
        if draw.random() < 0.3:
            self.tables["fct_contacts"].pop(draw.randrange(len(self.tables["fct_contacts"])))

    def count(self) -> duckdb.DuckDBPyConnection:
        """A warehouse with these records and every measure of them counted by the project's own SQL."""
        con = warehouse()
        con.execute(
            "insert into marts.dim_authorities by name select ? as authority, 'Smallshire' as authority_name, "
            "?::date as as_at, ?::date as referrals_told_to, ?::date as outcomes_told_to, 10 as grace_working_days, "
            "? as disclosure_hide_up_to, 'night' as refresh_id",
            [
                AUTHORITY,
                self.as_at,
                self.stopped.get("referrals", self.as_at),
                min(
                    self.stopped.get(feed, self.as_at)
                    for feed in ("referrals", "allegations", "outcomes", "actions")
                ),
                self.hide_up_to,
            ],
        )
        con.execute(
            f"""
            insert into marts.dim_sectors by name
            select
                '{AUTHORITY}:' || member as sector_key, '{AUTHORITY}' as authority, member as sector_code,
                label as sector_name, parent as sector_group_code, parent as sector_group_name, label as sector_line
            from reference.code_lists where list_name = 'sector'
            union all
            select '{AUTHORITY}:unknown', '{AUTHORITY}', 'unknown', 'Not recorded', 'unknown', 'Not recorded', 'Other';
            insert into marts.dim_areas by name
            select '{AUTHORITY}:east' as area_key, '{AUTHORITY}' as authority, 'east' as area_code, 'East' as area_name;
            insert into marts.dim_dates by name
            select day::date as date_on, sum((isodow(day) < 6)::int) over (order by day) as working_day_number
            from (select unnest(generate_series(date '2017-01-01', date '2022-12-31', interval 1 day)) as day);
            insert into marts.dim_officers by name
            select
                unnest(['O1', 'O2']) as officer_key, unnest(['1', '2']) as officer_id,
                unnest(['lado', 'manager']) as officer_role, 0.8 as fte, date '2017-01-01' as started_on,
                '{AUTHORITY}' as authority;
            """
        )
        for feed in FEEDS.split():
            con.execute("insert into raw.feeds values (?, ?, true, null, ?)", [AUTHORITY, feed, self.first])
            con.execute(
                "insert into staging.stg_feed_days values (?, ?, ?)",
                [AUTHORITY, feed, self.stopped.get(feed, self.as_at)],
            )
        for name, rows in self.tables.items():
            _insert(con, f"marts.{name}", rows)
        for side in ("contact", "referral"):
            con.execute(
                f"insert into matching.int_{side}_matches "
                f"select {side}_key, 0, [0, 0, 0, 0, 0, 0] from marts.fct_{side}s"
            )
        run(con, COUNTING)
        return con


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict]) -> None:
    if not rows:
        return
    names = list(rows[0])
    columns = {name: [row[name] for row in rows] for name in names}
    picks = ", ".join(f"unnest(${name}) as {name}" for name in names)
    con.execute(f"insert into {table} by name select {picks}", columns)
