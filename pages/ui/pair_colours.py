"""What pairs are coloured by: right or wrong, score, or merge; one line trace per colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pages.ui.colouring import Groups, shades
from pages.ui.pair_data import Related
from pages.ui.palette import MISSING, OKABE_ITO
from scint_core.contract import IntArray
from scint_core.numerics.pair_table import RIGHT, UNKNOWN, WRONG, verdicts

VERDICT, SCORE, MERGE = "right or wrong", "score", "merge"
DROPPED_COLOUR = OKABE_ITO[3]
_VERDICTS = {
    UNKNOWN: ("a type unknown", MISSING), RIGHT: ("same type", OKABE_ITO[0]), WRONG: ("different types", OKABE_ITO[5])
}  # fmt: skip


@dataclass(frozen=True)
class Portion:
    """Pairs of one colour: `rows` are positions among the pairs of the run."""

    name: str
    colour: str
    rows: IntArray


def offered(found: Related) -> list[str]:
    """What tells the pairs of this run apart."""
    return [*([VERDICT] if found.view.labels is not None else []), *([SCORE] if found.scored else []), MERGE]


def portions(found: Related, by: str, rows: IntArray) -> list[Portion]:
    """Some pairs (`rows`) by colour; those that stand out are drawn last."""
    if by == VERDICT:
        told = verdicts(found.pairs, found.view.labels)[rows]
        parts = [Portion(name, colour, rows[told == code]) for code, (name, colour) in _VERDICTS.items()]
    elif by == SCORE:
        everything = found.pairs.score[found.pairs.kept]
        scale = shades([everything], SCORE)[0]
        own = type(scale)(found.pairs.score[rows].astype(np.float64), SCORE, scale.low, scale.high)
        parts = [Portion(name, colour, rows[members]) for name, colour, members in own.members()]
    else:
        names = found.merge_names()
        groups = Groups(found.pairs.merge[rows], tuple(names.get(i, "") for i in range(max(names) + 1)), MERGE)
        parts = [Portion(name, colour, rows[members]) for name, colour, members in groups.members()]
    return [part for part in parts if len(part.rows)]
