"""What methods, the engine and the screen agree on: parameters, problems, results, methods."""

from scint_core.contract.arrays import BoolArray, FloatArray, IntArray, Matrix, Sparse
from scint_core.contract.explain import Explanation, explained, explanation_of
from scint_core.contract.findings import Finding, Level
from scint_core.contract.method import Family, Method, Outcome, Space, Step, Use
from scint_core.contract.notes import lowered
from scint_core.contract.params import Limits, Params, ParamSpec, Tree, param
from scint_core.contract.problem import Problem, Source
from scint_core.contract.progress import listening, tick
from scint_core.contract.record import StepRecord
from scint_core.contract.results import (
    RESULT_TYPES,
    CrossNeighbors,
    Embedding,
    LossCurve,
    MergeTree,
    MutualPairs,
    Neighbors,
    Pairs,
    PairVectors,
    Shift,
    SoftClusters,
    Stretch,
    result,
)

__all__ = [
    "RESULT_TYPES",
    "BoolArray",
    "CrossNeighbors",
    "Embedding",
    "Explanation",
    "Family",
    "Finding",
    "FloatArray",
    "IntArray",
    "Level",
    "Limits",
    "LossCurve",
    "Matrix",
    "MergeTree",
    "Method",
    "MutualPairs",
    "Neighbors",
    "Outcome",
    "PairVectors",
    "Pairs",
    "ParamSpec",
    "Params",
    "Problem",
    "Shift",
    "SoftClusters",
    "Source",
    "Space",
    "Sparse",
    "Step",
    "StepRecord",
    "Stretch",
    "Tree",
    "Use",
    "explained",
    "explanation_of",
    "listening",
    "lowered",
    "param",
    "result",
    "tick",
]
