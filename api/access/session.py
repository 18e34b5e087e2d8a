"""What a browser keeps for us, signed: that somebody logged in, and until when it counts.

A cookie holds no secret and no name; nobody but us can make one. Nothing of it is kept here, so
that every server process knows it.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query, Request
from itsdangerous import BadData, URLSafeSerializer
from starlette.responses import Response

from api.access.claims import claims_of, person_of
from api.access.gate import BadTokenError
from api.access.person import Person

SHIFT = 8 * 3600
"""Seconds that somebody stays logged in at most."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
Next = Annotated[
    str,
    Query(
        # A path of ours: a second slash or a backslash would make a host of what follows.
        pattern=r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$",
        max_length=500,
        description="Where to go after: a path of this service.",
    ),
]


class Cookie:
    """A signed cookie of ours: ``https`` binds it to this very host, and to https."""

    def __init__(self, name: str, key: str | bytes, clock: Callable[[], float], *, https: bool):
        self.name = f"__Host-{name}" if https else name
        self.https = https
        self._clock = clock
        self._signed = URLSafeSerializer(
            key,
            salt=f"regietafel {name}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def give(self, response: Response, told: dict[str, Any], seconds: int) -> None:
        """Let the browser keep what is told for so long, and no longer."""
        signed = self._signed.dumps({**told, "until": int(self._clock()) + seconds})
        response.set_cookie(
            self.name,
            str(signed),
            max_age=seconds,
            secure=self.https,
            httponly=True,
            samesite="lax",
        )

    def read(self, request: Request) -> dict[str, Any] | None:
        """Return what the browser was told; None when it was not by us, or counts no more."""
        try:
            told: dict[str, Any] = self._signed.loads(request.cookies.get(self.name, ""))
        except BadData:
            return None
        return told if told["until"] > self._clock() else None

    def take(self, response: Response) -> None:
        """Let the browser forget it."""
        response.delete_cookie(self.name, secure=self.https, httponly=True, samesite="lax")


def logged_in(cookie: Cookie, request: Request) -> Person | None:
    """Return who a browser says has logged in; nobody when we did not write that."""
    told = cookie.read(request)
    try:
        return None if told is None else person_of(told, "page")
    except BadTokenError:
        return None


def log_in(cookie: Cookie, response: Response, person: Person, seconds: int = SHIFT) -> None:
    """Let the browser say that somebody has logged in, for a shift at most."""
    cookie.give(response, claims_of(person), min(seconds, SHIFT))


def from_page(request: Request, own: str) -> bool | None:
    """Return whether a page of ours asks, as the browser tells; None when it tells nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return None if origin is None else origin == own
