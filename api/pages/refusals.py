"""What went wrong, as a page for whoever looks with a browser."""

from http import HTTPStatus
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import MEDIA, Problem
from api.pages.frame import Frame, here, language_of
from api.pages.problems import told

FOR_MACHINES = "/v1", "/health", "/metrics"
LOOKS = "GET", "HEAD"


class ForPeople:
    """Shows the problems that ``app`` answers as pages, where somebody looks with a browser.

    Who has not logged in is led to the login, where there is one.
    """

    def __init__(self, app: ASGIApp, frame: Frame, *, login: bool) -> None:
        self.app, self._frame, self._login = app, frame, login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with a page in the place of a problem."""
        if scope["type"] != "http" or not _looked_at(scope):
            await self.app(scope, receive, send)
            return
        began: Message = {}
        body = b""

        async def read(message: Message) -> None:
            nonlocal began, body
            if message["type"] == "http.response.start":
                if Headers(raw=message["headers"]).get("content-type") != MEDIA:
                    await send(message)
                else:
                    began = message
            elif not began:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    headers = Headers(raw=began["headers"])
                    page = self._page(
                        Request(scope), Problem.model_validate_json(body, strict=False), headers
                    )
                    await page(scope, receive, send)

        await self.app(scope, receive, read)

    def _page(self, request: Request, problem: Problem, headers: Headers) -> Response:
        status = problem.status
        if status == HTTPStatus.UNAUTHORIZED and self._login and request.method == "GET":
            return RedirectResponse(f"/login?{urlencode({'next': here(request)})}", 303)
        page = self._frame.show(
            request,
            "refusal.html",
            status,
            told=told(language_of(request), problem),
            taken=problem.taken,
            # Of what failed nobody knows here how far it came.
            unchanged=request.method not in LOOKS and status < HTTPStatus.INTERNAL_SERVER_ERROR,
        )
        for name in "retry-after", "allow":
            if name in headers:
                page.headers[name] = headers[name]
        return page


def _looked_at(scope: Scope) -> bool:
    """Return whether somebody asks with a browser, for something that is looked at."""
    accepts = Headers(scope=scope).get("accept", "")
    return "text/html" in accepts and not scope["path"].startswith(FOR_MACHINES)
