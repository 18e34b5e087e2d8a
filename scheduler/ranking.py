"""The open patterns of a case, best first, worked out only as far as they are asked for."""

from collections.abc import Iterator
from datetime import date
from functools import cache, reduce
from heapq import heappop, heappush, merge
from itertools import count
from operator import or_

from scheduler.grid import day_at, day_lines
from scheduler.layout import Layout
from scheduler.objective import Rank, Valuation
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Join, JoinKey, Pattern
from scheduler.timeline import Timeline, earliest, latest

Ranked = tuple[Rank, Pattern]
Near = list[tuple[Layout, Timeline]]
"""Placements with the slots at which each may begin."""


def best_patterns(
    case: CasePatterns, valuation: Valuation, occupancy: Occupancy
) -> Iterator[Pattern]:
    """Yield open patterns, best first, each unlike the others.

    One per departure of a removal; one per day, facility and places of a placement, at its earliest
    slot; one per departure, facility and places of a chain, whose placement is as late as can be,
    for that has the fewest nights. What is in force comes too, where it ranks.
    """
    if case.chained:
        found = _chains(case, valuation, occupancy)
    else:
        alone = _removals if "removal" in case.legs else _placements
        found = alone(case, valuation, occupancy)
    mine = case.proposed
    if mine is not None and case.is_open(mine, occupancy):
        others = (one for one in found if one[1] != mine)
        found = merge([(valuation.rank(case, mine), mine)], others, key=_by_rank)
    return (pattern for _, pattern in found)


def _by_rank(one: Ranked) -> Rank:
    return one[0]


def _removals(case: CasePatterns, valuation: Valuation, occupancy: Occupancy) -> Iterator[Ranked]:
    for rank, pattern in valuation.removals(case):
        if case.open_starts(pattern.legs[0][0], occupancy):
            yield rank, pattern


def _placements(case: CasePatterns, valuation: Valuation, occupancy: Occupancy) -> Iterator[Ranked]:
    streams = (_days(case, valuation, occupancy, near) for near in case.near_layouts(occupancy))
    return merge(*streams, key=_by_rank)


def _days(
    case: CasePatterns, valuation: Valuation, occupancy: Occupancy, near: Near
) -> Iterator[Ranked]:
    """Yield the earliest pattern of each day."""
    line = _union(near)
    for day in day_lines(case.world.grid, case.world.location[case.case.location].timezone):
        today = line & day
        while (slot := earliest(today)) is not None:
            today ^= 1 << slot
            layout = _holding(case, near, slot, occupancy)
            if layout is not None:
                pattern = Pattern(case.case.id, ((layout, slot),))
                yield valuation.rank(case, pattern), pattern
                break


def _union(near: Near) -> Timeline:
    return reduce(or_, (line for _, line in near), 0)


def _holding(case: CasePatterns, near: Near, slot: int, occupancy: Occupancy) -> Layout | None:
    """Return the first placement that is open when it begins at ``slot``."""
    for layout, starts in near:
        if starts >> slot & 1 and case.holds(layout, slot, occupancy):
            return layout
    return None


def _chains(case: CasePatterns, valuation: Valuation, occupancy: Occupancy) -> Iterator[Ranked]:
    """Yield pairs by what they would rank with the latest placement; few are ever looked into."""
    heap: list[tuple[Rank, int, int, Join, _Ends]] = []
    number = count()

    def push(ends: _Ends, join: Join, before: int) -> None:
        last = ends.last(join, before)
        if last is not None:
            heappush(heap, (ends.rank(join, last), next(number), last, join, ends))

    groups: dict[JoinKey, Near] = {}
    for near in case.near_layouts(occupancy):
        for one in near:
            groups.setdefault(case.join_key(one[0]), []).append(one)
    for key, near in groups.items():
        ends = _Ends(case, valuation, occupancy, key, near)
        for join in case.joins(key):
            push(ends, join, join.end)
    leaves = cache(lambda removal: bool(case.open_starts(removal, occupancy)))
    while heap:
        rank, _, last, join, ends = heappop(heap)
        if not leaves(join.removal):
            continue
        placement = ends.placement(last)
        if placement is None:
            push(ends, join, last)
        else:
            removal = join.removal, join.removal.anchor
            yield rank, Pattern(case.case.id, (placement, removal))


class _Ends:
    """Placements of a chain with one key, by the slots at which they may end."""

    def __init__(
        self,
        case: CasePatterns,
        valuation: Valuation,
        occupancy: Occupancy,
        key: JoinKey,
        near: Near,
    ) -> None:
        self.case = case
        self.valuation = valuation
        self.occupancy = occupancy
        self.key = key
        self.near = near
        self._line = _union([(one, line << one.frame.ends[-1]) for one, line in near])
        self._zone = case.arrival_zone(near[0][0])
        self._since: dict[date, int] = {}
        self._placements: dict[int, tuple[Layout, int] | None] = {}

    def last(self, join: Join, before: int) -> int | None:
        """Return the last slot under ``before`` at which a placement ends that goes with it."""
        last = latest(self._line & (1 << before) - 1)
        if last is None or last < join.first:
            return None
        since = self._since.get(join.leaves)
        if since is None:
            since = self.case.nights_since(*self.key[:2], join.leaves, self.occupancy)
            self._since[join.leaves] = since
        return last if last >= since else None

    def rank(self, join: Join, last: int) -> Rank:
        """Return the rank of a removal with a placement that ends at ``last``."""
        arrives = day_at(self.case.world.grid, last + self.key[1], self._zone)
        nights = max((join.leaves - arrives).days, 0) if self.case.between else 0
        alone, days = self.valuation.departing(self.case, join.removal)
        changes = self.valuation.changed(self.case.case, join.removal, join.removal.anchor)
        return nights, alone, changes, days, join.removal.anchor

    def placement(self, last: int) -> tuple[Layout, int] | None:
        """Return an open placement that ends at ``last``."""
        if last not in self._placements:
            self._placements[last] = self._placement(last)
        return self._placements[last]

    def _placement(self, last: int) -> tuple[Layout, int] | None:
        for layout, starts in self.near:
            slot = last - layout.frame.ends[-1]
            if slot >= 0 and starts >> slot & 1 and self.case.holds(layout, slot, self.occupancy):
                return layout, slot
        return None
