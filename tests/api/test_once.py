"""What is asked under an idempotency key is done once and answered the same each time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_bookings import hold, path, proposed
from tests.store.offices import CHAIN, PLACED, REMOVED, Small, assert_whole

KEY = {"idempotency-key": "a-key-of-a-planner"}


def test_the_first_answer_is_given_again_and_nothing_changes(at: Small, http: TestClient) -> None:
    body = {"bookings": proposed(http, PLACED)}
    first = http.post("/v1/bookings", json=body, headers=KEY)
    at.clock.wait(minutes=5)
    again = http.post("/v1/bookings", json=body, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert http.get("/v1/bookings").json()["total"] == 1
    assert_whole(at.database)


def test_without_a_key_a_second_hold_is_a_second_hold(http: TestClient) -> None:
    body = {"bookings": proposed(http, PLACED)}
    assert http.post("/v1/bookings", json=body).status_code == 201
    assert http.post("/v1/bookings", json=body).status_code == 409


def test_the_order_of_fields_makes_no_other_wish(http: TestClient) -> None:
    body: dict[str, Any] = {"bookings": proposed(http, PLACED), "holdMinutes": 20}
    first = http.post("/v1/bookings", json=body, headers=KEY)
    turned = dict(reversed(body.items()))
    assert http.post("/v1/bookings", json=turned, headers=KEY).content == first.content


def test_a_key_is_for_one_wish(http: TestClient) -> None:
    first, other = proposed(http, PLACED), proposed(http, REMOVED)
    assert http.post("/v1/bookings", json={"bookings": first}, headers=KEY).status_code == 201
    told = http.post("/v1/bookings", json={"bookings": other}, headers=KEY)
    assert told.status_code == 422
    assert http.get("/v1/bookings").json()["total"] == 1


def test_a_key_is_for_one_operation(http: TestClient) -> None:
    body = {"bookings": proposed(http, PLACED)}
    (held,) = http.post("/v1/bookings", json=body, headers=KEY).json()["bookings"]
    word = {"partner": held["partners"][0]["partner"], "answer": "confirmed"}
    told = http.post(f"{path(held)}/confirmations", json=word, headers=KEY)
    assert told.status_code == 200
    assert "idempotency-replayed" not in told.headers


def test_a_key_for_one_booking_is_not_for_another(http: TestClient) -> None:
    one, two = hold(http, PLACED), hold(http, REMOVED)
    word = {"partner": "DT&V", "answer": "confirmed"}
    assert http.post(f"{path(one)}/confirmations", json=word, headers=KEY).status_code == 200
    assert http.post(f"{path(two)}/confirmations", json=word, headers=KEY).status_code == 422


def test_what_was_refused_can_be_asked_again_under_its_key(http: TestClient) -> None:
    body = {"bookings": proposed(http, PLACED)}
    there = hold(http, PLACED)
    assert http.post("/v1/bookings", json=body, headers=KEY).status_code == 409
    http.delete(path(there))
    assert http.post("/v1/bookings", json=body, headers=KEY).status_code == 201


def test_a_decline_is_told_again_with_what_could_come_instead(http: TestClient) -> None:
    held = hold(http, PLACED)
    word = {
        "partner": held["partners"][0]["partner"],
        "answer": "declined",
        "reason": "partner-absent",
    }
    first, again = (
        http.post(f"{path(held)}/confirmations", json=word, headers=KEY) for _ in range(2)
    )
    assert first.status_code == 200
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


def test_events_happen_once(http: TestClient) -> None:
    gone = {"id": "e-1", "at": "2026-11-22T18:30:00Z", "kind": "case-withdrawn", "subject": PLACED}
    first, again = (http.post("/v1/events", json=[gone], headers=KEY) for _ in range(2))
    assert first.status_code == 200
    assert again.content == first.content
    late = http.post("/v1/events", json=[gone | {"id": "e-2"}])
    assert late.json()["ignored"] == ["e-2"]


@pytest.mark.parametrize("case", [PLACED, CHAIN])
def test_of_many_at_once_with_one_key_one_changes_and_all_get_its_answer(
    at: Small, http: TestClient, case: str
) -> None:
    body = {"bookings": proposed(http, case)}
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: http.post("/v1/bookings", json=body, headers=KEY), range(8)))
    assert {one.status_code for one in told} == {201}
    assert len({one.content for one in told}) == 1
    assert sum("idempotency-replayed" not in one.headers for one in told) == 1
    assert http.get("/v1/bookings").json()["total"] == len(body["bookings"])
    assert_whole(at.database)


@pytest.mark.parametrize("key", ["short", "x" * 81, "with a blank", "tab\there!"])
def test_a_key_is_eight_to_eighty_printable_characters(http: TestClient, key: str) -> None:
    body = {"bookings": proposed(http, PLACED)}
    told = http.post("/v1/bookings", json=body, headers={"idempotency-key": key})
    assert told.status_code == 400
    assert [one["in"] for one in told.json()["errors"]] == ["header.Idempotency-Key"]
