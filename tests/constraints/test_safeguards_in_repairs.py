"""No repair drops a rule: one by one, a safeguard that is not met is brought in, dated or told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from constraints.register import REGISTER
from scheduler.explanation.earliest import earliest
from scheduler.explanation.light import lights
from scheduler.explanation.repair import NewDeparture, People, Repair, applied, capacity_repairs
from scheduler.explanation.signature import Explanation
from scheduler.pattern import CasePatterns, Patterns
from scheduler.plan import bookings_of
from scheduler.validator import violations
from scheduler.world import (
    Booking,
    Case,
    Detention,
    Document,
    Facility,
    Fact,
    Operation,
    Person,
    Trigger,
    World,
)
from tests.kernel import worlds

NOW = worlds.plain().as_of
TODAY = NOW.date()
DEPARTS = worlds.plain().departures[0].departs
PASSPORT = Document(kind="passport", valid_from=date(2025, 1, 1), valid_until=date(2030, 1, 1))


def ready(operation: Operation = "placement-and-removal", **fields: Any) -> Case:
    """Return a case in which every check is answered yes and every document is there."""
    of_person = {one.id for one in REGISTER.facts.values() if one.of == "person"}
    yes = {one.id: Fact(value="yes", since=TODAY) for one in REGISTER.facts.values() if not one.due}
    person = Person(
        id="zk-1-a",
        category="man",
        languages=("tir",),
        documents=(PASSPORT,),
        facts={name: fact for name, fact in yes.items() if name in of_person},
    )
    return Case(
        **{
            "id": "zk-1",
            "operation": operation,
            "location": "azc",
            "destination": "AL",
            "persons": (person,),
            "facts": {name: fact for name, fact in yes.items() if name not in of_person},
            "detention": Detention(ground="59-1"),
            "triggers": (Trigger(kind="departure-term-end", at=NOW - timedelta(days=9)),),
            **fields,
        }
    )


def around(of: Case) -> World:
    """Return a world in which a case with everything in order can be placed and removed."""
    world = worlds.plain({"id": "transport-1", "role": "transport", "capacity": 3}, cases=(of,))
    placing, removing = world.templates
    longer = tuple(
        one.model_copy(update={"minutes": 180}) if one.id == "hand-over" else one
        for one in removing.phases
    )
    return world.model_copy(
        update={"templates": (placing, removing.model_copy(update={"phases": longer}))}
    )


def changed(of: Case, **fields: Any) -> Case:
    """Return the case with its person changed."""
    return of.model_copy(update={"persons": (of.persons[0].model_copy(update=fields),)})


def without(world: World, role: str) -> World:
    gone = tuple(
        one.model_copy(update={"shifts": ()}) if one.role == role else one
        for one in world.resources
    )
    return world.but(resources=gone)


def asked(world: World) -> tuple[CasePatterns, Explanation]:
    patterns = Patterns(world, REGISTER)
    return patterns.of("zk-1"), Explanation(patterns.of("zk-1"), patterns.empty)


def booked(world: World, repair: Repair) -> tuple[Booking, ...]:
    """Return the bookings of the case once a repair is brought in; they break no rule."""
    then = applied(world, repair.changes)
    patterns = Patterns(then, REGISTER)
    case = patterns.of("zk-1")
    for pattern in case.open(patterns.empty):
        names = case.draw(pattern, patterns.empty)
        if names is not None:
            made = bookings_of(case, pattern, names)
            assert not violations(then, REGISTER, made)
            return made
    raise AssertionError(f"{repair} opens nothing")


def test_a_case_with_everything_in_order_is_open() -> None:
    for operation in worlds.OPERATIONS:
        _, explanation = asked(around(ready(operation)))
        assert explanation.is_open, explanation.correction_sets


@pytest.mark.parametrize(
    ("role", "safeguard"),
    [
        ("lawyer", "lawyer"),
        ("interpreter", "interpreter"),
        ("hearing-officer", "hearing-officer"),
        ("coa", "coa"),
        ("kmar", "handover"),
    ],
)
def test_who_must_be_there_is_brought_in_and_never_left_out(role: str, safeguard: str) -> None:
    world = without(around(ready()), role)
    _, explanation = asked(world)
    repairs = capacity_repairs(explanation)
    assert repairs
    for repair in repairs:
        people = [one for one in repair.changes if isinstance(one, People)]
        assert safeguard in {one.constraint for one in people}
        made = booked(world, repair)
        assert role in {one.role for booking in made for one in booking.attendances}


def test_an_interpreter_who_is_brought_in_speaks_a_language_the_person_understands() -> None:
    world = without(around(ready()), "interpreter")
    _, explanation = asked(world)
    for repair in capacity_repairs(explanation):
        (one,) = (each for each in repair.changes if isinstance(each, People))
        assert one.skills == {"tir"}


FACTS = sorted(name for name, fact in REGISTER.facts.items() if not fact.due)


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize("answer", ["no", "unknown", "absent"])
def test_a_check_that_is_not_a_yes_is_never_repaired(name: str, answer: Any) -> None:
    of = ready()
    fact = None if answer == "absent" else Fact(value=answer)
    minor = name == "minor-confirmation"
    if REGISTER.facts[name].of == "person":
        facts = {**of.persons[0].facts, name: fact}
        documents = () if name in {"nationality-confirmed", "presentation-done"} else (PASSPORT,)
        of = changed(
            of, facts={each: one for each, one in facts.items() if one}, documents=documents
        )
    else:
        facts = {**of.facts, name: fact}
        of = of.model_copy(update={"facts": {each: one for each, one in facts.items() if one}})
    if minor:
        of = changed(of, category="unaccompanied-minor")
    family = Facility(
        id="ggv-f", location="ggv", categories=("family", "unaccompanied-minor"), places=2
    )
    world = around(of)
    case, explanation = asked(world.but(facilities=(*world.facilities, family)))
    assert not explanation.is_open
    assert capacity_repairs(explanation) == ()
    states = {one.light: one.state for one in lights(explanation, earliest(case))}
    constraint = next(
        one for one in REGISTER.constraints if name in {fact.id for fact in one.facts}
    )
    assert states[constraint.light] in ({"red"} if answer == "no" else {"grey", "red"})


Break = Callable[[Case], Case]
LATER = DEPARTS + timedelta(days=9)
LATE = DEPARTS - timedelta(hours=20)


def detained(ground: Any, imposed: datetime, **fields: Any) -> Break:
    def change(of: Case) -> Case:
        held = Detention(ground=ground, imposed_at=imposed)
        facts = {**of.facts, "detention-grounds": Fact(value="yes", since=TODAY)}
        facts["lighter-means-rejected"] = Fact(value="yes", since=TODAY)
        return of.model_copy(update={"detention": held, "facts": facts, **fields})

    return change


@pytest.mark.parametrize(
    ("safeguard", "broken"),
    [
        ("detention-terms", detained("59-2", NOW - timedelta(days=27))),
        ("court-review", detained("59b", NOW - timedelta(days=15))),
        ("travel-document", lambda of: changed(of, documents=())),
        (
            "travel-document",
            lambda of: changed(of, documents=(PASSPORT.model_copy(update={"valid_until": TODAY}),)),
        ),
        (
            "medical-bar",
            lambda of: of.model_copy(
                update={
                    "triggers": (
                        *of.triggers,
                        Trigger(kind="birth", at=DEPARTS - timedelta(days=10)),
                    )
                }
            ),
        ),
        (
            "departure-term",
            lambda of: of.model_copy(
                update={
                    "triggers": (Trigger(kind="departure-term-end", at=DEPARTS + timedelta(9)),)
                }
            ),
        ),
        (
            "independent-departure",
            lambda of: of.model_copy(
                update={"triggers": (*of.triggers, Trigger(kind="independent-departure", at=NOW))}
            ),
        ),
    ],
)
def test_a_clock_or_bar_is_never_repaired_away(safeguard: str, broken: Break) -> None:
    world = around(broken(ready("removal")))
    _, explanation = asked(world)
    assert any(
        one.constraint == safeguard for one in frozenset().union(*explanation.correction_sets)
    )
    for repair in capacity_repairs(explanation):
        assert any(isinstance(one, NewDeparture) for one in repair.changes)
        booked(world, repair)


def test_the_notice_of_a_flight_is_never_shortened() -> None:
    world = around(ready("removal")).model_copy(update={"as_of": LATE})
    _, explanation = asked(world)
    assert not explanation.is_open
    for repair in capacity_repairs(explanation):
        (removal,) = booked(world, repair)
        assert removal.phases[-1].from_ - LATE >= timedelta(hours=36)


def test_a_family_without_its_own_facility_is_not_put_elsewhere() -> None:
    parent = ready().persons[0]
    child = parent.model_copy(update={"id": "zk-1-b", "category": "child"})
    of = ready().model_copy(update={"persons": (parent, child)})
    case, explanation = asked(around(of))
    assert capacity_repairs(explanation) == ()
    states = {one.light: one.state for one in lights(explanation, earliest(case))}
    assert states["placed-in-detention"] == "red"
