"""The Data page: open data, choose columns, preprocess, and see what there is before any integration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import charts, file_form, forms, library, state
from pages.ui.jobs import board, follow, submit
from pages.ui.notices import show_findings, show_notes
from pages.ui.text import count, in_markdown, visible
from pages.ui.uploader import upload_field
from scint_core.contract import Finding
from scint_core.data.prepare import PreprocessParams
from scint_core.data.samples import samples
from scint_core.errors import IntegrationError

NO_LABELS = "(no labels)"


def draw() -> None:
    """The page from top to bottom; later parts appear once earlier ones are done."""
    st.title("Data")
    _open_data()
    loaded = state.chosen("loaded")
    if loaded and _job_done(loaded):
        _choose_columns(loaded)
    data = state.chosen("data")
    if data and _job_done(data):
        _overview(data, _findings_of(loaded))


def _findings_of(loaded: str | None) -> set[Finding]:
    """What was found when the data were read, where that is on the page."""
    if not loaded or board().job(loaded).status().state != "done":
        return set()
    return {Finding(**finding) for finding in library.loaded_summary(loaded)["findings"]}


def _job_done(job_id: str) -> bool:
    """Whether the job is done; draws its progress or its failure where it is not."""
    job = board().job(job_id)
    return bool(job.spec()) and follow(job)


# 1. Open


def _open_data() -> None:
    st.subheader("1 · Open data")
    sources: dict[str, Callable[[], dict[str, Any] | None]] = {
        "Sample data": _sample_source,
        "Upload files": _upload_source,
        "Path on the server": _path_source,
    }
    chosen = st.segmented_control(
        "Source", list(sources), default="Sample data", key="source", persist_state="session",
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    arguments = sources[chosen or "Sample data"]()
    if st.button("Open", type="primary", disabled=arguments is None, icon=":material/folder_open:") and arguments:
        state.choose("loaded", submit("load", **arguments).id)
        state.use_data(None)
        st.rerun()


def _sample_source() -> dict[str, Any]:
    known = samples()
    name = st.selectbox(
        "Sample", list(known), format_func=lambda n: known[n].title, key="sample", persist_state="session"
    )
    st.caption(known[name].description)
    return {"sample": name}


def _upload_source() -> dict[str, Any] | None:
    uploads = upload_field("uploads")
    files = [{"path": str(upload.path), "name": upload.name, "choice": None} for upload in uploads]
    return {"files": files} if files else None


def _path_source() -> dict[str, Any] | None:
    text = st.text_area(
        "Files or folders on the machine that runs scint, one per line", key="paths", persist_state="session",
        placeholder="data/donor1.h5ad\ndata/donor2.h5ad", height=100,
        help="A 10x matrix is a folder with matrix.mtx. Several files become batches.",
    )  # fmt: skip
    paths = [Path(line.strip()).expanduser() for line in text.splitlines() if line.strip()]
    missing = [path for path in paths if not path.exists()]
    for path in missing:
        st.error(f"There is no file or folder {in_markdown(path)}: check the path.")
    if not paths or missing:
        return None
    return {"files": [{"path": str(p.resolve()), "name": p.name, "choice": None, "stamp": _stamp(p)} for p in paths]}


def _stamp(path: Path) -> list[float]:
    """What changes when a file does, so that a changed file is read again."""
    facts = path.stat()
    return [facts.st_size, facts.st_mtime]


# 2. Columns and preprocessing


def _choose_columns(loaded: str) -> None:
    summary = library.loaded_summary(loaded)
    st.subheader("2 · Batches, types and preprocessing")
    st.markdown(
        f"**{in_markdown(summary['title'])}** · {count(summary['n_cells'], 'cell')} × "
        f"{count(summary['n_genes'], 'gene')}"
    )
    show_findings(Finding(**finding) for finding in summary["findings"])
    if summary["files"]:
        file_form.draw(loaded, summary["files"])
    batch_key, label_key = _column_fields(loaded, summary)
    params = forms.fields("preprocess", PreprocessParams)
    if st.button("Preprocess", type="primary", disabled=batch_key is None, icon=":material/tune:"):
        job = submit(
            "prepare", loaded=loaded, title=summary["title"], batch_key=batch_key, label_key=label_key, params=params
        )
        state.use_data(job.id)
        st.rerun()


def _column_fields(loaded: str, summary: dict[str, Any]) -> tuple[str | None, str | None]:
    """The batch and the label column; guessed from names, changed by the user."""
    columns = summary["columns"]  # name -> distinct values
    likely = [name for name, distinct in columns.items() if 1 < distinct <= max(50, summary["n_cells"] // 20)]
    batch = summary["batch_key"] or _guess(likely, ("batch", "sample", "donor", "dataset", "tech", "orig.ident"))
    label = summary["label_key"] or _guess(likely, ("celltype", "cell_type", "label", "annotation", "cluster"))
    describe = {name: f"{visible(name)} ({count(distinct, 'value')})" for name, distinct in columns.items()}
    left, right = st.columns(2)
    batch_key = left.selectbox(
        "Batch column", list(columns), index=_position(list(columns), batch), format_func=describe.__getitem__,
        key=f"batch:{loaded}", persist_state="session", placeholder="Choose the column that names the batch",
        help="Every cell belongs to one batch: a donor, a lab, a sequencing run. Integration removes what differs "
        "between batches and keeps what they share.",
    )  # fmt: skip
    label_key = right.selectbox(
        "Label column", [NO_LABELS, *columns], index=_position([NO_LABELS, *columns], label) or 0,
        format_func=lambda n: describe.get(n, n), key=f"label:{loaded}", persist_state="session",
        help="Known cell types, where there are any: for colours, for cLISI and silhouettes, and for scANVI.",
    )  # fmt: skip
    if not columns:
        st.warning("The cell table has no columns: open several files, so that each becomes a batch.")
    return batch_key, None if label_key == NO_LABELS else label_key


def _guess(columns: list[str], words: tuple[str, ...]) -> str | None:
    """The first column that bears one of the words, exact names first."""
    for word in words:
        for column in columns:
            if column.lower() == word:
                return column
    return next((c for word in words for c in columns if word in c.lower()), None)


def _position(options: list[str], value: str | None) -> int | None:
    return options.index(value) if value in options else None


# 3. Overview


def _overview(data: str, said: set[Finding]) -> None:
    """What the prepared data show; findings `said` above are not said again."""
    view = library.data_view(data)
    st.subheader("3 · Before integration")
    show_findings(finding for finding in view.findings if finding not in said)
    show_notes(view.notes)
    _composition(view)
    _maps_before(view)
    st.page_link("integrate_page.py", label="Go on to Integrate", icon=":material/arrow_forward:")


def _composition(view: library.DataView) -> None:
    table = view.composition()
    st.markdown("##### Composition")
    charts.show(
        charts.composition_bars(table),
        key="composition",
        alt=f"Share of each cell type in each of {count(len(table), 'batch', 'batches')}",
    )
    st.dataframe(_shown(table), width="stretch")


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table with names made visible and totals at its edges."""
    shown = table.rename(index=visible, columns=visible)
    if shown.shape[1] > 1:
        shown = shown.assign(total=shown.sum(axis=1))
    return shown


def _maps_before(view: library.DataView) -> None:
    st.markdown("##### Unintegrated UMAP")
    hover = library.hover_texts(view.id)
    colourings = [library.batch_groups(view), library.label_groups(view)]
    present = [groups for groups in colourings if groups is not None]
    for column, groups in zip(st.columns(len(present)) if len(present) > 1 else [st], present, strict=True):
        with column.container():
            charts.show(
                charts.maps([charts.Panel(f"by {groups.title}", view.umap)], groups, hover),
                key=f"map:{groups.title}",
                alt=f"UMAP of {count(view.n_cells, 'cell')} before integration, coloured by {groups.title}",
            )
    shown = len(charts.sample_of_cells(view.n_cells))
    if shown < view.n_cells:
        st.caption(f"{shown:,} of {view.n_cells:,} cells drawn, a random sample; all numbers use every cell.")


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
