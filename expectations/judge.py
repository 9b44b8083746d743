"""Great Expectations' part: judge one row of counts and keep its suite and result.

Belongs here: everything that touches Great Expectations. Does not belong here: counting (gate.py).

Great Expectations on DuckDB through SQLAlchemy is broken (fivetran/great_expectations#11579) and on pandas it wants the
whole data in memory, so it is given only the counts: one column for each check, one row. It is imported here,
inside the function, because the import is the dearest step of a small refresh (more than one cpu-second).
"""

import contextlib
import copy
import gc
import importlib
import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expectations.check import Check

# A check that could not be counted stands in the frame as a number that no tolerance accepts.
NOT_COUNTED = -1.0


def judge(
    counts: list[tuple[Check, float]], suite_name: str, results_dir: Path, meta: dict[str, dict]
) -> dict[str, bool]:
    """Which checks passed, by name, as Great Expectations says.

    `counts` holds for each check the number to hold against its tolerance. The suite and the validation result are
    written to results_dir as <suite_name>.suite.json and <suite_name>.result.json. `meta` is kept with each
    expectation; it may hold counts, never values.
    """
    gx, expectation, data_frame = _imports()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    suite = gx.ExpectationSuite(
        name=suite_name,
        expectations=[
            expectation(
                column=check.name,
                min_value=0,
                max_value=check.tolerance,
                severity="critical" if check.severity == "error" else "warning",
                meta=meta[check.name],
            )
            for check, _ in counts
        ],
    )
    frame = data_frame([{check.name: number for check, number in counts}])
    asset = context.data_sources.add_pandas("counts").add_dataframe_asset("counts")
    batch = asset.add_batch_definition_whole_dataframe("one_row").get_batch(
        batch_parameters={"dataframe": frame}
    )
    result = batch.validate(suite, result_format="BOOLEAN_ONLY")

    results_dir.mkdir(parents=True, exist_ok=True)
    for kind, said in (("suite", suite.to_json_dict()), ("result", result.to_json_dict())):
        path = results_dir / f"{suite_name}.{kind}.json"
        path.write_text(json.dumps(said, indent=1, default=str) + "\n", encoding="utf-8")
    return {one.expectation_config.kwargs["column"]: bool(one.success) for one in result.results}


def _imports():
    # Collecting garbage while thousands of modules load frees nothing and costs a fifth of the import.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with _left_until_used("scipy.stats", "altair"), _fields_copied_flat():
            import great_expectations
            from great_expectations.expectations import ExpectColumnMaxToBeBetween
        from pandas import DataFrame

        # What was imported stays: without this the first collection afterwards walks all of it, 0.2 cpu-seconds.
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
    return great_expectations, ExpectColumnMaxToBeBetween, DataFrame


@contextlib.contextmanager
def _fields_copied_flat() -> Iterator[None]:
    """Classes of pydantic 1 made inside the block take over their bases' fields without a deep copy of each.

    Great Expectations makes three hundred such classes as it is imported, and copying four thousand fields down to
    their last default value was an eighth of that. What making a class changes of a field is copied; what it only
    reads is shared.
    """
    from pydantic.v1 import main

    deep = main.smart_deepcopy

    def copied(value: Any) -> Any:
        if type(value) is dict and all(type(field) is main.ModelField for field in value.values()):
            return {name: _field_copied(field) for name, field in value.items()}
        return deep(value)

    main.smart_deepcopy = copied
    try:
        yield
    finally:
        main.smart_deepcopy = deep


def _field_copied(field: Any) -> Any:
    if field.sub_fields_mapping is not None:  # names the parts among sub_fields, which a flat copy would part
        return copy.deepcopy(field)
    twin = _flat_copy(field)
    twin.field_info = _flat_copy(field.field_info)
    twin.class_validators = dict(field.class_validators)
    twin.sub_fields = field.sub_fields and [_field_copied(part) for part in field.sub_fields]
    twin.key_field = field.key_field and _field_copied(field.key_field)
    return twin


def _flat_copy(thing: Any) -> Any:
    """As copy.copy, which takes the long way through pickling for a class with slots."""
    twin = object.__new__(type(thing))
    for slot in thing.__slots__:
        setattr(twin, slot, getattr(thing, slot))
    return twin


class _Later(types.ModuleType):
    """Stands for a module until somebody asks it for something; then it is imported and asked instead."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import machinery looking at it, not somebody using it
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextlib.contextmanager
def _left_until_used(*names: str) -> Iterator[None]:
    """Imports inside the block do not load these modules; whoever uses one later gets it all the same.

    Great Expectations imports statistics and charts for expectations that no gate here has: a sixth of all seconds
    that a refresh spends on imports.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update((name, _Later(name)) for name in absent)
    try:
        yield
    finally:
        for name in absent:
            if isinstance(sys.modules.get(name), _Later):
                del sys.modules[name]
