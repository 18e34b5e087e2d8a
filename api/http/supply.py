"""What there is to plan with, over HTTP: people, vehicles and rooms, facilities, departures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field
from starlette.exceptions import HTTPException

from api.access.gate import Planner
from api.http.cases import Moment
from api.http.paging import Page, Paging
from api.http.problems import answer, described
from api.http.queries import in_order
from api.http.tags import ContentMatch, NoneMatch, met, tag_of
from api.http.wishes import strictly
from api.office import Office
from api.store.answers import Told
from api.store.change import Supply
from scheduler.draft import Problem
from scheduler.event import EventError
from scheduler.world import Departure, Facility, Id, Resource, Tag, World


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of what there is: what it is called, one by one and in a list, and where it stands."""

    kind: type[Supply]
    one: str
    every: str
    says: str
    among: Callable[[World], Sequence[Supply]]


KINDS = (
    _Kind(
        Resource, "resource", "resources", "person, vehicle or room", lambda world: world.resources
    ),
    _Kind(Facility, "facility", "facilities", "detention facility", lambda world: world.facilities),
    _Kind(
        Departure,
        "departure",
        "departures",
        "flight, charter or road transfer",
        lambda world: world.departures,
    ),
)
Region = Annotated[
    str | None,
    Query(
        max_length=80,
        pattern=r"^[^\x00-\x1f]*$",
        description="Only those in this region, as locations name it.",
    ),
]
PUT_ANSWERS = {201: {"description": "Made anew"}, **described(409, 412, 428)}
PUT = (
    "The whole of it, in the place of what there was (If-Match) or as something new "
    "(`If-None-Match: *`). What a world file may not hold is refused with every mistake. What "
    "would break bookings that stand is refused with the rules: this corrects what is written "
    "down, and what happened (a flight that is cancelled, somebody who is away) goes through "
    "/v1/events, which repairs what is booked."
)


class ResourcePage(Page):
    """A page of people, vehicles and rooms, in the order of the world."""

    resources: tuple[Resource, ...] = Field(description="Those of this page, with their labels.")


class FacilityPage(Page):
    """A page of detention facilities, in the order of the world."""

    facilities: tuple[Facility, ...] = Field(description="Those of this page.")


class DeparturePage(Page):
    """A page of departures, in the order of the world."""

    departures: tuple[Departure, ...] = Field(description="Those of this page.")


def supply(office: Office) -> APIRouter:
    """Return the operations on what there is to plan with."""
    router = APIRouter(tags=["supply"])
    _lists(router, office)
    for kind in KINDS:
        _each(router, office, kind)
    return router


def _lists(router: APIRouter, office: Office) -> None:
    @router.get("/resources", responses=described(), summary="People, vehicles and rooms")
    def resources(
        _person: Planner,
        paging: Paging,
        role: Annotated[Tag | None, Query(description="Only those of this role.")] = None,
        region: Region = None,
    ) -> ResourcePage:
        world = office.world()
        found = [
            one
            for one in world.resources
            if role in {None, one.role} and region in {None, world.location[one.home].region}
        ]
        return ResourcePage(resources=paging.of(found), total=len(found), offset=paging.offset)

    @router.get("/facilities", responses=described(), summary="Detention facilities")
    def facilities(_person: Planner, paging: Paging, region: Region = None) -> FacilityPage:
        world = office.world()
        found = [
            one for one in world.facilities if region in {None, world.location[one.location].region}
        ]
        return FacilityPage(facilities=paging.of(found), total=len(found), offset=paging.offset)

    @router.get("/departures", responses=described(), summary="Flights, charters, road transfers")
    def departures(
        _person: Planner,
        paging: Paging,
        since: Annotated[
            Moment | None,
            Query(alias="from", description="Only what departs from this moment on."),
        ] = None,
        until: Annotated[Moment | None, Query(description="Only what departs before this.")] = None,
        region: Region = None,
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
        return DeparturePage(departures=paging.of(found), total=len(found), offset=paging.offset)


def _each(router: APIRouter, office: Office, kind: _Kind) -> None:
    """Add how one of a kind is read, and written."""
    path = f"/{kind.every}/{{{kind.one}}}"
    supply_id = Path(alias=kind.one, description="Its id.")

    @router.get(
        path, response_model=kind.kind, responses=described(404), summary=f"One {kind.says}"
    )
    def read(name: Annotated[Id, supply_id], _person: Planner) -> Response:
        for one in kind.among(office.world()):
            if one.id == name:
                return answer(_told(one, 200))
        raise HTTPException(404, f"there is nothing of the id {name}")

    @router.put(
        path,
        response_model=kind.kind,
        responses=PUT_ANSWERS,
        summary=f"Write down a {kind.says}",
        description=PUT,
    )
    def write(
        name: Annotated[Id, supply_id],
        written: Annotated[Supply, strictly(kind.kind)],
        person: Planner,
        if_match: ContentMatch = None,
        if_none_match: NoneMatch = None,
    ) -> Response:
        if written.id != name:
            raise EventError([Problem("$.id", f"is not {name}, which the path says")])
        new = office.furnish(written, person.actor, met(if_match, if_none_match))
        where = {"location": f"/v1/{kind.every}/{name}"} if new else {}
        return answer(_told(written, 201 if new else 200), where)


def _told(one: Supply, status: int) -> Told:
    return Told(status, one.model_dump_json(), {"etag": tag_of(one)})
