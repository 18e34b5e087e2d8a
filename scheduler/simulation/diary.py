"""What is taken, week by week: :class:`scheduler.occupancy.Occupancy` for worlds that last a year.

The same two layers and the same claims, on integers of two weeks instead of one of the whole
horizon, so that a look at a block costs a tenth of a microsecond however long the world is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from scheduler.grid import Grid, days
from scheduler.occupancy import Claims, Occupancy
from scheduler.timeline import Timeline, at_least, runs, span
from scheduler.world import World

Taken = tuple[int, int, Timeline]
"""A resource by its number, the first slot, and the slots from there."""
Slots = tuple[int, int, Timeline]
"""A resource by its number, the slots from the anchor, and the slots from there."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Everyone and everything of a world as nobody has claimed it; replications share it.

    ``lines[r][w]`` holds the slots of weeks *w* and *w* + 1 in which resource *r* is at work, from
    the first slot of week *w* on, two weeks beyond the horizon too; ``places[f][n]`` the places of
    a facility on the *n*-th night.
    """

    grid: Grid
    week: int
    number: dict[str, int]
    role: tuple[str, ...]
    rostered: tuple[Timeline, ...]
    lines: tuple[tuple[Timeline, ...], ...]
    nights: dict[str, tuple[date, ...]]
    places: dict[str, tuple[int, ...]]

    def at(self, first: int) -> tuple[int, int]:
        """Return the week of a slot, and the slot in it."""
        return divmod(first, self.week)


BEYOND = 400
"""Nights after the horizon that can be claimed: nobody stays longer once it is over."""


ANY = -1
"""The day under which is counted what is not of one day."""
_BEFORE, _AFTER = 1, 4
"""Days around an anchor in which somebody may be taken for it: the longest duty is of three."""
Team = int
"""A set of people, by its number in a diary."""


def roster_of(world: World) -> Roster:
    """Return the roster of ``world``, persons who leave not included."""
    grid, empty = world.grid, Occupancy(world)
    week = 7 * 24 * 60 // grid.minutes
    rostered = tuple(empty.rostered(one.id) for one in world.resources)
    weeks = -(-grid.slots // week) + 2
    both = span(0, 2 * week)
    nights = {
        one.id: _nights(days(grid, world.location[one.location].timezone))
        for one in world.facilities
    }
    return Roster(
        grid=grid,
        week=week,
        number={one.id: n for n, one in enumerate(world.resources)},
        role=tuple(one.role for one in world.resources),
        rostered=rostered,
        lines=tuple(tuple(line >> w * week & both for w in range(weeks)) for line in rostered),
        nights=nights,
        places={
            one.id: tuple(one.places_on(night) for night in nights[one.id])
            for one in world.facilities
        },
    )


def _nights(inside: tuple[date, ...]) -> tuple[date, ...]:
    return inside + tuple(inside[-1] + timedelta(days=n + 1) for n in range(BEYOND))


class Diary:
    """The claims of one replication.

    ``free`` is :attr:`Roster.lines` less the claims, ``places`` the places left. Claims only take;
    what was given back is counted, so that what was shut stays shut while nothing that it lacked
    is.
    """

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.free = [list(lines) for lines in roster.lines]
        self.places = {one: list(places) for one, places in roster.places.items()}
        self.seats: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.day = roster.week // 7
        self._days = 7 * (len(roster.lines[0]) if roster.lines else 0)
        self._teams: dict[frozenset[int], Team] = {}
        self._team_of: dict[int, Team] = {}
        self._members: list[list[Team]] = [[] for _ in roster.role]
        self._given: list[list[int]] = []
        self._touched: list[list[int]] = []
        self._left: dict[str, int] = {}
        self._runs: list[dict[tuple[int, Timeline], Timeline]] = [{} for _ in roster.role]
        self._lines: dict[tuple[int, int, int], tuple[int, Timeline]] = {}
        self._wide = (1 << 3 * self.day) - 1

    def given(self, teams: Iterable[Team], others: Iterable[str], day: int) -> int:
        """Return how much was given back that an anchor on a day could ask for.

        Of the people of ``teams``, of the facilities ``others``, and of seats (``""``).
        """
        first, end = max(day - _BEFORE, 0), day + _AFTER + 1
        total = 0
        for team in teams:
            total += sum(self._given[team][first:end])
        for other in others:
            total += self._left.get(other, 0)
        return total

    def team(self, units: tuple[Slots, ...]) -> Team:
        """Return the people among whom units are."""
        known = self._team_of.get(id(units))
        if known is None:
            people = frozenset(one for one, _, _ in units)
            known = self._teams.get(people)
            if known is None:
                known = self._teams[people] = len(self._given)
                self._given.append([0] * self._days)
                self._touched.append([0] * self._days)
                for one in people:
                    self._members[one].append(known)
            self._team_of[id(units)] = known
        return known

    def starts(self, units: tuple[Slots, ...], count: int, base: int) -> Timeline:
        """Return the slots from ``base`` on at which ``count`` units are free, for two days."""
        key, day = (id(units), count, base), base // self.day
        version = sum(self._touched[self.team(units)][max(day - _BEFORE, 0) : day + _AFTER + 1])
        known = self._lines.get(key)
        if known is None or known[0] != version:
            lines = (self._unit(one, base) for one in units)
            known = self._lines[key] = version, at_least(count, lines, self._wide)
        return known[1]

    def _unit(self, unit: Slots, base: int) -> Timeline:
        """Return the slots from ``base`` on at which a unit is free."""
        one, lead, mask = unit
        first = base + lead
        week, slot = divmod(first, self.roster.week) if first > 0 else (0, first)
        known = self._runs[one]
        line = known.get((week, mask))
        if line is None:
            line = known[week, mask] = runs(self.free[one][week], mask.bit_length())
        return (line >> slot if slot >= 0 else line << -slot) & self._wide

    def take(self, people: Iterable[Taken]) -> None:
        """Claim people, who are free."""
        for one, first, mask in people:
            line, (week, slot) = self.free[one], self.roster.at(first)
            bits = mask << slot
            line[week] &= ~bits
            if week:
                line[week - 1] &= ~(bits << self.roster.week)
            if bits >> self.roster.week:
                line[week + 1] &= ~(bits >> self.roster.week)
            self._runs[one].clear()
            self._count(self._touched, one, first, mask)

    def give(self, people: Iterable[Taken]) -> None:
        """Give back people who were claimed."""
        both = 2 * self.roster.week
        for one, first, mask in people:
            line, (week, slot) = self.free[one], self.roster.at(first)
            bits = mask << slot
            line[week] |= bits
            if week:
                line[week - 1] |= bits << self.roster.week & (1 << both) - 1
            if bits >> self.roster.week:
                line[week + 1] |= bits >> self.roster.week
            self._runs[one].clear()
            self._count(self._touched, one, first, mask)
            self._count(self._given, one, first, mask)

    def _count(self, counts: list[list[int]], one: int, first: int, mask: Timeline) -> None:
        """Count a change of somebody on each of its days, for all teams they are of."""
        end = (first + mask.bit_length() - 1) // self.day + 1
        for team in self._members[one]:
            days = counts[team]
            for n in range(first // self.day, end):
                days[n] += 1

    def stay(self, facility: str, first: int, end: int, count: int) -> None:
        """Claim ``count`` places for the nights ``first <= n < end``, free or not."""
        left = self.places[facility]
        for night in range(first, end):
            left[night] -= count

    def leave(self, facility: str, first: int, end: int, count: int) -> None:
        """Give back ``count`` places for the nights ``first <= n < end``."""
        self.stay(facility, first, end, -count)
        if end > first:
            self._left[facility] = self._left.get(facility, 0) + 1

    def has_places(self, facility: str, first: int, end: int, count: int) -> bool:
        """Return whether ``count`` places are left on every night ``first <= n < end``."""
        return end <= first or min(self.places[facility][first:end]) >= count

    def seat(self, seats: Iterable[tuple[str, str, int, int]]) -> None:
        """Claim seats: (departure, kind, seats, limit)."""
        for departure, kind, count, limit in seats:
            self.seats.setdefault((departure, kind), []).append((count, limit))

    def unseat(self, seats: Iterable[tuple[str, str, int, int]]) -> None:
        """Give back seats."""
        for departure, kind, count, limit in seats:
            self.seats[departure, kind].remove((count, limit))
            self._left[""] = self._left.get("", 0) + 1

    def has_seats(self, seats: Iterable[tuple[str, str, int, int]]) -> bool:
        """Return whether the seats are left under their limits and those of whoever is aboard."""
        for departure, kind, count, limit in seats:
            aboard = self.seats.get((departure, kind))
            if not aboard:
                if count > limit:
                    return False
            elif count + sum(n for n, _ in aboard) > min(limit, min(one for _, one in aboard)):
                return False
        return True


def claims_of(
    roster: Roster,
    people: Iterable[Taken],
    stay: tuple[str, int, int, int] | None = None,
    seats: Iterable[tuple[str, str, int, int]] = (),
) -> Claims:
    """Return claims of a diary as claims of an :class:`Occupancy`; ``stay`` as :meth:`stay`."""
    names = list(roster.number)
    facility, first, end, count = stay or ("", 0, 0, 0)
    return Claims(
        tuple((names[one], mask << first) for one, first, mask in people),
        tuple((facility, roster.nights[facility][night], count) for night in range(first, end)),
        tuple(seats),
    )
