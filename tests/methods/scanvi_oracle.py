"""scVI's and scANVI's objectives in plain NumPy, one label after the other, written from the specification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp
from scipy.stats import nbinom, norm

VARIANCE_FLOOR = 1e-4


@dataclass
class Oracle:
    """A network by its weights; `training` takes batch norm from the rows at hand instead of the running averages."""

    weights: dict[str, np.ndarray]
    n_labels: int
    training: bool

    def linear(self, name, x):
        by_gene = self.weights.get(f"{name}.gene_weight")
        weight = self.weights[f"{name}.weight"].T if by_gene is None else by_gene
        return x @ weight.astype(float) + self.weights[f"{name}.bias"]

    def layers(self, name, x, groups=None):
        i = 0
        while f"{name}.linear.{i}.bias" in self.weights:
            x = self.linear(f"{name}.linear.{i}", x if groups is None else np.hstack([x, groups]))
            norm_ = f"{name}.norm.{i}"
            mean = x.mean(axis=0) if self.training else self.weights[f"{norm_}.running_mean"]
            variance = x.var(axis=0) if self.training else self.weights[f"{norm_}.running_var"]
            x = (x - mean) / np.sqrt(variance + 1e-3) * self.weights[f"{norm_}.weight"] + self.weights[f"{norm_}.bias"]
            x = np.maximum(x, 0)
            i += 1
        return x

    def gaussian(self, name, x, groups=None, floor=VARIANCE_FLOOR):
        hidden = self.layers(f"{name}.layers", x, groups)
        return self.linear(f"{name}.mean", hidden), np.exp(self.linear(f"{name}.log_variance", hidden)) + floor

    def log_likelihood(self, x, z, batch, library):
        """ln p(x|z, s) of every cell: through the probabilities themselves, by SciPy's distribution."""
        hidden = self.layers("decoder.layers", z, batch)
        logits = self.linear("decoder.share", hidden)
        mean = np.exp(logits - logsumexp(logits, axis=1, keepdims=True)) * library
        r = np.exp(self.weights["decoder.log_dispersion"].astype(float))
        log_p = nbinom.logpmf(x, r, r / (r + mean))
        if "decoder.dropout.weight" in self.weights:
            dropped = expit(self.linear("decoder.dropout", hidden))
            log_p = np.log((x == 0) * dropped + (1 - dropped) * np.exp(log_p))
        return log_p.sum(axis=1)

    def library(self, x, noise):
        """The library of every cell (B × 1) and what inferring it costs apart from its prior."""
        if "library_encoder.mean.weight" not in self.weights:
            return x.sum(axis=1, keepdims=True), None
        mean, variance = self.gaussian("library_encoder", np.log1p(x))
        return np.exp(mean + np.sqrt(variance) * noise), (mean, variance)

    def label_probabilities(self, z):
        logits = self.linear("classifier.1", self.layers("classifier.0", z))
        return np.exp(logits - logsumexp(logits, axis=1, keepdims=True))

    def over_labels(self, z, noise):
        """ln p(z|u_c, c) and KL(q(u|z, c) ‖ N(0, 1)), both B × L. Batch norm sees the cells of all labels at once."""
        n = len(z)
        copies = np.vstack([z] * self.n_labels)
        groups = np.repeat(np.eye(self.n_labels), n, axis=0) if self.n_labels > 1 else None
        mean, variance = self.gaussian("u_encoder", copies, groups)
        u = mean + np.sqrt(variance) * noise
        z_mean, z_variance = self.gaussian("z_decoder", u, groups, floor=0)
        log_p, kl = np.empty((n, self.n_labels)), np.empty((n, self.n_labels))
        for c in range(self.n_labels):
            for i in range(n):
                at = c * n + i
                log_p[i, c] = norm.logpdf(z[i], z_mean[at], np.sqrt(z_variance[at])).sum()
                kl[i, c] = sum(kl_normal(m, v, 0, 1) for m, v in zip(mean[at], variance[at], strict=True))
        return log_p, kl


def kl_normal(mean, variance, prior_mean, prior_variance):
    """KL of one normal distribution to another, by its definition in closed form."""
    return (
        np.log(np.sqrt(prior_variance) / np.sqrt(variance))
        + (variance + (mean - prior_mean) ** 2) / (2 * prior_variance)
        - 0.5
    )


def scvi_terms(oracle, x, batch, noise, prior):
    """reconstruction, KL of z, KL of the library, each (B,)."""
    mean, variance = oracle.gaussian("z_encoder", np.log1p(x))
    z = mean + np.sqrt(variance) * noise["z"]
    library, inferred = oracle.library(x, noise.get("library"))
    kl = np.array(
        [sum(kl_normal(m, v, 0, 1) for m, v in zip(*row, strict=True)) for row in zip(mean, variance, strict=True)]
    )
    kl_library = np.zeros(len(x)) if inferred is None else kl_normal(*inferred, *prior)[:, 0]
    return -oracle.log_likelihood(x, z, batch, library), kl, kl_library


def scanvi_terms(oracle, x, batch, noise, prior):
    """reconstruction and KL, each (B,)."""
    mean, variance = oracle.gaussian("z_encoder", np.log1p(x))
    z = mean + np.sqrt(variance) * noise["z"]
    library, inferred = oracle.library(x, noise.get("library"))
    label = oracle.label_probabilities(z)
    log_p_z, kl_u = oracle.over_labels(z, noise["u"])
    reconstruction = -oracle.log_likelihood(x, z, batch, library)
    kl = np.zeros(len(x)) if inferred is None else kl_normal(*inferred, *prior)[:, 0]
    for i in range(len(x)):
        reconstruction[i] += norm.logpdf(z[i], mean[i], np.sqrt(variance[i])).sum()
        for c in range(oracle.n_labels):
            reconstruction[i] -= label[i, c] * log_p_z[i, c]
            kl[i] += label[i, c] * kl_u[i, c] + label[i, c] * np.log(label[i, c] * oracle.n_labels)
    return reconstruction, kl


def cross_entropy(oracle, x, labels):
    """Mean −ln q(label) at the mean of q(z|x)."""
    mean, _ = oracle.gaussian("z_encoder", np.log1p(x))
    return -np.mean([np.log(p[label]) for p, label in zip(oracle.label_probabilities(mean), labels, strict=True)])
