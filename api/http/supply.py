"""What there is to plan with, over HTTP: people, vehicles and rooms, facilities, departures."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field
from starlette.exceptions import HTTPException

from api.access.gate import Planner
from api.access.person import Person
from api.http.cases import Moment
from api.http.problems import answer, described
from api.http.queries import in_order
from api.http.tags import ContentMatch, NoneMatch, met, tag_of
from api.http.wishes import strictly
from api.office import Office
from api.office.writing import Met
from api.store.answers import Told
from api.store.change import Supply
from scheduler.draft import Problem
from scheduler.event import EventError
from scheduler.world import Departure, Facility, Id, Part, Resource, Tag

MOST_PARTS = 500
"""Parts on one page at most."""
PLURALS = {Resource: "resources", Facility: "facilities", Departure: "departures"}
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="How many are passed over.")]
Limit = Annotated[int, Query(ge=1, le=MOST_PARTS, description="How many at most.")]
Region = Annotated[
    str | None,
    Query(max_length=80, description="Only those in this region, as locations name it."),
]
SupplyId = Annotated[Id, Path(description="Its id.")]
PUT_ANSWERS = {201: {"description": "Made anew"}, **described(409, 412, 428)}
PUT = (
    "The whole of it, in the place of what there was (If-Match) or as something new "
    "(`If-None-Match: *`). What a world file may not hold is refused with every mistake. What "
    "would break bookings that stand is refused with the rules: this corrects what is written "
    "down, and what happened (a flight that is cancelled, somebody who is away) goes through "
    "/v1/events, which repairs what is booked."
)


class ResourcePage(Part):
    """A page of people, vehicles and rooms, in the order of the world."""

    resources: tuple[Resource, ...] = Field(description="Those of this page, with their labels.")
    total: int
    offset: int


class FacilityPage(Part):
    """A page of detention facilities, in the order of the world."""

    facilities: tuple[Facility, ...] = Field(description="Those of this page.")
    total: int
    offset: int


class DeparturePage(Part):
    """A page of departures, in the order of the world."""

    departures: tuple[Departure, ...] = Field(description="Those of this page.")
    total: int
    offset: int


def supply(office: Office) -> APIRouter:
    """Return the operations on what there is to plan with."""
    router = APIRouter(tags=["supply"])
    _resources(router, office)
    _facilities(router, office)
    _departures(router, office)
    return router


def _resources(router: APIRouter, office: Office) -> None:
    @router.get("/resources", responses=described(), summary="People, vehicles and rooms")
    def page(
        _person: Planner,
        role: Annotated[Tag | None, Query(description="Only those of this role.")] = None,
        region: Region = None,
        offset: Offset = 0,
        limit: Limit = MOST_PARTS,
    ) -> ResourcePage:
        world = office.world()
        found = [
            one
            for one in world.resources
            if role in {None, one.role} and region in {None, world.location[one.home].region}
        ]
        shown = tuple(found[offset : offset + limit])
        return ResourcePage(resources=shown, total=len(found), offset=offset)

    @router.get(
        "/resources/{resource}",
        response_model=Resource,
        responses=described(404),
        summary="One person, vehicle or room",
    )
    def one(resource: SupplyId, _person: Planner) -> Response:
        return _shown(office.world().resources, resource)

    @router.put(
        "/resources/{resource}",
        response_model=Resource,
        responses=PUT_ANSWERS,
        summary="Write down a person, a vehicle or a room",
        description=PUT,
    )
    def put(
        resource: SupplyId,
        written: Annotated[Resource, strictly(Resource)],
        person: Planner,
        if_match: ContentMatch = None,
        if_none_match: NoneMatch = None,
    ) -> Response:
        return _put(office, resource, written, person, met(if_match, if_none_match))


def _facilities(router: APIRouter, office: Office) -> None:
    @router.get("/facilities", responses=described(), summary="Detention facilities")
    def page(
        _person: Planner, region: Region = None, offset: Offset = 0, limit: Limit = MOST_PARTS
    ) -> FacilityPage:
        world = office.world()
        found = [
            one for one in world.facilities if region in {None, world.location[one.location].region}
        ]
        shown = tuple(found[offset : offset + limit])
        return FacilityPage(facilities=shown, total=len(found), offset=offset)

    @router.get(
        "/facilities/{facility}",
        response_model=Facility,
        responses=described(404),
        summary="One detention facility",
    )
    def one(facility: SupplyId, _person: Planner) -> Response:
        return _shown(office.world().facilities, facility)

    @router.put(
        "/facilities/{facility}",
        response_model=Facility,
        responses=PUT_ANSWERS,
        summary="Write down a detention facility",
        description=PUT,
    )
    def put(
        facility: SupplyId,
        written: Annotated[Facility, strictly(Facility)],
        person: Planner,
        if_match: ContentMatch = None,
        if_none_match: NoneMatch = None,
    ) -> Response:
        return _put(office, facility, written, person, met(if_match, if_none_match))


def _departures(router: APIRouter, office: Office) -> None:
    @router.get("/departures", responses=described(), summary="Flights, charters, road transfers")
    def page(
        _person: Planner,
        since: Annotated[
            Moment | None,
            Query(alias="from", description="Only what departs from this moment on."),
        ] = None,
        until: Annotated[Moment | None, Query(description="Only what departs before this.")] = None,
        region: Region = None,
        offset: Offset = 0,
        limit: Limit = MOST_PARTS,
    ) -> DeparturePage:
        in_order(since, until)
        world = office.world()
        found = [
            one
            for one in world.departures
            if (since is None or one.departs >= since)
            and (until is None or one.departs < until)
            and region in {None, world.location[one.from_].region}
        ]
        shown = tuple(found[offset : offset + limit])
        return DeparturePage(departures=shown, total=len(found), offset=offset)

    @router.get(
        "/departures/{departure}",
        response_model=Departure,
        responses=described(404),
        summary="One flight, charter or road transfer",
    )
    def one(departure: SupplyId, _person: Planner) -> Response:
        return _shown(office.world().departures, departure)

    @router.put(
        "/departures/{departure}",
        response_model=Departure,
        responses=PUT_ANSWERS,
        summary="Write down a flight, a charter or a road transfer",
        description=PUT,
    )
    def put(
        departure: SupplyId,
        written: Annotated[Departure, strictly(Departure)],
        person: Planner,
        if_match: ContentMatch = None,
        if_none_match: NoneMatch = None,
    ) -> Response:
        return _put(office, departure, written, person, met(if_match, if_none_match))


def _shown(parts: Iterable[Supply], name: str) -> Response:
    for one in parts:
        if one.id == name:
            return answer(_told(one, 200))
    raise HTTPException(404, f"there is nothing of the id {name}")


def _put(office: Office, name: str, written: Supply, person: Person, as_asked: Met) -> Response:
    if written.id != name:
        raise EventError([Problem("$.id", f"is not {name}, which the path says")])
    new = office.furnish(written, person.actor, as_asked)
    where = {"location": f"/v1/{PLURALS[type(written)]}/{name}"} if new else {}
    return answer(_told(written, 201 if new else 200), where)


def _told(one: Supply, status: int) -> Told:
    return Told(status, one.model_dump_json(), {"etag": tag_of(one)})
