"""A throw-away login for whoever tries the service on their own machine."""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.access.gate import BadTokenError, OtherSiteError
from api.access.loopback import is_loopback
from api.access.person import Person, Role
from api.access.session import SAFE, Cookie, Next, from_page, log_in, log_out, logged_in
from api.partners import PARTNERS
from api.store.spent import Spent
from scheduler.world import World

NO_NETWORK = (None, "testclient")
"""Peers that come through no network: a socket of this machine, and who asks within a process."""
PASSED_ON = frozenset({"forwarded", "via", "x-real-ip"})
"""What a proxy adds to a request that it passes on, beside ``X-Forwarded-...``."""
EVERYBODY = Person("demo", frozenset(Role))
"""Who has not chosen whom to be: one who may do everything."""
Page = Callable[[Request, Mapping[str, Person], Person, str], Response]
"""Draws the login: who asks, whom one can be, whom one is now, and where to go after."""


class Demo:
    """Takes everyone on this machine for whom they choose to be, and nobody else for anyone.

    It asks for no password: it shows what a role sees, and keeps nobody out of anything. The key
    of its sessions is made when it starts and forgotten when it ends.
    """

    def __init__(self, spent: Spent, clock: Callable[[], float] = time.time) -> None:
        key = secrets.token_bytes(32)
        self._session = Cookie("regietafel-demo", key, clock, spent, https=False)

    def person(self, request: Request) -> Person | None:
        """Return who asks, as was chosen.

        Raises
        ------
        BadTokenError
            When it is not asked from this machine, by another name than one of this machine, or on
            behalf of whoever a proxy answers.
        OtherSiteError
            When a page of another site asks to change something.
        UnavailableError
            When it cannot be looked up whether the choice was ended.
        """
        # Behind a proxy everybody seems to be on this machine, and says so in what it passes on.
        if any(one in PASSED_ON or one.startswith("x-forwarded-") for one in request.headers):
            raise BadTokenError("the demo answers nobody behind a proxy")
        host = request.client.host if request.client is not None else None
        if host not in NO_NETWORK:
            if not is_loopback(host):
                raise BadTokenError("the demo answers this machine only")
            # A page of a site whose name was made to lead here would ask under that name.
            if not is_loopback(_name(request.headers.get("host", ""))):
                raise BadTokenError("the demo answers to localhost and 127.0.0.1 only")
        own = f"{request.url.scheme}://{request.url.netloc}"
        if request.method not in SAFE and from_page(request, own) is False:
            raise OtherSiteError("only a page of this service changes anything")
        return logged_in(self._session, request) or EVERYBODY

    def pages(self, world: Callable[[], World], page: Page | None = None) -> APIRouter:
        """Return the login: whom one can be in a world, on a ``page`` or else on a plain one."""
        page = page or _plain
        router = APIRouter(include_in_schema=False)

        @router.get("/login")
        def login(request: Request, next: Next = "/") -> Response:
            now = self.person(request)
            return page(request, personas(world()), now or EVERYBODY, next)

        @router.post("/login")
        def choose(request: Request, persona: str, next: Next = "/") -> RedirectResponse:
            self.person(request)
            chosen = personas(world()).get(persona)
            if chosen is None:
                raise HTTPException(404, "the demo knows nobody of that name")
            response = RedirectResponse(next, 303)
            log_in(self._session, response, chosen)
            return response

        @router.post("/logout")
        def logout(request: Request) -> RedirectResponse:
            self.person(request)
            response = RedirectResponse("/login", 303)
            log_out(self._session, request, response)
            return response

        return router


def personas(world: World) -> Mapping[str, Person]:
    """Return whom one can be in a world: a role, one of its officers in charge, or a partner."""
    single = (Role.planner, Role.management, Role.auditor, Role.administrator)
    officers = sorted({one.assigned_officer for one in world.cases if one.assigned_officer})
    people = [
        *(Person(role, frozenset({role})) for role in single),
        *(
            Person(f"regievoerder-{one}", frozenset({Role.regievoerder}), officer=one)
            for one in officers
        ),
        *(
            Person(f"partner-{one}", frozenset({Role.partner}), organisation=name)
            for one, name in PARTNERS.items()
        ),
    ]
    return {one.id: replace(one, id=f"demo-{one.id}") for one in people}


def _plain(
    _request: Request, offered: Mapping[str, Person], now: Person, then: str
) -> HTMLResponse:
    """Return the login where there is nothing to dress a page with."""
    choices = "".join(
        f'<li><form method="post" action="/login?{escape(urlencode(asked))}">'
        f"<button>{escape(name)}</button></form></li>"
        for name in offered
        for asked in [{"persona": name, "next": then}]
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Regietafel: demo login</title>'
        "<h1>Demo: whom do you want to be?</h1>"
        "<p>This is a demonstration on this machine only. It asks for no password and keeps "
        f"nobody out. You are now: {escape(now.id)}.</p><ul>{choices}</ul>"
        '<form method="post" action="/logout"><button>everybody at once</button></form></html>'
    )


def _name(host: str) -> str:
    """Return the name in a Host header, with its port or without; nothing that is no name."""
    told = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?", host)
    return told[1].strip("[]") if told else ""
