"""What went wrong, as a page for whoever looks with a browser."""

from http import HTTPStatus
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import MEDIA, Problem
from api.language import phrase
from api.pages.frame import Frame, here, language_of
from constraints.register import REGISTER

SAYS = {
    400: phrase("This cannot be done as it was asked"),
    401: phrase("Log in first"),
    403: phrase("This is not for your role"),
    404: phrase("This is not there"),
    405: phrase("This cannot be asked here"),
    409: phrase("This is not possible any more"),
    412: phrase("Somebody else changed this in the meantime"),
    413: phrase("This is too much at once"),
    422: phrase("This was asked before in another way"),
    429: phrase("Too many questions at once; try again in a moment"),
    500: phrase("The service failed"),
    503: phrase("The service cannot answer now; try again in a moment"),
}
"""What a page says first, by the status of the answer."""
FOR_MACHINES = "/v1", "/health", "/metrics"
CONSTRAINTS = {one.id: one for one in REGISTER.constraints}


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
                    told = Headers(raw=began["headers"])
                    page = self._page(
                        Request(scope), Problem.model_validate_json(body, strict=False), told
                    )
                    await page(scope, receive, send)

        await self.app(scope, receive, read)

    def _page(self, request: Request, problem: Problem, told: Headers) -> Response:
        status = problem.status
        if status == HTTPStatus.UNAUTHORIZED and self._login and request.method == "GET":
            return RedirectResponse(f"/login?{urlencode({'next': here(request)})}", 303)
        language = language_of(request)
        page = self._frame.show(
            request,
            "refusal.html",
            status,
            title=language.say(SAYS.get(status, SAYS[500])),
            problem=problem,
            broken=[
                (language.title(CONSTRAINTS[one.constraint]), one.says)
                for one in problem.violations
                if one.constraint in CONSTRAINTS
            ],
        )
        for name in "retry-after", "allow":
            if name in told:
                page.headers[name] = told[name]
        return page


def _looked_at(scope: Scope) -> bool:
    """Return whether somebody asks with a browser, for something that is looked at."""
    accepts = Headers(scope=scope).get("accept", "")
    return "text/html" in accepts and not scope["path"].startswith(FOR_MACHINES)
