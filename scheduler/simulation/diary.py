"""What is taken, week by week: :class:`scheduler.occupancy.Occupancy` for worlds that last a year.

The same two layers and the same claims, on integers of two weeks instead of one of the whole
horizon, so that a look at a block costs a tenth of a microsecond however long the world is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from scheduler.grid import Grid, days
from scheduler.occupancy import Claims, Occupancy
from scheduler.timeline import Timeline, span
from scheduler.world import World

Taken = tuple[int, int, Timeline]
"""A resource by its number, the first slot, and the slots from there."""


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
    """The claims of one replication. Claims only take; ``given`` counts what was given back.

    ``free`` is :attr:`Roster.lines` less the claims, ``places`` the places left. ``given`` counts
    by role and day (of 24 hours from the start), and by facility and for seats (``""``) under the
    day :data:`ANY`: what was shut stays shut while nothing that it lacked is given back.
    """

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.free = [list(lines) for lines in roster.lines]
        self.places = {one: list(places) for one, places in roster.places.items()}
        self.seats: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.given: dict[tuple[str, int], int] = {}
        self.day = roster.week // 7

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
            role = self.roster.role[one]
            for day in range(first // self.day, (first + mask.bit_length() - 1) // self.day + 1):
                self._gave(role, day)

    def stay(self, facility: str, first: int, end: int, count: int) -> None:
        """Claim ``count`` places for the nights ``first <= n < end``, free or not."""
        left = self.places[facility]
        for night in range(first, end):
            left[night] -= count

    def leave(self, facility: str, first: int, end: int, count: int) -> None:
        """Give back ``count`` places for the nights ``first <= n < end``."""
        self.stay(facility, first, end, -count)
        if end > first:
            self._gave(facility, ANY)

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
            self._gave("", ANY)

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

    def _gave(self, of: str, day: int) -> None:
        self.given[of, day] = self.given.get((of, day), 0) + 1


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
