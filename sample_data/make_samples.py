"""Writes the simulated sample files beside itself: `python sample_data/make_samples.py`.

The same recipes give the same counts on every machine; what they mean is in `scint_core/data/samples.py`.
"""

from __future__ import annotations

from pathlib import Path

from scint_core.data.simulate import simulate

FOLDER = Path(__file__).resolve().parent

# Batch effects that are plain to see before integration, and that the talk's methods can remove: with effects twice
# as strong, the clusters that Harmony starts from hold one batch each and stay so.
CELLS = {"type_effect": 1.1, "interaction": 0.1, "dispersion": 0.4}
RECIPES = {
    "two_donors": ("two_batches", {**CELLS, "n_cells": 800, "batch_effect": 0.28, "seed": 1}),
    "five_labs": ("five_batches", {**CELLS, "n_cells": 1000, "batch_effect": 0.28, "lacking": 2, "seed": 2}),
    "small_batch": (
        "two_batches",
        {**CELLS, "n_cells": 415, "n_genes": 400, "minor_share": 15 / 415, "batch_effect": 0.28, "seed": 3},
    ),
}


def main(folder: Path = FOLDER) -> None:
    """Write every sample into `folder`."""
    for name, (scenario, knobs) in RECIPES.items():
        simulated = simulate(scenario, **knobs)
        simulated.write_h5ad(folder / f"{name}.h5ad", compression="gzip", compression_opts=9)


if __name__ == "__main__":
    main()
