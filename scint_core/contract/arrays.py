"""Names for the kinds of arrays that cross function borders."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]
BoolArray = NDArray[np.bool_]
Sparse = sp.csr_matrix | sp.csr_array
Matrix = FloatArray | Sparse
"""Cells × genes (or cells × dimensions), dense or by compressed rows."""
