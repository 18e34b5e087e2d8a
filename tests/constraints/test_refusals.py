"""What has said no to a case is not asked again, and everything in its stead still is."""

from collections.abc import Sequence
from itertools import product

import pytest
from ortools.sat.python import cp_model

from constraints.register import REGISTER
from scheduler.explanation.conflict import conflicts
from scheduler.explanation.earliest import earliest
from scheduler.explanation.light import lights
from scheduler.explanation.repair import NewDeparture, capacity_repairs
from scheduler.layout import Condition
from scheduler.ledger import Ledger
from scheduler.model import Limit, Program, every_choice, solve
from scheduler.objective import Valuation
from scheduler.opening import Kind, free_of, openings
from scheduler.proposal import Proposal, propose
from scheduler.task import prepare
from scheduler.validator import violations
from scheduler.world import Booking, Operation, World
from tests.constraints.test_safeguards_in_repairs import around, asked, booked, ready

PLACED: tuple[Operation, ...] = ("placement", "placement-and-removal")
REMOVED: tuple[Operation, ...] = ("removal", "placement-and-removal")
EACH = pytest.mark.parametrize(
    ("operation", "kind"), [*product(PLACED, ["facility"]), *product(REMOVED, ["departure"])]
)
ONLY: dict[str, str] = {"facility": "dc-mw", "departure": "flight"}
"""The only one there is in the world of these tests."""
OTHER: dict[str, str] = {"facility": "dc-2", "departure": "flight-2"}


def world(operation: Operation, *refused: str, others: bool = False) -> World:
    """Return a world with one facility and one flight, and ``others`` beside them if asked."""
    made = around(ready(operation, refused=refused))
    if not others:
        return made
    facility = made.facilities[0].model_copy(update={"id": OTHER["facility"]})
    flight = made.departures[0].model_copy(update={"id": OTHER["departure"]})
    return made.but(facilities=(*made.facilities, facility), departures=(*made.departures, flight))


def proposals(of: World) -> tuple[Proposal, ...]:
    case, explanation = asked(of)
    return propose(case, Valuation(case.patterns), explanation.occupancy)


def named(bookings: Sequence[Booking], kind: str) -> set[str | None]:
    """Return the facilities or departures of some bookings."""
    return {getattr(one, kind) for one in bookings} - {None}


def exact(of: World) -> set[str]:
    """Return the cases that CP-SAT plans when it may choose anything."""
    task = prepare(of, REGISTER)
    program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
    every_choice(program, task.cases)
    solution = solve(program, {}, Limit(work=10))
    return set(solution.options) if solution else set()


@EACH
def test_a_refusal_by_the_only_one_blocks_the_case_and_is_named(
    operation: Operation, kind: str
) -> None:
    assert proposals(world(operation))
    of = world(operation, ONLY[kind])
    case, explanation = asked(of)
    refusal = Condition(f"{kind}-refusal", "rule")
    assert frozenset({refusal}) in explanation.correction_sets
    found = conflicts(explanation.correction_sets).sets
    assert found
    assert all(refusal in one for one in found)
    (light,) = (
        one
        for one in lights(explanation, earliest(case))
        if one.light == REGISTER[refusal.constraint].light
    )
    assert light.state == "red"
    assert refusal.constraint in {one.constraint.id for one in light.checks}
    assert proposals(of) == ()
    assert exact(of) == set()


@EACH
def test_no_repair_overrules_a_refusal(operation: Operation, kind: str) -> None:
    of = world(operation, ONLY[kind])
    repairs = capacity_repairs(asked(of)[1])
    assert bool(repairs) == (kind == "departure")
    for repair in repairs:
        assert any(isinstance(one, NewDeparture) for one in repair.changes)
        assert ONLY[kind] not in named(booked(of, repair), kind)


@EACH
def test_another_is_proposed_and_planned_instead(operation: Operation, kind: str) -> None:
    of = world(operation, ONLY[kind], others=True)
    found = proposals(of)
    assert found
    assert all(named(one.bookings, kind) == {OTHER[kind]} for one in found)
    assert exact(of) == {"zk-1"}
    case, explanation = asked(of)
    states = {one.state for one in lights(explanation, earliest(case)) if one.blocks}
    assert states <= {"green", "goal"}


@EACH
def test_what_came_free_where_it_was_refused_is_no_opening(operation: Operation, kind: str) -> None:
    of = world(operation, ONLY[kind], others=True)
    case, _ = asked(of)
    ledger, valuation = Ledger(case.patterns, ()), Valuation(case.patterns)
    sort: Kind = "facility" if kind == "facility" else "departure"
    for name, expected in ((ONLY[kind], []), (OTHER[kind], ["zk-1"])):
        free = free_of(ledger.occupancy, [(sort, name)])
        assert [one.case for one in openings(ledger, valuation, free)] == expected


@EACH
def test_the_validator_finds_what_is_booked_where_it_was_refused(
    operation: Operation, kind: str
) -> None:
    made = proposals(world(operation))[0].bookings
    found = violations(world(operation, ONLY[kind]), REGISTER, made)
    refused = {(one.constraint, one.says) for one in found}
    assert refused == {(f"{kind}-refusal", f"{ONLY[kind]} is not among []")}


@pytest.mark.parametrize("operation", ["placement", "removal", "placement-and-removal"])
def test_a_refusal_of_what_the_case_does_not_need_changes_nothing(operation: Operation) -> None:
    others = world(operation, others=True)
    refused = {"placement": ONLY["departure"], "removal": ONLY["facility"]}.get(operation)
    of = world(operation, *filter(None, [refused]), others=True)
    bookings = [tuple(one.bookings for one in proposals(each)) for each in (of, others)]
    assert bookings[0] == bookings[1]
