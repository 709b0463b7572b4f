"""Every term of both objectives on fixed weights, against NumPy; in training and out of it."""

from itertools import product

import numpy as np
import pytest
import torch

from scint_core.methods.scanvi import losses
from scint_core.methods.scanvi.network import Gaussian, Scanvi, Scvi
from tests.methods import scanvi_oracle as slow
from tests.methods.scanvi_cells import cells, network, weights_of

SEED = 11
VARIANTS = [
    pytest.param(
        {"zero_inflated": z, "infer_library": i, "n_layers": n}, training, id=f"zinb={z}-infer={i}-{n}-{training}"
    )
    for z, i, n, training in product((True, False), (True, False), (1, 2), (True, False))
]
ROWS = np.array([3, 4, 7, 8, 11, 14, 19])


def noise_of(n, made):
    """The draws that the losses make after `manual_seed(SEED)`, in their order."""
    torch.manual_seed(SEED)
    d, n_labels = made.shape.n_latent, made.shape.n_labels
    noise = {"z": torch.randn(n, d).numpy()}
    if made.shape.infer_library:
        noise["library"] = torch.randn(n, 1).numpy()
    if isinstance(made, Scanvi):
        noise["u"] = torch.randn(n_labels * n, d).numpy()
    return noise


def setting(kind, changed, training):
    """The network, its oracle, a minibatch and what the oracle takes of it."""
    made = network(kind, **changed).train(training)
    oracle = slow.Oracle({k: v.copy() for k, v in weights_of(made).items()}, made.shape.n_labels, training)
    all_cells = cells(n_labels=made.shape.n_labels, n_batches=made.shape.n_batches)
    part = all_cells.take(ROWS)
    x, batch = all_cells.counts[ROWS].toarray().astype(float), np.eye(made.shape.n_batches)[all_cells.batch[ROWS]]
    prior = tuple(of_batch[all_cells.batch[ROWS]][:, None] for of_batch in all_cells.prior)
    return made, oracle, part, (x, batch if made.shape.n_batches > 1 else None, noise_of(len(ROWS), made), prior)


@pytest.mark.parametrize(("changed", "training"), VARIANTS)
def test_scvi_terms_are_the_oracles(changed, training):
    made, oracle, part, given = setting(Scvi, changed, training)
    torch.manual_seed(SEED)
    terms = losses.scvi_terms(made, part)
    expected = slow.scvi_terms(oracle, *given)
    for found, wanted in zip((terms.reconstruction, terms.kl, terms.kl_library), expected, strict=True):
        np.testing.assert_allclose(found.detach(), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("changed", "training"), VARIANTS)
def test_scanvi_terms_are_the_oracles(changed, training):
    made, oracle, part, given = setting(Scanvi, changed, training)
    torch.manual_seed(SEED)
    terms = losses.scanvi_terms(made, part)
    for found, wanted in zip((terms.reconstruction, terms.kl), slow.scanvi_terms(oracle, *given), strict=True):
        np.testing.assert_allclose(found.detach(), wanted, rtol=1e-5, atol=1e-5)
    assert (terms.kl_library == 0).all()


@pytest.mark.parametrize("training", [True, False])
def test_cross_entropy_is_the_oracles(training):
    made, oracle, part, (x, *_) = setting(Scanvi, {}, training)
    labels = torch.tensor([0, 1, 2, 3, 0, 1, 2])
    found = losses.cross_entropy(losses.label_logits(made, part), labels)
    np.testing.assert_allclose(found.detach(), slow.cross_entropy(oracle, x, labels.numpy()), rtol=1e-5)


@pytest.mark.parametrize("kind", [Scvi, Scanvi])
def test_one_batch_and_one_label_need_no_columns(kind):
    made, oracle, part, given = setting(kind, {"n_batches": 1, "n_labels": 1}, False)
    torch.manual_seed(SEED)
    name = "scvi_terms" if kind is Scvi else "scanvi_terms"
    terms = getattr(losses, name)(made, part)
    expected = getattr(slow, name)(oracle, *given)
    np.testing.assert_allclose(terms.reconstruction.detach(), expected[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(terms.kl.detach(), expected[1], rtol=1e-5, atol=1e-5)


def test_the_loss_weighs_the_kl_terms_but_not_the_librarys():
    terms = losses.Terms(torch.tensor([1.0, 3.0]), torch.tensor([10.0, 20.0]), torch.tensor([5.0, 7.0]))
    assert terms.loss(0.0) == 2 + 6
    assert terms.loss(0.1) == pytest.approx(2 + 1.5 + 6)


def test_kl_of_equal_distributions_is_zero_and_else_positive():
    one = Gaussian(torch.tensor([[0.3, -1.0]]), torch.tensor([[0.5, 2.0]]))
    two = Gaussian(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 1.5]]))
    assert losses.kl_divergence(one, one).item() == pytest.approx(0, abs=1e-7)
    assert losses.kl_divergence(one, two).item() > 0
    standard = Gaussian(torch.zeros(1, 2), torch.ones(1, 2))
    assert losses.kl_divergence(one, standard).item() == pytest.approx(losses.kl_to_standard(one).item(), rel=1e-6)


def test_kl_to_uniform_is_zero_for_no_opinion_and_ln_l_for_certainty():
    assert losses.kl_to_uniform(torch.full((1, 4), 0.25).log()).item() == pytest.approx(0, abs=1e-6)
    assert losses.kl_to_uniform(torch.tensor([[0.0, -200, -200, -200]])).item() == pytest.approx(np.log(4), rel=1e-6)


def test_permuting_labels_permutes_the_classifier_and_leaves_the_terms():
    made = network().eval()
    order = [2, 0, 3, 1]
    other = network().eval()
    other.classifier[1].weight.data = made.classifier[1].weight.data[order]
    other.classifier[1].bias.data = made.classifier[1].bias.data[order]
    for name in ("u_encoder", "z_decoder"):
        linear = getattr(made, name).layers.linear[0].weight.data
        n = made.shape.n_latent
        getattr(other, name).layers.linear[0].weight.data = torch.cat([linear[:, :n], linear[:, n:][:, order]], dim=1)
    part = cells().take(ROWS)
    z = made.z_encoder(part.encoded).mean
    np.testing.assert_allclose(
        losses.label_logits(other, part).detach(), losses.label_logits(made, part).detach()[:, order], rtol=1e-5
    )
    _, kl = losses._over_labels(made, z)
    _, kl_permuted = losses._over_labels(other, z)
    np.testing.assert_allclose(kl_permuted.detach(), kl.detach()[:, order], rtol=1e-5)
