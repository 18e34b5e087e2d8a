"""Every page and every role: who may look and press, who may not, and that none was forgotten."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.access.gate import gates
from api.access.person import Person, Role
from api.app import create_app
from tests.access.test_matrix import As
from tests.store.offices import small

TABLE = """
GET    /                                  everybody
GET    /cases                             planner regievoerder
GET    /cases/{case}                      planner regievoerder
POST   /cases/{case}/requests             planner regievoerder
POST   /cases/{case}/facts                planner regievoerder
POST   /cases/{case}/documents            planner regievoerder
GET    /cases/{case}/departed             planner regievoerder
POST   /cases/{case}/departed             planner regievoerder
GET    /cases/{case}/slots                planner
POST   /cases/{case}/slots                planner
GET    /bookings/{booking}                planner
GET    /bookings/{booking}/instead        planner
POST   /bookings/{booking}/confirm        planner
POST   /bookings/{booking}/decline        planner
POST   /bookings/{booking}/checks         planner
POST   /bookings/{booking}/execute        planner
POST   /bookings/{booking}/cancel         planner
POST   /bookings/{booking}/release        planner
GET    /requests                          planner regievoerder
POST   /requests/{name}                   planner
GET    /board                             planner
GET    /plans                             planner administrator
POST   /plans                             planner
GET    /plans/{plan}                      planner administrator
POST   /plans/{plan}                      planner
POST   /plans/{plan}/keep                 planner administrator
GET    /plans/{plan}/progress             planner administrator
POST   /plans/{plan}/stop                 planner administrator
GET    /partner                           partner
POST   /partner/{booking}/confirmed       partner
POST   /partner/{booking}/declined        partner
POST   /partner/{booking}/checked         partner
GET    /roster                            partner
GET    /imports                           planner partner
POST   /imports                           planner partner
GET    /figures                           planner management
GET    /figures/{name}.svg                planner management
GET    /figures/{name}.{file}             planner management
GET    /scenarios                         planner management
POST   /scenarios                         management
GET    /scenarios/new                     management
POST   /scenarios/new                     management
GET    /scenarios/comparison              planner management
GET    /scenarios/comparison/{name}.svg   planner management
GET    /scenarios/comparison/{name}.{file} planner management
GET    /scenarios/{simulation}            planner management
GET    /scenarios/{simulation}/progress   planner management
POST   /scenarios/{simulation}/stop       management
GET    /scenarios/{simulation}/scenario.toml planner management
GET    /scenarios/{simulation}/{name}.svg planner management
GET    /scenarios/{simulation}/{name}.{file} planner management
GET    /logs                              auditor
GET    /logs/lines.csv                    auditor
GET    /logs/lines.jsonl                  auditor
"""
MAY = {
    (method, path): frozenset(Role) if roles == ["everybody"] else frozenset(map(Role, roles))
    for method, path, *roles in map(str.split, TABLE.strip().splitlines())
}
OPEN = {
    ("POST", "/language"),
    ("GET", "/assets/{digest}/{name}"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
}
"""What anybody may ask: it tells of no case and of nobody."""

FOR_MACHINES = "GET", "/metrics"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, As]]:
    """The service, and whom it takes the next to ask for."""
    who = As()
    with small(f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite") as at:
        yield TestClient(create_app(at.office, who)), who


def test_the_table_holds_every_page_and_what_its_gate_says(
    door: tuple[TestClient, As],
) -> None:
    app = door[0].app
    assert isinstance(app, FastAPI)
    found = {one: mine for one, mine in gates(app).items() if one != FOR_MACHINES}
    assert {one for one, mine in found.items() if not mine} == OPEN
    assert {one: [gate.roles for gate in mine] for one, mine in found.items() if mine} == {
        one: [roles] for one, roles in MAY.items()
    }


@pytest.mark.parametrize("page", MAY, ids=" ".join)
@pytest.mark.parametrize("role", Role)
def test_only_whom_the_table_names_comes_in(
    door: tuple[TestClient, As], page: tuple[str, str], role: Role
) -> None:
    who = door[1]
    who.one = Person("somebody", frozenset({role}), organisation="KMar", officer="rv-01")
    told = asked(door[0], *page)
    if role in MAY[page]:
        assert told not in {401, 403, 500}
    else:
        assert told == 403


@pytest.mark.parametrize("page", MAY, ids=" ".join)
def test_who_has_every_role_but_those_named_does_not_come_in(
    door: tuple[TestClient, As], page: tuple[str, str]
) -> None:
    door[1].one = Person("somebody", frozenset(Role) - MAY[page], organisation="KMar")
    assert asked(door[0], *page) == 403


@pytest.mark.parametrize("page", MAY, ids=" ".join)
def test_nobody_comes_in(door: tuple[TestClient, As], page: tuple[str, str]) -> None:
    """Who has not logged in is led to the login, or told so where a form was sent."""
    door[1].one = None
    assert asked(door[0], *page) == (303 if page[0] == "GET" else 401)


def asked(http: TestClient, method: str, path: str) -> int:
    """Return how a page about nothing that there is was answered to a browser."""
    where = re.sub(r"\{\w+\}", "nothing", path)
    return http.request(
        method, where, headers={"accept": "text/html"}, follow_redirects=False
    ).status_code
