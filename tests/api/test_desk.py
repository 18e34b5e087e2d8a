"""What the desk answers about a case that is booked, under way or over."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.desk import Desk
from constraints.register import REGISTER
from scheduler.loading import read_world
from scheduler.pattern import Patterns
from scheduler.planner import plan
from scheduler.timeline import slots_of
from scheduler.world import Booking

WORLD = read_world(Path(__file__).parents[2] / "fixtures" / "tiny.json", REGISTER)
PLANNED = plan(WORLD, REGISTER, seconds=1).bookings


def booked(case: str, status: Any) -> list[Booking]:
    return [one.model_copy(update={"status": status}) for one in PLANNED if one.case == case]


@pytest.mark.parametrize("status", ["proposed", "held", "confirmed"])
def test_bookings_that_have_not_begun_are_told_and_looked_past(status: str) -> None:
    desk = Desk(WORLD, booked("zk-0001", status))
    shown = desk.lights("zk-0001")
    assert shown.plannable
    assert {(one.status, one.begun) for one in shown.booked} == {(status, False)}
    assert desk.ask("zk-0001").proposals


@pytest.mark.parametrize("case", sorted({one.case for one in PLANNED}))
@pytest.mark.parametrize("status", ["confirmed", "executed"])
def test_a_case_that_has_begun_is_not_planned_as_if_it_had_not(case: str, status: str) -> None:
    bookings = booked(case, status)
    later = WORLD.model_copy(update={"as_of": bookings[0].start + timedelta(hours=1)})
    desk = Desk(later, bookings)
    shown = desk.lights(case)
    assert not shown.plannable
    assert shown.booked[0].begun
    assert shown.repairs == ()
    assert all(one.state != "goal" for one in shown.lights if bookings[0].operation == "placement")
    answer = desk.ask(case)
    assert answer.proposals == ()
    assert answer.blocking == shown


def test_a_stretch_in_which_nobody_can_be_placed_is_not_green() -> None:
    desk = Desk(WORLD, ())
    grid, patterns = WORLD.grid, Patterns(WORLD, REGISTER)
    begins = {
        grid.at(slot)
        for _, line in patterns.of("zk-0001").open_layouts("placement", patterns.empty)
        for slot in slots_of(line)
    }
    moments = [grid.at(slot) for slot in range(0, grid.slots, 3)]
    assert begins.intersection(moments)
    for one in moments:
        assert desk.lights("zk-0001", one, one).plannable == (one in begins)
