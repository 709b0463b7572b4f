"""Procrustes alignment of one layout to another."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray


def align(layout: FloatArray, target: FloatArray) -> FloatArray:
    """`layout` (n × d) turned, mirrored and moved onto `target` (n × d), and brought to its spread. float32.

    The rotation is the least-squares one (Schönemann 1966). The scale makes the spreads equal and is not fitted: a
    fitted scale shrinks a layout the more, the less it resembles the target.
    """
    centre, target_centre = layout.mean(axis=0), target.mean(axis=0)
    a = (layout - centre).astype(np.float64)
    b = (target - target_centre).astype(np.float64)
    u, _, vt = np.linalg.svd(a.T @ b)
    spread = np.linalg.norm(a)
    scale = np.linalg.norm(b) / spread if spread > 0 else 1.0
    return np.asarray(scale * a @ (u @ vt) + target_centre, dtype=np.float32)
