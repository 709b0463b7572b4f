"""Tasks for machines that measure, in a module that a worker loads at once; as a program, a benchmark."""

import sys
import time
from pathlib import Path
from unittest.mock import patch

from benchmarks.crew import crew
from benchmarks.machine import Machine, MeasurementError


def double(machine: Machine, number: int) -> tuple[int, bool]:
    return 2 * number, machine.folder.is_dir()


def refuse(machine: Machine, number: int) -> int:
    raise ValueError(f"not {number}")


def overlap(machine: Machine, number: int) -> list[str]:
    """Who else is at it meanwhile."""
    mine = machine.folder / f"{number}.busy"
    mine.touch()
    time.sleep(0.3)
    found = [path.name for path in machine.folder.glob("*.busy") if path != mine]
    mine.unlink()
    return found


def dawdle(machine: Machine, log: Path) -> None:
    """Measure for a minute, telling when it begins and how it ends."""
    (log.parent / "benchmarks").mkdir()
    (log.parent / "benchmarks" / "__init__.py").touch()
    (log.parent / "benchmarks" / "dawdle.py").write_text("import time; time.sleep(60)")
    log.write_text("began")
    with patch("benchmarks.machine.ROOT", log.parent):
        try:
            machine.measured("dawdle")
        except MeasurementError as error:
            log.write_text(str(error))


if __name__ == "__main__":
    from tests.benchmarks.crew_work import dawdle  # as a worker finds it

    with crew(sys.argv[1]) as measuring:
        list(measuring.each(dawdle, [Path(sys.argv[2])]))
