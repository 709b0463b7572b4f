"""The loop: schedules, curves, seeds, what ends it early."""

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from scint_core.contract import TrainingCurves, listening
from scint_core.errors import ParameterError
from scint_core.methods.scanvi import training
from scint_core.methods.scanvi.network import Scvi
from scint_core.methods.scanvi.readout import decode_expression, latent_space, predict_labels
from scint_core.methods.scanvi.training import Schedule, train_scanvi, train_scvi
from tests.methods.scanvi_cells import counts, weights_of

N = 60
BATCH = np.arange(N) % 3
LABELS = np.where(np.arange(N) % 4 == 3, -1, np.arange(N) % 2)
SHAPE = {
    "n_batches": 3,
    "n_labels": 0,
    "n_latent": 3,
    "n_hidden": 8,
    "n_layers": 1,
    "dropout": 0.1,
    "zero_inflated": True,
    "infer_library": False,
}
USUAL = {
    "epochs": 4,
    "batch_size": 16,
    "lr": 1e-3,
    "kl_warmup": 400,
    "early_stopping": False,
    "device": "cpu",
    "seed": 5,
}
WITH_LABELS = {"n_labels": 2, "classification_ratio": 50.0, "n_samples_per_label": None}


def scvi(x=None, **changed):
    return train_scvi(counts(N) if x is None else x, BATCH, **{**USUAL, **SHAPE, **changed})


def scanvi(base=None, labels=LABELS, **changed):
    return train_scanvi(counts(N), BATCH, labels, base or scvi(), **{**USUAL, **WITH_LABELS, **changed})


def test_kl_weight_is_a_straight_line_up_to_one():
    schedule = Schedule(epochs=9, batch_size=8, lr=1, kl_warmup=4, early_stopping=False)
    assert [schedule.kl_weight(epoch) for epoch in range(6)] == [0, 0.25, 0.5, 0.75, 1, 1]
    for off in (None, 0):
        assert dataclasses.replace(schedule, kl_warmup=off).kl_weight(0) == 1


@pytest.mark.parametrize(("epochs", "expected"), [(1, {1}), (3, {1, 2, 3}), (100, {1, 3, 6, 16, 40, 100})])
def test_snapshots_are_spread_from_first_to_last(epochs, expected):
    assert Schedule(epochs, 8, 1, None, early_stopping=False).snapshots() == expected


def test_curves_have_one_value_per_epoch():
    curves = scvi().curves
    for curve in (curves.train, curves.validation):
        assert len(curve.values) == 4
        assert curve.axis == "epoch"
        np.testing.assert_allclose(curve.values, curve.parts["reconstruction"] + curve.parts["KL"])
    assert curves.accuracy == {}
    np.testing.assert_allclose(curves.kl_weight, np.arange(4) / 400)


def test_curves_of_scanvi_hold_classification_and_accuracy():
    curves = scanvi().curves
    assert set(curves.train.parts) == {"reconstruction", "KL", "classification"}
    assert {name: len(values) for name, values in curves.accuracy.items()} == {"train": 4, "validation": 4}
    assert ((curves.accuracy["train"] >= 0) & (curves.accuracy["train"] <= 1)).all()


def test_training_lowers_the_loss_of_both_sets():
    curves = scvi(epochs=60, lr=1e-2).curves
    assert curves.train.values[-1] < 0.95 * curves.train.values[0]
    assert curves.validation.values[-1] < curves.validation.values[0]


def test_labels_are_learnt():
    x = counts(N).toarray()
    x[:, 2] = np.where(np.arange(N) % 2 == 0, 0, 30)  # a gene that tells the labels apart
    x = sp.csr_matrix(x)
    base = scvi(x, epochs=20)
    trained = train_scanvi(x, BATCH, LABELS, base, **{**USUAL, **WITH_LABELS, "epochs": 60, "lr": 5e-3})
    latent = latent_space(trained).coordinates
    found = predict_labels(latent, trained, names=("even", "odd"))
    np.testing.assert_allclose(found.probability.sum(axis=1), 1, rtol=1e-5)
    hidden = LABELS < 0
    assert (found.probability.argmax(axis=1) == np.arange(N) % 2)[hidden].mean() > 0.9
    assert trained.curves.accuracy["train"][-1] > 0.9


def test_the_latent_space_is_kept_at_several_epochs_and_the_last_is_the_end():
    trained = scvi()
    assert trained.latent.at.tolist() == [1, 2, 3, 4]
    assert trained.latent.coordinates.shape == (4, N, 3)
    network = Scvi(training.Architecture(**trained.architecture))
    network.load_state_dict(training.tensors(trained))
    cells = training.Cells.of(counts(N), BATCH, None, 3, "cpu")
    np.testing.assert_array_equal(trained.latent.coordinates[-1], training.latent_means(network, cells))
    np.testing.assert_array_equal(trained.latent.coordinates[-1], latent_space(trained).coordinates)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others():
    one, two, other = scvi(), scvi(), scvi(seed=6)
    for name, weight in one.weights.items():
        np.testing.assert_array_equal(weight, two.weights[name])
    assert any((weight != other.weights[name]).any() for name, weight in one.weights.items())


def test_the_number_of_threads_does_not_matter(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before, found = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(scvi())
    torch.set_num_threads(before)
    for name, weights in found[0].weights.items():
        np.testing.assert_array_equal(weights, found[1].weights[name], err_msg=name)


def test_training_leaves_the_random_numbers_of_others_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    scvi(epochs=1)
    np.testing.assert_array_equal(torch.rand(3), expected)


def test_scanvi_starts_from_the_weights_of_scvi(monkeypatch):
    started = []
    monkeypatch.setattr(training._Trainer, "fit", lambda self, *_: started.append(weights_of(self.network)))
    base = TRAINED
    scanvi(base)
    for name, weight in base.weights.items():
        np.testing.assert_array_equal(started[0][name], weight)
    assert "classifier.1.weight" in started[0]


def test_every_epoch_sees_every_training_row_once(monkeypatch):
    seen = []
    real = training.Cells.take
    monkeypatch.setattr(training.Cells, "take", lambda self, rows: seen.append(rows) or real(self, rows))
    scvi(epochs=1)
    train = np.concatenate(seen[:4])  # 54 rows in pieces of 16, 16, 16 and 6
    assert [len(part) for part in seen[:4]] == [16, 16, 16, 6]
    assert len(set(train.tolist())) == 54
    validation = seen[4]
    assert not set(train.tolist()) & set(validation.tolist())
    assert len(validation) == 6


def test_labelled_minibatches_hold_only_labelled_training_rows(monkeypatch):
    trainer_rows = {}
    real = training._Trainer.fit

    def fit(self, train, validation, random):
        trainer_rows["train"], trainer_rows["steps"] = set(train.tolist()), self._minibatches(train, random)
        return real(self, train, validation, random)

    monkeypatch.setattr(training._Trainer, "fit", fit)
    scanvi(TRAINED, epochs=1)
    labelled = np.concatenate([known for _, known in trainer_rows["steps"]])
    assert (LABELS[labelled] >= 0).all()
    assert set(labelled.tolist()) <= trainer_rows["train"]


def test_a_last_minibatch_of_one_cell_joins_the_one_before():
    x = counts(N)[:19]  # 18 to train on: a piece of 17 and one of 1
    trained = train_scvi(x, BATCH[:19], **{**USUAL, **SHAPE, "batch_size": 17})
    assert np.isfinite(trained.curves.train.values).all()


def test_a_cell_without_counts_is_not_trained_on(monkeypatch):
    x = counts(N).toarray()
    x[7] = 0
    seen = []
    real = training.Cells.take
    monkeypatch.setattr(training.Cells, "take", lambda self, rows: seen.append(rows) or real(self, rows))
    trained = scvi(sp.csr_matrix(x), epochs=1)
    assert not any(7 in rows for rows in seen[:5])
    assert np.isfinite(trained.latent.coordinates).all()


def test_a_loss_that_is_no_number_ends_the_training_with_a_sentence():
    with pytest.raises(
        ParameterError, match=r"'lr' is 1e\+20: the loss of scVI is no longer a number in epoch \d of 4"
    ):
        scvi(lr=1e20)


def test_too_few_cells_to_validate_on_leave_that_curve_empty():
    x = counts(N)[:9]
    trained = train_scvi(x, BATCH[:9], **{**USUAL, **SHAPE})
    assert len(trained.curves.validation.values) == 0
    assert len(trained.curves.train.values) == 4


def test_cancel_comes_through_within_an_epoch():
    class Cancelled(Exception):
        pass

    ticks = []

    def listener(done, total):
        ticks.append((done, total))
        if len(ticks) == 3:
            raise Cancelled

    with pytest.raises(Cancelled), listening(listener):
        scvi()
    assert ticks == [(0, 16), (1, 16), (2, 16)]


def test_curves_are_shown_while_training_goes_on():
    shown = []
    with listening(lambda *_: None, shown.append):
        scvi()
    assert [len(curves.train.values) for curves in shown] == [1, 2, 3, 4]
    assert all(isinstance(curves, TrainingCurves) for curves in shown)


def test_early_stopping_ends_once_the_validation_elbo_stays(monkeypatch):
    monkeypatch.setattr(training, "_PATIENCE", 3)
    elbo = iter([9, 8, 7, 7.5, 7.2, 7.1, 6, 5])
    monkeypatch.setattr(
        training._Trainer, "_validate", lambda *_: np.array([next(elbo), 0, 1, 0, 0, 0], dtype=np.float32)
    )
    stopped = scvi(epochs=8, early_stopping=True)
    assert len(stopped.curves.train.values) == 6
    assert stopped.latent.at[-1] == 6


def test_without_early_stopping_it_goes_on(monkeypatch):
    monkeypatch.setattr(training, "_PATIENCE", 1)
    assert len(scvi(epochs=8, lr=1e-5).curves.train.values) == 8


def test_decoded_expression_is_the_mean_over_batches():
    trained = TRAINED
    latent = latent_space(trained).coordinates
    network = Scvi(training.Architecture(**trained.architecture))
    network.load_state_dict(training.tensors(trained))
    network.eval()
    with torch.no_grad():
        shares = [network.decoder.shares(torch.tensor(latent), torch.eye(3)[[s] * N]).numpy() for s in range(3)]
    np.testing.assert_allclose(
        decode_expression(latent, trained, device="cpu"), np.log1p(1e4 * np.mean(shares, axis=0)), rtol=1e-4
    )
    np.testing.assert_allclose(np.sum(shares, axis=2), 1, rtol=1e-5)


def test_a_gpu_that_is_not_there_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert training.choose_device("auto") == training.choose_device("cpu") == "cpu"
    with pytest.raises(ParameterError, match="'device' is 'cuda'"):
        training.choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [training.choose_device(wanted) for wanted in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]


TRAINED = scvi()
