"""What a browser keeps for us, signed: that somebody logged in, and until when it counts.

A cookie holds no secret and no name; nobody but us can make one. Kept is only which ones count no
more, in the store, so that every server process knows them.
"""

import hashlib
import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query, Request
from itsdangerous import BadData, URLSafeSerializer
from starlette.responses import Response

from api.access.claims import claims_of, person_of
from api.access.gate import BadTokenError
from api.access.person import Person
from api.store.spent import Spent

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
    """A signed cookie of ours: ``https`` binds it to this very host, and to https.

    Each that is given has an id, by which it can be ``spent``: then no copy of it counts either.
    """

    def __init__(
        self, name: str, key: str | bytes, clock: Callable[[], float], spent: Spent, *, https: bool
    ) -> None:
        self.name = f"__Host-{name}" if https else name
        self.https = https
        self._clock, self._spent = clock, spent
        self._signed = URLSafeSerializer(
            key,
            salt=f"regietafel {name}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def give(self, response: Response, told: dict[str, Any], seconds: int) -> None:
        """Let the browser keep what is told for so long, and no longer."""
        more = {"id": secrets.token_urlsafe(), "until": int(self._clock()) + seconds}
        signed = self._signed.dumps({**told, **more})
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
        counts = told["until"] > self._clock() and told["id"] not in self._spent
        return told if counts else None

    def spend(self, told: dict[str, Any]) -> bool:
        """Let what a browser was told count no more; return whether it did until now."""
        return self._spent.spend(told["id"], told["until"] - self._clock())

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


def log_out(cookie: Cookie, request: Request, response: Response) -> None:
    """End what a browser says, also where it was copied to."""
    told = cookie.read(request)
    if told is not None:
        cookie.spend(told)
    cookie.take(response)


def from_page(request: Request, own: str) -> bool | None:
    """Return whether a page of ours asks, as the browser tells; None when it tells nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return None if origin is None else origin == own
