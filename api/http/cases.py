"""Cases over HTTP: their lights, slots for them, and who could use what is free."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BeforeValidator, Field

from api.access.gate import Caseworker, Planner
from api.access.person import Person
from api.desk import (
    MOST_PROPOSALS,
    Answer,
    Desk,
    OutsideHorizonError,
    UnknownCapacityError,
    UnknownCaseError,
)
from api.http.problems import described
from api.office import Office
from api.openings import Openings
from api.traffic_lights import TrafficLights
from scheduler.opening import Named
from scheduler.world import Id, Operation, Part


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
    booked: bool = Field(description="Whether a booking of it stands.")


class CasePage(Part):
    """A page of cases in the order of the world."""

    cases: tuple[CaseSummary, ...]
    total: int
    offset: int


class Wish(Part):
    """What a planner asks: slots for one case."""

    case: Id = Field(description="Pseudonymous key of the case.")
    count: Annotated[int, Field(ge=1, le=MOST_PROPOSALS)] = 5


def cases(office: Office) -> APIRouter:
    """Return the questions about cases; each is asked of the world as it is now."""
    router = APIRouter(tags=["cases"])

    @router.get("/cases", responses=described(), summary="The cases of the world")
    def page(
        person: Caseworker,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_CASES)] = MOST_CASES,
    ) -> CasePage:
        desk = office.desk()
        theirs = [one for one in desk.world.cases if person.sees(one)]
        listed = theirs[offset : offset + limit]
        office.seen("read", [{"case": one.id} for one in listed])
        return CasePage(
            cases=tuple(_summary(desk, one.id) for one in listed), total=len(theirs), offset=offset
        )

    @router.get("/cases/{case}", responses=described(404), summary="One case")
    def one(case: CaseId, person: Caseworker) -> CaseSummary:
        summary = _summary(_desk_of(office, person, case), case)
        office.seen("read", {"case": case})
        return summary

    @router.get(
        "/cases/{case}/traffic-lights",
        responses=described(404),
        summary="The four lights of a case and execution, what blocks it, and what would open it",
        description=(
            "With a stretch of time only what is about it is looked at; bookings of others that "
            "could move are then not looked for, and the earliest date is that of the whole case."
        ),
    )
    def traffic_lights(
        case: CaseId,
        person: Caseworker,
        since: Annotated[Moment | None, Query(alias="from", description=FROM)] = None,
        until: Annotated[Moment | None, Query(description=UNTIL)] = None,
    ) -> TrafficLights:
        if since is not None and until is not None and until < since:
            raise _wrong(("until", "lies before from"))
        try:
            lights = _desk_of(office, person, case).lights(case, since, until)
        except OutsideHorizonError as error:
            raise _wrong(("until" if since is None else "from", str(error))) from error
        office.seen("light", lights)
        return lights

    @router.post(
        "/slot-proposals",
        responses=described(404),
        summary="Slots for a case, or what blocks it",
        description="Nothing is held. A blocked case is an answer, not an error.",
    )
    def slot_proposals(wish: Wish, _person: Planner) -> Answer:
        answer = office.desk().ask(wish.case, wish.count)
        office.seen("propose", answer)
        return answer

    @router.get(
        "/openings",
        responses=described(),
        summary="The unplanned cases that could use what is free, best first",
        description="Of all that is named any part counts; with nothing named, whatever is free.",
    )
    def openings(
        _person: Planner,
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
            found = office.desk().openings(named)
        except UnknownCapacityError as error:
            raise _wrong(
                *((kind, f"there is no {kind} {one}") for kind, one in error.named)
            ) from error
        office.seen("read", found)
        return found

    return router


def _desk_of(office: Office, person: Person, case: str) -> Desk:
    """Return the desk, of which the case may be asked: of another nobody is told that it is."""
    desk = office.desk()
    if not person.sees(desk.case(case)):
        raise UnknownCaseError(case)
    return desk


def _summary(desk: Desk, name: str) -> CaseSummary:
    case = desk.case(name)
    return CaseSummary(
        id=case.id,
        operation=case.operation,
        location=case.location,
        destination=case.destination,
        persons=len(case.persons),
        weight=case.weight,
        booked=any(one.claims for one in desk.world.booked.get(name, ())),
    )


def _wrong(*mistakes: tuple[str, str]) -> RequestValidationError:
    """Return mistakes in a query that only its meaning shows: each a field and what is wrong."""
    return RequestValidationError(
        [{"loc": ("query", field), "msg": says, "type": "value_error"} for field, says in mistakes]
    )
