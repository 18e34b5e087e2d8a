"""What stands on every answer: the version of the API, and what browsers may do with it."""

from collections.abc import Mapping
from http import HTTPStatus

from anyio import CancelScope
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.store.logs import SHOWN

VERSION = "1.0.0"
"""The version of the API (semver); its first number is that of the path."""
STANDING: Mapping[str, str] = {
    "API-Version": VERSION,
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What an answer says unless it says otherwise itself."""


class StandingHeaders:
    """Puts the headers on whatever ``app`` answers, failures too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in STANDING.items():
                    headers.setdefault(name, value)
                if message["status"] == HTTPStatus.NO_CONTENT:
                    del headers["content-type"]
            await send(message)

        await self.app(scope, receive, dressed)


class HeadAsGet:
    """Answers HEAD as ``app`` answers GET, without the body (RFC 9110, 9.3.2).

    Nothing is shown of what the body would tell, so nothing is recorded as read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; what goes on and on is left as soon as its headers are told."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                if "content-length" not in Headers(raw=message["headers"]):
                    answering.cancel()

        scope["method"] = "GET"
        shown = SHOWN.set(False)
        try:
            with CancelScope() as answering:
                await self.app(scope, receive, headed)
        finally:
            SHOWN.reset(shown)
            scope["method"] = "HEAD"
