"""What happened, over HTTP: what is booked is repaired at once, and it is told how."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BeforeValidator, Field

from api.access.gate import Caseworker
from api.http.problems import described
from api.http.wishes import Asked, read_events
from api.office import Disrupted, Office
from api.store.answers import Told
from scheduler.event import Event

MOST_EVENTS = 200
"""Events in one request at most."""
Events = Annotated[
    tuple[Event, ...], BeforeValidator(read_events), Field(min_length=1, max_length=MOST_EVENTS)
]


def events(office: Office) -> APIRouter:
    """Return the operation on events."""
    router = APIRouter(prefix="/events", tags=["events"])

    @router.post(
        "",
        response_model=Disrupted,
        responses=described(422),
        summary="Tell what happened, and repair what is booked with the least change",
        description=(
            "A flight cancelled, somebody away, a fact or a document that is another, a case that "
            "is new or withdrawn: all of it in one transaction. Who departed independently is "
            "withdrawn, and everything held for it is released at once."
        ),
    )
    def happened(happened: Events, person: Caseworker, asking: Asked) -> Response:
        office.about_their_own(happened, person)
        return asking.answer(
            happened, lambda once: office.happened(happened, person.actor, once=once), _told
        )

    return router


def _told(disrupted: Disrupted) -> Told:
    return Told(200, disrupted.model_dump_json())
