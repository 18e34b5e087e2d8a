"""Whoever is shown something of a person leaves a record of it, before it is shown."""

import re

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from api.access.person import Role
from api.desk import Desk
from api.store.requests import ask
from api.store.tables import PROCESSING
from api.traffic_lights import RepairView
from tests.api.people import asking
from tests.store.offices import FAMILY, PLACED, REMOVED, Small


def recorded(at: Small) -> dict[str, set[str]]:
    """Return whose data was used, by activity, and forget it."""
    found: dict[str, set[str]] = {}
    with at.database.writing() as connection:
        for activity, person in connection.execute(
            select(PROCESSING.c.activity, PROCESSING.c.data_subject)
        ):
            found.setdefault(activity, set()).add(person)
        connection.execute(delete(PROCESSING))
    return found


def persons(at: Small, answer: str) -> set[str]:
    """Return the persons of every case that an answer names."""
    cases = at.office.world().case
    named = {one for one in re.findall(r"zk-\d{4}", answer) if one in cases}
    return {person.id for one in named for person in cases[one].persons}


@pytest.mark.parametrize(
    ("path", "activity"),
    [
        ("/v1/cases", "read"),
        (f"/v1/cases/{FAMILY}", "read"),
        (f"/v1/cases/{PLACED}/traffic-lights", "light"),
        ("/v1/bookings", "read"),
        (f"/v1/bookings/{REMOVED}-removal", "read"),
        ("/v1/openings", "read"),
        ("/v1/requests", "read"),
        ("/v1/audit-lines", "read"),
    ],
)
def test_what_is_shown_of_persons_is_recorded(
    at: Small, http: TestClient, path: str, activity: str
) -> None:
    at.hold(REMOVED)
    with at.database.writing() as connection:
        ask(connection, "request-1", PLACED, RepairView(kind="capacity", says=()), at.clock())
    recorded(at)
    answer = http.get(path)
    assert answer.status_code == 200
    assert persons(at, answer.text)
    assert recorded(at) == {activity: persons(at, answer.text)}


@pytest.mark.parametrize("path", ["bookings", "calendar"])
def test_what_a_partner_is_told_is_recorded(at: Small, http: TestClient, path: str) -> None:
    at.hold(REMOVED)
    recorded(at)
    assert http.get(f"/v1/partners/dv-o/{path}").status_code == 200
    assert recorded(at) == {"read": {f"{REMOVED}-a"}}


def test_what_is_proposed_is_recorded(at: Small, http: TestClient) -> None:
    recorded(at)
    answer = http.post("/v1/slot-proposals", json={"case": FAMILY})
    assert recorded(at) == {"propose": persons(at, answer.text)}


def test_who_could_use_what_a_partner_declined_is_recorded(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    recorded(at)
    word = {"partner": "COA", "answer": "declined", "reason": "partner-absent"}
    answer = http.post(f"/v1/bookings/{held.booking.id}/confirmations", json=word)
    told = recorded(at)
    assert told["confirm"] == {f"{PLACED}-a"}
    assert told["confirm"] | told["read"] == persons(at, answer.text)


def test_a_partner_that_declines_reads_of_nobody_else_and_waits_for_nothing(
    at: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    (held,) = at.hold(PLACED)
    asked: list[str] = []
    monkeypatch.setattr(Desk, "ask", lambda _self, case: asked.append(case))
    recorded(at)
    with asking(at.office, Role.partner, organisation="COA") as theirs:
        word = {"partner": "COA", "answer": "declined", "reason": "partner-absent"}
        path = f"/v1/bookings/{at.called(held.booking.id)}/confirmations"
        told = theirs.post(path, json=word)
    assert told.status_code == 200
    assert told.json()["status"] == "cancelled"
    assert recorded(at) == {"confirm": {f"{PLACED}-a"}}
    assert asked == []


def test_what_is_told_again_is_recorded_again(at: Small, http: TestClient) -> None:
    key = {"idempotency-key": "held-once-1"}
    told = http.post("/v1/slot-proposals", json={"case": REMOVED}).json()
    body = {"bookings": told["proposals"][0]["bookings"]}
    first = http.post("/v1/bookings", json=body, headers=key)
    recorded(at)
    assert http.post("/v1/bookings", json=body, headers=key).content == first.content
    assert recorded(at) == {"read": persons(at, first.text)}


def test_an_event_is_recorded_of_whom_it_is_about_and_of_whom_it_tells(
    at: Small, http: TestClient
) -> None:
    at.hold(REMOVED)
    recorded(at)
    value = {"whereabouts-known": {"value": "no", "since": "2026-11-22"}}
    event = {"id": "e-1", "at": "2026-11-22T18:00:00Z", "kind": "fact-changed"}
    told = http.post("/v1/events", json=[event | {"subject": "zk-0004", "value": value}])
    assert told.status_code == 200
    assert recorded(at) == {"replan": {"zk-0004-a"} | persons(at, told.text)}


def test_what_cannot_be_recorded_is_not_shown(
    at: Small, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("database or disk is full"))

    monkeypatch.setattr("api.office.reading.process", full)
    answer = http.get(f"/v1/cases/{FAMILY}")
    assert answer.status_code == 503
    assert FAMILY not in answer.text


@pytest.mark.parametrize("path", ["/v1/cases", f"/v1/cases/{PLACED}/traffic-lights"])
def test_who_asks_for_headers_alone_has_read_nothing(
    at: Small, http: TestClient, path: str
) -> None:
    recorded(at)
    assert http.head(path).status_code == 200
    assert recorded(at) == {}
    assert http.get(path).status_code == 200
    assert recorded(at) != {}
