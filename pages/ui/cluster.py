"""Where runs go: this machine, or the workers of a cluster. One choice for the whole server."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

import streamlit as st

from pages.ui.access import only_from_this_machine
from pages.ui.jobs import board
from pages.ui.text import in_markdown
from scint_core.errors import ClusterError
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.jobs.cluster import SCHEDULER, Cluster


@dataclass
class Place:
    """Where new jobs of a board are done: its own machine while `cluster` is None."""

    board: JobBoard
    cluster: Cluster | None = None

    def connect(self, address: str) -> None:
        """Send new jobs to a cluster. Raises `ClusterError`, and leaves everything as it was."""
        cluster = Cluster.connect(address, self.board.folder.parent)
        self.disconnect()
        self.cluster = cluster
        self.board.use(cluster.executor, cluster.slots)

    def disconnect(self) -> None:
        """Send new jobs to this machine; those on the cluster end there."""
        self.board.use()
        if self.cluster is not None:
            threading.Thread(target=self.cluster.close, kwargs={"wait": True}, daemon=True).start()
        self.cluster = None

    def describe(self) -> str:
        """The place in a few words."""
        if self.cluster is None:
            return f"this machine, {self.board.slots} at a time"
        return self.cluster.describe()


@st.cache_resource(show_spinner="Looking for the cluster")
def _place() -> tuple[Place, str]:
    """The one place of this server, and what was wrong with the address it was started with."""
    place = Place(board())
    address = os.environ.get(SCHEDULER, "").strip()
    try:
        if address:
            place.connect(address)
    except ClusterError as error:
        return place, f"{SCHEDULER}: {error}"
    return place, ""


def where_runs_go() -> None:
    """A popover that says where runs go, and leads to a cluster and back."""
    place, wrong_at_start = _place()
    lost = place.cluster is not None and not place.cluster.alive
    somewhere = "cluster" if place.cluster else "here"
    icon = ":material/error:" if lost or (wrong_at_start and not place.cluster) else ":material/dns:"
    with st.popover(f"Runs: {somewhere}", icon=icon, width="stretch"):
        st.markdown(f"Runs go to {in_markdown(place.describe())}.")
        if place.cluster is not None:
            _disconnect(place, lost)
            return
        if wrong_at_start:
            st.error(in_markdown(wrong_at_start))
        if only_from_this_machine():
            _connect(place)
        else:
            st.caption(f"Others reach this server, so only {SCHEDULER}, set where it is started, names a cluster.")


def _disconnect(place: Place, lost: bool) -> None:
    """A button back to this machine; for a lost cluster also one to try it again."""
    if lost and place.cluster and st.button("Connect again", key="reconnect"):
        _try(place, place.cluster.address)
    if st.button("Disconnect", key="disconnect", help="New runs go to this machine; those on the cluster end there."):
        place.disconnect()
        st.rerun()


def _connect(place: Place) -> None:
    with st.form("cluster", border=False):
        address = st.text_input(
            "Address of a dask scheduler",
            placeholder="tcp://host:8786",
            help="What `dask scheduler` prints when it starts. It can run code here: name only one that you trust.",
        )
        if st.form_submit_button("Connect"):
            _try(place, address)


def _try(place: Place, address: str) -> None:
    try:
        with st.spinner("Asking the workers"):
            place.connect(address)
    except ClusterError as error:
        st.error(in_markdown(error))
    else:
        st.rerun()
