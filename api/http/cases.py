"""Cases over HTTP: what is known of them, their lights, slots, and who could use what is free."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, TypeAdapter

from api.access.gate import Caseworker, NotAllowedError, Planner
from api.access.person import Person, Role
from api.desk import (
    MOST_PROPOSALS,
    Answer,
    Desk,
    OutsideHorizonError,
    UnknownCapacityError,
    UnknownCaseError,
)
from api.http.paging import Page, Paging
from api.http.problems import answer, described
from api.http.queries import in_order, wrong
from api.http.tags import ContentMatch, met, tag_of
from api.http.wishes import MERGE_PATCH, Asked, strictly
from api.office import Office
from api.openings import Openings
from api.store.answers import Told
from api.traffic_lights import TrafficLights, without_others
from scheduler.draft import Draft, read_part
from scheduler.event import EventError
from scheduler.opening import Named
from scheduler.world import (
    MOST_REFUSED,
    Attendee,
    Case,
    Id,
    Instant,
    Interval,
    Operation,
    Part,
    World,
)

T = TypeVar("T", datetime, date)


def _spelled(moment: object) -> object:
    """Refuse a bare number: nobody can tell seconds from milliseconds."""
    if isinstance(moment, str) and moment.lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("a moment is written as 2026-12-01T10:00:00+01:00, a day as 2026-12-01")
    return moment


def _in_time(told: T) -> T:
    if not 1900 <= told.year < 2200:
        raise ValueError("lies in no year from 1900 to 2199")
    return told


FROM = "Only departures (or placements) from this moment on; else from the start of the horizon."
UNTIL = "Only departures (or placements) up to this moment; else up to the end of the horizon."
ANY_OF = "What came free, by its id; may be repeated."
Moment = Annotated[AwareDatetime, BeforeValidator(_spelled), AfterValidator(_in_time)]
Day = Annotated[date, BeforeValidator(_spelled), AfterValidator(_in_time)]
CaseId = Annotated[Id, Path(description="Pseudonymous key of the case.")]


MERGED = {
    "requestBody": {
        "content": {MERGE_PATCH: {"schema": {"$ref": "#/components/schemas/CaseChange"}}}
    }
}


class CaseSummary(Part):
    """A case as a list shows it: no facts, no persons' details."""

    id: Id
    operation: Operation
    location: Id
    destination: str
    persons: int = Field(description="How many persons leave together.")
    weight: int
    booked: bool = Field(description="Whether a booking of it stands.")


class CaseDetail(Case):
    """A case with all that is known of it: what its lights rest on, and no more.

    Planners and the officer in charge are shown the same. Persons are pseudonymous keys, with
    what decides where and how they can travel. Answers to the due checks of a booking that stands
    are among the facts, with that booking as their source.
    """

    refused: tuple[Id, ...] = Field(
        default=(), description="Ids of facilities and departures that will not take the case."
    )
    booked: bool = Field(description="Whether a booking of it stands.")


class FactChange(Part):
    """What is another about a fact; null takes away what there was."""

    value: Literal["yes", "no", "unknown"] | None = None
    since: date | None = None
    expected: date | None = None
    source: Annotated[str, Field(max_length=120)] | None = None


class CaseChange(Part):
    """What is another about a case (RFC 7396): null takes away what there was."""

    weight: Annotated[int, Field(ge=1, le=1000)] | None = None
    earliest: Instant | None = None
    latest: Instant | None = None
    assigned_officer: Id | None = Field(
        default=None, description="The officer in charge, whom planners alone may change."
    )
    attendees: Annotated[tuple[Attendee, ...], Field(max_length=8)] | None = None
    away: tuple[Interval, ...] | None = None
    refused: Annotated[tuple[Id, ...], Field(max_length=MOST_REFUSED)] | None = None
    facts: dict[str, FactChange | None] | None = Field(
        default=None, description="Facts of the case; those of its persons go through /v1/events."
    )


class CasePage(Page):
    """A page of cases in the order of the world."""

    cases: tuple[CaseSummary, ...]


class Wish(Part):
    """What a planner asks: slots for one case."""

    case: Id = Field(description="Pseudonymous key of the case.")
    count: Annotated[int, Field(ge=1, le=MOST_PROPOSALS)] = 5


def cases(office: Office) -> APIRouter:
    """Return the operations on cases; each is about the world as it is now."""
    router = APIRouter(tags=["cases"])
    _each(router, office)
    _questions(router, office)
    return router


def _each(router: APIRouter, office: Office) -> None:
    @router.post(
        "/cases",
        status_code=201,
        response_model=CaseDetail,
        responses=described(409, 422),
        summary="Add a case, without planning it",
        description="What a world file may not hold is refused with every mistake.",
    )
    def add(case: Annotated[Case, strictly(Case)], person: Planner, asking: Asked) -> Response:
        where = {"location": f"/v1/cases/{case.id}"}

        def told(added: Case) -> Told:
            return _told(_as_detail(added, booked=False), 201, where)

        return asking.answer(
            case, lambda once: office.add_case(case, person.actor, once=once), told
        )

    @router.get(
        "/cases/{case}",
        response_model=CaseDetail,
        responses=described(404),
        summary="One case, with all that is known of it",
    )
    def one(case: CaseId, person: Caseworker) -> Response:
        detail = _detail(office.world(), person, case)
        office.seen("read", {"case": case})
        return answer(_told(detail))

    @router.patch(
        "/cases/{case}",
        response_model=CaseDetail,
        responses=described(404, 409, 412, 428),
        summary="Change what is known of a case",
        description=(
            "A merge patch (RFC 7396). What would break bookings that stand is refused with the "
            "rules: this corrects what is written down, and what happened goes through "
            "/v1/events, which repairs what is booked."
        ),
        openapi_extra=MERGED,
    )
    def change(
        case: CaseId,
        changed: Annotated[CaseChange, strictly(CaseChange)],
        person: Caseworker,
        if_match: ContentMatch = None,
    ) -> Response:
        if "assigned_officer" in changed.model_fields_set and Role.planner not in person.roles:
            raise NotAllowedError([Role.planner])
        as_asked = met(if_match)
        world = office.amend_case(
            case,
            lambda now: _merged(now, changed),
            person.actor,
            lambda now: as_asked(case, _detail(now, person, case)),
        )
        return answer(_told(_detail(world, person, case)))


def _questions(router: APIRouter, office: Office) -> None:

    @router.get("/cases", responses=described(), summary="The cases of the world")
    def page(person: Caseworker, paging: Paging) -> CasePage:
        desk = office.desk()
        theirs = [one for one in desk.world.cases if person.sees(one)]
        listed = paging.of(theirs)
        office.seen("read", [{"case": one.id} for one in listed])
        return CasePage(
            cases=tuple(_summary(desk, one.id) for one in listed),
            total=len(theirs),
            offset=paging.offset,
        )

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
        in_order(since, until)
        try:
            lights = _desk_of(office, person, case).lights(case, since, until)
        except OutsideHorizonError as error:
            raise wrong(("until" if since is None else "from", str(error))) from error
        if Role.planner not in person.roles:
            lights = without_others(lights)
        office.seen("light", lights)
        return lights

    @router.post(
        "/slot-proposals",
        responses=described(404),
        summary="Slots for a case, or what blocks it",
        description="Nothing is held. A blocked case is an answer, not an error.",
    )
    def slot_proposals(wish: Annotated[Wish, strictly(Wish)], _person: Planner) -> Answer:
        asked = office.desk().ask(wish.case, wish.count)
        office.seen("propose", asked)
        return asked

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
            raise wrong(
                *((kind, f"there is no {kind} {one}") for kind, one in error.named)
            ) from error
        office.seen("read", found)
        return found


def _detail(world: World, person: Person, name: str) -> CaseDetail:
    """Return a case as it is shown to whoever may see it."""
    case = world.case.get(name)
    if case is None or not person.sees(case):
        raise UnknownCaseError(name)
    return _as_detail(case, any(one.claims for one in world.booked.get(name, ())))


def _as_detail(case: Case, booked: bool) -> CaseDetail:
    return CaseDetail(**dict(case), booked=booked)


def _told(detail: CaseDetail, status: int = 200, more: Mapping[str, str] | None = None) -> Told:
    return Told(status, detail.model_dump_json(), {"etag": tag_of(detail), **(more or {})})


def _merged(case: Case, changed: CaseChange) -> Case:
    """Return the case after a change; EventError with everything that makes it none."""
    told = changed.model_dump(mode="json", exclude_unset=True)
    draft = Draft()
    merged = merge(case.model_dump(mode="json"), told)
    found: Case | None = read_part(draft, "$", merged, TypeAdapter(Case))
    if found is None:
        raise EventError(draft.problems)
    return found


def merge(target: object, patch: object) -> object:
    """Return what a merge patch makes of a target (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = {**target} if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


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
