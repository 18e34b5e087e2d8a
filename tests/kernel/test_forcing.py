"""Cases forced into a plan: valid, at the least cost there is, and nothing else touched."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler.constraint import Attendance, Constraint, Declaration, Inside, Register, Subject
from scheduler.explanation import forcing
from scheduler.explanation.forcing import Forced, Forcing
from scheduler.ledger import Ledger
from scheduler.objective import Objective, Valuation, key
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, Pattern, Patterns
from scheduler.plan import bookings_of, claims_of, free_to_move
from scheduler.validator import violations
from scheduler.world import Booking, Case, Person, World
from scheduler.world import Seats as SeatsOf
from tests.kernel import worlds
from tests.kernel.brute import Drafts, Search, Twin, Values, key_of
from tests.kernel.worlds import Setting, examples

FEW = 1_000
"""So many combinations can be tried one by one."""


@dataclass
class Question:
    """A case that is not planned, in a world where others are."""

    setting: Setting
    case: CasePatterns
    ledger: Ledger
    forcing: Forcing

    def __repr__(self) -> str:
        return f"{self.case.case.id} in {self.setting} beside {list(self.ledger.bookings.values())}"


def question(setting: Setting, case: str, bookings: Iterable[Booking]) -> Question:
    patterns = Patterns(setting.world, setting.register)
    ledger = Ledger(patterns, bookings)
    return Question(setting, patterns.of(case), ledger, Forcing(ledger, Valuation(patterns)))


def scarce(setting: Setting) -> Setting:
    """Return the world with cases that all want the same, few places and few seats."""
    world = setting.world
    fields = {name: getattr(world, name) for name in World.model_fields}
    fields["facilities"] = tuple(
        one.model_copy(update={"places": min(one.places, 2)}) for one in world.facilities
    )
    fields["departures"] = tuple(
        one.model_copy(update={"seats": SeatsOf(unescorted=1, escorted=3)})
        for one in world.departures
    )
    patterns = Patterns(world, setting.register)
    like = first_open([patterns.of(one.id) for one in world.cases], patterns.empty).case
    fields["cases"] = tuple(
        like.model_copy(
            update={
                "id": one.id,
                "weight": one.weight,
                "persons": tuple(
                    person.model_copy(update={"id": f"{one.id}-{person.id}"})
                    for person in like.persons
                ),
            }
        )
        for one in world.cases
    )
    return Setting(World(**fields), setting.register)


@st.composite
def questions(draw: st.DrawFn, /, most: int = 4) -> Question:
    """A case that would fit an empty world, if any does; others are where it would like to be."""
    setting = draw(worlds.either(least=most - 1, most=most, slot=60))
    if draw(st.sampled_from((True, True, False))):
        setting = scarce(setting)
    patterns = Patterns(setting.world, setting.register)
    occupancy = Occupancy(setting.world)
    cases = draw(st.permutations([patterns.of(one.id) for one in setting.world.cases]))
    case = first_open(cases, occupancy)
    liked = [claims for _, claims in ways(case, occupancy)]
    bookings: list[Booking] = []
    for other in cases:
        found = list(ways(other, occupancy)) if other is not case else []
        near = [one for one in found if any(one[1].meets(claims) for claims in liked)]
        if found:
            made, claims = draw(st.sampled_from(near or found))
            occupancy.claim(claims)
            status = draw(st.sampled_from(("proposed", "proposed", "proposed", "held")))
            bookings += (one.model_copy(update={"status": status}) for one in made)
            liked = [one for one in liked if not claims.meets(one)] or liked
    return question(setting, case.case.id, bookings)


def first_open(cases: Sequence[CasePatterns], occupancy: Occupancy) -> CasePatterns:
    """Return the first case that is open, or the first of all when none is."""
    return next((one for one in cases if any(True for _ in one.open(occupancy))), cases[0])


def ways(case: CasePatterns, occupancy: Occupancy) -> Iterator[tuple[tuple[Booking, ...], Claims]]:
    """Yield some bookings that a case could have, spread over all, with what they claim."""
    found = list(case.open(occupancy))
    for pattern in found[:: len(found) // 20 + 1]:
        names = case.draw(pattern, occupancy)
        if names is not None:
            yield bookings_of(case, pattern, names), case.claims(pattern, names)


def after(ledger: Ledger, forced: Forced) -> tuple[Booking, ...]:
    """Return all bookings as they would stand."""
    new = (*forced.bookings, *forced.moved, *forced.renamed)
    gone = {one.case for one in new} | {*forced.dropped}
    return *(one for one in ledger.bookings.values() if one.case not in gone), *new


def state(ledger: Ledger) -> object:
    """Return all that the occupancy answers on single resources, nights and seats."""
    world, occupancy = ledger.patterns.world, ledger.occupancy
    return (
        [occupancy.free(name) for name in world.resource],
        [occupancy.places(one.id, n) for one in world.facilities for n in (1, 2, 3)],
        [
            occupancy.seats_left(one.id, kind, limit)
            for one in world.departures
            for kind in ("unescorted", "escorted")
            for limit in range(6)
        ],
    )


@pytest.mark.parametrize("few", [forcing.FEW, 0])
def test_a_forced_plan_breaks_no_rule_and_touches_only_what_was_freed(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen among everything, and where that is too much, among what insertions come up with."""
    monkeypatch.setattr(forcing, "FEW", few)

    @examples(100)
    @given(questions())
    def holds(asked: Question) -> None:
        before = state(asked.ledger)
        forced = asked.forcing.force(asked.case, work=math.inf)
        assert state(asked.ledger) == before
        if forced is not None:
            check(asked, forced)

    holds()


def check(asked: Question, forced: Forced) -> None:
    world, bookings = asked.setting.world, after(asked.ledger, forced)
    assert not violations(world, asked.setting.register, bookings)
    legs = [one.operation for one in bookings if one.case == forced.case]
    assert legs == [*asked.case.case.legs]
    touched = {one.case for one in (*forced.moved, *forced.renamed)} | {*forced.dropped}
    assert touched <= {*forced.freed}
    for name in forced.freed:
        held = asked.ledger.of(name)
        assert all(free_to_move(one, world.as_of) for one in held)
        stands = [one for one in bookings if one.case == name]
        assert bool(stands) == (name not in forced.dropped)
        if name not in {one.case for one in forced.moved} | {*forced.dropped}:
            assert key_of(stands) == key_of(held)


@examples(150)
@given(questions())
def test_nothing_can_be_forced_exactly_when_it_fits_beside_no_part_of_what_stands(
    asked: Question,
) -> None:
    world, case = asked.setting.world, asked.case
    standing = Occupancy(world)
    for one in asked.ledger.bookings.values():
        if not free_to_move(one, world.as_of):
            standing.claim(claims_of(asked.ledger.patterns.of(one.case), one))
    fits = any(case.draw(pattern, standing) is not None for pattern in case.open(standing))
    assert (asked.forcing.force(case) is not None) == fits


@examples(100)
@given(questions())
def test_without_its_occupants_a_case_is_open(asked: Question) -> None:
    case, ledger = asked.case, asked.ledger
    occupants = asked.forcing.occupants(case)
    opens = any(True for _ in case.open(asked.forcing.standing))
    open_now = any(True for _ in case.open(ledger.occupancy))
    assert bool(occupants) == (opens and not open_now)
    with ledger.without([ledger.bookings[one] for one in occupants]):
        assert any(True for _ in case.open(ledger.occupancy)) == opens


class WithMoves(Search):
    """A search that minds, last of all, how many cases leave what they have."""

    def __init__(self, twin: Twin, cases: Sequence[Case], booked: Mapping[str, Drafts]) -> None:
        super().__init__(twin, cases)
        self.booked = booked

    def values(self, case: Case, way: Drafts | None) -> Values:
        had = self.booked.get(case.id)
        moves = had is not None and (way is None or key_of(way) != key_of(had))
        return (*super().values(case, way), -int(moves))


@examples(40)
@given(questions(most=3))
def test_the_cost_is_the_least_that_trying_everything_finds(asked: Question) -> None:
    ledger, world = asked.ledger, asked.setting.world
    forced = asked.forcing.force(asked.case, work=math.inf)
    assume(forced is not None and forced.freed)
    assert forced is not None
    cases = [asked.case.case, *(world.case[name] for name in forced.freed)]
    freed = [one for name in forced.freed for one in ledger.of(name)]
    with ledger.without(freed):
        counts = [
            sum(1 for _ in ledger.patterns.of(one.id).open(ledger.occupancy)) for one in cases
        ]
    assume(math.prod(count + 1 for count in counts) <= FEW)
    twin = Twin(
        world,
        asked.setting.register,
        [one for one in ledger.bookings.values() if one not in freed],
    )
    search = WithMoves(twin, cases, {name: ledger.of(name) for name in forced.freed})
    search.ways[forced.case].remove(None)
    moves = len({one.case for one in forced.moved}) + len(forced.dropped)
    assert (*key(forced.after), -moves) == search.best().values


# --- By hand ------------------------------------------------------------------------------------


def case(name: str, weight: int = 1) -> Case:
    person = Person(id=f"p-{name}", category="man")
    return Case(
        id=name,
        operation="placement",
        location="azc",
        destination="AL",
        persons=(person,),
        weight=weight,
    )


def at(*hours: int) -> Inside:
    """Return the hours from the start of the horizon at which one may be picked up."""
    start = worlds.plain().horizon.start
    moments = tuple(start + timedelta(hours=one) for one in hours)
    return Inside(
        ("pick-up", "start"), ("pick-up", "start"), tuple(zip(moments, moments, strict=True))
    )


POLICE = Attendance("police", "pick-up", "arrival")


def by_case(**declared: Sequence[Declaration]) -> Register:
    """Return a register in which each case has declarations of its own."""

    def constraint(name: str, number: int, declaration: Declaration) -> Constraint:
        def declare(subject: Subject) -> Sequence[Declaration]:
            return [declaration] if subject.case.id == name else []

        made = worlds.made_up(f"{name}-{number}", placement=declaration)
        return replace(made, declare=declare)

    return worlds.register_of(
        *(
            constraint(name, number, one)
            for name, declarations in declared.items()
            for number, one in enumerate(declarations)
        )
    )


def booked(
    register: Register, cases: Sequence[Case], hours: Mapping[str, int], *people: dict[str, Any]
) -> Question:
    """Ask about the first case, while some are booked at an hour of the horizon."""
    setting = Setting(worlds.plain(*people, cases=tuple(cases)), register)
    patterns = Patterns(setting.world, register)
    occupancy = Occupancy(setting.world)
    bookings: list[Booking] = []
    for name, hour in hours.items():
        other = patterns.of(name)
        (layout,) = other.legs["placement"].promising
        pattern = Pattern(name, ((layout, hour),))
        names = other.draw(pattern, occupancy)
        assert names is not None
        occupancy.claim(other.claims(pattern, names))
        bookings += bookings_of(other, pattern, names)
    return question(setting, cases[0].id, bookings)


def change(forced: Forced) -> Objective:
    return {level: forced.after[level] - forced.before[level] for level in forced.after}


def test_who_can_move_gives_way_at_no_cost() -> None:
    register = by_case(a=(at(10), POLICE), b=(at(10, 17), POLICE))
    asked = booked(register, (case("a"), case("b")), {"b": 10})
    assert asked.forcing.occupants(asked.case) == ("b-placement",)
    forced = asked.forcing.force(asked.case)
    assert forced is not None
    assert (forced.freed, forced.renamed, forced.dropped) == (("b",), (), ())
    (moved,) = forced.moved
    assert moved.start - forced.bookings[0].start == timedelta(hours=7)
    assert change(forced)["plannedWeight"] == 1
    assert change(forced)["pastLegalEnd"] == change(forced)["nightsInDetention"] == 0


def test_who_can_only_lose_its_booking_costs_its_weight() -> None:
    register = by_case(a=(at(10), POLICE), b=(at(10), POLICE))
    asked = booked(register, (case("a"), case("b", weight=3)), {"b": 10})
    forced = asked.forcing.force(asked.case)
    assert forced is not None
    assert (forced.moved, forced.renamed, forced.dropped) == ((), (), ("b",))
    assert change(forced)["plannedWeight"] == 1 - 3


def test_whose_people_can_be_others_stays_where_it_is() -> None:
    first = replace(POLICE, among=frozenset({"police-0"}))
    register = by_case(a=(at(10), first), b=(at(10, 17), POLICE))
    spare = {"id": "police-1", "role": "police"}
    asked = booked(register, (case("a"), case("b")), {"b": 10}, spare)
    forced = asked.forcing.force(asked.case)
    assert forced is not None
    assert (forced.moved, forced.dropped) == ((), ())
    (renamed,) = forced.renamed
    assert {one.role: one.resources for one in renamed.attendances}["police"] == ("police-1",)


def test_of_two_in_the_way_the_lighter_loses_its_booking() -> None:
    register = by_case(a=(at(10, 17), POLICE), b=(at(10), POLICE), c=(at(17), POLICE))
    cases = case("a"), case("b", weight=3), case("c", weight=2)
    asked = booked(register, cases, {"b": 10, "c": 17})
    forced = asked.forcing.force(asked.case)
    assert forced is not None
    assert (forced.freed, forced.dropped) == (("b", "c"), ("c",))


def test_what_is_blocked_in_an_empty_world_cannot_be_forced() -> None:
    register = by_case(a=(at(), POLICE), b=(at(10), POLICE))
    asked = booked(register, (case("a"), case("b")), {"b": 10})
    assert asked.forcing.force(asked.case) is None
    assert asked.forcing.occupants(asked.case) == ()


@pytest.mark.parametrize("status", ["held", "confirmed", "executed"])
def test_what_is_more_than_proposed_does_not_give_way(status: Any) -> None:
    register = by_case(a=(at(10), POLICE), b=(at(10, 17), POLICE))
    asked = booked(register, (case("a"), case("b")), {"b": 10})
    fixed = [one.model_copy(update={"status": status}) for one in asked.ledger.bookings.values()]
    asked = question(asked.setting, "a", fixed)
    assert asked.forcing.force(asked.case) is None
    assert asked.forcing.occupants(asked.case) == ()


def test_what_is_open_costs_nothing_and_frees_nobody() -> None:
    register = by_case(a=(at(10), POLICE), b=(at(17), POLICE))
    asked = booked(register, (case("a"), case("b")), {"b": 17})
    forced = asked.forcing.force(asked.case)
    assert forced is not None
    assert (forced.freed, change(forced)["plannedWeight"]) == ((), 1)


def test_a_case_that_is_booked_already_is_valued_with_its_booking() -> None:
    register = by_case(a=(at(10), POLICE))
    asked = booked(register, (case("a"),), {"a": 10})
    forced = asked.forcing.force(asked.case)
    assert forced is not None
    assert forced.before == forced.after
