"""Requests over HTTP: an officer in charge asks planners for room, in the way of a repair."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field

from api.access.gate import Caseworker, Planner
from api.access.person import Person, Role
from api.desk import UnknownCaseError
from api.http.paging import Page, Paging
from api.http.problems import described
from api.http.wishes import Asked, strictly
from api.office import Office
from api.store.answers import Told
from api.store.requests import Request, RequestStatus
from api.traffic_lights import RepairView, without_moves
from scheduler.world import Id, Part


class RequestWish(Part):
    """A case, and the repair that was chosen among those that its lights offer now."""

    case: Id = Field(description="Pseudonymous key of the case.")
    repair: RepairView


class RequestPage(Page):
    """A page of requests in the order in which they were made."""

    requests: tuple[Request, ...]


class Settled(Part):
    """What came of a request."""

    status: Literal["done", "refused"]


def requests(office: Office) -> APIRouter:
    """Return the operations on requests."""
    router = APIRouter(prefix="/requests", tags=["requests"])

    @router.post(
        "",
        status_code=201,
        response_model=Request,
        responses=described(404, 409, 422),
        summary="Ask planners for room for a case, in the way of a repair of its lights",
    )
    def ask(
        wish: Annotated[RequestWish, strictly(RequestWish)], person: Caseworker, asking: Asked
    ) -> Response:
        if not person.sees(office.desk().case(wish.case)):
            raise UnknownCaseError(wish.case)
        return asking.answer(
            wish,
            lambda once: office.ask(wish.case, wish.repair, person.actor, once=once),
            lambda made: Told(201, _shown(person, made).model_dump_json()),
        )

    @router.get("", responses=described(), summary="What was asked of planners")
    def page(
        person: Caseworker,
        paging: Paging,
        status: Annotated[RequestStatus | None, Query(description="Else of any status.")] = None,
    ) -> RequestPage:
        theirs = office.cases_of(person)
        made = office.requests(status, paging.offset, paging.limit, theirs)
        found = tuple(_shown(person, one) for one in made)
        office.seen("read", found)
        return RequestPage(
            requests=found, total=office.requests_ever(status, theirs), offset=paging.offset
        )

    @router.patch(
        "/{request}",
        responses=described(404, 409),
        summary="Note that a planner did what was asked, or will not",
    )
    def settle(
        request: Annotated[Id, Path(description="Id of the request.")],
        settled: Annotated[Settled, strictly(Settled)],
        person: Planner,
    ) -> Request:
        return office.settle(request, settled.status, person.actor)

    return router


def _shown(person: Person, request: Request) -> Request:
    """Return a request as somebody may see it: an officer no bookings of others."""
    if Role.planner in person.roles:
        return request
    return request.model_copy(update={"repair": without_moves(request.repair)})
