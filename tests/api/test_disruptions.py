"""What happened and what is asked of planners, over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.office import Office
from tests.api.test_bookings import hold, path
from tests.store.offices import PLACED, PLANNER, REMOVED, Small, assert_whole, opened
from tests.store.test_requests import without_police

GONE = {"id": "e-1", "at": "2026-11-22T18:30:00Z", "kind": "case-withdrawn", "subject": PLACED}


def test_who_leaves_independently_is_withdrawn_and_everything_is_released(
    at: Small, http: TestClient
) -> None:
    hold(http, PLACED)
    other = hold(http, REMOVED)
    told = http.post("/v1/events", json=[GONE]).json()
    assert [one["case"] for one in told["dropped"]] == [PLACED]
    assert (told["kept"], told["untouched"]) == ([], [REMOVED])
    assert told["dropped"][0]["reason"]
    assert http.get(f"/v1/cases/{PLACED}").status_code == 404
    assert http.get(path(other)).json()["status"] == "held"
    assert_whole(at.database)


def test_a_cancelled_departure_moves_who_was_on_it(at: Small, http: TestClient) -> None:
    held = hold(http, REMOVED)
    cancelled = {
        "id": "e-1",
        "at": "2026-11-22T18:30:00Z",
        "kind": "departure-changed",
        "subject": held["booking"]["departure"],
        "value": {"cancelled": True},
    }
    told = http.post("/v1/events", json=[cancelled])
    assert told.status_code == 200
    (moved,) = told.json()["moved"]
    assert moved["case"] == REMOVED
    assert moved["after"][0]["departure"] != held["booking"]["departure"]
    assert_whole(at.database)


@pytest.mark.parametrize(
    ("events", "places"),
    [
        ({}, {"body"}),
        ([], {"body"}),
        ([GONE | {"subject": "nobody"}, GONE], {"body[0].subject", "body[1].id"}),
        ([GONE | {"kind": "storm", "x": 1}], {"body[0].kind"}),
        ([GONE, {"id": 3}], {"body[1].kind"}),
    ],
)
def test_bad_events_are_refused_with_every_mistake_and_its_path(
    at: Small, http: TestClient, events: Any, places: set[str]
) -> None:
    before = at.office.world().fingerprint
    told = http.post("/v1/events", json=events)
    assert told.status_code == 400
    assert {one["in"] for one in told.json()["errors"]} == places
    assert at.office.world().fingerprint == before


# --- Requests -------------------------------------------------------------------------------------


@pytest.fixture
def blocked(tmp_path: Path) -> Iterator[TestClient]:
    """The service of an office in whose world no police is on duty."""
    with opened(f"sqlite:///{tmp_path}/blocked.sqlite") as database:
        office = Office(database)
        office.begin(without_police(), PLANNER)
        with TestClient(create_app(office)) as client:
            yield client


def repair(http: TestClient) -> Any:
    return http.get(f"/v1/cases/{PLACED}/traffic-lights").json()["repairs"][0]


def test_a_repair_is_asked_of_planners_once_and_settled(blocked: TestClient) -> None:
    http, body = blocked, {"case": PLACED, "repair": repair(blocked)}
    key = {"idempotency-key": "a-key-of-an-officer"}
    told, again = (http.post("/v1/requests", json=body, headers=key) for _ in range(2))
    assert told.status_code == 201
    assert again.content == told.content
    request = told.json()
    assert (request["case"], request["status"]) == (PLACED, "open")
    assert http.get("/v1/requests", params={"status": "open"}).json()["requests"] == [request]
    where = f"/v1/requests/{request['id']}"
    assert http.patch(where, json={"status": "done"}).json()["status"] == "done"
    assert http.patch(where, json={"status": "refused"}).status_code == 409
    page = {"requests": [], "total": 0, "offset": 0}
    assert http.get("/v1/requests", params={"status": "open"}).json() == page
    assert http.get("/v1/requests").json()["total"] == 1


def test_a_repair_that_is_not_offered_is_not_kept(blocked: TestClient) -> None:
    http, offered = blocked, repair(blocked)
    other = offered | {"says": []}
    assert http.post("/v1/requests", json={"case": PLACED, "repair": other}).status_code == 409
    nobody = {"case": "zk-9999", "repair": offered}
    assert http.post("/v1/requests", json=nobody).status_code == 404
    assert http.patch("/v1/requests/none", json={"status": "done"}).status_code == 404
