"""Worlds in which every cell has a place: batches and types as shapes in a space of few dimensions.

Each module holds scenarios for `simulate`; importing this package registers all of them.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
