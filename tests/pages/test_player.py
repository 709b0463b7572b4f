"""The step player: every step of every method has a drawing, found by the type of its result alone."""

import json
from functools import cache

import pytest

import scint_core as scint
from pages.ui.colouring import Groups
from pages.ui.player import View, draw
from scint_core.data.problem import problem_from
from scint_core.runs.replay import replay
from tests.datasets import prepared

METHODS = list(scint.methods())
QUICK = {"scanvi": {"epochs_scvi": 2, "epochs_scanvi": 1}, "seurat_v2": {"n_ccs": 2}, "seurat_v3": {"k_filter": 20}}


@cache
def views(method, n_batches=3):
    """Every step of a small run as the player sees it."""
    adata = prepared(n_batches, 40, 120, 0, 70)
    found = scint.integrate(adata, method, label_key="celltype", **QUICK.get(method, {}))
    return views_of(found.steps, problem_from(adata, "batch", "celltype"), found.params)


def views_of(steps, problem, params=None):
    shown = replay(steps, problem)
    batches = Groups(problem.batch, problem.batch_names, "batch")
    types = Groups(problem.labels, problem.label_names, "celltype")
    return [
        View(shown, scene, scene.result, colouring=batches, batches=batches, types=types, params=params or {})
        for scene in shown.scenes
    ]


def clicking(view, row):
    return View(**{**vars(view), "clicked": row})


def figures(drawn):
    """Every figure of a drawing, at its first and its last moment."""
    found = [picture.figure for picture in drawn.pictures]
    return found + [picture.at(0) for picture in drawn.pictures if picture.at]


@pytest.mark.parametrize("method", METHODS)
def test_every_step_of_every_method_is_drawn(method):
    for view in views(method):
        drawn = draw(view)
        assert drawn.pictures or drawn.numbers, view.scene.record.title
        for figure in figures(drawn):
            json.loads(figure.to_json())
            assert figure.data
        assert all(picture.alt for picture in drawn.pictures)


@pytest.mark.parametrize("method", METHODS)
def test_every_step_is_drawn_with_a_clicked_cell(method):
    for row in (0, 100):
        for view in views(method):
            assert all(figure.data for figure in figures(draw(clicking(view, row))))


@pytest.mark.parametrize("method", METHODS)
def test_letters_are_large_and_backgrounds_clear(method):
    for view in views(method):
        for figure in figures(draw(view)):
            assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
            assert figure.layout.font.size >= 14
            assert all(note.font.size is None or note.font.size >= 14 for note in figure.layout.annotations)
