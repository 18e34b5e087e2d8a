"""Timefold and SolverForge, where they are installed: what they answer is a plan that holds."""

import shutil

import pytest

from benchmarks.peers.problem import Answer, Compiled, compiled
from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.validator import plan_violations
from scheduler.world import World

PACKAGES = {"timefold": "timefold", "solverforge": "solverforge_legacy"}
"""The peers by module, and the package that each needs."""


@pytest.fixture(scope="module")
def small() -> Compiled:
    return compiled(World.model_validate_json(canonical(national(cases=12))), REGISTER)


@pytest.mark.parametrize("module", PACKAGES)
def test_the_plan_of_a_peer_breaks_no_rule_and_leaves_few_out(module: str, small: Compiled) -> None:
    pytest.importorskip(PACKAGES[module])
    if shutil.which("java") is None:
        pytest.skip("needs Java")
    # Imported here: it starts a virtual machine.
    peer = pytest.importorskip(f"benchmarks.peers.{module}")
    answers: list[Answer] = []

    peer.search(small.problem, 4.0, 1, answers.append)

    assert answers
    for answer in answers:
        plan = small.plan(answer, 4.0, 1)
        assert not plan_violations(small.task.patterns.world, REGISTER, plan)
    plannable = sum(case.plannable for case in small.problem.cases)
    assert plannable - 2 <= len(answers[-1]) <= plannable
