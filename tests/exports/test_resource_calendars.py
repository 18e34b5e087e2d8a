"""The calendar of one colleague, vehicle or room: where it is taken, and nobody else."""

from collections.abc import Iterator

import pytest
from icalendar import Calendar, Component
from starlette.testclient import TestClient

from api.access.person import Role
from api.app import create_app
from api.imports.calendars import read_calendar
from api.store.standing import Standing
from scheduler.grid import merged
from scheduler.world import Resource
from tests.api.people import asking
from tests.store.offices import PLACED, PLANNER, TWIN, Small, small

DESK = "/v1/partners/tolkendesk/calendar"


@pytest.fixture
def at(database_url: str) -> Iterator[Small]:
    with small(database_url) as at:
        yield at


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    with TestClient(create_app(at.office)) as client:
        yield client


def interpreter(at: Small, held: Standing) -> Resource:
    """Return the interpreter whom a booking takes."""
    block = next(one for one in held.booking.attendances if one.role == "interpreter")
    return at.office.world().resource[block.resources[0]]


def events(http: TestClient, one: Resource) -> list[Component]:
    told = http.get(DESK, params={"resource": one.id})
    assert told.status_code == 200, told.text
    return [*Calendar.from_ical(told.content).walk("VEVENT")]


def test_what_is_written_reads_back_as_the_same_time_away(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    at.hold(TWIN)
    one, world = interpreter(at, held), at.office.world()
    taken = merged(
        (block.from_, block.until)
        for booking in world.bookings
        for block in booking.attendances
        if one.id in block.resources
    )
    told = http.get(DESK, params={"resource": one.id}).content
    assert [each.stretch for each in read_calendar(told, one, world).away] == taken


def test_what_a_partner_is_asked_reads_back_too(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    world = at.office.world()
    blocks = merged(
        (one.from_, one.until) for one in held.booking.attendances if one.role == "interpreter"
    )
    told = http.get(DESK).content
    away = read_calendar(told, interpreter(at, held), world).away
    assert [each.stretch for each in away] == blocks


def test_what_was_let_go_is_cancelled_under_the_same_name_and_a_higher_number(
    at: Small, http: TestClient
) -> None:
    (held,) = at.hold(PLACED)
    one = interpreter(at, held)
    before = events(http, one)
    at.confirm(held.booking.id)
    confirmed = events(http, one)
    at.office.release(held.booking.id, PLANNER)
    after = events(http, one)
    told = [before, confirmed, after]
    assert [{str(each["status"]) for each in found} for found in told] == [
        {"TENTATIVE"},
        {"CONFIRMED"},
        {"CANCELLED"},
    ]
    assert len({tuple(str(each["uid"]) for each in found) for found in told}) == 1
    numbers = [found[0].decoded("sequence") for found in told]
    assert numbers == sorted({*numbers})
    body = http.get(DESK, params={"resource": one.id}).content
    assert b"METHOD:PUBLISH" in body
    assert read_calendar(body, one, at.office.world()).away == ()


def test_it_tells_of_no_case_and_of_no_other_colleague(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    one, world = interpreter(at, held), at.office.world()
    text = http.get(DESK, params={"resource": one.id}).text
    hidden = {each.id for each in world.cases} | {p.id for c in world.cases for p in c.persons}
    hidden |= {each.id for each in world.resources} - {one.id}
    hidden |= {each.label for each in world.resources if each.label}
    assert [name for name in hidden if name in text] == []


def test_who_is_taken_for_nothing_has_an_empty_calendar(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    taken = {name for one in held.booking.attendances for name in one.resources}
    free = next(
        one
        for one in at.office.world().resources
        if one.role == "interpreter" and one.id not in taken
    )
    assert events(http, free) == []


def test_a_partner_asks_for_its_own_resources_alone(at: Small) -> None:
    (held,) = at.hold(PLACED)
    one = interpreter(at, held)
    with asking(at.office, Role.partner, organisation="DV&O") as theirs:
        path = "/v1/partners/dv-o/calendar"
        assert theirs.get(path, params={"resource": one.id}).status_code == 404
        assert theirs.get(path, params={"resource": PLACED}).status_code == 404
        assert theirs.get(DESK, params={"resource": one.id}).status_code == 403
