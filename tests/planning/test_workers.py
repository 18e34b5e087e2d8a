"""Annealing elsewhere: what comes back is a plan, and the number of workers does not change it."""

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.plan import bookings_of
from scheduler.planner import annealed, plan, prepare, restored
from scheduler.validator import plan_violations, violations
from scheduler.world import World


@pytest.fixture(scope="module")
def world() -> World:
    """Sixty cases of the national weeks, with little to spare."""
    return parse_world(canonical(national(cases=60, supply=0.3)), REGISTER)


def processes(workers: int) -> Executor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


MADE: tuple[Callable[[], Executor], ...] = (
    partial(ThreadPoolExecutor, 1),
    partial(processes, 1),
    partial(processes, 2),
)


def test_for_as_many_rounds_the_number_of_workers_does_not_change_the_plans(world: World) -> None:
    found = []
    for make in MADE:
        with make() as executor:
            asked = [
                executor.submit(annealed, world, REGISTER, seed, rounds=10) for seed in range(2)
            ]
            found.append([one.result() for one in asked])
    assert found[0] == found[1] == found[2]


def test_a_plan_that_comes_back_breaks_no_rule(world: World) -> None:
    task = prepare(world, REGISTER)
    plan = restored(task, annealed(world, REGISTER, 1, rounds=10))
    made = [
        booking
        for name, option in plan.items()
        for booking in bookings_of(task.patterns.of(name), option.pattern, option.names)
    ]
    assert made
    assert not violations(world, REGISTER, [*task.pinned, *made])


def test_planning_with_workers_ends_with_the_best_of_what_they_found(world: World) -> None:
    with ThreadPoolExecutor(1) as executor:
        made = plan(world, REGISTER, seconds=4, executor=executor, seeds=2)
    assert not plan_violations(world, REGISTER, made)
    first = plan(world, REGISTER, seconds=0)
    assert made.objective["plannedWeight"] >= first.objective["plannedWeight"]
