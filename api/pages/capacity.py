"""Places for the night and seats on departures: how many there are, how many are taken, by whom."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from api.pages.timetable import Period, State
from api.store.claims import DEPARTURE, FACILITY
from api.store.database import Database
from api.store.usage import used
from scheduler.grid import local_date
from scheduler.world import Booking, Departure, Facility, World

KINDS = "unescorted", "escorted"


@dataclass(frozen=True, slots=True)
class Count:
    """So many taken of so many; there is something at all where ``there`` says so."""

    taken: int = 0
    of: int = 0
    there: bool = True

    @property
    def left(self) -> int:
        """How many are left."""
        return max(0, self.of - self.taken)

    @property
    def state(self) -> State:
        """How it is drawn: something left, all taken, or nothing there."""
        if not self.there or not (self.of or self.taken):
            return "off"
        return "free" if self.left else "taken"


@dataclass(frozen=True, slots=True)
class Nights:
    """A facility: its places by night, and who sleeps there in the first of them."""

    facility: Facility
    region: str
    counts: tuple[Count, ...]
    bookings: tuple[Booking, ...]


@dataclass(frozen=True, slots=True)
class Boarding:
    """A departure on the clock of where it leaves, with its seats and who is on it."""

    departure: Departure
    zone: str
    counts: tuple[Count, ...]
    bookings: tuple[Booking, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Departures alike, a flight of every day: the seats of both kinds together by day."""

    name: str
    origin: str
    destination: str
    counts: tuple[Count, ...]


def nights(
    database: Database, world: World, facilities: Sequence[Facility], shown: Period
) -> tuple[Nights, ...]:
    """Return the places of facilities by night."""
    units = [f"{FACILITY}/{one.id}" for one in facilities]
    found = used(database, units, shown.first.toordinal(), shown.last.toordinal())
    standing = {one.id for one in world.bookings if one.claims}
    asleep: defaultdict[str, list[Booking]] = defaultdict(list)
    for one in world.bookings:
        if one.claims and one.facility is not None and shown.first in one.nights:
            asleep[one.facility].append(one)
    return tuple(
        Nights(
            one,
            world.location[one.location].region,
            tuple(
                Count(_sum(found.get((unit, night.toordinal())), standing), one.places_on(night))
                for night in shown.days
            ),
            tuple(asleep[one.id]),
        )
        for one, unit in zip(facilities, units, strict=True)
    )


def departing(world: World, shown: Period) -> Iterator[tuple[Departure, date]]:
    """Yield the departures of these days, each with the day on which it leaves where it does."""
    stretches = {zone: shown.stretch(zone) for zone in {one.timezone for one in world.locations}}
    for one in sorted(world.departures, key=lambda one: (one.departs, one.id)):
        begins, ends = stretches[world.location[one.from_].timezone]
        if begins <= one.departs < ends:
            yield one, _day(world, one)


def boardings(
    database: Database, world: World, departures: Sequence[Departure]
) -> tuple[Boarding, ...]:
    """Return departures with their seats, in their order."""
    aboard = _aboard(world, {one.id for one in departures})
    seats = _seats(database, aboard)
    return tuple(
        Boarding(
            one,
            world.location[one.from_].timezone,
            tuple(Count(seats.get((one.id, kind), 0), one.seats.of(kind)) for kind in KINDS),
            tuple(aboard.get(one.id, ())),
        )
        for one in departures
    )


def lines(
    database: Database, world: World, departures: Iterable[tuple[Departure, date]], shown: Period
) -> tuple[Line, ...]:
    """Return what departs in a week, a row for each flight number or road."""
    alike: defaultdict[tuple[str, str, str], defaultdict[date, list[Departure]]]
    alike = defaultdict(lambda: defaultdict(list))
    every = [*departures]
    for one, day in every:
        alike[one.number or one.kind, one.from_, one.destination][day].append(one)
    seats = _seats(database, _aboard(world, {one.id for one, _ in every}))

    def count(mine: Sequence[Departure]) -> Count:
        return Count(
            sum(seats.get((one.id, kind), 0) for one in mine for kind in KINDS),
            sum(one.seats.of(kind) for one in mine for kind in KINDS),
            bool(mine),
        )

    return tuple(
        Line(*name, tuple(count(by_day.get(day, ())) for day in shown.days))
        for name, by_day in sorted(alike.items(), key=lambda one: (one[0][1], one[0][2], one[0][0]))
    )


def _aboard(world: World, departures: set[str]) -> dict[str, list[Booking]]:
    found: defaultdict[str, list[Booking]] = defaultdict(list)
    for one in world.bookings:
        if one.claims and one.departure in departures:
            found[one.departure or ""].append(one)
    return found


def _seats(database: Database, aboard: dict[str, list[Booking]]) -> dict[tuple[str, str], int]:
    units = {f"{DEPARTURE}/{one}/{kind}": (one, kind) for one in aboard for kind in KINDS}
    standing = {one.id for theirs in aboard.values() for one in theirs}
    found = used(database, units, 0, 0)
    return {units[unit]: _sum(theirs, standing) for (unit, _), theirs in found.items()}


def _sum(theirs: dict[str, int] | None, standing: set[str]) -> int:
    return sum(count for booking, count in (theirs or {}).items() if booking in standing)


def _day(world: World, one: Departure) -> date:
    zone = world.location[one.from_].timezone
    return local_date(one.departs, zone)
