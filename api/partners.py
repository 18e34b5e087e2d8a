"""Partners by what they are called in a path: organisations, as constraints name their owner."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from icalendar import Calendar, Event

from api.language import LANGUAGES
from api.store.life import Status
from api.store.standing import OwnPart
from constraints.register import REGISTER
from scheduler.world import BookedAttendance

_STATUS = {
    Status.held: "TENTATIVE",
    Status.confirmed: "CONFIRMED",
    Status.executed: "CONFIRMED",
    Status.cancelled: "CANCELLED",
    Status.released: "CANCELLED",
}


def id_of(partner: str) -> str:
    """Return what a partner is called in a path: ``DV&O`` is ``dv-o``."""
    return re.sub(r"[^a-z0-9]+", "-", partner.lower()).strip("-")


PARTNERS: Mapping[str, str] = {
    id_of(name): name for name in sorted({one.owner for one in REGISTER.constraints})
}
"""The names of partners by their ids."""


def reference(booking: str, secret: str) -> str:
    """Return what a booking is called where its id would tell which case it is of."""
    return hmac.new(secret.encode(), booking.encode(), hashlib.sha256).hexdigest()[:16]


def calendar(partner: str, parts: Iterable[tuple[OwnPart, int, datetime]], secret: str) -> bytes:
    """Return the calendar of a partner: its part of bookings, with their revision and change.

    There is an event for each phase from which on it brings somebody, for the whole block that
    they are taken for. It tells of no case and of no colleague by name: who needs more asks for
    the booking by its reference.
    """
    made = Calendar()
    made.add("prodid", "-//Regietafel//NL")
    made.add("version", "2.0")
    made.add("x-wr-calname", f"Regietafel {partner}")
    for part, revision, changed in parts:
        for event in _events(part, reference(part.id, secret)):
            event.add("dtstamp", changed)
            event.add("sequence", revision)
            made.add_component(event)
    told: bytes = made.to_ical()
    return told


def _events(part: OwnPart, name: str) -> Iterator[Event]:
    places = {one.id: one.place for one in part.phases}
    order = [one.id for one in part.phases]
    attending = sorted(part.attendances, key=lambda one: order.index(one.phase))
    for phase, found in groupby(attending, key=lambda one: one.phase):
        mine = [*found]
        event = Event()
        event.add("uid", f"{name}-{phase}@regietafel")
        event.add("status", _STATUS[part.status])
        event.add("summary", _people(mine))
        event.add("location", places[phase])
        event.add("description", f"{name} {phase}")
        event.add("dtstart", min(one.from_ for one in mine))
        event.add("dtend", max(one.until for one in mine))
        yield event


def _people(attendances: Sequence[BookedAttendance]) -> str:
    """Return how many of which roles attend, in the partners' language."""
    counts: dict[str, int] = {}
    for one in attendances:
        counts[one.role] = counts.get(one.role, 0) + len(one.resources)
    told = LANGUAGES["nl"].role
    return ", ".join(f"{count} {told(role, count)}" for role, count in sorted(counts.items()))
