"""The audit log over HTTP: who did what, and whether it is whole."""

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.access.person import Role
from api.store.tables import AUDIT
from tests.api.people import asking
from tests.store.offices import PLACED, REMOVED, Small, assert_whole

PATH = "/v1/audit-lines"


def test_the_newest_line_comes_first_and_the_log_is_whole(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    told = http.get(PATH, params={"verify": True}).json()
    numbers = [one["number"] for one in told["lines"]]
    assert numbers == sorted(numbers, reverse=True)
    newest = told["lines"][0]
    assert (newest["action"], newest["object"], newest["result"]) == (
        "hold",
        f"{PLACED}-placement",
        "done",
    )
    assert told["total"] == len(numbers)
    assert told["chain"] == {
        "first": 1,
        "last": numbers[0],
        "hash": newest["hash"],
        "tampered": [],
    }


def test_who_reads_the_log_is_in_it(at: Small) -> None:
    with asking(at.office, Role.auditor) as auditor:
        last = auditor.get(PATH).json()["chain"]["last"]
        (line,) = auditor.get(PATH, params={"from": last + 1}).json()["lines"]
    assert (line["actor"], line["action"], line["object"]) == ("account-1", "read", "audit-log")
    assert_whole(at.database)


def test_who_pages_through_the_log_misses_nothing(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    at.hold(REMOVED)
    last = http.get(PATH).json()["chain"]["last"]
    seen: list[int] = []
    while len(seen) < last:
        asked = {"until": last, "offset": len(seen), "limit": 2}
        page = http.get(PATH, params=asked).json()
        assert page["total"] == last
        seen += [one["number"] for one in page["lines"]]
    assert seen == [*range(last, 0, -1)]
    onward = http.get(PATH, params={"from": 2, "until": 3}).json()["lines"]
    assert [one["number"] for one in onward] == [2, 3]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"action": "hold"}, 2),
        ({"object": f"{REMOVED}-removal"}, 1),
        ({"result": "OneCaseError"}, 0),
        ({"actor": "planner-1"}, 3),
        ({"actor": "planner-1", "action": "import"}, 1),
        ({"actor": "nobody"}, 0),
    ],
)
def test_the_log_is_asked_for_some_of_it(
    at: Small, http: TestClient, asked: dict[str, str], found: int
) -> None:
    at.hold(PLACED)
    at.hold(REMOVED)
    assert http.get(PATH, params=asked).json()["total"] == found


def test_a_line_that_was_changed_is_named(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    with at.database.writing() as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.number == 1).values(actor="nobody"))
    assert http.get(PATH).json()["chain"]["tampered"] is None
    assert http.get(PATH, params={"verify": True}).json()["chain"]["tampered"] == [1]


def test_only_auditors_read_the_log(at: Small) -> None:
    others = [one for one in Role if one != Role.auditor]
    with asking(at.office, *others) as client:
        assert client.get(PATH).status_code == 403
