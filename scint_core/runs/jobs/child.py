"""The engine process: does one job, and leaves its result or the sentence that ended it.

Started plainly as `python -m scint_core.runs.jobs.child FOLDER`, everywhere; or forked from the warm server.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from pathlib import Path

from scint_core.errors import IntegrationError
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.tasks import TASKS
from scint_core.runs.progress import Report

_REPORT_EVERY = 0.1  # seconds between writes of the progress file
UNEXPECTED = (
    "Something unexpected went wrong inside scint ({kind}: {message}). The details are in the run's folder; "
    "the data and all other runs are unharmed."
)


def run_job(path: Path) -> int:
    """Do the job in `path`. Returns the exit status: 0 with a result, 1 with an error left in the folder."""
    folder = JobFolder(path)
    spec = folder.spec()
    filling = folder.publishing()
    try:
        TASKS[spec["kind"]](spec["arguments"], filling, _reporter(folder))
        folder.publish(filling)
    except IntegrationError as error:
        folder.set_error(type(error).__name__, str(error))
        return 1
    except MemoryError:
        folder.set_error("MemoryError", "The data need more memory than this machine has: use fewer cells or genes.")
        return 1
    except Exception as error:  # a defect: the details go to the folder, a sentence to the screen
        (path / "traceback.txt").write_text(traceback.format_exc())
        folder.set_error(type(error).__name__, UNEXPECTED.format(kind=type(error).__name__, message=error))
        return 1
    return 0


def _reporter(folder: JobFolder) -> Report:
    """A report that writes the progress file, at every new status and every so often between."""
    written, said = 0.0, ""

    def report(fraction: float, status: str) -> None:
        nonlocal written, said
        now = time.monotonic()
        if status != said or now - written > _REPORT_EVERY:
            written, said = now, status
            folder.set_progress(fraction, status)

    return report


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, which closes our standard input."""

    def watch() -> None:
        while os.read(0, 1):  # not through sys.stdin, whose lock would be held while this process ends
            pass
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Do the job whose folder the command line names."""
    _end_with_parent()
    sys.exit(run_job(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
