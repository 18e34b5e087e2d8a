"""The pages together: who may look at what, and where one begins."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse

from api.access.gate import Allowed, NotAllowedError
from api.access.person import Person, Role
from api.access.session import Next
from api.jobs.runner import Runner
from api.pages.board import board
from api.pages.booking import booking
from api.pages.case import case_page
from api.pages.figures import figures
from api.pages.frame import LANGUAGE, PLACES, Frame, places
from api.pages.imports import imports
from api.pages.logs import logs
from api.pages.partner import partner
from api.pages.plans import plans
from api.pages.requests import requests
from api.pages.roster import roster
from api.pages.scenarios import scenarios
from api.pages.slots import slots
from api.pages.worklist import worklist

Anybody = Annotated[Person, Depends(Allowed(*Role))]
"""Whoever has a role, whichever it is."""
YEAR = 365 * 24 * 3600


def site(frame: Frame, runner: Runner) -> APIRouter:
    """Return the pages of an office."""
    router = APIRouter(include_in_schema=False, default_response_class=RedirectResponse)
    _begin(router)
    router.include_router(worklist(frame))
    router.include_router(case_page(frame))
    router.include_router(requests(frame))
    router.include_router(plans(frame, runner))
    router.include_router(figures(frame))
    router.include_router(scenarios(frame, runner))
    router.include_router(logs(frame))
    router.include_router(board(frame))
    router.include_router(partner(frame))
    router.include_router(roster(frame))
    router.include_router(imports(frame))
    router.include_router(slots(frame))
    router.include_router(booking(frame))
    return router


def _begin(router: APIRouter) -> None:
    @router.get("/")
    def begin(person: Anybody) -> RedirectResponse:
        offered = places(person)
        if not offered:
            raise NotAllowedError(role for one in PLACES for role in one.roles)
        return RedirectResponse(offered[0].path, 303)

    @router.post("/language")
    def choose(request: Request, code: Literal["nl", "en"], next: Next = "/") -> RedirectResponse:
        response = RedirectResponse(next, 303)
        https = request.url.scheme == "https"
        response.set_cookie(LANGUAGE, code, YEAR, secure=https, httponly=True, samesite="lax")
        return response
