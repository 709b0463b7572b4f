"""Colours: safe for colour-blind readers, the same category the same colour on every chart of a page."""

from __future__ import annotations

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#7F7F7F")
"""Okabe and Ito's eight colours; their black is grey here, so that it shows on a dark page."""

LONG = (
    "#1F77B4", "#FF7F0E", "#2CA02C", "#D62728", "#9467BD", "#8C564B", "#E377C2", "#7F7F7F", "#BCBD22", "#17BECF",
    "#AEC7E8", "#FFBB78", "#98DF8A", "#FF9896", "#C5B0D5", "#C49C94", "#F7B6D2", "#C7C7C7", "#DBDB8D", "#9EDAE5",
)  # fmt: skip
"""Twenty colours for more categories; panels add direct labels then."""

MISSING = "#9AA0A6"

SHADES = [(0, "#F4F8FB"), (1, OKABE_ITO[0])]
"""Shades of a table with its numbers written in: dark figures stay readable up to the middle, light ones beyond."""


def colours(n: int) -> list[str]:
    """A colour per category; beyond twenty they repeat, and labels must tell them apart."""
    palette = OKABE_ITO if n <= len(OKABE_ITO) else LONG
    return [palette[i % len(palette)] for i in range(n)]
