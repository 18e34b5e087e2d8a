"""A plan is held to its world: nobody forgotten, nobody told of twice, nothing promised undone."""

from constraints.register import REGISTER
from scheduler.plan import Plan, Unplanned
from scheduler.planner import plan
from scheduler.validator import plan_violations
from scheduler.world import World
from tests.validator.plans import (
    PLACEMENT,
    REMOVAL,
    Broken,
    Values,
    as_it_is,
    edited,
    planned,
    world_of,
)

WORLD = world_of(as_it_is)
PLAN = plan(WORLD, REGISTER, seconds=0.1)


def found(of: Plan, world: World = WORLD) -> Broken:
    return {(one.booking, one.constraint) for one in plan_violations(world, REGISTER, of)}


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
