"""What a caller gets over HTTP."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.office import Office
from api.store.logs import Actor
from constraints.register import REGISTER
from scheduler.loading import read_world
from tests.store.offices import opened

WORLD = read_world(Path(__file__).parents[2] / "fixtures" / "tiny.json", REGISTER)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The tiny world, of which nothing is changed here."""
    folder = tmp_path_factory.mktemp("store")
    with opened(f"sqlite:///{folder}/store.sqlite") as database:
        office = Office(database, lambda: WORLD.as_of)
        office.begin(WORLD, Actor("local"))
        with TestClient(create_app(office)) as client:
            yield client


def test_the_cases_of_the_world_come_in_pages(client: TestClient) -> None:
    page = client.get("/v1/cases", params={"offset": 1, "limit": 2}).json()
    assert [case["id"] for case in page["cases"]] == ["zk-0002", "zk-0003"]
    assert (page["total"], page["offset"]) == (6, 1)


def test_a_list_of_cases_holds_no_facts_and_no_persons(client: TestClient) -> None:
    listed = client.get("/v1/cases").json()["cases"][0]
    assert not {"facts", "documents", "detention"} & set(listed)
    assert listed["persons"] == 1


def test_a_case_gets_proposals(client: TestClient) -> None:
    answer = client.post("/v1/slot-proposals", json={"case": "zk-0001", "count": 3})
    assert answer.status_code == 200
    told = answer.json()
    assert 1 <= len(told["proposals"]) <= 3
    assert told["blocking"] is None
    assert told["world"] == WORLD.fingerprint
    assert told["proposals"][0]["start"].endswith("Z")


def test_a_blocked_case_is_an_answer_and_not_an_error(client: TestClient) -> None:
    answer = client.post("/v1/slot-proposals", json={"case": "zk-0006"})
    assert answer.status_code == 200
    lights = {one["light"]: one["state"] for one in answer.json()["blocking"]["lights"]}
    assert lights["travel-document"] == "red"


def test_the_lights_of_a_case_say_who_owns_what_and_when_it_can_turn(client: TestClient) -> None:
    told = client.get("/v1/cases/zk-0006/traffic-lights").json()
    assert not told["plannable"]
    document = next(one for one in told["lights"] if one["light"] == "travel-document")
    assert (document["state"], document["blocks"]) == ("red", True)
    assert document["expected"] is not None
    (check,) = (one for one in document["checks"] if one["reasons"])
    assert check["owner"]
    assert check["basis"]
    assert told["earliest"]["date"] >= document["expected"]
    assert [one["kind"] for one in told["repairs"]] == ["date"]


def test_a_light_dates_what_people_decide_but_offers_no_repair_for_it(client: TestClient) -> None:
    told = client.get("/v1/cases/zk-0004/traffic-lights").json()
    legal = told["lights"][0]
    assert (legal["state"], legal["restsOn"]) == ("red", ["appeals"])
    assert legal["expected"] is not None
    assert told["repairs"] == []


def test_the_lights_of_an_open_case_are_green_or_its_goal(client: TestClient) -> None:
    told = client.get("/v1/cases/zk-0001/traffic-lights").json()
    assert told["plannable"]
    assert {one["state"] for one in told["lights"] if one["blocks"]} <= {"green", "goal"}
    assert told["repairs"] == told["reasons"] == told["correctionSets"] == []


def test_the_lights_can_be_asked_of_a_stretch_of_time_only(client: TestClient) -> None:
    start, end = WORLD.grid.start, WORLD.grid.end
    whole = {"from": start.isoformat(), "until": end.isoformat()}
    none = {"from": start.isoformat(), "until": start.isoformat()}
    path = "/v1/cases/zk-0001/traffic-lights"
    assert client.get(path, params=whole).json()["plannable"]
    assert not client.get(path, params=none).json()["plannable"]


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-12-01T00:00:00"},
        {"from": "yesterday"},
        {"from": "1796083200"},
        {"from": "9999-12-31T23:59:59Z"},
        {"until": "0001-01-01T00:00:00-12:00"},
        {"from": "2026-12-02T00:00:00Z", "until": "2026-12-01T00:00:00Z"},
    ],
)
def test_a_stretch_that_makes_no_sense_is_refused(
    client: TestClient, params: dict[str, str]
) -> None:
    answer = client.get("/v1/cases/zk-0001/traffic-lights", params=params)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_an_unknown_case_has_no_lights(client: TestClient) -> None:
    assert client.get("/v1/cases/zk-9999/traffic-lights").status_code == 404


def test_the_openings_are_the_cases_that_could_use_what_is_named(client: TestClient) -> None:
    told = client.get("/v1/openings").json()
    assert told["world"] == WORLD.fingerprint
    every = {one["case"] for one in told["openings"]}
    assert "zk-0001" in every
    assert "zk-0006" not in every
    facility, departure = WORLD.facilities[0].id, WORLD.departures[0].id
    stays = client.get("/v1/openings", params={"facility": facility}).json()["openings"]
    assert {one["case"] for one in stays} <= every
    assert {stay["facility"] for one in stays for stay in one["nights"]} == {facility}
    either = client.get("/v1/openings", params={"facility": facility, "departure": departure})
    assert len(either.json()["openings"]) >= len(stays)


def test_whom_the_desk_is_asked_about_is_drawn(client: TestClient) -> None:
    for one in WORLD.resources:
        told = client.get("/v1/openings", params={"resource": one.id}).json()["openings"]
        for each in told:
            assert {used["resource"] for used in each["resources"]} == {one.id}
            drawn = [each for part in each["bookings"] for each in part["attendances"]]
            assert any(one.id in each["resources"] for each in drawn)


def test_openings_of_what_is_not_there_are_refused_with_all_of_it(client: TestClient) -> None:
    asked = {"resource": ["nobody", "zk-0001", WORLD.resources[0].id], "facility": ["nowhere"]}
    answer = client.get("/v1/openings", params=asked)
    assert answer.status_code == 400
    assert [one["detail"] for one in answer.json()["errors"]] == [
        "there is no resource nobody",
        "there is no resource zk-0001",
        "there is no facility nowhere",
    ]


def test_asking_twice_gives_the_same_answer(client: TestClient) -> None:
    first, second = (
        client.post("/v1/slot-proposals", json={"case": "zk-0001"}).json() for _ in range(2)
    )
    assert first == second


def test_many_at_a_time_get_the_same_answers(client: TestClient) -> None:
    names = [case.id for case in WORLD.cases] * 5

    def ask(name: str) -> object:
        return client.post("/v1/slot-proposals", json={"case": name}).json()

    alone = {name: ask(name) for name in set(names)}
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, names)) == [alone[name] for name in names]


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        ({}, {"body.case"}),
        ({"case": "zk-0001", "count": 0}, {"body.count"}),
        ({"case": "../etc", "count": 99, "extra": 1}, {"body.case", "body.count", "body.extra"}),
        ({"case": 7}, {"body.case"}),
    ],
)
def test_a_bad_wish_gets_every_mistake(
    client: TestClient, wish: dict[str, object], wrong: set[str]
) -> None:
    answer = client.post("/v1/slot-proposals", json=wish)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert {one["in"] for one in answer.json()["errors"]} == wrong


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/v1/cases/zk-9999", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/v1/cases/", 404),
        ("DELETE", "/v1/cases", 405),
    ],
)
def test_what_is_not_there_is_a_problem_too(
    client: TestClient, verb: str, path: str, status: int
) -> None:
    answer = client.request(verb, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert ("allow" in answer.headers) == (status == 405)


def test_a_body_that_is_no_json_is_told_so(client: TestClient) -> None:
    answer = client.post(
        "/v1/slot-proposals", content="{", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400


def test_the_service_says_that_it_is_up_and_describes_itself(client: TestClient) -> None:
    assert client.get("/health/ready").json() == {"status": "ok"}
    assert client.get("/health/live").json() == {"status": "ok", "demo": True}
    described = client.get("/v1/openapi.json").json()
    assert set(described["paths"]) == {
        "/bookings",
        "/bookings/{booking}",
        "/bookings/{booking}/checks",
        "/bookings/{booking}/confirmations",
        "/events",
        "/requests",
        "/requests/{request}",
        "/cases",
        "/cases/{case}",
        "/cases/{case}/traffic-lights",
        "/openings",
        "/slot-proposals",
        "/resources",
        "/resources/{resource}",
        "/facilities",
        "/facilities/{facility}",
        "/departures",
        "/departures/{departure}",
        "/rosters",
        "/partners",
        "/partners/{partner}/bookings",
        "/partners/{partner}/calendar",
        "/statistics",
        "/audit-lines",
        "/plans",
        "/plans/{plan}",
        "/plans/{plan}/events",
        "/plans/{plan}/acceptances",
        "/plans/{plan}/bookings",
        "/simulations",
        "/simulations/{simulation}",
        "/simulations/{simulation}/comparison",
        "/simulations/{simulation}/events",
        "/simulations/{simulation}/results",
    }
