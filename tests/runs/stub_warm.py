"""A warm server whose children are stubs."""

import os

from scint_core.runs.jobs import warm
from tests.runs import stub_child  # noqa: F401 (its tasks replace the real ones)


def child_that_ends():
    pid = os.fork()
    if not pid:
        os._exit(0)
    return pid


warm._warm_up = lambda: None
warm._compile_ahead = child_that_ends

if __name__ == "__main__":
    warm.serve()
