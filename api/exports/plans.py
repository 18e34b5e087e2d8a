"""A plan as tables: every booking line by line, and for each partner what it is asked."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from api.exports.asked import Ask, asks
from api.exports.files import Sheet
from api.language import Language, phrase
from api.pages.frame import ZONE
from api.pages.life import STATUSES
from api.partners import PARTNERS, told_part
from api.store.life import Status
from api.store.standing import OwnPart, PartnerAnswer, Standing, due_checks, partners
from scheduler.world import Booking, World

_TEXT, _MOMENT = pa.string(), pa.timestamp("us", "UTC")
BOOKINGS = pa.schema(
    [
        ("booking", _TEXT),
        ("case", _TEXT),
        ("operation", _TEXT),
        ("status", _TEXT),
        ("follows", _TEXT),
        ("template", _TEXT),
        ("facility", _TEXT),
        ("nights", pa.list_(pa.date32())),
        ("departure", _TEXT),
        ("line", _TEXT),
        ("phase", _TEXT),
        ("place", _TEXT),
        ("role", _TEXT),
        ("resources", pa.list_(_TEXT)),
        ("from", _MOMENT),
        ("until", _MOMENT),
    ]
)
"""The columns of bookings: a line for each phase and each attendance, in their order.

What holds of the whole booking stands on each of its lines. Lists are apart by a space where a
cell is text, and moments are in UTC.
"""
HEADS = (
    phrase("Reference"), phrase("Status"), phrase("What is asked"), phrase("Where"),
    phrase("From"), phrase("Until"), phrase("Who"),
)  # fmt: skip
"""The columns of what a partner is asked; times are on the clock of where it is."""


def bookings_sheet(bookings: Iterable[Booking]) -> Sheet:
    """Return every line of bookings, of which nothing is lost."""
    rows = [row for one in bookings for row in _lines(one)]
    return Sheet("bookings", pd.DataFrame(rows, columns=BOOKINGS.names, dtype=object), BOOKINGS)


def plan_sheets(
    world: World, bookings: Sequence[Booking], secret: str, language: Language, *, proposals: bool
) -> tuple[Sheet, ...]:
    """Return a plan for planners: all bookings, and a sheet for each partner that is asked.

    A partner's sheet can be sent to it: it tells of no case, and of its own colleagues alone.
    ``proposals``: whether what is only proposed is on those sheets too.
    """
    asked = [
        standing_of(world, one)
        for one in sorted(bookings, key=lambda one: (one.start, one.id))
        if proposals or one.status != "proposed"
    ]
    sheets = [bookings_sheet(bookings)]
    for name in PARTNERS.values():
        parts = [
            told_part(world, one, name, secret)
            for one in asked
            if name in {*(each.partner for each in one.partners), *(c.owner for c in one.checks)}
        ]
        if parts:
            sheets.append(partner_sheet(world, name, parts, language))
    return tuple(sheets)


def partner_sheet(
    world: World, partner: str, parts: Iterable[OwnPart], language: Language
) -> Sheet:
    """Return what a partner is asked: its own colleagues as their own organisation knows them."""
    rows = [
        (
            part.id,
            language.say(STATUSES[part.status]),
            one.says,
            one.place,
            *_times(world, one),
            ", ".join(_called(world, each) for a in one.attendances for each in a.resources),
        )
        for part in parts
        for one in asks(part, language)
    ]
    heads = [language.say(one) for one in HEADS]
    return Sheet(language.name(partner), pd.DataFrame(rows, columns=heads, dtype=object))


def standing_of(world: World, booking: Booking) -> Standing:
    """Return a booking of a plan as one that nobody has answered yet."""
    return Standing(
        booking=booking,
        status=Status(booking.status),
        revision=0,
        partners=tuple(PartnerAnswer(partner=one) for one in partners(world, booking)),
        checks=tuple(due_checks(world, booking, {})),
    )


def _lines(one: Booking) -> Iterator[tuple[Any, ...]]:
    named = one.id, one.case, one.operation, one.status, one.follows, one.template
    whole = *named, one.facility, [*one.nights], one.departure
    for phase in one.phases:
        yield *whole, "phase", phase.id, phase.place, None, [], phase.from_, phase.until
    for each in one.attendances:
        who = each.role, [*each.resources]
        yield *whole, "attendance", each.phase, None, *who, each.from_, each.until


def _times(world: World, ask: Ask) -> Iterator[datetime]:
    """Yield from when and until when, on the clock of where it is; a day begins at midnight."""
    place = world.location.get(ask.place or "")
    zone = ZoneInfo(ZONE if place is None else place.timezone)
    for one in (ask.since, ask.until):
        yield _local(one, zone)


def _local(one: date, zone: ZoneInfo) -> datetime:
    if isinstance(one, datetime):
        return one.astimezone(zone).replace(tzinfo=None)
    return datetime.combine(one, time())


def _called(world: World, resource: str) -> str:
    known = world.resource.get(resource)
    return (known and known.label) or resource
