"""The database itself refuses whoever comes second, whatever our code believes."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.store.claims import TakenError, Want, take
from api.store.tables import BOOKINGS, CLAIMS
from scheduler.event import CapacityChanged
from scheduler.world import Booking
from tests.store.offices import (
    CHAIN,
    FAMILY,
    NOON,
    PLACED,
    PLANNER,
    REMOVED,
    TWIN,
    Small,
    assert_whole,
    claimed,
)

Row = dict[str, Any]


def row_of(at: Small, unit: str) -> Row:
    """Return the first claim of a unit."""
    with at.database.reading() as connection:
        found = connection.execute(select(CLAIMS).where(CLAIMS.c.unit == unit)).mappings().first()
        assert found is not None
        return dict(found)


def booking_row(at: Small, name: str) -> Row:
    with at.database.reading() as connection:
        found = select(BOOKINGS).where(BOOKINGS.c.id == name)
        return dict(connection.execute(found).mappings().one())


def refused(at: Small, table: Any, row: Row) -> None:
    """Hold that the database does not take a row that is written past our code."""
    before = claimed(at.database)
    with pytest.raises(IntegrityError), at.database.writing() as connection:
        connection.execute(insert(table), row)
    assert claimed(at.database) == before
    assert_whole(at.database)


@pytest.mark.parametrize(
    ("case", "unit"),
    [
        (PLACED, "resource/tolk-ary-1"),
        (PLACED, "case/zk-0001"),
        (PLACED, "facility/dc-rotterdam"),
        (REMOVED, "departure/tk1952-1126/unescorted"),
    ],
    ids=["a resource in a slot", "a person in a slot", "a place in a night", "a seat"],
)
def test_what_is_taken_is_not_taken_again(at: Small, case: str, unit: str) -> None:
    at.hold(case)
    other = at.hold(FAMILY)[0].booking.id
    refused(at, CLAIMS, row_of(at, unit) | {"booking_id": other})


@pytest.mark.parametrize(
    ("case", "unit", "room"),
    [
        (PLACED, "facility/dc-rotterdam", 3),
        (REMOVED, "departure/tk1952-1126/unescorted", 2),
        (PLACED, "resource/tolk-ary-1", 1),
    ],
)
def test_there_is_no_number_beyond_the_room(at: Small, case: str, unit: str, room: int) -> None:
    at.hold(case)
    row = row_of(at, unit)
    assert (row["number"], row["most"]) == (1, room)
    refused(at, CLAIMS, row | {"number": room + 1})
    refused(at, CLAIMS, row | {"number": 0})


def test_a_claim_is_of_a_booking_that_there_is(at: Small) -> None:
    at.hold(PLACED)
    refused(at, CLAIMS, row_of(at, "resource/ua-01") | {"cell": 1, "booking_id": "none"})


def test_a_leg_stands_once(at: Small) -> None:
    name = at.hold(PLACED)[0].booking.id
    refused(at, BOOKINGS, booking_row(at, name) | {"id": "zk-0001-again"})


def test_a_leg_that_ended_may_be_booked_again(at: Small) -> None:
    first = at.hold(PLACED)[0].booking.id
    at.cancel(first)
    second = at.hold(PLACED)[0].booking.id
    assert first != second
    again = update(BOOKINGS).where(BOOKINGS.c.id == first).values(status="confirmed")
    with pytest.raises(IntegrityError), at.database.writing() as connection:
        connection.execute(again)


@pytest.mark.parametrize(
    "wrong",
    [{"status": "lost"}, {"expires_at": None}, {"status": "confirmed"}, {"case_id": "nobody"}],
)
def test_a_booking_is_what_its_status_says(at: Small, wrong: Row) -> None:
    row = booking_row(at, at.hold(PLACED)[0].booking.id)
    refused(at, BOOKINGS, row | {"id": "other", "leg": "removal"} | wrong)


def test_a_hold_takes_all_or_nothing(at: Small) -> None:
    at.hold(PLACED)
    before = claimed(at.database)
    twin = as_of_twin(at.office.booking(f"{PLACED}-placement").booking)
    with pytest.raises(TakenError):
        at.office.hold([twin], PLANNER)
    assert claimed(at.database) == before
    assert_whole(at.database)


def test_who_has_what_is_told_as_unit_interval_and_booking(at: Small) -> None:
    held = at.hold(PLACED)[0].booking
    with pytest.raises(TakenError) as told:
        at.office.hold([as_of_twin(held)], PLANNER)
    assert {one.booking for one in told.value.taken} == {held.id}
    assert {(one.unit, one.from_, one.until) for one in told.value.taken} == {
        (f"resource/{name}", one.from_, one.until)
        for one in held.attendances
        for name in one.resources
        if one.role != "person"
    }


def test_slots_that_follow_each_other_are_told_as_one_stretch_and_others_apart(at: Small) -> None:
    name = at.hold(PLACED)[0].booking.id
    first = int(NOON.timestamp()) // 900
    places = Want("facility/z", date(2026, 11, 23).toordinal(), 2, 3)
    seat = Want("departure/y/unescorted", 0, 1, 1)
    asked = [*(Want("resource/x", first + n) for n in range(8)), seat, places]
    with at.database.writing() as connection:
        take(connection, name, [asked[n] for n in (0, 1, 2, 5, 6, 8, 9)], 15)
    with pytest.raises(TakenError) as told, at.database.writing() as connection:
        take(connection, name, asked, 15)
    quarter = timedelta(minutes=15)
    assert [(one.unit, one.from_, one.until, one.night) for one in told.value.taken] == [
        ("resource/x", NOON, NOON + 3 * quarter, None),
        ("resource/x", NOON + 5 * quarter, NOON + 7 * quarter, None),
        ("departure/y/unescorted", None, None, None),
        ("facility/z", None, None, date(2026, 11, 23)),
    ]
    assert {one.booking for one in told.value.taken} == {name}


def test_what_there_is_not_is_told_without_a_booking(at: Small) -> None:
    name = at.hold(PLACED)[0].booking.id
    with pytest.raises(TakenError) as told, at.database.writing() as connection:
        take(connection, name, [Want("facility/full", 1, 1, 0)], 15)
    assert [(one.unit, one.booking) for one in told.value.taken] == [("facility/full", None)]


def test_the_second_of_two_takes_the_next_number(at: Small) -> None:
    both = [at.hold(case)[0].booking for case in (PLACED, TWIN)]
    night = max(set(both[0].nights) & set(both[1].nights)).toordinal()
    with at.database.reading() as connection:
        asked = select(CLAIMS.c.number, CLAIMS.c.booking_id).where(
            CLAIMS.c.unit == "facility/dc-rotterdam", CLAIMS.c.cell == night
        )
        found = connection.execute(asked.order_by(CLAIMS.c.number)).all()
    assert [tuple(row) for row in found] == [(1, both[0].id), (2, both[1].id)]
    assert_whole(at.database)


def test_a_chain_takes_both_its_legs_or_none(at: Small) -> None:
    legs, other = at.proposed(CHAIN), at.hold(REMOVED)[0].booking
    comes = next(one for one in legs[1].attendances if one.role != "person")
    taken = {
        "unit": f"resource/{comes.resources[0]}",
        "cell": int(comes.from_.timestamp()) // 900,
        "number": 1,
        "most": 1,
        "booking_id": other.id,
    }
    with at.database.writing() as connection:
        connection.execute(insert(CLAIMS), taken)
    before = claimed(at.database)
    with pytest.raises(TakenError):
        at.office.hold(legs, PLANNER)
    assert {one.booking.case for one in at.office.bookings()} == {REMOVED}
    assert claimed(at.database) == before


def as_of_twin(booking: Booking) -> Booking:
    """Return the same booking for his twin."""
    attendances = tuple(
        one.model_copy(update={"resources": (TWIN,)}) if one.role == "person" else one
        for one in booking.attendances
    )
    changes = {"id": "twin", "case": TWIN, "attendances": attendances}
    return booking.model_copy(update=changes)


def test_where_there_are_fewer_places_nobody_gets_one_that_is_gone(at: Small) -> None:
    """Of three places the first is given back, and then there are two: both are taken."""
    first = at.hold(PLACED)[0].booking
    others = [at.hold(case)[0].booking for case in (TWIN, CHAIN)]
    facility = first.facility
    assert {one.facility for one in others} == {facility}
    at.office.release(first.id, PLANNER)
    nights = dict.fromkeys(first.nights, 2)
    fewer = CapacityChanged(
        id="e", at=NOON, subject=facility or "", kind="capacity-changed", value=nights
    )
    at.office.happened([fewer], PLANNER)
    night = min({*first.nights}.intersection(*(one.nights for one in others)))
    unit, cell = f"facility/{facility}", night.toordinal()
    with at.database.reading() as connection:
        here = CLAIMS.c.unit == unit, CLAIMS.c.cell == cell
        numbers = connection.execute(select(CLAIMS.c.number).where(*here)).scalars().all()
    assert sorted(numbers) == [1, 2]
    row = row_of(at, unit) | {"cell": cell, "booking_id": others[0].id}
    for number in 1, 2, 3:
        refused(at, CLAIMS, row | {"number": number, "most": 2})
    with pytest.raises(TakenError), at.database.writing() as connection:
        take(connection, others[0].id, [Want(unit, cell, 1, 2)], 15)
