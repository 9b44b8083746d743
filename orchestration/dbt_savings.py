"""What dbt does at every call and nobody here reads, left undone.

Belongs here: the places where dbt is told so, each with what it saves. Does not belong here: calling dbt (dbt.py), what
parsing came to (parsed.py). None of them touches what dbt builds, nor what it says of a node that failed.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

SCHEMAS: dict[str, dict[str, Any]] = {}
"""The JSON schemas that dbt holds settings against, by class: they follow from its code alone. Kept by parsed.py."""

COMPILED: dict[str, str] = {}
"""The SQL of models, by unique id, as the project at hand was compiled before. Kept by parsed.py."""

_asked: list[bool] = []


def before_import() -> None:
    """Let the classes in which dbt records its calls, for a replay, write their code for it when they first do.

    Called before dbt is imported: dbt asks mashumaro, which makes that code, for the same of its other classes, and a
    refresh records nothing. 0.15 cpu-seconds.
    """
    from mashumaro.config import BaseConfig

    BaseConfig.lazy_compilation = True


@contextlib.contextmanager
def at_hand() -> Iterator[None]:
    """While dbt works on the project at hand; whoever calls dbt otherwise in this process has another one."""
    ask()
    _asked.append(True)
    try:
        yield
    finally:
        _asked.pop()


def ask() -> None:
    """Ask dbt to leave these things undone; again before each call, as each call makes some of them anew."""
    from dbt.compilation import Linker
    from dbt.plugins.manager import PluginManager
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.events import event_manager_client

    event_manager_client.ctx_set_event_manager(_no_events())
    _leave_messages_unbuilt()
    # In an event that nobody hears dbt names the module which made each behaviour flag, and reads the source of every
    # caller for it, at each start: 0.2 cpu-seconds a refresh.
    BehaviorFlagRendered._default_source = staticmethod(lambda: "")
    _build_no_schema_twice()
    _compile_no_model_twice()
    # graph_summary.json, for whoever looks for what makes dbt slow: every node as a dict, twice. 0.15.
    Linker.get_graph_summary = lambda *_: {}
    # Plugins of dbt are looked for in every folder of the path; what was found the first time is there still. 0.02.
    if not hasattr(PluginManager.get_prefixed_modules, "cache_info"):
        PluginManager.get_prefixed_modules = staticmethod(functools.cache(PluginManager.get_prefixed_modules))


def _build_no_schema_twice() -> None:
    """Take the JSON schema of a class from SCHEMAS; what is validated, and how, stays as it is.

    dbt builds those of the project and the profile out of annotations in each process: 0.26 cpu-seconds.
    """
    from dbt_common.dataclass_schema import dbtClassMixin

    build = dbtClassMixin.json_schema.__func__
    if build.__module__ == __name__:
        return

    def schema(cls: type) -> dict[str, Any]:
        name = f"{cls.__module__}.{cls.__qualname__}"
        if name not in SCHEMAS:
            SCHEMAS[name] = build(cls)
        return SCHEMAS[name]

    dbtClassMixin.json_schema = classmethod(schema)


def _compile_no_model_twice() -> None:
    """Take a model's SQL from COMPILED: rendering it takes dbt a third of what it adds to the SQL, 0.45 cpu-seconds."""
    from dbt.compilation import Compiler

    compile_node = Compiler.compile_node
    if compile_node.__module__ == __name__:
        return

    def compiled(self: Any, node: Any, *args: Any, **kwargs: Any) -> Any:
        sql = COMPILED.get(node.unique_id) if _asked else None
        if sql is None:
            return compile_node(self, node, *args, **kwargs)
        node.compiled_code, node.compiled, node.extra_ctes_injected = sql, True, True
        return node

    Compiler.compile_node = compiled


def _no_events() -> Any:
    """An event manager of dbt that tells nobody anything.

    dbt builds a message for each of some two thousand events of a refresh, and only then asks whether anybody listens:
    as many seconds as a third of the SQL. An event that is never built cannot carry a value of the data either.
    """
    from dbt_common.events.event_manager import EventManager

    class NoEvents(EventManager):
        def fire_event(self, *_: Any, **__: Any) -> None:
            """Nobody listens."""

    return NoEvents()


def _leave_messages_unbuilt() -> None:
    """Let an event of dbt keep what it was given, and build its message when somebody reads it.

    Each builds a protobuf message when it is made, before anybody is asked to hear it.
    """
    from dbt_common.events.base_types import BaseEvent

    build = BaseEvent.__init__
    if build.__module__ == __name__:
        return

    def keep(self: Any, *args: Any, **kwargs: Any) -> None:
        self.__dict__["given"] = (args, kwargs)

    def read(self: Any, name: str) -> Any:
        if name != "pb_msg":
            return getattr(self.pb_msg, name)
        args, kwargs = self.__dict__["given"]
        build(self, *args, **kwargs)
        return self.__dict__["pb_msg"]

    def write(self: Any, name: str, value: Any) -> None:
        if name == "pb_msg":
            self.__dict__[name] = value
        else:
            setattr(self.pb_msg, name, value)

    BaseEvent.__init__, BaseEvent.__getattr__, BaseEvent.__setattr__ = keep, read, write
