"""Partners by what they are called in a path: organisations, as constraints name their owner."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from icalendar import Calendar, Event

from api.language import LANGUAGES, phrase
from api.store.life import Status
from api.store.standing import OwnPart, Standing, part_of
from constraints.register import REGISTER
from scheduler.world import BookedAttendance, World

DUTCH = LANGUAGES["nl"]
"""The language of the partners."""
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


def told_part(world: World, standing: Standing, partner: str, secret: str) -> OwnPart:
    """Return of a booking what a partner is told, by its reference in the place of its id."""
    part = part_of(world, standing, partner)
    return part.model_copy(update={"id": reference(part.id, secret)})


def calendar(partner: str, parts: Iterable[tuple[OwnPart, int, datetime]]) -> bytes:
    """Return the calendar of a partner: its part of bookings, with their revision and change.

    There is an event for each phase from which on it brings somebody, for the whole block that
    they are taken for; for nights, whole days; for seats, from departure to arrival; and for each
    due check, while it can be made. It tells of no case and of no colleague by name: who needs
    more asks for the booking by its reference.
    """
    made = Calendar()
    made.add("prodid", "-//Regietafel//NL")
    made.add("version", "2.0")
    made.add("x-wr-calname", f"Regietafel {partner}")
    for part, revision, changed in parts:
        for event in _events(part):
            event.add("dtstamp", changed)
            event.add("sequence", revision)
            made.add_component(event)
    told: bytes = made.to_ical()
    return told


def _events(part: OwnPart) -> Iterator[Event]:
    for what, summary, place, since, until in _asked(part):
        event = Event()
        event.add("uid", f"{part.id}-{what}@regietafel")
        event.add("status", _STATUS[part.status])
        event.add("summary", summary)
        if place is not None:
            event.add("location", place)
        event.add("description", f"{part.id} {what}")
        event.add("dtstart", since)
        event.add("dtend", until)
        yield event


def _asked(part: OwnPart) -> Iterator[tuple[str, str, str | None, date, date]]:
    """Yield all that a partner is asked: what it is, in words, where, from when and until when."""
    places = {one.id: one.place for one in part.phases}
    order = [one.id for one in part.phases]
    attending = sorted(part.attendances, key=lambda one: order.index(one.phase))
    for phase, found in groupby(attending, key=lambda one: one.phase):
        mine = [*found]
        since, until = min(one.from_ for one in mine), max(one.until for one in mine)
        yield phase, _people(mine), places[phase], since, until
    if part.nights:
        said = DUTCH.say(phrase("place in detention"))
        yield "nights", said, part.facility, min(part.nights), max(part.nights) + timedelta(days=1)
    if part.departure is not None:
        flight, said = part.phases[-1], DUTCH.say(phrase("seats aboard"))
        yield "seats", f"{said}, {part.departure}", flight.place, flight.from_, flight.until
    for check in part.checks:
        fact = REGISTER.facts[check.fact]
        said = next(DUTCH.title(one) for one in REGISTER.constraints if fact in one.facts)
        yield f"check-{check.fact}", said, None, check.opens, check.before


def _people(attendances: Sequence[BookedAttendance]) -> str:
    """Return how many of which roles attend, in the partners' language."""
    counts: dict[str, int] = {}
    for one in attendances:
        counts[one.role] = counts.get(one.role, 0) + len(one.resources)
    return ", ".join(f"{count} {DUTCH.role(role, count)}" for role, count in sorted(counts.items()))
