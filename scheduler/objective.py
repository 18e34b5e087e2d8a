"""What a plan is worth: six levels, compared in order. Rules are hard and not among them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from scheduler.constraint import EARLIEST, LATEST, Inside
from scheduler.grid import day_at, day_lines, days, local_date, midnight
from scheduler.layout import Layout, matches
from scheduler.pattern import CasePatterns, Pattern, Patterns
from scheduler.timeline import span
from scheduler.world import Booking, Case, World

LEVELS = (
    "pastLegalEnd",
    "plannedWeight",
    "nightsInDetention",
    "withoutFallback",
    "changes",
    "daysWaited",
)
"""In order of weight; ``plannedWeight`` is to be high, all the others low."""
MAXIMISED = frozenset({"plannedWeight"})

Objective = dict[str, int]
"""A value per level, by name."""
Rank = tuple[int, ...]
"""What patterns of one case are compared by, lower being better."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What one pattern adds to the levels below ``plannedWeight``."""

    nights: int
    alone: int
    days: int


class Valuation:
    """The worth of patterns of a world; what counts alternatives counts them in the empty world."""

    def __init__(self, patterns: Patterns) -> None:
        self.patterns = patterns
        self.world: World = patterns.world
        self._moments: dict[str, tuple[datetime, ...]] = {}
        self._today: dict[str, date] = {}
        self._last: dict[str, datetime | None] = {}
        self._departing: dict[Layout, tuple[int, int]] = {}
        self._removals: dict[str, Sequence[tuple[Rank, Pattern]]] = {}

    @cached_property
    def in_force(self) -> Mapping[tuple[str, str], Booking]:
        """The bookings that may still move, by case and leg: those only proposed."""
        return {
            (one.case, one.operation): one
            for one in self.world.bookings
            if one.status == "proposed"
        }

    def follow(self, world: World, changed: Collection[str], people: Collection[str] = ()) -> None:
        """Go on with ``world``, as :meth:`Patterns.follow` does."""
        if world.as_of != self.world.as_of:
            self._today.clear()
        self.world = world
        self.__dict__.pop("in_force", None)
        if people:  # what is left open to a case at all rests on who is at work
            for kept in (self._moments, self._last, self._removals, self._departing):
                kept.clear()
            return
        for name in changed:
            for known in (self._moments, self._last, self._removals):
                known.pop(name, None)
        for layout in [one for one in self._departing if one.of.case.id in changed]:
            del self._departing[layout]

    def worth(self, case: CasePatterns, pattern: Pattern) -> Worth:
        """Return the worth of ``pattern``: nights, 1 without a fallback, days waited."""
        layout, _ = pattern.legs[-1]
        if layout.departure is None:
            alone, days = self._later(case, pattern)
        else:
            alone, days = self.departing(case, layout)
        return Worth(self.nights(case, pattern), alone, days)

    def departing(self, case: CasePatterns, removal: Layout) -> tuple[int, int]:
        """Return 1 without a fallback, and the days waited, of any pattern with ``removal``."""
        known = self._departing.get(removal)
        if known is None:
            pattern = Pattern(case.case.id, ((removal, removal.anchor),))
            known = self._departing[removal] = self._later(case, pattern)
        return known

    def _later(self, case: CasePatterns, pattern: Pattern) -> tuple[int, int]:
        alone = when(case, pattern) >= (self.last_moment(case) or EARLIEST)
        return int(alone), self._days_ahead(case, pattern)

    def nights(self, case: CasePatterns, pattern: Pattern) -> int:
        """Return the nights in detention ahead: those claimed, or those until the departure."""
        detention = case.case.detention
        if pattern.legs[0][0].leg == "placement":
            first, after = case.stay(pattern)
            return max((after - first).days, 0)
        if detention is None or detention.imposed_at is None:
            return 0
        return self._days_ahead(case, pattern)

    def rank(self, case: CasePatterns, pattern: Pattern) -> Rank:
        """Return the levels below the planned weight, in their order, then the slots."""
        worth = self.worth(case, pattern)
        changes = sum(self.changed(case.case, *leg) for leg in pattern.legs)
        return worth.nights, worth.alone, changes, worth.days, *(slot for _, slot in pattern.legs)

    def removals(self, case: CasePatterns) -> Sequence[tuple[Rank, Pattern]]:
        """Return the promising patterns of a lone removal with their ranks, best first."""
        known = self._removals.get(case.case.id)
        if known is None:
            patterns = (
                Pattern(case.case.id, ((layout, layout.anchor),))
                for layout in case.legs["removal"].promising
            )
            ranked = ((self.rank(case, one), one) for one in patterns)
            known = self._removals[case.case.id] = sorted(ranked, key=lambda one: one[0])
        return known

    def order(self, case: CasePatterns) -> tuple[object, ...]:
        """Return how pressing a case is among others: its legal end, then its weight."""
        pressed = self.pressed(case)
        deadline = self.deadline(case) if pressed else None
        return not pressed, deadline or LATEST, -case.case.weight

    def fallbacks(self, case: CasePatterns, pattern: Pattern) -> int:
        """Return how many later departures (days, for a placement) the case has in itself."""
        chosen = when(case, pattern)
        return sum(moment > chosen for moment in self.moments(case))

    def moments(self, case: CasePatterns) -> tuple[datetime, ...]:
        """Return the departures, or days of a placement, open to the case in the empty world."""
        known = self._moments.get(case.case.id)
        if known is None:
            known = self._moments[case.case.id] = tuple(sorted(set(_moments(case))))
        return known

    def last_moment(self, case: CasePatterns) -> datetime | None:
        """Return the last of :meth:`moments`, without working out the others."""
        if case.case.id not in self._last:
            self._last[case.case.id] = next(_moments(case), None)
        return self._last[case.case.id]

    def changed(self, case: Case, layout: Layout, slot: int) -> int:
        """Return 1 when this leg differs from the booking in force for it, else 0."""
        booking = self.in_force.get((case.id, layout.leg))
        return int(booking is not None and not matches(booking, layout, slot))

    def deadline(self, case: CasePatterns) -> datetime | None:
        """Return the earliest legal end that binds the case, or None."""
        ends = [
            rule.stretches[-1][1]
            for declared in case.declared.values()
            for _, rule in declared
            if isinstance(rule, Inside) and rule.clock and rule.stretches
        ]
        return min((end for end in ends if end < LATEST), default=None)

    def pressed(self, case: CasePatterns) -> bool:
        """Return whether a legal end of the case passes within the horizon."""
        end = self.deadline(case)
        return end is not None and end <= self.world.grid.end

    def _days_ahead(self, case: CasePatterns, pattern: Pattern) -> int:
        """Return the local days from ``asOf`` to the start of a placement or the departure."""
        zone = self.world.location[case.case.location].timezone
        today = self._today.get(zone)
        if today is None:
            today = self._today[zone] = local_date(self.world.as_of, zone)
        return (day_at(self.world.grid, pattern.legs[-1][1], zone) - today).days

    def total(self, cases: Iterable[CasePatterns], chosen: Mapping[str, Pattern]) -> Objective:
        """Return the value of planning ``chosen`` (by case) out of ``cases``."""
        values = dict.fromkeys(LEVELS, 0)
        for case in cases:
            pattern = chosen.get(case.case.id)
            if pattern is None:
                values["pastLegalEnd"] += self.pressed(case)
                values["changes"] += sum(
                    (case.case.id, leg) in self.in_force for leg in case.case.legs
                )
                continue
            worth = self.worth(case, pattern)
            values["plannedWeight"] += case.case.weight
            values["nightsInDetention"] += worth.nights
            values["withoutFallback"] += worth.alone
            values["changes"] += sum(self.changed(case.case, *leg) for leg in pattern.legs)
            values["daysWaited"] += worth.days
        return values


def when(case: CasePatterns, pattern: Pattern) -> datetime:
    """Return the moment a pattern is about: its departure, or the start of the placement."""
    departure = pattern.departure
    if departure is not None:
        return departure.departs
    layout, slot = pattern.legs[0]
    return case.world.grid.at(slot + layout.frame.starts[0])


def key(values: Objective) -> tuple[int, ...]:
    """Return a tuple that is larger for the better plan."""
    return tuple(values[name] if name in MAXIMISED else -values[name] for name in LEVELS)


def _moments(case: CasePatterns) -> Iterator[datetime]:
    """Yield the departures or days that are open in the empty world, latest first."""
    world, empty = case.world, case.patterns.empty
    if "removal" not in case.legs:
        union = 0
        for _, line in case.open_layouts("placement", empty, "rostered"):
            union |= line
        zone = world.location[case.case.location].timezone
        lines = zip(days(world.grid, zone), day_lines(world.grid, zone), strict=True)
        yield from (midnight(day, zone) for day, slots in reversed([*lines]) if union & slots)
        return
    ends = case.placement_ends(empty, "rostered")
    removals = sorted(
        case.legs["removal"].promising,
        key=lambda one: one.frame.instants["departure", "start"],
        reverse=True,
    )
    for removal in removals:
        goes = not case.chained or any(
            line & span(*case.end_range(key, removal, empty, "rostered"))
            for key, line in ends.items()
        )
        if goes and removal.departure and case.open_starts(removal, empty, "rostered"):
            yield removal.departure.departs
