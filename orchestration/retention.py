"""Records that are due for a retention review: a list, by the rules of the seed retention_rules.

Belongs here: which closed records are due on a day, and which of them are on hold. Does not belong here: the rules
(dbt_project/seeds/retention_rules.csv), removing anything: a person decides, and `lado subject erase` does it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb

from orchestration import audit_log, resources, subject_register
from orchestration.resources import Home

COLUMNS = (
    "authority", "record_type", "source_system", "record_id", "closed_on", "outcome", "rule", "review_on",
    "is_on_hold", "source",
)  # fmt: skip

_REVIEWS = """
with births as (
    -- The latest of several recorded days: a review too late mends itself, one too early does not.
    select k.authority, k.person_key, max(try_cast(s.date_of_birth as date)) as born_on
    from raw.person_keys as k
    inner join raw.subjects as s on s._authority = k.authority and s.subject_id = k.person_id
    where k.kind = 'subject'
    group by all
),
records as (
    select 'referral' as record_type, r.authority, r.source_system, r.referral_id as record_id, r.closed_on,
        coalesce(a.outcome_key, 'none') as outcome, b.born_on, r.subject_key
    from marts.fct_referrals as r
    left join marts.fct_allegations as a on a.referral_key = r.referral_key
    left join births as b on b.authority = r.authority and b.person_key = r.subject_key
    where r.is_closed
    union all by name
    select 'contact' as record_type, c.authority, c.source_system, c.contact_id as record_id,
        coalesce(c.closed_on, c.received_on) as closed_on, 'none' as outcome,
        case when c.closed_on is null then 'received_on, the day of closing is not recorded' end as instead_from
    from marts.fct_contacts as c
    where c.referral_id is null and c.case_ref is null
),
ruled as (
    select records.*, rules.source, rules.years || ' years after '
            || coalesce(if(rules.counted_from = 'closed_on', instead_from, null), rules.counted_from) as rule,
        case rules.counted_from when 'born_on' then born_on else closed_on end + to_years(rules.years) as review_on
    from records
    inner join reference.retention_rules as rules using (record_type, outcome)
)
-- Of several outcomes the rule that comes last; a birth that is not recorded comes after every day.
select distinct on (record_type, authority, source_system, record_id)
    authority, record_type, source_system, record_id, closed_on, outcome, rule, review_on::date as review_on,
    subject_key, source
from ruled
order by record_type, authority, source_system, record_id, review_on desc nulls first, outcome
"""


def review(home: Home, on: dt.date, authority: str | None = None) -> dict[str, Any]:
    """What is due on a day: `due` (rows of COLUMNS, soonest first), `without_birth` (closed records whose rule counts
    from a birth that is not recorded), `later` (closed records that are not due yet). One entry in the audit log.

    Raises NotReady before the first refresh.
    """
    register = subject_register.open_register(home, resources.subject_secret(home))
    with resources.reading(home) as con:
        answer = con.execute(
            f"select * from ({_REVIEWS}) where authority = coalesce(?, authority)", [authority]
        )
        names = [column[0] for column in answer.description]
        found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        on_hold = _keys_on_hold(con, register)
    for one in found:
        one["is_on_hold"] = (one["authority"], one.pop("subject_key")) in on_hold
    due = [one for one in found if one["review_on"] is not None and one["review_on"] <= on]
    due.sort(key=lambda one: (one["review_on"], one["authority"], one["record_type"], one["record_id"]))
    told = {"due": due, "without_birth": sum(one["review_on"] is None for one in found)}
    told["later"] = len(found) - len(due) - told["without_birth"]
    counts = {**told, "due": len(due), "on_hold": sum(one["is_on_hold"] for one in due)}
    audit_log.append(home, "retention_review", "listed", on=on.isoformat(), counts=counts)
    return told


def _keys_on_hold(
    con: duckdb.DuckDBPyConnection, register: subject_register.Register
) -> set[tuple[str, str]]:
    """Authority and key of the adults that a hold names."""
    if not register.holds:
        return set()
    people = con.execute(
        "select authority, kind, person_id, person_key from raw.person_keys where kind = 'subject'"
    ).fetchall()
    return {
        (authority, key)
        for authority, kind, number, key in people
        if register.hold_on(register.reference(kind, authority, number))
    }
