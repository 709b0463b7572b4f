"""The step player: one way of drawing per type of result, found by the type's name."""

from pages.ui.player import arrays, cells, clusters, fallback, graphs, linear, network, pairs, spaces, trees, weights
from pages.ui.player.drawing import Drawn, Picture, View, draw, draws

__all__ = [
    "Drawn", "Picture", "View", "arrays", "cells", "clusters", "draw", "draws", "fallback", "graphs", "linear",
    "network", "pairs", "spaces", "trees", "weights",
]  # fmt: skip
