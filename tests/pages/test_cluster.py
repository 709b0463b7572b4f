"""Where runs go: this machine or a cluster, and what is said when one cannot be used."""

import threading

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import cluster
from scint_core.errors import ClusterError
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.jobs.launch import bearable


def popover():
    from pages.ui.cluster import where_runs_go

    where_runs_go()


class FakeCluster:
    """Answers at one address."""

    address = "tcp://host:8786"
    executor = object()

    def __init__(self):
        self.alive = True
        self.closed = threading.Event()

    def slots(self):
        return 5

    def describe(self):
        return f"{self.address}, 5 workers, 5 at a time" if self.alive else f"{self.address}, which no longer answers"

    def close(self, wait):
        assert wait, "jobs under way end there"
        self.closed.set()


@pytest.fixture
def found(monkeypatch):
    """The clusters that were connected to."""
    found = []

    def connect(address, folder):
        if address != FakeCluster.address:
            raise ClusterError(f"no scheduler answers at {address!r}")
        found.append(FakeCluster())
        return found[-1]

    monkeypatch.setattr(cluster.Cluster, "connect", connect)
    return found


@pytest.fixture
def app(monkeypatch, tmp_path, found):
    monkeypatch.delenv(cluster.SCHEDULER, raising=False)
    board = JobBoard(tmp_path)
    monkeypatch.setattr(cluster, "board", lambda: board)
    cluster._place.clear()
    yield AppTest.from_function(popover)
    cluster._place.clear()


def said(app):
    assert not app.exception
    return app.markdown[0].value.replace("\\", "")


def connect(app, address):
    app.run().text_input[0].input(address)
    return app.button[0].click().run()


def test_runs_go_to_this_machine_until_a_cluster_is_named_and_back(app, found):
    assert f"this machine, {bearable()} at a time" in said(app.run())
    assert "tcp://host:8786, 5 workers" in said(connect(app, FakeCluster.address))
    assert cluster._place()[0].board.slots == 5
    app.button(key="disconnect").click().run()
    assert "this machine" in said(app)
    assert found[0].closed.wait(5)


def test_a_cluster_that_cannot_be_used_is_said_and_changes_nothing(app):
    connect(app, "tcp://nowhere:1")
    assert "this machine" in said(app)
    assert "no scheduler answers" in app.error[0].value


def test_a_cluster_that_is_lost_can_be_connected_to_again(app, found):
    connect(app, FakeCluster.address)
    found[0].alive = False
    assert "no longer answers" in said(app.run())
    app.button(key="reconnect").click().run()
    assert "5 workers" in said(app)
    assert len(found) == 2


def test_the_address_in_the_environment_is_used_at_the_start(app, monkeypatch):
    monkeypatch.setenv(cluster.SCHEDULER, FakeCluster.address)
    assert "5 workers" in said(app.run())


def test_a_wrong_address_in_the_environment_is_said(app, monkeypatch):
    monkeypatch.setenv(cluster.SCHEDULER, "tcp://nowhere:1")
    assert "this machine" in said(app.run())
    assert "SCHEDULER" in app.error[0].value


def test_others_may_not_name_a_cluster(app, monkeypatch):
    """Whoever answers at an address can run code on the server."""
    monkeypatch.setenv("SCINT_HOSTS", "scint.example.org")
    app.run()
    assert not app.text_input
    assert "Others reach this server" in app.caption[0].value
