"""`sweep`: one method, or several, over a grid of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from anndata import AnnData

from scint_core.data.problem import problem_from
from scint_core.errors import ParameterError
from scint_core.runs.progress import Report
from scint_core.runs.sweeps.estimate import MANY
from scint_core.runs.sweeps.grid import Grid
from scint_core.runs.sweeps.here import runs_here
from scint_core.runs.sweeps.in_folder import runs_in_folder
from scint_core.runs.sweeps.result import Sweep, collect


def sweep(
    adata: AnnData,
    method: str | Sequence[str],
    grid: Mapping[str, Iterable[Any]] | None = None,
    *,
    batch_key: str = "batch",
    label_key: str | None = None,
    seeds: Sequence[int] = (0,),
    scores: bool = True,
    most: int = MANY,
    folder: str | Path | None = None,
    scheduler: str | None = None,
    report: Report | None = None,
    **params: Any,
) -> Sweep:
    """Run a method, or each of several, at every combination of the values in `grid`; `adata` is not changed.

    Steps that runs have in common are computed once. A run that fails leaves its sentence in the table, and the others
    go on.

    - `grid`: values by parameter, `{"k": [5, 10, 20], "sigma": [0.1, 1]}`; may be left out with several methods.
    - `seeds`: every combination is run with each of them, which tells chance from effect.
    - `scores`: whether to measure every run; measuring may take longer than running. Always done with a `folder`.
    - `most`: more runs than this are refused, lest a slip of the pen takes a week.
    - `folder`: runs become jobs in this folder, side by side in processes of their own. A sweep that was interrupted
      goes on where it stood, and the app shows it with `SCINT_STATE` set to the folder.
    - `scheduler`: the address of a `dask.distributed` scheduler whose workers do the jobs; they must see `folder`.
    - `report(fraction, status)` as for `integrate`; `params` are the method's other parameters.

    Raises `ParameterError` before anything runs for a value that cannot be used, `MethodError`, `DataError`, and
    `ClusterError` where the scheduler or its workers cannot be used.
    """
    if scheduler is not None and folder is None:
        raise ParameterError(
            f"scheduler is '{scheduler}', but folder is None: name a folder that this machine and all workers see"
        )
    chosen = Grid.create(method, grid or {}, seeds=seeds, fixed=params)
    if len(chosen) > most:
        raise ParameterError(
            f"grid makes {len(chosen):,} runs, more than most ({most:,}): take fewer values, or raise 'most'"
        )
    problem = problem_from(adata, batch_key, label_key)
    tell = report or (lambda *_: None)
    if folder is not None:
        found = runs_in_folder(
            Path(folder), adata, chosen, batch_key=batch_key, label_key=label_key, scheduler=scheduler, report=tell
        )
    else:
        cells = tuple(adata.obs_names.astype(str))
        found = runs_here(problem, chosen, cells, batch_key, scores, tell)
    tell(1.0, "Done")
    return collect(chosen, found, problem)
