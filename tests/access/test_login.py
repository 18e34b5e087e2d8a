"""The login of pages at a real provider, and how it is not fooled."""

import json
import time
from urllib.parse import quote

import pytest
from joserfc import jws
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from api.access.session import Cookie
from api.store.spent import Spent
from tests.access.accounts import SECRET, URL, Browser, Given, query_of
from tests.access.conftest import Serve
from tests.store.offices import Small

OURS = {"sec-fetch-site": "same-origin"}


def test_somebody_logs_in_and_sees_what_their_roles_may(browser: Browser, http: TestClient) -> None:
    told = browser.log_in("planner-1", "/v1/cases")
    assert (told.status_code, told.headers["location"]) == (303, "/v1/cases")
    assert http.get("/v1/bookings").status_code == 200
    assert http.get("/v1/cases").json()["total"] > 0


def test_an_officer_logs_in_and_sees_their_own_cases(browser: Browser, http: TestClient) -> None:
    browser.log_in("officer-4")
    seen = {one["id"] for one in http.get("/v1/cases").json()["cases"]}
    assert seen
    assert http.get("/v1/bookings").status_code == 403


def test_the_request_is_as_the_profile_asks(browser: Browser, given: Given) -> None:
    browser.log_in("planner-1")
    asked = next(query_of(one) for one in browser.seen if one.startswith(f"{given.issuer}/auth?"))
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid"
    assert asked["redirect_uri"] == f"{URL}/login/callback"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked["state"]), len(asked["nonce"])) >= 43


def test_each_login_begins_anew(http: TestClient) -> None:
    asked = [
        query_of(http.get("/login", follow_redirects=False).headers["location"]) for _ in range(2)
    ]
    for name in "state", "nonce", "code_challenge":
        assert asked[0][name] != asked[1][name]


def test_the_session_is_for_this_service_alone_and_ends_with_the_id_token(
    browser: Browser,
) -> None:
    told = browser.log_in("planner-1")
    cookie = next(one for one in told.headers.get_list("set-cookie") if "regietafel=" in one)
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    lasting = next(int(one[8:]) for one in cookie.split("; ") if one.startswith("Max-Age="))
    assert 3500 < lasting <= 3600  # the provider's ID tokens count for an hour


def test_the_server_ends_a_session_whatever_the_browser_keeps(
    browser: Browser, http: TestClient, served: Serve
) -> None:
    browser.log_in("planner-1")
    for later, status in (3_000, 200), (3_700, 401):
        then = served(clock=lambda later=later: time.time() + later)
        then.cookies.update(http.cookies)
        assert then.get("/v1/bookings").status_code == status


def test_an_answer_to_another_browser_is_refused(
    browser: Browser, http: TestClient, served: Serve
) -> None:
    back = browser.to_callback("planner-1")
    other = served()
    assert other.get(back.removeprefix(URL)).status_code == 400
    other.get("/login", follow_redirects=False)
    assert other.get(back.removeprefix(URL)).status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "another"),
        ("state", ""),
        ("code", "another"),
        ("code", ""),
        ("iss", "https://elsewhere.example"),
        ("iss", ""),
        ("error", "access_denied"),
    ],
)
def test_an_answer_that_was_changed_is_refused(browser: Browser, name: str, value: str) -> None:
    asked = {**query_of(browser.to_callback("planner-1")), name: value}
    query = "&".join(f"{one}={quote(told, safe='')}" for one, told in asked.items())
    told = browser.go(f"{URL}/login/callback?{query}")
    assert told.status_code == 400
    assert "set-cookie" not in told.headers


@pytest.mark.parametrize("name", ["nonce", "verifier"])
def test_what_was_not_asked_for_in_this_browser_is_refused(
    at: Small, browser: Browser, http: TestClient, name: str
) -> None:
    """The code and the state are right: the provider tells by PKCE, and we by the nonce."""
    back = browser.to_callback("planner-1")
    spent = Spent(at.database, at.office.now)
    cookie = Cookie("regietafel-login", SECRET, time.time, spent, https=False)
    told = cookie.read(Request({"type": "http", "headers": [(b"cookie", kept(http))]}))
    assert told
    response = Response()
    cookie.give(response, {**told, name: "another" * 7}, 60)
    http.cookies.clear()
    changed = response.headers["set-cookie"].partition(";")[0].partition("=")[2]
    http.cookies["regietafel-login"] = changed
    assert browser.go(back).status_code == 400


def kept(http: TestClient) -> bytes:
    """Return the cookies of a browser as it sends them."""
    return "; ".join(f"{name}={told}" for name, told in http.cookies.items()).encode()


def test_who_has_no_role_here_does_not_come_in(browser: Browser, http: TestClient) -> None:
    told = browser.log_in("nobody-1")
    assert told.status_code == 403
    assert "set-cookie" not in told.headers
    assert http.get("/v1/cases").status_code == 401


def test_whose_claims_cannot_be_does_not_come_in(browser: Browser, http: TestClient) -> None:
    assert browser.log_in("odd-1").status_code == 401
    assert http.get("/v1/cases").status_code == 401


def test_a_cookie_that_was_changed_is_nobody(browser: Browser, http: TestClient) -> None:
    browser.log_in("planner-1")
    whole = http.cookies["regietafel"]
    body, signature = whole.rsplit(".", 1)
    for changed in (
        "",
        body,
        f"{body}.{'A' * len(signature)}",
        f"{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        whole + "A",
    ):
        http.cookies.clear()
        http.cookies["regietafel"] = changed
        assert http.get("/v1/bookings").status_code == 401


def test_the_cookie_of_an_attempt_is_no_session(http: TestClient) -> None:
    http.get("/login", follow_redirects=False)
    http.cookies["regietafel"] = http.cookies["regietafel-login"]
    assert http.get("/v1/bookings").status_code == 401


def test_an_id_token_does_not_open_the_api(http: TestClient, given: Given) -> None:
    claims = given.forged(aud="regietafel", nonce="n")
    told = jws.serialize_compact(
        {"alg": "RS256", "kid": "own", "typ": "JWT"}, json.dumps(claims), given.own
    )
    answer = http.get("/v1/bookings", headers={"authorization": f"Bearer {told}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "then",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "\\\\elsewhere.example/",
        "/a\\b",
        "/a b",
        "/a\nb",
        "/\t/elsewhere.example",
        "javascript:alert(1)",
        "cases",
        "",
        "/" + "x" * 500,
    ],
)
def test_a_login_leads_nowhere_else(http: TestClient, then: str) -> None:
    told = http.get("/login", params={"next": then}, follow_redirects=False)
    assert (told.status_code, told.json()["errors"][0]["in"]) == (400, "query.next")


@pytest.mark.parametrize("then", ["/", "/a", "/planning?week=48&view=lights#zk-0001", "/.x"])
def test_a_login_leads_back_to_where_it_began(browser: Browser, then: str) -> None:
    assert browser.log_in("planner-1", quote(then)).headers["location"] == then


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 400),
        ({"origin": URL}, 400),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 400),
        ({}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": URL}, 403),
        ({"origin": "http://127.0.0.1:8001"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_with_a_session_only_our_own_pages_change_anything(
    browser: Browser, http: TestClient, headers: dict[str, str], status: int
) -> None:
    """400 is the answer to an empty wish, which is looked at after who asks."""
    browser.log_in("planner-1")
    assert http.post("/v1/bookings", json={}, headers=headers).status_code == status
    assert http.get("/v1/bookings", headers=headers).status_code == 200


def test_with_a_token_no_page_is_asked_for(http: TestClient, given: Given) -> None:
    bearer = {"authorization": f"Bearer {given.token()}"}
    assert http.post("/v1/bookings", json={}, headers=bearer).status_code == 400


def test_a_bad_token_is_not_made_good_by_a_session(browser: Browser, http: TestClient) -> None:
    browser.log_in("planner-1")
    told = http.get("/v1/bookings", headers={"authorization": "Bearer x"})
    assert told.status_code == 401


def test_somebody_logs_out_here_and_at_the_provider(
    browser: Browser, http: TestClient, given: Given
) -> None:
    browser.log_in("planner-1")
    assert http.post("/logout", follow_redirects=False).status_code == 403
    told = http.post("/logout", headers=OURS, follow_redirects=False)
    assert told.status_code == 303
    assert told.headers["location"].startswith(f"{given.issuer}/session/end?")
    assert query_of(told.headers["location"])["post_logout_redirect_uri"] == f"{URL}/"
    assert browser.go(told.headers["location"]).status_code == 200
    assert http.get("/v1/bookings").status_code == 401


def test_a_service_with_a_provider_is_no_demo(http: TestClient) -> None:
    assert http.get("/health/live").json() == {"status": "ok", "demo": False}
