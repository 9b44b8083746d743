"""What is changed in dbt's events to save seconds changes nothing of what they say."""

from __future__ import annotations

from dbt.adapters.events.types import NewConnection
from dbt_common.events.base_types import BaseEvent

from orchestration import dbt_savings


def test_an_event_of_dbt_says_when_read_what_it_was_given() -> None:
    dbt_savings._leave_messages_unbuilt()
    dbt_savings._leave_messages_unbuilt()  # each call into dbt asks for it again
    event = NewConnection(conn_type="duckdb", conn_name="model.one")
    assert "pb_msg" not in event.__dict__  # nothing is built as long as nobody reads it
    assert event.message() == "Acquiring new duckdb connection 'model.one'"
    assert event.conn_name == "model.one"

    other = NewConnection(conn_type="duckdb")
    other.conn_name = "model.two"
    assert other.to_dict()["conn_name"] == "model.two"
    assert isinstance(other, BaseEvent)
