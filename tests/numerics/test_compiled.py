"""Kernels on disk: a process that will be forked loads them all, and compiles none."""

import os
import subprocess
import sys

CALL = """
import numpy as np
from scint_core.numerics.smallest import smallest_of_rows

smallest_of_rows(np.ones((2, 3)), 1)
"""

LOAD = """
from scint_core.numerics.compiled import load_kept
from scint_core.numerics.smallest import smallest_of_rows
from scint_core.numerics.umap import load_umap

umap = load_umap()
load_kept()
load_kept()  # what is loaded is left as it is
assert len(smallest_of_rows.signatures) == 1
assert not smallest_of_rows.stats.cache_misses
assert not umap.umap_.smooth_knn_dist.signatures  # parallel
"""


def test_kernels_are_loaded_from_the_disk_and_none_that_is_parallel(tmp_path):
    environment = {**os.environ, "SCINT_CACHE": str(tmp_path)}
    for code in (CALL, LOAD):
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
