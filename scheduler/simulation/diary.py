"""What is taken in one replication: :class:`scheduler.occupancy.Occupancy` in compiled arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from scheduler.grid import Grid, days
from scheduler.occupancy import Claims as Claimed
from scheduler.occupancy import Occupancy
from scheduler.simulation.search import (
    LACKING,
    PAD,
    Calendar,
    Claims,
    Free,
    Numbers,
    Shut,
    Words,
    claim_people,
    claim_seats,
    compiled_for,
)
from scheduler.timeline import Timeline, span
from scheduler.world import World

BEYOND = 400
"""Nights after the horizon that can be claimed: nobody stays longer once it is over."""


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """Everyone and everything of a world as nobody has claimed it; replications share it.

    ``rostered[r]`` and ``free[r]`` hold the slots in which resource *r* is at work; ``places[f]``
    the places of a facility by night.
    """

    grid: Grid
    number: dict[str, int]
    facility: dict[str, int]
    rostered: tuple[Timeline, ...]
    free: Words
    nights: dict[str, tuple[date, ...]]
    places: Numbers


def roster_of(world: World) -> Roster:
    """Return the roster of ``world``, persons who leave not included."""
    grid, empty = world.grid, Occupancy(world)
    rostered = tuple(empty.rostered(one.id) for one in world.resources)
    nights = {
        one.id: _nights(days(grid, world.location[one.location].timezone))
        for one in world.facilities
    }
    places = np.zeros((len(nights), max(map(len, nights.values()), default=0)), np.int64)
    for n, one in enumerate(world.facilities):
        mine = [one.places_on(night) for night in nights[one.id]]
        places[n, : len(mine)] = mine
    return Roster(
        grid=grid,
        number={one.id: n for n, one in enumerate(world.resources)},
        facility={one.id: n for n, one in enumerate(world.facilities)},
        rostered=rostered,
        free=words_of(rostered, grid.slots),
        nights=nights,
        places=places,
    )


def words_of(lines: Iterable[Timeline], slots: int) -> Words:
    """Return lines as rows of words, padded by :data:`PAD` on both sides."""
    words = -(-slots // 64)
    rows = [(line << 64 * PAD).to_bytes(8 * (words + 2 * PAD), "little") for line in lines]
    return np.frombuffer(b"".join(rows), "<u8").reshape(len(rows), words + 2 * PAD).copy()


def _nights(inside: tuple[date, ...]) -> tuple[date, ...]:
    return inside + tuple(inside[-1] + timedelta(days=n + 1) for n in range(BEYOND))


class Diary:
    """The claims of one replication on what a calendar offers."""

    def __init__(self, roster: Roster, calendar: Calendar) -> None:
        self.roster = roster
        self.calendar = calendar
        needs, words = len(calendar.people.need), roster.free.shape[1]
        facilities, nights = roster.places.shape
        groups = int(np.diff(calendar.group_first).max(initial=1))
        shapes, reach = len(calendar.ways.reach), calendar.ways.reach
        around = int((reach[:, 1] - reach[:, 0]).max(initial=0)) + 1
        most = int(np.diff(calendar.ways.shape_first).max(initial=0))
        offers = int(np.diff(calendar.offer_first).max(initial=0))
        units = int(calendar.ways.order.max(initial=0)) + 1
        self.claims = Claims(
            free=Free(
                line=roster.free.copy(),
                known=np.zeros((needs, words), np.uint8),
                starts=np.zeros((needs, words), np.uint64),
                scratch=np.zeros(128, np.uint64),
            ),
            shut=Shut(
                known=np.zeros((shapes, words), np.bool_),
                need=np.zeros((shapes, words, LACKING), np.int32),
                slots=np.zeros((shapes, words, LACKING, around), np.uint64),
                constraint=np.zeros((shapes, words), np.int64),
                by=np.zeros(calendar.constraints, np.int64),
            ),
            places=roster.places.copy(),
            aboard=np.zeros_like(calendar.limit),
            opened=np.zeros((groups, words, most), np.uint64),
            opened_at=np.zeros((groups, words), np.int64),
            any=np.zeros((groups, words), np.uint64),
            below=np.zeros((groups, words), np.int64),
            early=np.zeros((groups, most), np.int64),
            room=np.zeros((facilities, nights), np.bool_),
            room_at=np.zeros((facilities, nights), np.int64),
            call=np.zeros(2, np.int64),
            holder=np.zeros(units, np.int64),
            seen=np.zeros(units, np.int64),
            held=np.zeros(calendar.most_people, np.int64),
            wanted=np.zeros(calendar.most_people, np.int64),
            blame=np.zeros(calendar.constraints, np.int64),
            offers=np.zeros(offers, np.int64),
            keys=np.zeros(groups * offers, np.int64),
            tried=np.zeros((2 * groups * offers, 4), np.int64),
            rows=np.zeros((calendar.most_people, 3), np.int64),
        )
        self._claim = compiled_for(
            claim_people, calendar.people, self.claims.free, self.claims.rows, True
        )

    def give(self, people: Numbers) -> None:
        """Give back people: rows of a resource, its first slot, and how many slots."""
        self._claim(self.calendar.people, self.claims.free, people, True)

    def stay(self, facility: str, first: int, end: int, count: int) -> None:
        """Claim ``count`` places for the nights ``first <= n < end``, free or not."""
        self.claims.places[self.roster.facility[facility], first:end] -= count

    def leave(self, facility: str, first: int, end: int, count: int) -> None:
        """Give back ``count`` places for the nights ``first <= n < end``."""
        self.stay(facility, first, end, -count)

    def unseat(self, stage: int, departure: int) -> None:
        """Give back the seats of a stage on a departure, by their numbers."""
        given = self.calendar
        claim_seats(given.seat_first, given.seat, self.claims.aboard, stage, departure, -1)


def claims_of(
    roster: Roster,
    people: Numbers,
    stay: tuple[str, int, int, int] | None = None,
    seats: Iterable[tuple[str, str, int, int]] = (),
) -> Claimed:
    """Return claims of a diary as claims of an :class:`Occupancy`; ``stay`` as :meth:`stay`."""
    names = list(roster.number)
    facility, first, end, count = stay or ("", 0, 0, 0)
    return Claimed(
        tuple((names[one], span(slot, slot + length)) for one, slot, length in people.tolist()),
        tuple((facility, roster.nights[facility][night], count) for night in range(first, end)),
        tuple(seats),
    )
