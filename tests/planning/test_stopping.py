"""A stop is heard at every step, and what was found by then is a plan."""

import time
from collections.abc import Callable
from threading import Event

import pytest

from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.loading import parse_world
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


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0, 4.0])
def test_a_stop_while_annealing_ends_with_a_plan(world: World, seconds: float) -> None:
    made = plan(world, REGISTER, seconds=LONG, stop=after(seconds))
    assert not plan_violations(world, REGISTER, made)
    assert made.bookings
    assert all(one.reason == STOPPED for one in made.unplanned)


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
    told: list[tuple[float, int, int]] = []

    def progress(values: dict[str, int], bounds: dict[str, int], seconds: float) -> None:
        told.append((seconds, -values["pastLegalEnd"], values["plannedWeight"]))
        if "plannedWeight" in bounds:
            assert values["plannedWeight"] <= bounds["plannedWeight"]

    plan(world, REGISTER, seconds=4, progress=progress)
    assert [one[0] for one in told] == sorted(one[0] for one in told)
    assert [one[1:] for one in told] == sorted(one[1:] for one in told)


def test_native_work_is_interrupted_once_and_only_when_asked() -> None:
    interrupted = Event()
    with interrupting(interrupted.set, lambda: True):
        assert interrupted.wait(LONG)
    interrupted.clear()
    with interrupting(interrupted.set, lambda: False):
        assert not interrupted.wait(0.2)
