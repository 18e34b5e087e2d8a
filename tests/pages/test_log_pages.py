"""The room of logs: who did what, whether the log is whole, and lines to be taken along."""

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

import api.pages.logs
from api.access.person import Role
from api.pages.logs import ACTIONS, RESULTS
from api.store.change import StaleError
from api.store.logs import Actor
from api.store.refusal import Refusal
from api.store.tables import AUDIT
from tests.api.people import asking
from tests.store.offices import NOON, PLACED, PLANNER, REMOVED, Small, assert_whole

ENGLISH = {"cookie": "language=en"}


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    """The pages as an auditor sees them."""
    with asking(at.office, Role.auditor) as client:
        client.headers["accept"] = "text/html"
        yield client


def numbers(page: str) -> list[int]:
    """Return the numbers of the lines on a page, in order."""
    return [int(one) for one in re.findall(r'<th scope="row">(\d+)</th>', page)]


def some(at: Small) -> None:
    """Leave some lines: an import, two bookings that are held, one that is let go."""
    at.hold(REMOVED)
    (held,) = at.hold(PLACED)
    at.office.release(held.booking.id, PLANNER)


def test_the_newest_line_comes_first_in_words(at: Small, http: TestClient) -> None:
    some(at)
    page = http.get("/logs").text
    assert numbers(page) == [4, 3, 2, 1]
    assert "gaf een boeking vrij" in page
    assert "held a booking" in http.get("/logs", headers=ENGLISH).text
    assert f"{PLACED}-placement" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"action": "hold"}, [3, 2]),
        ({"object": f"{REMOVED}-removal"}, [2]),
        ({"actor": "planner-1", "action": "import", "object": "", "day": ""}, [1]),
        ({"actor": "nobody"}, []),
        ({"day": "2026-11-22"}, [4, 3, 2, 1]),
        ({"day": "2026-11-21"}, []),
        ({"day": "2026-11-23"}, []),
    ],
)
def test_lines_are_asked_for_with_a_form(
    at: Small, http: TestClient, asked: dict[str, str], found: list[int]
) -> None:
    some(at)
    page = http.get("/logs", params=asked).text
    assert numbers(page) == found
    assert ("Geen regel is zo." in page) == (not found)


def test_a_day_begins_at_midnight_in_amsterdam(at: Small, http: TestClient) -> None:
    at.clock.now = NOON.replace(hour=23)  # in Amsterdam it is the next day
    at.hold(PLACED)
    assert numbers(http.get("/logs", params={"day": "2026-11-23"}).text) == [2]
    assert numbers(http.get("/logs", params={"day": "2026-11-22"}).text) == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": "2026-02-31"},
        {"day": "9999-12-31"},
        {"day": "0001-01-01"},
        {"offset": "-1"},
        {"until": "x"},
    ],
)
def test_what_cannot_be_asked_is_refused(http: TestClient, wrong: dict[str, str]) -> None:
    assert http.get("/logs", params=wrong).status_code == 400


def test_who_pages_through_the_log_sees_each_line_once(
    at: Small, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(at)
    monkeypatch.setattr(api.pages.logs, "ON_PAGE", 2)
    page = http.get("/logs").text
    seen = numbers(page)
    while onward := re.search(r'<a href="([^"]+)" rel="next">', page):
        page = http.get(onward[1].replace("&amp;", "&")).text
        seen += numbers(page)
    assert seen == [4, 3, 2, 1]


def test_the_log_is_worked_out_again_when_it_is_asked_and_says_how_far_and_when(
    at: Small, http: TestClient
) -> None:
    some(at)
    assert "nog niet nagerekend" in http.get("/logs").text
    page = http.get("/logs", params={"verify": "true"}).text
    assert "Het logboek klopt" in page
    assert "Nagerekend op zo 22 nov 19:00, regels 1 tot en met 5." in page
    assert_whole(at.database)


def test_a_line_that_was_changed_is_named(at: Small, http: TestClient) -> None:
    some(at)
    with at.database.writing() as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.number == 2).values(actor="nobody"))
    page = http.get("/logs", params={"verify": "true", "actor": "planner-1"}).text
    assert "Deze regels zijn niet zoals ze zijn geschreven, of volgen op een gat: 2" in re.sub(
        r"</?\w+>", "", page
    )
    assert "Het logboek klopt" not in page


def test_lines_are_taken_along_oldest_first(
    at: Small, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(at)
    for at_once in (5_000, 2, 1):
        monkeypatch.setattr(api.pages.logs, "AT_ONCE", at_once)
        told = http.get("/logs/lines.csv", params={"until": 4})
        head, *rows = csv.reader(io.StringIO(told.text))
        assert head == ["number", "at", "actor", "action", "object", "result", "origin", "hash"]
        assert [int(row[0]) for row in rows] == [1, 2, 3, 4]
        asked = {"from": "2", "until": "4", "action": "hold", "actor": "", "day": "2026-11-22"}
        lines = http.get("/logs/lines.jsonl", params=asked).text.splitlines()
        assert [json.loads(one)["number"] for one in lines] == [2, 3]
    assert told.headers["content-disposition"] == 'attachment; filename="regietafel-logs.csv"'


def test_who_takes_lines_along_is_in_the_log_and_not_in_the_file(
    at: Small, http: TestClient
) -> None:
    some(at)
    rows = [*csv.reader(io.StringIO(http.get("/logs/lines.csv").text))]
    assert len(rows) == 5
    page = http.get("/logs", params={"actor": "account-1"}).text
    assert numbers(page) == [5]
    assert "bekeek het logboek" in page


def test_no_line_works_in_a_spreadsheet(at: Small, http: TestClient) -> None:
    with at.database.writing() as connection:
        connection.execute(update(AUDIT).values(actor="=1+1"))
    assert ",'=1+1," in http.get("/logs/lines.csv").text


def test_whatever_was_done_has_words(at: Small, http: TestClient) -> None:
    some(at)
    at.clock.wait(minutes=16)
    at.hold(PLACED)
    done = {json.loads(one)["action"] for one in http.get("/logs/lines.jsonl").text.splitlines()}
    page = http.get("/logs").text
    assert done - ACTIONS.keys() <= {"expired"}
    assert "beëindigd: niet op tijd bevestigd" in page


def every(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        yield one
        yield from every(one)


def test_whatever_was_refused_has_words_and_so_has_the_door_it_came_through(
    at: Small, http: TestClient
) -> None:
    names = {one.__name__ for one in every(Refusal) if one.__module__.startswith("api.")}
    assert names - RESULTS.keys() == {"UnknownError", "EmptyError"}  # told apart; leaves no line
    (held,) = at.hold(PLACED)
    with pytest.raises(StaleError):
        at.office.release(held.booking.id, Actor("planner-1", "command-line"), 1)
    page = http.get("/logs").text
    assert "intussen door iemand anders gewijzigd" in page
    assert "opdrachtregel" in page
    assert "StaleError" not in page
    assert "somebody else changed it" in http.get("/logs", headers=ENGLISH).text


def test_only_auditors_read_the_log(at: Small) -> None:
    others = [one for one in Role if one != Role.auditor]
    with asking(at.office, *others) as client:
        for path in ("/logs", "/logs/lines.csv", "/logs/lines.jsonl"):
            assert client.get(path).status_code == 403
