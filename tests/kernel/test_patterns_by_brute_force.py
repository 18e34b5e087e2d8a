"""Patterns against every booking that the validator accepts, one tiny world at a time."""

from collections import Counter
from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler.constraint import Attendance
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Pattern, Patterns
from scheduler.plan import bookings_of, claims_of
from scheduler.validator import violations
from scheduler.world import Booking, Case
from tests.kernel import worlds
from tests.kernel.brute import Key, Twin, key_of
from tests.kernel.worlds import Setting, examples


def keys(case: CasePatterns, occupancy: Occupancy) -> set[Key]:
    """Return what the open patterns of a case are, people apart."""
    return {key(case, pattern) for pattern in case.open(occupancy)}


def key(case: CasePatterns, pattern: Pattern) -> Key:
    return key_of(bookings_of(case, pattern, ((),) * len(pattern.legs)))


def often_asked(setting: Setting, case: Case) -> bool:
    """Return whether a leg asks more than two attendances of one role, which need not be exact."""
    return any(
        count > 2
        for leg in case.legs
        for count in Counter(
            rule.role
            for _, rule in setting.register.declarations(setting.world, case, leg)
            if isinstance(rule, Attendance)
        ).values()
    )


def agree(setting: Setting, case: Case, others: tuple[Booking, ...] = ()) -> set[Key]:
    """Check that patterns and brute force agree beside ``others``; return what is open."""
    patterns = Patterns(setting.world, setting.register)
    occupancy = Occupancy(setting.world)
    for one in others:
        occupancy.claim(claims_of(patterns.of(one.case), one))
    found = keys(patterns.of(case.id), occupancy)
    possible = Twin(setting.world, setting.register, others).options(case).keys()
    assert found <= possible
    if not often_asked(setting, case):
        assert found == possible
    return found


def one_of(data: st.DataObject, setting: Setting, case: Case) -> tuple[Booking, ...]:
    """Return one of the first ways to book ``case`` in the empty world, by the naive twin."""
    ways = Twin(setting.world, setting.register).ways(case)
    found = list(islice(ways, data.draw(st.integers(1, 6))))
    assume(found)
    return found[-1]


@examples(70)
@given(worlds.real())
def test_in_an_empty_world_the_open_patterns_are_all_that_the_validator_accepts(
    setting: Setting,
) -> None:
    for case in setting.world.cases:
        agree(setting, case)


@examples(70)
@given(worlds.synthetic())
def test_under_rules_nobody_thought_of_the_open_patterns_are_all_that_the_validator_accepts(
    setting: Setting,
) -> None:
    for case in setting.world.cases:
        agree(setting, case)


@pytest.mark.parametrize("sort", [worlds.real, worlds.synthetic])
def test_beside_a_booking_the_open_patterns_are_all_that_the_validator_accepts(sort: Any) -> None:
    @examples(40)
    @given(sort(least=2), st.data())
    def holds(setting: Setting, data: st.DataObject) -> None:
        first, *rest = setting.world.cases
        booked = one_of(data, setting, first)
        for case in rest:
            agree(setting, case, booked)

    holds()


@examples(60)
@given(worlds.either(least=2), st.data())
def test_a_booking_never_opens_a_pattern_and_gone_it_leaves_no_trace(
    setting: Setting, data: st.DataObject
) -> None:
    patterns = Patterns(setting.world, setting.register)
    occupancy = Occupancy(setting.world)
    cases = [patterns.of(case.id) for case in setting.world.cases]
    before = [keys(case, occupancy) for case in cases]
    found = [(case, pattern) for case in cases for pattern in case.open(occupancy)]
    assume(found)
    case, pattern = data.draw(st.sampled_from(found))
    names = case.draw(pattern, occupancy)
    assert names is not None
    claims = case.claims(pattern, names)
    occupancy.claim(claims)
    beside = [keys(case, occupancy) for case in cases]
    assert all(after <= open_ for open_, after in zip(before, beside, strict=True))
    assert not case.is_open(pattern, occupancy)
    occupancy.release(claims)
    assert [keys(case, occupancy) for case in cases] == before


@examples(60)
@given(worlds.either(least=2), st.data())
def test_people_can_be_drawn_for_a_pattern_exactly_when_it_is_open(
    setting: Setting, data: st.DataObject
) -> None:
    world = setting.world
    patterns = Patterns(world, setting.register)
    occupancy = Occupancy(world)
    standing: list[Booking] = []
    first, *rest = (patterns.of(case.id) for case in world.cases)
    ways = list(first.open(occupancy))
    if ways:
        taken = data.draw(st.sampled_from(ways))
        names = first.draw(taken, occupancy)
        assert names is not None
        standing += bookings_of(first, taken, names)
        occupancy.claim(first.claims(taken, names))
    for case in rest:
        for pattern in case.open(Occupancy(world)):
            open_ = case.is_open(pattern, occupancy)
            names = case.draw(pattern, occupancy)
            made = bookings_of(case, pattern, names) if names is not None else ()
            wrong = violations(world, setting.register, (*standing, *made))
            assert open_ == (names is not None and not wrong)


@pytest.mark.parametrize(("people", "drawn"), [(1, False), (2, True)])
def test_nobody_is_drawn_for_both_legs_of_a_chain_at_a_time(people: int, drawn: bool) -> None:
    """Home from the arrival and on the way to the transport again, at the same hour."""
    world = worlds.plain(
        *({"id": f"red-{n}", "role": "red", "home": "pol-1"} for n in range(people)),
        cases=(worlds.chain(),),
    )
    register = worlds.register_of(
        worlds.made_up("in", placement=Attendance("red", "arrival", "arrival")),
        worlds.made_up("out", removal=Attendance("red", "transport", "transport")),
    )
    patterns, occupancy = Patterns(world, register), Occupancy(world)
    case = patterns.of("zk-1")
    pattern = max(case.open(occupancy), key=lambda one: one.legs[0][1])
    arrived, leaves = pattern.legs[0][1] + 5, pattern.legs[1][1] - 6
    assert (arrived, leaves) == (54, 54)
    names = case.draw(pattern, occupancy)
    assert (names is not None) is drawn
    assert names is None or not violations(world, register, bookings_of(case, pattern, names))


@examples(40)
@given(worlds.synthetic(apart=False))
def test_whoever_is_drawn_for_a_chain_breaks_no_rule_however_near_its_legs(
    setting: Setting,
) -> None:
    patterns = Patterns(setting.world, setting.register)
    for one in setting.world.cases:
        case, occupancy = patterns.of(one.id), Occupancy(setting.world)
        for pattern in case.open(occupancy):
            names = case.draw(pattern, occupancy)
            made = bookings_of(case, pattern, names) if names is not None else ()
            assert not violations(setting.world, setting.register, made)


@examples(250)
@given(worlds.crowded())
def test_what_frames_ask_alike_is_what_each_asks_by_itself(setting: Setting) -> None:
    patterns, empty = Patterns(setting.world, setting.register), Occupancy(setting.world)
    for one in setting.world.cases:
        case = patterns.of(one.id)
        if "placement" not in case.legs:
            continue
        together = {
            layout.frame: line for layout, line in case.open_layouts("placement", empty, "rostered")
        }
        for layout in case.legs["placement"].promising:
            line = layout.static
            if layout.of.nights is not None:
                line &= case.stay_starts(layout, empty, "rostered")
            for need in layout.needs:
                line &= need.starts(empty, "rostered")
            assert together.get(layout.frame, 0) == line


@examples(40)
@given(worlds.either(most=3, least=2, slot=60), st.data())
def test_taking_a_booking_out_breaks_no_other(setting: Setting, data: st.DataObject) -> None:
    twin = Twin(setting.world, setting.register)
    standing: list[tuple[Booking, ...]] = []
    for case in setting.world.cases:
        beside = Twin(setting.world, setting.register, [one for way in standing for one in way])
        ways = sorted(beside.options(case).items())
        if ways:
            standing.append(data.draw(st.sampled_from(ways))[1])
    for gone in standing:
        left = [one for way in standing if way is not gone for one in way]
        assert not violations(setting.world, twin.register, left)
