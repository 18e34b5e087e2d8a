"""Bookings as calendars (RFC 5545): of what a partner is asked, and of where a colleague is."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from api.exports.asked import Ask, asks
from api.language import LANGUAGES
from api.office import Office
from api.partners import told_part
from api.store.life import Status
from api.store.logs import Activity
from api.store.standing import OwnPart
from scheduler.world import Resource

MEDIA = "text/calendar"
DUTCH = LANGUAGES["nl"]
"""The language of the partners."""
_STATUS = {
    Status.held: "TENTATIVE",
    Status.confirmed: "CONFIRMED",
    Status.executed: "CONFIRMED",
    Status.cancelled: "CANCELLED",
    Status.released: "CANCELLED",
}
KEPT = timedelta(days=30)
"""How long a calendar tells of what has been."""
Changed = tuple[OwnPart, int, datetime]
"""A partner's part of a booking, by its reference, with its revision and when it changed last."""


def calendar_of(
    office: Office, partner: str, resource: Resource | None, activity: Activity
) -> bytes:
    """Return the calendar of a partner of an office, or of one ``resource`` of that partner."""
    world, secret = office.ever(), office.began_with() or ""
    found = office.asked_of(partner, office.now().date() - KEPT)
    office.seen(activity, [one.booking for one, _ in found])
    parts = [
        (told_part(world, one, partner, secret), one.revision, changed) for one, changed in found
    ]
    if resource is None:
        return partner_calendar(partner, parts)
    return resource_calendar(resource, parts)


def partner_calendar(partner: str, parts: Iterable[Changed]) -> bytes:
    """Return the calendar of a partner.

    There is an event for each phase from which on it brings somebody, for the whole block that
    they are taken for; for nights, whole days; for seats, from departure to arrival; and for each
    due check, while it can be made. It tells of no case and of no colleague by name: who needs
    more asks for the booking by its reference.
    """
    events = (
        _event(part, revision, changed, one, one.what)
        for part, revision, changed in parts
        for one in asks(part, DUTCH)
    )
    return _written(partner, events)


def resource_calendar(resource: Resource, parts: Iterable[Changed]) -> bytes:
    """Return the calendar of a person, vehicle or room, of its own partner's ``parts``.

    There is an event for each block that it is taken for. Of a booking whose people changed, the
    event is no longer there for who does not come any more.
    """
    events = (
        _event(part, revision, changed, one, f"{one.what}-{resource.id}")
        for part, revision, changed in parts
        for one in _of(part, resource)
    )
    return _written(resource.id, events)


def _of(part: OwnPart, resource: Resource) -> Iterator[Ask]:
    for one in asks(part, DUTCH):
        mine = tuple(each for each in one.attendances if resource.id in each.resources)
        if mine:
            says = ", ".join(sorted({DUTCH.role(each.role) for each in mine}))
            since, until = min(each.from_ for each in mine), max(each.until for each in mine)
            yield replace(one, says=says, since=since, until=until)


def _written(name: str, events: Iterable[Event]) -> bytes:
    made = Calendar()
    made.add("prodid", "-//Regietafel//NL")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"Regietafel {name}")
    for one in events:
        made.add_component(one)
    told: bytes = made.to_ical()
    return told


def _event(part: OwnPart, revision: int, changed: datetime, ask: Ask, named: str) -> Event:
    event = Event()
    event.add("uid", f"{part.id}-{named}@regietafel")
    event.add("dtstamp", changed)
    event.add("sequence", revision)
    event.add("status", _STATUS[part.status])
    event.add("summary", ask.says)
    if ask.place is not None:
        event.add("location", ask.place)
    event.add("description", f"{part.id} {ask.what}")
    event.add("dtstart", ask.since)
    event.add("dtend", ask.until)
    return event
