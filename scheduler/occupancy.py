"""What is taken: people and vehicles by slot, places by night, seats by departure.

Two layers everywhere: *rostered* (at work, nobody's booking counted) and *free* (less what
bookings claim). Claims only take: adding one never frees anything.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from scheduler.grid import days
from scheduler.timeline import Timeline, at_least, runs, shift
from scheduler.world import World


@dataclass(frozen=True, slots=True)
class Claims:
    """What one option takes: slots per resource, (facility, night, places), and seats.

    Seats are (departure, kind, seats, limit): the limit is what its own rules leave in all.
    """

    people: tuple[tuple[str, Timeline], ...] = ()
    nights: tuple[tuple[str, date, int], ...] = ()
    seats: tuple[tuple[str, str, int, int], ...] = ()

    def meets(self, other: "Claims") -> bool:
        """Return whether both want somebody at a time, a night in a facility, or a departure."""
        mine = dict(self.people)
        return (
            any(mine.get(one, 0) & line for one, line in other.people)
            or bool({one[:2] for one in self.nights} & {one[:2] for one in other.nights})
            or bool({one[:2] for one in self.seats} & {one[:2] for one in other.seats})
        )


class Block(NamedTuple):
    """The slots ``lead <= t < lead + length`` around an anchor, for one resource."""

    resource: str
    lead: int
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Units of a role, each with the blocks that would do (any one), relative to a base slot.

    Compared by identity: :class:`scheduler.pattern.Patterns` makes each pool once.
    """

    role: str
    units: tuple[tuple[Block, ...], ...]
    blocks: tuple[Block, ...] = field(init=False)
    """Every block of every unit."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(block for unit in self.units for block in unit))


class Occupancy:
    """Mutable state of claims in a world; every query is on integers and cached until a claim."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._rostered: dict[str, Timeline] = {}
        self._claimed: dict[str, Timeline] = {}
        self._free: dict[str, Timeline] = {}
        self._nights: dict[tuple[str, date], int] = {}
        self._seats: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self._version: dict[str, int] = {}
        self._runs: dict[tuple[str, int], Timeline] = {}
        self._free_runs: dict[str, dict[int, Timeline]] = {}
        self._pools: dict[tuple[Pool, int], Timeline] = {}
        self._free_pools: dict[tuple[Pool, int], tuple[int, Timeline]] = {}
        self._places: dict[str, dict[tuple[int, int], Timeline]] = {}
        self._all_places: dict[str, dict[tuple[int, int], Timeline]] = {}

    def follow(self, world: World, people: Collection[str] = ()) -> None:
        """Go on with ``world``, in which these people are at work at other times.

        And places and departures may be others; of cases there are no more than before.
        """
        if world.facilities is not self.world.facilities:
            self._places.clear()
            self._all_places.clear()
        self.world = world
        if not people:
            return
        for name in people:
            for known in (self._rostered, self._free, self._free_runs):
                known.pop(name, None)
        roles = {world.resource[name].role for name in people}
        for role in roles:
            self._version[role] = self._version.get(role, 0) + 1
        self._runs = {key: line for key, line in self._runs.items() if key[0] not in people}
        self._pools = {key: line for key, line in self._pools.items() if key[0].role not in roles}

    def rostered(self, resource: str) -> Timeline:
        """Return the slots in which ``resource`` is at work, not away and not on a charter."""
        line = self._rostered.get(resource)
        if line is None:
            grid, known = self.world.grid, self.world.resource[resource]
            away = grid.outward(one.stretch for one in known.away)
            away |= grid.outward(self.world.team_duties.get(resource, ()))
            line = grid.inward(self.world.duty(known)) & ~away
            self._rostered[resource] = line
        return line

    def claimed(self, resource: str) -> Timeline:
        """Return the slots in which ``resource`` is in a booking."""
        return self._claimed.get(resource, 0)

    def free(self, resource: str) -> Timeline:
        """Return the slots in which ``resource`` is at work and in no booking."""
        line = self._free.get(resource)
        if line is None:
            line = self.rostered(resource) & ~self._claimed.get(resource, 0)
            self._free[resource] = line
        return line

    def starts(self, pool: Pool, count: int) -> Timeline:
        """Return the base slots at which at least ``count`` units are rostered."""
        line = self._pools.get((pool, count))
        if line is None:
            line = self._at_least(pool, count, self._rostered_runs)
            self._pools[pool, count] = line
        return line

    def free_starts(self, pool: Pool, count: int) -> Timeline:
        """Return the base slots at which at least ``count`` units are free."""
        version = self._version.get(pool.role, 0)
        known = self._free_pools.get((pool, count))
        if known is None or known[0] != version:
            known = version, self._at_least(pool, count, self._runs_of)
            self._free_pools[pool, count] = known
        return known[1]

    def stretch(self, resource: str, length: int, *, booked: bool = True) -> Timeline:
        """Return the slots from which ``resource`` is free for ``length`` slots."""
        return (self._runs_of if booked else self._rostered_runs)(resource, length)

    def has(self, pool: Pool, count: int, base: int, *, booked: bool = True) -> bool:
        """Return whether at least ``count`` units are free at ``base``.

        Bookings are left out with ``booked`` False. One slot of what :meth:`free_starts` and
        :meth:`starts` answer for all.
        """
        line_of = self.free if booked else self.rostered
        for unit in pool.units:
            for resource, lead, length in unit:
                if (
                    base + lead >= 0
                    and ~(line_of(resource) >> base + lead) & (1 << length) - 1 == 0
                ):
                    count -= 1
                    break
            if count <= 0:
                return True
        return count <= 0

    def is_free(self, block: Block, base: int) -> bool:
        """Return whether the block's resource is free for the whole block around ``base``."""
        first = base + block.lead
        return first >= 0 and ~(self.free(block.resource) >> first) & (1 << block.length) - 1 == 0

    def places(
        self, facility: str, count: int, *, beyond: int = 0, booked: bool = True
    ) -> Timeline:
        """Return the nights with ``count`` places left, bit *n* the *n*-th local day.

        ``beyond`` asks for as many nights after the horizon; ``booked`` False leaves out what
        bookings take.
        """
        known = (self._places if booked else self._all_places).setdefault(facility, {})
        key = count, beyond
        line = known.get(key)
        if line is None:
            zone = self.world.location[self.world.facility[facility].location].timezone
            inside = days(self.world.grid, zone)
            line = 0
            for n in range(len(inside) + beyond):
                night = inside[0] + timedelta(days=n)
                if booked:
                    left = self.places_left(facility, night)
                else:
                    left = self.world.facility[facility].places_on(night)
                line |= (left >= count) << n
            known[key] = line
        return line

    def places_left(self, facility: str, night: date) -> int:
        """Return the places of ``facility`` that no booking takes on ``night``."""
        free = self.world.facility[facility].places_on(night)
        return free - self._nights.get((facility, night), 0)

    def seats_left(self, departure: str, kind: str, limit: int) -> int:
        """Return the seats of ``kind`` left under ``limit`` and the limits of those aboard."""
        aboard = self._seats.get((departure, kind), ())
        return min([limit, *(one for _, one in aboard)]) - sum(count for count, _ in aboard)

    def claim(self, claims: Claims) -> None:
        """Take everything in ``claims``."""
        for resource, line in claims.people:
            self._claimed[resource] = self._claimed.get(resource, 0) | line
        self._count(claims, 1)

    def release(self, claims: Claims) -> None:
        """Give back everything in ``claims``, which must have been taken."""
        for resource, line in claims.people:
            self._claimed[resource] &= ~line
        self._count(claims, -1)

    def fits(self, claims: Claims) -> bool:
        """Return whether nobody in ``claims`` is taken already in one of the slots."""
        return all(not self._claimed.get(one, 0) & line for one, line in claims.people)

    def admits(self, claims: Claims) -> bool:
        """Return whether all of ``claims`` could be taken: people, places and seats."""
        return (
            self.fits(claims)
            and all(self.places_left(one, night) >= n for one, night, n in claims.nights)
            and all(
                self.seats_left(departure, kind, limit) >= n
                for departure, kind, n, limit in claims.seats
            )
        )

    def _count(self, claims: Claims, sign: int) -> None:
        for resource, _ in claims.people:
            role = self.world.resource[resource].role
            self._version[role] = self._version.get(role, 0) + 1
            self._free_runs.pop(resource, None)
            self._free.pop(resource, None)
        for facility, night, count in claims.nights:
            key = facility, night
            self._nights[key] = self._nights.get(key, 0) + sign * count
            self._places.pop(facility, None)
        for departure, kind, count, limit in claims.seats:
            aboard = self._seats.setdefault((departure, kind), [])
            if sign > 0:
                aboard.append((count, limit))
            else:
                aboard.remove((count, limit))

    def _rostered_runs(self, resource: str, length: int) -> Timeline:
        line = self._runs.get((resource, length))
        if line is None:
            line = runs(self.rostered(resource), length)
            self._runs[resource, length] = line
        return line

    def _runs_of(self, resource: str, length: int) -> Timeline:
        known = self._free_runs.get(resource)
        if known is None:
            known = self._free_runs[resource] = {}
        line = known.get(length)
        if line is None:
            line = known[length] = runs(self.free(resource), length)
        return line

    def _at_least(self, pool: Pool, count: int, lines: Callable[[str, int], Timeline]) -> Timeline:
        if count == 1:
            line = 0
            for resource, lead, length in pool.blocks:
                free = lines(resource, length)
                line |= free << -lead if lead < 0 else free >> lead
            return line & self.world.grid.full
        units = (
            _any(shift(lines(block.resource, block.length), -block.lead) for block in unit)
            for unit in pool.units
        )
        return at_least(count, units, self.world.grid.full)


def _any(lines: Iterable[Timeline]) -> Timeline:
    union = 0
    for line in lines:
        union |= line
    return union


def nights_between(first: date, last: date) -> tuple[date, ...]:
    """Return the nights from ``first`` to the day before ``last``, named by their evening."""
    return tuple(first + timedelta(days=n) for n in range((last - first).days))
