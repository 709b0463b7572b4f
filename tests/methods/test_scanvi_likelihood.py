"""Likelihood of counts: SciPy's values, and gradients by finite differences."""

import numpy as np
import pytest
import torch
from scipy.special import expit
from scipy.stats import nbinom, poisson

from scint_core.methods.scanvi.likelihood import Counts, negative_binomial, zero_inflated


def counts_of(dense):
    dense = torch.as_tensor(dense)
    nonzero = torch.nonzero(dense.reshape(-1)).view(-1)
    return Counts(
        dense,
        nonzero,
        nonzero // dense.shape[1],
        nonzero % dense.shape[1],
        dense.reshape(-1)[nonzero],
        torch.lgamma(dense + 1).sum(dim=1),
    )


def arguments(n=7, genes=12, seed=0, dtype=torch.float64):
    """Counts from 0 to some above the table, with logits, log library, log dispersion and dropout logits."""
    random = np.random.default_rng(seed)
    x = random.poisson(random.gamma(0.4, 8, (n, genes))).astype(float)
    x[0, :3] = [17, 60, 16]
    x[:, 5] = 0  # a gene without counts
    values = random.normal(size=(n, genes)), random.uniform(2, 5, (n, 1)), random.normal(size=genes)
    values = (*values, random.normal(size=(n, genes)))
    return counts_of(torch.as_tensor(x, dtype=dtype)), [
        torch.tensor(v, dtype=dtype, requires_grad=True) for v in values
    ]


def means(logits, log_library, log_dispersion, *_):
    mean = (torch.softmax(logits, dim=1) * log_library.exp()).detach().numpy()
    return mean, log_dispersion.exp().detach().numpy()


def test_negative_binomial_is_scipys():
    counts, given = arguments()
    mean, r = means(*given)
    expected = nbinom.logpmf(counts.dense.numpy(), r, r / (r + mean)).sum(axis=1)
    np.testing.assert_allclose(negative_binomial(counts, *given[:3]).detach(), expected, rtol=1e-12)


def test_zero_inflated_is_the_mixture():
    counts, given = arguments()
    mean, r = means(*given)
    dropped, x = expit(given[3].detach().numpy()), counts.dense.numpy()
    expected = np.log(dropped * (x == 0) + (1 - dropped) * nbinom.pmf(x, r, r / (r + mean))).sum(axis=1)
    np.testing.assert_allclose(zero_inflated(counts, *given).detach(), expected, rtol=1e-12)


def test_gradients_are_those_of_finite_differences():
    counts, given = arguments()
    assert torch.autograd.gradcheck(lambda *t: negative_binomial(counts, *t), given[:3])
    assert torch.autograd.gradcheck(lambda *t: zero_inflated(counts, *t), given)


def test_single_precision_is_close_enough_to_train_with():
    exact, single = arguments(40, 300), arguments(40, 300, dtype=torch.float32)
    for function, n in ((negative_binomial, 3), (zero_inflated, 4)):
        values = []
        for counts, given in (exact, single):
            value = function(counts, *given[:n])
            value.mean().backward()
            values.append([value.detach().numpy(), *(t.grad.numpy() for t in given[:n])])
        for a, b in zip(*values, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5 * np.abs(a).max())
            for _, given in (exact, single):
                for t in given:
                    t.grad = None


def test_without_dropout_zero_inflated_is_negative_binomial():
    counts, given = arguments()
    never = torch.full_like(given[3], -60)
    np.testing.assert_allclose(
        zero_inflated(counts, *given[:3], never).detach(), negative_binomial(counts, *given[:3]).detach(), rtol=1e-12
    )


def test_a_large_dispersion_is_poisson_also_in_single_precision():
    counts, given = arguments(dtype=torch.float32)
    nearly = torch.full_like(given[2], 14.0)  # r = 1.2 million, where ln Γ(x + r) − ln Γ(r) would lose all digits
    mean, _ = means(*given)
    expected = poisson.logpmf(counts.dense.numpy(), mean).sum(axis=1)
    small = counts.dense.amax(dim=1).numpy() <= 16
    assert small.any()
    np.testing.assert_allclose(
        negative_binomial(counts, *given[:2], nearly).detach().numpy()[small], expected[small], rtol=1e-4
    )


def test_cells_of_zeros_are_finite():
    counts, given = arguments()
    empty = counts_of(torch.zeros_like(counts.dense))
    value = zero_inflated(empty, *given)
    value.sum().backward()
    assert torch.isfinite(value).all()
    assert all(torch.isfinite(t.grad).all() for t in given)


def test_permuting_genes_changes_nothing():
    counts, given = arguments()
    order = torch.randperm(counts.dense.shape[1], generator=torch.Generator().manual_seed(1))
    logits, library, dispersion, dropout = given
    permuted = zero_inflated(
        counts_of(counts.dense[:, order]), logits[:, order], library, dispersion[order], dropout[:, order]
    )
    np.testing.assert_allclose(permuted.detach(), zero_inflated(counts, *given).detach(), rtol=1e-12)


@pytest.mark.parametrize("function", [negative_binomial, zero_inflated])
def test_probabilities_of_all_counts_sum_to_one(function):
    x = torch.arange(400, dtype=torch.float64)[:, None].repeat(1, 2)
    x[:, 1] = 0  # the second gene takes up the rest of the cell
    one = torch.tensor([[0.3, 1.0]], dtype=torch.float64).expand(400, 2)
    dispersion = torch.tensor([0.4, -0.2], dtype=torch.float64)
    given = [one, torch.full((400, 1), 3.0, dtype=torch.float64), dispersion]
    given += [torch.tensor([[-0.5, 0.7]], dtype=torch.float64).expand(400, 2)] if function is zero_inflated else []
    log_p = function(counts_of(x), *given)
    share = torch.softmax(one[0], dim=0)[1] * np.exp(3.0)
    r = np.exp(-0.2)
    zero = (r / (r + share)) ** r
    if function is zero_inflated:
        zero = expit(0.7) + (1 - expit(0.7)) * zero
    np.testing.assert_allclose(log_p.exp().sum() / zero, 1, rtol=1e-9)
