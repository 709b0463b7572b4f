"""Integrate single-cell RNA-seq batches and see how it happens.

import scint_core as scint

adata = scint.preprocess(scint.read(["a.h5ad", "b.h5ad"]), batch_key="batch")
result = scint.integrate(adata, "harmony", batch_key="batch", theta=2)
result.write(adata)
"""

# The packages come first, so that the functions of the same names, bound below, stay bound.
import scint_core.methods
import scint_core.preprocess  # noqa: F401
from scint_core.contract import Finding
from scint_core.data.prepare import preprocess
from scint_core.data.read import read
from scint_core.data.simulate import simulate
from scint_core.errors import IntegrationError
from scint_core.export import Integration
from scint_core.methods import all_methods as methods
from scint_core.runs.check import check
from scint_core.runs.evaluate import evaluate
from scint_core.runs.integrate import integrate
from scint_core.runs.sweeps.result import Sweep
from scint_core.runs.sweeps.sweep import sweep

__all__ = [
    "Finding",
    "Integration",
    "IntegrationError",
    "Sweep",
    "check",
    "evaluate",
    "integrate",
    "methods",
    "preprocess",
    "read",
    "simulate",
    "sweep",
]
