"""Many at once ask for the same scarce things: one has them, and the others are told who."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

from api.office import Office
from api.store.claims import TakenError
from api.store.database import Database
from api.store.standing import Standing
from api.store.worlds import NotEmptyError
from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.world import Booking, World
from tests.store.offices import PLACED, PLANNER, Clock, assert_whole, opened, small_world
from tests.validator.plans import by_id

CLIENTS = 16
T = TypeVar("T")


def crowd() -> World:
    """Return the tiny world with many men like the one to be placed."""
    values = tiny()
    for n in range(CLIENTS):
        twin = {**by_id(values, "cases", PLACED), "id": f"zk-1{n:03}"}
        twin["persons"] = [{**twin["persons"][0], "id": f"{twin['id']}-a"}]
        values["cases"].append(twin)
    return parse_world(canonical(values), REGISTER)


def all_at_once(ask: Callable[[int], T]) -> list[T | TakenError]:
    """Return what each client was told, all of whom ask at the same moment."""
    ready = Barrier(CLIENTS)

    def one(n: int) -> T | TakenError:
        ready.wait()
        try:
            return ask(n)
        except TakenError as error:
            return error

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(one, range(CLIENTS)))


def same_slot(office: Office) -> list[tuple[Booking, ...]]:
    """Return the first proposal of each man: for all the same people, at the same time."""
    found = [office.desk().ask(f"zk-1{n:03}").proposals[0].bookings for n in range(CLIENTS)]
    assert len({one[0].phases for one in found}) == 1
    return found


def test_one_of_many_has_the_slot_and_the_others_are_told_who(database_url: str) -> None:
    with opened(database_url) as database, opened(database_url) as other:
        offices = [Office(one, Clock()) for one in (database, other)]
        offices[0].begin(crowd(), PLANNER)
        asked = same_slot(offices[0])
        told = all_at_once(lambda n: offices[n % 2].hold(asked[n], PLANNER))
        (winner,) = (one for one in told if not isinstance(one, TakenError))
        for one in told:
            if isinstance(one, TakenError):
                assert {taken.booking for taken in one.taken} == {winner[0].booking.id}
                assert "resource/tolk-ary-1" in {taken.unit for taken in one.taken}
        assert_whole(database)


def test_no_more_hold_than_there_is_room_and_nobody_is_lost(database_url: str) -> None:
    with opened(database_url) as database, opened(database_url) as other:
        offices = [Office(one, Clock()) for one in (database, other)]
        offices[0].begin(crowd(), PLANNER)

        def book(n: int) -> tuple[Standing, ...]:
            """Ask again as long as something else is proposed."""
            while proposals := offices[n % 2].desk().ask(f"zk-1{n:03}").proposals:
                try:
                    return offices[n % 2].hold(proposals[0].bookings, PLANNER)
                except TakenError:
                    continue
            return ()

        held = [one for one in all_at_once(book) if not isinstance(one, TakenError) and one]
        assert len(held) == 3, "there are three places"
        assert {one.booking for (one,) in held} == set(offices[1].world().bookings)
        assert_whole(database)


def test_one_of_many_brings_in_the_world(database_url: str) -> None:
    with opened(database_url) as database, opened(database_url) as other:
        offices = [Office(one, Clock()) for one in (database, other)]

        def begin(n: int) -> bool:
            try:
                offices[n % 2].begin(small_world(), PLANNER)
            except NotEmptyError:
                return False
            return True

        assert all_at_once(begin).count(True) == 1
        assert offices[0].world() == small_world()
        assert_whole(database)


def test_who_reads_sees_one_moment_while_others_write(database: Database) -> None:
    office = Office(database, Clock())
    office.begin(crowd(), PLANNER)
    with database.reading() as connection:
        before = office._world(connection, office.clock())[0]
        Office(database, Clock()).hold(same_slot(office)[0], PLANNER)
        assert Office(database, Clock())._world(connection, office.clock())[0] == before
    assert office.world() != before


@pytest.mark.parametrize("rounds", [3])
def test_what_is_held_and_released_in_turn_leaves_nothing(database: Database, rounds: int) -> None:
    office = Office(database, Clock())
    office.begin(crowd(), PLANNER)
    asked = same_slot(office)

    def hold_and_release(n: int) -> int:
        held = 0
        for _ in range(rounds):
            try:
                (one,) = office.hold(asked[n], PLANNER)
            except TakenError:
                continue
            office.release(one.booking.id, PLANNER)
            held += 1
        return held

    told = all_at_once(hold_and_release)
    assert sum(one for one in told if isinstance(one, int)) == len(office.bookings())
    assert not [one for one in office.world().bookings if one.claims]
    assert_whole(database)
