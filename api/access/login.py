"""Accounts of an OpenID provider: bearer tokens for the API, and a login for pages.

The login is the authorization code flow as the NL GOV profile of OpenID Connect asks it: PKCE with
S256, ``private_key_jwt``, a state, a nonce, and one exact redirect URI.
"""

import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx2
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import (  # type: ignore[import-untyped]
    PrivateKeyJWT,
    private_key_jwt_sign,
)
from fastapi import APIRouter, Query, Request
from joserfc import jwk
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.access.claims import person_of
from api.access.gate import (
    BadTokenError,
    NotAllowedError,
    OtherSiteError,
    ProviderAwayError,
)
from api.access.keys import signing_key
from api.access.person import Person, Role
from api.access.provider import PATIENCE, Provider
from api.access.session import SAFE, Cookie, Next, from_page, log_in, log_out, logged_in
from api.access.tokens import ACCESS, ID, verified
from api.settings import Settings
from api.store.spent import Spent

CALLBACK = "/login/callback"
ASSERTION = 60
"""Seconds that our own proof to the provider counts."""
ATTEMPT = 600
"""Seconds that somebody has to log in."""
Told = Annotated[str, Query(max_length=2_000)]


class OpenId:
    """Takes people for whom the provider says they are, until they log out: that is ``spent``."""

    def __init__(
        self,
        settings: Settings,
        spent: Spent,
        clock: Callable[[], float] = time.time,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        if not (settings.issuer and settings.client_key and settings.session_key):
            raise ValueError("there is no issuer with its keys")
        self.settings, self.clock = settings, clock
        self.provider = Provider(settings.issuer, clock, transport)
        self.origin = str(settings.url).removesuffix("/")
        self._client_key = signing_key(settings.client_key)
        key, https = settings.session_key.get_secret_value(), settings.url.scheme == "https"
        self._session = Cookie("regietafel", key, clock, spent, https=https)
        self._attempt = Cookie("regietafel-login", key, clock, spent, https=https)

    def person(self, request: Request) -> Person | None:
        """Return whom a bearer token tells of, or else the session of a page.

        Raises
        ------
        BadTokenError, ProviderAwayError, OtherSiteError, UnavailableError
            When the token is not to be believed, the session is used by another site, or it cannot
            be looked up whether it was ended.
        """
        told = request.headers.get("authorization")
        if told is not None:
            scheme, _, token = told.partition(" ")
            if scheme.lower() != "bearer":
                raise BadTokenError("no bearer token")
            audience = self.settings.audience
            claims = verified(token.strip(), self.provider, audience, ACCESS, self.clock)
            return person_of(claims, "http")
        person = logged_in(self._session, request)
        if person is not None and request.method not in SAFE:
            self._ours(request)
        return person

    def pages(self) -> APIRouter:
        """Return the login."""
        router = APIRouter(include_in_schema=False)

        @router.get("/login")
        def login(next: Next = "/") -> RedirectResponse:
            attempt = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
            with self._client() as client:
                url, _ = client.create_authorization_url(
                    self.provider.document().authorization_endpoint,
                    state=attempt["state"],
                    nonce=attempt["nonce"],
                    code_verifier=attempt["verifier"],
                )
            response = RedirectResponse(url, 303)
            self._attempt.give(response, {**attempt, "next": next}, ATTEMPT)
            return response

        @router.get(CALLBACK)
        def back(
            request: Request,
            state: Told = "",
            code: Told = "",
            iss: Told | None = None,
            error: Told | None = None,
        ) -> RedirectResponse:
            attempt = self._attempt.read(request)
            if attempt is None or not secrets.compare_digest(
                attempt["state"].encode(), state.encode()
            ):
                raise _again("this answers no login that is under way in this browser")
            document = self.provider.document()
            named = iss is not None or document.authorization_response_iss_parameter_supported
            if named and iss != self.provider.issuer:
                raise _again("the answer comes from another provider")
            if error is not None or not code:
                raise _again("the provider let nobody in")
            claims = self._identity(code, attempt)
            # Not before: whom the provider does not vouch for writes nothing here.
            if not self._attempt.spend(attempt):
                raise _again("this answer was given before")
            person = person_of(claims, "page")
            if not person.roles:
                raise NotAllowedError(Role)
            response = RedirectResponse(attempt["next"], 303)
            self._attempt.take(response)
            log_in(self._session, response, person, int(claims["exp"] - self.clock()))
            return response

        @router.post("/logout")
        def logout(request: Request) -> RedirectResponse:
            self._ours(request)
            response = RedirectResponse(self._end_of_session(), 303)
            log_out(self._session, request, response)
            return response

        return router

    def _ours(self, request: Request) -> None:
        """Let pass what a page of ours asks; OtherSiteError when nothing shows that it is one."""
        if not from_page(request, self.origin):
            raise OtherSiteError("with a session only a page of this service changes anything")

    def _client(self) -> Any:
        return OAuth2Client(
            self.settings.client_id,
            self._client_key,
            token_endpoint_auth_method=_Proof(),
            code_challenge_method="S256",
            redirect_uri=self.origin + CALLBACK,
            scope="openid",
            timeout=PATIENCE,
            transport=self.provider.transport,
        )

    def _identity(self, code: str, attempt: dict[str, Any]) -> dict[str, Any]:
        """Return the claims of the ID token that the provider gives for a code."""
        try:
            with self._client() as client:
                told = client.fetch_token(
                    self.provider.document().token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt["verifier"],
                )
        except OAuthError:
            raise _again("the provider does not know this answer") from None
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderAwayError("the login provider did not answer as it should") from error
        try:
            claims = verified(
                str(told.get("id_token")), self.provider, self.settings.client_id, ID, self.clock
            )
        except BadTokenError as error:
            raise _again(f"what the provider says is {error}") from None
        to = claims.get("azp", self.settings.client_id)
        if claims.get("nonce") != attempt["nonce"] or to != self.settings.client_id:
            raise _again("what the provider says is no answer to this login")
        return claims

    def _end_of_session(self) -> str:
        """Return where to go to log out at the provider too, where it has such a place."""
        try:
            there = self.provider.document().end_session_endpoint
        except ProviderAwayError:
            there = None
        if there is None:
            return "/"
        then = f"{self.origin}/"
        asked = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": then})
        return f"{there}{'&' if '?' in there else '?'}{asked}"


class _Proof(PrivateKeyJWT):  # type: ignore[misc]
    """Proves by a key who we are, for a minute; Authlib's own proof counts for an hour."""

    def sign(self, auth: Any, token_endpoint: str) -> str:
        key: jwk.Key = auth.client_secret
        signed: str = private_key_jwt_sign(
            key,
            auth.client_id,
            token_endpoint,
            alg=key.alg,
            header={"kid": key.kid, "typ": "JWT"},
            expires_in=ASSERTION,
        )
        return signed


def _again(why: str) -> HTTPException:
    """Return the refusal of a login, after which somebody may try again."""
    return HTTPException(400, f"{why}; begin again at /login")
