"""Every operation and every role: who may, who may not, and that no operation was forgotten."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from starlette.routing import Mount
from starlette.testclient import TestClient

from api.access.gate import matrix
from api.access.person import Person, Role
from api.app import create_app
from api.http.wishes import SENT_IN_FORMS
from tests.store.offices import small

TABLE = """
GET    /cases                                planner regievoerder
POST   /cases                                planner
GET    /cases/{case}                         planner regievoerder
PATCH  /cases/{case}                         planner regievoerder
GET    /cases/{case}/traffic-lights          planner regievoerder
POST   /slot-proposals                       planner
GET    /openings                             planner
GET    /bookings                             planner
POST   /bookings                             planner
GET    /bookings/{booking}                   planner
PATCH  /bookings/{booking}                   planner
DELETE /bookings/{booking}                   planner
POST   /bookings/{booking}/confirmations     planner partner
POST   /bookings/{booking}/checks            planner partner
GET    /requests                             planner regievoerder
POST   /requests                             planner regievoerder
PATCH  /requests/{request}                   planner
POST   /events                               planner regievoerder
GET    /partners                             planner partner
GET    /partners/{partner}/bookings          planner partner
GET    /partners/{partner}/calendar          planner partner
GET    /plans                                planner administrator
POST   /plans                                planner
GET    /plans/{plan}                         planner administrator
PATCH  /plans/{plan}                         planner administrator
DELETE /plans/{plan}                         planner administrator
GET    /plans/{plan}/events                  planner administrator
POST   /plans/{plan}/acceptances             planner
GET    /plans/{plan}/bookings                planner
GET    /simulations                          planner management
POST   /simulations                          management
GET    /simulations/{simulation}             planner management
DELETE /simulations/{simulation}             management
GET    /simulations/{simulation}/comparison  planner management
GET    /simulations/{simulation}/events      planner management
GET    /simulations/{simulation}/results     planner management
GET    /resources                            planner
GET    /resources/{resource}                 planner
PUT    /resources/{resource}                 planner
GET    /facilities                           planner
GET    /facilities/{facility}                planner
PUT    /facilities/{facility}                planner
GET    /departures                           planner
GET    /departures/{departure}               planner
PUT    /departures/{departure}               planner
POST   /rosters                              planner partner
GET    /statistics                           planner management
GET    /audit-lines                          auditor
"""
MAY = {
    (method, path): frozenset(map(Role, roles))
    for method, path, *roles in map(str.split, TABLE.strip().splitlines())
}
OPEN = {"/openapi.json"}
"""What anybody may read: the description, which holds no data."""


class As:
    """Takes whoever asks for one person."""

    def __init__(self, person: Person | None = None) -> None:
        self.one = person

    def person(self, request: Request) -> Person | None:
        return self.one


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, As]]:
    """The service, and whom it takes the next to ask for."""
    who = As()
    with small(f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite") as at:
        yield TestClient(create_app(at.office, who)), who


def version_one(http: TestClient) -> FastAPI:
    service = http.app
    assert isinstance(service, FastAPI)
    (found,) = (one.app for one in service.routes if isinstance(one, Mount))
    assert isinstance(found, FastAPI)
    return found


def test_the_table_holds_every_operation_and_what_the_code_says_of_it(
    door: tuple[TestClient, As],
) -> None:
    assert matrix(version_one(door[0])) == MAY


def test_nothing_under_version_one_is_beside_the_operations(door: tuple[TestClient, As]) -> None:
    paths = {getattr(one, "path", "") for one in version_one(door[0]).routes}
    assert {one for one in paths if one and one not in {path for _, path in MAY}} <= OPEN


@pytest.mark.parametrize("operation", MAY, ids=" ".join)
@pytest.mark.parametrize("role", [*Role, None])
def test_only_whom_the_table_names_comes_in(
    door: tuple[TestClient, As], operation: tuple[str, str], role: Role | None
) -> None:
    http, who = door
    method, path = operation
    roles = frozenset({role}) if role else frozenset[Role]()
    who.one = Person("somebody", roles, organisation="KMar", officer="rv-01")
    told = asked(http, method, path)
    if role in MAY[operation]:
        assert told not in {401, 403, 500}
        assert told == 200 or not path.startswith("/partners")
    else:
        assert told == 403


@pytest.mark.parametrize("operation", MAY, ids=" ".join)
def test_nobody_comes_in(door: tuple[TestClient, As], operation: tuple[str, str]) -> None:
    http, who = door
    who.one = None
    assert asked(http, *operation) == 401


@pytest.mark.parametrize("operation", MAY, ids=" ".join)
def test_who_has_every_role_but_those_named_does_not_come_in(
    door: tuple[TestClient, As], operation: tuple[str, str]
) -> None:
    http, who = door
    who.one = Person("somebody", frozenset(Role) - MAY[operation], organisation="KMar")
    assert asked(http, *operation) == 403


def asked(http: TestClient, method: str, path: str) -> int:
    """Return how an operation on nothing that there is was answered."""
    where = re.sub(r"\{\w+\}", "kmar" if path.startswith("/partners") else "nothing", path)
    if path in SENT_IN_FORMS:
        return http.request(method, f"/v1{where}", files={"file": b"x"}).status_code
    body: dict[str, object] | None = {} if method in {"POST", "PUT", "PATCH"} else None
    return http.request(method, f"/v1{where}", json=body).status_code
