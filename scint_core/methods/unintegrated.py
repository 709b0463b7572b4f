"""No integration: the principal components as they are, to compare every method with."""

from __future__ import annotations

from dataclasses import dataclass

from scint_core.contract import Embedding, FloatArray, Method, Outcome, Params, Problem, Step, explained


@dataclass(frozen=True)
class UnintegratedParams(Params):
    """The unintegrated data have no parameters."""


@explained("The principal components are left as they are: this is what every method starts from or is judged against.")
def principal_components(pca: FloatArray) -> Embedding:
    """The components as an embedding."""
    return Embedding(pca)


def run(problem: Problem, p: UnintegratedParams, step: Step) -> Outcome:  # noqa: ARG001
    """Take the principal components."""
    return Outcome(embedding=step("Take the principal components", principal_components, problem.pca).coordinates)


METHOD = Method(
    name="unintegrated",
    label="Unintegrated",
    family="baseline",
    position=0,
    output="low-dimensional",
    relates_pairs=False,
    summary="The principal components of the data, with all batch effects left in.",
    citation="",
    Params=UnintegratedParams,
    run=run,
    min_batches=1,
    min_batch_cells=1,
)
