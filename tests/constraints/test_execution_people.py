"""Execution: who must be there, and when."""

from datetime import timedelta
from typing import Any

import pytest

from constraints import (
    attendees,
    case_officer,
    coa,
    family_hours,
    hearing_officer,
    independent_departure,
    interpreter,
    languages,
    lawyer,
    lawyer_desk,
    person,
    police,
    transport,
    working_hours,
)
from scheduler.constraint import Attendance, Constraint, Inside, Standing
from scheduler.world import Attendee, Person
from tests.constraints import worlds
from tests.constraints.worlds import (
    BLOCK,
    REMOVAL,
    case,
    chain,
    declared,
    detention,
    family,
    ids,
    local,
    resource,
    triggers,
)

IN_BLOCK: dict[str, Any] = {"templates": (BLOCK, REMOVAL)}


def attendance(constraint: Constraint, of: Any, scope: Any = None, **fields: Any) -> Attendance:
    (found,) = declared(constraint, of, scope, **fields)
    assert isinstance(found, Attendance)
    return found


def test_the_person_is_claimed_for_the_whole_leg() -> None:
    placed = attendance(person.CONSTRAINT, chain(), "placement")
    assert (placed.first, placed.last, placed.among) == ("pick-up", "arrival", ids("zk-1"))
    removed = attendance(person.CONSTRAINT, chain(), "removal")
    assert (removed.first, removed.last) == ("transport", "departure")


@pytest.mark.parametrize(
    ("constraint", "role", "act"),
    [
        (police.CONSTRAINT, "police", "pick-up"),
        (case_officer.CONSTRAINT, "case-officer", "pick-up"),
        (hearing_officer.CONSTRAINT, "hearing-officer", "hearing"),
    ],
)
def test_a_placement_needs_them_and_a_removal_does_not(
    constraint: Constraint, role: str, act: str
) -> None:
    assert attendance(constraint, case("placement")) == Attendance(role, act, act)
    assert not declared(constraint, case())


def test_the_officer_in_charge_comes_in_person() -> None:
    assert attendance(
        case_officer.CONSTRAINT, case("placement", assigned_officer="rv-1")
    ).among == ids("rv-1")


STAFF = (resource("coa-1", "coa", "azc-gilze"), resource("coa-2", "coa", "azc-budel"))


def test_a_reception_centre_sends_its_own_officer() -> None:
    found = attendance(coa.CONSTRAINT, case("placement"), resources=STAFF)
    assert (found.first, found.last, found.among) == ("pick-up", "pick-up", ids("coa-1"))
    leaving = attendance(coa.CONSTRAINT, case(), resources=STAFF)
    assert (leaving.first, leaving.last) == ("transport", "transport")


def test_a_centre_without_staff_forbids_instead_of_letting_pass() -> None:
    assert attendance(coa.CONSTRAINT, case("placement")).among == frozenset()


def test_no_coa_elsewhere_nor_for_whoever_is_detained() -> None:
    assert not declared(coa.CONSTRAINT, case("placement", location="pol-breda"))
    assert not declared(coa.CONSTRAINT, case(detention=detention("59-1", "2026-10-12 12:00")))
    assert not declared(coa.CONSTRAINT, chain(), "removal")


BUSES = (
    resource("bus-1", "transport", capacity=1),
    resource("bus-2", "transport", capacity=2),
)


@pytest.mark.parametrize(("persons", "count", "each"), [(1, 1, 1), (2, 1, 2), (3, 2, 2), (5, 3, 2)])
def test_the_fewest_of_the_largest_vehicles_hold_everyone(
    persons: int, count: int, each: int
) -> None:
    of = case(persons=tuple(worlds.person(n=n) for n in range(persons)))
    found = attendance(transport.CONSTRAINT, of, resources=BUSES)
    assert (found.count, found.capacity) == (count, each)


def test_without_vehicles_transport_is_asked_all_the_same() -> None:
    found = attendance(transport.CONSTRAINT, case(persons=family()))
    assert (found.count, found.capacity) == (1, 3)


def test_transport_drives_to_the_hearing_and_on_to_the_facility() -> None:
    found = declared(transport.CONSTRAINT, case("placement"))
    assert [(one.first, one.last) for one in found if isinstance(one, Attendance)] == [
        ("pick-up", "intake"),
        ("transfer", "arrival"),
    ]


def test_in_one_block_it_is_one_vehicle() -> None:
    found = attendance(transport.CONSTRAINT, case("placement"), **IN_BLOCK)
    assert (found.first, found.last) == ("pick-up", "arrival")


def test_a_removal_is_driven_to_its_departure() -> None:
    found = attendance(transport.CONSTRAINT, chain(), "removal")
    assert (found.first, found.last) == ("transport", "delivery")


def test_a_placement_needs_an_interpreter_in_a_language_the_person_understands() -> None:
    of = case("placement", persons=(worlds.person(languages=("ti", "am")),))
    found = attendance(interpreter.CONSTRAINT, of)
    assert (found.first, found.last, found.skills) == ("hearing", "hearing", ids("ti", "am"))
    assert found.mode == "on-site"


def test_a_family_shares_an_interpreter_where_it_shares_a_language() -> None:
    persons = tuple(
        worlds.person(n=n, languages=spoken)
        for n, spoken in enumerate([("ar", "ku"), ("ku",), ("so",)])
    )
    found = declared(interpreter.CONSTRAINT, case("placement", persons=persons))
    assert [one.skills for one in found if isinstance(one, Attendance)] == [{"ku"}, {"so"}]


def test_who_speaks_dutch_needs_none() -> None:
    of = case("placement", persons=(worlds.person(languages=("nl", "ar")),))
    assert not declared(interpreter.CONSTRAINT, of)


def test_an_unknown_language_is_never_green() -> None:
    persons = (worlds.person(), worlds.person(n=2, languages=()))
    of = case("placement", persons=persons)
    assert declared(languages.CONSTRAINT, of) == [Standing("languages", "unknown")]
    assert not declared(languages.CONSTRAINT, case("placement"))


LAWYERS = (resource("adv-1", "lawyer"), resource("adv-2", "lawyer", skills=("duty-desk",)))


def own(from_: str = "hearing", until: str = "hearing") -> tuple[Attendee, ...]:
    return (Attendee(resource="adv-1", from_=from_, until=until),)


def test_a_lawyer_of_the_duty_desk_is_present_within_its_hours() -> None:
    found = attendance(lawyer.CONSTRAINT, case("placement"), resources=LAWYERS)
    assert (found.first, found.last, found.skills) == ("hearing", "hearing", ids("duty-desk"))
    assert (found.among, found.mode) == (None, "on-site")
    (hours,) = declared(lawyer_desk.CONSTRAINT, case("placement"), resources=LAWYERS)
    assert isinstance(hours, Inside)
    assert (hours.first, hours.last) == (("hearing", "start"), ("hearing", "end"))
    assert (local("2026-10-25 07:00"), local("2026-10-25 20:00")) in hours.stretches


def test_an_own_lawyer_comes_instead_and_at_any_hour() -> None:
    of = case("placement", attendees=own())
    assert attendance(lawyer.CONSTRAINT, of, resources=LAWYERS).among == ids("adv-1")
    assert not declared(lawyer_desk.CONSTRAINT, of, resources=LAWYERS)
    assert not declared(attendees.CONSTRAINT, of, resources=LAWYERS)


@pytest.mark.parametrize(
    ("from_", "until", "stay"),
    [
        ("pick-up", "arrival", ("pick-up", "arrival")),
        ("pick-up", "intake", ("pick-up", "hearing")),
        ("transfer", "arrival", ("hearing", "arrival")),
        ("hand-over", "hand-over", ("hearing", "hearing")),
        ("lunch", "arrival", ("hearing", "hearing")),
    ],
)
def test_an_own_lawyer_is_always_at_the_hearing(
    from_: str, until: str, stay: tuple[str, str]
) -> None:
    of = case("placement", attendees=own(from_, until))
    found = attendance(lawyer.CONSTRAINT, of, resources=LAWYERS)
    assert (found.first, found.last) == stay


@pytest.mark.parametrize(
    ("from_", "until", "placed", "removed"),
    [
        ("hearing", "departure", ("hearing", "arrival"), ("transport", "departure")),
        ("pick-up", "delivery", ("pick-up", "arrival"), ("transport", "delivery")),
        ("transfer", "hand-over", ("hearing", "arrival"), ("transport", "hand-over")),
        ("delivery", "hand-over", ("hearing", "hearing"), ("delivery", "hand-over")),
    ],
)
def test_an_own_lawyer_named_into_the_removal_stays_for_the_rest_of_the_placement(
    from_: str, until: str, placed: tuple[str, str], removed: tuple[str, str]
) -> None:
    of = chain(attendees=own(from_, until))
    first = attendance(lawyer.CONSTRAINT, of, "placement", resources=LAWYERS)
    then = attendance(attendees.CONSTRAINT, of, "removal", resources=LAWYERS)
    assert (first.first, first.last) == placed
    assert (then.first, then.last) == removed


def test_an_own_lawyer_whose_stay_makes_no_sense_is_unknown_and_at_the_hearing() -> None:
    of = case("placement", attendees=own("arrival", "pick-up"))
    assert declared(attendees.CONSTRAINT, of, resources=LAWYERS) == [
        Standing("attendees", "unknown")
    ]
    found = attendance(lawyer.CONSTRAINT, of, resources=LAWYERS)
    assert (found.first, found.last) == ("hearing", "hearing")


NIDOS = resource("nidos-1", "guardian")
NURSE = resource("vpk-1", "nurse", remote=True)


def named(resource: str, from_: str, until: str) -> dict[str, Any]:
    return {
        "attendees": (Attendee(resource=resource, from_=from_, until=until),),
    }


@pytest.mark.parametrize(
    ("from_", "until", "scope", "stay"),
    [
        ("pick-up", "hearing", "placement", ("pick-up", "hearing")),
        ("pick-up", "hearing", "removal", None),
        ("hand-over", "departure", "removal", ("hand-over", "departure")),
        ("transfer", "delivery", "placement", ("transfer", "arrival")),
        ("transfer", "delivery", "removal", ("transport", "delivery")),
    ],
)
def test_whoever_is_named_attends_the_acts_of_each_leg(
    from_: str, until: str, scope: Any, stay: tuple[str, str] | None
) -> None:
    of = chain(**named("nidos-1", from_, until))
    found = declared(attendees.CONSTRAINT, of, scope, resources=(NIDOS,))
    assert [(one.first, one.last) for one in found if isinstance(one, Attendance)] == (
        [stay] if stay else []
    )
    assert all(isinstance(one, Attendance) and one.role == "guardian" for one in found)


def test_who_can_attend_by_telephone_may() -> None:
    of = case("placement", **named("vpk-1", "hearing", "hearing"))
    assert attendance(attendees.CONSTRAINT, of, resources=(NURSE,)).mode == "either"
    at_site = case("placement", **named("nidos-1", "hearing", "hearing"))
    assert attendance(attendees.CONSTRAINT, at_site, resources=(NIDOS,)).mode == "on-site"


@pytest.mark.parametrize(("from_", "until"), [("hearing", "pick-up"), ("lunch", "hearing")])
def test_an_attendance_that_makes_no_sense_is_unknown(from_: str, until: str) -> None:
    of = case("placement", **named("nidos-1", from_, until))
    assert declared(attendees.CONSTRAINT, of, resources=(NIDOS,)) == [
        Standing("attendees", "unknown")
    ]


def test_pick_up_and_hearing_keep_working_hours() -> None:
    pick_up, hearing = declared(working_hours.CONSTRAINT, case("placement"))
    assert isinstance(pick_up, Inside)
    assert isinstance(hearing, Inside)
    assert pick_up.first == pick_up.last == ("pick-up", "start")
    assert (local("2026-10-26 06:30"), local("2026-10-26 07:30")) in pick_up.stretches
    assert (hearing.first, hearing.last) == (("hearing", "start"), ("hearing", "end"))
    assert (local("2026-10-26 08:00"), local("2026-10-26 18:00")) in hearing.stretches
    closed = {local("2026-10-24 00:00"), local("2026-10-25 00:00")}
    for day in closed:
        assert not any(
            day <= since < day + timedelta(hours=25)
            for since, _ in (*pick_up.stretches, *hearing.stretches)
        )


def test_a_block_keeps_office_hours_as_a_whole() -> None:
    (block,) = declared(working_hours.CONSTRAINT, case("placement"), **IN_BLOCK)
    assert isinstance(block, Inside)
    assert (block.first, block.last) == (("pick-up", "start"), ("arrival", "end"))
    assert (local("2026-10-26 08:00"), local("2026-10-26 18:00")) in block.stretches


def test_a_public_holiday_is_no_working_day() -> None:
    christmas: dict[str, Any] = {
        "as_of": local("2026-12-21 08:00"),
        "horizon": {"start": local("2026-12-21 00:00"), "slots": 960},
    }
    pick_up, _ = declared(working_hours.CONSTRAINT, case("placement"), **christmas)
    assert isinstance(pick_up, Inside)
    days = {since.date().isoformat() for since, _ in pick_up.stretches}
    assert not days & {"2026-12-25", "2026-12-26", "2026-12-27"}
    assert {"2026-12-24", "2026-12-28"} <= days


@pytest.mark.parametrize("persons", [family(), (worlds.person("unaccompanied-minor"),)])
def test_no_child_is_picked_up_at_night(persons: tuple[Person, ...]) -> None:
    for operation, act in (("placement", "pick-up"), ("removal", "transport")):
        (day,) = declared(family_hours.CONSTRAINT, case(operation, persons=persons))  # type: ignore[arg-type]
        assert isinstance(day, Inside)
        assert (day.first, day.last) == ((act, "start"), (act, "end"))
        assert (local("2026-10-25 07:00"), local("2026-10-25 20:00")) in day.stretches


def test_the_hours_for_pick_ups_leave_families_a_start() -> None:
    of = case("placement", persons=family())
    pick_up, _ = declared(working_hours.CONSTRAINT, of)
    (day,) = declared(family_hours.CONSTRAINT, of)
    assert isinstance(pick_up, Inside)
    assert isinstance(day, Inside)
    assert any(
        max(since, opens) < min(until, closes)
        for since, until in pick_up.stretches
        for opens, closes in day.stretches
    )


def test_adults_and_those_in_detention_may_be_fetched_early() -> None:
    assert not declared(family_hours.CONSTRAINT, case("placement"))
    detained = case(persons=family(), detention=detention("59-1", "2026-10-12 12:00"))
    assert not declared(family_hours.CONSTRAINT, detained)


@pytest.mark.parametrize("scope", ["placement", "removal"])
def test_independent_departure_always_wins_and_withdraws_the_case(scope: Any) -> None:
    of = chain(triggers=triggers(independent_departure="2026-10-16 23:30"))
    (blocked,) = declared(independent_departure.CONSTRAINT, of, scope)
    assert isinstance(blocked, Standing)
    assert blocked.known
    assert blocked.withdrawn
    assert blocked.since is not None
    assert blocked.since.isoformat() == "2026-10-16"
    assert not declared(independent_departure.CONSTRAINT, chain(), scope)
