"""What is changed in dbt to save seconds changes nothing of what it says."""

from __future__ import annotations

import subprocess
import sys

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


RECORDS = """
from orchestration import dbt_savings
dbt_savings.before_import()
import dbt.adapters.base.impl
from dbt_common.record import AutoValues
from mashumaro.config import BaseConfig

models = {model.__name__: model for model in AutoValues.__subclasses__()}
assert len(models) > 30
assert all(getattr(model, "Config", BaseConfig).lazy_compilation for model in models.values())
told = {"thread_id": "1", "identifier": "contacts"}
assert models["AdapterQuoteParams"].from_dict(told).to_dict() == told
"""


def test_classes_that_write_their_code_later_read_and_write_the_same() -> None:
    subprocess.run([sys.executable, "-c", RECORDS], check=True)
