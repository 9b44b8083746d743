"""What Great Expectations imports and no gate needs is loaded when somebody uses it, and not before."""

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
