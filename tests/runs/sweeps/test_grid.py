"""Grids: every combination once, and a sentence for what cannot be run."""

import pytest

from scint_core.errors import MethodError, ParameterError
from scint_core.runs.sweeps import Grid


def test_every_combination_with_every_seed_the_last_parameter_fastest():
    grid = Grid.create("harmony", {"theta": [0, 2], "sigma": [0.1, 0.2]}, seeds=[0, 3])
    assert [(p.place["theta"], p.place["sigma"], p.seed) for p in grid.points] == [
        (0, 0.1, 0), (0, 0.1, 3), (0, 0.2, 0), (0, 0.2, 3), (2, 0.1, 0), (2, 0.1, 3), (2, 0.2, 0), (2, 0.2, 3)
    ]  # fmt: skip
    assert len(grid) == 8


def test_a_point_names_only_what_differs_from_the_defaults():
    points = Grid.create("harmony", {"theta": [2, 4]}, fixed={"sigma": 0.3}).points
    assert [dict(point.params) for point in points] == [{"sigma": 0.3}, {"theta": 4.0, "sigma": 0.3}]


def test_values_that_are_one_to_the_method_are_taken_once():
    assert Grid.create("mnn", {"k": [5, 5.0, 20, 5]}).axes == {"k": (5, 20)}
    assert Grid.create("seurat_v3", {"k_filter": [200, None, 200]}).axes == {"k_filter": (200, None)}


def test_several_methods_are_an_axis():
    grid = Grid.create(["mnn", "fastmnn"], {"k": [10, 20]})
    assert list(grid.axes) == ["method", "k"]
    assert [point.place for point in grid.points][:2] == [{"method": "mnn", "k": 10}, {"method": "mnn", "k": 20}]
    assert [point.place for point in Grid.create(["mnn", "harmony"], {}).points] == [
        {"method": "mnn"}, {"method": "harmony"}
    ]  # fmt: skip


def test_a_grid_survives_json():
    import json

    grid = Grid.create(["mnn", "fastmnn"], {"k": [10, 20]}, seeds=[1, 2], fixed={"auto_merge": True})
    assert Grid.from_plain(json.loads(json.dumps(grid.to_plain()))) == grid


def test_defaults_are_the_methods():
    grid = Grid.create(["mnn", "fastmnn"], {"k": [10]})
    assert (grid.default("k"), grid.default("method")) == (20, None)


@pytest.mark.parametrize(
    ("method", "grid", "more", "sentence"),
    [
        ("mnn", {}, {}, "grid is empty"),
        ([], {"k": [1]}, {}, "method is an empty list"),
        ("mnn", {"k": []}, {}, "parameter 'k' has no values"),
        ("mnn", {"k": 5}, {}, "parameter 'k' is 5 in the grid: give a list"),
        ("mnn", {"k": "5,6"}, {}, "parameter 'k' is '5,6' in the grid"),
        ("mnn", {"k": [5, 0]}, {}, "parameter 'k' is 0: it must be a whole number at least 1"),
        ("mnn", {"kk": [5]}, {}, "parameter 'kk' does not exist"),
        (["mnn", "harmony"], {"k": [5]}, {}, "parameter 'k' does not exist"),
        ("mnn", {"k": [5]}, {"fixed": {"k": 3}}, "'k' is given a value and stands in the grid"),
        ("mnn", {"k": [5]}, {"fixed": {"sigma": -1}}, "parameter 'sigma' is -1"),
        ("mnn", {"auto_merge": [False, True]}, {"fixed": {"merge_order": ["a", "b"]}}, "'auto_merge' is True"),
        ("mnn", {"k": [5]}, {"seeds": []}, "seeds is empty"),
        ("mnn", {"k": [5]}, {"seeds": [-1]}, "seed -1 cannot be used"),
        ("mnn", {"k": [5]}, {"seeds": [1.5]}, "seed 1.5 cannot be used"),
    ],
)
def test_what_cannot_be_run_is_named(method, grid, more, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Grid.create(method, grid, **more)


def test_an_unknown_method_is_named():
    with pytest.raises(MethodError, match="harmny"):
        Grid.create("harmny", {"theta": [1]})


def test_larger_numbers_are_worked_on_first_and_what_is_no_number_last():
    grid = Grid.create("seurat_v3", {"k_filter": [50, None, 200], "k_weight": [20, 100]})
    worked = [tuple(grid.points[i].place.values()) for i in grid.working_order]
    assert worked == [(200, 100), (200, 20), (50, 100), (50, 20), (None, 100), (None, 20)]
    flags = Grid.create("mnn", {"var_adj": [False, True], "k": [5, 20]})
    assert [tuple(flags.points[i].place.values()) for i in flags.working_order] == [
        (False, 20), (False, 5), (True, 20), (True, 5)
    ]  # fmt: skip


def test_seeds_of_one_setting_follow_each_other():
    grid = Grid.create("harmony", {"theta": [1, 2]}, seeds=[0, 1])
    assert [(grid.points[i].place["theta"], grid.points[i].seed) for i in grid.working_order] == [
        (2, 0), (2, 1), (1, 0), (1, 1)
    ]  # fmt: skip
