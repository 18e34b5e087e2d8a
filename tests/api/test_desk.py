"""What the desk answers about a case that is booked, under way or over."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.desk import Desk, Stage
from api.telling import withdrawn
from api.traffic_lights import Lamps, lamps
from constraints.register import REGISTER
from scheduler.ledger import Ledger
from scheduler.loading import read_world
from scheduler.pattern import CasePatterns, Pattern, Patterns
from scheduler.planner import plan
from scheduler.timeline import slots_of
from scheduler.world import Booking, Interval, World

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


def listed(desk: Desk, name: str) -> Lamps:
    """Return the lamps of a case as its lights tell them."""
    shown = desk.lights(name)
    return Lamps(
        case=shown.case,
        plannable=shown.plannable,
        booked=shown.booked,
        lights=shown.lights,
        reasons=shown.reasons,
    )


def test_lamps_are_those_of_the_lights_whatever_is_booked_since() -> None:
    names = [one.id for one in WORLD.cases]
    desk = Desk(WORLD, ())
    world = WORLD
    cases = sorted({one.case for one in PLANNED})
    steps = [cases[:n] for n in (*range(len(cases) + 1), *range(len(cases), -1, -1))]
    for booked_now in steps:
        world = world.but(bookings=tuple(one for one in PLANNED if one.case in booked_now))
        desk.follow(world)
        assert [*desk.lamps(names)] == [listed(desk, one) for one in names]


def test_lamps_follow_what_takes_the_last_of_something() -> None:
    desk = Desk(WORLD, ())
    open_before = {one.case for one in desk.lamps(one.id for one in WORLD.cases) if one.plannable}
    assert "zk-0003" in open_before
    everybody = WORLD.but(
        facilities=tuple(one.model_copy(update={"places": 0}) for one in WORLD.facilities)
    )
    desk.follow(everybody)
    names = [one.id for one in WORLD.cases]
    assert [*desk.lamps(names)] == [listed(desk, one) for one in names]
    assert {one.case for one in desk.lamps(names) if one.plannable} < open_before


def away(world: World, *names: str) -> World:
    """Return the world with these resources away for the whole horizon."""
    gone = Interval(from_=world.horizon.start, until=world.grid.end)
    return world.but(
        resources=tuple(
            one.model_copy(update={"away": (*one.away, gone)}) if one.id in names else one
            for one in world.resources
        )
    )


def test_what_was_kept_follows_who_is_away_and_back() -> None:
    names = [one.id for one in WORLD.cases]
    desk = Desk(WORLD, PLANNED)
    desk.lamps(names)
    roles: dict[str, list[str]] = {}
    for one in WORLD.resources:
        roles.setdefault(one.role, []).append(one.id)
    answers = set()
    for gone in ([], *roles.values(), [one for one, *_ in roles.values()], []):
        world = away(WORLD, *gone).but(bookings=PLANNED)
        desk.follow(world)
        fresh = Desk(world)
        lamps = desk.lamps(names)
        assert lamps == fresh.lamps(names)
        assert [desk.ask(one) for one in names] == [fresh.ask(one) for one in names]
        answers.add(tuple(one.plannable for one in lamps))
    assert len(answers) > 1


def test_who_is_away_asks_no_case_anew_but_for_the_team_of_a_charter() -> None:
    case = WORLD.cases[0].id
    refused = WORLD.cases[0].model_copy(update={"refused": (WORLD.departures[0].id,)})
    first = WORLD.resources[0].id
    desk = Desk(WORLD, ())
    compiled = desk._patterns
    desk.follow(away(WORLD.but(cases=(refused, *WORLD.cases[1:])), first))
    assert desk.lamps([case])[0] == listed(desk, case)
    assert desk._patterns is compiled
    charter = WORLD.departures[0]
    teamed = charter.model_copy(update={"team": (first,)})
    departures = tuple(teamed if one is charter else one for one in WORLD.departures)
    desk = Desk(WORLD.but(departures=departures), ())
    begun = desk.begun()
    desk.follow(away(desk.world, first))
    names = [one.id for one in desk.world.cases]
    assert desk.lamps(names) == Desk(desk.world).lamps(names)
    assert desk.begun() == begun + 1


def test_lamps_that_cannot_have_changed_are_not_worked_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def counted(case: CasePatterns, ledger: Ledger) -> tuple[Lamps, Pattern | None]:
        asked.append(case.case.id)
        return lamps(case, ledger)

    monkeypatch.setattr("api.desk.lamps", counted)
    desk = Desk(WORLD, ())
    names = [one.id for one in WORLD.cases]
    desk.lamps(names)
    desk.lamps(names)
    assert asked == names
    changed = "zk-0001"
    desk.follow(WORLD.but(bookings=tuple(one for one in PLANNED if one.case == changed)))
    desk.lamps(names)
    again = asked[len(names) :]
    assert changed in again
    assert len(again) < len(names) / 2


def test_clocks_leave_what_the_bookings_leave_or_what_is_left_from_now() -> None:
    bare, planned = Desk(WORLD, ()), Desk(WORLD, PLANNED)
    case = next(one.case for one in PLANNED if bare.clocks(one.case))
    for one, after in zip(bare.clocks(case), planned.clocks(case), strict=False):
        assert one.margin_minutes == (one.ends - WORLD.as_of) // timedelta(minutes=1)
        assert after.margin_minutes is None or after.margin_minutes <= one.margin_minutes
    ends = [one.ends for one in bare.clocks(case)]
    assert ends == sorted(ends)
    assert bare.deadlines([case]) == (ends[0],)


def test_how_far_cases_are_is_what_their_lamps_tell_whatever_is_booked_since() -> None:
    names = [one.id for one in WORLD.cases]
    desk = Desk(WORLD, ())
    told: set[Stage] = set()
    cases = sorted({one.case for one in PLANNED})
    for n in (0, *range(1, len(cases), 2), 0):
        desk.follow(WORLD.but(bookings=tuple(one for one in PLANNED if one.case in cases[:n])))
        stages = desk.stages(names)
        for stage, shown in zip(stages, desk.lamps(names), strict=True):
            assert stage.withdrawn == withdrawn(shown)
            assert stage.booked == {one.status for one in shown.booked}
            assert stage.booked or stage.plannable == shown.plannable
        told.update(stages)
    assert {one.plannable for one in told} == {True, False}


def later(world: World) -> World:
    return world.but(as_of=world.as_of + 3 * timedelta(hours=5))


def chartered(world: World) -> World:
    """Return the world with a team aboard its last departure that nobody is booked on."""
    booked = {one.departure for one in world.bookings}
    free = [one for one in world.departures if one.id not in booked][-1]
    team = tuple(one.id for one in world.resources if one.role == "kmar")[:2]
    assert team
    return world.but(
        departures=tuple(
            one.model_copy(update={"team": team}) if one is free else one
            for one in world.departures
        )
    )


def cancelled(world: World) -> World:
    """Return the world without the first departures that nobody is booked on."""
    booked = {one.departure for one in world.bookings}
    free = [one for one in world.departures if one.id not in booked]
    assert free
    return world.but(departures=tuple(one for one in world.departures if one not in free[:3]))


def delayed(world: World) -> World:
    """Return the world with every other departure an hour later."""
    hour = timedelta(hours=1)
    return world.but(
        departures=tuple(
            one.model_copy(update={"departs": one.departs + hour, "arrives": one.arrives + hour})
            if n % 2
            else one
            for n, one in enumerate(world.departures)
        )
    )


def fuller(world: World) -> World:
    """Return the world with one place left in every facility."""
    return world.but(
        facilities=tuple(one.model_copy(update={"places": 1}) for one in world.facilities)
    )


def fewer(world: World) -> World:
    """Return the world without its last case."""
    *cases, last = world.cases
    kept = tuple(one for one in world.bookings if one.case != last.id)
    return world.but(cases=tuple(cases), bookings=kept)


def test_a_desk_that_goes_on_answers_as_one_that_begins_with_the_world_as_it_is_then() -> None:
    world = WORLD.but(bookings=PLANNED)
    desk = Desk(world)
    compiled, begun = desk._patterns, desk.begun()
    for happens in (later, chartered, cancelled, fuller, fewer, later, delayed):
        names = [one.id for one in world.cases]
        desk.stages(names)
        desk.lamps(names)
        desk.deadlines(names)
        world = happens(world)
        desk.follow(world)
        names, fresh = [one.id for one in world.cases], Desk(world)
        assert desk.stages(names) == fresh.stages(names)
        assert desk.lamps(names) == fresh.lamps(names)
        assert desk.deadlines(names) == fresh.deadlines(names)
        assert [desk.ask(one) for one in names] == [fresh.ask(one) for one in names]
        assert desk._patterns is compiled
    assert desk.begun() - begun == 6
