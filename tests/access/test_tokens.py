"""Bearer tokens at the API: those of a real provider, and all that is not one."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest
from joserfc import jwk, jwt
from starlette.requests import Request
from starlette.testclient import TestClient

from api.access.gate import BadTokenError, ProviderAwayError
from api.access.login import OpenId
from api.access.provider import LASTING, PAUSE, Provider
from api.access.tokens import ACCESS, LEEWAY, SIGNATURES, verified
from api.settings import Settings
from api.store.spent import Spent
from tests.access.accounts import AUDIENCE, Given, key
from tests.access.conftest import Serve
from tests.store.offices import Small

BAD = 'Bearer error="invalid_token"'
ISSUER = "https://id.example"


def asked(http: TestClient, token: str) -> httpx2.Response:
    return http.get("/v1/bookings", headers={"authorization": f"Bearer {token}"})


def signed(claims: Mapping[str, Any], by: jwk.Key, **header: Any) -> str:
    told = {"alg": by.alg, "kid": by.kid, "typ": "at+jwt"} | header
    return jwt.encode(told, dict(claims), by, registry=SIGNATURES)


# --- With a real provider ---------------------------------------------------------------------


def test_a_token_of_the_provider_opens_what_its_roles_may(http: TestClient, given: Given) -> None:
    assert asked(http, given.token()).status_code == 200


def test_the_audit_log_names_the_account_and_the_door(
    at: Small, settings: Settings, given: Given
) -> None:
    me = OpenId(settings, Spent(at.database, at.office.now)).person
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "client": None}
    headers = [(b"authorization", f"Bearer {given.token()}".encode())]
    found = me(Request({**scope, "headers": headers}))
    assert found
    assert (found.actor.id, found.actor.origin) == ("machine-1", "http")


def test_nobody_is_told_how_to_say_who_they_are(http: TestClient) -> None:
    told = http.get("/v1/bookings")
    assert (told.status_code, told.headers["www-authenticate"]) == (401, "Bearer")
    assert told.headers["content-type"] == "application/problem+json"


def test_a_token_for_another_service_is_refused(http: TestClient, given: Given) -> None:
    refused(asked(http, given.token("urn:another-service")))


def test_a_token_that_expired_is_refused(served: Serve, given: Given) -> None:
    token = given.token()
    assert asked(served(clock=lambda: time.time() + 300 + LEEWAY - 10), token).status_code == 200
    refused(asked(served(clock=lambda: time.time() + 300 + LEEWAY + 10), token))


def test_a_token_by_another_key_is_refused(http: TestClient, given: Given) -> None:
    """The name of the provider's key is on it all the same."""
    assert asked(http, signed(given.forged(), given.own)).status_code == 200
    refused(asked(http, signed(given.forged(), key("own"))))
    refused(asked(http, signed(given.forged(), key("never-seen"))))


def test_a_token_by_no_key_or_by_the_public_one_as_a_secret_is_refused(
    http: TestClient, given: Given
) -> None:
    for name in "none", "None", "NONE":
        refused(asked(http, raw({"alg": name, "kid": "own", "typ": "at+jwt"}, given.forged())))
    assert isinstance(given.own, jwk.RSAKey)
    for public in given.own.as_pem(private=False), given.own.as_der(private=False):
        secret = jwk.OctKey.import_key(base64.urlsafe_b64encode(public).rstrip(b"=").decode())
        made = jwt.encode({"alg": "HS256", "kid": "own"}, given.forged(), secret)
        refused(asked(http, made))


def test_a_token_that_brings_its_own_key_is_refused(http: TestClient, given: Given) -> None:
    mine = key("own")
    refused(asked(http, signed(given.forged(), mine, jwk=mine.as_dict(private=False))))


def test_roles_that_are_not_ours_open_nothing(http: TestClient, given: Given) -> None:
    for roles in [], ["gardener"], ["Planner"], ["auditor"]:
        told = asked(http, signed(given.forged(roles=roles), given.own))
        assert told.status_code == 403
    assert asked(http, signed(given.forged(roles=["gardener", "planner"]), given.own)).is_success


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "a b"},
        {"sub": "jan@example.org"},
        {"sub": "x" * 101},
        {"sub": ""},
        {"sub": 7},
        {"roles": "planner"},
        {"roles": ["planner"] * 101},
        {"roles": [7]},
        {"organisation": ""},
        {"organisation": "x" * 61},
        {"officer": "../rv"},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": []},
        {"aud": "regietafel"},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": float("inf")},
        {"iat": None},
        {"iat": time.time() + 10_000},
        {"nbf": time.time() + 10_000},
    ],
)
def test_a_token_with_a_claim_that_cannot_be_is_refused(
    http: TestClient, given: Given, claims: dict[str, object]
) -> None:
    refused(asked(http, signed(given.forged(**claims), given.own)))


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "", "secevent+jwt", 7])
def test_a_token_of_another_type_is_refused(http: TestClient, given: Given, kind: object) -> None:
    refused(asked(http, raw_signed(given, {"typ": kind})))


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "JWT", "jwt"])
def test_an_access_token_says_so(http: TestClient, given: Given, kind: str) -> None:
    assert asked(http, raw_signed(given, {"typ": kind})).status_code == 200


@pytest.mark.parametrize("header", [{"kid": None}, {"kid": 7}, {"crit": ["x"], "x": 1}])
def test_a_header_that_cannot_be_is_refused(
    http: TestClient, given: Given, header: dict[str, object]
) -> None:
    refused(asked(http, raw_signed(given, header)))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "x" * 9_000])
def test_what_is_no_token_is_refused(http: TestClient, token: str) -> None:
    answer = http.get("/v1/bookings", headers={b"authorization": f"Bearer {token}".encode()})
    refused(answer)


def test_only_bearers_are_asked(http: TestClient) -> None:
    refused(http.get("/v1/bookings", headers={"authorization": "Basic cGxhbm5lcjp4"}))


# --- With one that is played ------------------------------------------------------------------


class Played:
    """A provider that says what a test wants, and counts how often it was asked."""

    def __init__(self, *keys: jwk.Key) -> None:
        self.keys = [one.as_dict(private=False) for one in keys]
        self.document = {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}/jwks",
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
        }
        self.away = False
        self.asked = 0
        self.now = time.time()

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.away:
            raise httpx2.ConnectError("nobody there")
        if request.url.path == "/jwks":
            self.asked += 1
            return httpx2.Response(200, json={"keys": self.keys})
        return httpx2.Response(200, json=self.document)

    def provider(self) -> Provider:
        return Provider(ISSUER, lambda: self.now, httpx2.MockTransport(self.answer))


def believed(provider: Provider, by: jwk.Key, clock: Callable[[], float]) -> dict[str, Any]:
    now = int(clock())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "iat": now, "exp": now + 60}
    return verified(signed(claims, by), provider, AUDIENCE, ACCESS, clock)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_these_signatures_are_believed(alg: str) -> None:
    own = key("own", alg)
    played = Played(own)
    assert believed(played.provider(), own, lambda: played.now)["sub"] == "x"


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS512"])
def test_no_other_signature_is_believed(given: Given, http: TestClient, alg: str) -> None:
    told = given.own.as_dict(private=True) | {"alg": alg}
    other = jwk.import_key(told)
    refused(asked(http, jwt.encode({"alg": alg, "kid": "own"}, given.forged(), other, [alg])))


def test_keys_are_asked_for_once_and_again_when_one_is_new_but_once_a_minute_at_most() -> None:
    first, second, never = key("first"), key("second"), key("never")
    played = Played(first)
    provider = played.provider()
    for _ in range(3):
        believed(provider, first, lambda: played.now)
    assert played.asked == 1
    played.keys = [second.as_dict(private=False)]
    with pytest.raises(BadTokenError):
        believed(provider, second, lambda: played.now)
    assert played.asked == 1
    played.now += PAUSE
    believed(provider, second, lambda: played.now)
    assert played.asked == 2
    for _ in range(3):
        with pytest.raises(BadTokenError):
            believed(provider, never, lambda: played.now)
    assert played.asked == 2


def test_a_key_that_was_withdrawn_is_believed_for_an_hour_at_most() -> None:
    first, second = key("first"), key("second")
    played = Played(first)
    provider = played.provider()
    believed(provider, first, lambda: played.now)
    played.keys = [second.as_dict(private=False)]
    played.now += LASTING
    with pytest.raises(BadTokenError):
        believed(provider, first, lambda: played.now)


def test_when_the_provider_is_away_nobody_new_is_believed() -> None:
    own = key("own")
    played = Played(own)
    played.away = True
    provider = played.provider()
    for _ in range(2):
        with pytest.raises(ProviderAwayError):
            believed(provider, own, lambda: played.now)
    played.away = False
    played.now += PAUSE
    believed(provider, own, lambda: played.now)
    played.away = True
    believed(provider, own, lambda: played.now)
    played.now += PAUSE
    with pytest.raises(ProviderAwayError):
        believed(provider, key("other"), lambda: played.now)
    played.now += LASTING
    with pytest.raises(ProviderAwayError):
        believed(provider, own, lambda: played.now)


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": f"{ISSUER}/"},
        {"issuer": "https://elsewhere.example"},
        {"jwks_uri": "http://id.example/jwks"},
        {"token_endpoint": "http://id.example/token"},
        {"jwks_uri": None},
    ],
)
def test_a_provider_that_is_not_what_was_configured_is_not_believed(wrong: dict[str, Any]) -> None:
    own = key("own")
    played = Played(own)
    played.document |= wrong
    with pytest.raises(ProviderAwayError):
        believed(played.provider(), own, lambda: played.now)


def test_keys_that_do_not_sign_are_no_keys() -> None:
    secret = jwk.OctKey.generate_key(256, {"kid": "secret", "use": "sig"})
    hidden = key("hidden")
    played = Played()
    played.keys = [secret.as_dict(), hidden.as_dict(private=False) | {"use": "enc"}]
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "iat": 1, "exp": 9_999_999_999}
    for made in (
        signed(claims, hidden),
        jwt.encode({"alg": "HS256", "kid": "secret"}, claims, secret),
    ):
        with pytest.raises(BadTokenError):
            verified(made, played.provider(), AUDIENCE, ACCESS, lambda: played.now)


def test_when_the_provider_is_away_the_service_says_when_to_come_back(
    served: Serve, given: Given
) -> None:
    def gone(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(502)

    told = asked(served(transport=httpx2.MockTransport(gone)), signed(given.forged(), given.own))
    assert told.status_code == 503
    assert told.headers["retry-after"]


def refused(told: httpx2.Response) -> None:
    assert (told.status_code, told.headers["www-authenticate"]) == (401, BAD)
    assert told.headers["content-type"] == "application/problem+json"


def raw(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """Return a token without a signature."""
    return ".".join([*(_part(one) for one in (header, claims)), ""])


def raw_signed(given: Given, header: Mapping[str, object]) -> str:
    """Return a token whose header no library would write, well signed."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    told = {"alg": "RS256", "kid": "own", "typ": "at+jwt", **header}
    content = f"{_part(told)}.{_part(given.forged())}"
    private: Any = given.own.private_key
    signature = private.sign(content.encode(), PKCS1v15(), SHA256())
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _part(told: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
