"""Parameters check themselves, explain themselves, and survive a round through text."""

import json
from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scint_core.contract import Params, Tree, param
from scint_core.errors import ParameterError

WORDS = {"help": "What it does.", "source": "the talk"}


@dataclass(frozen=True)
class Example(Params):
    presets: ClassVar = {"talk": {"k": 7}}

    k: int = param(20, low=1, larger="more", risk="none", unit="cells", **WORDS)
    sigma: float = param(1.0, low=0, open_low=True, **WORDS)
    share: float | None = param(None, low=0, high=1, open_high=True, none_means="all", **WORDS)
    adjust: bool = param(True, **WORDS)
    space: str = param("cca", choices=("cca", "pca"), **WORDS)
    reference: str | None = param(None, **WORDS)
    keep: tuple[str, ...] = param((), **WORDS)
    order: Tree | None = param(None, **WORDS)

    def validate(self):
        if self.k > 50 and self.sigma > 5:
            raise ParameterError("parameter 'k' is above 50 while 'sigma' is above 5: lower one of them")


def test_defaults_and_kinds():
    kinds = {spec.name: (spec.kind, spec.optional) for spec in Example.specs()}
    assert kinds == {
        "k": ("integer", False), "sigma": ("real", False), "share": ("real", True), "adjust": ("flag", False),
        "space": ("choice", False), "reference": ("text", True), "keep": ("names", False), "order": ("order", True),
    }  # fmt: skip
    assert Example() == Example.create()
    assert Example.create({"k": 3}).changed() == {"k": 3}


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ({"k": np.int64(5)}, 5), ({"k": 5.0}, 5), ({"sigma": 2}, 2.0), ({"sigma": np.float32(0.5)}, 0.5),
        ({"share": None}, None), ({"share": 0}, 0.0), ({"adjust": np.bool_(False)}, False), ({"space": "pca"}, "pca"),
        ({"keep": ["sex", "age"]}, ("sex", "age")), ({"keep": "sex"}, ("sex",)),
        ({"order": [["A", "B"], "C"]}, (("A", "B"), "C")), ({"order": [1, 0]}, ("1", "0")),
    ],
)  # fmt: skip
def test_good_values_become_plain_ones(given_, kept):
    (name,) = given_
    value = getattr(Example.create(given_), name)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"k": 0}, "parameter 'k' is 0: it must be a whole number at least 1"),
        ({"k": -3}, "parameter 'k' is -3"),
        ({"k": 2.5}, "parameter 'k' is 2.5: it must be a whole number"),
        ({"k": "20"}, "parameter 'k' is '20'"),
        ({"k": True}, "parameter 'k' is True"),
        ({"k": None}, "parameter 'k' is None"),
        ({"k": float("nan")}, "parameter 'k' is nan"),
        ({"sigma": 0}, "parameter 'sigma' is 0: it must be a number above 0"),
        ({"sigma": float("inf")}, "parameter 'sigma' is inf"),
        ({"share": 1}, "parameter 'share' is 1: it must be a number at least 0 and below 1, or None (all)"),
        ({"adjust": 1}, "parameter 'adjust' is 1: it must be True or False"),
        ({"space": "tsne"}, "parameter 'space' is 'tsne': it must be one of 'cca', 'pca'"),
        ({"reference": ""}, "parameter 'reference' is ''"),
        ({"keep": ["a", "a"]}, "without repeats"),
        ({"keep": [1]}, "parameter 'keep' is [1]"),
        ({"order": "A"}, "parameter 'order' is 'A'"),
        ({"order": [[], "A"]}, "parameter 'order'"),
        ({"k": 60, "sigma": 6}, "'k' is above 50 while 'sigma' is above 5"),
    ],
)
def test_bad_values_are_refused_with_name_value_and_way_out(given_, sentence):
    with pytest.raises(ParameterError) as refused:
        Example.create(given_)
    assert sentence in str(refused.value)


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(ParameterError, match=r"'sigm' does not exist: did you mean 'sigma'\? This method has k, sigma"):
        Example.create({"sigm": 1})


def test_presets_change_only_what_they_name():
    assert Example.create(preset="talk").changed() == {"k": 7}
    assert Example.create({"k": 9}, preset="talk").k == 9
    with pytest.raises(ParameterError, match="preset 'paper' does not exist: choose one of talk"):
        Example.create(preset="paper")


def test_values_cannot_be_changed_afterwards():
    with pytest.raises(FrozenInstanceError):
        Example().k = 3


def test_to_dict_is_plain_and_creates_the_same():
    params = Example.create({"order": [["A", "B"], "C"], "keep": ["x"], "share": 0.25})
    plain = params.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert Example.create(plain) == params


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"k": "30"}, 30), ({"sigma": "1e-1"}, 0.1), ({"share": "none"}, None), ({"adjust": "false"}, False),
        ({"adjust": "yes"}, True), ({"keep": "sex, age"}, ("sex", "age")), ({"order": "A,B"}, ("A", "B")),
        ({"order": '[["A","B"],"C"]'}, (("A", "B"), "C")), ({"space": "pca"}, "pca"), ({"reference": "12"}, "12"),
    ],
)  # fmt: skip
def test_text_from_a_command_line_is_understood(text, value):
    (name,) = text
    assert getattr(Example.create(Example.parse(text)), name) == value


@pytest.mark.parametrize("text", [{"k": "many"}, {"adjust": "perhaps"}, {"unknown": "1"}])
def test_text_that_is_no_value_is_refused_by_name(text):
    with pytest.raises(ParameterError, match=next(iter(text))):
        Example.create(Example.parse(text))


@given(st.integers(1, 10**6))
def test_numbers_come_back_from_text(k):
    assert Example.create(Example.parse({"k": str(k)})).k == k


def test_the_help_says_what_why_and_where_from():
    text = next(spec for spec in Example.specs() if spec.name == "k").text
    assert text == "What it does. Larger: more Risk: none Unit: cells. Default from the talk."
