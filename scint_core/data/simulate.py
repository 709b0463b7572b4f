"""Simulated batches whose truth is known: `simulate(scenario, **knobs)`.

A scenario composes its batches in one of two ways. Placed cells (`Placed`) are points of a shape that is known
exactly: see `placed`. Cells per batch and type (`Composition`) are counted: a gamma–Poisson model in the manner of
Splatter (Zappia et al., Genome Biology 2017). A gene's mean is gamma distributed; a cell type multiplies its markers, a
batch multiplies every gene, and both act on the expected share of a cell's counts; the number of counts of a cell is
log-normal; gamma noise between cells is added before Poisson sampling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

import scint_core.data.worlds  # noqa: F401  (registers its scenarios)
from scint_core.contract import FloatArray, IntArray
from scint_core.data.placed import Placed, PlaceKnobs, as_anndata
from scint_core.data.scenarios import SCENARIOS, Composition, Knobs
from scint_core.errors import ParameterError, did_you_mean

_MEAN_SHAPE = 0.6  # of the gamma distribution of gene means, as in Splatter; the scale drops out
_MARKER_SHARE = 0.06  # of the genes are markers of each type
_MARKER_SPREAD = 0.2  # sd of a marker's log factor, as a share of the type effect
_DEPTH_SPREAD = 0.3  # sd of the log number of counts of a cell
_BLOCK = 2000  # cells that are dense at a time
_NOTE = "Simulated counts. Cell types, genes and donors are names of the simulation, not real ones."


def simulate(scenario: str, **knobs: Any) -> AnnData:
    """Cells × genes of the named scenario, with the truth in `obs`, `var`, `obsm` and `uns["simulation"]`.

    Scenarios of counted cells give raw counts (CSR); those of placed cells give real values that need no preprocessing,
    with `obsm["place"]` and `obsm["biology"]`, the place of every cell with and without its batch's effect.
    `obs` holds `batch`, `cell_type` and `shared_type` (whether the type is in more than one batch); `var`, for counts,
    the mean of every gene before any effect (`base_mean`) and the type it marks (`marker_of`, empty for none);
    `uns["simulation"]` the scenario, its knobs, and, for counts, the factors by which types, batches and batches
    within types multiply the genes. The knobs of a scenario are the fields of `SCENARIOS[scenario].Knobs`; the same
    seed gives the same values, and changing one knob leaves the random factors of the others as they were.

    Raises `ParameterError` for an unknown scenario or knob, with the nearest there is, and for impossible values.
    """
    chosen = SCENARIOS.get(scenario)
    if chosen is None:
        raise ParameterError(_unknown(f"scenario '{scenario}'", scenario, SCENARIOS))
    names = [spec.name for spec in chosen.Knobs.specs()]
    for knob in knobs:
        if knob not in names:
            raise ParameterError(_unknown(f"knob '{knob}' of scenario '{scenario}'", knob, names))
    values = chosen.Knobs.create(knobs)
    return _realised(chosen.compose(values), chosen.name, values)


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    return f"{what} does not exist: {did_you_mean(name, known)}There is {', '.join(known)}"


@singledispatch
def _realised(who: object, scenario: str, knobs: Any) -> AnnData:  # noqa: ARG001
    """The values of what a scenario composed."""
    raise TypeError(f"scenario '{scenario}' composes a {type(who).__name__}")


@_realised.register
def _placed(who: Placed, scenario: str, knobs: PlaceKnobs) -> AnnData:
    return as_anndata(who, scenario, knobs)


@_realised.register
def _counted(who: Composition, scenario: str, knobs: Knobs) -> AnnData:
    genes = _genes(knobs, who)
    batch, cell_type = _cells(who, knobs.seed)
    counts = _counts(knobs, genes, batch, cell_type)
    shared = (who.cells > 0).sum(axis=0) > 1  # (types,)
    obs = pd.DataFrame(
        {
            "batch": pd.Categorical.from_codes(batch, who.batches),
            "cell_type": pd.Categorical.from_codes(cell_type, who.types),
            "shared_type": shared[cell_type],
        },
        index=_cell_names(batch, who.batches),
    )
    marker_of = np.array(["", *who.types])[genes.marker_of + 1]
    var = pd.DataFrame(
        {"base_mean": genes.base_mean, "marker_of": marker_of}, index=_gene_names(genes.marker_of, who.types)
    )
    return AnnData(counts, obs=obs, var=var, uns={"simulation": _truth(scenario, knobs, who, genes)})


def _truth(scenario: str, knobs: Knobs, who: Composition, genes: Genes) -> dict[str, Any]:
    """What the counts were made from, as strings, numbers and arrays."""
    return {
        "scenario": scenario,
        "note": _NOTE,
        "knobs": knobs.to_dict(),
        "batches": np.array(who.batches, dtype=object),
        "cell_types": np.array(who.types, dtype=object),
        "cells": who.cells,
        "type_factors": genes.type_factors.astype(np.float32),
        "batch_factors": genes.batch_factors.astype(np.float32),
        "interaction_factors": genes.interaction_factors.astype(np.float32),
    }


@dataclass(frozen=True)
class Genes:
    """What multiplies the expected share of every gene."""

    base_mean: FloatArray  # (genes,)
    marker_of: IntArray  # (genes,) position of the type, −1 for none
    type_factors: FloatArray  # types × genes
    batch_factors: FloatArray  # batches × genes
    interaction_factors: FloatArray  # batches × types × genes


def _stream(seed: int, part: str) -> np.random.Generator:
    """Random numbers of one part of the model, independent of those of the others."""
    return np.random.default_rng([seed, *part.encode()])


def _genes(knobs: Knobs, who: Composition) -> Genes:
    n_genes, n_batches, n_types = knobs.n_genes, len(who.batches), len(who.types)
    marker_of = np.full(n_genes, -1)
    n_markers = min(max(1, round(_MARKER_SHARE * n_genes)), n_genes // n_types)
    marker_of[: n_types * n_markers] = np.repeat(np.arange(n_types), n_markers)
    strength = _stream(knobs.seed, "types").normal(1, _MARKER_SPREAD, n_genes)
    marks = marker_of == np.arange(n_types)[:, None]  # types × genes
    batch_noise = _stream(knobs.seed, "batches").standard_normal((n_batches, n_genes))
    interaction_noise = _stream(knobs.seed, "interaction").standard_normal((n_batches, n_types, n_genes))
    return Genes(
        base_mean=_stream(knobs.seed, "genes").gamma(_MEAN_SHAPE, 1 / _MEAN_SHAPE, n_genes) + 0.05,
        marker_of=marker_of,
        type_factors=np.exp(knobs.type_effect * strength * marks),
        batch_factors=np.exp(knobs.batch_effect * batch_noise),
        interaction_factors=np.exp(knobs.interaction * interaction_noise),
    )


def _cells(who: Composition, seed: int) -> tuple[IntArray, IntArray]:
    """Batch (ascending) and type of every cell; the types of a batch are shuffled."""
    random = _stream(seed, "cells")
    batch = np.repeat(np.arange(len(who.batches)), who.cells.sum(axis=1))
    types = [random.permutation(np.repeat(np.arange(len(who.types)), of_batch)) for of_batch in who.cells]
    return batch, np.concatenate(types)


def _counts(knobs: Knobs, genes: Genes, batch: IntArray, cell_type: IntArray) -> sp.csr_matrix:
    """Gamma–Poisson counts, cells × genes."""
    profile = genes.base_mean * genes.type_factors * genes.batch_factors[:, None] * genes.interaction_factors
    profile /= profile.sum(axis=-1, keepdims=True)  # batches × types × genes
    depth = knobs.depth * np.exp(_stream(knobs.seed, "depth").normal(0, _DEPTH_SPREAD, len(batch)))
    random = _stream(knobs.seed, "counts")
    blocks = []
    for start in range(0, len(batch), _BLOCK):
        cells = slice(start, start + _BLOCK)
        expected = depth[cells, None] * profile[batch[cells], cell_type[cells]]  # cells × genes
        if knobs.dispersion > 0:
            shape = knobs.dispersion**-2
            expected *= random.gamma(shape, 1 / shape, expected.shape)
        blocks.append(sp.csr_matrix(random.poisson(expected).astype(np.float32)))
    return sp.vstack(blocks, format="csr")


def _cell_names(batch: IntArray, batches: tuple[str, ...]) -> list[str]:
    within = np.concatenate([np.arange(1, n + 1) for n in np.bincount(batch, minlength=len(batches))])
    return [f"{batches[b].replace(' ', '')}_cell{i:04d}" for b, i in zip(batch, within, strict=True)]


def _gene_names(marker_of: IntArray, types: tuple[str, ...]) -> list[str]:
    names, seen = [], dict.fromkeys(range(-1, len(types)), 0)
    for t in marker_of.tolist():
        seen[t] += 1
        names.append(f"{types[t].replace(' ', '')}-marker-{seen[t]:02d}" if t >= 0 else f"gene-{seen[t]:04d}")
    return names
