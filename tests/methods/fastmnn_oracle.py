"""fastMNN written out from its specification: loops over cells, no blocks, nothing shared with the package."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Node:
    cells: np.ndarray
    origin: list[int]  # batch of every cell
    vectors: list[np.ndarray] = field(default_factory=list)


def unit_length(x):
    return np.array([row / max(np.sqrt((row**2).sum()), 1e-8) for row in x])


def components(batches, d):
    centre = np.mean([x.mean(axis=0) for x in batches], axis=0)
    scaled = np.vstack([(x - centre) / np.sqrt(len(x)) for x in batches])
    _, _, vt = np.linalg.svd(scaled, full_matrices=False)
    return [(x - centre) @ vt[:d].T for x in batches]


def k_of(n, k, prop_k):
    return min(n, max(k, round(prop_k * n)) if prop_k else k)


def nearest(x, cells, k):
    d2 = [((x - y) ** 2).sum() for y in cells]
    return sorted(range(len(cells)), key=lambda i: (d2[i], i))[:k]


def find_pairs(left, right, k, prop_k):
    of_left = [nearest(x, right, k_of(len(right), k, prop_k)) for x in left]
    of_right = [nearest(x, left, k_of(len(left), k, prop_k)) for x in right]
    return [(i, r) for i, ranked in enumerate(of_left) for r in ranked if i in of_right[r]]


def pair_vectors(left, right, pairs):
    return {m: np.mean([left[i] - right[m] for i, r in pairs if r == m], axis=0) for m in sorted({r for _, r in pairs})}


def centre(cells, vector):
    v = vector / np.sqrt((vector**2).sum())
    mean = np.mean([x @ v for x in cells])
    return np.array([x + (mean - x @ v) * v for x in cells])


def tricube(cells, vectors, k, ndist):
    members = list(vectors)
    moved = []
    for x in cells:
        near = [members[i] for i in nearest(x, cells[members], k)]
        d = [np.sqrt(((x - cells[m]) ** 2).sum()) for m in near]
        h = max(1e-8, ndist * d[int(np.ceil(len(near) / 2)) - 1])
        w = np.array([(1 - min(1, dj / h) ** 3) ** 3 for dj in d])
        moved.append(x + sum(wj * vectors[m] for wj, m in zip(w / w.sum(), near, strict=True)))
    return np.array(moved)


def variance(cells, origin, batch):
    return cells[np.array(origin) == batch].var(axis=0, ddof=1).sum()


def merge(left, right, n_batches, *, k, prop_k, ndist, min_batch_skip):
    """The merged node, the pairs, the relative size of the batch vector, and the variance lost by every batch."""
    x, y = left.cells, right.cells
    for v in left.vectors:
        y = centre(y, v)
    for v in right.vectors:
        x = centre(x, v)
    pairs = find_pairs(x, y, k, prop_k)
    vectors = pair_vectors(x, y, pairs)
    b = np.mean(list(vectors.values()), axis=0)
    size = np.sqrt((b**2).sum() / np.mean([(v**2).sum() for v in vectors.values()]))
    corrected = size >= min_batch_skip
    if corrected:
        x, y = centre(x, b), centre(y, b)
    lost = np.zeros(n_batches)
    for node, after in ((left, x), (right, y)):
        for batch in set(node.origin):
            lost[batch] = 1 - variance(after, node.origin, batch) / variance(node.cells, node.origin, batch)
    if corrected:
        vectors = pair_vectors(x, y, pairs)
        y = tricube(y, vectors, min(k_of(len(y), k, prop_k), len(vectors)), ndist)
    merged = Node(
        np.vstack([x, y]), left.origin + right.origin, left.vectors + right.vectors + ([b] if corrected else [])
    )
    return merged, pairs, size, lost


def fastmnn(batches, merges, *, k, n_pcs, cos_norm=True, ndist=3.0, prop_k=None, min_batch_skip=0.0):
    """Corrected cells batch by batch; pairs (rows of the two sides), sizes and lost variances of every merge.

    `merges` names the two sides of every merge by the tuples of their batches.
    """
    reduced = components([unit_length(x) if cos_norm else x for x in batches], n_pcs)
    nodes = {(b,): Node(x, [b] * len(x)) for b, x in enumerate(reduced)}
    given = {"k": k, "prop_k": prop_k, "ndist": ndist, "min_batch_skip": min_batch_skip}
    found = []
    for left, right in merges:
        nodes[left + right], *rest = merge(nodes[left], nodes[right], len(batches), **given)
        found.append(rest)
    last = nodes[left + right]
    rows = np.argsort(last.origin, kind="stable")
    return last.cells[rows], found


def automatic_merges(batches, *, k, n_pcs):
    """Always the two nodes with the most pairs; of equal counts the first by the earlier node, then by the later."""
    nodes = {(b,): Node(x, [b] * len(x)) for b, x in enumerate(components([unit_length(x) for x in batches], n_pcs))}
    given = {"k": k, "prop_k": None, "ndist": 3.0, "min_batch_skip": 0.0}
    merges = []
    while len(nodes) > 1:
        names, best = list(nodes), (0, None)
        for i, right in enumerate(names):
            for left in names[i + 1 :]:
                count = len(merge(nodes[left], nodes[right], len(batches), **given)[1])
                if count > best[0]:
                    best = (count, (left, right))
        left, right = best[1]
        merged = merge(nodes.pop(left), nodes.pop(right), len(batches), **given)[0]
        nodes[left + right] = merged
        merges.append((left, right))
    return merges
