"""The life of a booking over HTTP, and what is answered when it cannot go on."""

from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.store.offices import CHAIN, NOON, PLACED, REMOVED, TWIN, Small, assert_whole

Json = dict[str, Any]


def proposed(http: TestClient, case: str, n: int = 0) -> list[Json]:
    told = http.post("/v1/slot-proposals", json={"case": case}).json()
    bookings: list[Json] = told["proposals"][n]["bookings"]
    return bookings


def hold(http: TestClient, case: str, n: int = 0, **more: object) -> Json:
    """Hold a proposal for a case; return the first booking of it."""
    told = http.post("/v1/bookings", json={"bookings": proposed(http, case, n), **more})
    assert told.status_code == 201, told.text
    first: Json = told.json()["bookings"][0]
    return first


def confirm(http: TestClient, held: Json) -> Json:
    """Let every partner of a booking say that it comes."""
    for one in held["partners"]:
        body = {"partner": one["partner"], "answer": "confirmed"}
        told = http.post(f"{path(held)}/confirmations", json=body)
        assert told.status_code == 200, told.text
    booking: Json = told.json()["booking"]
    return booking


def path(standing: Json) -> str:
    return f"/v1/bookings/{standing['booking']['id']}"


def tag(standing: Json) -> dict[str, str]:
    return {"if-match": f'"{standing["revision"]}"'}


def test_a_proposal_is_held_confirmed_checked_and_carried_out(at: Small, http: TestClient) -> None:
    held = hold(http, REMOVED)
    assert held["status"] == "held"
    confirmed = confirm(http, held)
    assert (confirmed["status"], confirmed["expiresAt"]) == ("confirmed", None)
    assert confirmed["checks"]
    at.clock.now = datetime.fromisoformat(confirmed["checks"][0]["before"])
    for one in confirmed["checks"]:
        body = {"fact": one["fact"], "value": "yes", "since": one["before"][:10]}
        answered = http.post(f"{path(held)}/checks", json=body)
        assert answered.status_code == 200, answered.text
    done = http.patch(path(held), json={"status": "executed"}, headers=tag(answered.json()))
    assert done.json()["status"] == "executed"
    assert http.get(path(held)).json() == done.json()


def test_a_hold_says_where_it_is_which_revision_and_how_long_it_lasts(http: TestClient) -> None:
    body = {"bookings": proposed(http, PLACED), "holdMinutes": 40}
    told = http.post("/v1/bookings", json=body)
    (held,) = told.json()["bookings"]
    assert told.headers["location"] == path(held)
    assert told.headers["etag"] == tag(held)["if-match"]
    assert http.get(told.headers["location"]).headers["etag"] == told.headers["etag"]
    assert (datetime.fromisoformat(held["expiresAt"]) - NOON).total_seconds() == 40 * 60


def test_a_hold_lasts_fifteen_minutes_unless_it_is_said(at: Small, http: TestClient) -> None:
    held = hold(http, PLACED)
    at.clock.wait(minutes=16)
    told = http.get(path(held)).json()
    assert (told["status"], told["reason"]) == ("released", "expired")


@pytest.mark.parametrize("minutes", [0, 1441, "15", 1.5])
def test_a_hold_lasts_from_a_minute_to_a_day(http: TestClient, minutes: object) -> None:
    body = {"bookings": proposed(http, PLACED), "holdMinutes": minutes}
    told = http.post("/v1/bookings", json=body)
    assert told.status_code == 400
    assert [one["in"] for one in told.json()["errors"]] == ["body.holdMinutes"]


def test_a_chain_is_held_and_released_as_two_bookings(at: Small, http: TestClient) -> None:
    told = http.post("/v1/bookings", json={"bookings": proposed(http, CHAIN)}).json()
    first, second = told["bookings"]
    assert second["booking"]["follows"] == first["booking"]["id"]
    assert http.delete(path(first)).json()["status"] == "released"
    assert http.get(path(second)).json()["status"] == "released"
    assert_whole(at.database)


def test_bookings_come_in_pages_with_those_that_ended(http: TestClient) -> None:
    gone, there = hold(http, PLACED), hold(http, REMOVED)
    http.delete(path(gone))
    page = http.get("/v1/bookings").json()
    assert (page["total"], page["offset"]) == (2, 0)
    assert [one["status"] for one in page["bookings"]] == ["released", "held"]
    second = http.get("/v1/bookings", params={"offset": 1, "limit": 1}).json()
    assert [one["booking"]["id"] for one in second["bookings"]] == [there["booking"]["id"]]


def test_what_is_held_is_seen_at_once_by_whoever_asks(http: TestClient) -> None:
    assert not http.get(f"/v1/cases/{PLACED}").json()["booked"]
    held = hold(http, PLACED)
    assert http.get(f"/v1/cases/{PLACED}").json()["booked"]
    http.delete(path(held))
    assert not http.get(f"/v1/cases/{PLACED}").json()["booked"]


# --- A partner declines ---------------------------------------------------------------------------


def test_a_decline_answers_with_what_could_come_instead(at: Small, http: TestClient) -> None:
    held = hold(http, PLACED)
    partner = next(one["partner"] for one in held["partners"] if one["partner"] == "Tolkendesk")
    body = {"partner": partner, "answer": "declined", "reason": "partner-absent"}
    told = http.post(f"{path(held)}/confirmations", json=body)
    assert told.status_code == 200
    said = told.json()
    assert (said["booking"]["status"], said["booking"]["reason"]) == (
        "cancelled",
        "partner-declined",
    )
    assert told.headers["etag"] == tag(said["booking"])["if-match"]
    assert said["instead"]["proposals"] or said["instead"]["blocking"]
    assert {one["case"] for one in said["openings"]["openings"]} >= {TWIN}
    assert said["instead"]["world"] == at.office.world().fingerprint
    assert_whole(at.database)


def test_a_decline_says_why_and_a_confirmation_does_not(http: TestClient) -> None:
    held = hold(http, PLACED)
    for word in (
        {"answer": "declined"},
        {"answer": "declined", "reason": "no-idea"},
        {"answer": "confirmed", "reason": "medical"},
    ):
        body = {"partner": held["partners"][0]["partner"], **word}
        told = http.post(f"{path(held)}/confirmations", json=body)
        assert told.status_code == 400
        assert [one["in"] for one in told.json()["errors"]] == ["body.reason"]


def test_a_partner_or_a_check_that_is_not_asked_is_told_so(http: TestClient) -> None:
    held = hold(http, PLACED)
    word = {"partner": "nobody", "answer": "confirmed"}
    told = http.post(f"{path(held)}/confirmations", json=word)
    assert (told.status_code, told.json()["errors"][0]["in"]) == (400, "body.partner")
    check = {"fact": "passport", "value": "yes", "since": "2026-11-22"}
    told = http.post(f"{path(held)}/checks", json=check)
    assert (told.status_code, told.json()["errors"][0]["in"]) == (400, "body.fact")


def test_the_day_of_a_check_is_written_as_a_day(http: TestClient) -> None:
    held = hold(http, PLACED)
    fact = held["checks"][0]["fact"]
    for since in (0, "1796083200", "2026-11-22T00:00:00Z", "0001-01-01"):
        told = http.post(
            f"{path(held)}/checks", json={"fact": fact, "value": "yes", "since": since}
        )
        assert told.status_code == 400
        assert [one["in"] for one in told.json()["errors"]] == ["body.since"]


# --- What is in the way ---------------------------------------------------------------------------


def test_who_comes_second_is_told_what_is_taken_and_never_whose_it_is(
    at: Small, http: TestClient
) -> None:
    mine, theirs = proposed(http, PLACED), proposed(http, TWIN)
    assert http.post("/v1/bookings", json={"bookings": mine}).status_code == 201
    told = http.post("/v1/bookings", json={"bookings": theirs})
    assert told.status_code == 409
    taken = told.json()["taken"]
    assert {one["booking"] for one in taken} == {f"{PLACED}-placement"}
    assert all("from" in one and "until" in one for one in taken if "night" not in one)
    assert all(one["unit"].split("/")[0] in {"resource", "facility"} for one in taken)
    assert_whole(at.database)


def test_that_the_person_is_booked_already_is_told_as_a_person(http: TestClient) -> None:
    mine = proposed(http, PLACED)
    hold(http, PLACED)
    told = http.post("/v1/bookings", json={"bookings": mine})
    assert told.status_code == 409
    assert {one["unit"] for one in told.json()["taken"]} == {"person"}


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"attendances": []}, "interpreter"),
        ({"template": "nothing"}, "booking"),
        ({"departure": "nothing"}, "booking"),
        ({"facility": "nothing"}, "booking"),
        ({"follows": "nothing"}, "booking"),
    ],
)
def test_bookings_that_break_rules_are_refused_with_each_of_them(
    at: Small, http: TestClient, change: Json, constraint: str
) -> None:
    (booking,) = proposed(http, PLACED)
    told = http.post("/v1/bookings", json={"bookings": [booking | change]})
    assert told.status_code == 409
    assert constraint in {one["constraint"] for one in told.json()["violations"]}
    assert http.get("/v1/bookings").json()["total"] == 0
    assert_whole(at.database)


def test_a_stretch_of_centuries_is_refused_before_anything_is_claimed(http: TestClient) -> None:
    (booking,) = proposed(http, PLACED)
    for one in booking["attendances"]:
        one |= {"from": "1900-01-01T00:00:00Z", "until": "2199-12-31T00:00:00Z"}
    told = http.post("/v1/bookings", json={"bookings": [booking]})
    assert told.status_code == 409
    assert told.json()["violations"]


def test_what_is_held_together_is_of_one_case(http: TestClient) -> None:
    two = [*proposed(http, PLACED), *proposed(http, REMOVED)]
    nobody = [proposed(http, PLACED)[0] | {"case": "zk-9999"}]
    for bookings in (two, nobody):
        told = http.post("/v1/bookings", json={"bookings": bookings})
        assert told.status_code == 400
        assert [one["in"] for one in told.json()["errors"]] == ["body.bookings"]


def test_every_mistake_in_a_booking_is_told_with_its_path(http: TestClient) -> None:
    (booking,) = proposed(http, PLACED)
    booking["phases"][0] |= {"from": "2026-11-23", "place": 7}
    booking["nope"] = 1
    told = http.post("/v1/bookings", json={"bookings": [booking]})
    assert told.status_code == 400
    assert {one["in"] for one in told.json()["errors"]} == {
        "body.bookings[0].phases[0].from",
        "body.bookings[0].phases[0].place",
        "body.bookings[0].nope",
    }


def test_a_moment_that_no_calendar_has_is_told(http: TestClient) -> None:
    (booking,) = proposed(http, PLACED)
    booking["phases"][0]["from"] = "0001-01-01T00:00:00+12:00"
    assert http.post("/v1/bookings", json={"bookings": [booking]}).status_code == 400


def test_a_booking_that_is_not_there_is_told_so(http: TestClient) -> None:
    nowhere = "/v1/bookings/nothing"
    word = {"partner": "DT&V", "answer": "confirmed"}
    check = {"fact": "fit-to-fly", "value": "yes", "since": "2026-11-22"}
    answers = [
        http.get(nowhere),
        http.delete(nowhere),
        http.patch(nowhere, json={"status": "executed"}, headers={"if-match": "*"}),
        http.post(f"{nowhere}/confirmations", json=word),
        http.post(f"{nowhere}/checks", json=check),
    ]
    assert {one.status_code for one in answers} == {404}


def test_no_booking_is_carried_out_that_is_not_confirmed(http: TestClient) -> None:
    held = hold(http, REMOVED)
    told = http.patch(path(held), json={"status": "executed"}, headers=tag(held))
    assert told.status_code == 409
    assert "held" in told.json()["detail"]


def test_no_booking_is_carried_out_with_a_check_open(http: TestClient) -> None:
    confirmed = confirm(http, hold(http, REMOVED))
    told = http.patch(path(confirmed), json={"status": "executed"}, headers=tag(confirmed))
    assert told.status_code == 409
    assert told.json()["facts"] == [one["fact"] for one in confirmed["checks"]]


def test_what_has_ended_stays_ended(http: TestClient) -> None:
    held = hold(http, PLACED)
    ended = http.delete(path(held)).json()
    assert http.delete(path(held)).status_code == 409
    word = {"partner": held["partners"][0]["partner"], "answer": "confirmed"}
    assert http.post(f"{path(held)}/confirmations", json=word).status_code == 409
    cancel = {"status": "cancelled", "reason": "medical"}
    assert http.patch(path(held), json=cancel, headers=tag(ended)).status_code == 409


# --- Revisions ------------------------------------------------------------------------------------


def test_nobody_ends_a_booking_that_is_not_as_they_saw_it(http: TestClient) -> None:
    held = hold(http, PLACED)
    cancel = {"status": "cancelled", "reason": "medical"}
    assert http.patch(path(held), json=cancel).status_code == 428
    word = {"partner": held["partners"][0]["partner"], "answer": "confirmed"}
    http.post(f"{path(held)}/confirmations", json=word)
    assert http.patch(path(held), json=cancel, headers=tag(held)).status_code == 412
    assert http.delete(path(held), headers=tag(held)).status_code == 412
    assert http.patch(path(held), json=cancel, headers={"if-match": 'W/"x"'}).status_code == 412
    seen = http.get(path(held))
    told = http.patch(path(held), json=cancel, headers={"if-match": seen.headers["etag"]})
    assert (told.json()["status"], told.json()["reason"]) == ("cancelled", "medical")
    assert told.headers["etag"] != seen.headers["etag"]


def test_a_check_that_was_answered_is_still_told_and_can_be_answered_anew(
    at: Small, http: TestClient
) -> None:
    held = confirm(http, hold(http, REMOVED))
    at.clock.now = datetime.fromisoformat(held["checks"][0]["before"])
    for value in ("yes", "no"):
        for one in held["checks"]:
            body = {"fact": one["fact"], "value": value, "since": one["before"][:10]}
            assert http.post(f"{path(held)}/checks", json=body).status_code == 200
        told = http.get(path(held)).json()["checks"]
        assert [(one["fact"], one["value"]) for one in told] == [
            (one["fact"], value) for one in held["checks"]
        ]
