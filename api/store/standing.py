"""Bookings as the store has them: with partners' answers, checks, and the revision."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, RowMapping, or_, select

from api.store.life import Failure, Release, Status
from api.store.refusal import UnknownError
from api.store.tables import BOOKINGS, CHECKS, CONFIRMATIONS
from constraints.register import REGISTER
from scheduler.constraint import Attendance, Due, Nights, Seats
from scheduler.grid import local_date
from scheduler.validator import instant_of
from scheduler.world import (
    PERSON,
    BookedAttendance,
    BookedPhase,
    Booking,
    Fact,
    Id,
    Instant,
    Part,
    World,
)


class PartnerAnswer(Part):
    """What a partner said about a booking; ``answer`` is None while it has said nothing."""

    partner: str
    answer: Literal["confirmed", "declined"] | None = None
    reason: Failure | None = None
    at: Instant | None = None


class Check(Part):
    """A due check of a booking: who makes it, in which window, and the answer so far.

    It is ``passed`` by a yes that its constraint takes for fresh; where the window is shorter than
    a day, by one of the day on which it opens or later.
    """

    fact: str
    owner: str
    opens: Instant
    before: Instant
    value: Literal["yes", "no"] | None = None
    since: date | None = None
    passed: bool = False


class Standing(Part):
    """A booking as the store has it."""

    booking: Booking = Field(
        description=(
            "As a world file has it. The `status` within is one that a file knows, where "
            "`cancelled` is also what was let go: where the booking stands is told beside it."
        )
    )
    status: Status
    expires_at: Instant | None = None
    reason: Failure | Release | None = None
    revision: int = Field(description="Grows with every change of the booking: its ETag.")
    partners: tuple[PartnerAnswer, ...] = ()
    checks: tuple[Check, ...] = ()


class OwnPart(Part):
    """What a partner is told of a booking: when and where it is asked for what, and its answer."""

    id: Id = Field(
        description="Its reference, as in the calendar: the id of a booking tells whose it is.",
        examples=["5f1c0e7b9a2d4c68"],
    )
    status: Status
    expires_at: Instant | None
    start: Instant
    end: Instant
    phases: tuple[BookedPhase, ...]
    attendances: tuple[BookedAttendance, ...]
    facility: Id | None = None
    nights: tuple[date, ...] = ()
    departure: Id | None = None
    answer: PartnerAnswer | None
    checks: tuple[Check, ...]


LONGEST_LEG = timedelta(days=90)
"""No leg takes longer than the waits between its phases together."""


class UnknownBookingError(UnknownError):
    """There is no such booking in the store."""


def standings(
    connection: Connection, world: World, names: Sequence[str], now: datetime
) -> tuple[Standing, ...]:
    """Return the bookings of these ids, in their order.

    Raises
    ------
    UnknownBookingError
        For the first that there is not.
    """
    rows = {row["id"]: row for row in _rows(connection, BOOKINGS, BOOKINGS.c.id, names)}
    answers: dict[str, dict[str, RowMapping]] = {}
    for row in _rows(connection, CONFIRMATIONS, CONFIRMATIONS.c.booking_id, names):
        answers.setdefault(row["booking_id"], {})[row["partner"]] = row
    checks: dict[str, dict[str, RowMapping]] = {}
    for row in _rows(connection, CHECKS, CHECKS.c.booking_id, names):
        checks.setdefault(row["booking_id"], {})[row["fact"]] = row
    if missing := [name for name in names if name not in rows]:
        raise UnknownBookingError(missing[0])
    return tuple(
        _standing(world, rows[name], answers.get(name, {}), checks.get(name, {}), now)
        for name in names
    )


def _rows(connection: Connection, table: Any, column: Any, names: Sequence[str]) -> Any:
    return connection.execute(select(table).where(column.in_(names))).mappings()


def _standing(
    world: World,
    row: RowMapping,
    answers: Mapping[str, RowMapping],
    checks: Mapping[str, RowMapping],
    now: datetime,
) -> Standing:
    expires = datetime.fromisoformat(row["expires_at"]) if row["expires_at"] else None
    status, reason, revision = Status(row["status"]), row["reason"], 2 * row["revision"]
    if expires is not None and expires <= now:
        # Nobody has written that down yet: told are even revisions, and those that time made odd.
        status, reason, expires, revision = Status.released, Release.expired, None, revision + 1
    known = Status.cancelled if status == Status.released else status
    booking = Booking.model_validate({**row["document"], "status": known}, strict=False)
    asked = dict.fromkeys((*partners(world, booking), *answers))
    return Standing(
        booking=booking,
        status=status,
        expires_at=expires,
        reason=reason and _reason(reason),
        revision=revision,
        partners=tuple(_answer(one, answers.get(one)) for one in asked),
        checks=tuple(due_checks(world, booking, checks)),
    )


def _reason(told: str) -> Failure | Release:
    return Release(told) if told in set(Release) else Failure(told)


def _answer(partner: str, row: RowMapping | None) -> PartnerAnswer:
    if row is None:
        return PartnerAnswer(partner=partner)
    return PartnerAnswer(
        partner=partner,
        answer=row["answer"],
        reason=row["reason"] and Failure(row["reason"]),
        at=datetime.fromisoformat(row["at"]),
    )


def partners(world: World, booking: Booking) -> tuple[str, ...]:
    """Return the owners of all that a booking takes: each is asked to confirm."""
    roles = {one.role for one in booking.attendances} - {PERSON}
    found = []
    for constraint, rule in _declared(world, booking):
        if (
            (isinstance(rule, Attendance) and rule.role in roles)
            or (isinstance(rule, Nights) and booking.facility is not None)
            or (isinstance(rule, Seats) and booking.departure is not None)
        ):
            found.append(constraint.owner)
    return tuple(dict.fromkeys(found))


def brought_by(
    world: World, booking: Booking, partner: str
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what a booking has of ``partner``: roles of people; its facility, its departure."""
    mine = [rule for constraint, rule in _declared(world, booking) if constraint.owner == partner]
    roles = {one.role for one in mine if isinstance(one, Attendance)} - {PERSON}
    of = {
        booking.facility: any(isinstance(one, Nights) for one in mine),
        booking.departure: any(isinstance(one, Seats) for one in mine),
    }
    return frozenset(roles), frozenset(name for name, theirs in of.items() if name and theirs)


def part_of(world: World, standing: Standing, partner: str) -> OwnPart:
    """Return of a booking what a partner brings, and nothing of the others or of the person."""
    booking = standing.booking
    roles, places = brought_by(world, booking, partner)
    mine = tuple(one for one in booking.attendances if one.role in roles)
    here = {one.phase for one in mine}
    facility = booking.facility if booking.facility in places else None
    departure = booking.departure if booking.departure in places else None
    if departure is not None:
        here.add(booking.phases[-1].id)
    return OwnPart(
        id=booking.id,
        status=standing.status,
        expires_at=standing.expires_at,
        start=booking.start,
        end=booking.end,
        phases=tuple(one for one in booking.phases if one.id in here),
        attendances=mine,
        facility=facility,
        nights=booking.nights if facility else (),
        departure=departure,
        answer=next((one for one in standing.partners if one.partner == partner), None),
        checks=tuple(one for one in standing.checks if one.owner == partner),
    )


def begins_at() -> ColumnElement[str]:
    """Return when a booking begins, as its document tells it: in UTC, so that it compares."""
    told: ColumnElement[str] = BOOKINGS.c.document[("phases", 0, "from")].as_string()
    return told


def asked_of(
    connection: Connection, world: World, partner: str, since: date, now: datetime
) -> tuple[tuple[Standing, datetime], ...]:
    """Return the bookings of which a partner is asked something, with when each changed last.

    They end on that day or later, and come in the order in which they begin. What was only
    proposed is asked of nobody; of what ended, that is told by why.
    """
    never = [Release.replaced, Release.withdrawn]
    rows = connection.execute(
        select(BOOKINGS.c.id, BOOKINGS.c.changed_at).where(
            BOOKINGS.c.status != Status.proposed,
            or_(BOOKINGS.c.reason.is_(None), BOOKINGS.c.reason.not_in(never)),
            begins_at() >= (since - LONGEST_LEG).isoformat(),
        )
    ).all()
    changed = {name: datetime.fromisoformat(at) for name, at in rows}
    found = [
        (one, changed[one.booking.id])
        for one in standings(connection, world, [*changed], now)
        if one.booking.end.date() >= since
        and partner
        in {*(each.partner for each in one.partners), *(each.owner for each in one.checks)}
    ]
    return tuple(sorted(found, key=lambda one: (one[0].booking.start, one[0].booking.id)))


def due_checks(
    world: World, booking: Booking, answers: Mapping[str, RowMapping]
) -> Iterator[Check]:
    """Yield the due checks of a booking with their answers, by fact."""
    zone = world.location[world.case[booking.case].location].timezone
    for constraint, rule in _declared(world, booking):
        if not isinstance(rule, Due):
            continue
        before, row = instant_of(world, booking, rule.edge), answers.get(rule.check)
        check = Check(
            fact=rule.check,
            owner=constraint.owner,
            opens=before - timedelta(minutes=rule.window),
            before=before,
        )
        if row is None:
            yield check
            continue
        given = Fact(value=row["value"], since=date.fromisoformat(row["since"]))
        passed = given.value == "yes" and _in_window(rule, check, given, zone)
        said = {"value": given.value, "since": given.since, "passed": passed}
        yield check.model_copy(update=said)


def _in_window(rule: Due, check: Check, given: Fact, zone: str) -> bool:
    """Return whether an answer is fresh: a day cannot tell hours, so it may be that of opening."""
    if timedelta(minutes=rule.window) < timedelta(days=1):
        return given.since is not None and given.since >= local_date(check.opens, zone)
    fresh = rule.fresh_until(given, zone)
    return fresh is not None and check.before <= fresh


def _declared(world: World, booking: Booking) -> Any:
    return REGISTER.declarations(world, world.case[booking.case], booking.operation)
