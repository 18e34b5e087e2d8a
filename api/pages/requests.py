"""Requests: what officers in charge asked of planners, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.gate import Caseworker, Planner
from api.access.person import Person, Role
from api.desk import Desk
from api.language import Language, phrase
from api.pages.frame import Frame, language_of
from api.pages.worklist import LIGHTS, STATES, State, state_of
from api.store.requests import Request as Asked
from api.store.requests import RequestStatus, SettledError
from api.telling import words
from api.traffic_lights import Lamps, without_moves
from scheduler.world import Case, Id

PAGE = 25
"""Requests on a page."""
STATUSES: Mapping[RequestStatus, str] = {
    "open": phrase("open"),
    "done": phrase("done"),
    "refused": phrase("refused"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A request with the case it is about as that stands now; None once it is gone."""

    asked: Asked
    says: str
    case: Case | None
    lamps: Lamps | None
    state: State | None


def requests(frame: Frame) -> APIRouter:
    """Return the pages of the requests of an office."""
    router = APIRouter(include_in_schema=False)

    @router.get("/requests")
    def look(
        request: Request,
        person: Caseworker,
        status: Literal["open", "done", "refused", "all"] | None = None,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> HTMLResponse:
        return page(request, person, status, offset)

    def page(
        request: Request,
        person: Person,
        status: RequestStatus | Literal["all"] | None = None,
        offset: int = 0,
        settled: SettledError | None = None,
    ) -> HTMLResponse:
        planner = Role.planner in person.roles
        chosen = status or ("open" if planner else "all")
        theirs = frame.office.cases_of(person)
        of = None if chosen == "all" else chosen
        found = frame.office.requests(of, offset, PAGE, theirs)
        if not planner:
            found = tuple(
                one.model_copy(update={"repair": without_moves(one.repair)}) for one in found
            )
        frame.office.seen("read", found)
        return frame.show(
            request,
            "requests.html",
            409 if settled else 200,
            settled=settled.status if settled else None,
            chosen=chosen,
            offset=offset,
            limit=PAGE,
            total=frame.office.requests_ever(of, theirs),
            rows=rows(frame.office.desk(), found, language_of(request)),
            statuses=STATUSES,
            states=STATES,
            lights=LIGHTS,
            planner=planner,
        )

    @router.post("/requests/{name}")
    def settle(
        request: Request,
        name: Annotated[Id, Path()],
        person: Planner,
        status: Annotated[Literal["done", "refused"], Form()],
    ) -> Response:
        try:
            frame.office.settle(name, status, person.actor)
        except SettledError as error:
            if error.status != status:
                return page(request, person, settled=error)
        return frame.done(RedirectResponse("/requests", 303), "settled")

    return router


def rows(desk: Desk, found: Sequence[Asked], language: Language) -> list[Row]:
    """Return requests as they are shown."""
    known = desk.world.case
    there = [*dict.fromkeys(one.case for one in found if one.case in known)]
    lamps = dict(zip(there, desk.lamps(there), strict=True))
    return [
        Row(
            one,
            language.listed(words(language, each) for each in one.repair.says),
            known.get(one.case),
            shown := lamps.get(one.case),
            None if shown is None else state_of(shown),
        )
        for one in found
    ]
