"""A sweep on a real scheduler and two real workers, one of which is killed in the middle."""

import pytest

import scint_core as scint
from scint_core.errors import ClusterError, ParameterError
from tests.datasets import prepared
from tests.runs.test_cluster import Farm, end

ABOUT = {"batch_key": "batch", "label_key": "celltype"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_result_comes_though_a_worker_is_killed(tmp_path):
    farm = Farm(tmp_path)
    killed = []

    def kill_one(fraction, status):
        if not killed and status.startswith("1 of"):
            end(farm.workers[0])
            killed.append(fraction)

    try:
        farm.start(2)
        found = scint.sweep(
            prepared(), "harmony", {"theta": [0, 1, 2, 4]}, folder=tmp_path / "swept", scheduler=farm.address,
            report=kill_one, **ABOUT,
        )  # fmt: skip
    finally:
        farm.close()
    assert killed
    assert all(embedding is not None for embedding in found.embeddings)
    here = scint.sweep(prepared(), "harmony", {"theta": [0, 1, 2, 4]}, **ABOUT)
    assert found.table["Total"].to_numpy() == pytest.approx(here.table["Total"].to_numpy(), rel=1e-6)


def test_a_scheduler_needs_a_folder_and_an_answer(tmp_path):
    with pytest.raises(ParameterError, match="but folder is None: name a folder"):
        scint.sweep(prepared(), "mnn", {"k": [5]}, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(ClusterError, match="no scheduler answers at"):
        scint.sweep(prepared(), "mnn", {"k": [5]}, scheduler="tcp://127.0.0.1:9", folder=tmp_path)
