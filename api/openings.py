"""Which unplanned cases could use capacity that came free, as JSON."""

from collections.abc import Iterator
from datetime import date

from scheduler.objective import Valuation
from scheduler.occupancy import Claims
from scheduler.opening import Opening
from scheduler.pattern import CasePatterns
from scheduler.timeline import Timeline, spans
from scheduler.world import Booking, Id, Instant, Interval, Part, World


class ResourceUse(Part):
    """The stretches in which somebody, or a vehicle or a room, would be used."""

    resource: Id
    during: tuple[Interval, ...]


class NightsUse(Part):
    """The nights in which so many places of a facility would be used."""

    facility: Id
    nights: tuple[date, ...]
    places: int


class SeatsUse(Part):
    """So many seats of a kind that would be used on a departure.

    The kind is unescorted or escorted, or a country where its quota is used.
    """

    departure: Id
    kind: str
    seats: int


class OpeningView(Part):
    """An unplanned case with the best bookings it could have, and what of the capacity they use.

    ``deadline`` is the earliest legal end that binds the case; nothing is held.
    """

    case: Id
    weight: int
    deadline: Instant | None
    start: Instant
    end: Instant
    facility: Id | None
    departure: Id | None
    resources: tuple[ResourceUse, ...]
    nights: tuple[NightsUse, ...]
    seats: tuple[SeatsUse, ...]
    bookings: tuple[Booking, ...]


class Openings(Part):
    """The unplanned cases that could use what is free, best first, in the state they are of."""

    world: str
    openings: tuple[OpeningView, ...]


def view(one: Opening, case: CasePatterns, valuation: Valuation) -> OpeningView:
    """Return an opening as it is shown."""
    return OpeningView(
        case=one.case,
        weight=case.case.weight,
        deadline=valuation.deadline(case),
        start=one.bookings[0].start,
        end=one.bookings[-1].end,
        facility=one.bookings[0].facility,
        departure=one.bookings[-1].departure,
        resources=tuple(
            ResourceUse(resource=name, during=tuple(_during(case.world, line)))
            for name, line in one.uses.people
        ),
        nights=tuple(_nights(one.uses)),
        seats=tuple(
            SeatsUse(departure=departure, kind=kind, seats=count)
            for departure, kind, count, _ in one.uses.seats
        ),
        bookings=one.bookings,
    )


def _during(world: World, line: Timeline) -> Iterator[Interval]:
    for first, end in spans(line):
        yield Interval(from_=world.grid.at(first), until=world.grid.at(end))


def _nights(uses: Claims) -> Iterator[NightsUse]:
    """Yield the nights: a case stays in one facility, with as many places in each."""
    if uses.nights:
        facility, _, places = uses.nights[0]
        nights = tuple(night for _, night, _ in uses.nights)
        yield NightsUse(facility=facility, nights=nights, places=places)
