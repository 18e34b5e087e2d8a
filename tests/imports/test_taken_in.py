"""A file is brought in whole, once, and what it breaks is told and repaired when that is asked."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from api.exports.files import FILES, File, written
from api.exports.tables import Kind, table_of
from api.imports.brought import Made
from api.imports.flaws import FlawedError
from api.imports.preview import report, told_by
from api.office.refusals import RefusedError
from api.store.life import Failure, Status
from api.store.tables import AUDIT, PROCESSING, STORE
from scheduler.event import CaseWithdrawn
from tests.store.offices import PLACED, PLANNER, REMOVED, Small, assert_whole, small

KINDS: tuple[Kind, ...] = "rosters", "departures", "cases", "roads"


@pytest.fixture
def at(database_url: str) -> Iterator[Small]:
    """The small world in an office of its own."""
    with small(database_url) as at:
        yield at


def revision(at: Small) -> int:
    with at.database.reading() as connection:
        found: int = connection.execute(select(STORE.c.revision)).scalar_one()
    return found


def file_of(text: str, kind: Kind = "rosters") -> Made:
    return told_by(text.encode(), kind)


def free(at: Small, role: str = "interpreter") -> tuple[str, Made]:
    """Return who is booked for a placement, and a roster in which they are not there then."""
    (held,) = at.hold(PLACED)
    booking = held.booking
    name = next(n for one in booking.attendances for n in one.resources if one.role == role)
    day = f"{booking.start:%d-%m-%Y}"
    return name, file_of(f"code;datum;van;tot\n{name};{day};22.00;23.00")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("file", FILES)
def test_what_is_taken_out_and_brought_in_again_changes_nothing(
    at: Small, kind: Kind, file: File
) -> None:
    at.hold(PLACED)
    before, was = at.office.world(), revision(at)
    made = told_by(written([table_of(before, kind)], file), kind)
    effect = at.office.take_in(made, "x", PLANNER)
    told = report(effect, kind, applied=True)
    assert (told.new, told.changed, told.parts, told.broken) == (0, 0, (), ())
    assert told.same == told.rows > 0
    assert revision(at) == was
    assert at.office.world() == before
    assert_whole(at.database)


def test_the_same_roster_a_second_time_changes_nothing(at: Small) -> None:
    made = file_of("code;soort;van;tot\nteam-breda-1;dienst;24-11-2026 8.00;16.00")
    first = report(at.office.take_in(made, "x", PLANNER), "rosters", applied=True)
    assert (first.new, first.gone, first.parts) == (1, 1, ("team-breda-1",))
    was, after = revision(at), at.office.world()
    second = report(at.office.take_in(made, "x", PLANNER), "rosters", applied=True)
    assert (second.new, second.same, second.gone, second.parts) == (0, 1, 0, ())
    assert (revision(at), at.office.world()) == (was, after)


def test_a_preview_tells_what_comes_and_changes_nothing(at: Small) -> None:
    made = file_of("code;soort;van;tot\nteam-breda-1;dienst;24-11-2026 8.00;16.00")
    was, before = revision(at), at.office.world()
    seen = report(at.office.foreseen_of(made), "rosters", applied=False)
    assert (revision(at), at.office.world()) == (was, before)
    done = report(at.office.take_in(made, "x", PLANNER), "rosters", applied=False)
    assert done == seen


def test_new_colleagues_flights_and_cases_are_there_afterwards(at: Small) -> None:
    office = at.office
    office.take_in(
        file_of("code;rol;standplaats;van;tot\nt-9;police;pol-breda;24-11-2026 8.00;16.00"),
        "x",
        PLANNER,
    )
    flight = (
        "number;carrier;from;to;departs;duration;unescorted\n"
        "AT853;ram;schiphol-ams;casablanca-cmn;26-11-2026 20:00;215;2"
    )
    office.take_in(file_of(flight, "departures"), "x", PLANNER)
    case = (
        "dossier;handeling;locatie;bestemming;persoon;categorie\n"
        "zk-0900;uitzetting;dc-rotterdam;MA;zk-0900-a;man"
    )
    office.take_in(file_of(case, "cases"), "x", PLANNER)
    world = office.world()
    assert len(world.resource["t-9"].shifts) == 1
    assert world.departure["at853-2026-11-26"].seats.unescorted == 2
    assert [one.id for one in world.case["zk-0900"].persons] == ["zk-0900-a"]
    with at.database.reading() as connection:
        told = {*connection.execute(select(AUDIT.c.object).where(AUDIT.c.action == "import"))}
        used = {*connection.execute(select(PROCESSING.c.data_subject))}
    assert {("t-9",), ("at853-2026-11-26",), ("zk-0900",)} <= told
    assert ("zk-0900-a",) in used
    assert_whole(at.database)


def test_one_row_that_no_world_may_hold_keeps_all_others_out(at: Small) -> None:
    was, before = revision(at), at.office.world()
    made = file_of(
        "code;rol;standplaats;van;tot\n"
        "t-9;police;pol-breda;24-11-2026 8.00;16.00\n"
        "t-9;police;pol-breda;24-11-2026 12.00;18.00\n"
        "t-8;police;pol-breda;24-11-2026 8.00;16.00"
    )
    with pytest.raises(FlawedError) as error:
        at.office.take_in(made, "x", PLANNER)
    assert {(one.row, one.column) for one in error.value.flaws} == {(3, "van")}
    assert (revision(at), at.office.world()) == (was, before)


def test_an_id_that_a_case_has_is_no_id_of_a_colleague(at: Small) -> None:
    text = f"code;rol;standplaats;van;tot\n{PLACED};police;pol-breda;24-11-2026 8.00;16.00"
    with pytest.raises(FlawedError) as error:
        at.office.take_in(file_of(text), "x", PLANNER)
    (flaw,) = error.value.flaws
    assert (flaw.row, flaw.column, flaw.value) == (2, "code", PLACED)


def test_a_roster_that_breaks_a_booking_is_not_done_and_tells_which(at: Small) -> None:
    name, made = free(at)
    before = at.office.world()
    seen = report(at.office.foreseen_of(made), "rosters", applied=False)
    assert {one.booking for one in seen.broken} == {f"{PLACED}-placement"}
    assert {one.case for one in (*seen.moved, *seen.dropped)} == {PLACED}
    with pytest.raises(RefusedError) as error:
        at.office.take_in(made, "x", PLANNER)
    assert {one.booking for one in error.value.violations} == {f"{PLACED}-placement"}
    assert at.office.world() == before
    assert at.office.booking(f"{PLACED}-placement").status == Status.held
    assert name in {one.id for one in before.resources}


def test_bookings_that_break_are_repaired_when_that_is_asked(at: Small) -> None:
    at.hold(REMOVED)
    name, made = free(at)
    effect = at.office.take_in(made, "x", PLANNER, repair=True)
    told = report(effect, "rosters", applied=True)
    assert [one.case for one in told.moved] == [PLACED]
    ended = at.office.booking(f"{PLACED}-placement")
    assert (ended.status, ended.reason) == (Status.cancelled, Failure.partner_absent)
    (new,) = told.moved[0].after
    standing = at.office.booking(new.id)
    assert (standing.status, standing.booking.start) == (Status.proposed, new.start)
    assert at.office.booking(f"{REMOVED}-removal").status == Status.held
    assert [one.from_.hour for one in at.office.world().resource[name].shifts][:1] == [22]
    assert_whole(at.database)
    was = revision(at)
    assert at.office.take_in(made, "x", PLANNER).parts == ()
    assert revision(at) == was


def test_a_flight_that_leaves_at_another_hour_breaks_who_is_booked_on_it(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    flight = at.office.world().departure[held.booking.departure or ""]
    text = (
        f"code;vanaf;naar;vertrek;duur;soort;vluchtnummer;maatschappij\n{flight.id};{flight.from_};"
        f"{flight.destination};2026-11-24T04:00:00Z;{flight.minutes};lijnvlucht;"
        f"{flight.number};{flight.carrier}"
    )
    made = file_of(text, "departures")
    with pytest.raises(RefusedError):
        at.office.take_in(made, "x", PLANNER)
    at.office.take_in(made, "x", PLANNER, repair=True)
    ended = at.office.booking(held.booking.id)
    assert (ended.status, ended.reason) == (Status.cancelled, Failure.departure_changed)
    assert_whole(at.database)


def test_a_fact_that_a_file_tells_overtakes_the_answer_to_its_check(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    standing = at.answer(held.booking.id)
    fact = next(one.fact for one in standing.checks)
    person = at.office.world().case[REMOVED].persons[0]
    text = (
        f"dossier;persoon;categorie;feit {fact};feit {fact} sinds\n"
        f"{REMOVED};{person.id};{person.category};nee;23-11-2026"
    )
    at.office.take_in(file_of(text, "cases"), "x", PLANNER, repair=True)
    case = at.office.world().case[REMOVED]
    told = {**case.facts, **case.persons[0].facts}[fact]
    assert told.value == "no"
    assert_whole(at.database)


def test_a_case_that_was_withdrawn_does_not_come_back_by_a_file(at: Small) -> None:
    body = written([table_of(at.office.world(), "cases")], "csv")
    gone = CaseWithdrawn(id="e-1", at=at.clock.now, subject=PLACED, kind="case-withdrawn")
    at.office.happened([gone], PLANNER)
    with pytest.raises(FlawedError, match="was withdrawn"):
        at.office.take_in(told_by(body, "cases"), "x", PLANNER)


def test_a_calendar_is_the_roster_of_whoever_it_is_told_to_be_of(at: Small) -> None:
    body = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        b"DTSTAMP:20261120T000000Z\r\nDTSTART:20261124T080000Z\r\nDTEND:20261124T090000Z\r\n"
        b"SUMMARY:Tandarts\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    made = told_by(body, "rosters", resource="team-breda-1")
    told = report(at.office.take_in(made, "x", PLANNER), "rosters", applied=True)
    assert told.parts == ("team-breda-1",)
    assert len(at.office.world().resource["team-breda-1"].away) == 1
    assert at.office.take_in(made, "x", PLANNER).parts == ()
    for wrong in ({}, {"resource": "nobody"}, {"resource": "team-breda-1", "roles": {"coa"}}):
        with pytest.raises(FlawedError):
            at.office.take_in(told_by(body, "rosters", **wrong), "x", PLANNER)


def slow(at: Small, minutes: int = 400) -> Made:
    """Return travel times with which nobody gets anywhere in time."""
    rows = (f"{one.from_};{one.to};{minutes}" for one in at.office.world().roads)
    return file_of("\n".join(["van;naar;minuten", *rows]), "roads")


def test_other_travel_times_hold_for_what_is_planned_from_then_on(at: Small) -> None:
    road = at.office.world().roads[0]
    at.office.desk()
    text = f"van;naar;minuten\n{road.to};{road.from_};{road.minutes - 10}"
    was = revision(at)
    effect = at.office.take_in(file_of(text, "roads"), "x", PLANNER)
    assert [one.differs for one in effect.brought.rows] == [("minutes",)]
    now = at.office.world()
    assert now.drive(road.from_, road.to) == road.minutes - 10
    assert len(now.roads) == len(effect.before.roads)
    assert at.office.desk().lamps([PLACED])
    assert revision(at) == was + 1
    assert at.office.take_in(file_of(text, "roads"), "x", PLANNER).parts == ()
    assert revision(at) == was + 1
    assert_whole(at.database)


def test_longer_travel_times_tell_every_booking_that_breaks_and_repair_it_when_asked(
    at: Small,
) -> None:
    (held,) = at.hold(PLACED)
    made, before = slow(at), at.office.world()
    with pytest.raises(RefusedError) as error:
        at.office.take_in(made, "x", PLANNER)
    assert {one.booking for one in error.value.violations} == {held.booking.id}
    assert at.office.world() == before
    told = report(at.office.take_in(made, "roads/x", PLANNER, repair=True), "roads", applied=True)
    assert [one.case for one in (*told.moved, *told.dropped)] == [PLACED]
    assert at.office.booking(held.booking.id).status == Status.cancelled
    assert {one.minutes for one in at.office.world().roads} == {400}
    assert_whole(at.database)
