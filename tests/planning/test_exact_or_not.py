"""Whether a world goes whole into the model depends on the world, not on the plan in it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from api.desk import open_world
from constraints.register import REGISTER
from scheduler import planner
from scheduler.model import Program, every_choice
from scheduler.pattern import CasePatterns
from scheduler.stopping import Stop
from scheduler.task import prepare

TINY = Path(__file__).parents[2] / "fixtures" / "tiny.json"


def offered() -> int:
    """Return the choices of the tiny world with nothing planned in it."""
    task = prepare(open_world(TINY), REGISTER)
    return sum(
        line.bit_count()
        for case in task.cases
        for leg in case.case.legs
        for _, line in case.open_layouts(leg, task.occupancy)
    )


@pytest.mark.parametrize(("beyond", "solved"), [(0, True), (1, False)])
def test_a_world_goes_whole_into_the_model_up_to_so_many_choices(
    beyond: int, solved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: list[Program] = []

    def noted(program: Program, cases: Sequence[CasePatterns], stop: Stop) -> None:
        whole.append(program)
        every_choice(program, cases, stop)

    monkeypatch.setattr(planner, "every_choice", noted)
    monkeypatch.setattr(planner, "_Search", _Unproven)
    monkeypatch.setattr(planner, "EXACT", offered() - beyond)
    planner.plan(open_world(TINY), REGISTER, seconds=1)
    assert bool(whole) == solved


class _Unproven(planner._Search):
    """A search whose relaxation never closes, so that the model has its turn."""

    def _closed(self, _options: object) -> bool:
        return False
