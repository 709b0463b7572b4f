"""Parts of the Sensitivity page that need no browser: values, curves, heat maps, pictures, the film, changes."""

import math
import re

import numpy as np
import pytest

from pages.ui.canvas import common_box
from pages.ui.colouring import Groups
from pages.ui.library import DataView
from pages.ui.scores import RowScores, ScoredMetric
from pages.ui.sweep_changes import by_type, dumbbells, moved_table, pairs_table
from pages.ui.sweep_charts import chart_axis, curves, heat_maps, moved_bars
from pages.ui.sweep_form import shared_parameters
from pages.ui.sweep_maps import Picture, evenly, pixels, strip
from pages.ui.sweep_player import film
from pages.ui.sweep_results import FinishedRun, SweepResult, how_far
from pages.ui.sweep_status import running_text, why_failed
from pages.ui.sweep_values import axis_of, can_sweep, ladder, read_values, written
from scint_core.contract import Pairs
from scint_core.errors import ParameterError
from scint_core.methods import all_methods, find_method
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.sweeps import Grid, SweepRun, SweepStatus
from scint_core.runs.sweeps.sensitivity import Stability


def spec(method, name):
    return next(spec for spec in find_method(method).Params.specs() if spec.name == name)


# Values


@pytest.mark.parametrize(
    ("method", "name"), [(m.name, s.name) for m in all_methods().values() for s in m.Params.specs() if can_sweep(s)]
)
def test_every_ladder_can_be_run_and_holds_the_default(method, name):
    about = spec(method, name)
    if about.kind not in ("integer", "real"):
        return
    values = ladder(about)
    assert 2 <= len(values) <= 7
    assert about.default in values
    assert read_values(about, written(values)) == list(values)
    Grid.create(method, {name: values}, fixed={})


def test_ladders_are_round_numbers():
    assert ladder(spec("harmony", "theta")) == (0, 2, 4, 6, 8)
    assert ladder(spec("mnn", "k")) == (3, 7, 20, 50, 100)
    assert ladder(spec("harmony", "n_clusters"))[-1] is None


def test_typed_values_may_be_separated_as_one_likes():
    assert read_values(spec("mnn", "k"), " 5,10; 20  40,") == [5, 10, 20, 40]
    assert read_values(spec("seurat_v3", "k_filter"), "100, off") == [100, None]
    assert read_values(spec("mnn", "sigma"), "1e-1 .5") == [0.1, 0.5]


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "'k' has no values to try: write numbers"), (" , ;", "no values"), ("5, ten", "'ten', which is no number")],
)
def test_what_cannot_be_read_is_a_sentence_with_an_example(text, said):
    with pytest.raises(ParameterError, match=said) as error:
        read_values(spec("mnn", "k"), text)
    assert "3, 7, 20, 50, 100" in str(error.value)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "inf", "nan"])
def test_what_is_out_of_range_is_refused_by_name_before_anything_runs(text):
    with pytest.raises(ParameterError, match="parameter 'k' is"):
        Grid.create("mnn", {"k": read_values(spec("mnn", "k"), text)})


def test_several_methods_share_what_all_of_them_have():
    names = [spec.name for spec in shared_parameters([find_method("mnn"), find_method("scanorama")])]
    assert {"k", "sigma"} <= set(names)
    assert "merge_order" not in names  # an order is no axis
    assert "cos_norm_in" not in names
    assert shared_parameters([]) == []


def test_an_axis_follows_the_numbers_by_ratio_where_these_are_spread_so():
    assert axis_of("k", (5, 10, 20, 40)).positions == pytest.approx(np.log10([5, 10, 20, 40]))
    assert axis_of("theta", (0.0, 2.0, 4.0)).positions == (0, 2, 4)
    assert axis_of("k", (10, 20, 30)).positions == (10, 20, 30)
    assert axis_of("k_filter", (5, 200, None)).positions == (0, 1, 2)
    assert axis_of("approx", ("auto", "on")).texts == ("auto", "on")


def test_texts_without_room_are_left_out_and_never_that_of_the_default():
    axis = axis_of("k", tuple(range(1, 101)), default=20)
    assert len(axis.ticks) <= 12
    assert axis.values.index(20) in axis.ticks


# Curves and heat maps


def run(place, seed=0, **scores):
    return FinishedRun(place, seed, f"run {place} {seed}", f"score {place} {seed}", scores)


def one_axis(seeds=1):
    runs = [
        run((k,), seed, Total=0.5 + 0.01 * seed, iLISI=k / 100, cLISI=math.nan)
        for k in (5, 10, 20, 40)
        for seed in range(seeds)
    ]
    return SweepResult({"k": (5, 10, 20, 40)}, {"k": 20}, tuple(runs))


def two_axes():
    runs = [run((k, s), Total=k / 100 + s) for k in (5, 20) for s in (0.1, 1.0) if (k, s) != (20, 0.1)]
    return SweepResult({"k": (5, 20), "sigma": (0.1, 1.0)}, {"k": 20, "sigma": 1.0}, tuple(runs))


def traces(figure, start):
    return {trace.meta: trace for trace in figure.data if str(trace.meta).startswith(start)}


def test_only_metrics_with_a_value_are_drawn_by_group():
    assert one_axis().metrics("means") == ["Total"]
    assert one_axis().metrics("batch") == ["iLISI"]
    assert one_axis().metrics("bio") == []


def test_a_curve_has_the_mean_a_band_over_seeds_and_the_default_marked():
    figure = curves(one_axis(seeds=3), ["Total", "iLISI"], "k")
    line = traces(figure, "curve")["curve:Total:"]
    assert list(line.text) == ["5", "10", "20", "40"]
    np.testing.assert_allclose(line.y, 0.51)
    np.testing.assert_allclose(traces(figure, "low")["low:Total:"].y, 0.50)
    np.testing.assert_allclose(traces(figure, "high")["high:Total:"].y, 0.52)
    assert line.customdata[2][0] == "run (20,) 0"
    assert [shape.x0 for shape in figure.layout.shapes] == pytest.approx([np.log10(20)] * 2)


def test_one_seed_has_no_band_and_a_default_off_the_grid_no_mark():
    found = SweepResult({"k": (5, 10)}, {"k": 20}, (run((5,), Total=0.1), run((10,), Total=0.2)))
    figure = curves(found, ["Total"], "k")
    assert not traces(figure, "low")
    assert not figure.layout.shapes


def test_a_flat_curve_is_not_blown_up():
    figure = curves(one_axis(), ["Total"], "k")
    low, high = figure.layout.yaxis.range
    assert high - low == pytest.approx(0.1)


def test_two_axes_make_a_line_per_value_of_the_other_and_leave_out_what_is_not_finished():
    lines = traces(curves(two_axes(), ["Total"], "k"), "curve")
    assert list(lines) == ["curve:Total:sigma 0.1", "curve:Total:sigma 1"]
    assert len(lines["curve:Total:sigma 0.1"].x) == 1


def test_a_heat_map_has_a_cell_per_setting_that_can_be_clicked_and_the_default_framed():
    figure = heat_maps(two_axes(), ["Total"])
    shown = traces(figure, "heat")["heat:Total"]
    np.testing.assert_allclose(np.array(shown.z), [[0.15, 1.05], [np.nan, 1.2]])
    cells = traces(figure, "cells")["cells:Total"]
    assert [c[0] for c in cells.customdata] == ["run (5, 0.1) 0", "run (5, 1.0) 0", "run (20, 1.0) 0"]
    frame = figure.layout.shapes[0]
    assert (frame.x0 + frame.x1, frame.y0 + frame.y1) == pytest.approx((2, 2))


def test_steps_are_named_by_their_ends():
    found = Stability("k", (5, 10, 20, 40), (0.1, 0.2, 0.5), 0.01, 0.2, "")
    bars = moved_bars(found, chart_axis(one_axis(), "k")).data[0]
    assert list(bars.customdata) == ["5 → 10", "10 → 20", "20 → 40"]
    assert list(bars.text) == ["10%", "20%", "50%"]


@pytest.mark.parametrize(
    ("per_unit", "said"),
    [(0.057, "5.7%.* per unit of x"), (1.93, "19.3%.* per 0.1 of x"), (0.0004, "4.0%.* per 100 of x")],
)
def test_stability_is_told_per_so_much_that_one_can_picture_it(per_unit, said):
    sentence = how_far("x", Stability("x", (1, 2, 4), (0.1, 0.3), per_unit, 0.2, ""))
    assert re.search(said, sentence)
    assert "from 2 to 4: 30%" in sentence


def test_choices_have_no_rate():
    sentence = how_far("approx", Stability("approx", ("on", "off"), (0.1,), None, None, ""))
    assert sentence == "Stability: of a cell's neighbours are replaced the most from on to off: 10%."


def test_only_what_failed_is_said_to_have_failed(tmp_path):
    def job(name, state, error=""):
        folder = JobFolder(tmp_path / name)
        folder.create({"kind": "integrate", "arguments": {}})
        folder.set_state(state, error)
        return folder

    point = Grid.create("mnn", {"k": [5]}).points[0]
    done, cancelled = job("a", "done"), job("b", "cancelled", "You cancelled this run.")
    assert (
        why_failed(SweepRun(point, job("c", "failed", "parameter 'k' is odd."), cancelled)) == "parameter 'k' is odd."
    )
    assert why_failed(SweepRun(point, done, job("d", "killed", "Out of memory."))) == "Out of memory."
    assert why_failed(SweepRun(point, cancelled, JobFolder(tmp_path / "e"))) == ""


# Maps


GROUPS = Groups(np.array([0, 0, 1, 1, -1]), ("A", "B"), "batch")
LAYOUT = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]])


def test_at_most_so_many_settings_are_shown_and_ends_and_default_are():
    assert evenly(5, 8) == [0, 1, 2, 3, 4]
    shown = evenly(20, 8, keep=4)
    assert len(shown) == 8
    assert {0, 4, 19} <= set(shown)


def test_a_picture_shows_every_cell_in_its_colour_the_right_way_up():
    picture = pixels(LAYOUT * 0.8 + 0.1, GROUPS, size=50)
    colour = {group: to_hex(c) for group, c, _ in GROUPS.members()}
    assert to_hex_of(picture[44, 5]) == colour["A"]  # low on the map is low on the picture
    assert to_hex_of(picture[5, 44]) == colour["B"]
    assert picture[25, 5, 3] == 0  # nothing there: the page shows through


def to_hex(colour):
    return colour.lower()


def to_hex_of(pixel):
    return "#" + "".join(f"{round(part * 255):02x}" for part in pixel[:3])


def test_the_strip_has_one_range_one_legend_and_a_run_per_picture():
    pictures = [Picture(f"k {k}", LAYOUT * k, f"run {k}", k == 2) for k in (1, 2, 3)]
    figure = strip(pictures, GROUPS)
    assert len(figure.layout.images) == 3
    assert [t.customdata[0][0] for t in figure.data if t.meta == "picture"] == ["run 1", "run 2", "run 3"]
    assert [t.name for t in figure.data if t.showlegend is not False] == ["A", "B", "(none)"]
    assert "(default)" in figure.layout.annotations[1].text
    assert not any(t.type == "scattergl" for t in figure.data)
    corner, side = common_box([p.layout for p in pictures])
    assert (corner < 0).all()
    assert (corner + side > 3).all()


def test_the_film_holds_every_cell_at_every_value():
    shown = film([LAYOUT, LAYOUT + 1], ["5", "10"], GROUPS, axis="k", default=1)
    assert shown["titles"] == ["k = 5", "k = 10 (default)"]
    assert [len(frame) for frame in shown["frames"]] == [10, 10]
    assert sorted(shown["codes"]) == [0, 0, 1, 1, 2]
    move = np.subtract(shown["frames"][1], shown["frames"][0])
    assert set(move) <= {move[0] - 1, move[0], move[0] + 1}  # all went the same way
    assert min(min(frame) for frame in shown["frames"]) >= 0
    assert max(max(frame) for frame in shown["frames"]) <= shown["fineness"]


# What changed


def view(labels=(0, 0, 1, 1, -1)):
    return DataView(
        id="d", title="t", batch_key="batch", label_key="type" if labels else None, batch=np.array([0, 1, 0, 1, 0]),
        batch_names=("a", "b"), labels=np.array(labels) if labels else None, label_names=("T", "NK") if labels else (),
        cells=np.array(list("vwxyz")), columns=(), umap=LAYOUT, n_genes=3, n_variable=2, notes=(), findings=(),
    )  # fmt: skip


def pairs(*ends):
    left, right = np.array(ends).reshape(-1, 2).T
    n = len(left)
    return Pairs(left, right, np.zeros(n, dtype=int), np.ones(n), np.ones(n, dtype=bool))


def test_moved_cells_are_told_by_type_and_batch_the_most_moved_first():
    table = moved_table(view(), np.arange(5), np.array([0.1, 0.2, 0.5, 0.7, 0.0]))
    assert list(table.index) == ["NK", "T", "(none)"]
    assert list(table.columns) == ["all batches", "a", "b"]
    assert table.loc["NK", "all batches"] == pytest.approx(0.6)
    assert list(moved_table(view(labels=()), np.arange(5), np.zeros(5)).index) == ["all cells"]


def test_pairs_are_counted_by_the_types_they_join():
    table = pairs_table(view(), pairs((0, 1), (0, 3)), pairs((1, 0), (2, 1), (1, 3)))
    assert table.loc["T – NK"].to_dict() == {"gained": 2, "lost": 1}
    assert "T – T" not in table.index  # the same pair the other way round
    by_batch = pairs_table(view(labels=()), pairs((0, 1)), pairs((0, 3)))
    assert by_batch.loc["a – b"].to_dict() == {"gained": 1, "lost": 1}


def test_a_score_by_type_comes_from_its_parts_or_its_cells():
    parts = ScoredMetric(0.5, None, {"T": 0.4, "NK": math.nan}, None, "")
    cells = ScoredMetric(0.5, np.array([0.2, 0.4, 1, 0, 0.9]), None, None, "")
    scores = RowScores({"KBET": parts, "iLISI": cells}, (), False, None)
    assert by_type(view(), scores, "KBET") == {"T": 0.4}
    assert by_type(view(), scores, "iLISI") == pytest.approx({"T": 0.3, "NK": 0.5})


def test_the_type_that_changes_most_is_on_top():
    figure = dumbbells({"T": 0.1, "NK": 0.5, "B": 0.3}, {"T": 0.2, "NK": 0.1}, ("k 5", "k 10"))
    assert list(figure.layout.yaxis.ticktext) == ["T", "NK"]
    assert len(figure.layout.shapes) == 2


def test_progress_says_how_many_and_how_long():
    status = SweepStatus("running", 2, 1, 12, 0.3, 40.0, "k 5: Drawing the map")
    assert running_text(status) == "3 of 12 runs, about 40 s left · k 5: Drawing the map"
    assert running_text(SweepStatus("running", 0, 0, 1, 0.0, None, "")) == "0 of 1 run"
