"""The demo: everybody on this machine, whom they choose to be, and nobody else."""

import logging
import re
from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from api.access.demo import personas
from api.access.person import Role
from api.app import create_app
from tests.store.offices import Small

HERE = "http://127.0.0.1:8000"


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    """The demo, asked from this machine."""
    with reached(at) as http:
        yield http


def reached(at: Small, base_url: str = HERE, peer: str = "127.0.0.1") -> TestClient:
    return TestClient(create_app(at.office), base_url=base_url, client=(peer, 50_000))


def test_who_has_not_chosen_may_do_everything(http: TestClient) -> None:
    assert http.get("/v1/bookings").status_code == 200
    assert http.post("/v1/bookings", json={}).status_code == 400


def test_the_demo_says_that_it_is_one(http: TestClient) -> None:
    assert http.get("/health/live").json()["demo"] is True
    assert http.app.state.demo is True  # type: ignore[attr-defined]
    assert "vraagt geen wachtwoord" in http.get("/login").text
    english = {"cookie": "language=en"}
    assert "asks for no password" in http.get("/login", headers=english).text


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1"])
def test_other_machines_are_refused(at: Small, peer: str) -> None:
    far = reached(at, peer=peer)
    for told in far.get("/v1/cases"), far.get("/login"), far.post("/login?persona=planner"):
        assert told.status_code == 401


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via"]
)
@pytest.mark.parametrize("peer", ["127.0.0.1", "testclient"])
def test_who_asks_through_a_proxy_is_refused(at: Small, header: str, peer: str) -> None:
    """Wherever they are: what the proxy says of whom it asks for may be made up."""
    far = reached(at, peer=peer)
    for told in (
        far.get("/v1/cases", headers={header: "127.0.0.1"}),
        far.get("/login", headers={header: "203.0.113.5"}),
        far.post("/login?persona=planner", headers={header: ""}),
    ):
        assert told.status_code == 401


def test_the_log_says_that_a_demo_begins(at: Small, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "regietafel.service"), reached(at):
        pass
    assert '"demo": true' in caplog.text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("LOCALHOST", 200),
        ("elsewhere.example:8000", 401),
        ("127.0.0.1.elsewhere.example", 401),
        ("localhost.elsewhere.example", 401),
        ("192.0.2.7", 401),
    ],
)
def test_it_answers_to_names_of_this_machine_only(http: TestClient, name: str, status: int) -> None:
    """A page of a site whose name was made to lead here cannot read from it."""
    for path in "/v1/cases", "/login":
        assert http.get(path, headers={"host": name}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"sec-fetch-site": "same-origin"}, 400),
        ({"origin": HERE}, 400),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(
    http: TestClient, headers: dict[str, str], status: int
) -> None:
    assert http.post("/v1/bookings", json={}, headers=headers).status_code == status
    if status == 403:
        assert http.post("/login?persona=planner", headers=headers).status_code == 403


def test_there_is_somebody_of_every_role_and_of_every_partner(at: Small) -> None:
    world = at.office.world()
    people = personas(world).values()
    assert {role for one in people for role in one.roles} == set(Role)
    assert all(len(one.roles) == 1 for one in people)
    assert len({one.id for one in people}) == len(people)
    officers = {one.assigned_officer for one in world.cases}
    assert {one.officer for one in people if Role.regievoerder in one.roles} == officers
    at.hold("zk-0002")
    (standing,) = at.office.bookings()
    partners = {one.organisation for one in people if Role.partner in one.roles}
    assert {one.partner for one in standing.partners} <= partners


def test_everybody_who_is_offered_can_be_chosen(at: Small, http: TestClient) -> None:
    offered = re.findall(r'action="(/login\?[^"]+)"', http.get("/login?next=/a?b%3Dc").text)
    assert len(offered) == len(personas(at.office.world()))
    for one in offered:
        told = http.post(unescape(one), follow_redirects=False)
        assert (told.status_code, told.headers["location"]) == (303, "/a?b=c")


def test_who_was_chosen_is_who_one_is_until_one_logs_out(at: Small, http: TestClient) -> None:
    http.post("/login?persona=auditor", follow_redirects=False)
    assert http.get("/v1/cases").status_code == 403
    assert "demo-auditor" in http.get("/login").text
    http.post("/login?persona=regievoerder-rv-04", follow_redirects=False)
    theirs = {one.id for one in at.office.world().cases if one.assigned_officer == "rv-04"}
    assert {one["id"] for one in http.get("/v1/cases").json()["cases"]} == theirs
    http.post("/logout", follow_redirects=False)
    assert http.get("/v1/bookings").status_code == 200


def test_nobody_else_can_be_chosen(http: TestClient) -> None:
    assert http.post("/login?persona=minister").status_code == 404
    assert http.post("/login").status_code == 400
    told = http.post("/login?persona=planner&next=//elsewhere.example")
    assert told.status_code == 400


def test_a_choice_counts_for_the_demo_that_it_was_made_in(at: Small, http: TestClient) -> None:
    http.post("/login?persona=auditor", follow_redirects=False)
    other = reached(at)
    other.cookies.update(http.cookies)
    assert other.get("/v1/cases").status_code == 200
