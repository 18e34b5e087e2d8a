"""A plan is held to its world: nobody forgotten, nobody told of twice, nothing promised undone."""

from dataclasses import replace

import pytest

from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.constraint import Register
from scheduler.loading import parse_world
from scheduler.plan import Plan, Unplanned
from scheduler.planner import plan
from scheduler.validator import plan_violations
from scheduler.world import Booking, World
from tests.made_up import residence
from tests.validator.plans import (
    PLACED,
    PLACEMENT,
    REMOVAL,
    REMOVED,
    Broken,
    Change,
    Values,
    as_it_is,
    by_id,
    edited,
    planned,
    with_chain,
    world_of,
)

WORLD = world_of(as_it_is)
PLAN = plan(WORLD, REGISTER, seconds=0.1)
SETTLED = replace(REGISTER, constraints=(*REGISTER.constraints, residence.CONSTRAINT))


def found(of: Plan, world: World = WORLD, register: Register = REGISTER) -> Broken:
    return {(one.booking, one.constraint) for one in plan_violations(world, register, of)}


def one_of(near: Change, name: str, status: str) -> Booking:
    """Return a booking of a plan with another status."""
    made = next(one for one in planned(near) if one.id == name)
    return Booking.model_validate(made.model_dump() | {"status": status})


def left_with(world: World, of: Plan, *bookings: Booking, told: bool) -> Plan:
    """Return ``of`` with just these bookings of their case, told of as unplanned or not."""
    (case,) = {one.case for one in bookings}
    return of.model_copy(
        update={
            "world": world.fingerprint,
            "bookings": (*(one for one in of.bookings if one.case != case), *bookings),
            "unplanned": (
                *(one for one in of.unplanned if one.case != case),
                *((Unplanned(case=case, reason="half of it is booked"),) if told else ()),
            ),
        }
    )


def test_a_plan_that_nobody_touched_is_accepted() -> None:
    assert found(PLAN) == set()


def test_a_plan_read_from_its_file_is_accepted() -> None:
    assert found(Plan.model_validate_json(PLAN.model_dump_json())) == set()


def test_a_plan_of_another_world_is_refused() -> None:
    assert found(PLAN.model_copy(update={"world": "0" * 64})) == {("plan", "world")}


def test_a_plan_that_breaks_a_rule_names_the_booking() -> None:
    bookings = edited(PLAN.bookings, PLACEMENT, lambda values: values["attendances"].pop(0))
    assert found(PLAN.model_copy(update={"bookings": bookings})) == {(PLACEMENT, "person")}


def test_a_plan_tells_of_every_case() -> None:
    forgotten = PLAN.model_copy(update={"unplanned": PLAN.unplanned[1:]})
    assert found(forgotten) == {(PLAN.unplanned[0].case, "plan")}


def test_a_plan_tells_of_no_case_twice() -> None:
    twice = (*PLAN.unplanned, Unplanned(case="zk-0001", reason="no slot"))
    assert found(PLAN.model_copy(update={"unplanned": twice})) == {("zk-0001", "plan")}


def test_a_plan_keeps_every_booking_that_is_held() -> None:
    def hold(values: Values) -> None:
        held = next(one for one in planned(as_it_is) if one.id == REMOVAL)
        values["bookings"] = [held.model_dump(mode="json") | {"status": "held"}]

    world = world_of(hold)
    made = plan(world, REGISTER, seconds=0.1)
    assert found(made, world) == set()
    moved = tuple(one.model_copy(update={"status": "proposed"}) for one in made.bookings)
    assert found(made.model_copy(update={"bookings": moved}), world) == {(REMOVAL, "pinned")}


def test_a_plan_keeps_what_has_begun() -> None:
    begun = one_of(as_it_is, PLACEMENT, "proposed")

    def go(values: Values) -> None:
        values["asOf"] = begun.phases[0].until.isoformat()
        values["bookings"] = [begun.model_dump(mode="json")]

    world = world_of(go)
    made = plan(world, REGISTER, seconds=0.1)
    assert found(made, world) == set()
    without = tuple(one for one in made.bookings if one.id != PLACEMENT)
    assert (PLACEMENT, "pinned") in found(made.model_copy(update={"bookings": without}), world)


@pytest.mark.parametrize("status", ["held", "confirmed", "executed", "cancelled"])
def test_a_plan_promises_nothing_by_itself(status: str) -> None:
    bookings = edited(PLAN.bookings, REMOVAL, lambda values: values.update(status=status))
    assert (REMOVAL, "plan") in found(PLAN.model_copy(update={"bookings": bookings}))


def test_a_plan_tells_of_no_case_that_is_not_there() -> None:
    more = (*PLAN.unplanned, Unplanned(case="zk-9999", reason="no slot"))
    assert found(PLAN.model_copy(update={"unplanned": more})) == {("zk-9999", "plan")}


@pytest.mark.parametrize("name", [PLACED, REMOVED])
def test_a_chain_of_which_one_leg_is_held_is_unplanned_too(name: str) -> None:
    held = one_of(with_chain, name, "held")

    def hold(values: Values) -> None:
        with_chain(values)
        before = one_of(with_chain, PLACED, "cancelled")
        values["bookings"] = [
            one.model_dump(mode="json") for one in {before.id: before, held.id: held}.values()
        ]

    world = world_of(hold)
    made = plan(world_of(with_chain), REGISTER, seconds=0.1)
    assert found(left_with(world, made, held, told=True), world) == set()
    assert found(left_with(world, made, held, told=False), world) == {("zk-0006", "plan")}


def test_an_executed_placement_is_no_removal() -> None:
    done = one_of(as_it_is, PLACEMENT, "executed")

    def then_removed(values: Values) -> None:
        by_id(values, "cases", "zk-0001")["operation"] = "removal"
        values["bookings"] = [done.model_dump(mode="json")]

    world = world_of(then_removed)
    assert found(left_with(world, PLAN, done, told=True), world) == set()
    assert found(left_with(world, PLAN, done, told=False), world) == {("zk-0001", "plan")}


def test_what_was_held_for_whoever_is_withdrawn_is_released() -> None:
    held = one_of(as_it_is, REMOVAL, "held")
    values = tiny()
    values["bookings"] = [held.model_dump(mode="json")]
    granted = {"kind": residence.GRANTED.id, "at": "2026-11-20T12:00:00Z"}
    by_id(values, "cases", held.case)["triggers"].append(granted)
    world = parse_world(canonical(values), SETTLED)
    kept = left_with(world, PLAN, held, told=True)
    released = kept.model_copy(
        update={"bookings": tuple(one for one in kept.bookings if one != held)}
    )
    assert found(released, world, SETTLED) == set()
    assert {(REMOVAL, "plan"), (REMOVAL, "residence")} <= found(kept, world, SETTLED)


def test_what_has_begun_for_whoever_is_withdrawn_is_kept() -> None:
    held = one_of(as_it_is, PLACEMENT, "executed")
    values = tiny()
    values["bookings"] = [held.model_dump(mode="json")]
    granted = {"kind": residence.GRANTED.id, "at": "2026-11-20T12:00:00Z"}
    by_id(values, "cases", held.case)["triggers"].append(granted)
    world = parse_world(canonical(values), SETTLED)
    kept = left_with(world, PLAN, held, told=False)
    assert found(kept, world, SETTLED) == set()
    without = tuple(one for one in kept.bookings if one != held)
    assert (PLACEMENT, "pinned") in found(
        kept.model_copy(update={"bookings": without}), world, SETTLED
    )
