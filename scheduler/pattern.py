"""Patterns: options without names, compiled from what the constraints declare.

A *pattern* is a layout with its anchor slot, or a pair of them for a chain. The planner, the
proposals and the explanations all ask here: there is no second answer to "is this possible" but
the validator.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from scheduler.constraint import (
    Attendance,
    Declaration,
    Elapsed,
    Nights,
    Only,
    Register,
    Scope,
    Seats,
    Standing,
)
from scheduler.grid import day_at, days, first_slots
from scheduler.layout import CaseLeg, Condition, Declared, Family, Layout, matches
from scheduler.need import Booked
from scheduler.occupancy import Block, Claims, Occupancy, nights_between
from scheduler.reading import Readings
from scheduler.timeline import Timeline, runs, slots_of, span
from scheduler.world import Booking, Case, Departure, Leg, World

Drawn = tuple[tuple[str, Attendance, tuple[Block, ...]], ...]
"""Per attendance of a leg: the constraint that asked, what it asked, and the blocks drawn."""
JoinKey = tuple[str | None, int, tuple[int, ...]]
"""A facility, and slots from the end of a placement to its arrival and to the edges of spans."""
Names = tuple[Drawn, ...]
"""The people drawn for a pattern, leg by leg."""


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


class Join(NamedTuple):
    """A removal, the local date it leaves its facility, and when a placement may end before it.

    That is at a slot ``first <= t < end``, the places of the nights between apart.
    """

    removal: Layout
    leaves: date
    first: int
    end: int


class Patterns:
    """The patterns of every case of a world under a register, compiled on demand and kept."""

    def __init__(self, world: World, register: Register) -> None:
        self.world = world
        self.register = register
        self.readings = Readings(world)
        self._cases: dict[str, CasePatterns] = {}

    def of(self, case: str) -> "CasePatterns":
        """Return the patterns of ``case``; KeyError when the world has no such case."""
        known = self._cases.get(case)
        if known is None:
            known = self._cases[case] = CasePatterns(self, self.world.case[case])
        return known

    def follow(self, world: World, changed: Set[str], people: Set[str] = frozenset()) -> None:
        """Go on with ``world``, which differs in cases that ``changed`` and their bookings alone.

        Those are compiled anew when they are asked: a case depends on no booking of another. At
        another moment, or with other places or departures, all of them have changed. ``people``
        are at work at other times, and in no team of a charter: of what was compiled only what
        rests on their roster is asked again.
        """
        for name in changed & self._cases.keys():
            # It refers to itself, and is too much to wait for the collector.
            gone = self._cases.pop(name)
            for leg in gone.legs.values():
                vars(leg).clear()
            vars(gone).clear()
        self.world = world
        self.readings.follow(world)
        self.empty.follow(world, people)
        roles = {world.resource[one].role for one in people}
        for one in self._cases.values():
            one.follow(world, roles)

    @cached_property
    def empty(self) -> Occupancy:
        """The empty world: nobody's booking in it."""
        return Occupancy(self.world)


class CasePatterns:
    """All patterns of one case.

    ``legs`` holds each leg in order; ``declared`` what the constraints said, per scope. Conditions
    that ever forbade something have ``numbers``; ``barred`` splits the anchors of placements by
    what the case alone forbids, a bit per number.
    """

    def __init__(self, patterns: Patterns, case: Case) -> None:
        self.patterns = patterns
        self.readings = patterns.readings
        self.case = case
        self.world = patterns.world
        self.chained = len(case.legs) == 2
        self._ranges: dict[tuple[JoinKey, Layout], tuple[int, int]] = {}
        self._goes: dict[JoinKey, list[Join]] = {}
        self._rostered: dict[Layout, Timeline] = {}
        self._families: dict[Family, list[tuple[Layout, Timeline]]] = {}
        self.numbers: dict[Condition, int] = {}
        self.barred: dict[Layout, dict[int, Timeline]] = {}
        self._shut: dict[Layout, tuple[tuple[Condition, Declaration], ...]] = {}
        self._joins: dict[Layout, JoinKey] = {}
        self._taken: dict[str | None, tuple[tuple[tuple[str, str, int, int], ...], int]] = {}
        scopes: tuple[Scope, ...] = (*case.legs, "chain") if self.chained else case.legs
        self.declared: Mapping[Scope, Declared] = {
            scope: patterns.register.declarations(self.world, case, scope) for scope in scopes
        }
        facilities = self._facilities()
        self.legs: Mapping[Leg, CaseLeg] = {
            leg: CaseLeg(
                patterns.readings,
                case,
                leg,
                self.declared[leg],
                facilities if leg == "placement" or self.chained else (None,),
            )
            for leg in case.legs
        }

    def follow(self, world: World, roles: Set[str]) -> None:
        """Go on with ``world``, in which people of these roles are at work at other times."""
        self.world = world
        asked = (one.role for leg in self.legs.values() for _, one in leg.attendances)
        if not roles.isdisjoint(asked):
            for known in (self._rostered, self._families, self._shut):
                known.clear()

    def _facilities(self) -> tuple[str | None, ...]:
        """Return the facilities in reach that a stay admits; (None,) if none is asked.

        One that only a leg does not allow stays among them: it is barred there, by name.
        """
        asked = [(scope, rule) for scope, group in self.declared.items() for _, rule in group]
        stays = [rule.facilities for _, rule in asked if isinstance(rule, Nights)]
        sets = stays + [
            rule.facilities
            for scope, rule in asked
            if isinstance(rule, Only)
            and rule.facilities is not None
            and (scope == "chain" or not stays)
        ]
        if not sets:
            return (None,)
        origin, place = self.case.location, self.world.facility
        return tuple(
            one
            for one in sorted(frozenset.intersection(*sets))
            if self.world.drive(origin, place[one].location) is not None
        )

    @cached_property
    def proposed(self) -> Pattern | None:
        """The pattern of its bookings that planning may still move, or None."""
        booked = self.world.booked.get(self.case.id, ())
        found = pattern_of(self, [one for one in booked if one.status == "proposed"])
        legs = [
            (layout, slot)
            for booked_as, slot in (found.legs if found else ())
            for layout in self.legs[booked_as.leg].promising
            if layout.frame is booked_as.frame
        ]
        return Pattern(self.case.id, tuple(legs)) if len(legs) == len(self.legs) else None

    @property
    def withdrawn(self) -> bool:
        """Whether the case is over: what is booked for it is to be released."""
        return any(
            isinstance(rule, Standing) and rule.withdrawn
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
        self, layout: Layout, occupancy: Occupancy, booked: Booked = "free"
    ) -> Timeline:
        """Return the anchor slots at which one leg alone is open."""
        line = self._rostered.get(layout)
        if line is None:
            line = self._starts(layout, layout.static, occupancy, "rostered")
            self._rostered[layout] = line
        return line if booked == "rostered" else self._starts(layout, line, occupancy, "free")

    def _starts(
        self,
        layout: Layout,
        line: Timeline,
        occupancy: Occupancy,
        booked: Booked,
        *,
        rostered: bool = True,
    ) -> Timeline:
        """Return what seats, nights and people leave of ``line`` on one layer."""
        departure = layout.departure
        if not line:
            return 0
        if departure is None:
            family = Family(layout.of.shared(layout.frame), (layout,))
            found = self._members(family, [(layout, line)], occupancy, booked, rostered=rostered)
            return dict(found).get(layout, 0)
        if not all(seat.fits(departure.id, occupancy, booked) for seat in layout.seats):
            return 0
        for need in layout.needs:
            if not line:
                break
            line &= layout.meets(need, occupancy, booked, within=line)
        return line

    def _members(
        self,
        family: Family,
        lines: Iterable[tuple[Layout, Timeline]],
        occupancy: Occupancy,
        booked: Booked,
        *,
        whole: bool = True,
        rostered: bool = True,
    ) -> list[tuple[Layout, Timeline]]:
        """Return those of a family that one layer leaves open, each of its slots in ``lines``.

        What they ask alike is asked once and shifted; of each only what reaches over a wait, which
        is left to be asked with ``whole`` False. Claims alone take the person away from lines that
        are open in the empty world, which they are not with ``rostered`` False.
        """
        first = family.members[0]
        stays = None if first.of.nights is None else self._stays(first, occupancy, booked)
        runs = family.shared.open_runs(occupancy, booked) if stays != 0 else []
        if stays == 0 or not all(known for _, known in runs):
            return []
        engaged = not rostered or booked == "rostered" or occupancy.claimed(self.case.id)
        found = []
        for layout, line in lines:
            frame = layout.frame
            if stays is not None:
                line &= stays >> frame.slots["arrival", "start"]
            for run, known in runs:
                line &= known >> frame.starts[run]
            if engaged and line:
                line &= layout.own(occupancy, booked)
            for need in layout.apart if whole else ():
                if not line:
                    break
                line &= layout.meets(need, occupancy, booked, within=line)
            if line:
                found.append((layout, line))
        return found

    def holds(self, layout: Layout, slot: int, occupancy: Occupancy) -> bool:
        """Return whether a placement of :meth:`near_layouts` is open at one of its slots."""
        return all(
            any(
                one.starts(occupancy, "free", need.count) >> slot & 1 for one in (*need.parts, need)
            )
            for need in layout.apart
        )

    def near_layouts(self, occupancy: Occupancy) -> list[list[tuple[Layout, Timeline]]]:
        """Return, by family, placements that may be open, for :meth:`holds` to say at a slot."""
        return [
            near
            for family, rostered in self._rostered_families("placement", occupancy)
            if (near := self._members(family, rostered, occupancy, "free", whole=False))
        ]

    def _rostered_families(
        self, leg: Leg, occupancy: Occupancy
    ) -> Iterator[tuple[Family, list[tuple[Layout, Timeline]]]]:
        """Yield the families of a leg that are open in the empty world, with what is open."""
        for family in () if self.legs[leg].barred else self.legs[leg].families:
            rostered = self._families.get(family)
            if rostered is None:
                static = [(one, one.static) for one in family.members]
                rostered = self._members(family, static, occupancy, "rostered")
                self._families[family] = rostered
            if rostered:
                yield family, rostered

    def hopeful_layouts(self, leg: Leg, occupancy: Occupancy) -> list[tuple[Layout, Timeline]]:
        """Return what would be open if every standing check were answered yes."""
        if leg == "removal":
            return [
                (layout, line)
                for layout in self.legs[leg].hopeful
                if (
                    line := self._starts(layout, layout.unbarred, occupancy, "free", rostered=False)
                )
            ]
        return [
            one
            for family in self.legs[leg].families
            for one in self._members(
                family,
                [(one, one.unbarred) for one in family.members],
                occupancy,
                "free",
                rostered=False,
            )
        ]

    def open_layouts(
        self, leg: Leg, occupancy: Occupancy, booked: Booked = "free"
    ) -> list[tuple[Layout, Timeline]]:
        """Return the layouts of ``leg`` with an open slot, with their open slots."""
        if leg == "removal":
            return [
                (layout, line)
                for layout in self.legs[leg].promising
                if (line := self.open_starts(layout, occupancy, booked))
            ]
        return [
            one
            for family, rostered in self._rostered_families(leg, occupancy)
            for one in (
                rostered
                if booked == "rostered"
                else self._members(family, rostered, occupancy, "free")
            )
        ]

    def stay_starts(self, layout: Layout, occupancy: Occupancy, booked: Booked) -> Timeline:
        """Return the anchors from which every night of a stay of fixed length has its places."""
        line = self._stays(layout, occupancy, booked)
        return line >> layout.frame.slots["arrival", "start"]

    def _stays(self, layout: Layout, occupancy: Occupancy, booked: Booked) -> Timeline:
        """Return the slots of the days on which such a stay may begin."""
        asked = layout.of.nights
        if asked is None or asked[1].stay is None or layout.facility is None:
            return 0
        stay, count = asked[1].stay, asked[1].count
        places = runs(
            occupancy.places(layout.facility, count, beyond=stay, booked=booked == "free"), stay
        )
        return self.readings.on_days(self._zone(layout.facility), places)

    def shut(self, layout: Layout) -> tuple[tuple[Condition, Declaration], ...]:
        """Return what forbids a removal in the empty world, standing checks apart.

        A departure that does not exist says so once.
        """
        known = self._shut.get(layout)
        if known is None:
            known = self._shut[layout] = tuple(self._forbids(layout))
        return known

    def _forbids(self, layout: Layout) -> Iterator[tuple[Condition, Declaration]]:
        empty, departure = self.patterns.empty, layout.departure
        for bar in layout.bars:
            yield bar.condition, bar.declaration
        if departure is not None:
            absent = departure.id not in self.world.departure
            for seat in layout.seats[:1] if absent else layout.seats:
                if absent or not seat.fits(departure.id, empty, "rostered"):
                    yield Condition(seat.constraint, "not-rostered"), seat.declaration
        for need in layout.needs:
            if not need.met(empty, "rostered", layout.anchor, need.count):
                yield Condition(need.constraint, "not-rostered"), need.declaration

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
        facility, arrival, _ = key
        if facility != removal.facility:
            return 0, 0
        first, end = self._range(key, removal)
        if first >= end:
            return first, end
        return max(first, self.night_range(facility, arrival, removal, occupancy, booked)[0]), end

    def joins(self, key: JoinKey) -> Sequence["Join"]:
        """Return the promising removals that placements of ``key`` could go with, nights apart."""
        known = self._goes.get(key)
        if known is None:
            known = self._goes[key] = [
                Join(removal, self.leaves(removal), first, end)
                for removal in self.legs["removal"].promising
                if removal.facility == key[0]
                for first, end in [self._range(key, removal)]
                if first < end
            ]
        return known

    def _range(self, key: JoinKey, removal: Layout) -> tuple[int, int]:
        """Return what order and spans leave of the slots at which a placement may end."""
        known = self._ranges.get((key, removal))
        if known is None:
            ranges = [
                self.order_range(removal),
                *(
                    self.span_range(rule, edge, removal)
                    for (_, rule), edge in zip(self.spans, key[2], strict=True)
                ),
            ]
            known = max(first for first, _ in ranges), min(end for _, end in ranges)
            self._ranges[key, removal] = known
        return known

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
        if self.between is not None and (facility is None or removal.departure is None):
            return self.world.grid.slots, self.world.grid.slots
        return self.nights_since(facility, arrival, self.leaves(removal), occupancy, booked), (
            self.world.grid.slots
        )

    def nights_since(
        self,
        facility: str | None,
        arrival: int,
        leaves: date,
        occupancy: Occupancy,
        booked: Booked = "free",
    ) -> int:
        """Return the first slot at which a placement may end that has all nights to ``leaves``."""
        if self.between is None:
            return 0
        if facility is None:
            return self.world.grid.slots
        zone, grid = self._zone(facility), self.world.grid
        day = max((leaves - days(grid, zone)[0]).days, 0)
        places = occupancy.places(facility, self.between[1].count, booked=booked == "free")
        missing = ~places & ((1 << day) - 1)
        return max(first_slots(grid, zone)[missing.bit_length()] - arrival, 0)

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
        legs = pattern.legs
        open_ = all(self.open_starts(layout, occupancy) >> slot & 1 for layout, slot in legs)
        return open_ and self._joined(pattern, occupancy)

    def again(self, pattern: Pattern) -> Pattern | None:
        """Return a pattern of the case as it was compiled before; None where it is none any more.

        It need not be open, and what was compiled must rest on the same frames.
        """
        legs = zip(self.legs.values(), pattern.legs, strict=True)
        known = [(again, slot) for of, (one, slot) in legs if (again := of.again(one)) is not None]
        return Pattern(self.case.id, tuple(known)) if len(known) == len(self.legs) else None

    def is_left(self, pattern: Pattern, occupancy: Occupancy) -> bool:
        """Return whether bookings leave ``pattern`` what it asks, whatever rules forbid it."""
        return all(self._is_left(*leg, occupancy) for leg in pattern.legs) and self._joined(
            pattern, occupancy
        )

    def _is_left(self, layout: Layout, slot: int, occupancy: Occupancy) -> bool:
        departure = layout.departure
        return (
            (
                departure is None
                or all(one.fits(departure.id, occupancy, "free") for one in layout.seats)
            )
            and (
                layout.of.nights is None
                or bool(self.stay_starts(layout, occupancy, "free") >> slot & 1)
            )
            and bool(layout.own(occupancy, "free") >> slot & 1)
            and all(
                any(one.met(occupancy, "free", slot, need.count) for one in (*need.parts, need))
                for need in layout.needs
            )
        )

    def _joined(self, pattern: Pattern, occupancy: Occupancy) -> bool:
        """Return whether the legs of ``pattern`` go together."""
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
        groups = [*self.declared.values()]
        if departure is None and "placement" not in self.legs:
            # A placement that was carried out holds its places though the case asks for it no more.
            groups.append(self.patterns.register.between(self.world, self.case))
        for group in groups:
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
                blocks = self.readings.needs.draw(layout.frame, asked, slot, occupancy, taken)
                if blocks is None:
                    return None
                drawn += ((*one, mine) for one, mine in zip(asked, blocks, strict=True))
            legs.append(tuple(drawn))
            if len(legs) < len(pattern.legs):
                taken = _lines(slot, legs[-1])
        return tuple(legs)

    def _zone(self, facility: str) -> str:
        return self.world.location[self.world.facility[facility].location].timezone


def pattern_of(case: CasePatterns, bookings: Iterable[Booking]) -> Pattern | None:
    """Return the pattern whose legs ``bookings`` are, names apart; None when they are of none."""
    booked = {one.operation: one for one in bookings}
    legs: list[tuple[Layout, int]] = []
    for leg in case.case.legs:
        booking = booked.get(leg)
        found = None if booking is None else _layout_of(case, booking)
        if found is None:
            return None
        legs.append(found)
    return Pattern(case.case.id, tuple(legs))


def _layout_of(case: CasePatterns, booking: Booking) -> tuple[Layout, int] | None:
    grid, start = case.world.grid, booking.phases[0].from_
    for layout in case.legs[booking.operation].layouts:
        departure = layout.departure.id if layout.departure else None
        if departure != booking.departure:
            continue
        anchor = layout.frame.anchor
        slot = grid.floor(start) - layout.frame.starts[0] if anchor is None else anchor
        if matches(booking, layout, slot):
            return layout, slot
    return None


def _lines(anchor: int, drawn: Drawn) -> dict[str, Timeline]:
    """Return the slots that each of those drawn is taken for."""
    lines: dict[str, Timeline] = {}
    for _, _, blocks in drawn:
        for name, lead, length in blocks:
            first = anchor + lead
            lines[name] = lines.get(name, 0) | span(first, first + length)
    return lines
