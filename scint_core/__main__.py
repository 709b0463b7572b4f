"""The command line: `python -m scint_core integrate|sweep|methods|check`.

Exit status: 0 done, 1 the data or parameters cannot be used (one sentence on standard error), 2 wrong usage, 130
interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from anndata import AnnData
from tqdm import tqdm

import scint_core as scint
from scint_core.contract.version import VERSION
from scint_core.data.notices import DataWarning
from scint_core.errors import IntegrationError, ParameterError
from scint_core.export.h5ad import write_h5ad
from scint_core.methods import find_method
from scint_core.numerics.values import holds_counts
from scint_core.runs.jobs.cluster import SCHEDULER
from scint_core.runs.progress import Report
from scint_core.runs.sweeps import MANY, Estimate, Grid
from scint_core.runs.sweeps.in_folder import estimated


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", DataWarning)
            warnings.showwarning = _say_warning  # type: ignore[assignment]
            return int(options.command(options))
    except IntegrationError as error:
        print(f"scint: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"scint: interrupted, {options.kept}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scint_core", description=scint.__doc__)
    parser.set_defaults(kept="nothing was written")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    integrate = commands.add_parser("integrate", help="integrate the batches of a file with one method")
    integrate.add_argument("input", nargs="+", metavar="IN", help="a file or 10x folder; several become batches")
    integrate.add_argument("--method", required=True, help="a name that `methods` lists")
    integrate.add_argument("--batch-key", default="batch", help="column of the batches (default: batch)")
    integrate.add_argument("--label-key", help="column of the cell types")
    integrate.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    integrate.add_argument("--preset", help="start from a preset of the method: talk or reference")
    integrate.add_argument("--seed", type=int, default=0)
    integrate.add_argument("--out", required=True, type=Path, metavar="OUT.h5ad")
    integrate.set_defaults(command=_integrate)

    sweep = commands.add_parser("sweep", help="run a method over a grid of parameters and say how far results move")
    sweep.add_argument("input", nargs="+", metavar="IN", help="a file or 10x folder; several become batches")
    sweep.add_argument("--method", required=True, action="append", help="may be repeated: the methods are compared")
    grid_help = "values of a parameter, may be repeated: --grid k=5,10,20"
    sweep.add_argument("--grid", action="append", default=[], metavar="NAME=V1,V2,...", help=grid_help)
    sweep.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="the same in all runs")
    sweep.add_argument("--seeds", default="0", metavar="S1,S2,...", help="every run once with each (default: 0)")
    sweep.add_argument("--batch-key", default="batch", help="column of the batches (default: batch)")
    sweep.add_argument("--label-key", help="column of the cell types")
    address = os.environ.get(SCHEDULER) or None
    scheduler_help = f"address of a dask scheduler whose workers do the runs and see DIR (default: {SCHEDULER})"
    sweep.add_argument("--scheduler", metavar="ADDRESS", default=address, help=scheduler_help)
    sweep.add_argument("--yes", action="store_true", help=f"do not ask before more than {MANY} runs")
    sweep.add_argument("--out", required=True, type=Path, metavar="DIR", help="for the table and the runs")
    sweep.set_defaults(command=_sweep, kept="runs that are done are kept: the same command goes on with the others")

    methods = commands.add_parser("methods", help="list the methods and their parameters")
    methods.set_defaults(command=_methods)

    check = commands.add_parser("check", help="say what a file holds and what stands in the way")
    check.add_argument("input", nargs="+", metavar="IN")
    check.add_argument("--batch-key")
    check.add_argument("--label-key")
    check.set_defaults(command=_check)
    return parser


def _integrate(options: argparse.Namespace) -> int:
    method = find_method(options.method)
    params = {**method.Params.preset(options.preset), **method.Params.parse(_pairs(options.param))}
    adata = _prepared(scint.read(options.input), options.batch_key)
    with _progress() as report:
        result = scint.integrate(
            adata, method.name, batch_key=options.batch_key, label_key=options.label_key, seed=options.seed,
            report=report, **params,
        )  # fmt: skip
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    result.write(adata)
    write_h5ad(adata, options.out)
    print(f"{method.label}: {adata.n_obs} cells written to {options.out}")
    return 0


def _sweep(options: argparse.Namespace) -> int:
    adata = _prepared(scint.read(options.input), options.batch_key)
    grid, fixed = _grid(options)
    about = {"batch_key": options.batch_key, "label_key": options.label_key}
    chosen = Grid.create(options.method, grid, seeds=_seeds(options.seeds), fixed=fixed)
    if len(chosen) > MANY and not options.yes and not _agreed(chosen, estimated(options.out, adata, chosen, **about)):
        return 1
    with _progress() as report:
        found = scint.sweep(
            adata, options.method, grid, seeds=chosen.seeds, folder=options.out, scheduler=options.scheduler,
            most=len(chosen), report=report, **about, **fixed,
        )  # fmt: skip
    found.table.to_csv(options.out / "sweep.csv", index=False)
    return _say_found(found, options.out)


def _grid(options: argparse.Namespace) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """The values of the grid and those that are fixed, read as the first method's parameters are."""
    params = find_method(options.method[0]).Params
    listed = {name: text.split(",") for name, text in _pairs(options.grid, "--grid", "k=5,10,20").items()}
    grid = {name: [params.parse({name: part.strip()})[name] for part in parts] for name, parts in listed.items()}
    return grid, params.parse(_pairs(options.param))


def _seeds(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ParameterError(f"--seeds '{text}' is not a list of whole numbers: write it like --seeds 0,1,2") from None


def _agreed(grid: Grid, estimate: Estimate) -> bool:
    """Whether the person at the terminal wants so many runs; where there is none, nobody agrees."""
    print(f"{len(grid):,} runs: {estimate}.", file=sys.stderr)
    if not sys.stdin.isatty():
        print("scint: so many runs are only started with --yes", file=sys.stderr)
        return False
    return input("Start them? [y/N] ").strip().lower() in ("y", "yes")


def _say_found(found: scint.Sweep, folder: Path) -> int:
    """The table's place, what the sweep shows, and what failed."""
    failed = found.table[found.table["error"] != ""] if "error" in found.table else found.table.iloc[:0]
    for sentence in failed["error"].unique() if len(failed) else ():
        print(f"failed: {sentence}", file=sys.stderr)
    for axis in found.grid.axes:
        with contextlib.suppress(ParameterError):  # too few runs along it to say anything
            print(found.stability(axis).sentence)
    print(f"{len(found) - len(failed)} of {len(found)} runs done, table in {folder / 'sweep.csv'}")
    return int(len(failed) == len(found))


@contextlib.contextmanager
def _progress() -> Iterator[Report]:
    """A bar on the terminal, and the report that moves it."""
    with tqdm(total=100, bar_format="{desc:<55.55} {percentage:3.0f}% |{bar}| {elapsed}", disable=None) as bar:

        def report(fraction: float, status: str) -> None:
            bar.set_description_str(status)
            bar.update(int(fraction * 100) - bar.n)

        yield report


def _prepared(adata: AnnData, batch_key: str) -> AnnData:
    """Raw counts preprocessed, with every cell kept; log values as they are."""
    return scint.preprocess(adata, batch_key=batch_key) if holds_counts(adata.X) else adata


def _pairs(texts: list[str], option: str = "--param", example: str = "theta=2") -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ParameterError(f"{option} '{text}' is not NAME=VALUE: write it like {option} {example}")
        pairs[name.strip()] = value.strip()
    return pairs


def _methods(_: argparse.Namespace) -> int:
    for method in scint.methods().values():
        pairs = "pairs" if method.relates_pairs else "no pairs"
        print(f"{method.name:<13} {method.label} ({method.family}; {method.output}; {pairs})")
        for spec in method.Params.specs():
            print(f"    {spec.name:<22} {spec.default!s:<10} {spec.help}")
    return 0


def _check(options: argparse.Namespace) -> int:
    findings = scint.check(scint.read(options.input), options.batch_key, options.label_key)
    for finding in findings:
        print(f"{finding.level}: {finding}")
    if not findings:
        print("nothing to remark")
    return int(any(finding.level == "error" for finding in findings))


def _say_warning(message: Warning | str, *_: object) -> None:
    print(f"warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
