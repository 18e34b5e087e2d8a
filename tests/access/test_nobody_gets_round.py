"""What somebody tried to get round the gate and the bounds with, and is refused."""

import json

import pytest
from starlette.testclient import TestClient

from api.access.person import Role
from api.app import create_app
from tests.api.people import asking
from tests.store.offices import PLACED, REMOVED, Small


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"k" * 900_000: [[1] * 4000] * 3}),
        json.dumps({"case": "a\x00b"}),
        '{"case": "\\ud800"}',
        '{"\\u0000": 1}',
    ],
)
def test_what_cannot_be_kept_or_costs_too_much_is_refused_shortly(at: Small, body: str) -> None:
    with TestClient(create_app(at.office)) as http:
        headers = {"content-type": "application/json"}
        told = http.post("/v1/slot-proposals", content=body, headers=headers)
    assert told.status_code == 400
    assert len(told.content) < 2000


def test_a_query_holds_nothing_that_databases_do_not_keep(at: Small) -> None:
    with TestClient(create_app(at.office)) as http:
        assert http.get("/v1/audit-lines?actor=%00").status_code == 400
        assert http.get("/v1/partners/dv-o/bookings?from=0001-01-01").status_code == 400


def test_the_demo_believes_no_name_that_leads_here(at: Small) -> None:
    app = create_app(at.office)
    with TestClient(app, client=("127.0.0.1", 4000)) as http:
        for host in ("evil.example", "[", "a]b", "local host", "127.0.0.1:99999999"):
            assert http.get("/v1/cases", headers={"host": host}).status_code == 401
        for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
            assert http.get("/v1/cases", headers={"host": host}).status_code == 200
    with TestClient(app, client=("x", 0)) as http:
        assert http.get("/v1/cases").status_code == 401


def test_who_is_another_since_is_not_told_what_they_were_told_before(at: Small) -> None:
    (held,) = at.hold(PLACED)
    word = {"partner": "DV&O", "answer": "declined", "reason": "partner-absent"}
    name, key = held.booking.id, {"idempotency-key": "said-once"}
    path = f"/v1/bookings/{name}/confirmations"
    with asking(at.office, Role.planner) as planner:
        assert planner.post(path, json=word, headers=key).status_code == 200
    with asking(at.office, Role.partner, organisation="DV&O") as partner:
        path = path.replace(name, at.called(name))
        assert partner.post(path, json=word, headers=key).status_code == 422


def test_a_partner_that_is_asked_nothing_knows_of_no_booking(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    name = at.called(held.booking.id)
    with asking(at.office, Role.partner, organisation="Advocatuur") as partner:
        for booking, fact in ((name, "fit-to-fly"), (name, "nothing"), ("zk-0099-removal", "x")):
            word = {"partner": "Advocatuur", "answer": "confirmed"}
            said = partner.post(f"/v1/bookings/{booking}/confirmations", json=word)
            made = {"fact": fact, "value": "yes", "since": "2026-11-22"}
            checked = partner.post(f"/v1/bookings/{booking}/checks", json=made)
            assert (said.status_code, checked.status_code) == (404, 404)
