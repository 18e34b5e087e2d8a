"""Prospects: what a prototype could be offered in an empty world, compiled once for all.

The kernel's own patterns, with what belongs to one case left out: leads from now (``After``,
``Due``) and legal ends (``Inside`` with ``clock``) are read beside them, as times that a simulated
case applies to its own moments. What is left depends on the calendar alone, and is laid out as the
arrays of a :class:`scheduler.simulation.search.Calendar`.
"""

import gc
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

import numpy as np

from scheduler.constraint import (
    LATEST,
    After,
    Declaration,
    Due,
    Edge,
    Elapsed,
    Inside,
    Only,
    Register,
    Seats,
)
from scheduler.frame import Frame
from scheduler.grid import Grid, first_slots
from scheduler.layout import CaseLeg, Layout
from scheduler.need import Asked
from scheduler.occupancy import Block
from scheduler.pattern import CasePatterns, Patterns
from scheduler.simulation.adjusting import declaring, timeless
from scheduler.simulation.diary import Roster, words_of
from scheduler.simulation.search import PAD, Calendar, Numbers, People, Small, Ways, before
from scheduler.timeline import Timeline
from scheduler.world import PERSON, Case, Departure, Leg, World

LEGS: tuple[Leg, ...] = ("placement", "removal")
DEPARTURE: Edge = ("departure", "start")
_ARRIVAL: Edge = ("arrival", "start")
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_YOUNG = 4
"""Cases after which it is let go of what they left behind."""
_NEVER = 1 << 40
"""Minutes that no case has."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A prototype where it stands, and the times that bind a case at this stage.

    ``leads`` of each leg run from now; ``detained_for`` is the longest stay and ``within`` the time
    from entering the caseload, in minutes, at which a legal end comes (None: no such end).
    """

    number: int
    case: Case
    leads: Mapping[Leg, tuple[After, ...]]
    detained_for: int | None
    within: int | None
    firsts: tuple[int, ...]
    """The first slot of each local day."""
    nights: Mapping[str, tuple[int, ...]]

    @property
    def persons(self) -> int:
        """How many leave."""
        return len(self.case.persons)

    def night(self, facility: str, slot: int) -> int:
        """Return the number of the local day at a facility in which ``slot`` lies."""
        return bisect_right(self.nights[facility], slot) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Prospects:
    """What all prototypes of a world could be offered, and what numbers of the calendar mean."""

    stages: tuple[Stage, ...]
    calendar: Calendar
    leads: tuple[After, ...]
    constraints: tuple[str, ...]
    departures: Mapping[str, int]


def prospects_of(
    world: World, register: Register, cases: Iterable[Case], roster: Roster
) -> Prospects:
    """Return the prospects of prototypes, a stage for each.

    Raises
    ------
    ValueError
        When a prototype has a check that is not answered yes, with all of them.
    """
    lasting = replace(register, constraints=declaring(register.constraints, timeless))
    patterns = Patterns(world, lasting)
    firsts = {
        zone: first_slots(world.grid, zone) for zone in {one.timezone for one in world.locations}
    }
    nights = {one.id: firsts[world.location[one.location].timezone] for one in world.facilities}
    rows = _Rows(patterns, roster, tuple(one.id for one in register.constraints))
    stages, barred = [], []
    for number, case in enumerate(cases):
        mine = CasePatterns(patterns, case)
        if any(leg.barred for leg in mine.legs.values()):
            barred.append(case.id)
            continue
        detained_for, within = _terms(register, world, case)
        stage = Stage(
            number,
            case,
            {leg: tuple(dict.fromkeys(_leads(register, world, case, leg))) for leg in case.legs},
            detained_for,
            within,
            firsts[world.location[case.location].timezone],
            nights,
        )
        stages.append(stage)
        rows.add(stage, mine)
        if number % _YOUNG == 0:
            gc.collect(0)  # what one case was read with is of no use to the next, and large
    if barred:
        raise ValueError(f"prototypes with a check that is not a yes: {', '.join(barred)}")
    return Prospects(
        tuple(stages), rows.calendar(nights), tuple(rows.leads), rows.constraints, rows.departures
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """Placements that go with the same removals: to one facility, seen from their end.

    They arrive ``arrives`` slots after their end, and ``edges`` are the first edges of the spans.
    """

    facility: int
    leaving: int
    shape: int
    arrives: int
    edges: tuple[int, ...]
    spans: tuple[Elapsed, ...]
    ways: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Departing:
    """A departure with its anchor, its minute from the start, and its number in the world."""

    departure: Departure
    anchor: int
    minute: int
    number: int


class _Rows:
    """The rows of a calendar while it is laid out; what is alike has one number."""

    def __init__(self, patterns: Patterns, roster: Roster, constraints: tuple[str, ...]) -> None:
        world = patterns.world
        self.patterns, self.roster, self.constraints = patterns, roster, constraints
        self._constraint = {name: n for n, name in enumerate((*constraints, ""))}
        self.departures = {one.id: n for n, one in enumerate(world.departures)}
        self._tables: dict[str, tuple[_Departing, ...]] = {}
        self._pools: dict[tuple[tuple[int, int, int], ...], int] = {}
        self._of_pool: dict[object, int] = {}
        self._needs: dict[tuple[int, int], int] = {}
        self._asks: dict[tuple[Frame, int], int] = {}
        self._ask: list[tuple[tuple[int, int], int, list[tuple[int, int, int]]]] = []
        self._orders: dict[tuple[int, ...], int] = {}
        self._order: list[int] = []
        self._lines: dict[Timeline, int] = {}
        self._ways: list[tuple[int, tuple[int, ...], int, int, int, int]] = []
        self._edges: list[tuple[int, ...]] = []
        self._spans: list[tuple[int, ...]] = []
        self.leads: dict[After, int] = {}
        self._kinds: dict[str, int] = {}
        self._rules: dict[tuple[str, frozenset[int]], tuple[int, Small]] = {}
        self._limits: dict[int, tuple[object, Small]] = {}
        self._stages: list[tuple[int, int, int, int, int, int, int]] = []
        self._stage_leads: list[tuple[tuple[int, ...], ...]] = []
        self._seats: list[list[tuple[int, int]]] = []
        self._groups: list[list[_Group]] = []
        self._shapes: dict[object, tuple[int, tuple[tuple[int, int], ...]]] = {}
        self._offers: list[list[tuple[int, int, int, int]]] = []

    # What one prototype could be offered.

    def add(self, stage: Stage, patterns: CasePatterns) -> None:
        """Lay out what a stage could be offered."""
        legs, spans = patterns.legs, tuple(rule for _, rule in patterns.spans)
        nights = [patterns.between]
        if "placement" in legs:
            nights.append(legs["placement"].nights)
        asked = next((one for one in nights if one is not None), None)
        first = len(self._ways)
        placing = [
            (self._way(layout.frame, layout.asked, layout.unbarred, stage, "placement"), layout)
            for family in (legs["placement"].families if "placement" in legs else ())
            for layout in family.members
        ]
        ways = range(first, len(self._ways))
        shape = (
            self._shape(ways, ends=False) if "placement" in legs and not patterns.chained else -1
        )
        leaving = dict(self._leaving(stage, legs["removal"], spans)) if "removal" in legs else {}
        seats = [(name, rule) for leg in legs.values() for name, rule in leg.seats]
        self._stages.append(
            (
                stage.persons,
                asked[1].stay or 0 if asked is not None and not patterns.chained else 0,
                self._constraint[asked[0] if asked else ""],
                self._constraint[seats[0][0] if seats else ""],
                first,
                shape,
                -1 if patterns.chained or not leaving else leaving.get(None, -1),
            )
        )
        self._stage_leads.append(
            tuple(
                tuple(
                    self.leads.setdefault(one, len(self.leads)) for one in stage.leads.get(leg, ())
                )
                for leg in LEGS
            )
        )
        self._seats.append(list(self._seating(rule for _, rule in seats)))
        self._groups.append(
            list(self._grouped(placing, spans, leaving)) if patterns.chained else []
        )

    def _way(
        self,
        frame: Frame,
        asked: Iterable[tuple[Asked, ...]],
        line: Timeline,
        stage: Stage,
        leg: Leg,
        spans: Sequence[Elapsed] = (),
    ) -> int:
        asks = sorted(
            (self._asking(frame, one) for one in asked if one[0][1].role != PERSON),
            key=lambda ask: self._ask[ask][0],
        )
        facility = -1 if frame.facility is None else self.roster.facility[frame.facility]
        self._ways.append(
            (
                self._lines.setdefault(line, len(self._lines)),
                tuple(asks),
                frame.starts[0],
                frame.ends[-1],
                facility,
                frame.slots.get(_ARRIVAL, 0),
            )
        )
        leads = stage.leads.get(leg, ())
        self._edges.append(tuple(frame.slots.get(one.edge, 0) for one in leads))
        self._spans.append(tuple(frame.slots.get(one.last, 0) for one in spans))
        return len(self._ways) - 1

    def _grouped(
        self,
        placing: Iterable[tuple[int, Layout]],
        spans: tuple[Elapsed, ...],
        leaving: Mapping[str | None, int],
    ) -> Iterator[_Group]:
        """Yield the placements of a chain by what decides with which removals they go."""
        found: dict[tuple[str, int, tuple[int, ...]], list[int]] = {}
        for way, layout in placing:
            frame = layout.frame
            if frame.facility in leaving and frame.facility is not None:
                slots, end = frame.slots, frame.ends[-1]
                edges = tuple(slots[rule.first] - end for rule in spans)
                found.setdefault((frame.facility, slots[_ARRIVAL] - end, edges), []).append(way)
        for (facility, arrives, edges), ways in found.items():
            number, shape = self.roster.facility[facility], self._shape(ways, ends=True)
            yield _Group(number, leaving[facility], shape, arrives, edges, spans, tuple(ways))

    def _shape(self, ways: Iterable[int], *, ends: bool) -> int:
        """Return the number of ways that are looked at together, by where they end or begin."""
        lates = tuple((way, self._ways[way][3] if ends else 0) for way in ways)
        key = tuple((*self._ways[way][:2], late) for way, late in lates)
        return self._shapes.setdefault(key, (len(self._shapes), lates))[0]

    def _asking(self, frame: Frame, asked: tuple[Asked, ...]) -> int:
        """Return the number of what the attendances of one role ask in a frame."""
        known = self._asks.get((frame, id(asked)))
        if known is None:
            known = self._asks[frame, id(asked)] = len(self._ask)
            parts = list(self._parts(frame, asked))
            sizes = [len(blocks) for _, _, _, blocks in parts]
            self._ask.append(
                (
                    (len(parts), sizes[0]),
                    self._constraint[asked[0][0]],
                    [
                        (self._need(blocks, count), base, order)
                        for count, base, order, blocks in parts
                    ],
                )
            )
        return known

    def _parts(
        self, frame: Frame, asked: tuple[Asked, ...]
    ) -> Iterator[tuple[int, int, int, tuple[tuple[int, int, int], ...]]]:
        """Yield of each attendance how many, the base, the numbering of its units, and blocks."""
        needs, number = self.patterns.readings.needs, self.roster.number
        if len(asked) == 1:
            (need,) = needs.of(frame, asked)
            yield asked[0][1].count, need.base, 0, _blocks(needs.ordered(need.pool), 0, number)
            return
        units, orders = needs.choice(frame, asked)
        for n, (order, (_, one)) in enumerate(zip(orders, asked, strict=True)):
            base = frame.slots[one.first, "start"]
            key = tuple(order)
            if key not in self._orders:
                self._orders[key] = len(self._order)
                self._order += key
            blocks = _blocks((units[unit][n] for unit in order), base, number)
            yield one.count, base, self._orders[key], blocks

    def _need(self, blocks: tuple[tuple[int, int, int], ...], count: int) -> int:
        pool = self._pools.setdefault(blocks, len(self._pools))
        return self._needs.setdefault((pool, count), len(self._needs))

    def _seating(self, rules: Iterable[Seats]) -> Iterator[tuple[int, int]]:
        """Yield the seats that are taken: a kind under its limits, and how many."""
        limits: dict[tuple[str, int], list[Small]] = {}
        tables: dict[tuple[str, int], set[int]] = {}
        for rule in rules:
            key = rule.kind, rule.count
            limits.setdefault(key, []).append(self._limit(rule))
            tables.setdefault(key, set()).add(id(rule.limits))
        for (kind, count), mine in limits.items():
            known = self._rules.setdefault(
                (kind, frozenset(tables[kind, count])),
                (len(self._rules), np.minimum.reduce(mine)),
            )
            self._kinds.setdefault(kind, len(self._kinds))
            yield known[0], count

    def _limit(self, rule: Seats) -> Small:
        """Return the limits of a rule by departure."""
        known = self._limits.get(id(rule.limits))
        if known is None:
            of = dict(rule.limits)
            line = np.array([of.get(one, 0) for one in self.departures], np.int32)
            known = self._limits[id(rule.limits)] = rule.limits, line
        return known[1]

    def _table(self, destination: str) -> tuple["_Departing", ...]:
        """Return the departures to ``destination`` that lie on the grid."""
        known = self._tables.get(destination)
        if known is None:
            world = self.patterns.world
            grid = world.grid
            found = (
                _Departing(
                    one,
                    grid.floor(one.departs),
                    (one.departs - grid.start) // _MINUTE,
                    self.departures[one.id],
                )
                for one in world.departures_to(destination)
            )
            known = tuple(one for one in found if 0 <= one.anchor < grid.slots)
            self._tables[destination] = known
        return known

    def _leaving(
        self, stage: Stage, leg: CaseLeg, spans: Sequence[Elapsed]
    ) -> Iterator[tuple[str | None, int]]:
        """Yield the removals by the facility they leave.

        Departures are of one sort when all but their day is alike: of each sort one is laid out.
        """
        grid, case = self.patterns.world.grid, stage.case
        table = self._table(case.destination)
        rules = [rule for _, rule in leg.rules if not _always(rule, grid)]
        steady = [rule for rule in rules if isinstance(rule, Elapsed) and not rule.pauses]
        dated = [rule for rule in rules if rule not in steady]
        scoped = [one.departures for one in steady] + [one.departures for _, one in leg.attendances]
        scopes = [departures for departures in scoped if departures is not None]
        sorts: dict[object, list[tuple[int, _Departing]]] = {}
        for n, each in enumerate(table):
            one = each.departure
            into, meant = each.minute % grid.minutes, tuple(one.id in scope for scope in scopes)
            sorts.setdefault((one.kind, one.from_, one.minutes, into, meant), []).append((n, each))
        for facility in leg.facilities:
            offers = []
            for alike in sorts.values():
                first = alike[0][1].departure
                frames = self.patterns.readings.frames(case, "removal", facility, (first,))
                for frame in frames:
                    if not all(_allows(rule, frame, first, grid) for rule in steady):
                        continue
                    way = self._way(frame, Layout(leg, frame).asked, 0, stage, "removal", spans)
                    for n, each in alike:
                        if all(_allows(rule, frame, each.departure, grid) for rule in dated):
                            offers.append((each.anchor, n, each.minute, each.number, way))
            offers.sort()
            self._offers.append([(one[0], *one[2:]) for one in offers])
            yield facility, len(self._offers) - 1

    # What comes of it.

    def calendar(self, nights: Mapping[str, tuple[int, ...]]) -> Calendar:
        """Return the arrays of all that was added."""
        grid = self.patterns.world.grid
        pools, needs = tuple(self._pools), sorted(self._needs)
        renumbered = {self._needs[one]: n for n, one in enumerate(needs)}
        members: list[list[tuple[int, int, int]]] = [[] for _ in self.roster.number]
        for pool, blocks in enumerate(pools):
            for resource, lead, length in blocks:
                members[resource].append((pool, lead, length))
        unit_first, unit = _table(pools, 3)
        member_first, member = _table(members, 3)
        people = People(
            unit_first,
            unit,
            np.array(needs, np.int64).reshape(-1, 2),
            np.searchsorted([pool for pool, _ in needs], np.arange(len(pools) + 1)),
            member_first,
            member,
        )
        asked = [
            [(renumbered[need], base, order) for need, base, order in parts]
            for _, _, parts in self._ask
        ]
        leads = max((len(one) for both in self._stage_leads for one in both), default=0)
        shape_first, looked = _table([ways for _, ways in self._shapes.values()], 2)
        ways = Ways(
            *_table(asked, 3),
            np.array(self._order, np.int64),
            np.array([one[1] for one in self._ask], np.int64),
            *_flat([one[1] for one in self._ways]),
            np.array([(one[0], *one[2:]) for one in self._ways], np.int64).reshape(-1, 5),
            words_of(self._lines, grid.slots),
            _padded(self._edges, leads, 0),
            shape_first,
            np.ascontiguousarray(looked[:, 0]),
            np.ascontiguousarray(looked[:, 1]),
            np.array(list(self._reaches(asked)), np.int64).reshape(-1, 2),
        )
        most = max(
            (
                sum(needs[need][1] for ask in asks for need, _, _ in asked[ask])
                for _, asks, *_ in self._ways
            ),
            default=0,
        )
        seat_first, seat = _table(self._seats, 2)
        group_first = _firsts(self._groups)
        night = np.array(
            [
                np.searchsorted(firsts, np.arange(grid.slots + 64 * PAD), side="right") - 1
                for firsts in nights.values()
            ],
            np.int64,
        ).reshape(len(nights), grid.slots + 64 * PAD)
        offers = [np.array(one, np.int64).reshape(-1, 4) for one in self._offers]
        mine = [one for groups in self._groups for one in groups]
        first, group_way = _flat([one.ways for one in mine])
        spans = _padded(self._spans, max(map(len, self._spans), default=0), 0)
        before = [
            self._before(one, ways, spans, offers[one.leaving], night[one.facility]) for one in mine
        ]
        return Calendar(
            minutes=grid.minutes,
            constraints=len(self.constraints) + 1,
            most_people=2 * most,
            people=people,
            ways=ways,
            stage=np.array(self._stages, np.int64).reshape(-1, 7),
            lead=np.stack(
                [_padded([both[n] for both in self._stage_leads], leads, -1) for n in (0, 1)], 1
            ),
            departs=np.array([one.edge == DEPARTURE for one in self.leads], np.int64),
            seat_first=seat_first,
            seat=seat,
            rule_kind=np.array([self._kinds[kind] for kind, _ in self._rules], np.int64),
            limit=np.array([limit for _, limit in self._rules.values()], np.int32).reshape(
                len(self._rules), len(self.departures)
            ),
            group_first=group_first,
            group=np.array(
                [
                    (one.facility, one.leaving, first[n], first[n + 1], one.shape)
                    for n, one in enumerate(mine)
                ],
                np.int64,
            ).reshape(-1, 5),
            group_way=group_way,
            offer_first=_firsts(offers),
            offer=np.concatenate([np.zeros((0, 4), np.int64), *offers]),
            before=np.concatenate([np.zeros((0, 3), np.int64), *before]),
            before_first=_firsts(before),
            night=night,
            evening=_padded(
                [(*firsts, grid.slots) for firsts in nights.values()],
                max(map(len, nights.values()), default=0) + 1,
                grid.slots,
            ),
        )

    def _reaches(
        self, asked: Sequence[Sequence[tuple[int, int, int]]]
    ) -> Iterator[tuple[int, int]]:
        """Yield how many words before and after one somebody may be asked, by shape."""
        for _, ways in self._shapes.values():
            bases = [
                base - late
                for way, late in ways
                for ask in self._ways[way][1]
                for _, base, _ in asked[ask]
            ]
            yield min(bases, default=0) >> 6, (63 + max(bases, default=0)) >> 6

    def _before(
        self, group: "_Group", ways: Ways, spans: Numbers, offers: Numbers, night: Numbers
    ) -> Numbers:
        """Return at which slots a placement may end before each removal, and the nights between."""
        minutes, anchors = self.patterns.world.grid.minutes, offers[:, 0]
        first = np.zeros_like(anchors)
        end = anchors + ways.way[offers[:, 3], 1] + 1
        for n, (rule, edge) in enumerate(zip(group.spans, group.edges, strict=True)):
            if rule.last == DEPARTURE:
                last = offers[:, 1]
            else:
                last = (anchors + spans[offers[:, 3], n]) * minutes
            end = np.minimum(end, (last - rule.at_least) // minutes - edge + 1)
            if rule.at_most is not None:
                first = np.maximum(first, -((rule.at_most - last) // minutes) - edge)
        ends = np.stack([first, end], 1)
        mine = np.array(group.ways, np.int64)
        nights = np.zeros_like(first)
        before(ways, mine, night, group.arrives, ends, np.ascontiguousarray(anchors), nights)
        return np.column_stack([ends, nights])


def _blocks(
    blocks: Iterable[Block], base: int, number: Mapping[str, int]
) -> tuple[tuple[int, int, int], ...]:
    """Return blocks as a resource, its lead from the base, and its length."""
    return tuple((number[name], lead - base, length) for name, lead, length in blocks)


def _firsts(rows: Sequence[Sized]) -> Numbers:
    """Return where the rows of each begin when all are put after one another, and the end."""
    return np.array([0, *accumulate(map(len, rows))], np.int64)


def _table(rows: Sequence[Sequence[Sequence[int]]], width: int) -> tuple[Numbers, Numbers]:
    """Return where the rows of each begin, and the rows of all."""
    flat = [each for one in rows for each in one]
    return _firsts(rows), np.array(flat, np.int64).reshape(-1, width)


def _flat(rows: Sequence[Sequence[int]]) -> tuple[Numbers, Numbers]:
    """Return where the numbers of each begin, and the numbers of all."""
    return _firsts(rows), np.array([each for one in rows for each in one], np.int64)


def _padded(rows: Sequence[Sequence[int]], width: int, filler: int) -> Numbers:
    found = np.full((len(rows), width), filler, np.int64)
    for n, row in enumerate(rows):
        found[n, : len(row)] = row
    return found


def _always(rule: Declaration, grid: Grid) -> bool:
    """Return whether a rule allows everything that begins after now."""
    return isinstance(rule, Inside) and any(
        since <= grid.start and grid.end <= until for since, until in rule.stretches
    )


def _allows(rule: Declaration, frame: Frame, departure: Departure, grid: Grid) -> bool:
    """Return whether a rule allows a removal, its departure keeping its own minutes."""
    anchor = grid.floor(departure.departs)
    instants = {("departure", "start"): departure.departs, ("departure", "end"): departure.arrives}

    def at(edge: Edge) -> datetime:
        return instants.get(edge) or grid.at(anchor + frame.slots[edge])

    match rule:
        case Only():
            # Of facilities only those allowed are laid out.
            return rule.departures is None or departure.id in rule.departures
        case Inside():
            begin, end = at(rule.first), at(rule.last)
            return any(since <= begin and end <= until for since, until in rule.stretches)
        case Elapsed():
            if rule.departures is not None and departure.id not in rule.departures:
                return True
            begin, end = at(rule.first), at(rule.last)
            passed = end - begin
            for since, until in rule.pauses:
                passed -= max(min(end, until) - max(begin, since), timedelta())
            minutes = passed / _MINUTE
            return rule.at_least <= minutes and (rule.at_most is None or minutes <= rule.at_most)
        case _:
            return True


def _leads(register: Register, world: World, case: Case, leg: Leg) -> Iterator[After]:
    """Yield what a leg asks of the time from now: what is booked ahead, and what is checked then.

    A check that is due is made when its window opens, so a window that is open already is missed.
    """
    for _, rule in register.declarations(world, case, leg):
        if isinstance(rule, After) and rule.departures is None:
            yield replace(rule, ready=world.as_of)
        elif isinstance(rule, Due):
            yield After(rule.edge, world.as_of, minutes=rule.window)


def _terms(register: Register, world: World, case: Case) -> tuple[int | None, int | None]:
    """Return the longest stay, and the time from entering to a legal end, in minutes.

    What moves with the imposition of the detention is a term of the stay. All other events of a
    prototype are taken to happen as it enters, at ``asOf``.
    """
    if "removal" not in case.legs:
        return None, None
    imposed = case.detention.imposed_at if case.detention else None
    ends = _ends(register, world, case)
    later = ends
    if case.detention is not None and imposed is not None:
        moved = case.detention.model_copy(update={"imposed_at": imposed - _DAY})
        later = _ends(register, world, case.model_copy(update={"detention": moved}))
    stays, others = [], []
    for one, other in zip(ends, later, strict=True):
        if one != other and imposed is not None:
            stays.append((one - imposed) // _MINUTE)
        else:
            others.append((one - world.as_of) // _MINUTE)
    return min(stays, default=None), min(others, default=None)


def _ends(register: Register, world: World, case: Case) -> list[datetime]:
    return [
        rule.stretches[-1][1]
        for _, rule in register.declarations(world, case, "removal")
        if isinstance(rule, Inside) and rule.clock and rule.stretches[-1][1] < LATEST
    ]
