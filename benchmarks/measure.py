"""One measurement, in a process of its own: `python -m benchmarks.measure ours:mnn data.npz` prints it as JSON.

The work is first done on a small part of the data, so that imports and compilation are not timed.
"""

from __future__ import annotations

import contextlib
import json
import sys
from importlib import metadata
from pathlib import Path

from benchmarks.clock import measured
from benchmarks.dataset import load

WARM_UP_CELLS = 400


def main(tool: str, path: str) -> None:
    """Measure `ours:<method>` or `peer:<package>` on the data in `path`."""
    kind, name = tool.split(":")
    if kind == "ours":
        from benchmarks.ours import work_of

        prepare, package = work_of(name), "scint"
    else:
        from benchmarks.peers import PEERS

        prepare, package = PEERS[name].prepare, name
    data = load(Path(path))
    with contextlib.redirect_stdout(sys.stderr):
        prepare(data.part(WARM_UP_CELLS))()
        figures = measured(prepare(data))
    print(json.dumps({**figures, "version": version_of(package)}))


def version_of(package: str) -> str:
    """The version of a package, or of scint, which need not be installed."""
    if package == "scint":
        from scint_core.contract.version import VERSION

        return VERSION
    return metadata.version(package)


if __name__ == "__main__":
    main(*sys.argv[1:])
