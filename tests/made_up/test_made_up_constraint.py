"""A new precondition is one file and one line: everything else reads it from the register."""

from copy import deepcopy
from dataclasses import replace
from datetime import date

import pytest

from api.sentences import reason
from constraints.lights import EXECUTION
from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import Document, canonical
from scheduler.constraint import Register
from scheduler.explanation.earliest import earliest
from scheduler.explanation.light import LightState, lights
from scheduler.explanation.signature import Explanation
from scheduler.layout import Condition
from scheduler.loading import WorldError, parse_world, world_schema
from scheduler.objective import Valuation
from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.plan import claims_of
from scheduler.planner import plan
from scheduler.proposal import propose
from scheduler.validator import violations
from scheduler.world import Booking, World
from tests.made_up import kings_day, observer, residence

OBSERVED = replace(REGISTER, constraints=(*REGISTER.constraints, observer.CONSTRAINT))
SETTLED = replace(REGISTER, constraints=(*REGISTER.constraints, residence.CONSTRAINT))
FESTIVE = replace(REGISTER, constraints=(*REGISTER.constraints, kings_day.CONSTRAINT))
THURSDAY, FRIDAY = date(2026, 11, 26), date(2026, 11, 27)


def read(values: Document, register: Register = OBSERVED) -> World:
    return parse_world(canonical(values), register)


def observed(answer: str | None = "yes", observers: int = 1) -> Document:
    """Return the tiny world with observers on duty in office hours, admitted or not."""
    values = deepcopy(tiny())
    model = next(one for one in values["resources"] if one["id"] == "ua-01")
    values["resources"] += [
        model | {"id": f"observer-{n}", "role": "observer"} for n in range(observers)
    ]
    if answer:
        values["cases"][0]["facts"]["observer-admitted"] = {"value": answer}
    return values


def bookings(world: World, register: Register) -> dict[str, Booking]:
    made = plan(world, register, seconds=0.1).bookings
    return {one.id: one for one in made}


def explained(world: World, register: Register, case: str) -> Explanation:
    return Explanation(Patterns(world, register).of(case), Occupancy(world))


def sentences(explanation: Explanation) -> set[tuple[str, str]]:
    said = (
        reason(explanation.register, one)
        for check in execution(explanation).checks
        for one in check.reasons
    )
    return {(one.nl, one.en) for one in said}


def execution(explanation: Explanation) -> LightState:
    found = lights(explanation, earliest(explanation.case))
    return next(one for one in found if one.light == EXECUTION)


# The observer: a role of their own and a fact.


def test_a_new_fact_enters_the_schema_and_the_reader_and_nowhere_else() -> None:
    def asked(register: Register) -> set[str]:
        parts = world_schema(register)["$defs"]
        return {
            fact
            for part in ("Case", "Person")
            for fact in parts[part]["properties"]["facts"]["properties"]
        }

    assert asked(OBSERVED) - asked(REGISTER) == {"observer-admitted"}
    assert read(observed()).case["zk-0001"].facts["observer-admitted"].value == "yes"
    with pytest.raises(WorldError, match=r"facts\.observer-admitted: is no fact"):
        read(observed(), REGISTER)


def test_without_an_observer_no_pattern_is_open_and_the_reason_is_told_in_both_languages() -> None:
    world = read(observed(observers=0))
    case = Patterns(world, OBSERVED).of("zk-0001")
    assert list(case.open(Occupancy(world))) == []
    explanation = explained(world, OBSERVED, "zk-0001")
    assert explanation.correction_sets == (frozenset({Condition("observer", "not-rostered")}),)
    assert sentences(explanation) == {
        (
            "geen waarnemer bij het gehoor (niet ingeroosterd)",
            "no observer at the hearing (not rostered)",
        )
    }


@pytest.mark.parametrize(
    ("answer", "colour", "says"),
    [
        ("no", "red", ("geen waarnemer bij het gehoor", "no observer at the hearing")),
        (
            None,
            "grey",
            (
                "nog te beantwoorden: is de waarnemer toegelaten?",
                "not known: has the observer been admitted?",
            ),
        ),
    ],
)
def test_an_answer_that_is_not_yes_colours_the_light(
    answer: str | None, colour: str, says: tuple[str, str]
) -> None:
    explanation = explained(read(observed(answer)), OBSERVED, "zk-0001")
    assert execution(explanation).state == colour
    assert sentences(explanation) == {says}


def test_a_plan_books_the_observer_for_as_long_as_the_constraint_asks() -> None:
    world = read(observed())
    made = bookings(world, OBSERVED)["zk-0001-placement"]
    (booked,) = (one for one in made.attendances if one.role == "observer")
    (hearing,) = (one for one in made.phases if one.id == "hearing")
    assert booked.resources == ("observer-0",)
    assert booked.from_ <= hearing.from_
    assert (booked.until - hearing.until).total_seconds() >= 30 * 60
    assert violations(world, OBSERVED, (made,)) == ()


def test_a_proposal_names_the_observer() -> None:
    world = read(observed())
    patterns = Patterns(world, OBSERVED)
    proposals = propose(patterns.of("zk-0001"), Valuation(patterns), Occupancy(world))
    assert proposals
    for one in proposals:
        assert "observer" in {attendance.role for attendance in one.attendances}


def test_a_plan_without_an_observer_tells_why() -> None:
    (unplanned,) = (
        one
        for one in plan(read(observed(observers=0)), OBSERVED, seconds=0.1).unplanned
        if one.case == "zk-0001"
    )
    assert unplanned.reason == "no observer at the hearing (not rostered)"


def test_a_plan_made_without_the_constraint_breaks_it() -> None:
    world = read(observed())
    made = bookings(world, REGISTER)["zk-0001-placement"]
    assert [(one.booking, one.constraint) for one in violations(world, OBSERVED, (made,))] == [
        ("zk-0001-placement", "observer")
    ]
    assert violations(world, REGISTER, (made,)) == ()


def test_an_observer_who_is_booked_already_is_told_as_taken() -> None:
    values = observed()
    twin = deepcopy(values["cases"][0])
    twin |= {"id": "zk-0101", "persons": [twin["persons"][0] | {"id": "zk-0101-a"}]}
    values["cases"].append(twin)
    world = read(values)
    patterns = Patterns(world, OBSERVED)
    occupancy = Occupancy(world)
    first = bookings(world, OBSERVED)["zk-0101-placement"]
    (seat,) = (one for one in first.attendances if one.role == "observer")
    week = seat.model_copy(update={"from_": world.grid.start, "until": world.grid.end})
    busy = first.model_copy(update={"attendances": (week,), "nights": ()})
    occupancy.claim(claims_of(patterns.of("zk-0101"), busy))
    explanation = Explanation(patterns.of("zk-0001"), occupancy)
    assert frozenset({Condition("observer", "claimed")}) in explanation.correction_sets
    assert (
        "geen waarnemer bij het gehoor (bezet door andere boekingen)",
        "no observer at the hearing (taken by other bookings)",
    ) in sentences(explanation)


# King's day: departures that are not allowed.


def test_on_kings_day_the_plan_goes_around_it_and_the_validator_minds() -> None:
    world = read(tiny())
    usual, festive = (bookings(world, register) for register in (REGISTER, FESTIVE))
    assert {one.end.date() for one in usual.values() if one.departure} == {THURSDAY}
    assert {one.end.date() for one in festive.values() if one.departure} == {FRIDAY}
    assert {
        (one.booking, one.constraint) for one in violations(world, FESTIVE, [*usual.values()])
    } == {
        ("zk-0002-removal", "kings-day"),
        ("zk-0003-removal", "kings-day"),
    }
    assert violations(world, FESTIVE, tuple(festive.values())) == ()


def test_with_no_other_day_left_kings_day_is_the_reason() -> None:
    values = deepcopy(tiny())
    values["departures"] = [one for one in values["departures"] if one["id"].endswith("1126")]
    explanation = explained(read(values), FESTIVE, "zk-0002")
    assert frozenset({Condition("kings-day", "rule")}) in explanation.correction_sets
    assert ("op Koningsdag vertrekt niemand", "nobody departs on King's day") in sentences(
        explanation
    )


# Residence: triggers.


def triggered(kind: str, at: str) -> Document:
    values = deepcopy(tiny())
    values["cases"][0]["triggers"].append({"kind": kind, "at": at})
    return values


def test_new_triggers_enter_the_schema_and_the_reader_and_nowhere_else() -> None:
    def asked(register: Register) -> set[str]:
        return set(world_schema(register)["$defs"]["Trigger"]["properties"]["kind"]["enum"])

    granted = triggered("residence-granted", "2026-11-20T12:00:00Z")
    assert asked(SETTLED) - asked(REGISTER) == {"residence-granted", "residence-hearing"}
    assert read(granted, SETTLED).case["zk-0001"].trigger("residence-granted") is not None
    with pytest.raises(WorldError, match=r"triggers\[1\]\.kind: residence-granted is no trigger"):
        read(granted, REGISTER)


def test_a_trigger_that_is_misspelt_is_told_with_those_that_are_allowed() -> None:
    allowed = ", ".join(sorted(SETTLED.triggers))
    says = (
        "residence-grant is no trigger that a constraint reads, "
        f"allowed is {allowed}; maybe residence-granted"
    )
    with pytest.raises(WorldError, match=says):
        read(triggered("residence-grant", "2026-11-20T12:00:00Z"), SETTLED)


def test_only_a_trigger_that_may_lie_ahead_lies_ahead() -> None:
    read(triggered("residence-hearing", "2026-11-25T12:00:00Z"), SETTLED)
    with pytest.raises(WorldError, match=r"triggers\[1\]\.at: .* cannot lie ahead"):
        read(triggered("residence-granted", "2026-11-25T12:00:00Z"), SETTLED)


def test_persons_are_of_the_categories_of_the_register_where_it_names_any() -> None:
    values = deepcopy(tiny())
    values["cases"][0]["persons"][0]["category"] = "diplomat"
    named = replace(REGISTER, categories=frozenset({"diplomat", "man", "woman", "child"}))
    read(values, named)
    read(values, replace(REGISTER, categories=frozenset()))
    fewer = replace(named, categories=frozenset({"diplomats", "man", "woman", "child"}))
    says = (
        r"persons\[0\]\.category: diplomat is no category of a person, "
        "allowed is child, diplomats, man, woman; maybe diplomats"
    )
    with pytest.raises(WorldError, match=says):
        read(values, fewer)
    category = world_schema(named)["$defs"]["Person"]["properties"]["category"]
    assert category["enum"] == ["child", "diplomat", "man", "woman"]


@pytest.mark.parametrize(
    "register", [OBSERVED, FESTIVE, SETTLED], ids=["observer", "king's day", "residence"]
)
def test_the_register_grows_by_one_line(register: Register) -> None:
    assert register.constraints[:-1] == REGISTER.constraints
    assert (register.lights, register.rules) == (REGISTER.lights, REGISTER.rules)
