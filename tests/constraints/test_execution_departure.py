"""Execution: the departure, what it asks and how far ahead."""

from datetime import date, timedelta
from typing import Any

import pytest

from constraints import (
    booking_lead,
    carrier_limits,
    case_window,
    charter_team,
    departure_refusal,
    departures,
    entry_requirements,
    escort,
    fit_to_fly,
    handover,
    handover_room,
    lawyer_notice,
)
from scheduler.constraint import After, Attendance, Due, Elapsed, Inside, Only, Seats, Standing
from scheduler.world import Booking, Departure, Resource
from tests.constraints.worlds import (
    AS_OF,
    NO,
    UNKNOWN,
    YES,
    booking,
    case,
    chain,
    declared,
    departure,
    family,
    ids,
    interval,
    local,
    person,
    resource,
    shift,
)

ESCORTED = (person(escorts=2),)
FLIGHT = departure("hv1")
LONG = departure("tk9", arrives=local("2026-10-28 20:00"), carrier="turkish")
CHARTER = departure("ch1", "charter")
ROAD = departure("road1", "road", from_="border-venlo", arrives=local("2026-10-28 12:30"))
ALL: dict[str, Any] = {"departures": (FLIGHT, LONG, CHARTER, ROAD)}


def since(inside: Any) -> Any:
    assert isinstance(inside, Inside | After)
    return inside.stretches[0][0]


def test_nothing_is_planned_before_now_or_outside_the_window() -> None:
    (placed,) = declared(case_window.CONSTRAINT, case("placement"))
    assert since(placed) == AS_OF
    window: dict[str, Any] = {
        "earliest": local("2026-10-21 00:00"),
        "latest": local("2026-10-30 00:00"),
    }
    (inside,) = declared(case_window.CONSTRAINT, case("placement", **window))
    assert isinstance(inside, Inside)
    assert (inside.first, inside.last) == (("pick-up", "start"), ("arrival", "end"))
    assert inside.stretches == ((window["earliest"], window["latest"]),)


def test_a_removal_starts_after_now_and_departs_in_the_window() -> None:
    window: dict[str, Any] = {
        "earliest": local("2026-10-21 00:00"),
        "latest": local("2026-10-30 00:00"),
    }
    starts, departs = declared(case_window.CONSTRAINT, case(**window))
    assert isinstance(starts, Inside)
    assert isinstance(departs, Inside)
    assert (starts.first, since(starts)) == (("transport", "start"), AS_OF)
    assert departs.first == ("departure", "start")
    assert departs.stretches == ((window["earliest"], window["latest"]),)


def test_a_window_that_began_in_the_past_begins_now() -> None:
    _, departs = declared(case_window.CONSTRAINT, case(earliest=local("2026-10-01 00:00")))
    assert since(departs) == AS_OF


def seats(constraint: Any, of: Any) -> Seats:
    (found,) = declared(constraint, of, **ALL)
    assert isinstance(found, Seats)
    return found


def test_everyone_needs_a_seat_of_the_kind_of_the_case() -> None:
    found = seats(departures.CONSTRAINT, case(persons=family()))
    assert (found.kind, found.count) == ("unescorted", 3)
    assert dict(found.limits) == {"hv1": 5, "tk9": 5, "ch1": 5, "road1": 5}
    escorted = seats(departures.CONSTRAINT, case(persons=(*ESCORTED, person("woman", 2))))
    assert (escorted.kind, escorted.count) == ("escorted", 2)
    assert dict(escorted.limits) == {"hv1": 2, "tk9": 2, "ch1": 2, "road1": 2}


def test_where_nothing_departs_seats_are_asked_all_the_same() -> None:
    (found,) = declared(departures.CONSTRAINT, case())
    assert found == Seats("unescorted", 1, ())


def test_a_departure_on_which_it_was_refused_is_not_booked() -> None:
    for of in (case(refused=("hv1", "ch1", "dc")), chain(refused=("hv1", "ch1", "dc"))):
        found = declared(departure_refusal.CONSTRAINT, of, "removal", **ALL)
        assert found == [Only(departures=ids("tk9", "road1"))]
    assert not declared(departure_refusal.CONSTRAINT, case("placement", refused=("hv1",)), **ALL)


@pytest.mark.parametrize("refused", [(), ("dc",)])
def test_where_no_departure_refused_nothing_is_declared(refused: tuple[str, ...]) -> None:
    assert not declared(departure_refusal.CONSTRAINT, case(refused=refused), **ALL)


def test_a_carrier_takes_two_and_escorted_one_and_some_less() -> None:
    strict = departure("w6", carrier="wizz-air")
    (found,) = declared(carrier_limits.CONSTRAINT, case(), departures=(FLIGHT, strict))
    assert isinstance(found, Seats)
    assert dict(found.limits) == {"hv1": 2, "w6": 1}
    (found,) = declared(
        carrier_limits.CONSTRAINT, case(persons=ESCORTED), departures=(FLIGHT, strict)
    )
    assert isinstance(found, Seats)
    assert dict(found.limits) == {"hv1": 1, "w6": 0}


def test_charters_and_roads_have_no_limit_but_their_seats() -> None:
    limits = dict(seats(carrier_limits.CONSTRAINT, case()).limits)
    assert (limits["ch1"], limits["road1"]) == (5, 5)


def test_both_ask_the_same_seats_so_that_they_are_taken_once() -> None:
    for of in (case(persons=family()), case(persons=ESCORTED)):
        one, other = seats(departures.CONSTRAINT, of), seats(carrier_limits.CONSTRAINT, of)
        assert (one.kind, one.count) == (other.kind, other.count)


def test_escorts_are_away_for_the_whole_duty() -> None:
    short, _, long = declared(escort.CONSTRAINT, case(persons=ESCORTED), **ALL)
    assert isinstance(short, Attendance)
    assert isinstance(long, Attendance)
    assert (short.first, short.last, short.count) == ("departure", "departure", 2)
    assert short.departures == ids("hv1")
    assert short.before == 120
    assert short.after == 60 + 120 + (120 + 150 + 60)
    assert long.departures == ids("tk9")
    assert long.after == 60 + 120 + 480 + (120 + 480 + 60)


def test_flights_of_one_length_are_asked_together() -> None:
    twin = departure("hv2", departs=local("2026-10-29 12:00"), arrives=local("2026-10-29 14:30"))
    (found,) = declared(escort.CONSTRAINT, case(persons=ESCORTED), departures=(FLIGHT, twin))
    assert isinstance(found, Attendance)
    assert found.departures == ids("hv1", "hv2")


@pytest.mark.parametrize(("escorts", "count"), [((1,), 2), ((3,), 3), ((2, 0, 3), 5)])
def test_each_escorted_person_has_two_or_more(escorts: tuple[int, ...], count: int) -> None:
    persons = tuple(person(n=n, escorts=number) for n, number in enumerate(escorts))
    (found,) = declared(escort.CONSTRAINT, case(persons=persons), departures=(FLIGHT,))
    assert isinstance(found, Attendance)
    assert found.count == count


def test_no_escort_for_the_unescorted_and_a_charter_brings_its_own() -> None:
    assert not declared(escort.CONSTRAINT, case(), **ALL)
    assert not declared(escort.CONSTRAINT, case(persons=ESCORTED), departures=(CHARTER,))


def test_escorts_by_road_drive_there_and_back_without_a_lay_over() -> None:
    (found,) = declared(escort.CONSTRAINT, case(persons=ESCORTED), departures=(ROAD,))
    assert found == Attendance(
        "escort",
        "departure",
        "departure",
        count=2,
        before=30,
        after=15 + 30,
        departures=frozenset({"road1"}),
    )


def test_a_flight_and_a_drive_of_one_length_are_asked_apart() -> None:
    drive = departure("road2", "road", from_="border-venlo")
    by_air, by_road = declared(
        escort.CONSTRAINT, case(persons=ESCORTED), departures=(FLIGHT, drive)
    )
    assert isinstance(by_air, Attendance)
    assert isinstance(by_road, Attendance)
    assert by_air.departures == ids("hv1")
    assert by_road.departures == ids("road2")
    assert by_road.after < by_air.after


DUTY = shift("2026-10-28 06:00", "2026-10-28 22:00")


TEAM = ("escort-1", "escort-2", "doctor-1")


def member(name: str, **fields: Any) -> Resource:
    role = name.split("-")[0]
    return resource(name, role, "schiphol-ams", **{"shifts": (DUTY,), **fields})


def charter(id: str = "ch1", team: tuple[str, ...] = TEAM, **fields: Any) -> Departure:
    return departure(id, "charter", team=team, **fields)


def allowed(*charters: Departure, **changed: Any) -> frozenset[str] | None:
    """Return the departures left; ``changed`` gives members, by name, other fields than usual."""
    names = {one for flight in charters for one in flight.team}
    team = tuple(member(one, **changed.get(one.replace("-", "_"), {})) for one in sorted(names))
    found = declared(
        charter_team.CONSTRAINT, case(), departures=(FLIGHT, *charters), resources=team
    )
    if not found:
        return None
    (only,) = found
    assert isinstance(only, Only)
    return only.departures


def test_a_charter_departs_with_its_team_rostered() -> None:
    assert allowed(charter()) is None


@pytest.mark.parametrize("there", [(), TEAM[:2], (TEAM[0], TEAM[2]), TEAM[2:]])
def test_a_team_has_two_escorts_and_a_doctor(there: tuple[str, ...]) -> None:
    assert allowed(charter(team=there)) == ids("hv1")


@pytest.mark.parametrize(
    "fields",
    [
        {"shifts": ()},
        {"shifts": (shift("2026-10-28 12:30", "2026-10-28 22:00"),)},
        {"away": (interval("2026-10-28 00:00", "2026-10-29 00:00"),)},
        {"away": (interval("2026-10-28 16:00", "2026-10-28 18:00"),)},
    ],
)
def test_a_charter_does_not_depart_when_one_of_its_team_is_not_at_work(
    fields: dict[str, Any],
) -> None:
    assert allowed(charter(), doctor_1=fields) == ids("hv1")


def test_the_roster_of_a_charter_team_covers_the_way_back() -> None:
    """There at 14:30, and as long again: home at 17:00."""
    until_there = {"shifts": (shift("2026-10-28 06:00", "2026-10-28 16:59"),)}
    until_home = {"shifts": (shift("2026-10-28 06:00", "2026-10-28 17:00"),)}
    assert allowed(charter(), escort_1=until_there) == ids("hv1")
    assert allowed(charter(), escort_1=until_home) is None


def test_nobody_flies_two_charters_at_once() -> None:
    second: dict[str, Any] = {
        "team": ("escort-1", "escort-3", "doctor-2"),
        "departs": local("2026-10-28 16:30"),
        "arrives": local("2026-10-28 18:00"),
    }
    assert allowed(charter(), charter("ch2", **second)) == ids("hv1")
    after = second | {"departs": local("2026-10-28 17:00")}
    assert allowed(charter(), charter("ch2", **after)) is None


def test_another_charter_is_manned_by_others() -> None:
    second = charter("ch2", ("escort-3", "escort-4", "doctor-2"))
    assert allowed(charter(), second) is None
    assert allowed(charter(), second, doctor_2={"shifts": ()}) == ids("hv1", "ch1")


@pytest.mark.parametrize("kind", ["joint", "collecting"])
def test_joint_and_collecting_charters_need_a_monitor(kind: str) -> None:
    assert allowed(charter(charter=kind)) == ids("hv1")
    assert allowed(charter(charter=kind, team=(*TEAM, "monitor-1"))) is None
    assert allowed(charter(charter=kind), doctor_1={"skills": ("monitor",)}) is None


def test_the_kmar_takes_over_three_hours_before_a_flight() -> None:
    officer, ahead = declared(handover.CONSTRAINT, case(), **ALL)
    assert officer == Attendance("kmar", "hand-over", "hand-over")
    assert ahead == Elapsed(
        ("hand-over", "start"),
        ("departure", "start"),
        at_least=180,
        departures=frozenset({"hv1", "tk9", "ch1"}),
    )


def test_a_road_transfer_needs_the_kmar_but_not_three_hours() -> None:
    assert declared(handover.CONSTRAINT, case(), departures=(ROAD,)) == [
        Attendance("kmar", "hand-over", "hand-over")
    ]


ROOMS = (
    resource("kamer-1", "room", "schiphol-ams", skills=("single",)),
    resource("kamer-2", "room", "schiphol-ams", skills=("family",)),
)


def test_the_airport_has_a_room_for_one_and_another_for_a_family() -> None:
    (room,) = declared(handover_room.CONSTRAINT, case(), **ALL, resources=ROOMS)
    assert isinstance(room, Attendance)
    assert (room.first, room.skills) == ("hand-over", ids("single", "group"))
    assert room.among == ids("kamer-1", "kamer-2")
    assert room.departures == ids("hv1", "tk9", "ch1")
    (room,) = declared(handover_room.CONSTRAINT, case(persons=family()), **ALL, resources=ROOMS)
    assert isinstance(room, Attendance)
    assert room.skills == {"family"}


def test_an_airport_without_rooms_and_a_border_point_need_none() -> None:
    elsewhere = departure("w6", from_="eindhoven-ein")
    assert not declared(
        handover_room.CONSTRAINT, case(), departures=(elsewhere, ROAD), resources=ROOMS
    )


def test_a_booking_takes_three_working_days_and_ten_with_escorts() -> None:
    (plain,) = declared(booking_lead.CONSTRAINT, case())
    assert since(plain) == local("2026-10-22 00:00")
    (escorted,) = declared(booking_lead.CONSTRAINT, case(persons=ESCORTED))
    # Across the change of the clock: local midnight, not 240 hours.
    assert since(escorted) == local("2026-11-02 00:00")


def test_weekends_and_holidays_do_not_count() -> None:
    thursday: dict[str, Any] = {"as_of": local("2026-12-24 09:00")}
    (plain,) = declared(booking_lead.CONSTRAINT, case(), **thursday)
    assert since(plain) == local("2026-12-30 00:00")


def test_late_in_the_evening_today_is_still_the_local_day() -> None:
    (plain,) = declared(booking_lead.CONSTRAINT, case(), as_of=local("2026-10-20 00:30"))
    assert since(plain) == local("2026-10-23 00:00")


def test_a_lone_removal_is_told_36_hours_from_now() -> None:
    inside, due = declared(lawyer_notice.CONSTRAINT, case())
    assert since(inside) == AS_OF + timedelta(hours=36)
    assert due == Due("notice-given", ("departure", "start"), 36 * 60, (UNKNOWN,))


def test_a_chain_is_told_36_hours_after_its_placement() -> None:
    assert declared(lawyer_notice.CONSTRAINT, chain(), "chain") == [
        Elapsed(("arrival", "end"), ("departure", "start"), at_least=36 * 60)
    ]
    (due,) = declared(lawyer_notice.CONSTRAINT, chain(), "removal")
    assert isinstance(due, Due)


def test_it_was_48_hours_until_october_2020() -> None:
    (elapsed,) = declared(lawyer_notice.CONSTRAINT, chain(), "chain", rules_date=date(2020, 9, 30))
    assert isinstance(elapsed, Elapsed)
    assert elapsed.at_least == 48 * 60


GIVEN: dict[str, Any] = {"facts": {"notice-given": YES}}
ASKED = Due("notice-given", ("departure", "start"), 36 * 60, (UNKNOWN,))


@pytest.mark.parametrize("status", ["held", "confirmed"])
def test_the_notice_of_a_booked_departure_is_given_once(status: str) -> None:
    (inside,) = declared(
        lawyer_notice.CONSTRAINT, case(**GIVEN), bookings=(booking(status),), **ALL
    )
    assert since(inside) == AS_OF + timedelta(hours=36)
    assert inside.departures is not None  # type: ignore[union-attr]
    assert "hv1" not in inside.departures  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("status", "kept"), [("held", True), ("confirmed", True), ("proposed", False)]
)
def test_a_departure_that_is_booked_was_booked_in_time_and_no_other_is(
    status: str, kept: bool
) -> None:
    (lead,) = declared(booking_lead.CONSTRAINT, case(), bookings=(booking(status),), **ALL)
    assert isinstance(lead, After)
    assert (lead.departures is not None) == kept
    if lead.departures is not None:
        assert lead.departures == {one.id for one in ALL["departures"]} - {"hv1"}


@pytest.mark.parametrize(
    "bookings",
    [
        (),
        (booking("proposed"),),
        (booking("cancelled"),),
        (booking(operation="placement"),),
        (booking(of="zk-2"),),
    ],
)
def test_a_notice_of_no_standing_booking_is_due_again(bookings: tuple[Booking, ...]) -> None:
    _, due = declared(lawyer_notice.CONSTRAINT, case(**GIVEN), bookings=bookings)
    assert due == ASKED
    assert declared(lawyer_notice.CONSTRAINT, chain(**GIVEN), "removal", bookings=bookings) == [
        ASKED
    ]


def test_a_notice_not_yet_given_is_due_and_forbids_nothing() -> None:
    _, due = declared(lawyer_notice.CONSTRAINT, case(facts={"notice-given": NO}))
    assert due == ASKED


def test_every_person_is_declared_fit_to_fly_within_72_hours() -> None:
    persons = (person(facts={"fit-to-fly": YES}), person("woman", 2))
    assert declared(fit_to_fly.CONSTRAINT, case(persons=persons)) == [
        Due("fit-to-fly", ("departure", "start"), 72 * 60, (YES, UNKNOWN))
    ]


def test_the_destination_lets_each_person_in() -> None:
    persons = (
        person(facts={"entry-requirements-met": YES}),
        person(n=2, facts={"entry-requirements-met": NO}),
        person(n=3),
    )
    assert declared(entry_requirements.CONSTRAINT, case(persons=persons)) == [
        Standing("entry-requirements-met", "no"),
        Standing("entry-requirements-met", "unknown"),
    ]
