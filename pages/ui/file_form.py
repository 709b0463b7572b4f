"""Per file: where the counts are, which column names the genes, which columns are batch and label."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.ui import state
from pages.ui.jobs import board, submit
from pages.ui.text import count, in_markdown, visible
from scint_core.data.read_choices import FileChoice

_INDEX = "(the row names)"
_WHOLE = "(this file is one batch)"
_NONE = "(none)"


def draw(loaded: str, files: list[dict[str, Any]]) -> None:
    """A form for every file that was read; reading again with other choices makes another data set.

    `files` are `FileSummary` as plain values, `loaded` the job that read them.
    """
    given = board().job(loaded).spec()["arguments"]["files"]
    as_read = {"one_batch": True} if len(files) > 1 else {}  # what reading does unless told
    with st.expander(f"What is in {'the file' if len(files) == 1 else 'each file'}", expanded=len(files) > 1):
        choices = [
            _file_fields(f"{loaded}:{i}", summary, file["choice"] or {**summary["guess"], **as_read})
            for i, (summary, file) in enumerate(zip(files, given, strict=True))
        ]
        if st.button("Read again with these choices", icon=":material/refresh:"):
            again = [{**file, "choice": asdict(choice)} for file, choice in zip(given, choices, strict=True)]
            state.choose("loaded", submit("load", files=again).id)
            state.use_data(None)
            st.rerun()


def _file_fields(key: str, summary: dict[str, Any], start: dict[str, Any]) -> FileChoice:
    """The four questions about one file, starting from `start`."""
    genes = in_markdown(", ".join(summary["gene_names"][:3]))
    size = f"{count(summary['n_cells'], 'cell')} × {count(summary['n_genes'], 'gene')}"
    st.markdown(f"**{in_markdown(summary['name'])}** · {size}, genes such as {genes}")
    columns = {c["name"]: f"{c['name']} ({count(c['n_distinct'], 'value')})" for c in summary["obs_columns"]}
    gene_columns = {c["name"]: f"{c['name']}: {', '.join(c['examples'][:2])}" for c in summary["var_columns"]}
    matrices = {name: f"{name} ({kind})" for name, kind in summary["matrices"].items()}
    fields = st.columns(4)
    where = _pick(fields[0], "Values", matrices, start["counts"], f"counts:{key}")
    gene = _pick(fields[1], "Gene names", {_INDEX: _INDEX} | gene_columns, start["gene_column"], f"genes:{key}")
    first = _WHOLE if start["one_batch"] or start["batch_column"] is None else start["batch_column"]
    batch = _pick(fields[2], "Batch", {_WHOLE: _WHOLE} | columns, first, f"file batch:{key}")
    label = _pick(fields[3], "Label", {_NONE: _NONE} | columns, start["label_column"], f"file label:{key}")
    return FileChoice(
        counts=where,
        gene_column=None if gene == _INDEX else gene,
        batch_column=None if batch == _WHOLE else batch,
        label_column=None if label == _NONE else label,
        one_batch=batch == _WHOLE,
    )


def _pick(place: Any, title: str, options: dict[str, str], start: str | None, key: str) -> str:
    """A select box over `options` (value to label), at `start` where that is one of them."""
    values = list(options)
    index = values.index(start) if start in values else 0
    return str(
        place.selectbox(
            title, values, index=index, format_func=lambda v: visible(options[v]), key=key, persist_state="session"
        )
    )
