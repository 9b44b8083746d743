"""Great Expectations is imported with savings that change nothing of it."""

import re
import subprocess
import sys
import types

from expectations import judge


def test_a_module_left_until_used_is_loaded_at_its_first_use():
    sys.modules.pop("colorsys", None)
    with judge._left_until_used("colorsys"):
        import colorsys

        assert not hasattr(sys.modules["colorsys"], "__file__"), "nothing was loaded in the block"
    assert "colorsys" not in sys.modules, "whoever imports it afterwards gets the real one"

    assert colorsys.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    assert type(sys.modules["colorsys"]) is types.ModuleType


def test_a_module_that_is_loaded_already_is_left_alone():
    import json

    with judge._left_until_used("json"):
        assert sys.modules["json"] is json
    assert sys.modules["json"] is json


EVERY_FIELD = """
import contextlib, sys
from expectations import judge
if sys.argv[1] == "deep":
    judge._fields_copied_flat = contextlib.nullcontext
judge._imports()
from pydantic.v1 import BaseModel

def told(field):
    parts = [told(part) for part in field.sub_fields or []]
    functions = sorted(field.class_validators), [len(field.validators), len(field.pre_validators or [])]
    return repr(field), repr(field.field_info), functions, field.model_config.__qualname__, parts

def below(model):
    for one in model.__subclasses__():
        yield one
        yield from below(one)

models = {f"{one.__module__}.{one.__qualname__}": one for one in below(BaseModel)}
for name in sorted(models):
    for field in models[name].__fields__.values():
        print(name, *told(field))
"""


def test_classes_whose_fields_were_copied_flat_are_those_of_deep_copies():
    """Each field of each class that Great Expectations makes, as pydantic makes it and with the saving."""
    deep, flat = (
        subprocess.run(
            [sys.executable, "-c", EVERY_FIELD, how], capture_output=True, text=True, check=True
        ).stdout
        for how in ("deep", "flat")
    )
    without_addresses = [re.sub(r" at 0x[0-9a-f]+", "", text).splitlines() for text in (deep, flat)]
    assert len(without_addresses[0]) > 2000
    assert without_addresses[0] == without_addresses[1]


def test_what_a_class_changes_of_a_field_it_took_over_stays_its_own():
    from pydantic.v1 import BaseModel, validator

    def doubled(value):
        return value * 2

    with judge._fields_copied_flat():

        class Base(BaseModel):
            number: int = 1
            either: int | str = 1
            named: dict[int, int] = {}

        class Derived(Base, fields={"number": {"exclude": True}}):
            _doubled = validator("number", "either", allow_reuse=True)(doubled)

    assert Derived(number=2, either=3).dict() == {"either": 6, "named": {}}
    assert Derived(number=2).number == 4
    assert Base(number=2, either=3).dict() == {"number": 2, "either": 3, "named": {}}
    assert Base.__fields__["number"].field_info.exclude is None
    assert Base.__fields__["number"].class_validators == {}
    # Forward references that only the derived class can resolve are put into the parts of a field.
    for name in ("either", "named"):
        before, after = Base.__fields__[name], Derived.__fields__[name]
        assert not {id(part) for part in before.sub_fields or []} & {
            id(part) for part in after.sub_fields or []
        }
        assert before.key_field is None or before.key_field is not after.key_field
