"""What must not change a score: the order of cells, names, where and how the embedding lies."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from scint_core.metrics import METRICS, measure
from tests.metrics.worlds import world

COMPUTED = [name for name in METRICS if name != "Lost variance"]
CLUSTERED = {"KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI"}


def scores(w):
    return {n: r.score for n, r in measure(w.embedding, w.batch, w.label, w.before, metrics=COMPUTED).items()}


@pytest.fixture(scope="module")
def start():
    """Overlapping types and batches, so that no score is at an end; labels too large for a quirk of kBET."""
    w = world(n_cells=700, n_batches=3, apart=2.0, types_apart=3.5)
    return w, scores(w)


def assert_same(found, expected, tolerance=1e-6):
    """Clusters are found from random starts, which the order of the cells decides: they may differ a little."""
    for name, score in expected.items():
        slack = 0.05 if name in CLUSTERED else tolerance
        assert found[name] == pytest.approx(score, abs=slack * max(1, METRICS[name].high)), name


def test_order_of_cells(start):
    w, expected = start
    order = np.random.default_rng(1).permutation(len(w.batch))
    moved = replace(w, **{name: getattr(w, name)[order] for name in ("embedding", "before", "batch", "label")})
    found = scores(moved)
    assert_same(found, expected)


def test_names_of_batches_and_labels(start):
    w, expected = start
    renamed = replace(
        w,
        batch=np.array(["z", "m", "a"])[w.batch],
        label=np.array(["q", "p", "r"])[np.searchsorted(["a", "b", "c"], w.label)],
    )
    assert_same(scores(renamed), expected)


def test_turning_and_stretching(start):
    """A turn of the embedding, and of the components before; twice the size."""
    w, expected = start
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(w.embedding.shape[1],) * 2))[0]
    turned = replace(w, embedding=2 * w.embedding @ turn, before=w.before @ turn)
    assert_same(scores(turned), expected, tolerance=2e-3)  # neighbours of diffusion maps and β by bisection


def test_moving(start):
    """BRAS looks at directions from the origin, so it alone may change."""
    w, expected = start
    found = scores(replace(w, embedding=w.embedding + 7))
    assert_same(
        {k: v for k, v in found.items() if k != "BRAS"}, {k: v for k, v in expected.items() if k != "BRAS"}, 2e-3
    )


def test_the_same_input_gives_the_same_numbers(start):
    w, expected = start
    assert scores(w) == expected


@pytest.mark.parametrize("name", COMPUTED)
def test_every_metric_is_defined_or_says_why_not(name):
    """All cells in one place; every cell its own label; every cell twice; fewer cells than neighbours."""
    rng = np.random.default_rng(0)
    w = world(n_cells=60)
    twice = np.repeat(w.embedding[:30], 2, axis=0)
    batch = np.tile([0, 1], 30)
    for embedding, label in [
        (np.zeros((60, 4)), w.label),
        (w.embedding, np.arange(60)),
        (twice, np.repeat(w.label[:30], 2)),
        (rng.normal(size=(60, 1)), w.label),
    ]:
        result = measure(embedding, batch, label, w.before, metrics=[name])[name]
        assert np.isfinite(result.score) or result.note
        assert np.isnan(result.score) or METRICS[name].low <= result.score <= METRICS[name].high
    few = measure(w.embedding[:4], [0, 1, 0, 1], ["a", "a", "b", "b"], w.before[:4], metrics=[name])[name]
    assert np.isfinite(few.score) or few.note


def test_the_number_of_threads_changes_nothing(start, monkeypatch):
    w, expected = start
    monkeypatch.setattr("scint_core.numerics.threads.ThreadPoolExecutor", lambda _: ThreadPoolExecutor(3))
    with threadpool_limits(2):
        assert scores(w) == expected
    with threadpool_limits(1):
        assert scores(w) == expected
