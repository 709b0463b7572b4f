"""The only two places scint writes to."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Results of steps and compiled code; may be deleted at any time. `SCINT_CACHE`, else the user's cache folder."""
    return Path(os.environ.get("SCINT_CACHE") or platformdirs.user_cache_dir("scint", appauthor=False))


def state_folder() -> Path:
    """Uploads and runs, as a path that holds from everywhere. `SCINT_STATE`, else the user's data folder."""
    return Path(os.environ.get("SCINT_STATE") or platformdirs.user_data_dir("scint", appauthor=False)).absolute()
