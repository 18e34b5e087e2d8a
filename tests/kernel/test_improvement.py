"""Ruin and recreate: it ends with a plan no worse than it began with, and the same each time."""

import random

from hypothesis import given
from hypothesis import strategies as st

from scheduler.construction import Option, construct
from scheduler.improvement import Improvement
from scheduler.objective import key
from scheduler.plan import bookings_of
from scheduler.task import Task, prepare
from scheduler.validator import violations
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples

settings = worlds.either(least=2, most=4, slot=60)


def improved(setting: Setting, seed: int, rounds: int) -> tuple[Task, dict[str, Option]]:
    """Return a task with the plan that so many rounds end with, in its occupancy."""
    task = prepare(setting.world, setting.register)
    chosen = construct(task.cases, task.valuation, task.occupancy)
    search = Improvement(task.cases, task.valuation, task.occupancy, chosen, random.Random(seed))
    best = search.run(rounds=rounds)
    patterns = {name: one.pattern for name, one in best.items()}
    before = {name: one.pattern for name, one in chosen.items()}
    assert search.values == task.valuation.total(task.cases, patterns)
    assert key(search.values) >= key(task.valuation.total(task.cases, before))
    return task, best


@examples(150)
@given(settings, st.integers(0, 9))
def test_what_it_ends_with_breaks_no_rule_and_is_no_worse(setting: Setting, seed: int) -> None:
    task, best = improved(setting, seed, 15)
    made = [
        booking
        for case in task.cases
        if (option := best.get(case.case.id)) is not None
        for booking in bookings_of(case, option.pattern, option.names)
    ]
    assert not violations(setting.world, setting.register, made)


@examples(150)
@given(settings, st.integers(0, 9))
def test_the_occupancy_holds_the_plan_it_ends_with_and_nothing_else(
    setting: Setting, seed: int
) -> None:
    task, best = improved(setting, seed, 10)
    for option in best.values():
        task.occupancy.release(option.claims)
    for resource in setting.world.resource:
        assert not task.occupancy.claimed(resource)
    for facility in setting.world.facilities:
        for night in worlds.days_of(setting.world.horizon):
            assert task.occupancy.places_left(facility.id, night) == facility.places_on(night)


@examples(60)
@given(settings, st.integers(0, 9))
def test_as_many_rounds_with_the_same_seed_end_with_the_same_plan(
    setting: Setting, seed: int
) -> None:
    (_, one), (_, other) = (improved(setting, seed, 12) for _ in range(2))
    assert {name: option.claims for name, option in one.items()} == {
        name: option.claims for name, option in other.items()
    }


def test_it_stops_when_it_is_told_to() -> None:
    setting = Setting(worlds.plain(cases=(worlds.chain(),)), worlds.register_of())
    task = prepare(setting.world, setting.register)
    search = Improvement(task.cases, task.valuation, task.occupancy, {}, random.Random(0))
    assert search.run(stop=lambda: True) == {}
