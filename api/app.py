"""The HTTP door: cases and slot proposals of one loaded world under ``/v1``."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BeforeValidator, Field
from starlette.exceptions import HTTPException

from api.desk import (
    MOST_PROPOSALS,
    Answer,
    Desk,
    OutsideHorizonError,
    UnknownCapacityError,
    UnknownCaseError,
)
from api.openings import Openings
from api.traffic_lights import TrafficLights
from scheduler.opening import Named
from scheduler.world import Id, Operation, Part, World


def _spelled(moment: object) -> object:
    """Refuse a bare number: nobody can tell seconds from milliseconds."""
    if isinstance(moment, str) and moment.lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("a moment is written as 2026-12-01T10:00:00+01:00")
    return moment


MOST_CASES = 500
"""Cases on one page at most."""
FROM = "Only departures (or placements) from this moment on; else from the start of the horizon."
UNTIL = "Only departures (or placements) up to this moment; else up to the end of the horizon."
ANY_OF = "What came free, by its id; may be repeated."
Moment = Annotated[AwareDatetime, BeforeValidator(_spelled)]
CaseId = Annotated[Id, Path(description="Pseudonymous key of the case.")]


class CaseSummary(Part):
    """A case as a list shows it: no facts, no persons' details."""

    id: Id
    operation: Operation
    location: Id
    destination: str
    persons: int = Field(description="How many persons leave together.")
    weight: int
    booked: bool = Field(description="Whether a booking of it stands in the loaded world.")


class CasePage(Part):
    """A page of cases in the order of the world."""

    cases: tuple[CaseSummary, ...]
    total: int
    offset: int


class Wish(Part):
    """What a planner asks: slots for one case."""

    case: Id = Field(description="Pseudonymous key of the case.")
    count: Annotated[int, Field(ge=1, le=MOST_PROPOSALS)] = 5


class Health(Part):
    """Whether the service is up."""

    status: str


def create_app(world: World) -> FastAPI:
    """Return the service on ``world``, its bookings in force."""
    desk = Desk(world)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.desk = desk
    app.include_router(_health())
    app.mount("/v1", _version_one(desk))
    _answer_errors(app)
    return app


def _health() -> APIRouter:
    router = APIRouter(prefix="/health")

    @router.get("/live")
    @router.get("/ready")
    def health() -> Health:
        return Health(status="ok")

    return router


def _version_one(desk: Desk) -> FastAPI:
    api = FastAPI(
        title="Regietafel",
        version="0.1.0",
        summary="Slot proposals for forced departures, or what blocks them.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
    )
    _answer_errors(api)

    @api.get("/cases", summary="The cases of the loaded world")
    def cases(
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_CASES)] = MOST_CASES,
    ) -> CasePage:
        listed = desk.world.cases
        return CasePage(
            cases=tuple(_summary(desk, one.id) for one in listed[offset : offset + limit]),
            total=len(listed),
            offset=offset,
        )

    @api.get("/cases/{case}", summary="One case")
    def case(case: CaseId) -> CaseSummary:
        return _summary(desk, case)

    @api.get(
        "/cases/{case}/traffic-lights",
        summary="The four lights of a case and execution, what blocks it, and what would open it",
        description=(
            "With a stretch of time only what is about it is looked at; bookings of others that "
            "could move are then not looked for, and the earliest date is that of the whole case."
        ),
    )
    def traffic_lights(
        case: CaseId,
        since: Annotated[Moment | None, Query(alias="from", description=FROM)] = None,
        until: Annotated[Moment | None, Query(description=UNTIL)] = None,
    ) -> TrafficLights:
        if since is not None and until is not None and until < since:
            raise _wrong(("until", "lies before from"))
        try:
            return desk.lights(case, since, until)
        except OutsideHorizonError as error:
            raise _wrong(("until" if since is None else "from", str(error))) from error

    @api.post("/slot-proposals", summary="Slots for a case, or what blocks it")
    def slot_proposals(wish: Wish) -> Answer:
        return desk.ask(wish.case, wish.count)

    @api.get(
        "/openings",
        summary="The unplanned cases that could use what is free, best first",
        description="Of all that is named any part counts; with nothing named, whatever is free.",
    )
    def openings(
        resource: Annotated[list[Id] | None, Query(description=ANY_OF)] = None,
        departure: Annotated[list[Id] | None, Query(description=ANY_OF)] = None,
        facility: Annotated[list[Id] | None, Query(description=ANY_OF)] = None,
    ) -> Openings:
        named: list[Named] = [
            *(("resource", one) for one in resource or ()),
            *(("departure", one) for one in departure or ()),
            *(("facility", one) for one in facility or ()),
        ]
        try:
            return desk.openings(named)
        except UnknownCapacityError as error:
            raise _wrong(
                *((kind, f"there is no {kind} {one}") for kind, one in error.named)
            ) from error

    return api


def _summary(desk: Desk, name: str) -> CaseSummary:
    case = desk.case(name)
    return CaseSummary(
        id=case.id,
        operation=case.operation,
        location=case.location,
        destination=case.destination,
        persons=len(case.persons),
        weight=case.weight,
        booked=any(one.claims and one.case == name for one in desk.world.bookings),
    )


def _wrong(*mistakes: tuple[str, str]) -> RequestValidationError:
    """Return mistakes in a query that only its meaning shows: each a field and what is wrong."""
    return RequestValidationError(
        [{"loc": ("query", field), "msg": says, "type": "value_error"} for field, says in mistakes]
    )


def _answer_errors(app: FastAPI) -> None:
    """Answer every mistake as a problem (RFC 9457), with all that is wrong and where."""

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [
            {"in": ".".join(map(str, one["loc"])), "detail": one["msg"]} for one in error.errors()
        ]
        return _problem(400, "Bad Request", "the request is not valid", errors=wrong)

    @app.exception_handler(UnknownCaseError)
    def unknown(_request: Request, error: UnknownCaseError) -> JSONResponse:
        return _problem(404, "Not Found", f"there is no case {error}")

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> JSONResponse:
        answer = _problem(error.status_code, error.detail, error.detail)
        answer.headers.update(error.headers or {})
        return answer


def _problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    return JSONResponse(
        {"type": "about:blank", "status": status, "title": title, "detail": detail, **more},
        status_code=status,
        media_type="application/problem+json",
    )
