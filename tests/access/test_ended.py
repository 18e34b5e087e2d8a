"""A login that was answered or ended counts nowhere, whichever server process is asked."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.access.provider import Provider
from api.app import create_app
from api.settings import Settings
from api.store.database import Database, UnavailableError
from api.store.tables import SPENT
from tests.access.accounts import URL, Browser, Given
from tests.store.offices import Small, opened, small

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def at(database_url: str) -> Iterator[Small]:
    """The small world on each database: what counts no more is kept there."""
    with small(database_url) as at:
        yield at


@pytest.fixture
def other(database_url: str, at: Small, settings: Settings) -> Iterator[TestClient]:
    """Another server process on the same store."""
    with opened(database_url) as database:
        yield TestClient(
            create_app(Small(database, at.clock).office, settings=settings), base_url=URL
        )


def ended(at: Small) -> list[str]:
    """Return until when the store knows what counts no more."""
    with at.database.reading() as connection:
        return [*connection.execute(select(SPENT.c.until).order_by(SPENT.c.until)).scalars()]


def test_an_answer_counts_once_whichever_process_it_is_given_to(
    browser: Browser, http: TestClient, other: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = browser.to_callback("planner-1")
    kept = dict(http.cookies)
    assert browser.go(back).status_code == 303
    monkeypatch.setattr(Provider, "document", lambda _: pytest.fail("the provider is asked"))
    for process in http, other:
        process.cookies.clear()
        process.cookies.update(kept)
        again = process.get(back.removeprefix(URL), follow_redirects=False)
        assert again.status_code == 400
        assert "no login that is under way" in again.json()["detail"]
        assert "set-cookie" not in again.headers


def test_of_answers_that_come_at_once_one_counts(
    browser: Browser, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = browser.to_callback("planner-1")
    monkeypatch.setattr("api.store.spent.Spent.spend", lambda *_: False)
    told = browser.go(back)
    assert (told.status_code, "given before" in told.json()["detail"]) == (400, True)
    assert http.get("/v1/bookings").status_code == 401


def test_whom_the_provider_does_not_vouch_for_writes_nothing(at: Small, browser: Browser) -> None:
    back = browser.to_callback("planner-1")
    assert browser.go(f"{back}x").status_code == 400
    assert browser.go(back.replace("code=", "code=x")).status_code == 400
    assert ended(at) == []


def test_a_cookie_that_was_copied_counts_no_more_after_logging_out(
    at: Small, browser: Browser, http: TestClient, other: TestClient
) -> None:
    browser.log_in("planner-1")
    other.cookies.update(http.cookies)
    assert other.get("/v1/bookings").status_code == 200
    assert http.post("/logout", headers=OURS, follow_redirects=False).status_code == 303
    assert "regietafel" not in http.cookies
    assert other.get("/v1/bookings").status_code == 401
    assert other.post("/logout", headers=OURS, follow_redirects=False).status_code == 303
    assert len(ended(at)) == 2  # the login that was answered, and the session that it became


def test_logging_out_ends_this_session_and_no_other_of_the_same_account(
    browser: Browser, http: TestClient, other: TestClient, given: Given
) -> None:
    browser.log_in("planner-1")
    with Browser(other, given.issuer) as elsewhere:
        elsewhere.log_in("planner-1")
    http.post("/logout", headers=OURS, follow_redirects=False)
    assert http.get("/v1/bookings").status_code == 401
    assert other.get("/v1/bookings").status_code == 200


def test_nobody_passes_while_it_cannot_be_looked_up(browser: Browser, http: TestClient) -> None:
    def away(*_: object) -> None:
        raise UnavailableError("the database cannot be reached")

    browser.log_in("planner-1")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Database, "reading", away)
        assert http.get("/v1/bookings").status_code == 503
        assert http.post("/logout", headers=OURS, follow_redirects=False).status_code == 503
        assert http.get("/v1/openapi.json").status_code == 200
    assert http.get("/v1/bookings").status_code == 200
