"""Layouts: a frame with all that one case asks of it.

What the case alone decides is its *static* timeline over the anchor; people, nights and seats are
asked of an occupancy.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from scheduler.constraint import (
    EARLIEST,
    LATEST,
    After,
    Attendance,
    Constraint,
    Declaration,
    Due,
    Edge,
    Elapsed,
    Inside,
    Layer,
    Nights,
    Only,
    Seats,
    Standing,
)
from scheduler.frame import Frame
from scheduler.grid import Stretch
from scheduler.need import Asked, Booked, Need
from scheduler.occupancy import Occupancy
from scheduler.reading import Readings
from scheduler.timeline import Timeline, shift
from scheduler.world import PERSON, Booking, Case, Departure, Leg, World

Declared = tuple[tuple[Constraint, Declaration], ...]


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
        readings: Readings,
        case: Case,
        leg: Leg,
        declared: Declared,
        facilities: tuple[str | None, ...],
    ) -> None:
        self.readings = readings
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
            if isinstance(rule, Only | Inside | After | Elapsed | Due)
        ]
        self.barred = any(isinstance(rule, Standing) and rule.forbids for _, rule in declared)
        self.answerable = {
            id(rule): tuple(_answerable(readings.world, rule, case.location))
            for _, rule in declared
            if isinstance(rule, Due)
        }
        self.windows: dict[tuple[Edge, Edge], list[tuple[Stretch, ...]]] = {}
        self.others: list[Declaration] = []
        for _, rule in self.rules:
            everywhere = not isinstance(rule, After) or rule.departures is None
            if isinstance(rule, Inside | After) and everywhere:
                self.windows.setdefault((rule.first, rule.last), []).append(rule.stretches)
            elif isinstance(rule, Due) and all(answer.value != "no" for answer in rule.answers):
                edges = rule.edge, rule.edge
                self.windows.setdefault(edges, []).extend(self.answerable[id(rule)])
            else:
                self.others.append(rule)
        self._timely: dict[str, bool] = {}
        self._shared: dict[object, Shared] = {}
        self._latest: dict[tuple[object, int], int] = {}
        self._lines: dict[tuple[Edge, Edge, int, int], Timeline] = {}
        self.attendances = [
            readings.needs.asked(one.id, rule)
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
        return () if self.barred else self.hopeful

    @cached_property
    def hopeful(self) -> tuple["Layout", ...]:
        """The layouts that the case alone would leave open if every standing check were a yes."""
        departures = [one for one in self._departures if one is None or self.in_time(one)]
        return tuple(layout for layout in self._lay_out(departures) if layout.unbarred)

    @cached_property
    def families(self) -> tuple["Family", ...]:
        """The hopeful layouts by shape, those of a placement."""
        shapes: dict[object, list[Layout]] = {}
        for layout in self.hopeful:
            shapes.setdefault(layout.frame.shape, []).append(layout)
        return tuple(
            Family(self.shared(members[0].frame), tuple(members)) for members in shapes.values()
        )

    @cached_property
    def phantoms(self) -> tuple["Layout", ...]:
        """The layouts without a facility, or on a departure a day that does not exist."""
        return tuple(Layout(self, frame) for frame in self._absent())

    @cached_property
    def outlines(self) -> tuple[Mapping[Edge, int], ...]:
        """The edges in slots from the anchor as any layout or phantom has them, alike ones once."""
        frames = (*self._frames(self._departures), *self._absent())
        alike = {(one.template.id, one.starts, one.ends): one.slots for one in frames}
        return tuple(alike.values())

    def again(self, layout: "Layout") -> "Layout | None":
        """Return a layout of the case as it was known before; None where it can be none any more.

        Before are other facts or another moment: where the case is and by which templates is the
        same, as is the world but for its people, cases and bookings.
        """
        if layout.of is self:
            return layout
        there = layout.facility in self.facilities and layout.departure in self._departures
        return Layout(self, layout.frame) if there else None

    def _lay_out(self, departures: Iterable[Departure | None]) -> tuple["Layout", ...]:
        return tuple(Layout(self, frame) for frame in self._frames(departures))

    def _frames(self, departures: Iterable[Departure | None]) -> Iterator[Frame]:
        for facility in self.facilities:
            yield from self.readings.frames(self.case, self.leg, facility, departures)

    def _absent(self) -> Iterator[Frame]:
        """Yield the frames of the phantoms."""
        if self.leg == "placement":
            if self.nights is not None or self.facilities != (None,):
                yield from self.readings.frames(self.case, self.leg, None, (None,))
        elif self.seats:
            absent = self.readings.absent_departures(self.case.location)
            for facility in dict.fromkeys((*self.facilities, None)):
                yield from self.readings.frames(self.case, self.leg, facility, absent)

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
            line = self.readings.world.grid.full
            for stretches in self.windows[first, last]:
                line &= self.readings.window(stretches, begin, end)
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
                for n, need in enumerate(self.readings.needs.of(frame, asked)):
                    together = asked if need.parts else asked[n : n + 1]
                    runs = {
                        frame.template.run_of(act)
                        for _, one in together
                        for act in (one.first, one.last)
                    }
                    if len(runs) == 1:
                        runs_of.setdefault(runs.pop(), []).append(need)
                    else:
                        apart.append((asked, n))
            known = self._shared[frame.shape] = Shared(
                frame, tuple((run, tuple(needs)) for run, needs in runs_of.items()), tuple(apart)
            )
        return known

    def longest_wait(self, shape: object, run: int) -> int:
        """Return the last slot after the anchor at which a frame of ``shape`` begins ``run``."""
        known = self._latest.get((shape, run))
        if known is None:
            layouts = (*self.layouts, *self.phantoms)
            known = max(one.frame.starts[run] for one in layouts if one.frame.shape is shape)
            self._latest[shape, run] = known
        return known

    def asked_with(self, departure: str | None) -> tuple[tuple[Asked, ...], ...]:
        """Return the attendances asked for with ``departure``, role by role."""
        roles: dict[str, list[Asked]] = {}
        for asked in self.attendances:
            if asked[1].departures is None or departure in asked[1].departures:
                roles.setdefault(asked[1].role, []).append(asked)
        return tuple(map(self.readings.needs.group, roles.values()))

    @cached_property
    def _departures(self) -> tuple[Departure | None, ...]:
        if self.leg == "placement":
            return (None,)
        world, origins = self.readings.world, [self.case.location]
        if self.facilities != (None,):
            origins = [world.facility[one].location for one in self.facilities if one]
        return tuple(
            one
            for one in world.departures_to(self.case.destination)
            if any(one.from_ in world.reach(origin) for origin in origins)
        )


@dataclass(frozen=True, slots=True)
class Shared:
    """What frames of one shape ask of people alike, as ``frame``, one of them, asks it.

    ``runs`` holds the needs within one run of phases (by its first phase): in another frame they
    lie as far from it. ``apart`` says which of the needs of a role reach over a wait and so differ
    from frame to frame.
    """

    frame: Frame
    runs: tuple[tuple[int, tuple[Need, ...]], ...]
    apart: tuple[tuple[tuple[Asked, ...], int], ...]

    def open_runs(self, occupancy: Occupancy, booked: Booked) -> list[tuple[int, Timeline]]:
        """Return, per run, the slots at which it may begin."""
        lines = []
        for run, needs in self.runs:
            line = occupancy.world.grid.full
            for need in needs:
                line &= need.starts(occupancy, booked, after=self.frame.starts[run])
            lines.append((run, line))
        return lines


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Layouts of one shape, which differ in their waits only; compared by identity."""

    shared: Shared
    members: tuple["Layout", ...]


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
        full = self.of.readings.world.grid.full
        return full if self.frame.anchor is None else 1 << self.frame.anchor

    @property
    def static(self) -> Timeline:
        """The anchor slots that the case alone leaves open."""
        return 0 if self.of.barred else self.unbarred

    @cached_property
    def unbarred(self) -> Timeline:
        """The anchor slots that the case alone would leave open if standing checks were a yes."""
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
        """The conditions behind ``unbarred``, those that allow everything left out."""
        domain, bars = self.domain, []
        for constraint, rule in self.of.rules:
            allows = self._allows(rule)
            if allows & domain != domain:
                known = rule.known if isinstance(rule, Inside) else True
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
        needs = self.of.readings.needs
        return tuple(need for asked in self.asked for need in needs.of(self.frame, asked))

    @cached_property
    def apart(self) -> tuple[Need, ...]:
        """What it asks of people that no other frame of its shape asks alike."""
        if self.frame.anchor is not None:
            return self.needs
        needs = self.of.readings.needs
        apart = self.of.shared(self.frame).apart
        return tuple(needs.of(self.frame, asked)[n] for asked, n in apart)

    def own(self, occupancy: Occupancy, booked: Booked) -> Timeline:
        """Return the anchor slots at which the person is there throughout; no pool is needed."""
        if self.of.own is None:
            return self.of.readings.world.grid.full
        asked = self.of.own[1]
        begin = self.frame.slots[asked.first, "start"]
        length = self.frame.slots[asked.last, "end"] - begin
        return shift(occupancy.stretch(self.of.case.id, length, booked=booked == "free"), -begin)

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
                return self.of.readings.world.grid.full
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
        return self.of.readings.world.grid.at(slot + self.frame.slots[edge])

    def _concerns(self, departures: frozenset[str] | None) -> bool:
        return departures is None or (
            self.departure is not None and self.departure.id in departures
        )

    def _allows(self, rule: Declaration) -> Timeline:
        """Read one declaration as the anchor slots it allows."""
        full = self.of.readings.world.grid.full
        if isinstance(rule, After) and not self._concerns(rule.departures):
            return full
        if isinstance(rule, Inside | After):
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
        """Return whether it is allowed; what does not exist was never named, and so is."""
        facility, departure = self.facility, self.departure
        return (rule.facilities is None or facility is None or facility in rule.facilities) and (
            rule.departures is None
            or departure is None
            or departure.id in rule.departures
            or departure.id not in self.of.readings.world.departure
        )

    def _inside(self, first: Edge, last: Edge, stretches: tuple[Stretch, ...]) -> Timeline:
        frame, readings = self.frame, self.of.readings
        if not frame.instants:
            return readings.window(stretches, frame.slots[first], frame.slots[last])
        begin, end = frame.instants[first], frame.instants[last]
        return readings.world.grid.full if _within(begin, end, stretches) else 0

    def _elapsed(self, rule: Elapsed) -> Timeline:
        frame, readings = self.frame, self.of.readings
        if not frame.instants:
            return readings.elapsed(rule, frame.slots[rule.first], frame.slots[rule.last])
        begin, end = frame.instants[rule.first], frame.instants[rule.last]
        passed = end - begin
        for since, until in rule.pauses:
            passed -= max(min(end, until) - max(begin, since), timedelta())
        minutes = passed / timedelta(minutes=1)
        fits = rule.at_least <= minutes and (rule.at_most is None or minutes <= rule.at_most)
        return readings.world.grid.full if fits else 0


def matches(booking: Booking, layout: Layout, slot: int) -> bool:
    """Return whether ``booking`` is this layout at this slot, names apart.

    A removal that lives alone asks for no facility, and may name the one of its chain still.
    """
    departure = layout.departure.id if layout.departure else None
    alone = layout.leg == "removal" and layout.facility is None
    if booking.departure != departure or not (alone or booking.facility == layout.facility):
        return False
    mine = [
        (phase.id, place, layout.moment(slot, (phase.acts[0], "start")))
        for phase, place in zip(layout.frame.template.phases, layout.frame.places, strict=True)
    ]
    return mine == [(phase.id, phase.place, phase.from_) for phase in booking.phases]


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
