"""A world goes into the store and comes out of it without loss."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest

from api.office import Office
from api.store.claims import TakenError
from api.store.database import Database
from api.store.worlds import EmptyError, NotEmptyError
from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.national import national
from fixtures.tiny import tiny
from fixtures.worlds import Document, canonical
from scheduler.event import FactChanged, ResourceAway
from scheduler.loading import parse_world
from scheduler.planner import plan
from scheduler.world import Fact, Interval, World
from tests.store.offices import (
    NOON,
    PLACED,
    PLANNER,
    REMOVED,
    Clock,
    Small,
    assert_whole,
    claimed,
    opened,
    small_world,
)


def read(values: Document) -> World:
    return parse_world(canonical(values), REGISTER)


def planned(world: World) -> World:
    """Return a world with the bookings of its first plan beside those it has."""
    return world.but(bookings=plan(world, REGISTER, seconds=0).bookings)


@cache
def national_with_its_first_plan() -> World:
    return planned(read(national()))


@cache
def europe_small() -> World:
    return read(europe(cases=40))


def tiny_one() -> World:
    return read(tiny())


def small_with_its_plan() -> World:
    return planned(small_world())


@pytest.mark.parametrize(
    "made", [tiny_one, small_with_its_plan, europe_small, national_with_its_first_plan]
)
def test_a_world_comes_out_as_it_went_in(database: Database, made: Callable[[], World]) -> None:
    world = made()
    office = Office(database, lambda: world.as_of)
    office.begin(world, PLANNER)
    assert office.world() == world
    assert office.world().fingerprint == world.fingerprint
    assert [one.booking for one in office.bookings()] == [*world.bookings]
    assert_whole(database)


def test_a_world_is_the_same_for_who_opens_the_database_later(database_url: str) -> None:
    world = planned(small_world())
    with opened(database_url) as database:
        Office(database, Clock()).begin(world, PLANNER)
    with opened(database_url) as database:
        assert Office(database, Clock()).world().fingerprint == world.fingerprint


def test_a_store_takes_one_world(at: Small) -> None:
    with pytest.raises(NotEmptyError):
        at.office.begin(small_world(), PLANNER)
    assert at.office.world() == small_world()


def test_without_a_world_the_store_says_so(database: Database) -> None:
    office = Office(database)
    with pytest.raises(EmptyError):
        office.world()
    with pytest.raises(EmptyError):
        office.release("zk-0001-placement", PLANNER)


def test_a_world_whose_bookings_take_the_same_does_not_come_in(database: Database) -> None:
    world = planned(small_world())
    placed = next(one for one in world.bookings if one.id == f"{PLACED}-placement")
    twin = placed.model_copy(update={"id": "zk-0101-placement", "case": "zk-0101"})
    with pytest.raises(TakenError) as refused:
        Office(database, Clock()).begin(world.but(bookings=(placed, twin)), PLANNER)
    assert {one.booking for one in refused.value.taken} == {placed.id}
    with pytest.raises(EmptyError):
        Office(database).world()
    assert not claimed(database)


def test_the_world_changes_as_bookings_do(at: Small) -> None:
    held = at.hold(PLACED)[0]
    assert at.office.world().bookings == (held.booking,)
    at.cancel(held.booking.id)
    assert [one.status for one in at.office.world().bookings] == ["cancelled"]
    assert at.office.world().but(bookings=()) == small_world()


def test_two_offices_of_one_database_see_the_same(at: Small) -> None:
    other = Office(at.database, at.clock)
    before = other.world()
    at.hold(PLACED)
    assert other.world() == at.office.world() != before


def test_what_an_event_does_not_touch_stays_word_for_word(at: Small) -> None:
    away = Interval(
        from_=datetime(2026, 11, 27, 6, tzinfo=UTC), until=datetime(2026, 11, 27, 7, tzinfo=UTC)
    )
    at.office.happened(
        [ResourceAway(id="e1", at=at.clock(), subject="rv-03", kind="resource-away", value=away)],
        PLANNER,
    )
    world = at.office.world()
    assert world.resource["rv-03"].away == (away,)
    assert world.cases == small_world().cases
    assert [one for one in world.resources if one.id != "rv-03"] == [
        one for one in small_world().resources if one.id != "rv-03"
    ]


def test_events_do_not_write_answers_to_checks_into_the_case(at: Small) -> None:
    removal = at.hold(REMOVED)[0]
    at.confirm(removal.booking.id)
    at.answer(removal.booking.id)
    value = {"whereabouts-known": Fact(value="yes")}
    found = at.office.world().case[REMOVED]
    at.office.happened(
        [FactChanged(id="e1", at=NOON, subject="zk-0005", kind="fact-changed", value=value)],
        PLANNER,
    )
    assert at.office.world().case[REMOVED] == found
    at.cancel(removal.booking.id)
    assert at.office.world().case[REMOVED] == small_world().case[REMOVED]
    assert at.office.world().case["zk-0005"].facts["whereabouts-known"] == Fact(value="yes")
