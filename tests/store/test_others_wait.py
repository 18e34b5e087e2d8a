"""While one change is worked out others write, and it comes to what it would have come to alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from api.office import Office
from api.office.events import AHEAD
from api.store.life import Failure
from constraints.register import REGISTER
from scheduler.event import (
    CaseAdded,
    CaseWithdrawn,
    DepartureChange,
    DepartureChanged,
    Event,
    EventError,
    FactChanged,
    ResourceAway,
    TriggerAdded,
)
from scheduler.validator import violations
from scheduler.world import Booking, Case, Fact, Interval, Resource, Trigger
from tests.store.offices import (
    CHAIN,
    FAMILY,
    PLACED,
    PLANNER,
    REMOVED,
    TWIN,
    Small,
    assert_whole,
    small,
)


def cancelled(at: Small, departure: str | None) -> Event:
    assert departure is not None
    value = DepartureChange(cancelled=True)
    return DepartureChanged(
        id="e1", at=at.clock(), subject=departure, kind="departure-changed", value=value
    )


def withdrawn(at: Small, case: str) -> Event:
    return CaseWithdrawn(id="e1", at=at.clock(), subject=case, kind="case-withdrawn")


def left(at: Small, case: str) -> Event:
    value = Trigger(kind="independent-departure", at=at.clock())
    return TriggerAdded(id="e1", at=at.clock(), subject=case, kind="trigger-added", value=value)


def meanwhile(at: Small, *writes: Callable[[], object]) -> list[bool]:
    """Let others write while a repair is worked out: each in its turn, none after the last.

    A writer who had to wait for the repair would give up. What comes back tells of each time that
    it was worked out whether somebody wrote.
    """
    others, times = iter(writes), list[bool]()

    @contextmanager
    def working(part: str) -> Iterator[None]:
        yield
        if part == "replan":
            write = next(others, None)
            times.append(write is not None)
            if write is not None:
                write()

    at.office.span = working
    return times


def taken(at: Small) -> set[Booking]:
    """Return what stands, whatever came first."""
    return {one for one in at.office.world().bookings if one.claims}


# --- What was written meanwhile -------------------------------------------------------------------


def test_who_holds_while_a_repair_is_worked_out_does_not_wait_for_it(
    at: Small, database_url: str
) -> None:
    (held,) = at.hold(REMOVED)
    asked = at.proposed(PLACED)
    event = cancelled(at, held.booking.departure)
    times = meanwhile(at, lambda: at.office.hold(asked, PLANNER))
    found = at.office.happened([event], PLANNER)
    assert times == [True]
    assert [one.case for one in (*found.moved, *found.dropped)] == [REMOVED]
    assert {one.case for one in taken(at)} >= {PLACED}
    world = at.office.world()
    assert violations(world, REGISTER, world.bookings) == ()
    assert_whole(at.database)


def test_it_is_as_if_what_was_written_meanwhile_came_after_it(
    at: Small, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def begun(one: Small) -> tuple[Event, Callable[[], object]]:
        (removal,) = one.hold(REMOVED)
        (family,) = one.hold(FAMILY)
        asked = one.proposed(PLACED)

        def write() -> None:
            one.office.release(family.booking.id, PLANNER)
            one.office.hold(asked, PLANNER)

        return cancelled(one, removal.booking.departure), write

    with small(f"sqlite:///{tmp_path_factory.mktemp('after')}/store.sqlite") as alone:
        event, write = begun(alone)
        told = alone.office.happened([event], PLANNER)
        write()
        event, write = begun(at)
        meanwhile(at, write)
        assert at.office.happened([event], PLANNER) == told
        assert taken(at) == taken(alone)
        assert_whole(at.database)


def test_what_is_written_of_the_same_case_meanwhile_has_it_worked_out_again(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    event = cancelled(at, held.booking.departure)
    times = meanwhile(at, lambda: at.office.release(held.booking.id, PLANNER))
    found = at.office.happened([event], PLANNER)
    assert times == [True, False]
    assert (found.moved, found.dropped) == ((), ())
    assert at.office.booking(held.booking.id).reason == "by-planner"
    assert_whole(at.database)


def test_what_takes_what_the_repair_proposes_has_it_worked_out_again(at: Small) -> None:
    booking = at.hold(PLACED)[0].booking
    (block,) = (one for one in booking.attendances if one.role == "interpreter")
    away = Interval(from_=block.from_, until=block.until)
    event = ResourceAway(
        id="e1", at=at.clock(), subject=block.resources[0], kind="resource-away", value=away
    )
    asked = at.proposed(TWIN)
    times = meanwhile(at, lambda: at.office.hold(asked, PLANNER))
    at.office.happened([event], PLANNER)
    assert times == [True, False]
    assert {PLACED, TWIN} <= {one.case for one in taken(at)}
    world = at.office.world()
    assert violations(world, REGISTER, world.bookings) == ()
    assert_whole(at.database)


def test_who_is_overtaken_again_and_again_has_the_others_wait_at_last(at: Small) -> None:
    at.hold(REMOVED)

    def again() -> None:
        at.office.release(next(one.id for one in taken(at) if one.case == REMOVED), PLANNER)
        at.hold(REMOVED)

    times = meanwhile(at, *[again] * AHEAD)
    found = at.office.happened([withdrawn(at, REMOVED)], PLANNER)
    assert times == [True] * AHEAD + [False]
    assert [one.case for one in found.dropped] == [REMOVED]
    assert REMOVED not in at.office.world().case
    assert_whole(at.database)


def test_a_world_that_is_another_meanwhile_has_it_worked_out_again(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    one = at.office.world().resources[0].model_copy(update={"label": "Desk 1"})
    times = meanwhile(at, lambda: at.office.furnish(one, PLANNER, lambda *_: None))
    at.office.happened([cancelled(at, held.booking.departure)], PLANNER)
    assert times == [True, False]
    assert at.office.world().resources[0].label == "Desk 1"
    assert_whole(at.database)


def test_mistakes_in_events_are_told_and_logged_once(at: Small) -> None:
    with pytest.raises(EventError):
        at.office.happened([cancelled(at, "nowhere")], PLANNER)
    at.office.happened([withdrawn(at, TWIN)], PLANNER)
    assert_whole(at.database)


# --- What is kept after a change ------------------------------------------------------------------


def furnished(at: Small) -> None:
    new = at.office.world().resources[0].model_copy(update={"id": "new-1"})
    at.office.furnish(new, PLANNER, lambda *_: None)


def furnished_again(at: Small) -> None:
    one: Resource = at.office.world().resources[2].model_copy(update={"label": "Desk 1"})
    at.office.furnish(one, PLANNER, lambda *_: None)


def added(at: Small) -> None:
    case = at.office.world().case[TWIN]
    person = case.persons[0].model_copy(update={"id": "zk-0900-a"})
    at.office.add_case(case.model_copy(update={"id": "zk-0900", "persons": (person,)}), PLANNER)


def amended(at: Small) -> None:
    def heavier(case: Case) -> Case:
        return case.model_copy(update={"weight": 7})

    at.office.amend_case(PLACED, heavier, PLANNER, lambda _: None)


def declined(at: Small) -> None:
    (held,) = at.hold(PLACED)
    partner = held.partners[0].partner
    at.office.decline(held.booking.id, partner, Failure.partner_declined, PLANNER)


def carried_out(at: Small) -> None:
    at.carry_out(at.hold(CHAIN)[0].booking.id)


def answered_and_changed(at: Small) -> None:
    at.answer(at.confirm(at.hold(REMOVED)[0].booking.id).booking.id)
    value = {"whereabouts-known": Fact(value="yes")}
    event = FactChanged(id="e1", at=at.clock(), subject="zk-0005", kind="fact-changed", value=value)
    at.office.happened([event], PLANNER)


def gone(at: Small) -> None:
    at.office.happened([withdrawn(at, PLACED)], PLANNER)
    at.office.happened([left(at, FAMILY)], PLANNER)


def back(at: Small) -> None:
    case = at.office.world().case[PLACED]
    at.office.happened([withdrawn(at, PLACED)], PLANNER)
    value = CaseAdded(id="e2", at=at.clock(), subject=PLACED, kind="case-added", value=case)
    at.office.happened([value], PLANNER)


@pytest.mark.parametrize(
    "change",
    [
        furnished,
        furnished_again,
        added,
        amended,
        declined,
        carried_out,
        answered_and_changed,
        gone,
        back,
    ],
)
def test_what_is_kept_after_a_change_is_what_anybody_reads(
    at: Small, change: Callable[[Small], None]
) -> None:
    change(at)
    for _ in range(2):
        other = Office(at.database, at.clock)
        assert at.office.world() == other.world()
        assert at.office.ever() == other.ever()
        assert at.office.world().fingerprint == other.world().fingerprint
        at.clock.wait(days=1)
    furnished(at)
    assert at.office.world() == Office(at.database, at.clock).world()


def test_a_day_later_is_written_with_what_is_changed_then(at: Small) -> None:
    at.clock.now += timedelta(days=2)
    furnished(at)
    other = Office(at.database, at.clock)
    assert at.office.world() == other.world()
    assert isinstance(at.office.world().horizon.start, datetime)
