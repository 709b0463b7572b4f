"""MNN written out from its specification: loops over cells, no blocks, nothing shared with the package."""

from __future__ import annotations

import numpy as np


def unit(rows, by):
    return rows / np.maximum(np.linalg.norm(by, axis=1), 1e-8)[:, None]


def squared(a, b):
    return np.array([[((x - y) ** 2).sum() for y in b] for x in a])


def neighbours(n, k, prop_k):
    return min(n, max(k, round(prop_k * n)) if prop_k else k)


def find_pairs(left, right, k, prop_k):
    d2 = squared(left, right)
    k_left, k_right = neighbours(len(left), k, prop_k), neighbours(len(right), k, prop_k)
    of_left = [sorted(range(len(right)), key=lambda r: (row[r], r))[:k_right] for row in d2]
    of_right = [sorted(range(len(left)), key=lambda i: (column[i], i))[:k_left] for column in d2.T]
    return [(i, r) for i, ranked in enumerate(of_left) for r in ranked if i in of_right[r]]


def smooth(cells, pairs, left, right, sigma):
    """Gaussian mean of the pair vectors of `right`, by distances between `cells`."""
    paired = sorted({r for _, r in pairs})
    vectors = [np.mean([left[i] - right[r] for i, m in pairs if m == r], axis=0) for r in paired]
    weight = np.exp(-squared(cells, cells[paired]) / sigma)
    weight /= np.exp(-squared(cells[paired], cells[paired]) / sigma).sum(axis=1)
    return (weight @ vectors) / weight.sum(axis=1)[:, None]


def scales(target, shift, reference, sigma):
    result = []
    for x, u in zip(target, shift, strict=True):
        length = np.linalg.norm(u)
        g = u / length

        def line(cells, x=x, g=g):
            position = (cells - x) @ g
            rest = (cells - x) - position[:, None] * g
            return position, np.exp(-(rest**2).sum(axis=1) / sigma)

        position, weight = line(target)
        share = weight[position <= 1e-12].sum() / weight.sum()
        position, weight = line(reference)
        order = np.argsort(position)
        running = np.cumsum(weight[order])
        reached = np.flatnonzero(running >= share * running[-1] * (1 - 1e-12))
        result.append(max(position[order][reached[0]] / length, 1))
    return np.array(result)


def mnn(batches, compared, *, k, sigma, prop_k=None, var_adj=True, cos_in=True, cos_out=True, correct_all=False):
    """Corrected batches in their order, and the pairs of every merge (rows of the stacked reference, of the target)."""
    matching = [unit(x[:, compared], x[:, compared]) if cos_in else x[:, compared] for x in batches]
    returned = [x if correct_all else x[:, compared] for x in batches]
    if cos_out:
        returned = [unit(r, x[:, compared]) for r, x in zip(returned, batches, strict=True)]
    within = np.array(compared) if correct_all else np.arange(len(compared))
    left_in, left_out, found = matching[0], returned[0], []
    for right_in, right_out in zip(matching[1:], returned[1:], strict=True):
        pairs = find_pairs(left_in, right_in, k, prop_k)
        shift_in = smooth(right_in, pairs, left_in, right_in, sigma)
        shift_out = smooth(right_in, pairs, left_out, right_out, sigma)
        if var_adj:
            shift_in = scales(right_in, shift_in, left_in, sigma)[:, None] * shift_in
            by = scales(right_out[:, within], shift_out[:, within], left_out[:, within], sigma)
            shift_out = by[:, None] * shift_out
        left_in, left_out = np.vstack([left_in, right_in + shift_in]), np.vstack([left_out, right_out + shift_out])
        found.append(pairs)
    return left_out, found
