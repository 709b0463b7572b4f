"""limma and ComBat against limma 3.54.1 and sva 3.46.0, every stored variant."""

import numpy as np
import pytest

from scint_core.methods import combat, limma
from scint_core.methods.combat import CombatParams
from scint_core.methods.limma import LimmaParams
from tests.golden import make
from tests.golden_files import needs_r_golden, small_golden, small_input
from tests.problems import problem_from
from tests.stepper import PlainStep

VARIANTS = {
    "limma_removeBatchEffect": (limma, LimmaParams()),
    "limma_removeBatchEffect_designCelltype": (limma, LimmaParams(covariates=("celltype",))),
    "combat_parametric": (combat, CombatParams()),
    "combat_nonparametric": (combat, CombatParams(parametric=False)),
    "combat_meanonly": (combat, CombatParams(mean_only=True)),
    "combat_modCelltype": (combat, CombatParams(covariates=("celltype",))),
    "combat_ref1": (combat, CombatParams(reference_batch="1")),
}


@pytest.fixture(scope="module", params=["small", pytest.param("full", marks=needs_r_golden)])
def golden(request):
    if request.param == "small":
        return {**small_golden("linear"), "every": 9, "bound": 1e-7}  # kept in single precision
    return {**dict(make.linear(every=1, real=np.float64)), "every": 1, "bound": 1e-12}


@pytest.mark.parametrize("variant", VARIANTS)
def test_corrected_values_are_those_of_the_reference(golden, variant):
    method, params = VARIANTS[variant]
    x, batch = small_input()
    types = [f"type {t}" for t in golden["celltype"]]
    outcome = method.run(problem_from(x, batch, columns={"celltype": types}), params, PlainStep())
    found, expected = outcome.expression[:: golden["every"]], golden[variant]
    np.testing.assert_allclose(found, expected, rtol=0, atol=golden["bound"] * np.abs(expected).max())


def test_every_stored_variant_is_compared():
    assert set(VARIANTS) == set(make.LINEAR)
