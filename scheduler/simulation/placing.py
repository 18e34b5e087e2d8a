"""Placing: the best open pattern of a case in its own window, people drawn and claimed.

The order is that of :mod:`scheduler.ranking`: a removal by its departure; a placement by its slot;
a chain by its nights, then its departure, the placement as late as can be. The search itself is
:mod:`scheduler.simulation.search`.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf

import numpy as np

from scheduler.constraint import After
from scheduler.grid import Grid
from scheduler.simulation.diary import Diary
from scheduler.simulation.prospect import Prospects, Stage
from scheduler.simulation.search import Numbers, compiled_for, search
from scheduler.world import Leg

_ENDLESS = 1 << 40


@dataclass(frozen=True, slots=True, eq=False)
class Booked:
    """A leg that was placed: slots from its start to its end, its moment in minutes, its claims.

    The moment is the start of a placement and the departure of a removal; ``people`` are rows of a
    resource, its first slot, and how many; ``nights`` numbers of nights ``first <= n < end`` in the
    facility. It is booked for a case at ``stage``, which decides on its seats.
    """

    stage: Stage
    leg: Leg
    start: int
    end: int
    moment: int
    people: Numbers
    facility: str | None = None
    arrives: int = 0
    nights: tuple[int, int] = (0, 0)
    departure: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """When something may be placed: starts from slot ``now`` on, anchors before ``end``.

    A departure lies before minute ``until``. It is decided at slot ``at``.
    """

    at: int
    now: int
    end: int
    until: float


class Placing:
    """Places cases of the stages of ``prospects`` in a diary."""

    def __init__(self, prospects: Prospects, diary: Diary) -> None:
        self.prospects = prospects
        self.diary = diary
        self._facilities = list(diary.roster.facility)
        self._departures = list(prospects.departures)
        self._since: tuple[int, Numbers] = -1, np.zeros(0, np.int64)
        given, claims = prospects.calendar, diary.claims
        self._search = compiled_for(search, given, claims, 0, 0, 0, 0, self._since[1])

    def place(self, stage: Stage, window: Window) -> tuple[Booked, ...] | None:
        """Place a case of ``stage`` and claim what it takes; None when nothing is open."""
        given, claims = self.prospects.calendar, self.diary.claims
        now, end, until = window.now, window.end, window.until
        if stage.case.legs == ("placement",):
            begin = bisect_left(stage.firsts, end)
            end = stage.firsts[begin] if begin < len(stage.firsts) else self._slots
        elif until < inf:
            end = min(end, ceil(until / given.minutes))
        found = self._search(
            given,
            claims,
            stage.number,
            now,
            end,
            ceil(until) if until < inf else _ENDLESS,
            self._leads(window.at),
        )
        if found.first < 0:
            return None
        booked = []
        if found.way >= 0:
            way, slot = found.way, found.first
            nights = (found.night, found.night + found.nights) if found.nights else (0, 0)
            _, _, ends, housed, arrives = given.ways.way[way].tolist()
            booked.append(
                Booked(
                    stage,
                    "placement",
                    slot,
                    slot + ends,
                    slot * given.minutes,
                    claims.rows[: found.drawn].copy(),
                    self._facilities[housed] if housed >= 0 else None,
                    slot + arrives,
                    nights,
                )
            )
        if found.offer >= 0:
            slot, departs, departure, way = given.offer[found.offer].tolist()
            _, starts, ends, _, _ = given.ways.way[way].tolist()
            booked.append(
                Booked(
                    stage,
                    "removal",
                    slot + starts,
                    slot + ends,
                    departs,
                    claims.rows[found.drawn : found.end].copy(),
                    departure=self._departures[departure],
                )
            )
        return tuple(booked)

    def give(self, booked: Booked) -> None:
        """Give back all that a leg claims."""
        self.diary.give(booked.people)
        if booked.departure is not None:
            number = self.prospects.departures[booked.departure]
            self.diary.unseat(booked.stage.number, number)
        if booked.facility is not None:
            self.diary.leave(booked.facility, *booked.nights, booked.stage.persons)

    def lacked(self) -> str | None:
        """Return the constraint that shut most of what was looked at last."""
        blame = self.diary.claims.blame[: len(self.prospects.constraints)]
        most = int(blame.argmax())
        return self.prospects.constraints[most] if blame[most] else None

    @property
    def _slots(self) -> int:
        return self.diary.roster.grid.slots

    def _leads(self, at: int) -> Numbers:
        """Return the minute before which the edge of each lead may not lie at slot ``at``."""
        if self._since[0] != at:
            grid = self.diary.roster.grid
            since = [_since(lead, grid, at) for lead in self.prospects.leads]
            self._since = at, np.array(since, np.int64)
        return self._since[1]


@lru_cache(maxsize=4096)
def _since(lead: After, grid: Grid, now: int) -> int:
    return -(-int((lead.since(grid.at(now)) - grid.start).total_seconds()) // 60)
