"""Annealing elsewhere: what comes back is a plan, and the number of workers does not change it."""

from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

import pytest
from distributed import Client, LocalCluster

from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.national import national
from fixtures.worlds import Document, canonical
from scheduler.annealing import packed, restored
from scheduler.construction import construct
from scheduler.loading import parse_world
from scheduler.objective import key
from scheduler.plan import Plan, bookings_of
from scheduler.planner import plan
from scheduler.task import prepare
from scheduler.validator import plan_violations, violations
from scheduler.world import World

ROUNDS = 200


def read(document: Document) -> World:
    return parse_world(canonical(document), REGISTER)


@pytest.fixture(scope="module")
def world() -> World:
    """Sixty cases of the national weeks, with little to spare."""
    return read(national(cases=60, supply=0.3))


@pytest.fixture(scope="module")
def states() -> World:
    """Thirty-two cases in several countries, with little to spare."""
    return read(europe(cases=32, supply=0.02))


def processes(workers: int) -> Executor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


@contextmanager
def dask(workers: int) -> Iterator[Executor]:
    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client.get_executor()


MADE: dict[str, tuple[int, Callable[[], object]]] = {
    "one process": (1, partial(processes, 1)),
    "two processes": (2, partial(processes, 2)),
    "two Dask workers": (2, partial(dask, 2)),
}


@pytest.fixture(scope="module")
def here(states: World) -> Plan:
    """The plan that as many rounds make in this process."""
    return plan(states, REGISTER, rounds=ROUNDS, seeds=2)


@pytest.mark.parametrize("how", MADE)
def test_for_as_many_rounds_it_is_the_same_plan_wherever_it_is_made(
    states: World, here: Plan, how: str
) -> None:
    workers, make = MADE[how]
    with make() as executor:  # type: ignore[attr-defined]
        made = plan(states, REGISTER, rounds=ROUNDS, seeds=2, executor=executor, workers=workers)
    assert made.bookings == here.bookings
    assert made.levels == here.levels
    assert made.unplanned == here.unplanned


def test_a_process_that_is_lost_takes_nothing_with_it(states: World) -> None:
    class Lost(Executor):
        """An executor all of whose processes are gone."""

        def submit(self, *_args: object, **_kwargs: object) -> Future[object]:  # type: ignore[override]
            job: Future[object] = Future()
            job.set_exception(BrokenExecutor())
            return job

    made = plan(states, REGISTER, rounds=ROUNDS, executor=Lost())
    assert not plan_violations(states, REGISTER, made)
    assert key(made.objective) >= key(plan(states, REGISTER, seconds=0).objective)


def test_as_many_rounds_make_the_plan_better_and_break_no_rule(states: World, here: Plan) -> None:
    assert not plan_violations(states, REGISTER, here)
    first = plan(states, REGISTER, seconds=0)
    assert key(here.objective) > key(first.objective)


def test_a_plan_that_travels_comes_back_as_it_was(world: World) -> None:
    task = prepare(world, REGISTER)
    options = construct(task.cases, task.valuation, task.occupancy)
    back = restored(prepare(world, REGISTER), packed(task, options))
    assert {name: one.claims for name, one in back.items()} == {
        name: one.claims for name, one in options.items()
    }
    made = [
        booking
        for name, option in options.items()
        for booking in bookings_of(task.patterns.of(name), option.pattern, option.names)
    ]
    assert not violations(world, REGISTER, [*task.pinned, *made])


@pytest.mark.parametrize("which", ["world", "states"])
def test_planning_with_workers_keeps_every_rule_and_is_no_worse_than_the_first_plan(
    which: str, request: pytest.FixtureRequest
) -> None:
    world: World = request.getfixturevalue(which)
    with ThreadPoolExecutor(1) as executor:
        made = plan(world, REGISTER, seconds=4, executor=executor, workers=1)
    assert not plan_violations(world, REGISTER, made)
    first = plan(world, REGISTER, seconds=0)
    assert made.objective["plannedWeight"] >= first.objective["plannedWeight"]
