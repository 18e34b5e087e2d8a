"""What happened, over HTTP: what is booked is repaired at once, and it is told how."""

from collections.abc import Collection, Sequence
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BeforeValidator, Field

from api.access.gate import Caseworker
from api.http.problems import described
from api.http.wishes import Asked, read_events
from api.office import Office
from api.office.events import Disrupted
from api.store.answers import Told
from scheduler.event import Event
from scheduler.replanning import Outcome

MOST_EVENTS = 200
"""Events in one request at most."""
Events = Annotated[
    tuple[Event, ...], Field(min_length=1, max_length=MOST_EVENTS), BeforeValidator(read_events)
]


def events(office: Office) -> APIRouter:
    """Return the operation on events."""
    router = APIRouter(prefix="/events", tags=["events"])

    @router.post(
        "",
        response_model=Disrupted,
        responses=described(404, 422),
        summary="Tell what happened, and repair what is booked with the least change",
        description=(
            "A flight cancelled, somebody away, a fact or a document that is another, a case that "
            "is new or withdrawn: all of it in one transaction. Who departed independently is "
            "withdrawn, and everything held for it is released at once."
        ),
    )
    def happened(happened: Events, person: Caseworker, asking: Asked) -> Response:
        theirs = office.cases_of(person)
        office.about_their_own(happened, person)
        return asking.answer(
            happened,
            lambda once: office.happened(happened, person.actor, once=once),
            lambda found: _told(found, theirs),
        )

    return router


def _told(disrupted: Disrupted, theirs: Collection[str] | None) -> Told:
    """Return what became of whom: officers are told of their own cases alone."""
    if theirs is not None:

        def of_theirs(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
            return tuple(one for one in outcomes if one.case in theirs)

        disrupted = Disrupted(
            kept=of_theirs(disrupted.kept),
            untouched=tuple(one for one in disrupted.untouched if one in theirs),
            moved=of_theirs(disrupted.moved),
            dropped=of_theirs(disrupted.dropped),
            new=of_theirs(disrupted.new),
            ignored=disrupted.ignored,
        )
    return Told(200, disrupted.model_dump_json())
