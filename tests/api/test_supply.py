"""What there is to plan with: read in pages, written whole, and never so that bookings break."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.store.tables import AUDIT, CLAIMS, PROCESSING
from tests.store.offices import NOON, PLACED, PLANNER, REMOVED, Small, assert_whole

Json = dict[str, Any]
KINDS = ("resources", "facilities", "departures")
ANY = {"if-match": "*"}


def first(http: TestClient, kind: str) -> Json:
    found: Json = http.get(f"/v1/{kind}", params={"limit": 1}).json()[kind][0]
    return found


def taken(at: Small, case: str) -> Any:
    (held,) = at.hold(case)
    return held.booking


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_can_be_written_back_and_is_the_same(http: TestClient, kind: str) -> None:
    path = f"/v1/{kind}/{first(http, kind)['id']}"
    read = http.get(path)
    assert read.json() == first(http, kind)
    written = http.put(path, json=read.json(), headers={"if-match": read.headers["etag"]})
    assert written.status_code == 200, written.text
    assert (written.json(), written.headers["etag"]) == (read.json(), read.headers["etag"])
    assert http.get(path).headers["etag"] == read.headers["etag"]


@pytest.mark.parametrize("kind", KINDS)
def test_something_new_is_made_once(at: Small, http: TestClient, kind: str) -> None:
    new = first(http, kind) | {"id": "new-1"}
    path, none = f"/v1/{kind}/new-1", {"if-none-match": "*"}
    assert http.get(path).status_code == 404
    made = http.put(path, json=new, headers=none)
    assert made.status_code == 201, made.text
    assert made.headers["location"] == path
    assert http.get(path).headers["etag"] == made.headers["etag"]
    assert http.get(f"/v1/{kind}").json()[kind][-1] == made.json()
    assert http.put(path, json=new, headers=none).status_code == 412
    assert_whole(at.database)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_writes_over_what_they_have_not_seen(http: TestClient, kind: str) -> None:
    one = first(http, kind)
    path = f"/v1/{kind}/{one['id']}"
    assert http.put(path, json=one).status_code == 428
    assert http.put(path, json=one, headers={"if-match": f'"{"0" * 32}"'}).status_code == 412
    gone = one | {"id": "new-1"}
    assert http.put(f"/v1/{kind}/new-1", json=gone, headers=ANY).status_code == 412


def test_who_comes_second_is_told_that_it_has_changed(http: TestClient) -> None:
    path = f"/v1/resources/{first(http, 'resources')['id']}"
    read = http.get(path)
    seen = {"if-match": read.headers["etag"]}
    assert http.put(path, json=read.json() | {"label": "Desk 1"}, headers=seen).status_code == 200
    assert http.put(path, json=read.json() | {"label": "Desk 2"}, headers=seen).status_code == 412
    assert http.get(path).json()["label"] == "Desk 1"


def test_lists_come_in_pages_and_can_be_narrowed(at: Small, http: TestClient) -> None:
    world = at.office.world()
    every = http.get("/v1/resources").json()
    assert every["total"] == len(world.resources)
    second = http.get("/v1/resources", params={"offset": 1, "limit": 1}).json()
    assert second["resources"] == every["resources"][1:2]
    role = world.resources[0].role
    of_role = http.get("/v1/resources", params={"role": role}).json()["resources"]
    assert {one["id"] for one in of_role} == {one.id for one in world.roles[role]}
    home = world.location[world.resources[0].home]
    near = http.get("/v1/resources", params={"region": home.region}).json()["resources"]
    assert {world.location[one["home"]].region for one in near} == {home.region}
    flight = world.departures[0]
    around = {"from": flight.departs.isoformat(), "until": flight.arrives.isoformat()}
    found = http.get("/v1/departures", params=around).json()["departures"]
    assert flight.id in {one["id"] for one in found}
    before = http.get("/v1/departures", params={"until": flight.departs.isoformat()}).json()
    assert flight.id not in {one["id"] for one in before["departures"]}
    place = world.location[world.facilities[0].location].region
    stays = http.get("/v1/facilities", params={"region": place}).json()["facilities"]
    assert world.facilities[0].id in {one["id"] for one in stays}
    assert http.get("/v1/facilities", params={"region": "Nowhere"}).json()["total"] == 0


def test_everything_that_no_world_may_hold_is_told_with_where(http: TestClient) -> None:
    one = first(http, "resources")
    shift = {"from": "2026-11-24T08:00:00", "until": "2026-11-24T16:00:00"}
    wrong = one | {"home": "nowhere", "role": "person", "shifts": [shift, shift]}
    told = http.put(f"/v1/resources/{one['id']}", json=wrong, headers=ANY)
    assert told.status_code == 400
    assert {each["in"] for each in told.json()["errors"]} == {
        "body.home",
        "body.role",
        "body.shifts[1]",
    }


def test_a_body_is_read_as_strictly_as_a_file_and_names_what_the_path_names(
    http: TestClient,
) -> None:
    one = first(http, "facilities")
    path = f"/v1/facilities/{one['id']}"
    told = http.put(path, json=one | {"places": -1, "rooms": 2}, headers=ANY)
    assert {each["in"] for each in told.json()["errors"]} == {"body.places", "body.rooms"}
    other = http.put(path, json=one | {"id": "other"}, headers=ANY)
    assert [each["in"] for each in other.json()["errors"]] == ["body.id"]


def test_an_id_that_a_case_has_is_no_id_of_a_resource(http: TestClient) -> None:
    new = first(http, "resources") | {"id": PLACED}
    told = http.put(f"/v1/resources/{PLACED}", json=new, headers={"if-none-match": "*"})
    assert told.status_code == 400
    assert PLACED in told.json()["errors"][0]["detail"]


def test_whoever_is_booked_keeps_the_shift_that_they_are_booked_in(
    at: Small, http: TestClient
) -> None:
    booked = next(
        name
        for one in taken(at, PLACED).attendances
        for name in one.resources
        if one.role == "interpreter"
    )
    path = f"/v1/resources/{booked}"
    told = http.put(path, json=http.get(path).json() | {"shifts": []}, headers=ANY)
    assert told.status_code == 409
    assert {one["booking"] for one in told.json()["violations"]} == {f"{PLACED}-placement"}
    assert http.get(path).json()["shifts"]
    assert_whole(at.database)
    http.delete(f"/v1/bookings/{PLACED}-placement")
    told = http.put(path, json=http.get(path).json() | {"shifts": []}, headers=ANY)
    assert told.status_code == 200


def test_a_flight_that_is_booked_keeps_its_hour_and_its_seat(at: Small, http: TestClient) -> None:
    path = f"/v1/departures/{taken(at, REMOVED).departure}"
    one = http.get(path).json()
    full = one | {"seats": {"unescorted": 0, "escorted": 0}}
    assert http.put(path, json=full, headers=ANY).status_code == 409
    late = one | {"arrives": "2027-01-02T00:00:00Z", "departs": "2027-01-01T00:00:00Z"}
    assert http.put(path, json=late, headers=ANY).status_code == 409
    more = one | {"seats": {"unescorted": 9, "escorted": 9}}
    assert http.put(path, json=more, headers=ANY).status_code == 200
    assert_whole(at.database)


def test_a_facility_keeps_the_places_that_are_taken_and_they_are_numbered_from_one(
    at: Small, http: TestClient
) -> None:
    booked = taken(at, PLACED)
    path = f"/v1/facilities/{booked.facility}"
    one = http.get(path).json()
    none = one | {"places": 0, "nights": {}}
    assert http.put(path, json=none, headers=ANY).status_code == 409
    just = one | {"places": 1, "nights": {}}
    assert http.put(path, json=just, headers=ANY).status_code == 200
    with at.database.reading() as connection:
        numbers = connection.execute(
            select(CLAIMS.c.number).where(CLAIMS.c.unit == f"facility/{booked.facility}")
        ).scalars()
        assert {*numbers} == {1}
    assert_whole(at.database)


def test_what_was_wrong_before_is_no_reason_to_refuse_what_is_right(
    at: Small, http: TestClient
) -> None:
    (held,) = at.hold(PLACED, minutes=100_000)
    at.clock.now = held.booking.start.replace(hour=0)
    booked = next(
        n for one in held.booking.attendances for n in one.resources if one.role != "person"
    )
    path = f"/v1/resources/{booked}"
    told = http.put(path, json=http.get(path).json() | {"label": "Desk"}, headers=ANY)
    assert told.status_code == 200, told.text


def test_what_a_colleague_is_called_is_in_no_log(at: Small, http: TestClient) -> None:
    one = first(http, "resources") | {"label": "Jansen"}
    path = f"/v1/resources/{one['id']}"
    assert http.put(path, json=one, headers=ANY).status_code == 200
    assert http.put(path, json=one | {"home": "nowhere"}, headers=ANY).status_code == 400
    with at.database.reading() as connection:
        rows = [*connection.execute(select(AUDIT)), *connection.execute(select(PROCESSING))]
    assert "Jansen" not in str(rows)
    assert [
        (row.action, row.object, row.result)
        for row in rows
        if getattr(row, "action", "") == "furnish"
    ] == [("furnish", one["id"], "done"), ("furnish", one["id"], "EventError")]


def test_what_is_new_is_planned_with(at: Small, http: TestClient) -> None:
    world = at.office.world()
    assert world.as_of == NOON
    for one in world.roles["interpreter"]:
        path = f"/v1/resources/{one.id}"
        idle = http.get(path).json() | {"shifts": []}
        assert http.put(path, json=idle, headers=ANY).status_code == 200
    assert not at.office.desk().ask(PLACED).proposals
    back = world.roles["interpreter"][0].model_copy(update={"id": "tolk-new"})
    made = http.put(
        "/v1/resources/tolk-new",
        json=back.model_dump(mode="json", by_alias=True),
        headers={"if-none-match": "*"},
    )
    assert made.status_code == 201
    assert at.office.desk().ask(PLACED).proposals
    assert at.office.export(PLANNER).resource["tolk-new"].role == "interpreter"
