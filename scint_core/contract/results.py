"""The results that steps leave: small frozen dataclasses of arrays and plain values.

The step cache writes them field by field and the screen has one chart per type, so a method whose steps return
these types is cached, traced and drawn without code of its own. Positions of cells are rows of the problem's
canonical order (see `Problem`); `Integration` translates them to the caller's.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypeVar

from scint_core.contract.arrays import BoolArray, FloatArray, IntArray, Sparse

T = TypeVar("T")

RESULT_TYPES: dict[str, type] = {}
"""Every registered result type by name: the only types the codec writes and reads."""


def result(cls: type[T]) -> type[T]:
    """Register a frozen dataclass as a type that a step may return."""
    if not (dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise TypeError(f"{cls.__name__} is not a frozen dataclass")
    RESULT_TYPES[cls.__name__] = cls
    return cls


@result
@dataclass(frozen=True)
class Embedding:
    """Cells in a low-dimensional space: `coordinates` (cells × dimensions); `axis` names the dimensions."""

    coordinates: FloatArray
    axis: str = "PC"


@result
@dataclass(frozen=True)
class Neighbors:
    """The k nearest reference cells of every query cell, nearest first, ties to the lowest index.

    `indices` and `distances` (Euclidean) are queries × k.
    """

    indices: IntArray
    distances: FloatArray


@result
@dataclass(frozen=True)
class CrossNeighbors:
    """Nearest neighbours across two sides: of every right cell on the left, and of every left cell on the right."""

    of_right: Neighbors  # right cells × k, indices into the left side
    of_left: Neighbors  # left cells × k, indices into the right side


@result
@dataclass(frozen=True)
class MutualPairs:
    """Mutual nearest neighbours of one merge: `left[i]` and `right[i]` are rows of the two sides."""

    left: IntArray
    right: IntArray


@result
@dataclass(frozen=True)
class Pairs:
    """All pairs of cells that a method related, over all its merges.

    `left` and `right` are positions of cells, `merge` the number of the merge that found the pair (from 0), `score`
    its weight (1 where the method has none), `kept` False where a filter dropped it.
    """

    left: IntArray
    right: IntArray
    merge: IntArray
    score: FloatArray
    kept: BoolArray

    def __len__(self) -> int:
        return len(self.left)


@result
@dataclass(frozen=True)
class PairVectors:
    """One vector per target cell that is in a pair: `cells` rows of the target, `vectors` (cells × dimensions)."""

    cells: IntArray
    vectors: FloatArray


@result
@dataclass(frozen=True)
class Shift:
    """What is added to every target cell: `vectors` (cells × dimensions)."""

    vectors: FloatArray


@result
@dataclass(frozen=True)
class Stretch:
    """How far every target cell's vector was lengthened: `scale` (cells,), at least 1."""

    scale: FloatArray


@result
@dataclass(frozen=True)
class MergeTree:
    """The order of merges: merge i joins the batches `left[i]` (reference) and `right[i]` (corrected), by position."""

    left: tuple[tuple[int, ...], ...]
    right: tuple[tuple[int, ...], ...]


@result
@dataclass(frozen=True)
class SharedSpace:
    """Two batches in one low-dimensional space: `left` and `right` (cells × K), before cells are brought to length 1.

    `strength` (K,) are the singular values, `loadings` (genes × K) how strongly every gene follows each dimension,
    `genes` (genes,) the columns they stand for, `axis` the name of the dimensions.
    """

    left: FloatArray
    right: FloatArray
    strength: FloatArray
    loadings: FloatArray
    genes: IntArray
    axis: str = "CC"


@result
@dataclass(frozen=True)
class Anchors:
    """Anchors between two sides: `left` and `right` (anchors,) are rows of the sides, `kept` False where the filter
    dropped one, `shared` the number of neighbours that both cells have, `score` that number on a scale from 0 to 1 set
    by the anchors that were kept (0 for the others)."""

    left: IntArray
    right: IntArray
    kept: BoolArray
    shared: IntArray
    score: FloatArray


@result
@dataclass(frozen=True)
class SampleTree:
    """Which batches are alike, and the merges that follow: `anchors` and `similarity` are batches × batches, `height`
    (merges,) is the distance (1 / similarity) of the two sides of every merge of `merges`."""

    anchors: IntArray
    similarity: FloatArray
    height: FloatArray
    merges: MergeTree


@result
@dataclass(frozen=True)
class AnchorWeights:
    """How much every anchor counts for every query cell: `weights` (query cells × anchors, rows sum to 1)."""

    weights: Sparse


@result
@dataclass(frozen=True)
class Metagenes:
    """One dimension as a weighted sum of genes in each of two batches, along the cells in order of that dimension.

    `left` and `right` (cells,) are the curves, brought to one range; `shift` was added to the left one. `genes` (m,)
    are the columns summed, `correlation` (m × 2) how closely each follows the dimension in either batch.
    """

    left: FloatArray
    right: FloatArray
    shift: float
    genes: IntArray
    correlation: FloatArray


@result
@dataclass(frozen=True)
class WarpingPath:
    """How two curves are matched: step i pairs place `left[i]` of one with place `right[i]` of the other, both never
    falling. `cost` is the sum of the differences along it, a step in both counted twice."""

    left: IntArray
    right: IntArray
    cost: float


@result
@dataclass(frozen=True)
class LossCurve:
    """Values of an objective: `values` one per iteration, the start first; `parts` its terms, same length."""

    values: FloatArray
    parts: dict[str, FloatArray] = dataclasses.field(default_factory=dict)
    axis: str = "iteration"


@result
@dataclass(frozen=True)
class SoftClusters:
    """Soft clusters of cells: `membership` (cells × K, rows sum to 1), `centres` (K × d, unit rows),
    `observed` and `expected` (K × batches) co-occurrence of clusters and batches."""

    membership: FloatArray
    centres: FloatArray
    observed: FloatArray
    expected: FloatArray


@result
@dataclass(frozen=True)
class MultiBatchPca:
    """Principal components to which every batch contributes alike: `scores` = (cells − `centre`) · `rotation`.

    `scores` holds one array (cells × components) per batch. `variance` is the mean over the batches of each
    component's mean square, `total_variance` the same over all genes. `share` (batches × components) is the part of a
    component's variance that each batch holds when batches count the same, `share_by_cells` when cells do.
    """

    scores: tuple[FloatArray, ...]
    rotation: FloatArray  # genes × components, orthonormal columns, the largest entry of each positive
    centre: FloatArray  # (genes,) mean of the batches' means
    variance: FloatArray  # (components,)
    total_variance: float
    share: FloatArray
    share_by_cells: FloatArray


@result
@dataclass(frozen=True)
class BatchVector:
    """The mean difference of two sides: `vector` (dimensions,); `left` and `right` (cells of either side,) are the
    cells' coordinates along it.

    `size` is its length over the root mean square length of the vectors it is the mean of: 1 where all agree, near 0
    where they point anywhere.
    """

    vector: FloatArray
    size: float
    left: FloatArray
    right: FloatArray


@result
@dataclass(frozen=True)
class LocalWeights:
    """Which paired cells each cell's vector is averaged from: `paired` (cells × k) are positions among the paired
    cells, nearest first, `weights` (cells × k) sum to 1 in every row, `bandwidth` (cells,) is the distance of weight 0.
    """

    paired: IntArray
    weights: FloatArray
    bandwidth: FloatArray


@result
@dataclass(frozen=True)
class LostVariance:
    """What centring along batch vectors took away: `lost_var` (merges × batches), the share of each batch's variance,
    0 for batches that a merge did not touch; `total` (batches,) over all merges. `batch_size` (merges,) is the
    relative size of the batch vector, `skipped` (merges,) whether it was too small to correct for."""

    lost_var: FloatArray
    total: FloatArray
    batch_size: FloatArray
    skipped: BoolArray


@result
@dataclass(frozen=True)
class SidedNeighbors:
    """The k nearest cells of every cell in all earlier batches (`before`) and in all later ones (`after`).

    Where a side holds fewer than k cells, the places left over hold row −1 at distance ∞.
    """

    before: Neighbors
    after: Neighbors


@result
@dataclass(frozen=True)
class AlignmentScores:
    """How much any two batches match: `score` (batches × batches, symmetric), the larger of their two shares;
    `share[i, j]` the part of the cells of batch i with a match in batch j; `matches` the number of matches."""

    score: FloatArray
    share: FloatArray
    matches: IntArray


@result
@dataclass(frozen=True)
class PanoramaGraph:
    """Batches linked by matching cells, and what each link does; one entry per link, best first.

    `edges` are the two batches, `scores` their scores; the batches `moved` go onto the batches `onto` by the matches
    of the pairs `matched` (moved, onto); all three are empty where a link was passed over. `panoramas` are the
    batches that end up together, batches without a link alone.
    """

    edges: tuple[tuple[int, int], ...]
    scores: tuple[float, ...]
    moved: tuple[tuple[int, ...], ...]
    onto: tuple[tuple[int, ...], ...]
    matched: tuple[tuple[tuple[int, int], ...], ...]
    panoramas: tuple[tuple[int, ...], ...]


@result
@dataclass(frozen=True)
class Translation:
    """What is added to every cell that moves: `vectors` (cells × dimensions), and `mass` (cells,), the summed kernel
    weights of all matches: near 0 where a cell lies far from every matched one."""

    vectors: FloatArray
    mass: FloatArray
