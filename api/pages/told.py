"""What a page says once, after something was done: the browser keeps it until it is read."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import Response

SECONDS = 60
"""How long it is kept for a page that is never opened."""


class ToldOnce:
    """A signed cookie with what is to be told, and on which page.

    An address that somebody is sent cannot say anything so, and a page that is opened again says it
    no more.
    """

    def __init__(self, key: str | bytes, *, https: bool) -> None:
        self._name = "__Host-regietafel-done" if https else "regietafel-done"
        self._https = https
        self._signed = URLSafeTimedSerializer(
            key,
            salt="regietafel done",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def keep(self, response: Response, told: dict[str, Any]) -> None:
        """Keep what is to be told on the page that a response leads to."""
        page = urlsplit(response.headers["location"]).path
        response.set_cookie(
            self._name,
            str(self._signed.dumps([page, told])),
            max_age=SECONDS,
            secure=self._https,
            httponly=True,
            samesite="lax",
        )

    def read(self, request: Request) -> dict[str, Any] | None:
        """Return what is to be told on the page that is asked for; None when nothing is."""
        try:
            page, told = self._signed.loads(request.cookies.get(self._name, ""), max_age=SECONDS)
        except BadData:
            return None
        here = request.method == "GET" and page == request.url.path
        return dict(told) if here else None

    def forget(self, response: Response) -> None:
        """Let the browser forget what was told."""
        response.delete_cookie(self._name, secure=self._https, httponly=True, samesite="lax")
