"""The problem as peers get it: explicit, in whole numbers, and with no solver in mind.

:func:`compiled` states a world under a register. Our own compile step is given to the peers for
nothing: whatever one case alone decides (its clocks, documents, hours, roads, and the people,
places and seats that are there in the empty world less the bookings that may not move) is settled,
and a *variant* of a leg holds the slots at which it could be. What is left to a peer is what cases
share. In words:

- A **case** has one leg, or two for a chain (placement, then removal). Each leg is planned by at
  most one of its **variants** at one **slot** of one of the variant's **windows** (``first <= slot
  < end``). A case with two legs has both or neither. A case without variants in some leg cannot be
  planned.
- A **need** of the chosen variant takes so many different ``people`` of its **pool**, for the whole
  block ``slot + base + lead <= t < slot + base + lead + length`` of the **candidate** they stand
  under. A block must lie within the ``free`` stretches of the crew.
- A **crew** holds people (or vehicles, rooms) that are alike in everything: counted together, or
  one by one, as the peer likes (:func:`named` turns counts into names, which is always possible as
  blocks are intervals). Each member serves one need at a time: across cases, across the legs of a
  case, and across the needs of one variant (transport is asked twice of some: whoever is taken for
  the one is not there for the other while the blocks overlap).
- **Nights.** A case with ``stay`` > 0 takes ``places`` in ``facility`` for the nights ``day`` to
  ``day + stay - 1``, where ``day`` is that of the chosen window. A chain that is ``detained``
  between its legs takes them from the ``day`` of its placement's window to the day before the
  ``day`` of its removal's. ``Facility.places[day]`` is what is left of a night.
- **Seats.** A variant with ``boards`` takes ``seats`` of a seat row each. All that is taken of a
  row together may not exceed the ``room`` of any choice that takes of it (the rules of one case can
  be tighter than those of the next); ``Row.seats`` is the largest room.
- **Joins.** A placement variant at ``slot`` goes with a removal variant when the removal has a join
  of the placement's ``key`` with ``first <= slot + ending < end``, ``ending`` being the
  placement's.

The objective is lexicographic, in the order of :data:`scheduler.objective.LEVELS`. A case that is
not planned adds ``pressed`` to *pastLegalEnd* (low) and ``in_force`` to *changes* (low). A planned
one adds ``weight`` to *plannedWeight* (high), and per leg what its window says to *nights*,
*alone*, *changed* and *days* (all low). The numbers add up over the legs of a chain: nights there
are the ``day`` of the removal less that of the placement, so a placement's are negative.

A peer answers with an :data:`Answer`: per planned case (by its index) one :class:`Taken` per leg.
:meth:`Compiled.plan` makes of it a plan for the validator, :meth:`Compiled.values` its worth.
Everything here survives JSON (:func:`as_json`).
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from scheduler.constraint import Attendance, Register
from scheduler.construction import Option
from scheduler.grid import days, first_slots
from scheduler.layout import Layout
from scheduler.objective import LEVELS, Objective
from scheduler.occupancy import Block
from scheduler.pattern import CasePatterns, Drawn, Pattern
from scheduler.plan import Bound, Plan, Unplanned, bookings_of
from scheduler.task import Task, prepare
from scheduler.timeline import Timeline, slots_of, spans
from scheduler.world import PERSON, World


class Candidate(NamedTuple):
    """A crew that may serve a need, and its block: ``lead`` slots from the base, so long."""

    crew: int
    lead: int
    length: int


class Need(NamedTuple):
    """So many different ``people`` of a pool, around ``slot + base``."""

    pool: int
    base: int
    people: int


class Window(NamedTuple):
    """Slots ``first <= slot < end`` that are worth the same, and their ``day`` at the facility."""

    first: int
    end: int
    day: int
    nights: int
    alone: int
    changed: int
    days: int


class Boards(NamedTuple):
    """``seats`` of a row, all that is taken of which may be at most ``room``."""

    row: int
    seats: int
    room: int


class Join(NamedTuple):
    """A removal goes with placements of ``key`` that end at a slot ``first <= t < end``."""

    key: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Crew:
    """People alike, and when each of them is free: stretches ``first <= t < end`` of slots."""

    members: tuple[str, ...]
    free: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Facility:
    """Places left per night; ``days`` is the first slot of each local day of the horizon."""

    id: str
    days: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Seats of one kind on one departure."""

    departure: str
    kind: str
    seats: int


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to do a leg, times apart. ``facility`` is -1 where there is none.

    A removal has one window of one slot: that of its departure.
    """

    facility: int
    departure: str | None
    ending: int
    key: int
    windows: tuple[Window, ...]
    needs: tuple[Need, ...]
    boards: tuple[Boards, ...]
    joins: tuple[Join, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One case; ``legs`` holds the variants of each leg, all empty when it cannot be planned."""

    id: str
    weight: int
    pressed: int
    in_force: int
    places: int
    stay: int
    detained: bool
    legs: tuple[tuple[Variant, ...], ...]

    @property
    def chained(self) -> bool:
        """Whether it is placed and then removed."""
        return len(self.legs) == 2

    @property
    def plannable(self) -> bool:
        """Whether it has variants at all."""
        return all(self.legs)


@dataclass(frozen=True, slots=True)
class Problem:
    """All that a peer is told; indices point into these tuples."""

    slots: int
    cases: tuple[Case, ...]
    crews: tuple[Crew, ...]
    pools: tuple[tuple[Candidate, ...], ...]
    facilities: tuple[Facility, ...]
    rows: tuple[Row, ...]


class Taken(NamedTuple):
    """The variant chosen for a leg (its index), at which slot, and the people of each need."""

    variant: int
    slot: int
    people: tuple[tuple[str, ...], ...]


class Counted(NamedTuple):
    """Like :class:`Taken`, with crews (one entry per person taken) in place of names."""

    variant: int
    slot: int
    crews: tuple[tuple[int, ...], ...]


Answer = dict[int, tuple[Taken, ...]]
"""Per planned case, by its index, one entry per leg."""


def as_json(problem: Problem) -> dict[str, Any]:
    """Return ``problem`` as JSON values: objects for the classes, lists for the named tuples."""
    return asdict(problem)


Asked = tuple[int, int, int]
"""A pool, how many of it, and the how-manieth time a variant asks just that."""


def asked_of(variant: Variant) -> list[tuple[Asked, int]]:
    """Return what a variant asks of pools, with the base of each, in the order of its needs."""
    times: dict[tuple[int, int], int] = {}
    found = []
    for need in variant.needs:
        again = times[need.pool, need.people] = times.get((need.pool, need.people), -1) + 1
        found.append(((need.pool, need.people, again), need.base))
    return found


def window_at(variant: Variant, slot: int) -> Window:
    """Return the window of ``slot``; LookupError when the variant may not be there."""
    for window in variant.windows:
        if window.first <= slot < window.end:
            return window
    raise LookupError(f"slot {slot} is in no window of the variant")


def is_free(crew: Crew, first: int, end: int) -> bool:
    """Return whether each member of ``crew`` is free in ``first <= t < end``."""
    at = bisect_right(crew.free, first, key=lambda stretch: stretch[0]) - 1
    return at >= 0 and crew.free[at][0] <= first and end <= crew.free[at][1]


def candidates_at(problem: Problem, need: Need, slot: int) -> Iterator[tuple[Candidate, int, int]]:
    """Yield who is there for ``need`` when its variant is at ``slot``, and their block."""
    for candidate in problem.pools[need.pool]:
        first = slot + need.base + candidate.lead
        if is_free(problem.crews[candidate.crew], first, first + candidate.length):
            yield candidate, first, first + candidate.length


def named(problem: Problem, counted: Mapping[int, Sequence[Counted]]) -> Answer:
    """Name people for an answer in crews: by start of block, whoever is free first.

    Where more are taken than there are, somebody is named twice at a time and the validator will
    tell.
    """
    duties = sorted(_duties(problem, counted))
    free_from = [dict.fromkeys(crew.members, 0) for crew in problem.crews]
    names: dict[tuple[int, int, int], list[str]] = {}
    for first, end, crew, *place in duties:
        mine = names.setdefault((place[0], place[1], place[2]), [])
        choice = (one for one, until in free_from[crew].items() if until <= first)
        name = next(choice, problem.crews[crew].members[0])
        free_from[crew][name] = end
        mine.append(name)
    return {
        case: tuple(
            Taken(
                one.variant,
                one.slot,
                tuple(tuple(names.get((case, leg, n), ())) for n in range(len(one.crews))),
            )
            for leg, one in enumerate(legs)
        )
        for case, legs in counted.items()
    }


def _duties(
    problem: Problem, counted: Mapping[int, Sequence[Counted]]
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Yield start, end and crew of everybody taken, with the case, leg and need it is for."""
    for case, legs in counted.items():
        for leg, one in enumerate(legs):
            needs = problem.cases[case].legs[leg][one.variant].needs
            for n, (need, crews) in enumerate(zip(needs, one.crews, strict=True)):
                of_crew = {mine.crew: mine for mine in problem.pools[need.pool]}
                for crew in crews:
                    first = one.slot + need.base + of_crew[crew].lead
                    yield first, first + of_crew[crew].length, crew, case, leg, n


@dataclass(frozen=True, slots=True)
class Compiled:
    """A problem with the way back: what each of its numbers stands for with us."""

    problem: Problem
    task: Task
    layouts: tuple[tuple[tuple[Layout, ...], ...], ...]
    """Per case and leg the layout of each variant."""

    def option(self, case: int, legs: Sequence[Taken]) -> Option:
        """Return an answer for one case as an option of ours."""
        of = self.task.cases[case]
        chosen = tuple(
            (self.layouts[case][leg][one.variant], one.slot) for leg, one in enumerate(legs)
        )
        pattern = Pattern(of.case.id, chosen)
        names = tuple(
            _drawn(of, layout, one) for (layout, _), one in zip(chosen, legs, strict=True)
        )
        return Option(pattern, names, of.claims(pattern, names))

    def values(self, answer: Answer) -> Objective:
        """Return what an answer is worth; whether it keeps the rules is not looked at."""
        chosen = {
            self.task.cases[case].case.id: self.option(case, legs).pattern
            for case, legs in answer.items()
        }
        return self.task.valuation.total(self.task.cases, chosen)

    def plan(self, answer: Answer, seconds: float, seed: int) -> Plan:
        """Return an answer as a plan for the validator; its bounds are its own values."""
        values = self.values(answer)
        bookings = list(self.task.pinned)
        for case, legs in answer.items():
            option = self.option(case, legs)
            bookings += bookings_of(self.task.cases[case], option.pattern, option.names)
        booked = {one.case for one in bookings}
        everyone = (*(one.case.id for one in self.task.cases), *self.task.halved)
        return Plan(
            world=self.task.patterns.world.fingerprint,
            made_at=datetime.now(UTC),
            seed=seed,
            seconds=round(seconds, 3),
            levels=tuple(
                Bound(level=one, value=values[one], bound=values[one], gap=0) for one in LEVELS
            ),
            bookings=tuple(bookings),
            unplanned=tuple(
                Unplanned(case=one, reason="left out by the peer")
                for one in everyone
                if one not in booked or one in self.task.halved
            ),
        )


def _drawn(case: CasePatterns, layout: Layout, taken: Taken) -> Drawn:
    """Return the people of one leg as the kernel has them; the person who leaves comes along."""
    people = iter(taken.people)
    drawn: list[tuple[str, Attendance, tuple[Block, ...]]] = []
    for asked in layout.asked:
        for constraint, attendance in asked:
            blocks = {
                one.resource: one for one in case.readings.needs.blocks(layout.frame, attendance)
            }
            members = tuple(blocks) if attendance.role == PERSON else next(people)
            drawn.append((constraint, attendance, tuple(blocks[one] for one in sorted(members))))
    return tuple(drawn)


def compiled(world: World, register: Register) -> Compiled:
    """State ``world`` under ``register`` as a problem."""
    return _Compiler(prepare(world, register)).compiled()


@dataclass(slots=True)
class _Compiler:
    """The tables of a problem as they grow."""

    task: Task
    pools: dict[tuple[Block, ...], int] = field(default_factory=dict)
    pool_of: dict[int, int] = field(default_factory=dict)
    facilities: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    rooms: list[int] = field(default_factory=list)

    def compiled(self) -> Compiled:
        """State every case, then the tables they point into."""
        self.facilities = {one.id: n for n, one in enumerate(self.task.patterns.world.facilities)}
        cases = [self.case(case) for case in self.task.cases]
        crews, pools = self.crews()
        return Compiled(
            Problem(
                slots=self.task.patterns.world.grid.slots,
                cases=tuple(case for case, _ in cases),
                crews=crews,
                pools=pools,
                facilities=tuple(self.facility(one) for one in self.facilities),
                rows=tuple(
                    Row(*key, room) for key, room in zip(self.rows, self.rooms, strict=True)
                ),
            ),
            self.task,
            tuple(layouts for _, layouts in cases),
        )

    def case(self, case: CasePatterns) -> tuple[Case, tuple[tuple[Layout, ...], ...]]:
        """State one case; its layouts come along, leg by leg, in the order of the variants."""
        valuation = self.task.valuation
        legs = self.open_legs(case)
        keys: dict[object, int] = {}
        if case.chained:
            keys = {case.join_key(layout): 0 for layout, _ in legs[0]}
            keys = {key: n for n, key in enumerate(keys)}
        stays = {
            layout.of.nights[1].stay or 0
            for leg in legs
            for layout, _ in leg
            if layout.leg == "placement" and layout.of.nights is not None
        }
        stated = Case(
            id=case.case.id,
            weight=case.case.weight,
            pressed=int(valuation.pressed(case)),
            in_force=sum((case.case.id, leg) in valuation.in_force for leg in case.case.legs),
            places=case.seats_and_nights(None)[1],
            stay=0 if case.chained else max(stays, default=0),
            detained=case.chained and case.between is not None,
            legs=tuple(
                tuple(self.variant(case, layout, line, keys) for layout, line in leg)
                for leg in legs
            ),
        )
        return stated, tuple(tuple(layout for layout, _ in leg) for leg in legs)

    def open_legs(self, case: CasePatterns) -> list[list[tuple[Layout, Timeline]]]:
        """Return the open layouts of each leg, less what has no other leg to go with."""
        occupancy = self.task.occupancy
        legs = [case.open_layouts(leg, occupancy) for leg in case.case.legs]
        if not case.chained:
            return legs
        placements, removals = legs
        lines = dict.fromkeys((layout for layout, _ in placements), 0)
        goes = []
        for removal, anchor in removals:
            found = 0
            for placement, line in placements:
                found |= (pairs := line & case.pair_line(placement, removal, occupancy))
                lines[placement] |= pairs
            if found:
                goes.append((removal, anchor))
        return [[(layout, line) for layout, line in lines.items() if line], goes]

    def variant(
        self, case: CasePatterns, layout: Layout, line: Timeline, keys: Mapping[object, int]
    ) -> Variant:
        """State one layout with its open slots."""
        placement = layout.leg == "placement"
        departure = layout.departure
        boards, _ = case.seats_and_nights(departure.id) if departure else ((), 0)
        joins = []
        for key in () if placement or not case.chained else keys:
            first, end = case.end_range(key, layout, self.task.occupancy)  # type: ignore[arg-type]
            if first < end:
                joins.append(Join(keys[key], first, end))
        return Variant(
            facility=-1 if layout.facility is None else self.facilities[layout.facility],
            departure=departure.id if departure else None,
            ending=layout.frame.ends[-1],
            key=keys[case.join_key(layout)] if placement and case.chained else -1,
            windows=tuple(self.windows(case, layout, line)),
            needs=tuple(self.needs(layout)),
            boards=tuple(self.boards(*one) for one in boards),
            joins=tuple(joins),
        )

    def windows(self, case: CasePatterns, layout: Layout, line: Timeline) -> Iterator[Window]:
        """Cut the open slots of a layout where its worth or its day changes."""
        cuts = sorted(self.cuts(case, layout, line))
        for first, end in spans(line):
            here = [first, *(cut for cut in cuts if first < cut < end), end]
            for begin, until in pairwise(here):
                yield self.window(case, layout, begin, until)

    def cuts(self, case: CasePatterns, layout: Layout, line: Timeline) -> set[int]:
        """Return the slots at which something may change."""
        world, valuation = case.world, self.task.valuation
        if layout.leg == "removal":
            return set()
        arrives = layout.frame.slots["arrival", "start"]
        cuts = set(first_slots(world.grid, world.location[case.case.location].timezone))
        cuts |= {one - arrives for one in first_slots(world.grid, case.arrival_zone(layout))}
        last = valuation.last_moment(case)
        if last is not None:
            cuts.add(world.grid.ceil(last) - layout.frame.starts[0])
        if (case.case.id, layout.leg) in valuation.in_force:
            kept = (one for one in slots_of(line) if not valuation.changed(case.case, layout, one))
            cuts |= {cut for one in kept for cut in (one, one + 1)}
        return cuts

    def window(self, case: CasePatterns, layout: Layout, first: int, end: int) -> Window:
        """State what all slots ``first <= t < end`` are worth, from the first of them."""
        valuation = self.task.valuation
        worth = valuation.worth(case, Pattern(case.case.id, ((layout, first),)))
        nights, alone, waited, day = worth.nights, worth.alone, worth.days, 0
        if layout.facility is not None:
            today = days(case.world.grid, case.arrival_zone(layout))[0]
            placed = layout.leg == "placement"
            on = case.arrival(layout, first) if placed else case.leaves(layout)
            day = (on - today).days
            if case.chained:
                nights = (-day if placed else day) if case.between is not None else 0
        if case.chained and layout.leg == "placement":
            alone, waited = 0, 0
        return Window(
            first, end, day, nights, alone, valuation.changed(case.case, layout, first), waited
        )

    def needs(self, layout: Layout) -> Iterator[Need]:
        """State what a layout asks of people; what it asks of several together follows."""
        for need in layout.needs:
            if not need.parts and need.pool.role != PERSON:
                known = self.pool_of.get(id(need.pool))
                if known is None:
                    blocks = tuple(block for unit in need.pool.units for block in unit)
                    known = self.pools.setdefault(blocks, len(self.pools))
                    self.pool_of[id(need.pool)] = known
                yield Need(known, need.base, need.count)

    def boards(self, departure: str, kind: str, count: int, limit: int) -> Boards:
        """State seats, the room being what the bookings that may not move leave."""
        row = self.rows.setdefault((departure, kind), len(self.rows))
        room = self.task.occupancy.seats_left(departure, kind, limit)
        if row == len(self.rooms):
            self.rooms.append(room)
        self.rooms[row] = max(self.rooms[row], room)
        return Boards(row, count, room)

    def crews(self) -> tuple[tuple[Crew, ...], tuple[tuple[Candidate, ...], ...]]:
        """Merge people whom no pool and no free time tells apart; return the pools in crews."""
        asked: dict[str, list[tuple[int, int, int]]] = {}
        for pool, blocks in enumerate(self.pools):
            for name, lead, length in blocks:
                asked.setdefault(name, []).append((pool, lead, length))
        alike: dict[object, list[str]] = {}
        for name, mine in asked.items():
            alike.setdefault((self.task.occupancy.free(name), tuple(mine)), []).append(name)
        pools: list[list[Candidate]] = [[] for _ in self.pools]
        crews: list[Crew] = []
        for members in alike.values():
            for pool, lead, length in asked[members[0]]:
                pools[pool].append(Candidate(len(crews), lead, length))
            free = tuple(spans(self.task.occupancy.free(members[0])))
            crews.append(Crew(tuple(sorted(members)), free))
        return tuple(crews), tuple(map(tuple, pools))

    def facility(self, name: str) -> Facility:
        """State the nights of a facility, as far beyond the horizon as somebody may stay."""
        world = self.task.patterns.world
        zone = world.location[world.facility[name].location].timezone
        inside = days(world.grid, zone)
        longest = max(
            (
                leg.nights[1].stay or 0
                for case in self.task.cases
                for leg in case.legs.values()
                if leg.nights is not None
            ),
            default=0,
        )
        nights = [inside[0] + timedelta(days=n) for n in range(len(inside) + longest)]
        return Facility(
            name,
            first_slots(world.grid, zone),
            tuple(self.task.occupancy.places_left(name, night) for night in nights),
        )
