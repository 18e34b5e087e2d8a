"""How the service fares: away, empty, broken, and what it writes down of what it was asked."""

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.http.health import FRESH
from api.office import Office
from api.store.database import Database, UnavailableError
from tests.api.test_bookings import hold, proposed
from tests.store.offices import PLACED, Small, opened


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """What the technical log has of the last requests."""

    class Lines(list[dict[str, Any]]):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            return (json.loads(one.message) for one in caplog.records if one.name == LOG)

    LOG = "regietafel.http"  # noqa: N806
    with caplog.at_level(logging.INFO, LOG):
        yield Lines()


def away(*_: object) -> Any:
    raise UnavailableError("the disk of the database is full")


def test_when_the_database_is_away_it_is_said_and_whether_to_come_back(
    http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bookings = proposed(http, PLACED)
    monkeypatch.setattr(Database, "reading", away)
    monkeypatch.setattr(Database, "writing", away)
    answers = [
        http.get("/health/ready"),
        http.get("/v1/cases"),
        http.get("/v1/bookings/nothing"),
        http.post("/v1/bookings", json={"bookings": bookings}),
    ]
    for told in answers:
        assert told.status_code == 503
        assert told.headers["content-type"] == "application/problem+json"
        assert told.headers["retry-after"] == "5"
        assert told.json()["detail"] == "the disk of the database is full"
    assert http.get("/health/live").status_code == 200


def test_it_goes_on_when_the_database_is_back(http: TestClient) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Database, "writing", away)
        assert http.get("/health/ready").status_code == 503
    assert http.get("/health/ready").status_code == 503
    time.sleep(FRESH)
    assert http.get("/health/ready").status_code == 200
    assert hold(http, PLACED)["status"] == "held"


def test_whoever_asks_all_the_time_whether_it_is_ready_has_it_looked_at_once_a_second(
    http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    looked = Database.ready

    def look(self: Database) -> None:
        looks.append(time.monotonic())
        time.sleep(0.1)
        looked(self)

    monkeypatch.setattr(Database, "ready", look)
    began = time.monotonic()
    with ThreadPoolExecutor(20) as many:
        told = [*many.map(lambda _: http.get("/health/ready").status_code, range(60))]
    assert {*told} == {200}
    assert len(looks) <= 1 + (time.monotonic() - began) / FRESH
    monkeypatch.setattr(Database, "ready", away)
    time.sleep(FRESH)
    assert http.get("/health/ready").status_code == 503


def test_while_it_is_looked_at_nobody_who_waits_keeps_others_from_an_answer(
    http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More ask than there are threads, and the database is locked."""
    locked = Event()
    monkeypatch.setattr(Database, "ready", lambda _: locked.wait(10))
    with ThreadPoolExecutor(60) as many:
        waiting = [many.submit(http.get, "/health/ready") for _ in range(60)]
        assert http.get("/v1/cases").status_code == 200
        assert not any(one.done() for one in waiting)
        locked.set()
        assert {one.result().status_code for one in waiting} == {200}


def test_a_store_without_a_world_says_so(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/store.sqlite") as database:
        http = TestClient(create_app(Office(database)))
        event = {"id": "e", "at": "2026-11-22T18:30:00Z", "kind": "case-withdrawn", "subject": "x"}
        for told in (http.get("/v1/cases"), http.post("/v1/events", json=[event])):
            assert told.status_code == 503
            assert told.json()["detail"] == "the store has no world yet"
        assert http.get("/health/ready").json()["detail"] == "the store has no world yet"


def test_a_failure_is_a_problem_that_tells_nothing_of_it(
    at: Small, http: TestClient, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    def fails() -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr(at.office, "desk", fails)
    told = http.get("/v1/cases")
    assert told.status_code == 500
    assert told.headers["content-type"] == "application/problem+json"
    assert "secret" not in told.text
    (line,) = logged
    assert line["status"] == 500
    assert line["failed"].startswith("RuntimeError in fails, ")
    assert "secret" not in line["failed"]


def test_the_technical_log_knows_the_operation_and_nothing_of_what_was_asked(
    http: TestClient, logged: list[dict[str, Any]]
) -> None:
    http.get(f"/v1/cases/{PLACED}/traffic-lights", params={"from": "2026-11-24T00:00:00Z"})
    http.get("/v1/bookings/V1234567")
    http.get("/v1/V1234567")
    http.get("/health/live")
    lines = [*logged]
    assert [(one["method"], one["route"], one["status"]) for one in lines] == [
        ("GET", "/v1/cases/{case}/traffic-lights", 200),
        ("GET", "/v1/bookings/{booking}", 404),
        ("GET", None, 404),
        ("GET", "/health/live", 200),
    ]
    assert all(set(one) == {"at", "method", "route", "status", "ms", "trace"} for one in lines)


def test_a_body_is_json_and_not_too_long(http: TestClient) -> None:
    text = {"content-type": "text/plain"}
    assert http.post("/v1/bookings", content="{}", headers=text).status_code == 415
    assert http.patch("/v1/bookings/x", content="{}").status_code == 415
    long = http.post("/v1/slot-proposals", json={"case": "x" * 1_000_001})
    assert long.status_code == 413
    assert long.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/bookings", "GET, HEAD, POST"),
        ("/v1/bookings/x", "GET, HEAD, PATCH, DELETE"),
        ("/v1/events", "POST"),
        ("/health/ready", "GET, HEAD"),
    ],
)
def test_what_can_be_done_is_told_whole(http: TestClient, path: str, allowed: str) -> None:
    told = http.put(path)
    assert (told.status_code, told.headers["allow"]) == (405, allowed)


def test_every_operation_is_described_with_its_problems(http: TestClient) -> None:
    described = http.get("/v1/openapi.json").json()
    assert {"Problem", "Taken", "Broken", "Mistake"} <= set(described["components"]["schemas"])
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert "default" in operation["responses"]
            for one in operation.get("parameters", ()):
                known = {"offset", "limit"}
                assert one["name"] in known or one["description"], one["name"]
    ready = described["paths"]["/bookings/{booking}"]["patch"]["responses"]
    assert {"200", "400", "404", "409", "412", "428"} <= set(ready)
