"""What a query may say: what there is, once, and stretches of time that are one."""

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from tests.access.test_matrix import As
from tests.store.offices import PLACED, Small

LIGHTS = f"/v1/cases/{PLACED}/traffic-lights"


def errors(http: TestClient, path: str) -> list[tuple[str, str]]:
    told = http.get(path)
    assert told.status_code == 400, (path, told.text)
    return [(one["in"], one["detail"]) for one in told.json()["errors"]]


def test_a_parameter_that_there_is_not_is_refused_with_all_others(http: TestClient) -> None:
    """Who asks for the bookings of a case must not be given all of them."""
    assert errors(http, f"/v1/bookings?case={PLACED}&status=held&limit=5") == [
        ("query.case", "is not a parameter"),
        ("query.status", "is not a parameter"),
    ]
    assert errors(http, "/v1/resources?roles=police") == [
        ("query.roles", "is not a parameter; maybe role")
    ]


def test_a_parameter_that_is_one_is_there_once(http: TestClient) -> None:
    assert errors(http, "/v1/bookings?limit=1&limit=2") == [
        ("query.limit", "is there more than once")
    ]
    assert errors(http, "/v1/openings?facility=a&facility=b") == [
        ("query.facility", "there is no facility a"),
        ("query.facility", "there is no facility b"),
    ]


def test_who_is_nobody_is_told_that_and_no_more(at: Small) -> None:
    with TestClient(create_app(at.office, As())) as http:
        assert http.get("/v1/bookings?case=zk-0001").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        f"{LIGHTS}?from=2026-11-25T00:00:00Z&until=2026-11-24T00:00:00Z",
        "/v1/departures?from=2026-11-25T00:00:00Z&until=2026-11-24T00:00:00Z",
        "/v1/audit-lines?from=5&until=2",
    ],
)
def test_a_stretch_that_ends_before_it_begins_is_none(http: TestClient, path: str) -> None:
    assert errors(http, path) == [("query.until", "lies before from")]
