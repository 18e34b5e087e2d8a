"""What bookings take, as rows that the database holds apart.

A resource is taken per slot, a place per night, a seat per departure. The key of a row is unit,
cell and number, so that the database refuses whoever comes second, whatever our code believed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from pydantic import Field
from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from api.store.refusal import Refusal
from api.store.tables import CLAIMS
from scheduler.world import PERSON, BookedAttendance, Booking, Instant, Part

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CASE, RESOURCE, FACILITY, DEPARTURE = "case", "resource", "facility", "departure"
"""What a unit is of, before the stroke in its name."""
Seats = Iterable[tuple[str, str, int, int]]
"""(departure, kind, count, limit), as a case takes them."""


@dataclass(frozen=True, slots=True)
class Want:
    """So many numbers of a unit in a cell, out of ``most`` for whoever asks."""

    unit: str
    cell: int
    count: int = 1
    most: int = 1


class Taken(Part):
    """A unit that ``booking`` has: from one moment to another, in a night, or on a departure.

    Without a booking there is none of it at all, or too few.
    """

    unit: str
    booking: str | None
    from_: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None
    night: date | None = None


class TakenError(Refusal):
    """Some of what is asked is taken: ``taken`` tells by which bookings."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        super().__init__(f"{len(taken)} of what is asked is taken")
        self.taken = tuple(taken)


def wants(
    booking: Booking, slot: int, seats: Seats, places: int, room: Mapping[date, int]
) -> Iterator[Want]:
    """Yield what a booking takes, in slots of so many minutes.

    ``places`` are taken in each of its nights, of the ``room`` there is.
    """
    for attendance in booking.attendances:
        kind = CASE if attendance.role == PERSON else RESOURCE
        for name in attendance.resources:
            for cell in _cells(attendance, slot):
                yield Want(f"{kind}/{name}", cell)
    if booking.facility and places:
        for night in booking.nights:
            yield Want(
                f"{FACILITY}/{booking.facility}", night.toordinal(), places, room.get(night, 0)
            )
    for departure, kind, count, limit in seats:
        yield Want(f"{DEPARTURE}/{departure}/{kind}", 0, count, limit)


def _cells(attendance: BookedAttendance, slot: int) -> range:
    """Return the slots since 1970 that an attendance touches."""
    minutes = timedelta(minutes=slot)
    return range((attendance.from_ - EPOCH) // minutes, -((EPOCH - attendance.until) // minutes))


def take(connection: Connection, booking: str, wanted: Iterable[Want], slot: int) -> None:
    """Claim all that is ``wanted`` for ``booking``, or nothing of it.

    Raises
    ------
    TakenError
        When some of it is taken.
    IntegrityError
        When somebody took it between asking and claiming: the database saw it.
    """
    asked = {(one.unit, one.cell): one for one in wanted}
    held = _held(connection, asked)
    rows: list[dict[str, object]] = []
    taken: list[tuple[Want, str | None]] = []
    for where, want in asked.items():
        theirs = held.get(where, {})
        numbers = [n for n in range(1, want.most + 1) if n not in theirs][: want.count]
        if len(numbers) < want.count or len(theirs) + want.count > want.most:
            taken += [(want, one) for one in dict.fromkeys(theirs.values())] or [(want, None)]
        rows += (
            {
                "unit": want.unit,
                "cell": want.cell,
                "number": number,
                "most": want.most,
                "booking_id": booking,
            }
            for number in numbers
        )
    if taken:
        raise TakenError([*_told(taken, slot)])
    if rows:
        connection.execute(insert(CLAIMS), rows)


def close_up(connection: Connection, units: Collection[str]) -> None:
    """Number what is taken of units, and of each kind of them, from 1 on.

    So no number is free where there are fewer than there were. Who has a place or a seat keeps
    it, whatever its number, of which nobody is told.
    """
    for one in units:
        rows = connection.execute(
            select(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.number)
            .where(or_(CLAIMS.c.unit == one, CLAIMS.c.unit.startswith(f"{one}/", autoescape=True)))
            .order_by(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.number)
        ).all()
        for (unit, cell), numbers in groupby(rows, key=lambda row: (row[0], row[1])):
            for number, (*_, was) in enumerate(numbers, 1):
                mine = CLAIMS.c.unit == unit, CLAIMS.c.cell == cell, CLAIMS.c.number == was
                if number != was:
                    connection.execute(update(CLAIMS).where(*mine).values(number=number))


def give_back(connection: Connection, bookings: Collection[str]) -> None:
    """Free all that ``bookings`` claim."""
    if bookings:
        connection.execute(delete(CLAIMS).where(CLAIMS.c.booking_id.in_(bookings)))


def _held(
    connection: Connection, asked: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], dict[int, str]]:
    """Return who holds which numbers of the units and cells that are asked."""
    cells: dict[str, list[int]] = {}
    for unit, cell in asked:
        cells.setdefault(unit, []).append(cell)
    found: dict[tuple[str, int], dict[int, str]] = {}
    if not cells:
        return found
    inside = (
        and_(CLAIMS.c.unit == unit, CLAIMS.c.cell.between(min(theirs), max(theirs)))
        for unit, theirs in cells.items()
    )
    rows = connection.execute(
        select(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.number, CLAIMS.c.booking_id)
        .where(or_(*inside))
        .order_by(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.number)
    )
    for unit, cell, number, booking in rows:
        found.setdefault((unit, cell), {})[number] = booking
    return found


def _told(taken: Iterable[tuple[Want, str | None]], slot: int) -> Iterator[Taken]:
    """Yield what is taken with the slots that follow each other as one stretch."""
    stretches: dict[tuple[str, str | None], list[range]] = {}
    for want, booking in taken:
        mine = stretches.setdefault((want.unit, booking), [])
        if mine and mine[-1].stop == want.cell:
            mine[-1] = range(mine[-1].start, want.cell + 1)
        else:
            mine.append(range(want.cell, want.cell + 1))
    for (unit, booking), found in stretches.items():
        kind = unit.split("/", 1)[0]
        for cells in found:
            if kind == DEPARTURE:
                yield Taken(unit=unit, booking=booking)
            elif kind == FACILITY:
                for night in cells:
                    yield Taken(unit=unit, booking=booking, night=date.fromordinal(night))
            else:
                first, end = (
                    EPOCH + timedelta(minutes=slot * n) for n in (cells.start, cells.stop)
                )
                yield Taken(unit=unit, booking=booking, from_=first, until=end)
