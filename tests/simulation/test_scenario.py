"""A scenario file: every mistake is told with its path, every figure with its source."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from constraints.register import REGISTER
from fixtures.simulated import dutch
from scheduler.simulation.adjusting import problems
from scheduler.simulation.scenario import ScenarioError, Time, parse_scenario, read_scenario

BASELINE = Path("fixtures/scenarios/baseline.toml")


def test_every_default_of_the_baseline_has_a_source_or_says_that_it_is_assumed() -> None:
    parts = list(read_scenario(BASELINE).sourced)
    assert len(parts) > 20
    for one in parts:
        assert "assum" in one.source or any(f"{mark})" in one.source for mark in "VSM"), one


def test_the_baseline_names_nothing_that_the_dutch_chain_does_not_know() -> None:
    setting = dutch(date(2027, 1, 4), 28)
    assert [*problems(read_scenario(BASELINE), setting, REGISTER)] == []


def test_all_mistakes_of_a_scenario_are_told_at_once() -> None:
    text = BASELINE.read_text(encoding="utf-8")
    text = text.replace("daysAhead = 28", "daysAhead = 0").replace(
        "perYear = 13840", 'perYear = "many"'
    )
    text = text.replace("pending = 0.85 }", "pending = 0.6 }", 1)
    with pytest.raises(ScenarioError) as found:
        parse_scenario(text)
    paths = {one.path for one in found.value.problems}
    assert {"$.policy.daysAhead", "$.processes[1]"} <= paths
    assert any(path.startswith("$.inflow.perYear") for path in paths)


def test_the_time_left_of_what_is_under_way_is_that_of_renewal_theory() -> None:
    uniform = (np.arange(10_000) + 0.5) / 10_000
    for law, shape, mean in (
        ("fixed", 1, 50),
        ("uniform", 1, 200 / 3),
        ("exponential", 1, 100),
        # The square of the mean, half the second moment: 2 / pi of it.
        ("weibull", 2, 200 / np.pi),
    ):
        left = Time.model_validate({"law": law, "days": 100, "shape": shape}).left(uniform)
        assert left.mean() == pytest.approx(mean, rel=0.01)


def test_what_no_world_or_register_knows_is_told_with_what_may_be_meant() -> None:
    text = BASELINE.read_text(encoding="utf-8").replace(
        '{ fact = "whereabouts-known" }', '{ fact = "whereabouts-knwon" }'
    )
    (problem,) = problems(parse_scenario(text), dutch(date(2027, 1, 4), 28), REGISTER)
    assert problem.path == "$.processes[3].turns.fact"
    assert problem.says.endswith("maybe whereabouts-known")
