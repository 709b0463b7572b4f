"""The rows of a comparison: the data before integration, runs, and embeddings that came with the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import library, state
from pages.ui.jobs import board
from pages.ui.text import visible
from scint_core.contract import Pairs
from scint_core.methods import find_method
from scint_core.metrics import PERFECT_LABELS, SHUFFLED
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.scoring import BEFORE, CONTROL, OBSM

MOST_MAPS = 4
_MOST_ROWS = 12  # shown unasked; the others start hidden


@dataclass(frozen=True)
class Row:
    """One embedding of the data: `id` is "before", the id of a run, "obsm:<key>" or "control:<name>"."""

    id: str
    name: str
    on_map: bool = False
    pinned: bool = False
    hidden: bool = False

    @property
    def is_run(self) -> bool:
        return self.id != BEFORE and not self.id.startswith((OBSM, CONTROL))

    @property
    def parameters(self) -> dict[str, Any]:
        """Method, parameters and seed of a run; nothing for other rows."""
        if not self.is_run:
            return {}
        arguments = board().job(self.id).spec()["arguments"]
        method = find_method(arguments["method"])
        values = method.Params.create(arguments["params"]).to_dict()
        return {"method": method.label, **values, "seed": arguments["seed"]}

    def pairs(self) -> Pairs | None:
        """The pairs that the run relates; None for a method that relates none, and for other rows."""
        return library.run_view(self.id).result.pairs if self.is_run else None


def rows_of(view: library.DataView) -> list[Row]:
    """Every row there is, as the user has arranged them."""
    runs = [job for job in library.runs_on(view.id) if job.status().state == "done"]
    names = library.labels(runs, library.run_title)
    rows = [Row(BEFORE, "Unintegrated"), *(Row(job.id, names[job.id]) for job in runs)]
    others = [f"{OBSM}{key}" for key in view.obsm_keys]
    others += [f"{CONTROL}{name}" for name in ((SHUFFLED, PERFECT_LABELS) if view.label_key else (SHUFFLED,))]
    rows += [Row(other, library.row_title(other)) for other in others]
    arranged = st.session_state.get(_key(view), {})
    return [_arranged(row, i, arranged.get(row.id)) for i, row in enumerate(rows)]


def _arranged(row: Row, place: int, wanted: dict[str, Any] | None) -> Row:
    """The row as the user wants it; unasked, the first few are on the map, the first dozen shown, and no controls."""
    if wanted is None:
        control = row.id.startswith(CONTROL)
        return replace(row, on_map=place < MOST_MAPS and not control, hidden=place >= _MOST_ROWS or control)
    return replace(row, **wanted)


def unfinished(view: library.DataView) -> list[JobFolder]:
    """Runs on the data that are under way."""
    return [job for job in library.runs_on(view.id) if not job.status().ended]


def _key(view: library.DataView) -> str:
    return f"rows:{view.id}"


def _editor(view: library.DataView) -> str:
    """The name of the list in which rows are arranged: a new one each time, which no old edit is applied to again."""
    return f"editor:{view.id}"


def _store(view: library.DataView, arranged: dict[str, dict[str, Any]]) -> None:
    st.session_state[_key(view)] = arranged
    state.renew_choice(_editor(view))


def arrange(view: library.DataView, rows: list[Row]) -> None:
    """Draw the list of rows, in which they are named, pinned, hidden and put on the maps."""
    given = pd.DataFrame(
        [{"on the maps": r.on_map, "pinned": r.pinned, "hidden": r.hidden, "name": visible(r.name)} for r in rows],
        index=[row.id for row in rows],
    )
    edited = st.data_editor(
        given, hide_index=True, width="stretch", key=state.key_of_choice(_editor(view)), num_rows="fixed",
        column_config={
            "on the maps": st.column_config.CheckboxColumn(width="small", help=f"At most {MOST_MAPS} at a time."),
            "pinned": st.column_config.CheckboxColumn(width="small", help="Stays on top of the table."),
            "hidden": st.column_config.CheckboxColumn(width="small", help="Left out of the table and the scaling."),
            "name": st.column_config.TextColumn(required=True, max_chars=60),
        },
    )  # fmt: skip
    if edited.equals(given):
        return
    chosen = edited.rename(columns={"on the maps": "on_map"}).to_dict(orient="index")
    _keep_few_maps(chosen, [row.id for row in rows if row.on_map])
    _store(view, chosen)
    st.rerun()


def _keep_few_maps(chosen: dict[str, dict[str, Any]], before: list[str]) -> None:
    """Where one map too many is asked for, the one that has been there longest goes."""
    wanted = [row for row, values in chosen.items() if values["on_map"] and not values["hidden"]]
    for row in [row for row in before if row in wanted][: max(0, len(wanted) - MOST_MAPS)]:
        chosen[row]["on_map"] = False


def use_on_maps(view: library.DataView, rows: list[Row], ids: list[str]) -> None:
    """Show these rows on the maps, and no others."""
    arranged = {
        row.id: {"on_map": row.id in ids, "pinned": row.pinned, "hidden": row.hidden, "name": row.name} for row in rows
    }
    _store(view, arranged)
