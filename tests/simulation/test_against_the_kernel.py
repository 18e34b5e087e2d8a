"""The simulation places as the kernel inserts: the same moment, facility, departure and people."""

from datetime import date
from random import Random

import pytest

from constraints.register import REGISTER
from fixtures.simulated import dutch
from scheduler.construction import Option, insert
from scheduler.objective import Valuation
from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.simulation.diary import Diary, claims_of, roster_of
from scheduler.simulation.placing import Booked, Missed, Shut, Window, place
from scheduler.simulation.prospect import stages_of


def told(option: Option | None) -> object:
    """Return what the kernel inserted: facility, departure, first nights and people."""
    if option is None:
        return None
    pattern = option.pattern
    return (
        pattern.facility,
        pattern.departure.id if pattern.departure else None,
        sorted(option.claims.people),
    )


@pytest.mark.parametrize("first", [date(2027, 1, 4), date(2027, 3, 22)])
def test_in_a_filling_world_both_choose_alike(first: date) -> None:
    given = dutch(first, 35)
    world = given.world.but(as_of=given.world.grid.start)
    cases = Random(1).sample(world.cases, 60)
    patterns = Patterns(world, REGISTER)
    valuation, occupancy = Valuation(patterns), Occupancy(world)
    roster = roster_of(world)
    diary = Diary(roster)
    shut = Shut(diary)
    alike = []
    for stage in stages_of(world, REGISTER, cases, roster):
        until = min(
            (one for one in (stage.detained_for, stage.within) if one is not None),
            default=float("inf"),
        )
        window = Window(0, 0, world.grid.slots, until)
        mine = place(stage, window, shut)
        option = insert(patterns.of(stage.case.id), valuation, occupancy)
        alike.append(_told(mine, diary) == _apart(told(option), stage.case.id))
    print(f"{sum(alike)} of {len(alike)} alike")
    assert all(alike)


def _told(found: tuple[Booked, ...] | Missed, diary: Diary) -> object:
    if isinstance(found, Missed):
        return None
    people = [one for booked in found for one in claims_of(diary.roster, booked.people).people]
    return found[0].facility, found[-1].departure, sorted(people)


def _apart(option: object, person: str) -> object:
    """Leave out the claim on the person who leaves, whom a simulation has once only."""
    if not isinstance(option, tuple):
        return option
    facility, departure, people = option
    return facility, departure, [one for one in people if one[0] != person]
