"""Who holds what a case is short of: the bookings behind a condition that is ``claimed``."""

from collections.abc import Iterator

from scheduler.explanation.signature import Explanation, Signature
from scheduler.layout import Condition, Layout
from scheduler.ledger import Ledger
from scheduler.pattern import Pattern
from scheduler.timeline import earliest, latest, span


def holders(
    explanation: Explanation, ledger: Ledger, conditions: Signature
) -> dict[Condition, tuple[str, ...]]:
    """Return the bookings that hold what is claimed, in the first pattern only ``conditions`` shut.

    By id, and for the claimed ones among ``conditions`` only.
    """
    claimed = {one.constraint: one for one in conditions if one.layer == "claimed"}
    way = next(explanation.ways(conditions), None) if claimed else None
    if way is None:
        return {}
    layouts, line = way
    slot = (latest if len(layouts) > 1 else earliest)(line)
    assert slot is not None
    legs = ((layouts[0], slot), *((one, one.anchor) for one in layouts[1:]))
    found: dict[Condition, dict[str, None]] = {one: {} for one in claimed.values()}
    for layout, anchor in legs:
        for constraint, booking in _of_leg(explanation, ledger, layout, anchor):
            if constraint in claimed:
                found[claimed[constraint]][booking] = None
    for constraint, booking in _of_stay(
        explanation, ledger, Pattern(explanation.case.case.id, legs)
    ):
        if constraint in claimed:
            found[claimed[constraint]][booking] = None
    return {condition: tuple(bookings) for condition, bookings in found.items()}


def _of_leg(
    explanation: Explanation, ledger: Ledger, layout: Layout, slot: int
) -> Iterator[tuple[str, str]]:
    """Yield who holds people and seats that a leg at ``slot`` is short of, by constraint."""
    occupancy, departure = explanation.occupancy, layout.departure
    for need in layout.needs:
        if need.met(occupancy, "free", slot, need.count):
            continue
        for resource, lead, length in (block for unit in need.pool.units for block in unit):
            first = slot + need.base + lead
            line = span(first, first + length)
            if not line & ~occupancy.rostered(resource) & line:
                for booking in ledger.holders(resource, line & occupancy.claimed(resource)):
                    yield need.constraint, booking
    for seat in layout.seats if departure is not None else ():
        assert departure is not None
        if not seat.fits(departure.id, occupancy, "free"):
            for booking in ledger.aboard(departure.id, seat.declaration.kind):
                yield seat.constraint, booking


def _of_stay(
    explanation: Explanation, ledger: Ledger, pattern: Pattern
) -> Iterator[tuple[str, str]]:
    """Yield who holds the places that the stay is short of, by constraint."""
    case, occupancy = explanation.case, explanation.occupancy
    asked = case.between or pattern.legs[0][0].of.nights
    if asked is None or pattern.facility is None:
        return
    constraint, nights = asked
    for night in case.nights(pattern):
        if occupancy.places_left(pattern.facility, night) < nights.count:
            for booking in ledger.inside(pattern.facility, night):
                yield constraint, booking
