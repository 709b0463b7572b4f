"""The command line: `python -m scint_core integrate|methods|check`.

Exit status: 0 done, 1 the data or parameters cannot be used (one sentence on standard error), 2 wrong usage, 130
interrupted.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from anndata import AnnData
from tqdm import tqdm

import scint_core as scint
from scint_core.contract.version import VERSION
from scint_core.data.notices import DataWarning
from scint_core.errors import IntegrationError, ParameterError
from scint_core.export.h5ad import write_h5ad
from scint_core.methods import find_method
from scint_core.numerics.values import holds_counts


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
        print("scint: interrupted, nothing was written", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scint_core", description=scint.__doc__)
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
    with tqdm(total=100, bar_format="{desc:<55.55} {percentage:3.0f}% |{bar}| {elapsed}", disable=None) as bar:

        def report(fraction: float, status: str) -> None:
            bar.set_description_str(status)
            bar.update(int(fraction * 100) - bar.n)

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


def _prepared(adata: AnnData, batch_key: str) -> AnnData:
    """Raw counts preprocessed, with every cell kept; log values as they are."""
    return scint.preprocess(adata, batch_key=batch_key) if holds_counts(adata.X) else adata


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ParameterError(f"--param '{text}' is not NAME=VALUE: write it like --param theta=2")
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
