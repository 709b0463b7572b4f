"""The Live panel: sliders, and a picture of the result that follows them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui import charts, library, state
from pages.ui.awaited import arrives, follow_line
from pages.ui.jobs import board, submit
from pages.ui.live_map import show_map
from pages.ui.notices import show_notes
from pages.ui.sliders import sliders
from pages.ui.steps import reuse
from pages.ui.text import count, in_markdown
from scint_core.contract import FloatArray, Method, Pairs, StepRecord
from scint_core.errors import IntegrationError
from scint_core.runs import codec
from scint_core.runs.jobs.board import JobSpec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.launch import hold
from scint_core.runs.jobs.live import MOST_CELLS, LiveBoard
from scint_core.runs.jobs.places import VIEW

MODE = "shown"  # what the right side of the page shows, kept by the session under this name
RESULT, LIVE = "Result", "Live"

_ASKED, _DRAWN = "live:asked", "live:drawn"
_PAIRS = 500


@st.cache_resource(show_spinner=False)
def live_board() -> LiveBoard:
    """The one board of pictures of this server."""
    return LiveBoard()


@dataclass(frozen=True)
class Picture:
    """What a live job (`id`), drawn on the map of the job `start`, has left. Rows and positions are the caller's."""

    id: str
    start: str
    title: str
    seconds: float  # from the question to the picture
    umap: FloatArray  # cells × 2
    pca: FloatArray  # cells × 2
    pairs: Pairs | None
    notes: tuple[str, ...]
    steps: list[StepRecord]


def why_not(view: library.DataView, method: Method) -> str:
    """A sentence where no picture can follow a slider; empty where one can."""
    if view.n_cells > MOST_CELLS:
        return (
            f"Live pictures are drawn for up to {MOST_CELLS:,} cells, and these data hold {view.n_cells:,}: press Run, "
            "or prepare fewer cells on the Data page."
        )
    if method.labels != "ignored":
        return f"{method.label} is trained for minutes, too long for a picture that follows a slider: press Run."
    return ""


@st.fragment
def panel(view: library.DataView, method: Method, widths: tuple[float, float]) -> None:
    """Sliders on the left, the picture on the right, in columns of these widths.

    Only this part of the page is drawn again when a slider moves.
    """
    hold(board().job(view.id).result)
    form, picture = st.columns(widths, gap="large")
    with form:
        values = sliders(method)
        try:
            params = method.Params.create(values).changed()
        except IntegrationError as error:
            st.error(in_markdown(error), icon=":material/error:")
            return
        given = {"data": view.id, "method": method.name, "params": params, "seed": int(st.session_state.get("seed", 0))}
        if st.button(
            "Run with these", width="stretch", icon=":material/play_arrow:", on_click=_run, kwargs=given,
            help="An ordinary run with these values: with its scores, its steps, and a map of its own.",
        ):  # fmt: skip
            st.rerun()
    with picture:
        _follow_sliders(view, method, given)


def _run(**given: Any) -> None:
    """Have an ordinary run done, and show it."""
    state.choose("run", submit("integrate", **given).id)
    st.session_state[MODE] = RESULT


def _follow_sliders(view: library.DataView, method: Method, given: dict[str, Any]) -> None:
    """The picture of these values; until it is there, the one before stays."""
    space, colour = st.columns([1, 1], vertical_alignment="bottom")
    on = space.segmented_control(
        "Map", ["UMAP", "PCA"], default="UMAP", required=True, key="live:map", persist_state="session"
    )
    with colour:
        groups = _colouring(view)
    line = st.empty()
    start = _start(view, method)
    job = _ask(JobSpec("live", {**given, "start": start}))
    if arrives(job, line):
        line.caption(told(_remembered(job, start)))
    elif job.status().ended:
        line.error(in_markdown(job.status().error), icon=":material/error:")
    else:
        with line:
            follow_line(live_board, job.id)
    picture: Picture | None = st.session_state.get(_DRAWN)
    if picture is not None and picture.start == start:
        _draw(view, picture, on == "PCA", groups)


def _colouring(view: library.DataView) -> charts.Groups:
    groupings = (library.batch_groups(view), library.label_groups(view))
    colourings = {groups.title: groups for groups in groupings if groups is not None}
    by = st.segmented_control(
        "Colour by", list(colourings), default=view.batch_key, required=True, key="live:colour",
        persist_state="session",
    )  # fmt: skip
    return colourings[by or view.batch_key]


def _start(view: library.DataView, method: Method) -> str:
    """The job on whose map pictures are placed: a run of the method where there is one, else the data.

    It stays the same for a session, so that a value has one picture, whichever slider moved before.
    """
    key = f"live:start:{view.id}:{method.name}"
    if key not in st.session_state:
        runs = [job for job in library.runs_on(view.id) if job.spec()["arguments"]["method"] == method.name]
        done = [job.id for job in runs if job.status().state == "done"]
        shown = state.chosen("run")
        st.session_state[key] = shown if shown in done else next(iter(done), view.id)
    return str(st.session_state[key])


def _ask(spec: JobSpec) -> JobFolder:
    """Have a picture made, unless it failed when it was last asked for; one that is no longer wanted is ended."""
    board = live_board()
    asked, _ = st.session_state.get(_ASKED, (None, 0.0))
    if asked != spec.id:
        if asked is not None:
            board.cancel(board.job(asked))
        st.session_state[_ASKED] = (spec.id, time.monotonic())
    elif board.job(spec.id).status().state in ("failed", "killed"):
        return board.job(spec.id)
    return board.submit(spec)


def _remembered(job: JobFolder, start: str) -> Picture:
    """The picture that a job has left, kept by the session until the next one is there."""
    known: Picture | None = st.session_state.get(_DRAWN)
    if known is None or known.id != job.id:
        _, since = st.session_state[_ASKED]
        stored = codec.read(job.result / VIEW)
        stored["steps"] = [StepRecord(params={}, function="", **step) for step in stored["steps"]]
        known = Picture(job.id, start, library.run_title(job), time.monotonic() - since, **stored)
        st.session_state[_DRAWN] = known
    return known


def told(picture: Picture) -> str:
    """ "MNN, sigma 0.5 · 0.42 s: 9 of 13 steps reused, 3.1 s saved": what is drawn, and what it took."""
    return f"**{in_markdown(picture.title)}** · {picture.seconds:.2f} s: {reuse(picture.steps)}"


def _draw(view: library.DataView, picture: Picture, pca: bool, groups: charts.Groups) -> None:
    """The cells where the result puts them, with the pairs, in a frame that stays."""
    pairs = None if picture.pairs is None else charts.sample_of_pairs(picture.pairs, _PAIRS)
    show_map(
        picture.pca if pca else picture.umap, groups, title=picture.title, key="live:map-drawn",
        alt=f"{'PCA' if pca else 'UMAP'} of {count(view.n_cells, 'cell')}, live, coloured by {groups.title}",
        hover=library.hover_texts(view.id), pairs=pairs, frame=None if pca else _map_of(picture.start, view),
    )  # fmt: skip
    st.caption(_about(picture, pairs, pca))
    show_notes(picture.notes)


def _map_of(start: str, view: library.DataView) -> FloatArray:
    return view.umap if start == view.id else library.run_view(start).umap


def _about(picture: Picture, pairs: Pairs | None, pca: bool) -> str:
    """How the picture is to be read."""
    lines = "No pairs are drawn: the method relates none."
    if pairs is not None and picture.pairs is not None:
        lines = f"{len(pairs):,} of {int(picture.pairs.kept.sum()):,} pairs shown."
    if pca:
        return f"{lines} The first two dimensions of the result, on axes that are the same for every value."
    return f"{lines} Cells are placed on a finished map, so what moves is the integration; an ordinary run draws anew."
