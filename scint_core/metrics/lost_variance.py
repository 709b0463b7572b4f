"""Lost variance: how much of the variance within batches a merge threw away with the batch effect.

Source: Haghverdi et al., Nature Biotechnology 36 (2018), and batchelor's fastMNN, which reports it for every merge.
"""

from __future__ import annotations

from collections.abc import Iterable

from scint_core.contract import LostVariance, StepRecord
from scint_core.metrics.base import MetricInput, MetricResult

_SUSPICIOUS = 0.1


def lost_variance(data: MetricInput) -> MetricResult:
    """The largest share of a batch's variance that was lost over all merges; per batch its share. Lower is better."""
    assert data.lost_variance is not None
    worst = max(data.lost_variance, key=data.lost_variance.__getitem__)
    share = data.lost_variance[worst]
    note = f"batch {worst} lost {share:.0%} of its variance, which may be biology" if share > _SUSPICIOUS else ""
    return MetricResult(share, per_batch=dict(data.lost_variance), note=note)


def lost_variance_of(steps: Iterable[StepRecord], batch_names: tuple[str, ...]) -> dict[str, float] | None:
    """What a run lost, by batch, from its steps; None for a method that does not measure it.

    `steps` and `batch_names` are an `Integration`'s.
    """
    for step in steps:
        if step.kind == LostVariance.__name__:  # asked first, so that no other result is loaded
            return dict(zip(batch_names, step.result.total.tolist(), strict=True))
    return None
