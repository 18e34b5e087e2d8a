"""The hours around a leg: who is at work and who is free, slot by slot, and what shuts a start.

A *like* pattern has the same places, facility and departure; only its hours differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from scheduler.constraint import Nights
from scheduler.explanation.light import Reason
from scheduler.explanation.signature import Explanation, Family, Signature
from scheduler.layout import Layout
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, JoinKey, Pattern
from scheduler.timeline import Timeline, at_least, slots_of, span
from scheduler.world import Leg

AROUND = timedelta(hours=2)
"""How far before the start of a leg its hours begin, and end after it."""
ABOARD = timedelta(hours=1)
"""How much of a flight is among them."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a leg asks of a role, a facility or a departure: the slots at which there is enough.

    ``rostered`` leaves out what bookings take, ``free`` counts it, and ``each`` is when each one
    of a role is free.
    """

    kind: Literal["role", "facility", "departure"]
    name: str
    rostered: Timeline
    free: Timeline
    each: Mapping[str, Timeline] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Start:
    """A slot at which a leg could begin, with the least that shuts the patterns that do.

    ``reasons`` are none where one is open, and None where no pattern begins there at all.
    """

    slot: int
    reasons: tuple[Reason, ...] | None


@dataclass(frozen=True, slots=True)
class Day:
    """The slots ``first <= t < end`` around a leg: who could come, and when it could begin."""

    leg: Leg
    first: int
    end: int
    rows: tuple[Row, ...]
    starts: tuple[Start, ...]


def days(explanation: Explanation, pattern: Pattern) -> tuple[Day, ...]:
    """Return the hours around each leg of a pattern of the case that is explained."""
    return tuple(
        _day(explanation, pattern, n, *_around(layout, slot))
        for n, (layout, slot) in enumerate(pattern.legs)
    )


def like(layout: Layout, other: Layout) -> bool:
    """Return whether two layouts of a leg differ in their hours alone."""
    return (
        layout.frame.places == other.frame.places
        and layout.facility == other.facility
        and layout.departure == other.departure
        and layout.frame.template == other.frame.template
    )


def _around(layout: Layout, slot: int) -> tuple[int, int]:
    """Return whole hours around a leg at ``slot``, as far as the horizon reaches."""
    grid, frame = layout.of.readings.world.grid, layout.frame
    since = grid.at(slot + frame.starts[0]) - AROUND
    if frame.departure is None:
        until = grid.at(slot + frame.ends[-1]) + AROUND
    else:
        until = grid.at(slot + frame.starts[-1]) + ABOARD
    since = since.replace(minute=0, second=0, microsecond=0)
    until += (since - until) % timedelta(hours=1)
    return max(grid.ceil(since), 0), min(grid.floor(until), grid.slots)


def _day(explanation: Explanation, pattern: Pattern, n: int, first: int, end: int) -> Day:
    layout, slot = pattern.legs[n]
    shut = _shut(explanation, pattern, n, first, end)
    return Day(
        layout.leg,
        first,
        end,
        tuple(_rows(explanation.case, layout, slot, explanation.occupancy)),
        tuple(Start(at, _reasons(explanation, shut.get(at))) for at in range(first, end)),
    )


def _rows(case: CasePatterns, layout: Layout, slot: int, occupancy: Occupancy) -> Iterator[Row]:
    needs, full = case.readings.needs, case.world.grid.full
    for asked in layout.asked:
        names = {block.resource for _, one in asked for block in needs.blocks(layout.frame, one)}
        count = max(one.count for _, one in asked)
        rostered, free = (
            at_least(count, map(line_of, names), full)
            for line_of in (occupancy.rostered, occupancy.free)
        )
        each = {name: occupancy.free(name) for name in names}
        yield Row("role", asked[0][1].role, rostered, free, each)
    stay = _stay(case, layout)
    if stay is not None and layout.facility is not None:
        zone = case.world.location[case.world.facility[layout.facility].location].timezone
        rostered, free = (
            case.readings.on_days(zone, occupancy.places(layout.facility, stay.count, booked=one))
            for one in (False, True)
        )
        yield Row("facility", layout.facility, rostered, free)
    departure = layout.departure
    if departure is not None:
        flight = span(slot + layout.frame.starts[-1], slot + layout.frame.ends[-1]) & full
        fits = all(seat.fits(departure.id, occupancy, "free") for seat in layout.seats)
        yield Row("departure", departure.id, flight, flight if fits else 0)


def _stay(case: CasePatterns, layout: Layout) -> Nights | None:
    """Return what a placement asks of its facility."""
    if layout.leg != "placement":
        return None
    asked = layout.of.nights or case.between
    return None if asked is None else asked[1]


def _reasons(explanation: Explanation, shut: Signature | None) -> tuple[Reason, ...] | None:
    if shut is None:
        return None
    order = {one.id: n for n, one in enumerate(explanation.register.constraints)}
    inward = sorted(shut, key=lambda one: (order[one.constraint], one))
    return tuple(Reason(one, explanation.says(one)) for one in inward)


def _shut(
    explanation: Explanation, pattern: Pattern, n: int, first: int, end: int
) -> dict[int, Signature]:
    """Return, by the slot at which leg ``n`` begins, the least that shuts the like patterns."""
    case, (mine, anchor) = explanation.case, pattern.legs[n]
    legs = [
        [one for one in case.legs[layout.leg].layouts if like(one, layout)]
        for layout, _ in pattern.legs
    ]
    known: dict[int, Signature] = {}
    if case.is_open(pattern, explanation.occupancy):
        known[anchor + mine.frame.starts[0]] = frozenset()
        if mine.frame.anchor is not None:
            legs[n] = [one for one in legs[n] if one.frame is not mine.frame]
    found: dict[int, set[int]] = {}
    for layout, family in _families(explanation, legs, n, first, end):
        for mask, anchors in family.items():
            for slot in slots_of(anchors):
                found.setdefault(slot + layout.frame.starts[0], set()).add(mask)
    least = {mask: explanation.conditions(mask) for masks in found.values() for mask in masks}
    shut = {
        at: min((least[mask] for mask in masks), key=lambda one: (len(one), sorted(one)))
        for at, masks in found.items()
    }
    return shut | known


def _families(
    explanation: Explanation, legs: Sequence[Sequence[Layout]], n: int, first: int, end: int
) -> Iterator[tuple[Layout, Family]]:
    """Yield the layouts of leg ``n``, by what forbids them: in a chain, with one of the other."""

    def family(layout: Layout, asked: bool) -> tuple[Layout, Family]:
        lead = layout.frame.starts[0]
        window = span(first - lead, end - lead) if asked else layout.domain
        return layout, explanation.forbidding(layout, window)

    if len(legs) == 1 or not legs[n]:
        yield from (family(layout, True) for layout in legs[n])
        return
    placements = [family(one, n == 0) for one in legs[0]]
    parted: dict[tuple[JoinKey, Layout], Family] = {}
    for removal, after in (family(one, n == 1) for one in legs[1]):
        for placement, before in placements:
            key = explanation.case.join_key(placement), removal
            if key not in parted:
                parted[key] = explanation.parting(placement, removal)
            pairs = _paired(before, parted[key], after, placement.frame.ends[-1], n)
            yield (placement, removal)[n], pairs


def _paired(before: Family, between: Family, after: Family, last: int, n: int) -> Family:
    """Return the anchors of leg ``n`` of a chain by what forbids it with the other leg."""
    pairs: Family = {}
    for apart, ends in between.items():
        for mine, anchors in before.items():
            both = anchors & ends >> last
            for theirs, anchor in after.items() if both else ():
                mask = mine | apart | theirs
                pairs[mask] = pairs.get(mask, 0) | (both if n == 0 else anchor)
    return pairs
