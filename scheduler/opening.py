"""Openings: capacity that came free, and the unplanned cases that could use it, best first.

A pattern uses capacity when it takes part of it: somebody in one of the slots, a place in one of
the nights, seats of the kind on the departure. Where that is a matter of who is drawn, people are
drawn so that it is used.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from heapq import merge
from operator import or_
from typing import Literal

from scheduler.constraint import Attendance
from scheduler.grid import days, first_slots
from scheduler.layout import Layout
from scheduler.ledger import Ledger
from scheduler.need import Asked
from scheduler.objective import Valuation
from scheduler.occupancy import Block, Claims, Occupancy, Pool
from scheduler.pattern import CasePatterns, Drawn, JoinKey, Names, Pattern
from scheduler.plan import bookings_of
from scheduler.timeline import Timeline, latest, runs, shift, slots_of, span
from scheduler.world import PERSON, Booking, Departure, World

Kind = Literal["resource", "departure", "facility"]
Named = tuple[Kind, str]
"""Something that has capacity, by its kind and id."""
KINDS: tuple[Kind, ...] = ("resource", "departure", "facility")
SEATS = "unescorted", "escorted"


@dataclass(frozen=True, slots=True)
class Opening:
    """An unplanned case, its best bookings that use the capacity, and what of it they use."""

    case: str
    bookings: tuple[Booking, ...]
    uses: Claims


def openings(
    ledger: Ledger, valuation: Valuation, capacity: Claims | None = None
) -> tuple[Opening, ...]:
    """Return the unplanned cases with an open pattern that uses ``capacity``, best first.

    ``capacity`` is what came free, for example what a released booking took; None stands for
    whatever is free. First come cases pressed by a legal end, then weight, then worth. Bookings of
    a case of which only one leg is booked would be replaced.
    """
    question = None if capacity is None else _Question(ledger.patterns.world, capacity)
    found: list[tuple[tuple[object, ...], Opening]] = []
    for case in unplanned(ledger):
        fits_at_all = valuation.last_moment(case) is not None
        if fits_at_all and (question is None or question.concerns(case)):
            with ledger.without(ledger.movable(case.case.id)):
                best = _Search(case, valuation, ledger.occupancy, question).best()
            if best is not None:
                found.append(best)
    return tuple(opening for _, opening in sorted(found, key=lambda one: one[0]))


def unplanned(ledger: Ledger) -> Iterator[CasePatterns]:
    """Yield the cases of which a leg is not booked, not withdrawn and with nothing begun."""
    for case in ledger.patterns.world.cases:
        booked = ledger.of(case.id)
        if {one.operation for one in booked}.issuperset(case.legs):
            continue
        patterns = ledger.patterns.of(case.id)
        if len(ledger.movable(case.id)) == len(booked) and not patterns.withdrawn:
            yield patterns


def knows(world: World, named: Named) -> bool:
    """Return whether ``world`` has what is named; a person who leaves is no capacity."""
    kind, id = named
    if kind == "resource":
        return id in world.resource and world.resource[id].role != PERSON
    return id in (world.departure if kind == "departure" else world.facility)


def free_of(occupancy: Occupancy, named: Iterable[Named]) -> Claims:
    """Return all that is free of what is named: slots, seats, and nights in the horizon."""
    ids: dict[Kind, list[str]] = {kind: [] for kind in KINDS}
    for kind, id in dict.fromkeys(named):
        ids[kind].append(id)
    return Claims(
        tuple((one, occupancy.free(one)) for one in ids["resource"]),
        tuple(night for one in ids["facility"] for night in _nights(occupancy, one)),
        tuple(seats for one in ids["departure"] for seats in _seats(occupancy, one)),
    )


def _nights(occupancy: Occupancy, facility: str) -> Iterator[tuple[str, date, int]]:
    world = occupancy.world
    for night in days(world.grid, world.location[world.facility[facility].location].timezone):
        if (left := occupancy.places_left(facility, night)) > 0:
            yield facility, night, left


def _seats(occupancy: Occupancy, departure: str) -> Iterator[tuple[str, str, int, int]]:
    for kind in SEATS:
        limit = occupancy.world.departure[departure].seats.of(kind)
        if (left := occupancy.seats_left(departure, kind, limit)) > 0:
            yield departure, kind, left, limit


_Ranked = tuple[tuple[int, ...], Pattern]
_Ends = tuple[Layout, Timeline, Timeline]
"""A placement, the slots at which it may end, and those of them at which it uses the capacity."""
_Call = tuple[tuple[Asked, ...], int, Block]
"""The attendances of a role that a leg asks for, which of them, and the block of who could come."""


class _Question:
    """Capacity that came free, as cases and layouts are asked about it."""

    def __init__(self, world: World, capacity: Claims) -> None:
        self.world = world
        self.people: dict[str, Timeline] = {
            name: line for name, line in capacity.people if world.resource[name].role != PERSON
        }
        self.roles = {world.resource[name].role for name in self.people}
        self.nights: dict[str, set[date]] = {}
        for facility, night, _ in capacity.nights:
            self.nights.setdefault(facility, set()).add(night)
        self.seats = {(departure, kind) for departure, kind, _, _ in capacity.seats}
        self._departures = {departure for departure, _ in self.seats}
        self._meeting: dict[tuple[str, int], Timeline] = {}
        self._blocks: dict[Pool, tuple[Block, ...]] = {}

    def concerns(self, case: CasePatterns) -> bool:
        """Return whether ``case`` has any needs that the capacity could serve."""
        legs = case.legs.values()
        return (
            any(one.id in self._departures for one in self._bound(case))
            or any(not self.nights.keys().isdisjoint(filter(None, leg.facilities)) for leg in legs)
            or any(self._could(case, asked) for leg in legs for _, asked in leg.attendances)
        )

    def _bound(self, case: CasePatterns) -> Sequence[Departure]:
        return self.world.departures_to(case.case.destination) if "removal" in case.legs else ()

    def _could(self, case: CasePatterns, asked: Attendance) -> bool:
        return asked.role in self.roles and any(
            one.id in self.people for one in case.readings.needs.eligible(asked)
        )

    def met(self, claims: Claims) -> bool:
        """Return whether ``claims`` use any of the capacity."""
        return self.part(claims) != Claims()

    def part(self, claims: Claims) -> Claims:
        """Return what ``claims`` use of the capacity."""
        met = ((one, line & self.people.get(one, 0)) for one, line in claims.people)
        return Claims(
            tuple((one, line) for one, line in met if line),
            tuple(one for one in claims.nights if one[1] in self.nights.get(one[0], ())),
            tuple(one for one in claims.seats if one[:2] in self.seats),
        )

    def boards(self, case: CasePatterns, layout: Layout) -> bool:
        """Return whether a layout takes seats of the capacity."""
        departure = layout.departure.id if layout.departure else None
        if departure not in self._departures:
            return False
        return any(one[:2] in self.seats for one in case.seats_and_nights(departure)[0])

    def days(self, facility: str | None) -> Timeline:
        """Return the nights of ``facility`` in the capacity, bit *n* the *n*-th local day."""
        free = self.nights.get(facility or "", set())
        if not free:
            return 0
        first = days(self.world.grid, self.zone(facility))[0]
        return reduce(or_, (1 << (one - first).days for one in free if one >= first), 0)

    def zone(self, facility: str | None) -> str:
        """Return the time zone that names the nights of a facility."""
        return self.world.location[self.world.facility[facility or ""].location].timezone

    def meeting(self, resource: str, length: int) -> Timeline:
        """Return the slots from which a block so long has some of a resource's slots."""
        known = self._meeting.get((resource, length))
        if known is None:
            full = self.world.grid.full
            known = full & ~runs(full & ~self.people[resource], length)
            self._meeting[resource, length] = known
        return known

    def calls(self, case: CasePatterns, layout: Layout) -> Iterator[_Call]:
        """Yield the blocks, from the anchor, of those of the capacity whom a layout could ask."""
        for asked in layout.asked:
            if asked[0][1].role not in self.roles:
                continue
            for n, need in enumerate(case.readings.needs.of(layout.frame, asked)[: len(asked)]):
                for resource, lead, length in self._of(need.pool):
                    yield asked, n, Block(resource, lead + need.base, length)

    def _of(self, pool: Pool) -> tuple[Block, ...]:
        known = self._blocks.get(pool)
        if known is None:
            known = self._blocks[pool] = tuple(
                block for unit in pool.units for block in unit if block.resource in self.people
            )
        return known


class _Search:
    """The best pattern of one case that uses the capacity in question (None: any)."""

    def __init__(
        self,
        case: CasePatterns,
        valuation: Valuation,
        occupancy: Occupancy,
        question: _Question | None,
    ) -> None:
        self.case = case
        self.valuation = valuation
        self.occupancy = occupancy
        self.question = question

    def best(self) -> tuple[tuple[object, ...], Opening] | None:
        """Return the opening of the case and how it ranks among others; None when it has none."""
        streams = self._chains() if self.case.chained else self._alone()
        for rank, pattern in merge(*streams, key=lambda one: one[0]):
            names = self._draw(pattern)
            if names is not None:
                claims = self.case.claims(pattern, names)
                bookings = bookings_of(self.case, pattern, names)
                uses = self.question.part(claims) if self.question else self._of_others(claims)
                return (*self.valuation.order(self.case), *rank), Opening(
                    self.case.case.id, bookings, uses
                )
        return None

    def _of_others(self, claims: Claims) -> Claims:
        own = self.case.case.id
        return replace(claims, people=tuple(one for one in claims.people if one[0] != own))

    # --- Patterns, each stream best first -----------------------------------------------------

    def _ranked(self, pattern: Pattern) -> _Ranked:
        return self.valuation.rank(self.case, pattern), pattern

    def _alone(self) -> Iterator[Iterator[_Ranked]]:
        for layout, line in self.case.open_layouts(self.case.case.legs[0], self.occupancy):
            if using := line & (self._using(layout) | self._staying(layout)):
                yield self._starting(layout, using)

    def _starting(self, layout: Layout, line: Timeline) -> Iterator[_Ranked]:
        for slot in slots_of(line):
            yield self._ranked(Pattern(self.case.case.id, ((layout, slot),)))

    def _chains(self) -> Iterator[Iterator[_Ranked]]:
        """Yield a stream for each removal and group of placements that go with the same ones."""
        groups: dict[JoinKey, list[_Ends]] = {}
        for layout, line in self.case.open_layouts("placement", self.occupancy):
            end = layout.frame.ends[-1]
            ends = layout, line << end, (line & self._using(layout)) << end
            groups.setdefault(self.case.join_key(layout), []).append(ends)
        unions = {key: _unions(group) for key, group in groups.items()}
        for removal, line in self.case.open_layouts("removal", self.occupancy) if groups else ():
            uses = bool(line & self._using(removal))
            for key, (every, using) in unions.items():
                within = span(*self.case.end_range(key, removal, self.occupancy))
                any_of = within if uses else within & self._between(key, removal)
                if line := every & any_of | using & within:
                    yield self._ending(removal, groups[key], line, any_of)

    def _ending(
        self, removal: Layout, group: Sequence[_Ends], line: Timeline, any_of: Timeline
    ) -> Iterator[_Ranked]:
        """Rank the latest first: it has the fewest nights. In ``any_of`` any placement will do."""
        while (last := latest(line)) is not None:
            line ^= 1 << last
            for placement, every, using in group:
                if (every if any_of >> last & 1 else using) >> last & 1:
                    slot = last - placement.frame.ends[-1]
                    legs = (placement, slot), (removal, removal.anchor)
                    yield self._ranked(Pattern(self.case.case.id, legs))

    # --- Where the capacity is used -----------------------------------------------------------

    def _using(self, layout: Layout) -> Timeline:
        """Return the anchors at which seats or people of the capacity could be used."""
        full = self.case.world.grid.full
        if self.question is None or self.question.boards(self.case, layout):
            return full
        line = 0
        for _, _, (resource, lead, length) in self.question.calls(self.case, layout):
            meeting = self.question.meeting(resource, length)
            line |= shift(self.occupancy.stretch(resource, length) & meeting, -lead)
        return line

    def _staying(self, layout: Layout) -> Timeline:
        """Return the anchors from which a stay of fixed length has one of the nights."""
        asked = layout.of.nights
        free = self.question.days(layout.facility) if self.question else 0
        if not free or asked is None or not asked[1].stay:
            return 0
        arrivals = reduce(or_, (free >> n for n in range(asked[1].stay)))
        line = self.case.readings.on_days(self.case.arrival_zone(layout), arrivals)
        return line >> layout.frame.slots["arrival", "start"]

    def _between(self, key: JoinKey, removal: Layout) -> Timeline:
        """Return the ends of a placement from which it has one of the nights before a removal."""
        facility, arrival, _ = key
        free = self.question.days(facility) if self.question and self.case.between else 0
        if self.question is None or not free:
            return 0
        grid, zone = self.case.world.grid, self.question.zone(facility)
        leaving = (self.case.leaves(removal) - days(grid, zone)[0]).days
        after = (free & (1 << leaving) - 1).bit_length()
        return span(0, (*first_slots(grid, zone), grid.slots)[after] - arrival) if after else 0

    # --- Who is drawn -------------------------------------------------------------------------

    def _draw(self, pattern: Pattern) -> Names | None:
        """Draw people for ``pattern`` so that it uses the capacity; None where it cannot."""
        names = self.case.draw(pattern, self.occupancy)
        if self.question is None or (
            names is not None and self.question.met(self.case.claims(pattern, names))
        ):
            return names
        for leg, (layout, slot) in enumerate(pattern.legs):
            for call in self.question.calls(self.case, layout):
                line = _line(call[2], slot)
                if line & self.question.people[call[2].resource] and self.occupancy.is_free(
                    call[2], slot
                ):
                    names = self._draw_with(pattern, leg, call)
                    if names is not None:
                        return names
        return None

    def _draw_with(self, pattern: Pattern, leg: int, call: _Call) -> Names | None:
        """Draw people for ``pattern``, in one of its legs with who is called there."""
        needs, (called, n, block) = self.case.readings.needs, call
        taken = {block.resource: _line(block, pattern.legs[leg][1])}
        legs: list[Drawn] = []
        for number, (layout, slot) in enumerate(pattern.legs):
            drawn: list[tuple[str, Attendance, tuple[Block, ...]]] = []
            for asked in layout.asked:
                here = number == leg and asked is called
                left = self._but_one(asked, n) if here else asked
                found = needs.draw(layout.frame, left, slot, self.occupancy, taken)
                if found is None:
                    return None
                if here:
                    found[n] = tuple(sorted((*found[n], block)))
                drawn += ((*one, mine) for one, mine in zip(asked, found, strict=True))
            legs.append(tuple(drawn))
            for one in (each for _, _, blocks in drawn for each in blocks):
                taken[one.resource] = taken.get(one.resource, 0) | _line(one, slot)
        return tuple(legs)

    def _but_one(self, asked: tuple[Asked, ...], n: int) -> tuple[Asked, ...]:
        """Return the attendances of a role with one person less for the ``n``-th."""
        needs, (constraint, rule) = self.case.readings.needs, asked[n]
        less = needs.asked(constraint, replace(rule, count=rule.count - 1))
        return needs.group((*asked[:n], less, *asked[n + 1 :]))


def _unions(group: Iterable[_Ends]) -> tuple[Timeline, Timeline]:
    every = using = 0
    for _, mine, uses in group:
        every |= mine
        using |= uses
    return every, using


def _line(block: Block, anchor: int) -> Timeline:
    return span(anchor + block.lead, anchor + block.lead + block.length)
