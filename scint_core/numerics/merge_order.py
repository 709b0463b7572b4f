"""In which order batches are merged, and what the merges found.

A node is the tuple of its batches' positions, in the order in which their cells are stacked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from scint_core.contract import IntArray, MergeTree, MutualPairs, Pairs, Tree
from scint_core.errors import ParameterError

Node = tuple[int, ...]
Merge = tuple[Node, Node]
"""The reference node, and the node that is corrected towards it."""


def planned_merges(order: Tree | None, batch_names: Sequence[str]) -> list[Merge]:
    """The merges that `merge_order` asks for: batch names in order, or nested lists of them.

    None is the order of the batches, one after the other onto the first. Of nested groups the right one is merged
    before the left one; more than two members of a group are merged from left to right. As batchelor's merge tree.
    Raises `ParameterError` for a name that is no batch, that comes twice or that is missing.
    """
    if order is None:
        order = tuple(batch_names)
    _check_leaves(_leaves(order), batch_names)
    merges: list[Merge] = []
    _resolve(order, list(batch_names), merges)
    return merges


def merges_by_pairs(n_batches: int, count: Callable[[Node, Node], int]) -> Iterator[Merge]:
    """Always the two nodes with the most pairs next; of the two, the one formed later is the reference.

    `count(left, right)` is asked once for any two nodes. Of equal counts the first wins, by the earlier node, then
    by the later one. A merged node takes the last place. As `auto.merge` of batchelor.
    """
    nodes: list[Node] = [(b,) for b in range(n_batches)]
    counts = {(later, earlier): count(later, earlier) for later in nodes for earlier in nodes if earlier < later}
    while len(nodes) > 1:
        candidates = [(later, earlier) for i, earlier in enumerate(nodes) for later in nodes[i + 1 :]]
        left, right = max(candidates, key=counts.__getitem__)
        yield left, right
        nodes = [node for node in nodes if node not in (left, right)]
        counts.update({(left + right, node): count(left + right, node) for node in nodes})
        nodes.append(left + right)


def merge_tree(merges: Sequence[Merge]) -> MergeTree:
    """The merges as a result."""
    return MergeTree(tuple(left for left, _ in merges), tuple(right for _, right in merges))


def all_pairs(
    merges: Sequence[Merge], found: Mapping[Merge, MutualPairs], cells_of: Callable[[Node], IntArray]
) -> Pairs:
    """The pairs of all merges; `cells_of` gives the rows of the problem that a node stacks."""
    left = np.concatenate([cells_of(a)[found[a, b].left] for a, b in merges])
    right = np.concatenate([cells_of(b)[found[a, b].right] for a, b in merges])
    merge = np.repeat(np.arange(len(merges)), [len(found[one].left) for one in merges])
    return Pairs(left, right, merge, np.ones(len(left)), np.ones(len(left), dtype=np.bool_))


def _leaves(order: Tree) -> list[str]:
    return [order] if isinstance(order, str) else [leaf for child in order for leaf in _leaves(child)]


def _check_leaves(leaves: Sequence[str], batch_names: Sequence[str]) -> None:
    known = ", ".join(repr(name) for name in batch_names)
    for leaf in leaves:
        if leaf not in batch_names:
            raise ParameterError(f"parameter 'merge_order' names '{leaf}', which is no batch: the batches are {known}")
        if leaves.count(leaf) > 1:
            raise ParameterError(f"parameter 'merge_order' names batch '{leaf}' more than once: name every batch once")
    for name in batch_names:
        if name not in leaves:
            raise ParameterError(f"parameter 'merge_order' leaves out batch '{name}': it must name all of {known}")


def _resolve(order: Tree, batch_names: list[str], merges: list[Merge]) -> Node:
    """Append the merges that make one node of `order`, and return that node."""
    if isinstance(order, str):
        return (batch_names.index(order),)
    *others, last = order
    if not others:
        return _resolve(last, batch_names, merges)
    right = _resolve(last, batch_names, merges)
    left = _resolve(tuple(others), batch_names, merges)
    merges.append((left, right))
    return left + right
