"""A stop is heard at every step, and what was found by then is a plan."""

import time
from collections.abc import Callable
from threading import Event

import pytest

from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.objective import Objective, key
from scheduler.plan import Bound
from scheduler.planner import STOPPED, plan
from scheduler.stopping import interrupting
from scheduler.validator import plan_violations
from scheduler.world import World

LONG = 3600.0
"""Seconds that no test would wait for: a stop that is not heard is a test that hangs."""


@pytest.fixture(scope="module")
def world() -> World:
    """Sixty cases of the national weeks, with little to spare."""
    return parse_world(canonical(national(cases=60, supply=0.3)), REGISTER)


def after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.0])
def test_a_stop_while_annealing_ends_with_a_plan(world: World, seconds: float) -> None:
    made = plan(world, REGISTER, seconds=LONG, stop=after(seconds))
    assert not plan_violations(world, REGISTER, made)
    assert made.bookings
    assert all(one.reason == STOPPED for one in made.unplanned)
    assert {one.blocked for one in made.unplanned} == {"unknown"}


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_a_search_that_is_enough_ends_with_a_plan_and_a_reason_for_every_case_left(
    world: World, seconds: float
) -> None:
    made = plan(world, REGISTER, seconds=LONG, enough=after(seconds))
    assert not plan_violations(world, REGISTER, made)
    assert made.bookings
    assert made.unplanned
    assert STOPPED not in {one.reason for one in made.unplanned}
    assert not any(one.cost for one in made.unplanned)


@pytest.mark.parametrize("nth", [1, 20, 70, 100, 500])
def test_a_stop_is_heard_wherever_it_comes_and_is_not_asked_for_long(
    world: World, nth: int
) -> None:
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(len(asked) >= nth)
        return asked[-1]

    made = plan(world, REGISTER, seconds=LONG, stop=stop)
    assert not plan_violations(world, REGISTER, made)
    assert len({one.case for one in made.bookings} | {one.case for one in made.unplanned}) == len(
        world.cases
    )
    assert sum(asked) < 4 * len(world.cases)


def test_a_stop_while_every_choice_is_offered_keeps_the_first_plan() -> None:
    small = parse_world(canonical(national(cases=16, supply=0.3)), REGISTER)
    first = plan(small, REGISTER, seconds=0)
    told: list[float] = []

    def stop() -> bool:
        """Stop a while after the first plan is told, which is when the model is built."""
        return bool(told) and time.monotonic() - told[0] > 0.3

    made = plan(
        small,
        REGISTER,
        seconds=LONG,
        stop=stop,
        progress=lambda *_: told.append(time.monotonic()),
    )
    assert key(made.objective) >= key(first.objective)


def test_a_stop_while_bounding_and_polishing_ends_with_a_plan(world: World) -> None:
    bound = Event()

    def progress(_values: object, bounds: object, _seconds: float) -> None:
        if bounds:
            bound.set()

    asked: list[float] = []

    def stop() -> bool:
        """Stop two seconds after the first bound, which is in branching or polishing."""
        if bound.is_set():
            asked.append(time.monotonic())
        return bool(asked) and asked[-1] - asked[0] > 2

    made = plan(world, REGISTER, seconds=20, progress=progress, stop=stop)
    assert not plan_violations(world, REGISTER, made)


def test_what_is_told_carries_the_seconds_and_never_gets_worse(world: World) -> None:
    check_told(world)


def test_what_the_exact_model_tells_never_beats_its_bound() -> None:
    check_told(parse_world(canonical(national(cases=12, supply=0.3)), REGISTER))


def check_told(world: World) -> None:
    told: list[tuple[float, tuple[int, ...]]] = []
    headline: list[int] = []

    def progress(values: Objective, bounds: Objective, seconds: float) -> None:
        told.append((seconds, key(values)))
        assert all(Bound.of(level, values[level], bound).gap >= 0
                   for level, bound in bounds.items())  # fmt: skip
        if "pastLegalEnd" in bounds:
            headline.append(bounds["pastLegalEnd"])

    plan(world, REGISTER, seconds=4, progress=progress)
    assert [seconds for seconds, _ in told] == sorted(seconds for seconds, _ in told)
    assert [values for _, values in told] == sorted(values for _, values in told)
    assert headline == sorted(headline)


def test_native_work_is_interrupted_once_and_only_when_asked() -> None:
    interrupted = Event()
    with interrupting(interrupted.set, lambda: True):
        assert interrupted.wait(LONG)
    interrupted.clear()
    with interrupting(interrupted.set, lambda: False):
        assert not interrupted.wait(0.2)


def test_what_cannot_be_planned_with_is_refused_at_once_and_all_of_it(world: World) -> None:
    with pytest.raises(ValueError, match=r"seconds .* -1; rounds .* 0; seeds .* 0; workers .* 0"):
        plan(world, REGISTER, seconds=-1, rounds=0, seeds=0, workers=0)
    with pytest.raises(ValueError, match="nan"):
        plan(world, REGISTER, seconds=float("nan"))
