"""What stands is kept, what is over is released, and nothing falls between."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.desk import Desk
from constraints.register import REGISTER
from scheduler.plan import Plan
from scheduler.planner import plan
from scheduler.task import prepare
from scheduler.world import Booking, Trigger, World

TINY = Path(__file__).parents[2] / "fixtures" / "tiny.json"
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def tiny(**changes: Any) -> World:
    """Return the tiny world with some of its parts changed."""
    world = World.model_validate_json(TINY.read_text())
    return World(**{name: getattr(world, name) for name in World.model_fields} | changes)


def planned(world: World) -> Plan:
    return plan(world, REGISTER, seconds=0)


def booked(world: World, case: str, status: str) -> tuple[Booking, ...]:
    return tuple(
        one.model_copy(update={"status": status})
        for one in planned(world).bookings
        if one.case == case
    )


def test_a_removal_is_planned_after_its_placement_was_executed() -> None:
    placement = booked(tiny(), "zk-0001", "executed")[0]
    earlier = placement.model_copy(update={"case": "zk-0002", "id": "zk-0002-placement"})
    made = planned(tiny(bookings=(earlier,)))
    assert {one.operation for one in made.bookings if one.case == "zk-0002"} == {
        "placement",
        "removal",
    }


def test_a_chain_of_which_one_leg_is_booked_is_told_and_keeps_that_leg() -> None:
    placement = booked(tiny(), "zk-0001", "confirmed")[0]
    half = placement.model_copy(update={"case": "zk-0006", "id": "zk-0006-placement"})
    made = planned(tiny(bookings=(half,)))
    assert half in made.bookings
    assert "one leg of it is booked" in {one.case: one.reason for one in made.unplanned}["zk-0006"]


def test_who_departs_independently_keeps_nothing_that_has_not_begun() -> None:
    bookings = booked(tiny(), "zk-0002", "confirmed")
    left = Trigger(kind="independent-departure", at=NOW)
    cases = tuple(
        one.model_copy(update={"triggers": (*one.triggers, left)}) if one.id == "zk-0002" else one
        for one in tiny().cases
    )
    made = planned(tiny(cases=cases, bookings=bookings))
    assert "zk-0002" not in {one.case for one in made.bookings}
    assert "zk-0002" in {one.case for one in made.unplanned}
    assert prepare(tiny(cases=cases, bookings=bookings), REGISTER).pinned == ()


def test_confirmed_bookings_are_planned_around() -> None:
    confirmed = booked(tiny(), "zk-0001", "confirmed")
    made = planned(tiny(bookings=confirmed))
    assert set(confirmed) <= set(made.bookings)


def test_without_bookings_given_those_of_the_world_stand() -> None:
    world = tiny(bookings=booked(tiny(), "zk-0003", "confirmed"))
    first = json.loads(Desk(world).ask("zk-0001").model_dump_json())
    free = json.loads(Desk(world, ()).ask("zk-0001").model_dump_json())
    assert len(first["proposals"]) <= len(free["proposals"])


def test_an_empty_world_has_an_empty_plan() -> None:
    made = plan(tiny(cases=(), bookings=()), REGISTER, seconds=1)
    assert (made.bookings, made.unplanned, made.gap) == ((), (), 0.0)


def test_a_world_without_departures_says_so() -> None:
    made = planned(tiny(departures=()))
    assert "no seat on a departure" in {one.case: one.reason for one in made.unplanned}["zk-0002"]
