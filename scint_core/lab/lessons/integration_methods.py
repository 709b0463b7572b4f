"""The methods side by side: where their result lives, whether they relate cells, and what they need."""

from __future__ import annotations

from collections.abc import Callable

from scint_core.contract import Method
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.pictures import Observation, Words
from scint_core.methods import all_methods

_TASKS: dict[str, tuple[str, Callable[[Method], bool]]] = {
    "map": ("draw a map, find clusters", lambda method: bool(method.output)),
    "genes": ("read corrected genes", lambda method: method.output != "low-dimensional"),
    "pairs": ("see which cell matches which", lambda method: method.relates_pairs),
    "unlabelled": ("start without labels", lambda method: method.labels != "needed"),
    "normalised": ("start without counts", lambda method: method.counts != "needed"),
}
_SPACES = {"genes": "genes", "low-dimensional": "few dimensions", "both": "genes and few dimensions"}
_COLUMNS = ("Method", "Result", "Relates cells", "Labels", "Counts", "Will do")


def observe(bench: Bench, task: str) -> Observation:  # noqa: ARG001
    """The table of methods, and which of them will do for a task."""
    methods = [method for method in all_methods().values() if method.family != "baseline"]
    _, fits = _TASKS[task]
    rows = tuple(
        (
            method.label, _SPACES[method.output], "pairs" if method.relates_pairs else "no", method.labels,
            method.counts, "yes" if fits(method) else "no",
        )
        for method in methods
    )  # fmt: skip
    return Observation(
        pictures=(Words("The methods", _COLUMNS, rows),),
        figures={
            "methods": float(len(methods)),
            "fit": float(sum(map(fits, methods))),
            "both": float(sum(method.relates_pairs and method.output != "low-dimensional" for method in methods)),
            "task": float(list(_TASKS).index(task)),
        },
    )


def explain(seen: Observation) -> str:
    """What the table says."""
    number, fit, task = int(seen.figures["methods"]), int(seen.figures["fit"]), int(seen.figures["task"])
    wish = list(_TASKS.values())[task][0]
    counted = f"To {wish}: {fit} of {number} methods will do."
    reasons = (
        "A map, clusters or a path need a place for every cell, and every method gives one: in few dimensions, or as "
        "corrected genes from which principal components are taken.",
        "A method that returns few dimensions has no gene left in it: its axes are mixtures of genes, and nobody can "
        "read a marker from them. Only the others answer a question about a gene.",
        "These methods find cells of two batches that match, and tell which. The others move whole batches, clusters "
        "or axes, or train a network, and no cell has a partner.",
        "A method that needs labels learns types from them. All others ignore them, so their result may be judged by "
        "labels without having seen them.",
        "A method that needs counts has a model of how they come about, and normalised values are of no use to it. One "
        "that uses them makes a better choice of genes or cells with them, and does without.",
    )
    return f"{counted} {reasons[task]}"


LESSON = Lesson(
    name="integration-methods",
    chapter="integration",
    position=40,
    title="The methods side by side",
    setting=(
        "The table lists every method: what its result is, whether it relates single cells of two batches, and what it "
        "needs besides expression. Pick what you want to do, and see which methods will do for it."
    ),
    sliders=(
        Slider("task", "I want to", tuple(_TASKS), default="map", names=tuple(wish for wish, _ in _TASKS.values())),
    ),
    prediction=Question(
        "You want to read the corrected values of a marker gene. How many of the methods will do?",
        ("All of them", "About half", "One or two"),
        answer=lambda seen: [seen.figures["fit"] >= share * seen.figures["methods"] for share in (1, 0.25, 0)].index(
            True
        ),
        why=lambda seen: f"{seen.figures['fit']:.0f} of {seen.figures['methods']:.0f} return genes.",
        at={"task": "genes"},
    ),
    observe=observe,
    figures=(
        Figure("methods", "Methods", "count"),
        Figure("fit", "Will do", "count"),
    ),
    explain=explain,
    misreading=(
        "That a method returns genes does not make them fit for a test of differential expression: corrected values of "
        "one batch carry those of the other. Many test the original counts, with the batch as a covariate."
    ),
    check=Question(
        "Does every method that returns genes also say which cell matches which?",
        ("Yes: it must know, to correct a cell", "No: some correct genes without relating cells"),
        answer=lambda seen: 0 if seen.figures["both"] == seen.figures["fit"] else 1,
        why=lambda seen: (
            f"{seen.figures['fit']:.0f} return genes, and {seen.figures['both']:.0f} of these relate cells. A linear "
            "model takes off a batch's mean, a network decodes a place."
        ),
        at={"task": "genes"},
    ),
    claims=(
        Claim("Some methods return genes", {"task": "genes"}, "fit", at_least=3),
        Claim("Some relate cells", {"task": "pairs"}, "fit", at_least=3),
        Claim("and some do both", {"task": "genes"}, "both", at_least=2),
        Claim("Most need no labels", {"task": "unlabelled"}, "fit", at_least=6),
        Claim("and most no counts", {"task": "normalised"}, "fit", at_least=6),
    ),
)
