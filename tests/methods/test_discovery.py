"""The list of methods, and what every one declares."""

import pytest

from scint_core.contract import Method, Params
from scint_core.methods.discovery import all_methods


def test_methods_stand_in_the_order_of_the_talk():
    names = list(all_methods())
    assert names[:2] == ["unintegrated", "mnn"]
    assert names.index("mnn") < names.index("harmony")
    positions = [method.position for method in all_methods().values()]
    assert positions == sorted(set(positions))


def test_the_list_handed_out_can_be_changed_without_harm():
    all_methods().clear()
    assert all_methods()


@pytest.mark.parametrize("method", all_methods().values(), ids=lambda method: method.name)
def test_a_method_explains_itself(method):
    assert isinstance(method, Method)
    assert issubclass(method.Params, Params)
    assert method.summary
    assert method.citation or method.name == "unintegrated"
    for spec in method.Params.specs():
        assert spec.help, spec.name
        assert spec.source, spec.name
        assert spec.larger or spec.risk or spec.kind in ("flag", "choice", "order"), spec.name
    for preset in method.Params.presets:
        method.Params.create(preset=preset)
