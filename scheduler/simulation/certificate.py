"""What a week can hold at most, and why: the smallest cut between what is wanted and what there is.

Operations flow from the legs that are wanted through one unit of each thing they ask to their end;
the units are the most blocks, stays or seats that fit into the week. Every plan is such a flow, so
the smallest cut (Ford and Fulkerson 1956) is a certificate: no plan does more. It may be more than
any plan can do, for people drawn for one operation need not be free at the same time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import networkx as nx

from scheduler.grid import local_date
from scheduler.layout import CaseLeg, Layout
from scheduler.need import Asked, Needs
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns
from scheduler.timeline import Timeline, runs, shift, span
from scheduler.world import PERSON, Leg

SupplyKind = Literal["people", "places", "seats"]
_DAY = 1440


@dataclass(frozen=True, slots=True, order=True)
class Supply:
    """What serves so many operations of the week at most.

    People of the role ``name``, places of the facility ``name``, or seats of the kind ``name``;
    ``members`` are the resources, the facility or the departures.
    """

    kind: SupplyKind
    name: str
    members: tuple[str, ...]
    units: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Legs that ask alike, ``count`` of them: one unit of any one supply of each of ``asks``."""

    legs: tuple[tuple[str, Leg], ...]
    count: int
    asks: tuple[frozenset[Supply], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """No plan does more than ``most`` of the ``wanted`` operations.

    Whatever is done is either among ``demands``, which are all of their kind, or uses a unit of
    ``supplies``, which have no more.
    """

    wanted: int
    most: int
    demands: tuple[Demand, ...]
    supplies: tuple[Supply, ...]


def smallest_cut(demands: Iterable[Demand]) -> Cut:
    """Return a smallest cut between ``demands`` and what they ask, the same for the same."""
    demands = tuple(demands)
    graph: nx.DiGraph[object] = nx.DiGraph()
    graph.add_nodes_from(("source", "sink"))
    supplies = sorted({one for demand in demands for ask in demand.asks for one in ask})
    for one in supplies:
        graph.add_edge((one, "in"), (one, "out"), capacity=one.units)
    for demand in demands:
        graph.add_edge("source", demand, capacity=demand.count)
        asks = [sorted(ask) for ask in demand.asks]
        # An edge without a capacity has room for anything.
        graph.add_edges_from((demand, (one, "in")) for one in (asks or [[]])[0])
        graph.add_edges_from(
            ((one, "out"), (other, "in"))
            for ask, after in pairwise(asks)
            for one in ask
            for other in after
        )
        graph.add_edges_from(((one, "out"), "sink") for one in (asks or [[]])[-1])
        if not asks:
            graph.add_edge(demand, "sink")
    most, (near, _) = nx.minimum_cut(graph, "source", "sink")
    return Cut(
        wanted=sum(one.count for one in demands),
        most=int(most),
        demands=tuple(one for one in demands if one not in near),
        supplies=tuple(one for one in supplies if (one, "in") in near and (one, "out") not in near),
    )


# --- What a week asks, and what it has ------------------------------------------------------------


_Kind = tuple[SupplyKind, str]
_Member = tuple[SupplyKind, str, str]


@dataclass(frozen=True, slots=True)
class _Want:
    """Legs of a case in the week: of each kind that is asked, who would do and how many at once."""

    leg: tuple[str, Leg]
    count: int
    asks: Mapping[_Kind, tuple[frozenset[str], int]]


class _Extent:
    """The least that any leg takes of a member, and when it could."""

    def __init__(self) -> None:
        self.starts: Timeline = 0
        self.least = 1 << 30
        self.most = 0

    def add(self, starts: Timeline, least: int, most: int = 0) -> None:
        """Note another leg: blocks of ``least`` slots, stays of so many nights; ``most`` seats."""
        self.starts |= starts
        self.least = min(self.least, least)
        self.most = max(self.most, most)


_Extents = dict[_Member, _Extent]


def demands_of(
    cases: Iterable[CasePatterns],
    occupancy: Occupancy,
    first: int,
    end: int,
    wanted: Mapping[str, int] | None = None,
) -> tuple[Demand, ...]:
    """Return what legs anchored in slots ``first <= t < end`` ask of what ``occupancy`` leaves.

    Only legs that their case alone leaves open there are wanted. ``wanted`` says how many there are
    of each case by id; absent, one of each.
    """
    extents: _Extents = defaultdict(_Extent)
    wants = [
        want
        for case in cases
        if (count := 1 if wanted is None else wanted.get(case.case.id, 0))
        for leg in case.legs.values()
        if (want := _want(case, leg, span(first, end), count, extents)) is not None
    ]
    users: dict[_Member, list[int]] = defaultdict(list)
    for n, want in enumerate(wants):
        for kind, (members, _) in want.asks.items():
            for name in members:
                users[*kind, name].append(n)
    alike: dict[object, list[_Member]] = defaultdict(list)
    for member, mine in users.items():
        kept = member[0] == "places"
        # Facilities are told apart; people and departures only by whom they can serve.
        alike[member if kept else (*member[:2], *mine)].append(member)
    supply = {
        member: one
        for group in alike.values()
        for one in (_supply(group, wants, users[group[0]], extents, occupancy, first, end),)
        for member in group
    }
    found: dict[tuple[frozenset[Supply], ...], list[_Want]] = defaultdict(list)
    for want in wants:
        asks = tuple(
            frozenset(supply[*kind, member] for member in members)
            for kind, (members, _) in sorted(want.asks.items(), key=lambda one: one[0])
        )
        found[asks].append(want)
    return tuple(
        Demand(tuple(one.leg for one in mine), sum(one.count for one in mine), asks)
        for asks, mine in found.items()
    )


def _supply(
    group: list[_Member],
    wants: list[_Want],
    users: Iterable[int],
    extents: _Extents,
    occupancy: Occupancy,
    first: int,
    end: int,
) -> Supply:
    """Return members that serve the same legs as one supply.

    Where each of those asks several of these members at once, they serve so many times fewer.
    """
    kind, name, _ = group[0]
    members = frozenset(one for _, _, one in group)
    units = sum(_units(one, extents[one], occupancy, first, end) for one in group)
    asked = [wants[n].asks[kind, name] for n in users]
    at_once = min(count if who == members else 1 for who, count in asked)
    return Supply(kind, name, tuple(sorted(members)), units // at_once)


def _units(member: _Member, extent: _Extent, occupancy: Occupancy, first: int, end: int) -> int:
    kind, name, one = member
    match kind:
        case "people":
            return _blocks(extent.starts & runs(occupancy.free(one), extent.least), extent.least)
        case "places":
            return _stays(one, extent.least, occupancy, first, end)
        case "seats":
            return max(occupancy.seats_left(one, name, extent.most), 0)


def _blocks(starts: Timeline, length: int) -> int:
    """Return how many blocks of a length fit, none over another, that begin in ``starts``."""
    count = 0
    while starts:
        first = (starts & -starts).bit_length() - 1
        starts = starts >> first + length << first + length
        count += 1
    return count


def _stays(facility: str, nights: int, occupancy: Occupancy, first: int, end: int) -> int:
    """Return how many stays of so many nights at least can begin in the week."""
    world = occupancy.world
    zone = world.location[world.facility[facility].location].timezone
    grid = world.grid
    begin, last = local_date(grid.at(first), zone), local_date(grid.at(end - 1), zone)
    count = (last - begin).days + 1
    left = [
        max(occupancy.places_left(facility, begin + timedelta(days=n)), 0)
        for n in range(count + nights - 1)
    ]
    whole = sum(left) // nights
    # Who stays as long as the week is there on its last night.
    return min(whole, left[count - 1]) if nights >= count else whole


# --- What a leg asks ------------------------------------------------------------------------------


def _want(
    case: CasePatterns, leg: CaseLeg, week: Timeline, count: int, extents: _Extents
) -> _Want | None:
    layouts = [(one, line) for one in leg.promising if (line := one.static & week)]
    if not layouts:
        return None
    asks: dict[_Kind, tuple[frozenset[str], int]] = {}
    # What only some departures ask is not asked of the leg, for it may take another.
    for asked in leg.asked if not leg.scoped else ():
        role = asked[0][1].role
        if role != PERSON:
            asks["people", role] = _people(role, asked, layouts, case.readings.needs, extents)
    if leg.leg == "placement" and (nights := _nights(case)):
        facilities = frozenset(one.facility for one, _ in layouts if one.facility is not None)
        for one in facilities:
            extents["places", "", one].add(0, nights)
        if facilities:
            asks["places", ""] = facilities, len(case.case.persons)
    for _, rule in leg.seats:
        limits = dict(rule.limits)
        among = frozenset(
            one.departure.id for one, _ in layouts if one.departure and one.departure.id in limits
        )
        for one in among:
            extents["seats", rule.kind, one].add(0, 1, limits[one])
        asks["seats", rule.kind] = among, rule.count
    return _Want((case.case.id, leg.leg), count, asks)


def _people(
    role: str,
    asked: tuple[Asked, ...],
    layouts: Iterable[tuple[Layout, Timeline]],
    needs: Needs,
    extents: _Extents,
) -> tuple[frozenset[str], int]:
    """Return who could serve the attendance of a role that fewest can, and how many it wants."""
    one = min(asked, key=lambda each: len(needs.eligible(each[1])))
    found: dict[str, tuple[Timeline, int]] = {}
    seen: dict[object, Timeline] = {}
    for layout, line in layouts:
        key = tuple(needs.blocks(layout.frame, one[1]))
        seen[key] = seen.get(key, 0) | line
    for blocks, line in seen.items():
        assert isinstance(blocks, tuple)
        for resource, lead, length in blocks:
            starts, least = found.get(resource, (0, length))
            found[resource] = starts | shift(line, lead), min(least, length)
    for resource, (starts, least) in found.items():
        extents["people", role, resource].add(starts, least)
    return frozenset(found), one[1].count


def _nights(case: CasePatterns) -> int:
    """Return how many nights a stay has at least."""
    if case.between is None:
        nights = case.legs["placement"].nights
        return (nights[1].stay or 0) if nights else 0
    return max((rule.at_least // _DAY for _, rule in case.spans), default=0)
