"""The sentences that say what a method lowers because the data are small."""

from __future__ import annotations


def lowered(parameter: str, wanted: int, available: int, reason: str) -> tuple[str, ...]:
    """One sentence where `wanted` exceeds what the data allow, none otherwise.

    A method gives the same sentence in `foresee` and in its outcome:
    `lowered("k", 20, 8, "batch 'C' has 8 cells")` is "k lowered from 20 to 8: batch 'C' has 8 cells".
    """
    return (f"{parameter} lowered from {wanted} to {available}: {reason}",) if wanted > available else ()
