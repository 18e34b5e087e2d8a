"""The most that a week can hold: held against every cut of small graphs, and against plans."""

from collections.abc import Iterator, Mapping
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.construction import construct
from scheduler.loading import parse_world
from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.planner import plan
from scheduler.simulation.certificate import Demand, Supply, demands_of, smallest_cut
from scheduler.task import prepare
from scheduler.world import World

SUPPLIES = [("interpreter", 2), ("police", 2), ("lawyer", 1)]


@st.composite
def demands(draw: st.DrawFn) -> tuple[Demand, ...]:
    """A few kinds of operations that ask one unit each of up to three roles."""
    roles = {
        role: [
            Supply("people", role, (f"{role}-{n}",), draw(st.integers(0, 3))) for n in range(count)
        ]
        for role, count in SUPPLIES
    }
    return tuple(
        Demand(
            ((f"case-{n}", "placement"),),
            draw(st.integers(1, 3)),
            tuple(
                draw(st.frozensets(st.sampled_from(mine), min_size=1))
                for mine in roles.values()
                if draw(st.booleans())
            ),
        )
        for n in range(draw(st.integers(1, 4)))
    )


def supplies_of(wanted: tuple[Demand, ...]) -> list[Supply]:
    return sorted({one for demand in wanted for ask in demand.asks for one in ask})


def least_cut(wanted: tuple[Demand, ...]) -> int:
    """Return the least that what stops every operation counts, of all sets that do."""
    things: list[Demand | Supply] = [*wanted, *supplies_of(wanted)]
    return min(
        sum(one.count if isinstance(one, Demand) else one.units for one in chosen)
        for chosen in chain.from_iterable(combinations(things, n) for n in range(len(things) + 1))
        if not _passes(wanted, set(chosen))
    )


def _passes(wanted: tuple[Demand, ...], shut: set[object]) -> bool:
    """Return whether an operation can still go through: supplies are shared, so are their paths."""
    after: dict[object, set[object]] = {}
    for demand in wanted:
        before: set[object] = set() if demand in shut else {demand}
        for ask in demand.asks:
            for one in before:
                after.setdefault(one, set()).update(ask - shut)
            before = set(ask - shut)
        for one in before:
            after.setdefault(one, set()).add("end")
    reached: set[object] = set()
    front = {one for one in wanted if one not in shut}
    stack: list[object] = [*front]
    while stack:
        one = stack.pop()
        if one not in reached:
            reached.add(one)
            stack += after.get(one, ())
    return "end" in reached


def most_done(wanted: tuple[Demand, ...]) -> int:
    """Return the most operations of which each has a unit of its own of all it asks."""
    each = [one.asks for one in wanted for _ in range(one.count)]

    def best(n: int, left: Mapping[Supply, int]) -> int:
        if n == len(each):
            return 0
        without = best(n + 1, left)
        return max([without, *(1 + best(n + 1, rest) for rest in _taken(each[n], left))])

    return best(0, {one: one.units for one in supplies_of(wanted)})


def _taken(
    asks: tuple[frozenset[Supply], ...], left: Mapping[Supply, int]
) -> Iterator[Mapping[Supply, int]]:
    if not asks:
        yield left
        return
    for one in sorted(asks[0]):
        if left[one]:
            yield from _taken(asks[1:], {**left, one: left[one] - 1})


@given(demands())
def test_no_cut_is_smaller(wanted: tuple[Demand, ...]) -> None:
    assert smallest_cut(wanted).most == least_cut(wanted)


@given(demands())
def test_what_it_names_is_all_that_can_be_done(wanted: tuple[Demand, ...]) -> None:
    cut = smallest_cut(wanted)
    named = sum(one.count for one in cut.demands) + sum(one.units for one in cut.supplies)
    assert cut.most == named
    assert not _passes(wanted, {*cut.demands, *cut.supplies})


@given(demands().filter(lambda wanted: sum(one.count for one in wanted) <= 7))
def test_nobody_does_more_than_it_says(wanted: tuple[Demand, ...]) -> None:
    assert most_done(wanted) <= smallest_cut(wanted).most


@given(demands().filter(lambda wanted: sum(one.count for one in wanted) <= 7))
def test_where_one_thing_is_asked_it_is_exact(wanted: tuple[Demand, ...]) -> None:
    alone = tuple(Demand(one.legs, one.count, one.asks[:1]) for one in wanted)
    assert most_done(alone) == smallest_cut(alone).most


# --- Weeks of real worlds -------------------------------------------------------------------------


def world() -> World:
    return parse_world(canonical(tiny()), REGISTER)


def most(of: World) -> int:
    patterns = Patterns(of, REGISTER)
    cases = [patterns.of(one.id) for one in of.cases]
    return smallest_cut(demands_of(cases, Occupancy(of), 0, of.grid.slots)).most


def test_no_plan_of_a_world_does_more_than_its_certificate_says() -> None:
    made = plan(world(), REGISTER, seconds=2)
    assert 0 < len(made.bookings) <= most(world())


@pytest.mark.parametrize("role", ["interpreter", "lawyer", "police"])
def test_a_role_that_nobody_fills_is_what_a_week_is_short_of(role: str) -> None:
    before = world()
    idle = tuple(
        one.model_copy(update={"shifts": ()}) if one.role == role else one
        for one in before.resources
    )
    without = before.but(resources=idle)
    patterns = Patterns(without, REGISTER)
    cases = [patterns.of(one.id) for one in without.cases]
    wanted = demands_of(cases, Occupancy(without), 0, without.grid.slots)
    cut = smallest_cut(wanted)
    asked = sum(one.count for one in wanted if any(s.name == role for a in one.asks for s in a))
    assert asked
    assert cut.most <= cut.wanted - asked
    task = prepare(without, REGISTER)
    assert len(construct(task.cases, task.valuation, task.occupancy)) <= cut.most


def test_what_is_taken_already_is_not_offered_again() -> None:
    now = world()
    patterns = Patterns(now, REGISTER)
    cases = [patterns.of(one.id) for one in now.cases]
    taken = Occupancy(now)
    task = prepare(now, REGISTER)
    for option in construct(task.cases, task.valuation, task.occupancy).values():
        taken.claim(option.claims)
    before, after = (
        sum(one.units for one in supplies_of(demands_of(cases, left, 0, now.grid.slots)))
        for left in (Occupancy(now), taken)
    )
    assert after < before
