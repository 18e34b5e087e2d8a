"""What each partner is asked: its own part alone, as a list and as a calendar."""

from datetime import date, datetime, timedelta

import pytest
from icalendar import Calendar, Component
from starlette.testclient import TestClient

from api.access.person import Role
from api.partners import PARTNERS, id_of
from constraints.register import REGISTER
from tests.api.people import asking
from tests.store.offices import CHAIN, PLACED, PLANNER, REMOVED, Small

DESK = "/v1/partners/tolkendesk"


def events(http: TestClient, path: str = DESK) -> list[Component]:
    answer = http.get(f"{path}/calendar")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return [*Calendar.from_ical(answer.content).walk("VEVENT")]


def test_every_partner_has_an_id_of_its_own() -> None:
    assert {*PARTNERS.values()} == {one.owner for one in REGISTER.constraints}
    assert id_of("DV&O") == "dv-o"
    assert id_of("Raad voor Rechtsbijstand") == "raad-voor-rechtsbijstand"


def test_planners_are_told_of_all_partners_and_a_partner_of_itself(
    at: Small, http: TestClient
) -> None:
    assert len(http.get("/v1/partners").json()["partners"]) == len(PARTNERS)
    with asking(at.office, Role.partner, organisation="DV&O") as theirs:
        assert theirs.get("/v1/partners").json() == {"partners": [{"id": "dv-o", "name": "DV&O"}]}


def test_a_partner_is_told_of_its_own_part_alone(at: Small) -> None:
    at.hold(PLACED)
    at.hold(REMOVED)
    with asking(at.office, Role.partner, organisation="Tolkendesk") as theirs:
        told = theirs.get(f"{DESK}/bookings")
        assert told.status_code == 200
        found = told.json()["bookings"]
        assert len(found) == 1
        assert told.text.count(PLACED) == told.text.count(REMOVED) == 0
        assert {a["role"] for one in found for a in one["attendances"]} == {"interpreter"}
        assert {one["facility"] for one in found} == {None}
        assert theirs.get("/v1/partners/dv-o/bookings").status_code == 403
        assert theirs.get("/v1/partners/dv-o/calendar").status_code == 403
        assert theirs.get("/v1/partners/nobody/bookings").status_code == 404


def test_what_is_only_proposed_is_asked_of_nobody(at: Small, http: TestClient) -> None:
    assert http.get(f"{DESK}/bookings").json() == {"bookings": [], "total": 0, "offset": 0}
    assert events(http) == []


def test_the_list_comes_in_pages_from_a_day_on(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    (later,) = at.hold(REMOVED)
    path = "/v1/partners/dv-o/bookings"
    every = http.get(path).json()
    assert every["total"] == len(every["bookings"]) == 2
    second = http.get(path, params={"offset": 1, "limit": 1}).json()
    assert second["bookings"] == every["bookings"][1:]
    day = later.booking.end.date()
    assert at.called(later.booking.id) in {
        one["id"] for one in http.get(path, params={"from": day.isoformat()}).json()["bookings"]
    }
    after = (day + timedelta(days=60)).isoformat()
    assert http.get(path, params={"from": after}).json()["total"] == 0


def test_the_calendar_has_an_event_for_each_phase_in_utc(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    (part,) = http.get(f"{DESK}/bookings").json()["bookings"]
    found = events(http)
    assert len(found) == len({one["phase"] for one in part["attendances"]})
    for event in found:
        assert event["status"] == "TENTATIVE"
        assert event.decoded("dtstart").utcoffset() == timedelta()
        assert part["id"] in str(event["uid"])
        assert event["location"] in {one["place"] for one in part["phases"]}
    assert {event.decoded("dtstart") for event in found} == {
        datetime.fromisoformat(one["from"]) for one in part["attendances"]
    }


@pytest.mark.parametrize("partner", PARTNERS)
def test_whoever_is_asked_anything_has_it_in_the_calendar(
    at: Small, http: TestClient, partner: str
) -> None:
    """And whoever is asked nothing has nothing in it."""
    for case in (PLACED, REMOVED, CHAIN):
        at.hold(case)
    asked = http.get(f"/v1/partners/{partner}/bookings").json()["bookings"]
    found = events(http, f"/v1/partners/{partner}")
    assert len({str(one["uid"]) for one in found}) == len(found)
    for one in asked:
        assert any(one["id"] in str(each["uid"]) for each in found)
    assert bool(asked) == bool(found)


def test_nights_are_whole_days_until_the_one_that_is_left_on(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    (part,) = http.get("/v1/partners/dji/bookings").json()["bookings"]
    (event,) = events(http, "/v1/partners/dji")
    assert event["location"] == part["facility"]
    assert event.decoded("dtstart") == date.fromisoformat(part["nights"][0])
    assert event.decoded("dtend") == date.fromisoformat(part["nights"][-1]) + timedelta(days=1)
    assert event["dtstart"].params["VALUE"] == "DATE"


def test_seats_are_asked_from_departure_to_arrival(at: Small, http: TestClient) -> None:
    (held,) = at.hold(REMOVED)
    departure = at.office.world().departure[held.booking.departure or ""]
    (event,) = events(http, "/v1/partners/luchtvaartmaatschappij")
    assert event["location"] == departure.from_
    assert departure.id in str(event["summary"])
    assert event.decoded("dtstart") == departure.departs
    assert event.decoded("dtend") == departure.arrives


def test_a_check_is_in_the_calendar_while_it_can_be_made(at: Small, http: TestClient) -> None:
    (held,) = at.hold(REMOVED)
    (check,) = (one for one in held.checks if one.fact == "fit-to-fly")
    (event,) = events(http, "/v1/partners/medische-dienst")
    assert event["summary"] == "Fit to fly"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (check.opens, check.before)


def test_an_event_stays_itself_while_its_booking_goes_on(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    tentative = events(http)
    at.confirm(held.booking.id)
    confirmed = events(http)
    at.office.release(held.booking.id, PLANNER)
    cancelled = events(http)
    told = [tentative, confirmed, cancelled]
    assert [{str(one["status"]) for one in each} for each in told] == [
        {"TENTATIVE"},
        {"CONFIRMED"},
        {"CANCELLED"},
    ]
    assert len({tuple(str(one["uid"]) for one in each) for each in told}) == 1
    numbers = [each[0].decoded("sequence") for each in told]
    assert numbers == sorted({*numbers})


def test_a_hold_that_ran_out_is_cancelled_too(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    (before, *_) = events(http)
    at.clock.wait(minutes=16)
    (after, *_) = events(http)
    assert after["status"] == "CANCELLED"
    assert after.decoded("sequence") > before.decoded("sequence")


def test_what_has_been_leaves_the_calendar_after_a_while(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    at.office.release(held.booking.id, PLANNER)
    at.clock.now = held.booking.end + timedelta(days=29)
    assert events(http)
    at.clock.now = held.booking.end + timedelta(days=32)
    assert events(http) == []


def test_the_calendar_is_the_same_as_long_as_nothing_changes(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    first, second = (http.get(f"{DESK}/calendar") for _ in range(2))
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


@pytest.mark.parametrize("partner", PARTNERS)
def test_no_list_tells_of_a_case(at: Small, http: TestClient, partner: str) -> None:
    for case in (PLACED, REMOVED, CHAIN):
        at.hold(case)
    text = http.get(f"/v1/partners/{partner}/bookings").text
    cases = at.office.world().cases
    names = {one.id for one in cases} | {p.id for one in cases for p in one.persons}
    assert [name for name in names if name in text] == []


def test_a_partner_answers_by_the_reference_and_is_told_of_no_id(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    check = next(one for one in held.checks if one.owner == "Medische dienst")
    name = at.called(held.booking.id)
    made = {"fact": check.fact, "value": "yes", "since": at.office.now().date().isoformat()}
    with asking(at.office, Role.partner, organisation="Medische dienst") as theirs:
        assert theirs.post(f"/v1/bookings/{held.booking.id}/checks", json=made).status_code == 404
        told = theirs.post(f"/v1/bookings/{name}/checks", json=made)
        assert (told.status_code, told.json()["id"]) == (200, name)
        at.office.release(held.booking.id, PLANNER)
        over = theirs.post(f"/v1/bookings/{name}/checks", json=made)
        assert over.status_code == 409
    assert REMOVED not in told.text + over.text
    word = {"partner": "DV&O", "answer": "confirmed"}
    with asking(at.office, Role.partner, organisation="DV&O") as theirs:
        over = theirs.post(f"/v1/bookings/{name}/confirmations", json=word)
        assert over.status_code == 409
        assert REMOVED not in over.text


def test_who_makes_the_other_checks_is_not_told(at: Small) -> None:
    """Whether one is asked of others, of nobody, or is none at all: it is the same answer."""
    (held,) = at.hold(REMOVED)
    owners = {one.fact: one.owner for one in held.checks}
    others = [fact for fact, owner in owners.items() if owner != "Medische dienst"]
    assert others
    path = f"/v1/bookings/{at.called(held.booking.id)}/checks"
    with asking(at.office, Role.partner, organisation="Medische dienst") as theirs:
        told = {
            (answer.status_code, answer.text.replace(fact, ""))
            for fact in [*others, "lighter-means-rejected", "nothing"]
            for answer in [
                theirs.post(path, json={"fact": fact, "value": "yes", "since": "2026-11-22"})
            ]
        }
    assert {status for status, _ in told} == {400}
    assert len(told) == 1


@pytest.mark.parametrize("partner", PARTNERS)
def test_no_calendar_tells_of_a_case_or_of_a_colleague(
    at: Small, http: TestClient, partner: str
) -> None:
    for case in (PLACED, REMOVED, CHAIN):
        at.hold(case)
    text = http.get(f"/v1/partners/{partner}/calendar").text
    world = at.office.world()
    names = {one.id for one in world.cases} | {p.id for one in world.cases for p in one.persons}
    names |= {one.id for one in world.resources}
    assert [name for name in names if name in text] == []
