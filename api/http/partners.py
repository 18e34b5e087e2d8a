"""Partners over HTTP: what is asked of each, as a list and as a calendar."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field
from starlette.exceptions import HTTPException

from api.access.gate import Confirmer, NotTheirsError
from api.access.person import Person
from api.exports.calendars import DUTCH, MEDIA, calendar_of
from api.exports.plans import partner_sheet
from api.http.cases import Day
from api.http.files import AS_FILES, As, as_file
from api.http.paging import Page, Paging
from api.http.problems import described
from api.office import Office
from api.pages.roster import roles_of
from api.partners import PARTNERS, told_part
from api.store.standing import OwnPart
from scheduler.world import Id, Part, Resource, World

PartnerId = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=60,
        description="Id of the partner.",
        examples=["dv-o"],
    ),
]


class Partner(Part):
    """An organisation that is asked to come, to have room, or to make a check."""

    id: str = Field(description="What it is called in a path.", examples=["dv-o"])
    name: str = Field(description="As bookings name it.", examples=["DV&O"])


class Partners(Part):
    """The partners for whom somebody may answer."""

    partners: tuple[Partner, ...] = Field(description="By their id.")


class PartnerBookings(Page):
    """A page of what a partner is asked, in the order in which it begins."""

    bookings: tuple[OwnPart, ...] = Field(description="Those of this page.")


def partners(office: Office) -> APIRouter:
    """Return the operations on partners."""
    router = APIRouter(prefix="/partners", tags=["partners"])

    @router.get("", responses=described(), summary="The partners for whom you may answer")
    def page(person: Confirmer) -> Partners:
        return Partners(
            partners=tuple(
                Partner(id=one, name=name)
                for one, name in PARTNERS.items()
                if person.speaks_for(name)
            )
        )

    @router.get(
        "/{partner}/bookings",
        response_model=PartnerBookings,
        responses={200: AS_FILES, **described(404)},
        summary="What is asked of a partner, from a day on",
        description=(
            "Its own part alone, and nothing of the others or of whom it is about: the id of a "
            "booking is its reference, as in the calendar. What failed or was let go stays in "
            "the list. In a file colleagues are called as their own organisation calls them, and "
            "times are on the clock of where it is."
        ),
    )
    def bookings(
        partner: PartnerId,
        person: Confirmer,
        paging: Paging,
        since: Annotated[
            Day | None,
            Query(alias="from", description="Only what ends on this day or later; else today."),
        ] = None,
        format: As = "json",
    ) -> PartnerBookings | Response:
        name = _theirs(person, partner)
        world, secret = office.ever(), office.began_with() or ""
        found = [one for one, _ in office.asked_of(name, since or office.now().date())]
        if format != "json":
            office.seen("export", [one.booking for one in found])
            parts = (told_part(world, one, name, secret) for one in found)
            return as_file([partner_sheet(world, name, parts, DUTCH)], format, partner)
        shown = paging.of(found)
        office.seen("read", [one.booking for one in shown])
        return PartnerBookings(
            bookings=tuple(told_part(world, one, name, secret) for one in shown),
            total=len(found),
            offset=paging.offset,
        )

    @router.get(
        "/{partner}/calendar",
        response_class=Response,
        responses={200: {"content": {MEDIA: {"schema": {"type": "string"}}}}, **described(404)},
        summary="What is asked of a partner, as a calendar (RFC 5545)",
        description=(
            "Of each booking an event for each phase from which on it brings somebody, for its "
            "nights (whole days), its seats, and each check, while that can be made: tentative "
            "while it is held, then confirmed; what is cancelled stays for thirty days. It names "
            "places and how many of which role, and nobody. Of one resource of the partner: where "
            "that is taken, and when."
        ),
    )
    def feed(
        partner: PartnerId,
        person: Confirmer,
        resource: Annotated[
            Id | None, Query(description="Only where this resource of the partner is taken.")
        ] = None,
    ) -> Response:
        name = _theirs(person, partner)
        one = None if resource is None else _resource(office.ever(), name, resource)
        body = calendar_of(office, name, one, "read")
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return Response(body, headers={"etag": tag}, media_type=MEDIA)

    return router


def _theirs(person: Person, partner: str) -> str:
    """Return the name of a partner, for which this person may answer."""
    name = PARTNERS.get(partner)
    if name is None:
        raise HTTPException(404, f"there is no partner {partner}")
    if not person.speaks_for(name):
        raise NotTheirsError
    return name


def _resource(world: World, partner: str, name: str) -> Resource:
    """Return a person, vehicle or room of a partner."""
    found = world.resource.get(name)
    if found is None or found.role not in roles_of(world, partner):
        raise HTTPException(404, f"{partner} has no resource {name}")
    return found
