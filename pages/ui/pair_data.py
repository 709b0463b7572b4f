"""What the Pairs page looks at: the pairs of a run, the maps they are drawn on, and what was asked about them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from pages.ui import library
from pages.ui.charts import Panel
from pages.ui.selection import Shape
from pages.ui.text import visible
from scint_core.contract import BoolArray, FloatArray, IntArray, Pairs
from scint_core.methods import find_method
from scint_core.numerics.pair_table import depth_in_group, joining, oriented, touching
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.movement import Movement, movement_of

UMAP, PCA = "UMAP", "PCA"
ALL_MERGES = -2  # besides the numbers of merges, and −1 for pairs that no merge joins


@dataclass(frozen=True)
class Related:
    """A run with its pairs, left ends on the reference side; `movement` where before and after share their axes."""

    view: library.DataView
    run: library.RunView
    label: str
    pairs: Pairs
    movement: Movement | None

    @property
    def codes(self) -> IntArray:
        """What tells the ends of a pair apart (cells,): types, else batches."""
        return self.view.batch if self.view.labels is None else self.view.labels

    @property
    def scored(self) -> bool:
        """Whether the method tells its pairs apart by a score."""
        scores = self.pairs.score[self.pairs.kept]
        return len(scores) > 0 and float(np.ptp(scores)) > 0

    @property
    def names(self) -> tuple[str, ...]:
        return self.view.batch_names if self.view.labels is None else self.view.label_names

    def layouts(self, where: str) -> tuple[FloatArray, FloatArray]:
        """The cells before and after on one kind of map (each cells × 2)."""
        if where == PCA and self.movement is not None:
            return self.movement.before[:, :2], self.movement.after[:, :2]
        return self.view.umap, self.run.umap

    def panels(self, where: str) -> list[Panel]:
        titles = ("Before", f"After {self.label}")
        return [Panel(title, layout) for title, layout in zip(titles, self.layouts(where), strict=True)]

    def merge_names(self) -> dict[int, str]:
        """Merge → "merge 1: A ← B", the reference first; only those that have pairs."""
        merges, present = self.run.result.merges, np.unique(self.pairs.merge).tolist()
        found = {ALL_MERGES: "all merges"}
        for number, (left, right) in enumerate(zip(merges.left, merges.right, strict=True) if merges else ()):
            if number in present:
                sides = [" + ".join(visible(self.view.batch_names[b]) for b in side) for side in (left, right)]
                found[number] = f"merge {number + 1}: {' ← '.join(sides)}"
        if -1 in present:
            found[-1] = "batches that no merge joins"
        return found


@dataclass(frozen=True)
class Asked:
    """What is asked about the pairs: those with an end in `shape` (drawn on the maps of the kind `on`), those between
    two groups (`block`, left and right), the partners of a `cell`. `times` counts how often all was cleared."""

    shape: Shape | None = None
    on: str = UMAP
    cell: int | None = None
    block: tuple[int, int] | None = None
    times: int = 0

    def cells(self, related: Related) -> BoolArray | None:
        """Which cells lie in the shape (cells,); None where none was drawn."""
        return None if self.shape is None else self.shape.cells(related.panels(self.on))


def related_runs(view: library.DataView) -> tuple[dict[str, JobFolder], set[str]]:
    """Finished runs by id, the latest first, and those of them whose method relates pairs."""
    runs = {job.id: job for job in library.runs_on(view.id) if job.status().state == "done"}
    return runs, {id_ for id_, job in runs.items() if find_method(job.spec()["arguments"]["method"]).relates_pairs}


@st.cache_resource(max_entries=4, show_spinner="Placing the cells on common axes …")
def related(data_id: str, run_id: str) -> Related | None:
    """A run and its pairs; None where it relates none."""
    view, run = library.data_view(data_id), library.run_view(run_id)
    if run.result.pairs is None:
        return None
    pairs = oriented(run.result.pairs, view.batch, run.result.merges)
    movement = movement_of(library.problem_with_values(view.id, view.label_key), run.result)
    return Related(view, run, find_method(run.result.method).label, pairs, movement)


@st.cache_resource(max_entries=4, show_spinner=False)
def principal_components(data_id: str) -> FloatArray:
    """The principal components before integration (cells × d, the caller's order)."""
    problem = library.problem(data_id, library.data_view(data_id).label_key)
    return problem.to_input_order(problem.pca)


@st.cache_resource(max_entries=4, show_spinner=False)
def depths(data_id: str) -> FloatArray:
    """How deep every cell lies among the cells of its batch and type before integration (cells,)."""
    view = library.data_view(data_id)
    groups = view.batch
    if view.labels is not None:
        groups = np.where(view.labels < 0, -1, view.batch * len(view.label_names) + view.labels)
    return depth_in_group(principal_components(data_id), groups)


def asked(run_id: str) -> Asked:
    """What is asked about the pairs of a run."""
    found: Asked = st.session_state.get(_key(run_id), Asked())
    return found


def ask(run_id: str, **changed: object) -> None:
    """Ask something else, and draw the page anew."""
    st.session_state[_key(run_id)] = replace(asked(run_id), **changed)  # type: ignore[arg-type]
    st.rerun()


def ask_nothing(run_id: str) -> None:
    """Show all pairs again; the charts are made anew, since they go on reporting what was selected in them."""
    st.session_state[_key(run_id)] = Asked(times=asked(run_id).times + 1)
    st.rerun()


def _key(run_id: str) -> str:
    return f"pairs:asked:{run_id}"


def in_question(found: Related, marked: BoolArray | None, *, merge: int, end: str) -> BoolArray:
    """The pairs that a merge and the marked cells leave, dropped ones too (pairs,); None: no cells are marked."""
    rows = np.ones(len(found.pairs), dtype=bool) if merge == ALL_MERGES else found.pairs.merge == merge
    return rows if marked is None else rows & touching(found.pairs, marked, end)


def in_block(found: Related, question: Asked) -> BoolArray:
    """The pairs between the two groups that were clicked; all where none were (pairs,)."""
    if question.block is None:
        return np.ones(len(found.pairs), dtype=bool)
    return joining(found.pairs, found.codes, *question.block)
