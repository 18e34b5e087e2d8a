"""Prospects: what a prototype could be offered in an empty world, compiled once for all.

The kernel's own patterns, with what belongs to one case left out: leads from now (``After``,
``Due``) and legal ends (``Inside`` with ``clock``) are read beside them, as times that a simulated
case applies to its own moments. What is left depends on the calendar alone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

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
from scheduler.layout import Layout
from scheduler.need import Asked, matched
from scheduler.occupancy import Pool
from scheduler.pattern import CasePatterns, Patterns
from scheduler.simulation.adjusting import declaring
from scheduler.simulation.diary import Diary, Roster, Slots, Taken, Team
from scheduler.timeline import Timeline, latest, shift
from scheduler.world import PERSON, Case, Departure, Leg, World

SeatsTaken = tuple[tuple[str, str, int, int], ...]
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
DEPARTURE: Edge = ("departure", "start")


Looked = dict[tuple[int, int], list[int]]
"""What was looked up in one walk, by units and base: the positions of those that are free."""
_NOBODY: list[int] = []


Narrowed = dict[tuple[int, int], Timeline]
"""The slots of a day from which so many of some units are there, as far as asked for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The attendances of one role: of each the units that would do, best first, from its base.

    ``wanted`` names an attendance as often as it wants somebody. Where there are several,
    ``orders`` gives each unit its number among all: nobody serves two at a time. Ways that ask
    alike share their units.
    """

    role: str
    constraint: str
    wanted: tuple[int, ...]
    units: tuple[tuple[Slots, ...], ...]
    bases: tuple[int, ...]
    orders: tuple[tuple[int, ...], ...] = ()
    keys: tuple[tuple[int, int], ...] = field(init=False, compare=False)
    """What is looked up: the identity of the units, and their base."""
    parts: tuple[tuple[tuple[Slots, ...], int, int], ...] = field(init=False, compare=False)
    """Each attendance: its units, how many it wants, and their base."""

    def __post_init__(self) -> None:
        keys = tuple((id(units), base) for units, base in zip(self.units, self.bases, strict=True))
        object.__setattr__(self, "keys", keys)
        counts = (self.wanted.count(n) for n in range(len(self.units)))
        parts = tuple(zip(self.units, counts, self.bases, strict=True))
        object.__setattr__(self, "parts", parts)

    def narrowed(
        self, line: Timeline, first: int, lag: int, diary: Diary, known: "Narrowed"
    ) -> Timeline:
        """Return the anchors of ``line`` at which each attendance alone has who it wants.

        Bit *n* is the anchor ``first`` + *n* - ``lag``; ``known`` are the answers of one day.
        """
        for units, count, base in self.parts:
            free = known.get((id(units), count))
            if free is None:
                free = known[id(units), count] = diary.starts(units, count, first)
            late = lag - base
            line &= free << late if late >= 0 else free >> -late
            if not line:
                break
        return line

    def drawn(self, anchor: int, diary: Diary, looked: Looked) -> list[Taken]:
        """Return who attends around ``anchor``, as the kernel draws them; empty when it cannot."""
        free = [
            self._free(units, anchor + base, diary, looked)
            for units, base in zip(self.units, self.bases, strict=True)
        ]
        if not self.orders:
            (found,) = free
            chosen = [(0, n) for n in found]
        else:
            if not all(free):
                return []
            choices = [
                [order[n] for n in found] for order, found in zip(self.orders, free, strict=True)
            ]
            holder = matched(choices, self.wanted) or {}
            chosen = [
                (asked, self.orders[asked].index(unit))
                for unit, place in holder.items()
                for asked in (self.wanted[place],)
            ]
        taken = []
        for asked, n in chosen:
            one, lead, mask = self.units[asked][n]
            taken.append((one, anchor + self.bases[asked] + lead, mask))
        return taken

    def _free(self, units: tuple[Slots, ...], base: int, diary: Diary, looked: Looked) -> list[int]:
        """Return the positions of the units that are free; of one attendance as many as asked."""
        key = id(units), base
        known = looked.get(key)
        if known is None:
            known = looked[key] = []
            free, week = diary.free, diary.roster.week
            most = len(units) if self.orders else len(self.wanted)
            for n, (one, lead, mask) in enumerate(units):
                first = base + lead
                if first >= 0 and free[one][first // week] >> first % week & mask == mask:
                    known.append(n)
                    if len(known) == most:
                        break
            if len(known) < len(self.wanted) and not self.orders:
                known.clear()
        return known


class Way:
    """A layout wherever it is anchored: phases and people as slots from the anchor.

    ``days`` holds, for a placement, the slots of each local day at which it could begin.
    """

    __slots__ = ("_asked", "_asks", "_of_role", "_tables", "days", "frame")

    def __init__(self, layout: Layout, days: tuple[Timeline, ...], tables: "Tables") -> None:
        self.frame = layout.frame
        self.days = days
        self._asked = layout.asked
        self._tables = tables
        self._asks: tuple[Ask, ...] | None = None
        self._of_role: dict[str, Ask] | None = None

    @property
    def of_role(self) -> Mapping[str, Ask]:
        """What it asks of people, by role."""
        if self._of_role is None:
            self._of_role = {one.role: one for one in self.asks}
        return self._of_role

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What it asks of people, role by role, scarcest first; worked out when first needed."""
        if self._asks is None:
            asks = (
                self._tables.ask(self.frame, one) for one in self._asked if one[0][1].role != PERSON
            )
            self._asks = tuple(sorted(asks, key=lambda ask: (len(ask.units), len(ask.units[0]))))
        return self._asks

    def drawn(self, anchor: int, diary: Diary, looked: Looked) -> tuple[list[Taken], Ask | None]:
        """Return who attends around ``anchor``, or the asking that nobody is left for.

        ``looked`` holds while nothing is claimed; what it knows to be lacking is asked first.
        """
        asks = self.asks
        for ask in asks:
            for units, base in ask.keys:
                if looked.get((units, anchor + base)) == _NOBODY:
                    return [], ask
        taken: list[Taken] = []
        for ask in asks:
            mine = ask.drawn(anchor, diary, looked)
            if not mine:
                return [], ask
            taken += mine
        return taken, None


@dataclass(frozen=True, slots=True)
class Offer:
    """A removal on one departure: its anchor slot, its minute, and how."""

    anchor: int
    departs: int
    departure: str
    way: Way


@dataclass(frozen=True, slots=True)
class Leaving:
    """The removals of a prototype from one place, in order of their anchors.

    ``sorts[n]`` is the sort of the *n*-th departure of ``table``, ``ways`` how a sort leaves, and
    ``limits`` holds kind, count and the limit by departure of each seat that is taken.
    """

    table: "Table"
    entries: tuple[int, ...]
    anchors: tuple[int, ...]
    sorts: tuple[int, ...]
    ways: Mapping[int, tuple[Way, ...]]
    limits: tuple[tuple[str, int, Mapping[str, int]], ...]

    def offers(self, first: int, end: int) -> Iterator[Offer]:
        """Yield what departs in slots ``first <= t < end``."""
        low, high = bisect_left(self.anchors, first), bisect_left(self.anchors, end)
        table = self.table
        for n in self.entries[low:high]:
            for way in self.ways[self.sorts[n]]:
                yield Offer(table.anchors[n], table.departs[n], table.ids[n], way)

    def seats(self, departure: str) -> SeatsTaken:
        """Return the seats taken on a departure, under the tightest of the limits of a kind."""
        seats: dict[tuple[str, int], int] = {}
        for kind, count, of in self.limits:
            limit = of.get(departure, 0)
            seats[kind, count] = min(limit, seats.get((kind, count), limit))
        return tuple((departure, kind, count, limit) for (kind, count), limit in seats.items())


@dataclass(frozen=True, slots=True)
class Table:
    """The departures to a destination in order: ids, anchor slots, and minutes from the start."""

    departures: tuple[Departure, ...]
    ids: tuple[str, ...]
    anchors: tuple[int, ...]
    departs: tuple[int, ...]


class Tables:
    """What prototypes of one world share: departures to a destination, lines cut into days."""

    def __init__(self, patterns: Patterns, roster: Roster) -> None:
        self.patterns = patterns
        self.numbers = roster.number
        self._tables: dict[str, Table] = {}
        self._days: dict[Timeline, tuple[Timeline, ...]] = {}
        self._limits: dict[int, tuple[object, Mapping[str, int]]] = {}
        self._asks: dict[tuple[Frame, int], Ask] = {}
        self._units: dict[tuple[Slots, ...], tuple[Slots, ...]] = {}
        self._blocks: dict[Pool, tuple[Slots, ...]] = {}

    def of(self, destination: str) -> Table:
        """Return the departures to ``destination`` that lie on the grid."""
        known = self._tables.get(destination)
        if known is None:
            world = self.patterns.world
            grid = world.grid
            found = tuple(
                one
                for one in world.departures_to(destination)
                if 0 <= grid.floor(one.departs) < grid.slots
            )
            known = self._tables[destination] = Table(
                found,
                tuple(one.id for one in found),
                tuple(grid.floor(one.departs) for one in found),
                tuple((one.departs - grid.start) // _MINUTE for one in found),
            )
        return known

    def days(self, line: Timeline, firsts: tuple[int, ...]) -> tuple[Timeline, ...]:
        """Return a line by local day, each from the first slot of the day."""
        known = self._days.get(line)
        if known is None:
            ends = (*firsts[1:], self.patterns.world.grid.slots)
            known = self._days[line] = tuple(
                line >> max(first, 0) & (1 << end - max(first, 0)) - 1
                for first, end in zip(firsts, ends, strict=True)
            )
        return known

    def ask(self, frame: Frame, asked: tuple[Asked, ...]) -> Ask:
        """Return what the attendances of one role ask in a frame; cases share the answer."""
        known = self._asks.get((frame, id(asked)))
        if known is None:
            known = self._asks[frame, id(asked)] = self._ask(frame, asked)
        return known

    def _ask(self, frame: Frame, asked: tuple[Asked, ...]) -> Ask:
        needs = self.patterns.readings.needs
        constraint, attendance = asked[0]
        wanted = tuple(n for n, (_, one) in enumerate(asked) for _ in range(one.count))
        if len(asked) == 1:
            (need,) = needs.of(frame, asked)
            alone = (self.blocks(need.pool),)
            return Ask(attendance.role, constraint, wanted, alone, (need.base,))
        among, orders = needs.choice(frame, asked)
        bases = tuple(frame.slots[one.first, "start"] for _, one in asked)
        slots = (
            tuple(
                (self.numbers[name], lead - bases[n], (1 << length) - 1)
                for name, lead, length in (among[unit][n] for unit in order)
            )
            for n, order in enumerate(orders)
        )
        units = tuple(self._units.setdefault(one, one) for one in slots)
        return Ask(attendance.role, constraint, wanted, units, bases, tuple(map(tuple, orders)))

    def blocks(self, pool: Pool) -> tuple[Slots, ...]:
        """Return the blocks of a pool, best first."""
        known = self._blocks.get(pool)
        if known is None:
            known = self._blocks[pool] = tuple(
                (self.numbers[name], lead, (1 << length) - 1)
                for name, lead, length in self.patterns.readings.needs.ordered(pool)
            )
        return known

    def limits(self, rule: Seats) -> Mapping[str, int]:
        """Return the limits of a rule by departure."""
        known = self._limits.get(id(rule.limits))
        if known is None:
            known = self._limits[id(rule.limits)] = rule.limits, dict(rule.limits)
        return known[1]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Placements that go with the same removals: to one facility, seen from their end.

    It arrives ``arrival`` slots after its end, and ``edges`` are the first edges of the spans.
    """

    facility: str
    arrival: int
    edges: tuple[int, ...]
    ways: tuple[Way, ...]


class Opening:
    """How placements could begin on a local day, from its first slot: days alike share it.

    ``ways`` holds each way, the slots by which its bits are late, and its bits: starts, or ends of
    those that are late by their length. ``all`` are the bits of all.
    """

    __slots__ = ("_roles", "all", "ways")

    def __init__(self, ways: tuple[tuple[Way, int, Timeline], ...]) -> None:
        self.ways = ways
        self.all = 0
        for _, _, line in ways:
            self.all |= line
        self._roles: dict[str, Together | None] = {}

    def exhausted(self, role: str, first: int, diary: Diary) -> "Together | None":
        """Return what is asked of a role that has nobody left for any of it, or None."""
        if role not in self._roles:
            self._roles[role] = self._together(role)
        asked = self._roles[role]
        return asked if asked is not None and asked.exhausted(first, diary) else None

    def _together(self, role: str) -> "Together | None":
        """Return what the ways ask of a role; None when one of them asks nothing."""
        alike: dict[object, tuple[Ask, int, Timeline]] = {}
        parts: list[dict[int, tuple[tuple[Slots, ...], int, Timeline]]] = []
        for way, lag, line in self.ways:
            ask = way.of_role.get(role)
            if ask is None:
                return None
            key = tuple((id(units), count, base - lag) for units, count, base in ask.parts)
            alike[key] = ask, lag, line | alike.get(key, (ask, lag, 0))[2]
            for n, (units, count, base) in enumerate(ask.parts):
                if n == len(parts):
                    parts.append({})
                wanted = parts[n].get(id(units), (units, count, 0))[2]
                parts[n][id(units)] = units, count, wanted | shift(line, base - lag)
        if not alike:
            return None
        one = next(iter(alike.values()))[0]
        merged = tuple(tuple(each.values()) for each in parts)
        return Together(one, tuple(alike.values()), merged)


@dataclass(frozen=True, slots=True)
class Together:
    """What the ways of a day ask of one role, ``ask`` one of them.

    ``alike`` holds what differs, with how late its bits are and its bits; ``parts`` for each
    attendance the units, how many it wants, and from which slots.
    """

    ask: Ask
    alike: tuple[tuple[Ask, int, Timeline], ...]
    parts: tuple[tuple[tuple[tuple[Slots, ...], int, Timeline], ...], ...]

    def exhausted(self, first: int, diary: Diary) -> bool:
        """Return whether nobody is left for any of it; one attendance alone often tells."""
        for units_of in self.parts:
            if not any(
                wanted & diary.starts(units, count, first) for units, count, wanted in units_of
            ):
                return True
        if len(self.parts) == 1:
            return False
        known: Narrowed = {}
        return not any(
            ask.narrowed(line, first, lag, diary, known) for ask, lag, line in self.alike
        )

    def teams(self, diary: Diary) -> set[Team]:
        """Return the people that are asked for."""
        return {diary.team(units) for part in self.parts for units, _, _ in part}


class Stage:
    """What a prototype could be offered, and the times that bind a case at this stage.

    ``leads`` of each leg run from now; ``detained_for`` is the longest stay and ``within`` the time
    from entering the caseload, in minutes, at which a legal end comes (None: no such end).
    """

    def __init__(
        self,
        number: int,
        patterns: CasePatterns,
        register: Register,
        roster: Roster,
        tables: Tables,
    ) -> None:
        case, world = patterns.case, patterns.world
        self.number = number
        self.case = case
        self.legs = case.legs
        self.persons = len(case.persons)
        self.world = world
        self.roster = roster
        zone = world.location[case.location].timezone
        self.firsts = first_slots(world.grid, zone)
        self.zone = zone
        self.placing = _placing(patterns, tables)
        self.leaving = _leaving(patterns, tables)
        self.spans = tuple(rule for _, rule in patterns.spans)
        nights = [
            one
            for one in (
                patterns.between,
                patterns.legs["placement"].nights if "placement" in case.legs else None,
            )
            if one is not None
        ]
        self.nights_asked = nights[0][1] if nights else None
        self.place_constraint = nights[0][0] if nights else ""
        self.seat_constraint = next(
            (one for leg in patterns.legs.values() for one, _ in leg.seats), ""
        )
        self.leads: Mapping[Leg, tuple[After, ...]] = {
            leg: tuple(dict.fromkeys(_leads(register, world, case, leg))) for leg in case.legs
        }
        self.detained_for, self.within = _terms(register, world, case)
        self.groups = _groups(patterns, self.placing) if patterns.chained else ()
        self._nights = {
            one.id: first_slots(world.grid, world.location[one.location].timezone)
            for one in world.facilities
        }
        self._fewest: dict[object, int | None] = {}
        self._openings: dict[tuple[Group | None, int], Opening] = {}
        self._alike: dict[object, Opening] = {}

    def night(self, facility: str, slot: int) -> int:
        """Return the number of the local day at a facility in which ``slot`` lies."""
        return bisect_right(self._nights[facility], slot) - 1

    def evening(self, facility: str, night: int) -> int:
        """Return the first slot of the *night*-th local day at a facility."""
        nights = self._nights[facility]
        return nights[night] if night < len(nights) else self.roster.grid.slots

    def fewest(self, group: Group, offer: Offer) -> int | None:
        """Return the nights of a chain with the last placement of the calendar before a removal."""
        key = group, offer.departure, id(offer.way)
        if key not in self._fewest:
            first, end = self.ending(group, offer)
            last = self._last(group, first, end)
            leaves = self.night(group.facility, offer.anchor)
            nights = None
            if last is not None:
                nights = max(leaves - self.night(group.facility, last + group.arrival), 0)
            self._fewest[key] = nights
        return self._fewest[key]

    def ending(self, group: Group, offer: Offer) -> tuple[int, int]:
        """Return at which slots ``first <= t < end`` a placement may end before a removal."""
        frame, anchor, minutes = offer.way.frame, offer.anchor, self.roster.grid.minutes
        first, end = 0, anchor + frame.starts[0] + 1
        for rule, edge in zip(self.spans, group.edges, strict=True):
            departs = rule.last == DEPARTURE
            last = offer.departs if departs else (anchor + frame.slots[rule.last]) * minutes
            end = min(end, (last - rule.at_least) // minutes - edge + 1)
            if rule.at_most is not None:
                first = max(first, -((rule.at_most - last) // minutes) - edge)
        return first, end

    def _last(self, group: Group, first: int, end: int) -> int | None:
        for day in range(bisect_right(self.firsts, end) - 1, -1, -1):
            base = max(self.firsts[day], 0)
            last = latest(self.opening(group, day).all & (1 << max(end - base, 0)) - 1)
            if last is not None and base + last >= first:
                return base + last
            if base < first:
                return None
        return None

    def opening(self, group: Group | None, day: int) -> Opening:
        """Return how placements could begin on a local day; with a group by when they end."""
        known = self._openings.get((group, day))
        if known is None:
            ways = self.placing if group is None else group.ways
            lines = tuple(way.days[day] for way in ways)
            alike = group, lines
            known = self._alike.get(alike)
            if known is None:
                lags = (0 if group is None else way.frame.ends[-1] for way in ways)
                known = self._alike[alike] = Opening(
                    tuple(
                        (way, lag, line << lag)
                        for way, lag, line in zip(ways, lags, lines, strict=True)
                        if line
                    )
                )
            self._openings[group, day] = known
        return known


def stages_of(
    world: World, register: Register, cases: Iterable[Case], roster: Roster
) -> Iterator[Stage]:
    """Yield a stage for each prototype.

    Raises
    ------
    ValueError
        When a prototype has a check that is not answered yes, with all of them.
    """
    timeless = replace(register, constraints=declaring(register.constraints, _timeless))
    patterns = Patterns(world, timeless)
    tables = Tables(patterns, roster)
    barred = []
    for number, case in enumerate(cases):
        mine = CasePatterns(patterns, case)
        if any(leg.barred for leg in mine.legs.values()):
            barred.append(case.id)
        else:
            yield Stage(number, mine, register, roster, tables)
    if barred:
        raise ValueError(f"prototypes with a check that is not a yes: {', '.join(barred)}")


def _timeless(declared: Iterable[Declaration]) -> Iterator[Declaration]:
    """Leave out what depends on now, or on when a case's own clock began."""
    for one in declared:
        if not isinstance(one, After | Due) and not (isinstance(one, Inside) and one.clock):
            yield one


def _placing(patterns: CasePatterns, tables: Tables) -> tuple[Way, ...]:
    if "placement" not in patterns.legs:
        return ()
    world = patterns.world
    firsts = first_slots(world.grid, world.location[patterns.case.location].timezone)
    return tuple(
        Way(layout, tables.days(layout.unbarred, firsts), tables)
        for family in patterns.legs["placement"].families
        for layout in family.members
    )


def _leaving(patterns: CasePatterns, tables: Tables) -> Mapping[str | None, Leaving]:
    """Return the removals by the facility they leave.

    Departures are of one sort when all but their day is alike: of each sort one is laid out.
    """
    if "removal" not in patterns.legs:
        return {}
    leg, grid = patterns.legs["removal"], patterns.world.grid
    table = tables.of(patterns.case.destination)
    slot = timedelta(minutes=grid.minutes)
    rules = [rule for _, rule in leg.rules if not _always(rule, grid)]
    steady = [rule for rule in rules if isinstance(rule, Elapsed) and not rule.pauses]
    dated = [rule for rule in rules if rule not in steady]
    scoped = [one.departures for one in steady] + [one.departures for _, one in leg.attendances]
    sorts: dict[object, int] = {}
    first: list[Departure] = []
    of = []
    for one in table.departures:
        into = (one.departs - grid.start) % slot
        meant = tuple(one.id in departures for departures in scoped if departures is not None)
        sort = sorts.setdefault((one.kind, one.from_, one.minutes, into, meant), len(sorts))
        if sort == len(first):
            first.append(one)
        of.append(sort)
    limits = tuple((rule.kind, rule.count, tables.limits(rule)) for _, rule in leg.seats)
    made: dict[str | None, Leaving] = {}
    for facility in leg.facilities:
        ways = {
            sort: tuple(
                Way(Layout(leg, frame), (), tables)
                for frame in patterns.readings.frames(
                    patterns.case, "removal", facility, (departure,)
                )
                if all(_allows(rule, frame, departure, grid) for rule in steady)
            )
            for sort, departure in enumerate(first)
        }
        entries = tuple(
            n
            for n, (departure, sort) in enumerate(zip(table.departures, of, strict=True))
            if ways[sort]
            and all(count <= limit.get(departure.id, 0) for _, count, limit in limits)
            and all(_allows(rule, ways[sort][0].frame, departure, grid) for rule in dated)
        )
        anchors = tuple(table.anchors[n] for n in entries)
        made[facility] = Leaving(table, entries, anchors, tuple(of), ways, limits)
    return made


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


def _groups(patterns: CasePatterns, ways: Iterable[Way]) -> tuple[Group, ...]:
    """Return the placements of a chain by what decides with which removals they go."""
    found: dict[tuple[str, int, tuple[int, ...]], list[Way]] = {}
    for way in ways:
        if way.frame.facility is not None:
            slots, end = way.frame.slots, way.frame.ends[-1]
            edges = tuple(slots[rule.first] - end for _, rule in patterns.spans)
            key = way.frame.facility, slots["arrival", "start"] - end, edges
            found.setdefault(key, []).append(way)
    return tuple(Group(*key, tuple(mine)) for key, mine in found.items())


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
