"""Patterns: options without names, compiled from what the constraints declare.

A *layout* is a frame with all that one case asks of it. What the case alone decides is its
*static* timeline over the anchor; people, nights and seats are asked of an occupancy. A *pattern*
is a layout with its anchor slot, or a pair of them for a chain. The planner, the proposals and
the explanations all ask here: there is no second answer to "is this possible" but the validator.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

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
from scheduler.frame import Frame, frames
from scheduler.grid import Grid, Stretch, day_at, day_lines, days, first_slots, local_date, midnight
from scheduler.need import Asked, Booked, Need, Needs
from scheduler.occupancy import Block, Claims, Occupancy, nights_between
from scheduler.timeline import Timeline, runs, shift, slots_of, span
from scheduler.world import PERSON, Case, Departure, Leg, World
from scheduler.world import Seats as FreeSeats

Declared = tuple[tuple[Constraint, Declaration], ...]
Drawn = tuple[tuple[str, Attendance, tuple[Block, ...]], ...]
"""Per attendance of a leg: the constraint that asked, what it asked, and the blocks drawn."""
JoinKey = tuple[str | None, int, tuple[int, ...]]
"""A facility, and slots from the end of a placement to its arrival and to the edges of spans."""
Memo = dict[tuple[object, int, Booked], Timeline]
"""Per shape, run and layer: where the first phase of the run may begin."""
Names = tuple[Drawn, ...]
"""The people drawn for a pattern, leg by leg."""


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


@dataclass(frozen=True, slots=True)
class Seating:
    """Seats of a kind on a layout's departure, ``limit`` over all bookings."""

    constraint: str
    declaration: Seats
    limit: int

    def fits(self, departure: str, occupancy: Occupancy, booked: Booked) -> bool:
        """Return whether the seats are left."""
        left = self.limit
        if booked == "free":
            left = occupancy.seats_left(departure, self.declaration.kind, self.limit)
        return self.declaration.count <= left


class CaseLeg:
    """One leg of one case: what the constraints declare for it, and its layouts.

    ``phantoms`` are the layouts on facilities and departures that do not exist; they are never
    open, and carry what an explanation has to say.
    """

    def __init__(
        self,
        patterns: "Patterns",
        case: Case,
        leg: Leg,
        declared: Declared,
        facilities: tuple[str | None, ...],
    ) -> None:
        self.patterns = patterns
        self.case = case
        self.leg: Leg = leg
        self.declared = declared
        self.facilities = facilities
        self.nights = next(
            ((one.id, rule) for one, rule in declared if isinstance(rule, Nights)), None
        )
        self.seats = [(one.id, rule) for one, rule in declared if isinstance(rule, Seats)]
        self.rules = [
            (one, rule)
            for one, rule in declared
            if isinstance(rule, Blocked | Only | Inside | Elapsed | Due)
        ]
        self.answerable = {
            id(rule): tuple(_answerable(patterns.world, rule, case.location))
            for _, rule in declared
            if isinstance(rule, Due)
        }
        self.windows: dict[tuple[Edge, Edge], list[tuple[Stretch, ...]]] = {}
        self.others: list[Declaration] = []
        for _, rule in self.rules:
            if isinstance(rule, Inside):
                self.windows.setdefault((rule.first, rule.last), []).append(rule.stretches)
            elif isinstance(rule, Due) and all(answer.value != "no" for answer in rule.answers):
                edges = rule.edge, rule.edge
                self.windows.setdefault(edges, []).extend(self.answerable[id(rule)])
            else:
                self.others.append(rule)
        self._timely: dict[str, bool] = {}
        self._shared: dict[object, Shared] = {}
        self._lines: dict[tuple[Edge, Edge, int, int], Timeline] = {}
        self.attendances = [
            patterns.needs.asked(one.id, rule)
            for one, rule in declared
            if isinstance(rule, Attendance)
        ]
        self.own = next((one for one in self.attendances if _is_own(one[1], case)), None)
        self.scoped = any(one.departures is not None for _, one in self.attendances)

    @cached_property
    def layouts(self) -> tuple["Layout", ...]:
        """Every layout whose facility and departure exist."""
        return self._lay_out(self._departures)

    @cached_property
    def promising(self) -> tuple["Layout", ...]:
        """The layouts that the case alone leaves open somewhere."""
        if any(isinstance(rule, Blocked) for _, rule in self.rules):
            return ()
        departures = [one for one in self._departures if one is None or self.in_time(one)]
        return tuple(layout for layout in self._lay_out(departures) if layout.static)

    @cached_property
    def phantoms(self) -> tuple["Layout", ...]:
        """The layouts without a facility, or on a departure a day that does not exist."""
        if self.leg == "placement":
            if self.nights is None and self.facilities == (None,):
                return ()
            found = self.patterns.frames(self.case, self.leg, None, (None,))
            return tuple(Layout(self, frame) for frame in found)
        if not self.seats:
            return ()
        absent = self.patterns.absent_departures(self.case.location)
        facilities = dict.fromkeys((*self.facilities, None))
        return tuple(
            Layout(self, frame)
            for facility in facilities
            for frame in self.patterns.frames(self.case, self.leg, facility, absent)
        )

    def _lay_out(self, departures: Iterable[Departure | None]) -> tuple["Layout", ...]:
        return tuple(
            Layout(self, frame)
            for facility in self.facilities
            for frame in self.patterns.frames(self.case, self.leg, facility, departures)
        )

    def in_time(self, departure: Departure) -> bool:
        """Return whether the windows on the departure itself admit it, before it is laid out."""
        known = self._timely.get(departure.id)
        if known is None:
            edges: dict[Edge, datetime] = {
                ("departure", "start"): departure.departs,
                ("departure", "end"): departure.arrives,
            }
            known = self._timely[departure.id] = all(
                _within(edges[first], edges[last], stretches)
                for (first, last), asked in self.windows.items()
                if first in edges and last in edges
                for stretches in asked
            )
        return known

    def window(self, first: Edge, last: Edge, begin: int, end: int) -> Timeline:
        """Return the anchors at which edges so many slots away keep to all their windows."""
        key = first, last, begin, end
        line = self._lines.get(key)
        if line is None:
            line = self.patterns.world.grid.full
            for stretches in self.windows[first, last]:
                line &= self.patterns.window(stretches, begin, end)
            self._lines[key] = line
        return line

    @cached_property
    def asked(self) -> tuple[tuple[Asked, ...], ...]:
        """The attendances that every layout asks for, role by role."""
        return self.asked_with(None)

    def shared(self, frame: Frame) -> "Shared":
        """Return what the frames of one shape ask of people alike, from any one of them."""
        known = self._shared.get(frame.shape)
        if known is None:
            runs_of: dict[int, list[Need]] = {}
            apart = []
            for asked in self.asked:
                if asked == (self.own,):
                    continue
                first = {frame.template.run_of(one.first) for _, one in asked}
                last = {frame.template.run_of(one.last) for _, one in asked}
                if len(first | last) == 1:
                    needs = self.patterns.needs.of(frame, asked)
                    runs_of.setdefault(first.pop(), []).extend(needs)
                else:
                    apart.append(asked)
            known = self._shared[frame.shape] = Shared(
                frame, tuple((run, tuple(needs)) for run, needs in runs_of.items()), tuple(apart)
            )
        return known

    def asked_with(self, departure: str | None) -> tuple[tuple[Asked, ...], ...]:
        """Return the attendances asked for with ``departure``, role by role."""
        roles: dict[str, list[Asked]] = {}
        for asked in self.attendances:
            if asked[1].departures is None or departure in asked[1].departures:
                roles.setdefault(asked[1].role, []).append(asked)
        return tuple(map(self.patterns.needs.group, roles.values()))

    @property
    def _departures(self) -> tuple[Departure | None, ...]:
        if self.leg == "placement":
            return (None,)
        return self.patterns.world.departures_to(self.case.destination)


@dataclass(frozen=True, slots=True)
class Shared:
    """What frames of one shape ask of people alike, as ``frame``, one of them, asks it.

    ``runs`` holds the needs within one run of phases (by its first phase): in another frame they
    lie as far from it. ``apart`` is what reaches over a wait and so differs from frame to frame.
    """

    frame: Frame
    runs: tuple[tuple[int, tuple[Need, ...]], ...]
    apart: tuple[tuple[Asked, ...], ...]


class Layout:
    """A frame with all that a case asks of it; everything is worked out when first asked."""

    __slots__ = ("__dict__", "frame", "of")

    def __init__(self, of: CaseLeg, frame: Frame) -> None:
        self.of = of
        self.frame = frame

    @property
    def leg(self) -> Leg:
        """The leg it lays out."""
        return self.of.leg

    @property
    def facility(self) -> str | None:
        """The facility of the stay, or None."""
        return self.frame.facility

    @property
    def departure(self) -> Departure | None:
        """The departure it hangs on, or None."""
        return self.frame.departure

    @property
    def anchor(self) -> int:
        """The slot of the departure; only a removal has it."""
        if self.frame.anchor is None:
            raise ValueError("a placement has no fixed anchor")
        return self.frame.anchor

    @property
    def domain(self) -> Timeline:
        """The anchor slots it could have at all."""
        full = self.of.patterns.world.grid.full
        return full if self.frame.anchor is None else 1 << self.frame.anchor

    @cached_property
    def static(self) -> Timeline:
        """The anchor slots that the case alone leaves open."""
        line, frame = self.domain, self.frame
        if frame.departure is not None:
            if not self.of.in_time(frame.departure):
                return 0
            for (first, last), asked in self.of.windows.items():
                if first[0] == last[0] == "departure":
                    continue
                begin, end = frame.instants[first], frame.instants[last]
                if not all(_within(begin, end, stretches) for stretches in asked):
                    return 0
        else:
            for first, last in self.of.windows:
                line &= self.of.window(first, last, frame.slots[first], frame.slots[last])
        for rule in self.of.others:
            if not line:
                break
            line &= self._allows(rule)
        return line

    @cached_property
    def bars(self) -> tuple[Bar, ...]:
        """The conditions behind ``static``, those that allow everything left out."""
        domain, bars = self.domain, []
        for constraint, rule in self.of.rules:
            allows = self._allows(rule)
            if allows & domain != domain:
                known = rule.known if isinstance(rule, Blocked | Inside) else True
                if isinstance(rule, Due):
                    known = any(answer.value == "no" for answer in rule.answers)
                bars.append(Bar(Condition(constraint.id, "rule", known), rule, allows))
        return tuple(bars)

    @cached_property
    def asked(self) -> tuple[tuple[Asked, ...], ...]:
        """The attendances it asks for, role by role."""
        if not self.of.scoped:
            return self.of.asked
        return self.of.asked_with(self.departure.id if self.departure else None)

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """What it asks of people."""
        needs = self.of.patterns.needs
        return tuple(need for asked in self.asked for need in needs.of(self.frame, asked))

    @cached_property
    def apart(self) -> tuple[Need, ...]:
        """What it asks of people that no other frame of its shape asks alike."""
        if self.frame.anchor is not None:
            return self.needs
        needs = self.of.patterns.needs
        apart = self.of.shared(self.frame).apart
        return tuple(need for asked in apart for need in needs.of(self.frame, asked))

    def own(self, occupancy: Occupancy, booked: Booked) -> Timeline:
        """Return the anchor slots at which the person is there throughout; no pool is needed."""
        if self.of.own is None:
            return self.of.patterns.world.grid.full
        asked = self.of.own[1]
        begin = self.frame.slots[asked.first, "start"]
        length = self.frame.slots[asked.last, "end"] - begin
        return shift(occupancy.stretch(self.of.case.id, length, booked=booked == "free"), -begin)

    def alike(self, occupancy: Occupancy, booked: Booked, memo: Memo) -> Timeline:
        """Return the anchor slots that leave open what the frames of its shape ask alike."""
        shared = self.of.shared(self.frame)
        line = full = self.of.patterns.world.grid.full
        for run, needs in shared.runs:
            key = self.frame.shape, run, booked
            known = memo.get(key)
            if known is None:
                known, after = full, shared.frame.starts[run]
                for need in needs:
                    known &= need.starts(occupancy, booked, after=after)
                memo[key] = known
            line &= known >> self.frame.starts[run]
        return line

    @cached_property
    def seats(self) -> tuple[Seating, ...]:
        """What it asks of its departure."""
        departure = self.departure.id if self.departure else ""
        return tuple(
            Seating(constraint, rule, dict(rule.limits).get(departure, 0))
            for constraint, rule in self.of.seats
        )

    def meets(
        self,
        need: Need,
        occupancy: Occupancy,
        booked: Booked,
        count: int | None = None,
        within: Timeline | None = None,
    ) -> Timeline:
        """Return the anchor slots of ``within`` at which ``count`` units (all asked) are there.

        Slots outside ``within`` (all that it could have) may come along.
        """
        doubtful = self.domain if within is None else within
        for part in need.parts:
            doubtful &= ~self.meets(part, occupancy, booked, need.count)
            if not doubtful:
                return self.of.patterns.world.grid.full
        if self.frame.anchor is None:
            return need.starts(occupancy, booked, count)
        wanted = need.count if count is None else count
        return self.domain if need.met(occupancy, booked, self.frame.anchor, wanted) else 0

    def moment(self, slot: int, edge: Edge) -> datetime:
        """Return the instant of ``edge`` when it hangs on ``slot``.

        The departure keeps its own minutes; everything else lies on the grid.
        """
        if self.frame.instants:
            return self.frame.instants[edge]
        return self.of.patterns.world.grid.at(slot + self.frame.slots[edge])

    def _concerns(self, departures: frozenset[str] | None) -> bool:
        return departures is None or (
            self.departure is not None and self.departure.id in departures
        )

    def _allows(self, rule: Declaration) -> Timeline:
        """Read one declaration as the anchor slots it allows."""
        full = self.of.patterns.world.grid.full
        if isinstance(rule, Inside):
            return self._inside(rule.first, rule.last, rule.stretches)
        if isinstance(rule, Elapsed):
            return self._elapsed(rule) if self._concerns(rule.departures) else full
        if isinstance(rule, Only):
            return full if self._among(rule) else 0
        if isinstance(rule, Due):
            if any(answer.value == "no" for answer in rule.answers):
                return 0
            line = full
            for stretches in self.of.answerable[id(rule)]:
                line &= self._inside(rule.edge, rule.edge, stretches)
            return line
        return 0

    def _among(self, rule: Only) -> bool:
        facility, departure = self.facility, self.departure
        return (rule.facilities is None or facility is None or facility in rule.facilities) and (
            rule.departures is None or departure is None or departure.id in rule.departures
        )

    def _inside(self, first: Edge, last: Edge, stretches: tuple[Stretch, ...]) -> Timeline:
        frame, patterns = self.frame, self.of.patterns
        if not frame.instants:
            return patterns.window(stretches, frame.slots[first], frame.slots[last])
        begin, end = frame.instants[first], frame.instants[last]
        return patterns.world.grid.full if _within(begin, end, stretches) else 0

    def _elapsed(self, rule: Elapsed) -> Timeline:
        frame, patterns = self.frame, self.of.patterns
        if not frame.instants:
            return patterns.elapsed(rule, frame.slots[rule.first], frame.slots[rule.last])
        begin, end = frame.instants[rule.first], frame.instants[rule.last]
        passed = end - begin
        for since, until in rule.pauses:
            passed -= max(min(end, until) - max(begin, since), timedelta())
        minutes = passed / timedelta(minutes=1)
        fits = rule.at_least <= minutes and (rule.at_most is None or minutes <= rule.at_most)
        return patterns.world.grid.full if fits else 0


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
        self.needs = Needs(world)
        self._cases: dict[str, CasePatterns] = {}
        self._frames: dict[object, tuple[Frame, ...]] = {}
        self._days: dict[tuple[str, Timeline], Timeline] = {}
        self._windows: dict[object, tuple[tuple[Stretch, ...], Timeline]] = {}
        self._elapsed: dict[object, tuple[tuple[Stretch, ...], Timeline]] = {}
        self._paused: dict[int, tuple[tuple[Stretch, ...], npt.NDArray[np.int64]]] = {}

    def of(self, case: str) -> "CasePatterns":
        """Return the patterns of ``case``; KeyError when the world has no such case."""
        known = self._cases.get(case)
        if known is None:
            known = self._cases[case] = CasePatterns(self, self.world.case[case])
        return known

    @cached_property
    def empty(self) -> Occupancy:
        """The empty world: nobody's booking in it."""
        return Occupancy(self.world)

    def absent_departures(self, fallback: str) -> tuple[Departure, ...]:
        """Return a departure a day at noon that does not exist.

        From where most departures are from; from ``fallback`` where the world has none at all.
        """
        world = self.world
        origins = [one.from_ for one in world.departures if one.kind == "scheduled"]
        origins = origins or [one.from_ for one in world.departures] or [fallback]
        origin = max(sorted(set(origins)), key=origins.count)
        kind = next(one for one in world.templates if one.operation == "removal").kinds[0]
        zone = world.location[origin].timezone
        return tuple(
            Departure(
                id=f"none-{day.isoformat()}",
                kind=kind,
                carrier="none",
                number="none",
                charter="national" if kind == "charter" else None,
                from_=origin,
                destination=origin,
                departs=midnight(day, zone) + timedelta(hours=12),
                arrives=midnight(day, zone) + timedelta(hours=14),
                seats=FreeSeats(),
            )
            for day in days(world.grid, zone)
        )

    def frames(
        self,
        case: Case,
        leg: Leg,
        facility: str | None,
        departures: Iterable[Departure | None],
    ) -> Iterator[Frame]:
        """Yield the frames of ``leg`` for ``case``; cases of one place share them."""
        for departure in departures:
            template = self.world.template_for(case, leg, departure.kind if departure else None)
            origin = case.location
            if leg == "removal" and facility is not None:
                origin = self.world.facility[facility].location
            key = template.id, origin, facility, departure.id if departure else None
            known = self._frames.get(key)
            if known is None:
                known = tuple(frames(self.world, template, origin, facility, departure))
                self._frames[key] = known
            yield from known

    def on_days(self, zone: str, chosen: Timeline) -> Timeline:
        """Return the slots of the local days whose bit is set in ``chosen``."""
        line = self._days.get((zone, chosen))
        if line is None:
            line = 0
            for day, slots in enumerate(day_lines(self.world.grid, zone)):
                if chosen >> day & 1:
                    line |= slots
            self._days[zone, chosen] = line
        return line

    def window(self, stretches: tuple[Stretch, ...], first: int, last: int) -> Timeline:
        """Return the anchors from which slots ``first`` to ``last`` lie inside a stretch."""
        key = id(stretches), first, last
        known = self._windows.get(key)
        if known is None:
            grid, line = self.world.grid, 0
            for since, until in stretches:
                line |= span(
                    grid.ceil(since) - first, min(grid.floor(until) - last + 1, grid.slots)
                )
            known = self._windows[key] = stretches, line
        return known[1]

    def elapsed(self, rule: Elapsed, first: int, last: int) -> Timeline:
        """Return the anchors at which the time from ``first`` to ``last`` obeys ``rule``."""
        key = id(rule.pauses), first, last, rule.at_least, rule.at_most
        known = self._elapsed.get(key)
        if known is None:
            known = rule.pauses, self._passes(rule, first, last)
            self._elapsed[key] = known
        return known[1]

    def _passes(self, rule: Elapsed, first: int, last: int) -> Timeline:
        """Weigh every stretch at once: prefix sums of what is paused, no loop over slots."""
        grid = self.world.grid
        known = self._paused.get(id(rule.pauses))
        if known is None:
            known = self._paused[id(rule.pauses)] = rule.pauses, _paused(grid, rule.pauses)
        total, at = known[1], np.arange(grid.slots)
        passed = (last - first) * grid.minutes * _MINUTE - (
            total[np.clip(at + last, 0, grid.slots)] - total[np.clip(at + first, 0, grid.slots)]
        )
        fits = passed >= rule.at_least * _MINUTE
        if rule.at_most is not None:
            fits &= passed <= rule.at_most * _MINUTE
        return int.from_bytes(np.packbits(fits, bitorder="little").tobytes(), "little")


class CasePatterns:
    """All patterns of one case.

    ``legs`` holds each leg in order; ``declared`` what the constraints said, per scope.
    """

    def __init__(self, patterns: Patterns, case: Case) -> None:
        self.patterns = patterns
        self.case = case
        self.world = patterns.world
        self.chained = len(case.legs) == 2
        self._ranges: dict[tuple[JoinKey, Layout], tuple[int, int]] = {}
        self._rostered: dict[Layout, Timeline] = {}
        self._joins: dict[Layout, JoinKey] = {}
        self._taken: dict[str | None, tuple[tuple[tuple[str, str, int, int], ...], int]] = {}
        self._leaving: dict[tuple[str, str], int] = {}
        scopes: tuple[Scope, ...] = (*case.legs, "chain") if self.chained else case.legs
        self.declared: Mapping[Scope, Declared] = {
            scope: patterns.register.declarations(self.world, case, scope) for scope in scopes
        }
        facilities = self._facilities()
        self.legs: Mapping[Leg, CaseLeg] = {
            leg: CaseLeg(
                patterns,
                case,
                leg,
                self.declared[leg],
                facilities if leg == "placement" or self.chained else (None,),
            )
            for leg in case.legs
        }

    def _facilities(self) -> tuple[str | None, ...]:
        """Return the facilities that every declaration admits; (None,) when none is asked."""
        sets = [
            rule.facilities
            for group in self.declared.values()
            for _, rule in group
            if isinstance(rule, Nights | Only) and rule.facilities is not None
        ]
        return tuple(sorted(frozenset.intersection(*sets))) if sets else (None,)

    @property
    def withdrawn(self) -> bool:
        """Whether the case is over: what is booked for it is to be released."""
        return any(
            isinstance(rule, Blocked) and rule.withdrawn
            for group in self.declared.values()
            for _, rule in group
        )

    @cached_property
    def spans(self) -> tuple[tuple[str, Elapsed], ...]:
        """What binds the two legs of a chain in time."""
        chain = self.declared.get("chain", ())
        return tuple((one.id, rule) for one, rule in chain if isinstance(rule, Elapsed))

    @cached_property
    def between(self) -> tuple[str, Nights] | None:
        """The nights between the legs of a chain, or None."""
        chain = self.declared.get("chain", ())
        return next(((one.id, rule) for one, rule in chain if isinstance(rule, Nights)), None)

    def open_starts(
        self,
        layout: Layout,
        occupancy: Occupancy,
        booked: Booked = "free",
        memo: Memo | None = None,
    ) -> Timeline:
        """Return the anchor slots at which one leg alone is open.

        Layouts asked with the same ``memo`` (and no claim between) share what they ask alike.
        """
        memo = {} if memo is None else memo
        line = self._rostered.get(layout)
        if line is None:
            line = self._rostered[layout] = self._starts(
                layout, layout.static, occupancy, "rostered", memo
            )
        if booked == "rostered":
            return line
        return self._starts(layout, line, occupancy, "free", memo)

    def _starts(
        self,
        layout: Layout,
        line: Timeline,
        occupancy: Occupancy,
        booked: Booked,
        memo: Memo,
    ) -> Timeline:
        """Return what seats, nights and people leave of ``line`` on one layer."""
        departure = layout.departure
        if not line or (
            departure is not None
            and not all(seat.fits(departure.id, occupancy, booked) for seat in layout.seats)
        ):
            return 0
        if layout.of.nights is not None:
            line &= self.stay_starts(layout, occupancy, booked)
        if layout.frame.anchor is None:
            line &= layout.alike(occupancy, booked, memo) & layout.own(occupancy, booked)
        for need in layout.apart:
            if not line:
                break
            line &= layout.meets(need, occupancy, booked, within=line)
        return line

    def open_layouts(
        self, leg: Leg, occupancy: Occupancy, booked: Booked = "free"
    ) -> list[tuple[Layout, Timeline]]:
        """Return the layouts of ``leg`` with an open slot, with their open slots."""
        memo: Memo = {}
        return [
            (layout, line)
            for layout in self.legs[leg].promising
            if (line := self.open_starts(layout, occupancy, booked, memo))
        ]

    def stay_starts(self, layout: Layout, occupancy: Occupancy, booked: Booked) -> Timeline:
        """Return the anchors from which every night of a stay of fixed length has its places."""
        asked = layout.of.nights
        if asked is None or asked[1].stay is None or layout.facility is None:
            return 0
        stay, count = asked[1].stay, asked[1].count
        places = runs(
            occupancy.places(layout.facility, count, beyond=stay, booked=booked == "free"), stay
        )
        line = self.patterns.on_days(self._zone(layout.facility), places)
        return line >> layout.frame.slots["arrival", "start"]

    def join_key(self, placement: Layout) -> JoinKey:
        """Return all of a placement, seen from its end, that decides with which removals it goes.

        Placements that differ in their waits only have the same key.
        """
        known = self._joins.get(placement)
        if known is None:
            slots, end = placement.frame.slots, placement.frame.ends[-1]
            edges = tuple(slots[rule.first] - end for _, rule in self.spans)
            known = placement.facility, slots["arrival", "start"] - end, edges
            self._joins[placement] = known
        return known

    def placement_ends(
        self, occupancy: Occupancy, booked: Booked = "free"
    ) -> dict[JoinKey, Timeline]:
        """Return the slots at which an open placement of a chain ends, by join key."""
        ends: dict[JoinKey, Timeline] = {}
        for layout, line in (
            self.open_layouts("placement", occupancy, booked) if self.chained else ()
        ):
            key = self.join_key(layout)
            ends[key] = ends.get(key, 0) | line << layout.frame.ends[-1]
        return ends

    def end_range(
        self, key: JoinKey, removal: Layout, occupancy: Occupancy, booked: Booked = "free"
    ) -> tuple[int, int]:
        """Return at which slots ``first <= t < end`` a placement may end to go with ``removal``.

        Order, spans and nights each leave one stretch; an empty one has ``end <= first``.
        """
        facility, arrival, edges = key
        if facility != removal.facility:
            return 0, 0
        known = self._ranges.get((key, removal))
        if known is None:
            ranges = [
                self.order_range(removal),
                *(
                    self.span_range(rule, edge, removal)
                    for (_, rule), edge in zip(self.spans, edges, strict=True)
                ),
            ]
            known = max(first for first, _ in ranges), min(end for _, end in ranges)
            self._ranges[key, removal] = known
        first, end = known
        if first >= end:
            return known
        return max(first, self.night_range(facility, arrival, removal, occupancy, booked)[0]), end

    def pair_line(
        self, placement: Layout, removal: Layout, occupancy: Occupancy, booked: Booked = "free"
    ) -> Timeline:
        """Return the placement anchors that go with ``removal``."""
        first, end = self.end_range(self.join_key(placement), removal, occupancy, booked)
        last = placement.frame.ends[-1]
        return span(first - last, end - last)

    def order_range(self, removal: Layout) -> tuple[int, int]:
        """Return the slots at which a placement ends before the removal begins."""
        return 0, removal.anchor + removal.frame.starts[0] + 1

    def span_range(self, rule: Elapsed, edge: int, removal: Layout) -> tuple[int, int]:
        """Return the slots at which a placement may end, its ``edge`` so many slots after that."""
        grid, end = self.world.grid, removal.frame.instants[rule.last]
        latest = grid.floor(end - timedelta(minutes=rule.at_least)) - edge
        earliest = 0
        if rule.at_most is not None:
            earliest = max(grid.ceil(end - timedelta(minutes=rule.at_most)) - edge, 0)
        return earliest, latest + 1

    def night_range(
        self,
        facility: str | None,
        arrival: int,
        removal: Layout,
        occupancy: Occupancy,
        booked: Booked,
    ) -> tuple[int, int]:
        """Return the slots at which a placement may end so that all its nights have their places.

        It arrives ``arrival`` slots after its end (a negative number).
        """
        slots = self.world.grid.slots
        if self.between is None:
            return 0, slots
        if facility is None or removal.departure is None:
            return slots, slots
        leaves = self._day_of(facility, removal.departure)
        places = occupancy.places(facility, self.between[1].count, booked=booked == "free")
        missing = ~places & ((1 << leaves) - 1)
        first = first_slots(self.world.grid, self._zone(facility))[missing.bit_length()]
        return max(first - arrival, 0), slots

    def _day_of(self, facility: str, departure: Departure) -> int:
        """Return the number of the local day at ``facility`` on which ``departure`` leaves."""
        key = facility, departure.id
        known = self._leaving.get(key)
        if known is None:
            zone = self._zone(facility)
            first = days(self.world.grid, zone)[0]
            known = max((local_date(departure.departs, zone) - first).days, 0)
            self._leaving[key] = known
        return known

    def open(self, occupancy: Occupancy, booked: Booked = "free") -> Iterator[Pattern]:
        """Yield every open pattern."""
        if not self.chained:
            for layout, line in self.open_layouts(self.case.legs[0], occupancy, booked):
                for slot in slots_of(line):
                    yield Pattern(self.case.id, ((layout, slot),))
            return
        placements = self.open_layouts("placement", occupancy, booked)
        for removal, _ in self.open_layouts("removal", occupancy, booked):
            for placement, line in placements:
                pairs = line & self.pair_line(placement, removal, occupancy, booked)
                for slot in slots_of(pairs):
                    legs = (placement, slot), (removal, removal.anchor)
                    yield Pattern(self.case.id, legs)

    def is_open(self, pattern: Pattern, occupancy: Occupancy) -> bool:
        """Return whether ``pattern`` is open in ``occupancy``."""
        for layout, slot in pattern.legs:
            if not self.open_starts(layout, occupancy) >> slot & 1:
                return False
        if len(pattern.legs) == 1:
            return True
        (placement, slot), (removal, _) = pattern.legs
        return bool(self.pair_line(placement, removal, occupancy) >> slot & 1)

    def arrival(self, placement: Layout, slot: int) -> date:
        """Return the local date on which a placement arrives: its first night."""
        arrives = slot + placement.frame.slots["arrival", "start"]
        return day_at(self.world.grid, arrives, self.arrival_zone(placement))

    def leaves(self, removal: Layout) -> date:
        """Return the local date at its facility on which a removal departs: no night any more."""
        facility = removal.facility
        zone = (
            self._zone(facility) if facility else self.world.location[self.case.location].timezone
        )
        return day_at(self.world.grid, removal.anchor, zone)

    def arrival_zone(self, placement: Layout) -> str:
        """Return the time zone that names the nights of a placement: the facility's."""
        if placement.facility is not None:
            return self._zone(placement.facility)
        place = placement.frame.places[placement.frame.template.phase_of("arrival")]
        return self.world.location[place].timezone

    def stay(self, pattern: Pattern) -> tuple[date, date]:
        """Return the date of the first night that ``pattern`` claims, and the date after the last.

        The same date twice when it claims none.
        """
        layout, slot = pattern.legs[0]
        if layout.leg != "placement" or layout.facility is None:
            return date.min, date.min
        first = self.arrival(layout, slot)
        if pattern.departure is not None:
            return first, self.leaves(pattern.legs[1][0]) if self.between is not None else first
        stay = layout.of.nights[1].stay if layout.of.nights is not None else None
        return first, first + timedelta(days=stay or 0)

    def nights(self, pattern: Pattern) -> tuple[date, ...]:
        """Return the nights in detention that ``pattern`` claims, named by their evening."""
        return nights_between(*self.stay(pattern))

    def claims(self, pattern: Pattern, names: Names) -> Claims:
        """Return what ``pattern`` takes with the people drawn for it (none: ``()`` per leg)."""
        people = tuple(
            (block.resource, span(slot + block.lead, slot + block.lead + block.length))
            for (_, slot), drawn in zip(pattern.legs, names, strict=True)
            for _, _, blocks in drawn
            for block in blocks
        )
        departure = pattern.departure
        seats, places = self.seats_and_nights(departure.id if departure else None)
        nights = tuple((pattern.facility or "", night, places) for night in self.nights(pattern))
        return Claims(people, nights, seats)

    def seats_and_nights(
        self, departure: str | None
    ) -> tuple[tuple[tuple[str, str, int, int], ...], int]:
        """Return the seats the case takes on ``departure``, and its places in a night."""
        if departure not in self._taken:
            self._taken[departure] = self._seats_and_nights(departure)
        return self._taken[departure]

    def _seats_and_nights(
        self, departure: str | None
    ) -> tuple[tuple[tuple[str, str, int, int], ...], int]:
        seats: dict[tuple[str, int], int] = {}
        places = 0
        for group in self.declared.values():
            for _, rule in group:
                if isinstance(rule, Nights):
                    places = max(places, rule.count)
                elif isinstance(rule, Seats):
                    limit = dict(rule.limits).get(departure or "", 0)
                    kind = rule.kind, rule.count
                    seats[kind] = min(limit, seats.get(kind, limit))
        if departure is None:
            return (), places
        return tuple((departure, *kind, limit) for kind, limit in seats.items()), places

    def draw(self, pattern: Pattern, occupancy: Occupancy) -> Names | None:
        """Draw people for ``pattern``; None when it is shut in ``occupancy``.

        Nobody is drawn for both legs of a chain at a time. Where the legs are so near that somebody
        is asked by both, None can also mean that the first leg took who alone could do the second.
        """
        legs: list[Drawn] = []
        taken: dict[str, Timeline] = {}
        for layout, slot in pattern.legs:
            drawn: list[tuple[str, Attendance, tuple[Block, ...]]] = []
            for asked in layout.asked:
                blocks = self.patterns.needs.draw(layout.frame, asked, slot, occupancy, taken)
                if blocks is None:
                    return None
                drawn += ((*one, mine) for one, mine in zip(asked, blocks, strict=True))
            legs.append(tuple(drawn))
            if len(legs) < len(pattern.legs):
                taken = _lines(slot, legs[-1])
        return tuple(legs)

    def _zone(self, facility: str) -> str:
        return self.world.location[self.world.facility[facility].location].timezone


def _lines(anchor: int, drawn: Drawn) -> dict[str, Timeline]:
    """Return the slots that each of those drawn is taken for."""
    lines: dict[str, Timeline] = {}
    for _, _, blocks in drawn:
        for name, lead, length in blocks:
            first = anchor + lead
            lines[name] = lines.get(name, 0) | span(first, first + length)
    return lines


def _is_own(asked: Attendance, case: Case) -> bool:
    """Return whether it is the person of the case that is asked, with no travel of their own."""
    own = frozenset({case.id})
    return asked == Attendance(PERSON, asked.first, asked.last, among=own, mode="remote")


def _within(begin: datetime, end: datetime, stretches: tuple[Stretch, ...]) -> bool:
    return any(since <= begin and end <= until for since, until in stretches)


def _answerable(world: World, rule: Due, place: str) -> Iterator[tuple[Stretch, ...]]:
    """Yield, per answer, when the edge of a due check may lie: fresh, or not yet to be asked."""
    later = world.as_of + timedelta(minutes=rule.window), LATEST
    for answer in rule.answers:
        fresh = rule.fresh_until(answer, world.location[place].timezone)
        yield (later,) if fresh is None else ((EARLIEST, fresh), later)


_MINUTE = 60_000_000
"""A minute in microseconds, so that times are exact."""


def _paused(grid: Grid, pauses: tuple[Stretch, ...]) -> npt.NDArray[np.int64]:
    """Return the microseconds of ``pauses`` before each slot of ``grid``, and before its end."""
    total = np.zeros(grid.slots + 1, dtype=np.int64)
    at = np.arange(grid.slots + 1, dtype=np.int64) * grid.minutes * _MINUTE
    for pause in pauses:
        since, until = ((one - grid.start) // timedelta(microseconds=1) for one in pause)
        total += np.clip(at - since, 0, until - since)
    return total
