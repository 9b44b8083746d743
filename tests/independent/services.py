"""Measures of what happens around a case: meetings, children, requests, feedback, escalations, training.

Belongs here: what each of them counts, over which base. Does not belong here: cases themselves
(recompute.py).
"""

from __future__ import annotations

from .tally import grid, percent, shape, singles


def add(made) -> None:
    """Append the rows of the services' measures."""
    items = made.facts.items
    referrals = ("referrals", items["referrals"])
    meetings, kind = items["meetings"], singles("meeting_type")
    feeds = ("referrals", "meetings")
    made.count("meetings", None, meetings, kind, ("meetings",))
    for name, measure in (
        ("actions", "meeting_actions_within_1_working_day"),
        ("notes", "meeting_notes_within_20_working_days"),
    ):
        recorded = meetings.where(meetings.frame[f"has_{name}"])
        in_time = recorded.where(recorded.frame[f"{name}_in_time"])
        made.count(measure, None, in_time, kind, ("meetings",), (f"meetings_with_{name}_issued", recorded))
    flags = ("in_care", "send", "child_in_need", "child_protection", "early_help")
    made.count(
        "children",
        "received",
        items["children"],
        singles(*flags),
        ("referrals", "children"),
        referrals,
        own=flags,
    )
    made.count("requests", None, items["requests"], singles("request_type"), ("requests",))
    feedback, feeds = items["feedback"], ("referrals", "feedback")
    made.count("feedback_returned", None, feedback, [], feeds, referrals)
    if made.available(*feeds):
        rated = feedback.where(feedback.frame["rating"].notna()).until(made.told_to(*feeds))
        periods = made.periods("feedback_rating", *feeds)
        frame = grid(periods, {})
        frame["numerator"] = rated.tally(periods, {}, "rating")
        frame["denominator"] = rated.tally(periods, {})
        frame["value"] = percent(frame["numerator"], frame["denominator"]) / 100
        frame["base"] = "feedback_returned_with_rating"
        made.rows.append(shape(frame, (), "feedback_rating", None, "rating"))
    made.count(
        "escalations", None, items["escalations"], singles("raised_with"), ("referrals", "escalations"),
        referrals, own=("raised_with",),
    )  # fmt: skip
    made.count(
        "setting_concerns",
        None,
        items["setting_concerns"],
        singles("concern_type", "sector_group"),
        ("setting_concerns",),
    )
    made.count("training_sessions", None, items["training"], singles("sector"), ("training",))
