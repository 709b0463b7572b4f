"""Finished runs on disk: an `Integration` as a folder, and back."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scint_core.contract import Explanation, StepRecord
from scint_core.export import Integration
from scint_core.runs import codec

_CODED = ("method", "params", "seed", "embedding", "expression", "genes", "pairs", "notes", "versions", "obsm_key",
          "cells", "batch_names", "merges", "extra_embeddings")  # fmt: skip
TRACE = "trace"


def save_integration(integration: Integration, folder: Path) -> None:
    """Write a result under `folder`; its trace must have been kept in `folder/trace` (`FolderTrace`)."""
    value = {name: getattr(integration, name) for name in _CODED}
    value["genes"], value["cells"] = _names(integration.genes), _names(integration.cells)
    value["predictions"] = _frame(integration.predictions)
    value["steps"] = [_step(record) for record in integration.steps]
    codec.write(value, folder / "integration")


def load_integration(folder: Path) -> Integration:
    """The result under `folder`, its arrays memory-mapped. Raises `codec.Damaged` where the files are not whole."""
    value = codec.read(folder / "integration")
    value["genes"] = tuple(value["genes"].tolist())
    value["cells"] = tuple(value["cells"].tolist())
    predictions = value["predictions"]
    value["predictions"] = None if predictions is None else pd.DataFrame(predictions, index=list(value["cells"]))
    value["steps"] = tuple(_record(step, folder / TRACE / f"{i:04d}") for i, step in enumerate(value["steps"]))
    return Integration(**value)


def _names(names: tuple[str, ...]) -> np.ndarray:
    return np.array(names, dtype=np.str_) if names else np.zeros(0, dtype="U1")


def _frame(table: pd.DataFrame | None) -> dict[str, np.ndarray] | None:
    if table is None:
        return None
    columns = {str(name): table[name].to_numpy() for name in table.columns}
    return {name: column.astype(np.str_) if column.dtype == object else column for name, column in columns.items()}


def _step(record: StepRecord) -> dict[str, Any]:
    plain = {
        f.name: getattr(record, f.name) for f in dataclasses.fields(record) if f.name not in ("load", "explanation")
    }
    explanation = None if record.explanation is None else dataclasses.asdict(record.explanation)
    return {**plain, "explanation": explanation}


def _record(step: dict[str, Any], place: Path) -> StepRecord:
    explanation = step.pop("explanation")
    return StepRecord(
        **step,
        explanation=None if explanation is None else Explanation(**explanation),
        load=partial(codec.read, place),
    )
