"""Loaded by a `dask worker` at its start: its engine processes are stubs, or it differs in what `STUB_WORKER` says."""

import importlib.abc
import os
import sys


class _NotInstalled(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "scint_core":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def dask_setup(worker):
    if os.environ.get("STUB_WORKER") == "without scint":
        sys.meta_path.insert(0, _NotInstalled())
        return
    from scint_core.runs.jobs import cluster, launch, supervise

    os.environ["STUB_WORKER_PID"] = str(os.getpid())
    server = launch.WarmServer("tests.runs.stub_warm")
    server.warm_up()
    supervise.start = server.start
    if os.environ.get("STUB_WORKER") == "other sources":
        cluster.job_digest = lambda: "of another version"
