"""The order of merges that a table of anchors implies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scint_core.contract import Anchors, FloatArray, MergeTree, SampleTree, explained

Node = tuple[int, ...]


@explained(
    "Batches with many anchors for their size are alike and are merged first. Of the two sides of a merge the one with "
    "more cells is the reference. The distance of two groups of batches is that of their least similar members.",
    formula=r"d_{ij} = \frac{\min(n_i, n_j)}{2\,|\text{anchors}_{ij}|}",
    slide=r"d_{ij} = \frac{\min(n_i, n_j)}{|\text{anchors}_{ij}|}",
)
def sample_tree(found: Sequence[Anchors], batches: Sequence[tuple[int, int]], sizes: tuple[int, ...]) -> SampleTree:
    """Complete-linkage clustering of batches by 1 / similarity, as merges from the bottom up.

    `found[i]` are the anchors of the two `batches[i]`, of which those kept count; `sizes` are the numbers of cells.
    Similarity is twice the anchors per cell of the smaller batch. Batches without anchors are infinitely far apart and
    are merged last. The larger side of a merge is its reference, the first one where both are equal. Of equal
    distances the nodes with the lowest batches come first. As Seurat's BuildSampleTree and R's hclust.
    """
    size, anchors = np.array(sizes), np.zeros((len(sizes), len(sizes)), dtype=np.int64)
    for (i, j), between in zip(batches, found, strict=True):
        anchors[i, j] = anchors[j, i] = between.kept.sum()
    similarity = 2 * anchors / np.minimum.outer(size, size)
    distance = np.full(similarity.shape, np.inf)
    np.divide(1, similarity, out=distance, where=similarity > 0)
    left, right, height = [], [], []
    for one, other, at in _complete_linkage(distance):
        turned = size[list(other)].sum() > size[list(one)].sum()
        left.append(other if turned else one)
        right.append(one if turned else other)
        height.append(at)
    members = _stacked(left, right)
    return SampleTree(anchors, similarity, np.array(height), MergeTree(*members))


def _complete_linkage(distance: FloatArray) -> list[tuple[Node, Node, float]]:
    """The merges of complete linkage as (one, other, height), nodes as ascending batches.

    In a merge a single batch comes before a group, the lower of two batches and the earlier of two groups first.
    """
    nodes: list[Node] = [(b,) for b in range(len(distance))]
    formed: dict[Node, int] = {}
    merges = []
    while len(nodes) > 1:
        candidates = [(distance[np.ix_(a, b)].max(), a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
        height, a, b = min(candidates, key=lambda c: c[0])
        one, other = sorted((a, b), key=lambda node: (formed.get(node, -1), node))
        merges.append((one, other, float(height)))
        joined = tuple(sorted(a + b))
        formed[joined] = len(formed)
        nodes = sorted([node for node in nodes if node not in (a, b)] + [joined])
    return merges


def _stacked(left: list[Node], right: list[Node]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The sides of every merge with their batches in the order in which cells are stacked: reference, then query."""
    order: dict[frozenset[int], Node] = {}
    sides: list[tuple[Node, Node]] = []
    for a, b in zip(left, right, strict=True):
        a, b = order.get(frozenset(a), a), order.get(frozenset(b), b)
        order[frozenset(a + b)] = a + b
        sides.append((a, b))
    return tuple(a for a, _ in sides), tuple(b for _, b in sides)
