"""What somebody with a role may see of it all: their own, and that nobody else's comes along."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Request
from starlette.testclient import TestClient

from api.access.person import Person, Role
from api.app import create_app
from api.store.standing import Standing
from tests.store.offices import FAMILY, PLACED, REMOVED, Small, opened
from tests.store.test_requests import offered, without_police

PLANNER = Person("planner-1", frozenset({Role.planner}))
Door = Callable[[Person], TestClient]


class Told:
    """Believes whom a test says asks."""

    def __init__(self, person: Person) -> None:
        self.one = person

    def person(self, request: Request) -> Person:
        return self.one


@pytest.fixture
def door(at: Small) -> Door:
    """The service as somebody reaches it."""
    return lambda person: TestClient(create_app(at.office, Told(person)))


def officer(at: Small, case: str) -> Person:
    """Return the officer in charge of a case."""
    name = at.office.world().case[case].assigned_officer
    return Person(f"account-of-{name}", frozenset({Role.regievoerder}), officer=name)


def others(at: Small, person: Person) -> set[str]:
    """Return the cases of others, and their persons."""
    return {
        name
        for case in at.office.world().cases
        if case.assigned_officer != person.officer
        for name in (case.id, *(one.id for one in case.persons))
    }


def assert_silent(told: str, names: set[str]) -> None:
    assert {one for one in names if one in told} == set()


def event(kind: str, subject: str, **more: Any) -> dict[str, Any]:
    at = {"id": f"e-{subject}", "at": "2026-11-22T17:00:00Z"}
    return {**at, "kind": kind, "subject": subject, **more}


def test_officers_are_shown_their_own_cases_and_how_many_those_are(at: Small, door: Door) -> None:
    for case in PLACED, REMOVED:
        me = officer(at, case)
        told = door(me).get("/v1/cases")
        mine = {one.id for one in at.office.world().cases if one.assigned_officer == me.officer}
        assert {one["id"] for one in told.json()["cases"]} == mine
        assert told.json()["total"] == len(mine)
        assert_silent(told.text, others(at, me))


def test_all_officers_together_are_shown_every_case_once(at: Small, door: Door) -> None:
    seen = [
        one["id"]
        for name in {one.assigned_officer for one in at.office.world().cases}
        for one in door(Person("x", frozenset({Role.regievoerder}), officer=name))
        .get("/v1/cases")
        .json()["cases"]
    ]
    assert sorted(seen) == sorted(one.id for one in at.office.world().cases)


@pytest.mark.parametrize("name", [None, "rv-99"])
def test_an_officer_who_is_nobody_in_the_world_is_shown_nothing(
    door: Door, name: str | None
) -> None:
    http = door(Person("x", frozenset({Role.regievoerder}), officer=name))
    assert http.get("/v1/cases").json() == {"cases": [], "total": 0, "offset": 0}
    assert http.get(f"/v1/cases/{PLACED}").status_code == 404


def test_being_an_officer_in_the_world_opens_nothing_without_the_role(
    at: Small, door: Door
) -> None:
    name = officer(at, PLACED).officer
    http = door(Person("x", frozenset({Role.auditor, Role.partner}), officer=name))
    assert http.get(f"/v1/cases/{PLACED}").status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/cases/{case}", None),
        ("GET", "/v1/cases/{case}/traffic-lights", None),
        ("PATCH", "/v1/cases/{case}", {"weight": 2}),
        ("POST", "/v1/requests", {"case": "{case}", "repair": {"kind": "date", "says": []}}),
        ("POST", "/v1/events", [event("case-withdrawn", "{case}")]),
    ],
)
def test_a_case_of_another_is_as_one_that_is_not_there(
    at: Small, door: Door, method: str, path: str, body: Any
) -> None:
    http = door(officer(at, PLACED))

    def ask(case: str) -> tuple[int, str]:
        filled = None if body is None else _filled(body, case)
        told = http.request(method, path.format(case=case), json=filled)
        return told.status_code, told.text.replace(case, "")

    assert ask(REMOVED) == ask("zk-9999")
    assert ask(REMOVED)[0] in {404, 428}
    assert ask(PLACED)[0] not in {403, 404}


def _filled(body: Any, case: str) -> Any:
    match body:
        case dict():
            return {name: _filled(one, case) for name, one in body.items()}
        case list():
            return [_filled(one, case) for one in body]
        case str():
            return body.replace("{case}", case)
    return body


def test_requests_of_others_are_neither_shown_nor_counted(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/blocked.sqlite") as database:
        at = Small(database)
        at.office.begin(without_police(), PLANNER.actor)
        me, other = officer(at, PLACED), officer(at, REMOVED)
        at.office.ask(PLACED, offered(at), me.actor)

        def shown(person: Person) -> httpx2.Response:
            return TestClient(create_app(at.office, Told(person))).get("/v1/requests")

        assert shown(PLANNER).json()["total"] == shown(me).json()["total"] == 1
        assert_silent(shown(me).text, others(at, me))
        told = shown(other).json()
        assert (told["requests"], told["total"]) == ([], 0)


def test_an_officer_tells_of_their_own_cases_alone(at: Small, door: Door) -> None:
    http = door(officer(at, PLACED))
    for wish in (
        [event("case-withdrawn", PLACED), event("case-withdrawn", REMOVED)],
        [event("departed-independently", f"{REMOVED}-a")],
        [event("resource-away", "kmar-ams-1", value=_day())],
    ):
        assert http.post("/v1/events", json=wish).status_code in {400, 404}
    assert {PLACED, REMOVED} <= {one.id for one in at.office.world().cases}


@pytest.mark.parametrize("kind", ["departure-changed", "capacity-changed", "case-added"])
def test_an_officer_tells_of_no_supply_and_of_nothing_new(at: Small, door: Door, kind: str) -> None:
    """Also where it is called as their own case: then it is refused as one that is not there."""
    world = at.office.world()
    values: dict[str, dict[str, Any]] = {
        "departure-changed": {"cancelled": True},
        "capacity-changed": {"2026-11-25": 0},
        "case-added": world.case[PLACED].model_dump(mode="json", by_alias=True),
    }
    wish = [event(kind, PLACED, value=values[kind])]
    told = door(officer(at, PLACED)).post("/v1/events", json=wish)
    assert told.status_code == 404
    assert at.office.world() == world


@pytest.mark.parametrize("section", ["resources", "facilities", "departures", "locations"])
def test_no_case_and_no_person_is_called_as_anything_else(
    at: Small, door: Door, section: str
) -> None:
    """So nobody who may tell of a case tells of anything else by its name."""
    name = getattr(at.office.world(), section)[0].id
    case = at.office.world().case[PLACED].model_dump(mode="json", by_alias=True)
    (person, *_) = case["persons"]
    for new in (
        {**case, "id": name, "persons": [{**person, "id": "zk-0909-a"}]},
        {**case, "id": "zk-0909", "persons": [{**person, "id": name}]},
        {**case, "id": f"{PLACED}-a", "persons": [{**person, "id": "zk-0909-a"}]},
    ):
        told = door(PLANNER).post("/v1/cases", json=new)
        assert told.status_code == 400
        assert "already" in told.text
        added = door(PLANNER).post("/v1/events", json=[event("case-added", new["id"], value=new)])
        assert added.status_code == 400


def test_an_officer_who_tells_of_a_case_is_told_nothing_of_others(at: Small, door: Door) -> None:
    at.hold(PLACED)
    at.hold(REMOVED)
    me = officer(at, PLACED)
    told = door(me).post("/v1/events", json=[event("case-withdrawn", PLACED)])
    assert told.status_code == 200
    assert PLACED in told.text
    assert_silent(told.text, others(at, me))


def test_lights_for_an_officer_hold_no_bookings_of_others(at: Small, door: Door) -> None:
    at.hold(REMOVED)
    at.hold(FAMILY)
    for case in at.office.world().cases:
        me = officer(at, case.id)
        told = door(me).get(f"/v1/cases/{case.id}/traffic-lights")
        assert told.status_code == 200
        assert_silent(told.text, others(at, me))


def test_a_partner_is_told_its_own_part(at: Small, door: Door) -> None:
    (standing,) = at.hold(REMOVED)
    for partner in standing.partners:
        me = Person("x", frozenset({Role.partner}), organisation=partner.partner)
        told = door(me).post(
            f"/v1/bookings/{at.called(standing.booking.id)}/confirmations",
            json={"partner": partner.partner, "answer": "confirmed"},
        )
        assert told.status_code == 200
        assert "case" not in told.json()
        assert REMOVED not in told.text
        assert {one["partner"] for one in [told.json()["answer"]] if one} == {partner.partner}
        assert_silent(told.text, _of_others(standing, told.json(), at) | _persons(at))


def _of_others(standing: Standing, told: Any, at: Small) -> set[str]:
    """Return who comes to a booking for others than the partner that is told of it."""
    mine = {name for one in told["attendances"] for name in one["resources"]}
    every = {name for one in standing.booking.attendances for name in one.resources}
    assert mine <= every
    return every - mine - {standing.booking.case}


def _persons(at: Small) -> set[str]:
    return {one.id for case in at.office.world().cases for one in case.persons}


def test_a_partner_does_not_answer_for_another(at: Small, door: Door) -> None:
    (standing,) = at.hold(REMOVED)
    first, *rest = (one.partner for one in standing.partners)
    me = Person("x", frozenset({Role.partner}), organisation=first)
    for other in rest:
        told = door(me).post(
            f"/v1/bookings/{at.called(standing.booking.id)}/confirmations",
            json={"partner": other, "answer": "confirmed"},
        )
        assert told.status_code == 403
    nobody = Person("x", frozenset({Role.partner}))
    told = door(nobody).post(
        f"/v1/bookings/{at.called(standing.booking.id)}/confirmations",
        json={"partner": first, "answer": "confirmed"},
    )
    assert told.status_code == 403
    assert {one.answer for one in at.office.booking(standing.booking.id).partners} == {None}


def test_what_was_answered_to_one_is_not_told_to_another(at: Small, door: Door) -> None:
    """Under the key of another account nothing comes but one's own answer."""
    (standing,) = at.hold(REMOVED)
    partner = standing.partners[0].partner
    wish = {"partner": partner, "answer": "confirmed"}
    path = f"/v1/bookings/{standing.booking.id}/confirmations"
    key = {"idempotency-key": "the-same-key"}
    whole = door(PLANNER).post(path, json=wish, headers=key)
    assert whole.json()["booking"]["booking"]["case"] == REMOVED
    me = Person("x", frozenset({Role.partner}), organisation=partner)
    path = path.replace(standing.booking.id, at.called(standing.booking.id))
    told = door(me).post(path, json=wish, headers=key)
    assert "idempotency-replayed" not in told.headers
    assert "booking" not in told.json()


def _day() -> dict[str, str]:
    return {"from": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z"}
