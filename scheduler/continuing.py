"""A chain whose placement was carried out: from then on the removal lives alone."""

from datetime import date, datetime

from scheduler.constraint import Nights, Register
from scheduler.grid import local_date
from scheduler.occupancy import nights_between
from scheduler.world import ACTS, Attendee, Booking, Case, Detention, World


def lives_on(world: World, case: Case, placement: Booking) -> Case:
    """Return a chain as it lives on once ``placement`` was carried out: a removal from inside.

    The detention is imposed by the placement, at the end of its arrival, from which the chain
    counted; one that stood before goes on, its clocks too. Without a ground there is still none.
    Who is named for both legs attends the removal from its first act on.

    Raises
    ------
    ValueError
        When the case is no chain, or the booking is no placement of it that was carried out.
    """
    if len(case.legs) < 2 or not _carried_out(placement, case):
        raise ValueError(f"{placement.id} is no placement of a chain {case.id} that is executed")
    inside = world.facility.get(placement.facility or "")
    return case.model_copy(
        update={
            "operation": "removal",
            "location": inside.location if inside else case.location,
            "detention": _imposed(case.detention, placement.end),
            "attendees": tuple(_removed(one) for one in case.attendees if one.until in _ACTS),
        }
    )


def placed_by(world: World, case: str) -> Booking | None:
    """Return the placement that was carried out of a case of which the removal is left, or None."""
    one = world.case[case]
    if "placement" in one.legs:
        return None
    return next((held for held in world.booked.get(case, ()) if _carried_out(held, one)), None)


def until_departure(
    world: World, register: Register, placement: Booking, removal: Booking
) -> Booking:
    """Return ``placement`` with its nights up to the departure of ``removal``, as in a chain.

    Where a chain of the case claims no nights they stay as they are.
    """
    nights = nights_of(world, register, placement, removal)
    return placement if nights is None else placement.model_copy(update={"nights": nights})


def nights_of(
    world: World, register: Register, placement: Booking, removal: Booking
) -> tuple[date, ...] | None:
    """Return the nights from the arrival of ``placement`` to the departure of ``removal``.

    They are named by their evening at the facility; None where a chain of the case claims none.
    """
    between = register.between(world, world.case[removal.case])
    inside = world.facility.get(placement.facility or "")
    if inside is None or not any(isinstance(rule, Nights) for _, rule in between):
        return None
    zone = world.location[inside.location].timezone
    return nights_between(
        local_date(placement.phases[-1].from_, zone), local_date(removal.phases[-1].from_, zone)
    )


_ACTS = ACTS["removal"]


def _carried_out(booking: Booking, case: Case) -> bool:
    return (booking.case, booking.operation, booking.status) == (case.id, "placement", "executed")


def _imposed(detention: Detention | None, at: datetime) -> Detention | None:
    """Return the detention as imposed at that moment, unless it stood already."""
    if detention is None:
        return None
    first = min(at, detention.imposed_at or at)
    return detention.model_copy(update={"imposed_at": first})


def _removed(attendee: Attendee) -> Attendee:
    """Return who attends the removal, no sooner than it begins."""
    first = attendee.from_ if attendee.from_ in _ACTS else _ACTS[0]
    return attendee.model_copy(update={"from_": first})
