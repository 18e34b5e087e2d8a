"""A roster over HTTP: seen first, taken over as a whole, and each mistake with its row."""

from datetime import datetime
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.access.person import Role
from api.exports.files import FILES, File, written
from api.exports.tables import rosters_of
from api.http.rosters import LONGEST
from tests.api.people import asking
from tests.store.offices import PLACED, Small, assert_whole

SHIFT = "code;datum;van;tot\nteam-breda-1;24-11-2026;8.00;16.00"


def send(
    http: TestClient, body: str | bytes, headers: dict[str, str] | None = None, **asked: object
) -> Response:
    data = body.encode() if isinstance(body, str) else body
    told: Response = http.post(
        "/v1/rosters",
        files={"file": ("rooster", data)},
        params={name: str(one) for name, one in asked.items()},
        headers=headers,
    )
    return told


def nobody_then(at: Small, role: str) -> str:
    """Return a roster in which somebody of a role is not there when they are booked."""
    (held,) = at.hold(PLACED)
    name = next(n for one in held.booking.attendances for n in one.resources if one.role == role)
    return f"code;datum;van;tot\n{name};{held.booking.start:%d-%m-%Y};22.00;23.00"


@pytest.mark.parametrize("file", FILES)
def test_a_roster_is_seen_first_and_then_taken_over(
    at: Small, http: TestClient, file: File
) -> None:
    world = at.office.world()
    shift = world.resource["team-breda-1"].shifts[1]
    later = shift.model_copy(update={"until": datetime(2026, 11, 24, 18)})
    other = world.resource["team-breda-1"].model_copy(update={"shifts": (later,)})
    body = written([rosters_of(world, [other])], file)
    seen = send(http, body, preview=True).json()
    assert (seen["applied"], seen["new"], seen["gone"]) == (False, 1, 1)
    assert at.office.world() == world
    done = send(http, body).json()
    assert done == seen | {"applied": True}
    assert later in at.office.world().resource["team-breda-1"].shifts
    assert send(http, body).json()["parts"] == []
    assert_whole(at.database)


def test_each_cell_that_is_wrong_is_told_with_its_row(http: TestClient) -> None:
    told = send(http, "code;soort;datum;van;tot\nteam-breda-1;dienst;31-11-2026;8.00;16.00\n"
                      "team-breda-1;dienstt;24-11-2026;8.00;16.00")  # fmt: skip
    assert told.status_code == 400
    assert told.headers["content-type"] == "application/problem+json"
    first, second = told.json()["errors"]
    assert first == {
        "in": "body.file",
        "detail": "is no day of any month",
        "row": 2,
        "column": "datum",
        "value": "31-11-2026",
    }
    assert (second["row"], second["value"], second["suggestion"]) == (3, "dienstt", "dienst")


def test_an_encoding_is_told_beside_the_file(http: TestClient) -> None:
    body = f"{SHIFT}\nteam-breda-1;25-11-2026;8.00;16.00;é".replace("tot", "tot;opmerking", 1)
    old = body.encode("cp1252")
    assert send(http, old, preview=True).status_code == 400
    assert send(http, old, preview=True, encoding="windows-1252").status_code == 200


def test_a_partner_brings_the_rosters_of_its_own_people_alone(at: Small) -> None:
    with asking(at.office, Role.partner, organisation="Politie") as http:
        assert send(http, SHIFT, preview=True).status_code == 200
        assert send(http, SHIFT, partner="politie").status_code == 200
        assert send(http, SHIFT, partner="kmar").status_code == 403
        assert send(http, SHIFT, replan=True).status_code == 403
    with asking(at.office, Role.partner, organisation="KMar") as http:
        told = send(http, SHIFT)
        assert told.status_code == 400
        (error,) = told.json()["errors"]
        assert (error["row"], error["detail"]) == (2, "is nobody of this organisation")
    with asking(at.office, Role.partner) as http:
        assert send(http, SHIFT).status_code == 403
    with asking(at.office, Role.planner) as http:
        assert send(http, SHIFT, partner="kmar").status_code == 400
        assert send(http, SHIFT, partner="nobody").status_code == 404


def test_a_partner_is_told_which_of_its_bookings_break_by_their_references(at: Small) -> None:
    body = nobody_then(at, "police")
    called = at.called(f"{PLACED}-placement")
    with asking(at.office, Role.partner, organisation="Politie") as http:
        seen = send(http, body, preview=True)
        assert {one["booking"] for one in seen.json()["broken"]} == {called}
        refused = send(http, body)
    assert refused.status_code == 409
    assert {one["booking"] for one in refused.json()["violations"]} == {called}
    assert PLACED not in seen.text + refused.text


def test_a_planner_has_what_breaks_repaired(at: Small, http: TestClient) -> None:
    body = nobody_then(at, "interpreter")
    seen = send(http, body, preview=True).json()
    assert {one["booking"] for one in seen["broken"]} == {f"{PLACED}-placement"}
    assert [one["case"] for one in seen["moved"]] == [PLACED]
    assert send(http, body).status_code == 409
    done = send(http, body, replan=True)
    assert [one["case"] for one in done.json()["moved"]] == [PLACED]
    assert_whole(at.database)


def test_under_a_key_a_roster_is_taken_over_once(at: Small, http: TestClient) -> None:
    key = {"idempotency-key": "roster-0001"}
    first = send(http, SHIFT, headers=key)
    again = send(http, SHIFT, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert first.json()["new"] == 1
    assert send(http, SHIFT.replace("16.00", "17.00"), headers=key).status_code == 422


def test_what_is_no_form_or_too_large_is_refused(http: TestClient) -> None:
    assert http.post("/v1/rosters", json={}).status_code == 415
    assert send(http, b"x" * LONGEST).status_code == 413
    empty: Any = http.post("/v1/rosters", files={"other": ("x", b"y")})
    assert empty.status_code == 400
    assert empty.json()["errors"][0]["in"] == "body.file"
