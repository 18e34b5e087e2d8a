"""Plans against the best combination of all bookings, valued by the words of the objective."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from scheduler import planner
from scheduler.bound import prove, prove_whole, relax
from scheduler.constraint import Elapsed, Inside
from scheduler.construction import Option, construct
from scheduler.model import Limit, Program, every_choice, solve
from scheduler.objective import LEVELS, MAXIMISED, Objective, Valuation, key
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Patterns
from scheduler.plan import bookings_of
from scheduler.task import prepare
from scheduler.validator import plan_violations, violations
from scheduler.world import Booking, World
from tests.kernel import worlds
from tests.kernel.brute import Best, Search, Twin
from tests.kernel.worlds import Setting, examples, with_bookings

SECONDS = 60.0
"""More than branching ever needs on worlds this small."""
FEW = 3_000
"""So many combinations can be tried one by one."""


def best_of(setting: Setting) -> Best:
    """Return the best plan for the cases that have no standing booking, by trying all.

    Worlds in which there is nothing to choose, or too much, are passed over before the trying.
    """
    task = prepare(setting.world, setting.register)
    counts = [sum(1 for _ in case.open(task.occupancy)) for case in task.cases]
    assume(1 < math.prod(count + 1 for count in counts) <= FEW)
    twin = Twin(setting.world, setting.register, task.pinned)
    return Search(twin, [case.case for case in task.cases]).best()


@st.composite
def settings_with_bookings(draw: st.DrawFn, /, status: Any) -> Setting:
    """A world whose first case has a booking with ``status``, one of the first it could have."""
    setting = draw(worlds.either(least=2, most=2, slot=60))
    ways = Twin(setting.world, setting.register).ways(setting.world.cases[0])
    found = list(islice(ways, draw(st.integers(1, 6))))
    assume(found)
    return with_bookings(setting, found[-1], status)


def booked(cases: Sequence[CasePatterns], chosen: Mapping[str, Option]) -> tuple[Booking, ...]:
    return tuple(
        booking
        for case in cases
        if (option := chosen.get(case.case.id)) is not None
        for booking in bookings_of(case, option.pattern, option.names)
    )


def valued(
    valuation: Valuation, cases: Sequence[CasePatterns], chosen: Mapping[str, Option]
) -> Objective:
    return valuation.total(cases, {case: option.pattern for case, option in chosen.items()})


def check_model(setting: Setting, best: Best) -> None:
    """Check that the model finds a plan as good as ``best``, proves it, and breaks no rule."""
    task = prepare(setting.world, setting.register)
    program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
    every_choice(program, task.cases)
    solution = solve(program, {}, Limit())
    assert solution is not None
    values = valued(task.valuation, task.cases, solution.options)
    assert key(values) == best.values
    assert solution.values == solution.bounds == values
    assert solution.optimal
    made = (*task.pinned, *booked(task.cases, solution.options))
    assert not violations(setting.world, setting.register, made)


def check_bounds(setting: Setting, best: Best) -> None:
    """Check that no level of ``best`` beats the bound given the levels above.

    Nor the sum of those of every case by itself, nor what branching makes of either.
    """
    task = prepare(setting.world, setting.register)
    exact = as_objective(best)
    for parts in ([task.cases], [(case,) for case in task.cases]):
        programs = [relax(part, task.valuation, task.occupancy) for part in parts]
        found = prove(programs, exact)
        for proven in (found, prove_whole(programs, found, SECONDS)):
            for level in LEVELS:
                if level in MAXIMISED:
                    assert exact[level] <= proven[level]
                else:
                    assert exact[level] >= proven[level]


def as_objective(best: Best) -> Objective:
    return {
        level: value if level in MAXIMISED else -value
        for level, value in zip(LEVELS, best.values, strict=True)
    }


SORTS = [worlds.real, worlds.synthetic]


@pytest.mark.parametrize("sort", SORTS)
def test_the_model_finds_and_proves_the_best_plan_there_is(sort: Any) -> None:
    @examples(30)
    @given(sort(least=2, most=2, slot=60))
    def holds(setting: Setting) -> None:
        best = best_of(setting)
        check_model(setting, best)
        check_bounds(setting, best)

    holds()


@examples(20)
@given(worlds.synthetic(least=3, most=3, slot=60))
def test_the_model_finds_and_proves_the_best_plan_of_three_cases(setting: Setting) -> None:
    best = best_of(setting)
    check_model(setting, best)
    check_bounds(setting, best)


@examples(20)
@given(worlds.synthetic(least=1, most=2, slot=60, apart=False))
def test_the_model_takes_nobody_for_both_legs_of_a_chain_at_a_time(setting: Setting) -> None:
    check_model(setting, best_of(setting))


def test_a_chain_that_fits_only_with_a_wait_is_not_bounded_away() -> None:
    """Placed by 04:00, it must leave within the hour: two hours early, to wait at the airport."""
    world = worlds.plain(wait=120, cases=(worlds.chain(),))
    begin = world.horizon.start + timedelta(days=2, hours=-1)
    at_night = Inside(("pick-up", "start"), ("pick-up", "start"), ((begin, begin),))
    soon = Elapsed(("arrival", "end"), ("transport", "start"), at_most=60)
    register = worlds.register_of(
        worlds.made_up("night", placement=at_night), worlds.made_up("soon", chain=soon)
    )
    setting = Setting(world, register)
    best = Search(Twin(world, register), world.cases).best()
    assert as_objective(best)["plannedWeight"] == 1
    check_model(setting, best)
    check_bounds(setting, best)


@examples(25)
@given(settings_with_bookings("held"))
def test_beside_a_held_booking_the_model_finds_the_best_plan_there_is(setting: Setting) -> None:
    best = best_of(setting)
    check_model(setting, best)
    check_bounds(setting, best)


@examples(25)
@given(settings_with_bookings("proposed"))
def test_a_proposed_booking_is_changed_only_for_a_better_plan(setting: Setting) -> None:
    best = best_of(setting)
    check_model(setting, best)
    check_bounds(setting, best)


@examples(25)
@given(worlds.either(least=2, most=2, slot=60))
def test_the_value_of_every_way_is_what_the_words_of_the_objective_say(setting: Setting) -> None:
    """Not only of the best plan: also of a plan of one case, whichever way it is booked."""
    world = setting.world
    patterns = Patterns(world, setting.register)
    valuation, occupancy = Valuation(patterns), Occupancy(world)
    search = Search(Twin(world, setting.register), world.cases)
    for one in world.cases:
        case = patterns.of(one.id)
        assert key(valuation.total([case], {})) == search.values(one, None)
        for pattern in case.open(occupancy):
            value = key(valuation.total([case], {one.id: pattern}))
            assert value == search.values(
                one, bookings_of(case, pattern, ((),) * len(pattern.legs))
            )


@examples(40)
@given(worlds.either(least=2, most=4))
def test_a_first_plan_breaks_no_rule_and_leaves_out_only_what_no_longer_fits(
    setting: Setting,
) -> None:
    task = prepare(setting.world, setting.register)
    chosen = construct(task.cases, task.valuation, task.occupancy)
    assert not violations(setting.world, setting.register, booked(task.cases, chosen))
    for case in task.cases:
        if case.case.id not in chosen:
            assert not any(
                case.draw(pattern, task.occupancy) for pattern in case.open(task.occupancy)
            )


@pytest.mark.parametrize("exact", [planner.EXACT, 0])
def test_a_plan_breaks_no_rule_and_its_bounds_hold(
    exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proved by the model, and where the world is too large for that, polished."""
    monkeypatch.setattr(planner, "EXACT", exact)

    @examples(12)
    @given(settings_with_bookings("held"), st.integers(0, 9))
    def holds(setting: Setting, seed: int) -> None:
        world: World = setting.world
        best = best_of(setting)
        made = planner.plan(world, setting.register, seconds=0.3, seed=seed)
        assert not plan_violations(world, setting.register, made)
        value, ideal = key(made.objective), best.values
        assert value <= ideal
        for level in made.levels:
            better = level.value <= level.bound if level.level in MAXIMISED else None
            assert better is None or better
            assert level.level in MAXIMISED or level.value >= level.bound
        planned = next(one for one in made.levels if one.level == "plannedWeight")
        if made.objective["pastLegalEnd"] == -ideal[0]:
            assert planned.bound >= ideal[1]
        if exact:
            assert value == ideal

    holds()
