"""Patterns: options without names, compiled from what the constraints declare.

A *layout* is everything about one leg but its time: template, waits, places, facility, departure.
Its *bars* (what the case alone decides) and *needs* (people) are timelines over the layout's anchor
slot: the start of a placement, the departure of a removal. A *pattern* is a layout with its slot,
or a pair of them for a chain. The planner, the proposals and the explanations all ask here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import combinations, product
from typing import Literal

import numpy as np

from scheduler.constraint import (
    EARLIEST,
    LATEST,
    Attendance,
    Blocked,
    Constraint,
    Declaration,
    Due,
    Edge,
    Elapsed,
    Inside,
    Layer,
    Nights,
    Only,
    Register,
    Scope,
    Seats,
)
from scheduler.grid import Stretch, day_lines, days, local_date, midnight
from scheduler.occupancy import Block, Claims, Occupancy, Pool, nights_between
from scheduler.timeline import Timeline, runs, slots_of, span
from scheduler.world import (
    Case,
    Departure,
    Leg,
    Nearest,
    Resource,
    Template,
    World,
)

Booked = Literal["rostered", "free"]
"""Which layer of capacity a question is asked on."""


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """A constraint and the layer on which it forbids; ``known`` False rests on an unknown fact."""

    constraint: str
    layer: Layer
    known: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """A condition that the case alone decides, with the anchor slots it allows."""

    condition: Condition
    declaration: Declaration
    allows: Timeline


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """``count`` units of a pool at the anchor plus ``base``; open where enough are free.

    ``joint``: several attendances of one role together, so that nobody serves two at a time.
    """

    constraint: str
    declaration: Attendance
    pool: Pool
    count: int
    base: int
    joint: bool = False

    def starts(self, occupancy: Occupancy, booked: Booked) -> Timeline:
        """Return the anchor slots at which the need is met."""
        return self.starts_of(occupancy, booked, self.count)

    def starts_of(self, occupancy: Occupancy, booked: Booked, count: int) -> Timeline:
        """Return the anchor slots at which at least ``count`` units are there."""
        ask = occupancy.free_starts if booked == "free" else occupancy.starts
        line = ask(self.pool, count)
        return line >> self.base if self.base >= 0 else line << -self.base


@dataclass(frozen=True, slots=True)
class Seating:
    """Seats of a kind on the layout's departure, ``limit`` over all bookings."""

    constraint: str
    declaration: Seats
    limit: int

    def fits(self, departure: str, occupancy: Occupancy, booked: Booked) -> bool:
        """Return whether the seats are left."""
        kind, left = self.declaration.kind, self.limit
        if booked == "free":
            left = occupancy.seats_left(departure, kind, self.limit)
        return self.declaration.count <= left


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The shape of a leg: phases as slots around the anchor, and their places.

    ``starts`` and ``ends`` are in slots from the anchor, phase by phase.
    """

    template: Template
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    places: tuple[str, ...]
    facility: str | None
    departure: Departure | None
    anchor: int | None

    def slot(self, edge: Edge) -> int:
        """Return the slot of ``edge`` from the anchor."""
        act, side = edge
        phase = self.template.phase_of(act)
        return self.starts[phase] if side == "start" else self.ends[phase]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A frame with all that is asked of it for one case.

    ``static`` is the conjunction of ``bars``; ``needs`` and ``seats`` are shared with other cases;
    ``nights`` is the declaration for a stay that does not wait for a departure.
    """

    leg: Leg
    frame: Frame
    static: Timeline
    bars: tuple[Bar, ...]
    needs: tuple[Need, ...]
    seats: tuple[Seating, ...]
    nights: tuple[str, Nights] | None

    @property
    def facility(self) -> str | None:
        """The facility of the stay, or None."""
        return self.frame.facility

    @property
    def departure(self) -> Departure | None:
        """The departure it hangs on, or None."""
        return self.frame.departure


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way for a case: a layout and its anchor slot for each leg."""

    case: str
    legs: tuple[tuple[Layout, int], ...]

    @property
    def departure(self) -> Departure | None:
        """The departure of its last leg, or None."""
        return self.legs[-1][0].departure

    @property
    def facility(self) -> str | None:
        """The facility of its first leg, or None."""
        return self.legs[0][0].facility


class Patterns:
    """The patterns of every case of a world under a register, compiled on demand and kept."""

    def __init__(self, world: World, register: Register) -> None:
        self.world = world
        self.register = register
        self._cases: dict[str, CasePatterns] = {}
        self._frames: dict[object, tuple[Frame, ...]] = {}
        self._needs: dict[object, tuple[Need, ...]] = {}
        self._pools: dict[object, Pool] = {}
        self._windows: dict[tuple[int, int, int], tuple[tuple[Stretch, ...], Timeline]] = {}
        self._elapsed: dict[tuple[int, int, int, int | None], tuple[object, Timeline]] = {}

    def of(self, case: str) -> "CasePatterns":
        """Return the patterns of ``case``; KeyError when the world has no such case."""
        known = self._cases.get(case)
        if known is None:
            known = self._cases[case] = _compile(self, self.world.case[case])
        return known

    @cached_property
    def empty(self) -> Occupancy:
        """The empty world: nobody's booking in it."""
        return Occupancy(self.world)

    def frames(self, case: Case, leg: Leg, facilities: tuple[str | None, ...]) -> tuple[Frame, ...]:
        """Return the frames of ``leg`` for ``case``, shared with cases of the same place."""
        if leg == "placement":
            template = self.world.template_for(case, leg)
            key: object = (template.id, case.location, facilities)
            if key not in self._frames:
                self._frames[key] = tuple(
                    frame
                    for facility in facilities
                    for frame in _frames(self.world, template, case.location, facility, None)
                )
            return self._frames[key]
        frames: list[Frame] = []
        for departure in self.world.departures_to(case.destination):
            template = self.world.template_for(case, leg, departure.kind)
            for facility in facilities:
                origin = self.world.facility[facility].location if facility else case.location
                key = (template.id, origin, facility, departure.id)
                if key not in self._frames:
                    self._frames[key] = tuple(
                        _frames(self.world, template, origin, facility, departure)
                    )
                frames.extend(self._frames[key])
        return tuple(frames)

    def needs(self, frame: Frame, demands: tuple[tuple[str, Attendance], ...]) -> tuple[Need, ...]:
        """Return what ``demands`` of one role ask of ``frame``, at most one unit twice."""
        key = frame, demands
        known = self._needs.get(key)
        if known is None:
            known = self._needs[key] = tuple(_needs(self, frame, demands))
        return known

    def pool(self, role: str, units: tuple[tuple[Block, ...], ...]) -> Pool:
        """Return the one pool of these units."""
        return self._pools.setdefault((role, units), Pool(role, units))

    def window(self, stretches: tuple[Stretch, ...], first: int, last: int) -> Timeline:
        """Return the anchors from which slots ``first`` to ``last`` lie inside a stretch."""
        key = id(stretches), first, last
        known = self._windows.get(key)
        if known is None:
            grid, line = self.world.grid, 0
            for since, until in stretches:
                line |= span(
                    max(grid.ceil(since) - first, 0), min(grid.floor(until) - last + 1, grid.slots)
                )
            known = self._windows[key] = stretches, line
        return known[1]

    def elapsed(self, rule: Elapsed, first: int, last: int) -> Timeline:
        """Return the anchors at which the time from ``first`` to ``last`` obeys ``rule``."""
        key = id(rule.pauses), first, last, rule.at_least * 100_000 + (rule.at_most or 0)
        known = self._elapsed.get(key)
        if known is None:
            known = self._elapsed[key] = rule, _elapsed(self.world, rule, first, last)
        return known[1]


@dataclass(frozen=True)
class CasePatterns:
    """All patterns of one case. ``declared`` holds, per scope, what the constraints said."""

    patterns: Patterns
    case: Case
    layouts: Mapping[Leg, tuple[Layout, ...]]
    declared: Mapping[Scope, tuple[tuple[Constraint, Declaration], ...]]
    _empty_days: dict[str, int] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """The world the patterns live in."""
        return self.patterns.world

    @property
    def chained(self) -> bool:
        """Whether a pattern has two legs."""
        return len(self.case.legs) == 2

    @cached_property
    def spans(self) -> tuple[tuple[str, Elapsed], ...]:
        """What binds the two legs of a chain in time."""
        return tuple(
            (constraint.id, rule)
            for constraint, rule in self.declared.get("chain", ())
            if isinstance(rule, Elapsed)
        )

    @cached_property
    def between(self) -> tuple[str, Nights] | None:
        """The nights between the legs of a chain, or None."""
        return next(
            (
                (constraint.id, rule)
                for constraint, rule in self.declared.get("chain", ())
                if isinstance(rule, Nights)
            ),
            None,
        )

    def open_starts(
        self, layout: Layout, occupancy: Occupancy, booked: Booked = "free"
    ) -> Timeline:
        """Return the anchor slots at which one leg alone is open."""
        line = layout.static
        if not line:
            return 0
        departure = layout.departure
        if departure and not all(
            seat.fits(departure.id, occupancy, booked) for seat in layout.seats
        ):
            return 0
        for need in layout.needs:
            line &= need.starts(occupancy, booked)
            if not line:
                return 0
        if layout.nights:
            line &= self.stay_starts(layout, occupancy, booked)
        return line

    def stay_starts(self, layout: Layout, occupancy: Occupancy, booked: Booked) -> Timeline:
        """Return the anchors from which every night of a stay of fixed length has its places."""
        if layout.nights is None or layout.facility is None:
            return 0
        _, nights = layout.nights
        assert nights.stay is not None
        places = runs(
            occupancy.places(
                layout.facility, nights.count, beyond=nights.stay, booked=booked == "free"
            ),
            nights.stay,
        )
        line = 0
        for day, slots in enumerate(self._day_lines(layout.facility)):
            if places >> day & 1:
                line |= slots
        return line >> layout.frame.slot(("arrival", "start"))

    def pair_starts(
        self, placement: Layout, removal: Layout, occupancy: Occupancy, booked: Booked = "free"
    ) -> Timeline:
        """Return the placement anchors that go with ``removal``: order, spans and nights."""
        if placement.facility != removal.facility:
            return 0
        line = self.order_starts(placement, removal)
        for _, rule in self.spans:
            if not line:
                return 0
            line &= self.span_starts(rule, placement, removal)
        return line & self.night_starts(placement, removal, occupancy, booked) if line else 0

    def order_starts(self, placement: Layout, removal: Layout) -> Timeline:
        """Return the placement anchors that end before the removal begins."""
        anchor = _anchor(removal)
        return span(0, anchor + removal.frame.starts[0] - placement.frame.ends[-1] + 1)

    def span_starts(self, rule: Elapsed, placement: Layout, removal: Layout) -> Timeline:
        """Return the placement anchors for which the time to ``removal`` obeys ``rule``."""
        grid = self.world.grid
        end = moment(self.world, removal, _anchor(removal), rule.last)
        first = placement.frame.slot(rule.first)
        latest = grid.floor(end - timedelta(minutes=rule.at_least)) - first + 1
        earliest = (
            grid.ceil(end - timedelta(minutes=rule.at_most)) - first
            if rule.at_most is not None
            else 0
        )
        return span(earliest, min(latest, grid.slots))

    def night_starts(
        self, placement: Layout, removal: Layout, occupancy: Occupancy, booked: Booked
    ) -> Timeline:
        """Return the placement anchors from which all nights to ``removal`` have their places."""
        grid = self.world.grid
        if self.between is None:
            return grid.full
        if placement.facility is None or removal.departure is None:
            return 0
        lines = self._day_lines(placement.facility)
        zone = self._zone(placement.facility)
        last = (local_date(removal.departure.departs, zone) - days(grid, zone)[0]).days
        last = max(last, 0)
        places = occupancy.places(
            placement.facility, self.between[1].count, booked=booked == "free"
        )
        missing = ~places & ((1 << last) - 1)
        first = missing.bit_length()
        start = (
            (lines[first] & -lines[first]).bit_length() - 1 if first < len(lines) else grid.slots
        )
        return span(start - placement.frame.slot(("arrival", "start")), grid.slots)

    def open(self, occupancy: Occupancy, booked: Booked = "free") -> Iterator[Pattern]:
        """Yield every open pattern."""
        if not self.chained:
            leg = self.case.legs[0]
            for layout in self.layouts[leg]:
                for slot in slots_of(self.open_starts(layout, occupancy, booked)):
                    yield Pattern(self.case.id, ((layout, slot),))
            return
        placements = self.open_layouts("placement", occupancy, booked)
        for removal, _ in self.open_layouts("removal", occupancy, booked):
            for placement, line in placements:
                pairs = line & self.pair_starts(placement, removal, occupancy, booked)
                for slot in slots_of(pairs):
                    legs = (placement, slot), (removal, _anchor(removal))
                    yield Pattern(self.case.id, legs)

    def open_layouts(
        self, leg: Leg, occupancy: Occupancy, booked: Booked = "free"
    ) -> list[tuple[Layout, Timeline]]:
        """Return the layouts of ``leg`` with an open slot, with their open slots."""
        found = []
        for layout in self.layouts[leg]:
            line = self.open_starts(layout, occupancy, booked)
            if line:
                found.append((layout, line))
        return found

    def is_open(self, pattern: Pattern, occupancy: Occupancy) -> bool:
        """Return whether ``pattern`` is open in ``occupancy``."""
        for layout, slot in pattern.legs:
            if not self.open_starts(layout, occupancy) >> slot & 1:
                return False
        if len(pattern.legs) == 1:
            return True
        (placement, slot), (removal, _) = pattern.legs
        return bool(self.pair_starts(placement, removal, occupancy) >> slot & 1)

    def arrival(self, placement: Layout, slot: int) -> date:
        """Return the local date on which a placement arrives: its first night."""
        arrives = moment(self.world, placement, slot, ("arrival", "start"))
        return local_date(arrives, self.arrival_zone(placement))

    def arrival_zone(self, placement: Layout) -> str:
        """Return the time zone that names the nights of a placement: the facility's."""
        if placement.facility is not None:
            return self._zone(placement.facility)
        place = placement.frame.places[placement.frame.template.phase_of("arrival")]
        return self.world.location[place].timezone

    def nights(self, pattern: Pattern) -> tuple[date, ...]:
        """Return the nights in detention that ``pattern`` claims, named by their evening."""
        layout, slot = pattern.legs[0]
        if layout.leg != "placement" or layout.facility is None:
            return ()
        zone = self._zone(layout.facility)
        arrival = self.arrival(layout, slot)
        if len(pattern.legs) == 2 and pattern.departure is not None:
            if self.between is None:
                return ()
            return nights_between(arrival, local_date(pattern.departure.departs, zone))
        if layout.nights is None:
            return ()
        _, nights = layout.nights
        assert nights.stay is not None
        return nights_between(arrival, arrival + timedelta(days=nights.stay))

    def claims(self, pattern: Pattern, names: "Names") -> Claims:
        """Return what ``pattern`` takes with the people drawn for it."""
        people = tuple(
            (block.resource, span(slot + block.lead, slot + block.lead + block.length))
            for (_, slot), drawn in zip(pattern.legs, names, strict=True)
            for _, _, blocks in drawn
            for block in blocks
        )
        nights: tuple[tuple[str, date, int], ...] = ()
        facility = pattern.facility
        asked = pattern.legs[0][0].nights or self.between
        if facility is not None and asked is not None:
            nights = tuple((facility, night, asked[1].count) for night in self.nights(pattern))
        seats = tuple(
            (layout.departure.id, kind, count, min(one.limit for one in same))
            for layout, _ in pattern.legs
            if layout.departure is not None
            for (kind, count), same in _alike(layout.seats).items()
        )
        return Claims(people, nights, seats)

    def seats_and_nights(
        self, leg: Leg, departure: str | None
    ) -> tuple[tuple[tuple[str, str, int, int], ...], int]:
        """Return the seats a booking of ``leg`` takes on ``departure``, and its places a night."""
        declared = [rule for group in self.declared.values() for _, rule in group]
        seats = [
            Seating("", rule, dict(rule.limits).get(departure or "", 0))
            for rule in declared
            if isinstance(rule, Seats) and leg == self.case.legs[-1]
        ]
        taken = tuple(
            (departure, kind, count, min(one.limit for one in same))
            for (kind, count), same in _alike(seats).items()
            if departure is not None
        )
        places = max((rule.count for rule in declared if isinstance(rule, Nights)), default=0)
        return taken, places

    def _zone(self, facility: str) -> str:
        return self.world.location[self.world.facility[facility].location].timezone

    def _day_lines(self, facility: str) -> tuple[Timeline, ...]:
        return day_lines(self.world.grid, self._zone(facility))


def _alike(seats: Iterable[Seating]) -> dict[tuple[str, int], list[Seating]]:
    """Group what several constraints say about the same seats."""
    alike: dict[tuple[str, int], list[Seating]] = {}
    for one in seats:
        alike.setdefault((one.declaration.kind, one.declaration.count), []).append(one)
    return alike


def phantom_layouts(case: CasePatterns, departures: Iterable[Departure]) -> tuple[Layout, ...]:
    """Return layouts of the removal on departures that do not exist.

    They carry the bars and the people that need no particular departure, and one bar more: the
    constraint that asks for seats says that there is none.
    """
    declared = case.declared["removal"]
    asking = next((one for one in declared if isinstance(one[1], Seats)), None)
    if asking is None:
        return ()
    world, kept = case.world, tuple(one for one in declared if not isinstance(one[1], Seats | Only))
    absent = Bar(Condition(asking[0].id, "not-rostered"), asking[1], 0)
    layouts = []
    facilities = dict.fromkeys(one.facility for one in case.layouts.get("placement", ())) or [None]
    for departure, facility in product(departures, facilities):
        template = world.template_for(case.case, "removal", departure.kind)
        origin = world.facility[facility].location if facility else case.case.location
        for frame in _frames(world, template, origin, facility, departure):
            layout = _layout(case.patterns, case.case, "removal", frame, kept)
            layouts.append(replace(layout, static=0, bars=(*layout.bars, absent)))
    return tuple(layouts)


Drawn = tuple[tuple[str, Attendance, tuple[Block, ...]], ...]
"""Per attendance of a leg: the constraint that asked, what it asked, and the blocks drawn."""
Names = tuple[Drawn, ...]
"""The people drawn for a pattern, leg by leg."""


def moment(world: World, layout: Layout, slot: int, edge: Edge) -> datetime:
    """Return the instant of ``edge`` when ``layout`` hangs on ``slot``.

    The departure itself keeps its own minutes; everything else lies on the grid.
    """
    if layout.frame.anchor is not None:
        return _instant(world, layout.frame, edge)
    return world.grid.at(slot + layout.frame.slot(edge))


def draw(case: CasePatterns, pattern: Pattern, occupancy: Occupancy) -> Names | None:
    """Draw people for ``pattern``, least travel and fewest abilities first; None when it is shut.

    Exact: an augmenting path per unit, so whoever is needed elsewhere in the leg gives way.
    """
    legs = []
    for layout, slot in pattern.legs:
        drawn: list[tuple[str, Attendance, tuple[Block, ...]]] = []
        for demands in _by_role(layout, case):
            blocks = _draw_role(case.patterns, layout.frame, demands, slot, occupancy)
            if blocks is None:
                return None
            drawn.extend(
                (constraint, asked, mine)
                for (constraint, asked), mine in zip(demands, blocks, strict=True)
            )
        legs.append(tuple(drawn))
    return tuple(legs)


Demands = tuple[tuple[str, Attendance], ...]


def _by_role(layout: Layout, case: CasePatterns) -> list[Demands]:
    return _demands(case.declared[layout.leg], layout.departure)


def _demands(
    declared: Iterable[tuple[Constraint, Declaration]], departure: Departure | None
) -> list[Demands]:
    """Group what is asked with ``departure`` by role."""
    roles: dict[str, list[tuple[str, Attendance]]] = {}
    for constraint, asked in declared:
        if isinstance(asked, Attendance) and _with(asked.departures, departure):
            roles.setdefault(asked.role, []).append((constraint.id, asked))
    return [tuple(group) for group in roles.values()]


def _with(departures: frozenset[str] | None, departure: Departure | None) -> bool:
    return departures is None or (departure is not None and departure.id in departures)


def _draw_role(
    patterns: Patterns, frame: Frame, demands: Demands, slot: int, occupancy: Occupancy
) -> list[tuple[Block, ...]] | None:
    """Match the demands of one role to units, each unit once (Kuhn's augmenting paths)."""
    world = patterns.world
    seats = [n for n, (_, asked) in enumerate(demands) for _ in range(asked.count)]
    choices: list[list[tuple[int, Block]]] = []
    units = _units(patterns, frame, demands)
    for n in range(len(demands)):
        free = [
            (u, block)
            for u, unit in enumerate(units)
            if (block := unit.get(n)) is not None and occupancy.is_free(block, slot)
        ]
        free.sort(
            key=lambda one: (
                one[1].length,
                len(world.resource[one[1].resource].abilities),
                world.resource[one[1].resource].capacity,
                one[1].resource,
            )
        )
        choices.append(free)
    holder: dict[int, int] = {}

    def seat(number: int, seen: set[int]) -> bool:
        for unit, _ in choices[seats[number]]:
            if unit in seen:
                continue
            seen.add(unit)
            if unit not in holder or seat(holder[unit], seen):
                holder[unit] = number
                return True
        return False

    if not all(seat(number, set()) for number in range(len(seats))):
        return None
    drawn: list[list[Block]] = [[] for _ in demands]
    for unit, number in sorted(holder.items(), key=lambda pair: pair[1]):
        block = units[unit][seats[number]]
        drawn[seats[number]].append(block)
    return [tuple(blocks) for blocks in drawn]


def _units(patterns: Patterns, frame: Frame, demands: Demands) -> list[dict[int, Block]]:
    """Return the units for the demands of one role: demand index to block from the anchor.

    One resource is one unit where its blocks overlap, and one for each block where they do not.
    """
    blocks: dict[str, dict[int, Block]] = {}
    for n, (_, asked) in enumerate(demands):
        for block in _blocks(patterns.world, frame, asked):
            blocks.setdefault(block.resource, {})[n] = block
    units: list[dict[int, Block]] = []
    for mine in blocks.values():
        apart = all(
            one.lead + one.length <= other.lead or other.lead + other.length <= one.lead
            for one, other in combinations(mine.values(), 2)
        )
        units.extend([{n: block} for n, block in mine.items()] if apart else [mine])
    return units


def _blocks(world: World, frame: Frame, asked: Attendance) -> Iterator[Block]:
    """Yield the block, travel included, of each resource that may attend."""
    first = frame.template.phase_of(asked.first)
    last = frame.template.phase_of(asked.last)
    for resource in _eligible(world, asked):
        there, back = 0, 0
        if not (resource.remote and asked.mode != "on-site"):
            out = world.drive(resource.home, frame.places[first])
            home = world.drive(frame.places[last], resource.home)
            if out is None or home is None:
                continue
            there, back = out, home
        begin = _begin(world, frame, first, asked.before + there)
        end = _end(world, frame, last, asked.after + back)
        yield Block(resource.id, begin, end - begin)


def _eligible(world: World, asked: Attendance) -> Iterable[Resource]:
    members = (
        (world.resource[one] for one in sorted(asked.among))
        if asked.among is not None
        else world.roles.get(asked.role, ())
    )
    return (
        one
        for one in members
        if one.role == asked.role
        and one.capacity >= asked.capacity
        and (not asked.skills or asked.skills & one.abilities)
        and (one.remote or asked.mode != "remote")
    )


def _begin(world: World, frame: Frame, phase: int, before: int) -> int:
    if frame.departure is not None and frame.template.phases[phase].minutes is None:
        assert frame.anchor is not None
        return world.grid.floor(frame.departure.departs - timedelta(minutes=before)) - frame.anchor
    return frame.starts[phase] - world.grid.length(before)


def _end(world: World, frame: Frame, phase: int, after: int) -> int:
    if frame.departure is not None and frame.template.phases[phase].minutes is None:
        assert frame.anchor is not None
        return world.grid.ceil(frame.departure.arrives + timedelta(minutes=after)) - frame.anchor
    return frame.ends[phase] + world.grid.length(after)


def _needs(patterns: Patterns, frame: Frame, demands: Demands) -> Iterator[Need]:
    """Yield Hall's conditions: enough units for each demand, and for each group that shares some.

    Exact for two demands, and for more when each unit's blocks all overlap or all lie apart.
    """
    units = _units(patterns, frame, demands)
    for size in range(1, len(demands) + 1):
        for group in combinations(range(len(demands)), size):
            if size > 1 and not any(sum(n in unit for n in group) > 1 for unit in units):
                continue
            base = frame.starts[frame.template.phase_of(demands[group[0]][1].first)]
            lines = tuple(
                mine
                for unit in units
                if (
                    mine := tuple(
                        Block(unit[n].resource, unit[n].lead - base, unit[n].length)
                        for n in group
                        if n in unit
                    )
                )
            )
            constraint, asked = demands[group[-1]]
            yield Need(
                constraint,
                asked,
                patterns.pool(asked.role, lines),
                sum(demands[n][1].count for n in group),
                base,
                size > 1,
            )


def _frames(
    world: World,
    template: Template,
    origin: str,
    facility: str | None,
    departure: Departure | None,
) -> Iterator[Frame]:
    """Yield every frame of ``template`` from ``origin``: each choice of places and of waits."""
    grid = world.grid
    anchor = grid.floor(departure.departs) if departure else None
    if anchor is not None and not 0 <= anchor < grid.slots:
        return
    waits = [
        range(grid.length(phase.wait.min), phase.wait.max // grid.minutes + 1)
        for phase in template.phases[1:]
    ]
    for places in _places(world, template, origin, facility, departure):
        drives = [world.drive(*pair) for pair in zip(places, places[1:], strict=False)]
        if any(drive is None for drive in drives):
            continue
        for chosen in product(*waits):
            starts, ends = [0], [_length(world, template, 0, departure, anchor)]
            for n, (wait, drive) in enumerate(zip(chosen, drives, strict=True), start=1):
                starts.append(ends[-1] + grid.length(drive or 0) + wait)
                ends.append(starts[-1] + _length(world, template, n, departure, anchor))
            shift = starts[-1] if departure else 0
            yield Frame(
                template,
                tuple(one - shift for one in starts),
                tuple(one - shift for one in ends),
                places,
                facility,
                departure,
                anchor,
            )


def _length(
    world: World, template: Template, phase: int, departure: Departure | None, anchor: int | None
) -> int:
    minutes = template.phases[phase].minutes
    if minutes is not None:
        return world.grid.length(minutes)
    assert departure is not None and anchor is not None
    return world.grid.ceil(departure.arrives) - anchor


def _places(
    world: World,
    template: Template,
    origin: str,
    facility: str | None,
    departure: Departure | None,
) -> Iterator[tuple[str, ...]]:
    """Yield the place of each phase, for every choice among the nearest of a kind."""
    kinds = list(
        dict.fromkeys(phase.place for phase in template.phases if isinstance(phase.place, Nearest))
    )
    for chosen in product(*(_nearest(world, kind, origin) for kind in kinds)):
        of_kind = dict(zip(kinds, chosen, strict=True))
        places: list[str] = []
        for phase in template.phases:
            if isinstance(phase.place, Nearest):
                places.append(of_kind[phase.place])
            elif phase.place == "facility":
                places.append(world.facility[facility].location if facility else places[-1])
            elif phase.place == "case":
                places.append(origin)
            else:
                assert departure is not None
                places.append(departure.from_)
        yield tuple(places)


def _nearest(world: World, kind: Nearest, origin: str) -> list[str]:
    reached = sorted(
        (minutes, place.id)
        for place in world.locations
        if place.kind == kind.kind and (minutes := world.drive(origin, place.id)) is not None
    )
    return [place for _, place in reached[: kind.nearest]]


def _compile(patterns: Patterns, case: Case) -> CasePatterns:
    """Ask every constraint and lay out every leg."""
    scopes: tuple[Scope, ...] = (*case.legs, "chain") if len(case.legs) == 2 else case.legs
    declared = {
        scope: patterns.register.declarations(patterns.world, case, scope) for scope in scopes
    }
    facilities = _facilities(declared)
    layouts: dict[Leg, tuple[Layout, ...]] = {}
    for leg in case.legs:
        housed = facilities if leg == "placement" or len(case.legs) == 2 else (None,)
        layouts[leg] = tuple(
            _layout(patterns, case, leg, frame, declared[leg])
            for frame in patterns.frames(case, leg, housed)
        )
    return CasePatterns(patterns, case, layouts, declared)


def _facilities(
    declared: Mapping[Scope, tuple[tuple[Constraint, Declaration], ...]],
) -> tuple[str | None, ...]:
    """Return the facilities every declaration admits, and None: no facility at all."""
    asked = [
        rule
        for group in declared.values()
        for _, rule in group
        if isinstance(rule, Nights) or (isinstance(rule, Only) and rule.facilities is not None)
    ]
    sets = [one.facilities for one in asked if one.facilities is not None]
    return (*sorted(frozenset.intersection(*sets)), None) if sets else (None,)


def _layout(
    patterns: Patterns,
    case: Case,
    leg: Leg,
    frame: Frame,
    declared: tuple[tuple[Constraint, Declaration], ...],
) -> Layout:
    static = patterns.world.grid.full if frame.anchor is None else 1 << frame.anchor
    bars = []
    nights: tuple[str, Nights] | None = None
    seats: list[Seating] = []
    for constraint, rule in declared:
        if isinstance(rule, Nights):
            nights = constraint.id, rule
            continue
        if isinstance(rule, Seats):
            departure = frame.departure.id if frame.departure else ""
            seats.append(Seating(constraint.id, rule, dict(rule.limits).get(departure, 0)))
            continue
        for bar in _bars(patterns, frame, constraint, rule):
            if bar.allows & static != static or not bar.allows:
                bars.append(bar)
    for bar in bars:
        static &= bar.allows
    needs = tuple(
        need
        for demands in _demands(declared, frame.departure)
        for need in patterns.needs(frame, demands)
    )
    return Layout(leg, frame, static, tuple(bars), needs, tuple(seats), nights)


def _bars(
    patterns: Patterns, frame: Frame, constraint: Constraint, rule: Declaration
) -> Iterator[Bar]:
    """Read one declaration as the anchor slots it allows."""
    full = patterns.world.grid.full
    if isinstance(rule, Blocked):
        yield Bar(Condition(constraint.id, "rule", rule.known), rule, 0)
    elif isinstance(rule, Only):
        departure = frame.departure.id if frame.departure else None
        wrong = (rule.departures is not None and departure not in rule.departures) or (
            rule.facilities is not None
            and frame.facility is not None
            and frame.facility not in rule.facilities
        )
        if wrong:
            yield Bar(Condition(constraint.id, "rule"), rule, 0)
    elif isinstance(rule, Inside):
        line = _inside(patterns, frame, rule.first, rule.last, rule.stretches)
        yield Bar(Condition(constraint.id, "rule", rule.known), rule, line)
    elif isinstance(rule, Elapsed) and _with(rule.departures, frame.departure):
        yield Bar(Condition(constraint.id, "rule"), rule, _pace(patterns, frame, rule))
    elif isinstance(rule, Due):
        if any(answer.value == "no" for answer in rule.answers):
            yield Bar(Condition(constraint.id, "rule"), rule, 0)
        else:
            stretches = open_windows(patterns.world, rule, frame.places[0])
            line = full
            for one in stretches:
                line &= _inside(patterns, frame, rule.edge, rule.edge, one)
            yield Bar(Condition(constraint.id, "rule", known=False), rule, line)


def open_windows(world: World, rule: Due, place: str) -> Iterator[tuple[Stretch, ...]]:
    """Yield, per answer, when the edge of a due check may lie: fresh, or not yet to be asked."""
    window = timedelta(minutes=rule.window)
    later = world.as_of + window, LATEST
    zone = world.location[place].timezone
    for answer in rule.answers:
        if answer.value == "yes" and answer.since is not None:
            yield (EARLIEST, midnight(answer.since, zone) + window), later
        else:
            yield (later,)


def _inside(
    patterns: Patterns, frame: Frame, first: Edge, last: Edge, stretches: tuple[Stretch, ...]
) -> Timeline:
    if frame.anchor is None:
        return patterns.window(stretches, frame.slot(first), frame.slot(last))
    begin, end = (_instant(patterns.world, frame, edge) for edge in (first, last))
    fits = any(since <= begin and end <= until for since, until in stretches)
    return patterns.world.grid.full if fits else 0


def _pace(patterns: Patterns, frame: Frame, rule: Elapsed) -> Timeline:
    if frame.anchor is None:
        return patterns.elapsed(rule, frame.slot(rule.first), frame.slot(rule.last))
    begin, end = (_instant(patterns.world, frame, edge) for edge in (rule.first, rule.last))
    paused = sum(
        (max(min(end, until) - max(begin, since), timedelta()) for since, until in rule.pauses),
        timedelta(),
    )
    minutes = (end - begin - paused) / timedelta(minutes=1)
    fits = rule.at_least <= minutes and (rule.at_most is None or minutes <= rule.at_most)
    return patterns.world.grid.full if fits else 0


def _elapsed(world: World, rule: Elapsed, first: int, last: int) -> Timeline:
    """Count the slots of each stretch that fall outside the pauses (prefix sums, no loop)."""
    grid = world.grid
    most = (last - first) * grid.minutes
    if not rule.pauses:
        fits = rule.at_least <= most and (rule.at_most is None or most <= rule.at_most)
        return grid.full if fits else 0
    paused = np.zeros(grid.slots + 1, dtype=np.int64)
    for since, until in rule.pauses:
        paused[max(grid.ceil(since), 0) + 1 : max(grid.floor(until), 0) + 1] = 1
    total = np.cumsum(paused)
    at = np.arange(grid.slots)
    within = total[np.clip(at + last, 0, grid.slots)] - total[np.clip(at + first, 0, grid.slots)]
    minutes = most - within * grid.minutes
    fits_at = minutes >= rule.at_least
    if rule.at_most is not None:
        fits_at &= minutes <= rule.at_most
    return int.from_bytes(np.packbits(fits_at, bitorder="little").tobytes(), "little")


def _instant(world: World, frame: Frame, edge: Edge) -> datetime:
    act, side = edge
    if frame.departure is not None and act == "departure":
        return frame.departure.departs if side == "start" else frame.departure.arrives
    assert frame.anchor is not None
    return world.grid.at(frame.anchor + frame.slot(edge))


def _anchor(layout: Layout) -> int:
    assert layout.frame.anchor is not None
    return layout.frame.anchor
