"""Columns as groups of cells."""

import numpy as np
import pandas as pd
import pytest

from scint_core.errors import DataError
from scint_core.metrics.groups import Groups, without_value


def test_groups_stand_in_the_order_of_their_values_whatever_the_categories():
    column = pd.Categorical(["z", "a", "z"], categories=["z", "unused", "a"])
    groups = Groups.of(column, "label")
    assert groups.names == ("a", "z")
    assert groups.codes.tolist() == [1, 0, 1]
    assert Groups.of([10, 2, 10], "label").names == ("2", "10")
    assert Groups.of(["b", 1, "b"], "label").names == ("1", "b")


def test_what_counts_as_missing():
    assert without_value(pd.Series(["a", None, np.nan])).tolist() == [False, True, True]
    assert without_value(pd.Series([0, -1, 3])).tolist() == [False, True, False]
    assert without_value(pd.Series([0, -1, None], dtype="Int64")).tolist() == [False, True, True]
    assert without_value(pd.Series(np.array([0, 200], dtype=np.uint8))).tolist() == [False, False]
    with pytest.raises(DataError, match=r"the batch is missing \(NaN\) for 1 cells"):
        Groups.of([0, -1, 2], "batch")


def test_members_means_and_parts():
    groups = Groups.of(["x", "y", "x", "y", "y"], "label")
    assert {name: cells.tolist() for name, cells in groups.members().items()} == {"x": [0, 2], "y": [1, 3, 4]}
    assert groups.means(np.array([1.0, 2, 3, 4, 6])) == {"x": 2, "y": 4}
    known = groups.known_means(np.array([np.nan, 2, np.nan, 4, np.nan]))
    assert known["y"] == 3
    assert np.isnan(known["x"])
    part = groups.of_cells(np.array([1, 3]))
    assert part.names == ("y",)
    assert part.codes.tolist() == [0, 0]


def test_neighbours_are_counted_by_group_or_weighed():
    groups = Groups.of(["a", "b", "b", "c"], "batch")
    near = np.array([[0, 1, 2], [3, 3, 1]])
    np.testing.assert_array_equal(groups.among(near), [[1, 2, 0], [0, 1, 2]])
    weights = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3]])
    np.testing.assert_allclose(groups.among(near, weights), [[0.5, 0.5, 0], [0, 0.3, 0.7]])
