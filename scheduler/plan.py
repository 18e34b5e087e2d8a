"""A plan: bookings for the cases that fit, reasons for those that do not, and what it is worth."""

from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from pydantic import Field

from scheduler.grid import Stretch
from scheduler.layout import Layout
from scheduler.objective import MAXIMISED, Objective
from scheduler.occupancy import Claims
from scheduler.pattern import CasePatterns, Drawn, Names, Pattern, Patterns
from scheduler.world import (
    BookedAttendance,
    BookedPhase,
    Booking,
    Id,
    Instant,
    Part,
    World,
)

HALVED = "one leg of it is booked; the other is to be asked for by itself"
"""Why a chain of which one leg stands is not planned any further."""


class Cost(Part):
    """What planning one case more would change: whose bookings, and the value of the plan.

    ``moved``, ``renamed`` (only people change) and ``dropped`` are cases; ``change`` is what each
    level that changes would gain.
    """

    moved: tuple[Id, ...]
    renamed: tuple[Id, ...]
    dropped: tuple[Id, ...]
    change: dict[str, int]


class Unplanned(Part):
    """A case without a booking, and why.

    ``blocked``: ``alone`` when it would not fit an empty world either, by ``bookings`` otherwise,
    ``unknown`` where planning was stopped before it was looked into. ``by`` names the fewest
    bookings found in its way; ``cost`` is None where it cannot be forced in. Neither is known where
    it was not ``asked`` for want of time.
    """

    case: Id
    reason: str
    blocked: Literal["alone", "bookings", "unknown"] = "alone"
    by: tuple[Id, ...] = ()
    cost: Cost | None = None
    asked: bool = True


class Bound(Part):
    """What no plan can beat at one level, given the levels above; ``gap`` as a fraction."""

    level: str
    value: int
    bound: int
    gap: float

    @classmethod
    def of(cls, level: str, value: int, bound: int) -> "Bound":
        """Return the bound with its gap as a fraction of it (of the value where it is low).

        Raises
        ------
        ArithmeticError
            When the value beats its bound, so that one of both is wrong.
        """
        if level in MAXIMISED:
            gap = (bound - value) / bound if bound else 0.0
        else:
            gap = (value - bound) / value if value else 0.0
        if gap < 0:
            raise ArithmeticError(f"{level}: the plan is worth {value}, its bound is {bound}")
        return cls(level=level, value=value, bound=bound, gap=gap)


class Plan(Part):
    """The outcome of planning, reproducible from its header."""

    schema_version: Literal[1] = 1
    world: str
    made_at: Instant
    seed: int
    seconds: float
    versions: dict[str, str] = Field(default={})
    levels: tuple[Bound, ...] = ()
    bookings: tuple[Booking, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()

    @property
    def objective(self) -> Objective:
        """The value per level, by name."""
        return {level.level: level.value for level in self.levels}

    @property
    def gap(self) -> float:
        """The headline gap: (bound - value) / bound of the planned weight."""
        return next((one.gap for one in self.levels if one.level == "plannedWeight"), 0.0)


def versions() -> dict[str, str]:
    """Return the versions of what a plan is made with, for its header."""
    return {name: version(name) for name in ("regietafel", "ortools")}


def bookings_of(case: CasePatterns, pattern: Pattern, names: Names) -> tuple[Booking, ...]:
    """Return the bookings of a pattern with its people: one per leg, the second following."""
    made: list[Booking] = []
    for (layout, slot), drawn in zip(pattern.legs, names, strict=True):
        departure = layout.departure
        made.append(
            Booking(
                id=f"{case.case.id}-{layout.leg}",
                case=case.case.id,
                operation=layout.leg,
                follows=made[-1].id if made else None,
                template=layout.frame.template.id,
                phases=tuple(_phases(layout, slot)),
                attendances=tuple(_attendances(case.world, layout, slot, drawn)),
                facility=layout.facility,
                nights=() if made else case.nights(pattern),
                departure=departure.id if departure else None,
            )
        )
    return tuple(made)


def _phases(layout: Layout, slot: int) -> Iterable[BookedPhase]:
    for phase, place in zip(layout.frame.template.phases, layout.frame.places, strict=True):
        yield BookedPhase(
            id=phase.id,
            place=place,
            from_=layout.moment(slot, (phase.acts[0], "start")),
            until=layout.moment(slot, (phase.acts[-1], "end")),
        )


def _attendances(
    world: World, layout: Layout, slot: int, drawn: Drawn
) -> Iterable[BookedAttendance]:
    """Yield one entry per block: people of the same attendance with the same travel share one."""
    template = layout.frame.template
    for _, asked, blocks in drawn:
        together: dict[tuple[int, int], list[str]] = {}
        for block in blocks:
            together.setdefault((block.lead, block.length), []).append(block.resource)
        for (lead, length), resources in together.items():
            yield BookedAttendance(
                phase=template.phases[template.phase_of(asked.first)].id,
                role=asked.role,
                resources=tuple(sorted(resources)),
                from_=world.grid.at(slot + lead),
                until=world.grid.at(slot + lead + length),
            )


def claims_of(case: CasePatterns, booking: Booking) -> Claims:
    """Return what a booking takes in the world of ``case``."""
    world = case.world
    seats, places = case.seats_and_nights(booking.departure)
    people: dict[str, list[Stretch]] = {}
    for attendance in booking.attendances:
        for resource in attendance.resources:
            people.setdefault(resource, []).append((attendance.from_, attendance.until))
    nights = (
        tuple((booking.facility, night, places) for night in booking.nights)
        if booking.facility
        else ()
    )
    return Claims(
        tuple((one, world.grid.outward(blocks)) for one, blocks in people.items()),
        nights,
        seats,
    )


def begun(booking: Booking, now: datetime) -> bool:
    """Return whether a booking is executed or under way, so that nothing may move it."""
    return booking.status == "executed" or booking.start < now


def in_force(patterns: Patterns, bookings: Iterable[Booking]) -> tuple[Booking, ...]:
    """Return the bookings that claim: not cancelled, nor of a case withdrawn before they began."""
    now = patterns.world.as_of
    return tuple(
        one
        for one in bookings
        if one.claims and (begun(one, now) or not patterns.of(one.case).withdrawn)
    )


def free_to_move(booking: Booking, now: datetime) -> bool:
    """Return whether planning may replace it: only what is proposed and not begun."""
    return booking.status == "proposed" and not begun(booking, now)
