"""What was done is said once, on the page that it led to, and by nothing but what was done."""

from datetime import timedelta

import pytest
from fastapi import Request
from starlette.responses import RedirectResponse

from api.pages import told
from api.pages.told import ToldOnce
from tests.pages.test_slots import forms, held, looking, words
from tests.store.offices import PLACED, Small

DONE = 'class="notice ok"'


def test_what_was_done_is_said_once(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        assert "Alles is voor u gereserveerd." in words(page)
        assert "?" not in str(page.url)
        again = client.get(str(page.url))
    assert DONE not in again.text


def test_no_address_says_that_something_was_done(at: Small) -> None:
    with looking(at) as client:
        for path in "/cases?done=withdrawn", "/requests?done=settled":
            assert DONE not in client.get(path).text


def test_it_is_said_on_the_page_that_it_leads_to(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        client.post(f"{page.url.path}/release", data=forms(page, "/release")[0].values,
                    follow_redirects=False)  # fmt: skip
        assert DONE not in client.get("/cases").text
        assert "Vrijgegeven:" in words(client.get(page.url.path))


def test_a_hold_that_ran_out_is_not_told_to_be_held(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        at.clock.now += timedelta(minutes=16)
        told = words(client.get(str(page.url)))
    assert "Alles is voor u gereserveerd" not in told
    assert "niet op tijd bevestigd" in told


def test_nobody_else_makes_a_page_say_something(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, other = ToldOnce(b"k" * 32, https=False), ToldOnce(b"o" * 32, https=False)
    assert read(ours, ours) == {"done": "held"}
    assert read(other, ours) is None
    monkeypatch.setattr(told, "SECONDS", -1)
    assert read(ours, ours) is None


def read(writer: ToldOnce, reader: ToldOnce) -> object:
    """Return what one reads of what another wrote."""
    response = RedirectResponse("/bookings/b-1?page=2", 303)
    writer.keep(response, {"done": "held"})
    cookie = response.headers["set-cookie"].partition(";")[0]
    scope = {"type": "http", "method": "GET", "path": "/bookings/b-1", "query_string": b"",
             "server": ("testserver", 80), "scheme": "http",
             "headers": [(b"cookie", cookie.encode())]}  # fmt: skip
    return reader.read(Request(scope))


def test_over_https_it_is_bound_to_this_very_host() -> None:
    response = RedirectResponse("/cases", 303)
    ToldOnce(b"k" * 32, https=True).keep(response, {"done": "withdrawn"})
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
