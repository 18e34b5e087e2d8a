"""Cases added and changed: by whom, how far, and never so that what is booked breaks."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.access.person import Role
from api.http.cases import merge
from api.store.tables import PROCESSING
from tests.api.people import asking
from tests.store.offices import FAMILY, PLACED, REMOVED, TWIN, Small, assert_whole

Json = dict[str, Any]
ANY = {"if-match": "*"}


def new_case(at: Small) -> Json:
    case = at.office.world().case[TWIN]
    person = case.persons[0].model_copy(update={"id": "zk-0900-a"})
    new = case.model_copy(update={"id": "zk-0900", "persons": (person,)})
    told: Json = new.model_dump(mode="json", by_alias=True)
    return told


def withdraw(http: TestClient, case: str) -> None:
    event = {"id": "e-1", "at": "2026-11-22T18:00:00Z", "kind": "case-withdrawn", "subject": case}
    assert http.post("/v1/events", json=[event]).status_code == 200


# --- Added ----------------------------------------------------------------------------------------


def test_a_case_is_added_and_not_planned(at: Small, http: TestClient) -> None:
    made = http.post("/v1/cases", json=new_case(at))
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "/v1/cases/zk-0900"
    read = http.get("/v1/cases/zk-0900")
    assert (read.json(), read.headers["etag"]) == (made.json(), made.headers["etag"])
    assert not read.json()["booked"]
    assert http.get("/v1/bookings").json()["total"] == 0
    told = http.post("/v1/slot-proposals", json={"case": "zk-0900"}).json()
    assert told["proposals"]
    with at.database.reading() as connection:
        rows = connection.execute(select(PROCESSING).where(PROCESSING.c.activity == "import"))
        assert "zk-0900-a" in {one["data_subject"] for one in rows.mappings()}


def test_a_case_is_added_once(at: Small, http: TestClient) -> None:
    new, key = new_case(at), {"idempotency-key": "added-once-1"}
    first = http.post("/v1/cases", json=new, headers=key)
    again = http.post("/v1/cases", json=new, headers=key)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert http.post("/v1/cases", json=new).status_code == 409


def test_the_key_of_a_case_that_was_withdrawn_is_not_given_again(
    at: Small, http: TestClient
) -> None:
    old = at.office.world().case[TWIN].model_dump(mode="json", by_alias=True)
    withdraw(http, TWIN)
    assert http.post("/v1/cases", json=old).status_code == 409


def test_a_case_that_no_world_may_hold_is_refused_with_every_mistake(
    at: Small, http: TestClient
) -> None:
    fact = {"colour": {"value": "yes"}}
    wrong = new_case(at) | {"location": "nowhere", "assignedOfficer": "nobody", "facts": fact}
    told = http.post("/v1/cases", json=wrong)
    assert told.status_code == 400
    assert {one["in"] for one in told.json()["errors"]} == {
        "body.location",
        "body.assignedOfficer",
        "body.facts.colour",
    }


# --- Read -----------------------------------------------------------------------------------------


def test_whoever_may_see_a_case_sees_what_its_lights_rest_on(at: Small, http: TestClient) -> None:
    case = at.office.world().case[FAMILY]
    read = http.get(f"/v1/cases/{FAMILY}")
    assert {one["id"] for one in read.json()["persons"]} == {one.id for one in case.persons}
    assert read.json()["facts"].keys() == case.facts.keys()
    assert len(read.json()["triggers"]) == len(case.triggers)
    assert http.get(f"/v1/cases/{FAMILY}").headers["etag"] == read.headers["etag"]


def test_a_case_is_another_once_it_is_booked(at: Small, http: TestClient) -> None:
    seen = {"if-match": http.get(f"/v1/cases/{PLACED}").headers["etag"]}
    at.hold(PLACED)
    assert http.get(f"/v1/cases/{PLACED}").json()["booked"]
    told = http.patch(f"/v1/cases/{PLACED}", json={"weight": 3}, headers=seen)
    assert told.status_code == 412


# --- Changed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["application/json", "application/merge-patch+json"])
def test_what_is_named_is_changed_and_nothing_else(http: TestClient, kind: str) -> None:
    path = f"/v1/cases/{PLACED}"
    read = http.get(path)
    told = http.patch(
        path,
        content='{"weight": 7, "latest": "2026-12-24T12:00:00+01:00"}',
        headers={"if-match": read.headers["etag"], "content-type": kind},
    )
    assert told.status_code == 200, told.text
    assert told.json() == read.json() | {"weight": 7, "latest": "2026-12-24T11:00:00Z"}
    assert http.get(path).headers["etag"] == told.headers["etag"] != read.headers["etag"]


def test_null_takes_away_what_there_was(http: TestClient) -> None:
    path = f"/v1/cases/{PLACED}"
    http.patch(path, json={"weight": 7, "latest": "2026-12-24T12:00:00Z"}, headers=ANY)
    told = http.patch(path, json={"weight": None, "latest": None}, headers=ANY).json()
    assert (told["weight"], told["latest"]) == (1, None)


def test_a_fact_is_changed_in_part_and_the_others_stay(http: TestClient) -> None:
    path = f"/v1/cases/{REMOVED}"
    before = http.get(path).json()["facts"]
    name = next(one for one, fact in before.items() if fact["value"] == "yes")
    told = http.patch(path, json={"facts": {name: {"source": "register"}}}, headers=ANY)
    assert told.status_code == 200, told.text
    assert told.json()["facts"] == before | {name: before[name] | {"source": "register"}}


def test_a_case_is_changed_only_as_it_was_seen(http: TestClient) -> None:
    path, change = f"/v1/cases/{PLACED}", {"weight": 7}
    assert http.patch(path, json=change).status_code == 428
    assert http.patch(path, json=change, headers={"if-match": f'"{"0" * 32}"'}).status_code == 412
    text = {"if-match": "*", "content-type": "text/plain"}
    assert http.patch(path, content='{"weight": 7}', headers=text).status_code == 415


def test_everything_that_is_wrong_with_a_change_is_told(http: TestClient) -> None:
    path = f"/v1/cases/{PLACED}"
    wrong = {"weight": 0, "destination": "Oz", "earliest": "soon"}
    told = http.patch(path, json=wrong, headers=ANY)
    assert {one["in"] for one in told.json()["errors"]} == {
        "body.weight",
        "body.destination",
        "body.earliest",
    }
    between = {"earliest": "2026-12-24T12:00:00Z", "latest": "2026-12-23T12:00:00Z"}
    assert http.patch(path, json=between, headers=ANY).status_code == 400
    nowhere = {"refused": ["nowhere"], "facts": {"colour": {"value": "yes"}}}
    told = http.patch(path, json=nowhere, headers=ANY)
    assert {one["in"] for one in told.json()["errors"]} == {"body.refused[0]", "body.facts.colour"}


def test_what_is_booked_is_not_broken_by_what_is_written_down(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    path, booking = f"/v1/cases/{PLACED}", held.booking
    for change in (
        {"latest": booking.start.isoformat()},
        {"refused": [booking.facility]},
        {"away": [{"from": booking.start.isoformat(), "until": booking.end.isoformat()}]},
    ):
        told = http.patch(path, json=change, headers=ANY)
        assert told.status_code == 409, told.text
        assert {one["booking"] for one in told.json()["violations"]} == {booking.id}
    assert http.get(path).json()["refused"] == []
    assert http.patch(path, json={"weight": 9}, headers=ANY).status_code == 200
    assert at.office.booking(booking.id).revision == held.revision
    assert_whole(at.database)


def test_what_is_said_of_a_checked_fact_overtakes_the_answer(at: Small, http: TestClient) -> None:
    name = at.confirm(at.hold(REMOVED)[0].booking.id).booking.id
    at.answer(name)
    path, fact = f"/v1/cases/{REMOVED}", "notice-given"
    assert http.get(path).json()["facts"][fact]["source"] == name
    told = {"value": "yes", "since": at.clock.now.date().isoformat(), "source": "register"}
    changed = http.patch(path, json={"facts": {fact: told}}, headers=ANY)
    assert changed.status_code == 200, changed.text
    assert changed.json()["facts"][fact]["source"] == "register"
    answers = {one.fact: one.value for one in at.office.booking(name).checks}
    assert answers == {"last-removability-check": "yes", fact: None, "fit-to-fly": "yes"}


def test_a_case_that_was_withdrawn_is_not_there(http: TestClient) -> None:
    withdraw(http, TWIN)
    assert http.get(f"/v1/cases/{TWIN}").status_code == 404
    assert http.patch(f"/v1/cases/{TWIN}", json={"weight": 2}, headers=ANY).status_code == 404


# --- By whom --------------------------------------------------------------------------------------


def test_an_officer_changes_their_own_cases_and_does_not_learn_of_others(
    at: Small, http: TestClient
) -> None:
    officer = at.office.world().roles["case-officer"][0].id
    mine = {"assignedOfficer": officer}
    assert http.patch(f"/v1/cases/{PLACED}", json=mine, headers=ANY).status_code == 200
    other = http.patch(f"/v1/cases/{TWIN}", json={"assignedOfficer": None}, headers=ANY)
    assert other.status_code == 200
    with asking(at.office, Role.regievoerder, officer=officer) as theirs:
        assert theirs.get(f"/v1/cases/{PLACED}").json()["persons"]
        done = theirs.patch(f"/v1/cases/{PLACED}", json={"weight": 4}, headers=ANY)
        assert done.json()["weight"] == 4
        assert theirs.get(f"/v1/cases/{TWIN}").status_code == 404
        assert theirs.patch(f"/v1/cases/{TWIN}", json={}, headers=ANY).status_code == 404
        away = theirs.patch(f"/v1/cases/{PLACED}", json={"assignedOfficer": None}, headers=ANY)
        assert away.status_code == 403
        assert theirs.post("/v1/cases", json=new_case(at)).status_code == 403


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_merges_as_its_standard_shows(
    target: object, patch: object, merged: object
) -> None:
    assert merge(target, patch) == merged
