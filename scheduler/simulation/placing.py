"""Placing: the best open pattern of a case in its own window, people drawn and claimed.

The order is that of :mod:`scheduler.ranking`: a removal by its departure; a placement by its day
and slot; a chain by its nights, then its departure, the placement as late as can be.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil, inf

from scheduler.constraint import After
from scheduler.grid import Grid
from scheduler.simulation.diary import ANY, Diary, Taken
from scheduler.simulation.prospect import (
    DEPARTURE,
    Group,
    Leaving,
    Looked,
    Offer,
    SeatsTaken,
    Stage,
    Starts,
    Way,
)
from scheduler.world import Leg


@dataclass(frozen=True, slots=True)
class Booked:
    """A leg that was placed: slots from its start to its end, its moment in minutes, its claims.

    The moment is the start of a placement and the departure of a removal; ``nights`` are numbers
    of nights ``first <= n < end`` in the facility.
    """

    leg: Leg
    start: int
    end: int
    moment: int
    people: tuple[Taken, ...]
    facility: str | None = None
    arrives: int = 0
    nights: tuple[int, int] = (0, 0)
    seats: SeatsTaken = ()
    departure: str | None = None


@dataclass(slots=True)
class Missed:
    """Why nothing was open: how often each constraint shut something, for want of which keys.

    A key is a role, a facility or, for seats, ``""``.
    """

    constraints: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)

    def by(self, constraint: str, key: str) -> None:
        """Count that a constraint shut something, for want of ``key``."""
        self.constraints[constraint] += 1
        self.keys.add(key)

    def add(self, other: "Missed") -> None:
        """Count what ``other`` counted."""
        self.constraints.update(other.constraints)
        self.keys |= other.keys


@dataclass(frozen=True, slots=True)
class Window:
    """When something may be placed: starts from slot ``now`` on, anchors before ``end``.

    A departure lies before minute ``until``. It is decided at slot ``at``.
    """

    at: int
    now: int
    end: int
    until: float


_Day = tuple[int, object, int]
"""A stage, what is looked for at it, and the day."""
_BEFORE, _AFTER = 1, 4
"""Days around an anchor in which somebody may be taken for it: the longest duty is of three."""


class Shut:
    """The days on which a stage found nothing open, which hold while nothing wanted is given back.

    Claims only take and leads only grow, so what was shut once is shut until then.
    """

    def __init__(self, diary: Diary) -> None:
        self.diary = diary
        self._days: dict[_Day, tuple[int, Missed]] = {}

    def stands(self, day: _Day, missed: Missed) -> bool:
        """Return whether nothing can have opened on a day, and count in ``missed`` why not."""
        known = self._days.get(day)
        if known is None:
            return False
        if known[0] != self._given(known[1], day[2]):
            return False
        missed.add(known[1])
        return True

    def note(self, day: _Day, missed: Missed) -> None:
        """Note that nothing was open on a day."""
        self._days[day] = self._given(missed, day[2]), missed

    def _given(self, missed: Missed, day: int) -> int:
        given = self.diary.given
        total = 0
        for key in missed.keys:
            total += given.get((key, ANY), 0)
            for near in range(day - _BEFORE, day + _AFTER + 1):
                total += given.get((key, near), 0)
        return total


def place(stage: Stage, window: Window, shut: Shut) -> tuple[Booked, ...] | Missed:
    """Place a case of ``stage`` and claim what it takes, or say what shut it out."""
    missed, diary = Missed(), shut.diary
    if stage.groups:
        found = _chain(stage, window, shut, missed)
    elif stage.legs[0] == "placement":
        found = _placement(stage, window, shut, missed)
    else:
        found = _removal(stage, window, shut, missed)
    if found is None:
        return missed
    for one in found:
        diary.take(one.people)
        diary.seat(one.seats)
        if one.facility is not None:
            diary.stay(one.facility, *one.nights, stage.persons)
    return found


@lru_cache(maxsize=4096)
def _since(lead: After, grid: Grid, now: int) -> int:
    """Return the minute before which the edge of a lead may not lie when it is slot ``now``."""
    return -(-int((lead.since(grid.at(now)) - grid.start).total_seconds()) // 60)


def _leads(stage: Stage, leg: Leg, now: int) -> list[tuple[After, int]]:
    return [(lead, _since(lead, stage.roster.grid, now)) for lead in stage.leads[leg]]


def _removal(stage: Stage, window: Window, shut: Shut, missed: Missed) -> tuple[Booked, ...] | None:
    drawing = _Drawing(stage, shut, missed)
    for key, offers in _offers(stage, None, window, shut, missed):
        drawing.counts(key, len(offers))
        for offer in offers:
            found = drawing.of(key, None, offer)
            if found is not None:
                return (found,)
    return None


def _offers(
    stage: Stage, facility: str | None, window: Window, shut: Shut, missed: Missed
) -> Iterator[tuple[_Day, list[Offer]]]:
    """Yield by day the removals of a window that are in time, on days that are not known as shut.

    A day of which the window holds a part only has the day ``ANY``, and is not noted.
    """
    leaving: Leaving | None = stage.leaving.get(facility)
    if leaving is None:
        return
    day_slots, minutes = shut.diary.day, stage.roster.grid.minutes
    leads = _leads(stage, "removal", window.at)
    booked = max((since for lead, since in leads if lead.edge == DEPARTURE), default=0)
    others = [(lead.edge, since) for lead, since in leads if lead.edge != DEPARTURE]
    low = max(window.now, booked // minutes)
    end = min(window.end, ceil(window.until / minutes) if window.until < inf else window.end)
    for day in range(low // day_slots, -(-end // day_slots)):
        if shut.stands((stage.number, facility, day), missed):
            continue
        first, last = day * day_slots, (day + 1) * day_slots
        found = [
            offer
            for offer in leaving.offers(max(low, first), min(end, last))
            if booked <= offer.departs < window.until
            and offer.anchor + offer.way.frame.starts[0] >= window.now
            and all(
                (offer.anchor + offer.way.frame.slots[edge]) * minutes >= since
                for edge, since in others
            )
        ]
        if found:
            yield (stage.number, facility, day if end >= last else ANY), found


class _Drawing:
    """People drawn for removals; a day on which none has any is noted as shut."""

    def __init__(self, stage: Stage, shut: Shut, missed: Missed) -> None:
        self.stage, self.shut, self.missed = stage, shut, missed
        self._left: dict[_Day, int] = {}
        self._why: dict[_Day, Missed] = {}
        self._looked: Looked = {}

    def counts(self, day: _Day, offers: int) -> None:
        """Expect so many removals on a day."""
        self._left[day] = offers

    def of(self, day: _Day, facility: str | None, offer: Offer) -> Booked | None:
        """Return a removal with its people and seats, or None when it is shut."""
        stage, diary = self.stage, self.shut.diary
        seats = stage.leaving[facility].seats(offer.departure)
        if diary.has_seats(seats):
            people, ask = offer.way.drawn(offer.anchor, diary, self._looked)
            if ask is None:
                return _removed(offer, seats, people)
            constraint, key = ask.constraint, ask.role
        else:
            constraint, key = stage.seat_constraint, ""
        self.missed.by(constraint, key)
        why = self._why.setdefault(day, Missed())
        why.by(constraint, key)
        self._left[day] -= 1
        if not self._left[day] and day[2] != ANY:
            self.shut.note(day, why)
        return None


def _removed(offer: Offer, seats: SeatsTaken, people: list[Taken]) -> Booked:
    frame, anchor = offer.way.frame, offer.anchor
    return Booked(
        "removal",
        anchor + frame.starts[0],
        anchor + frame.ends[-1],
        offer.departs,
        tuple(people),
        seats=seats,
        departure=offer.departure,
    )


def _placed(
    way: Way, slot: int, people: list[Taken], nights: tuple[int, int], grid: Grid
) -> Booked:
    return Booked(
        "placement",
        slot,
        slot + way.frame.ends[-1],
        slot * grid.minutes,
        tuple(people),
        way.frame.facility,
        slot + way.frame.slots["arrival", "start"],
        nights,
    )


def _placement(
    stage: Stage, window: Window, shut: Shut, missed: Missed
) -> tuple[Booked, ...] | None:
    first = max(bisect_right(stage.firsts, window.now) - 1, 0)
    looked: Looked = {}
    for day in range(first, bisect_left(stage.firsts, window.end)):
        key = stage.number, "placement", max(stage.firsts[day], 0) // shut.diary.day
        if shut.stands(key, missed):
            continue
        why = Missed()
        opened = next(_begins(stage, stage.starts(day), day, window, shut, looked, why), None)
        if opened is not None:
            return (opened,)
        shut.note(key, why)
        missed.add(why)
    return None


def _begins(
    stage: Stage,
    starts: Starts,
    day: int,
    window: Window,
    shut: Shut,
    looked: Looked,
    why: Missed,
) -> Iterator[Booked]:
    """Yield the placements among ``starts`` of a local day that are open, in their order."""
    grid, asked, base = stage.roster.grid, stage.nights_asked, max(stage.firsts[day], 0)
    leads = _leads(stage, "placement", window.at)
    latest = max((since for _, since in leads), default=0)
    places: dict[tuple[str, int], tuple[int, int] | None] = {}
    for _, ways in starts:
        for begin, way in ways:
            slot, frame = base + begin, way.frame
            if slot < window.now or (
                slot * grid.minutes < latest
                and any(
                    (slot + frame.slots[lead.edge]) * grid.minutes < since for lead, since in leads
                )
            ):
                continue
            nights: tuple[int, int] | None = (0, 0)
            if frame.facility is not None and asked is not None and asked.stay is not None:
                key = frame.facility, slot + frame.slots["arrival", "start"]
                if key not in places:
                    night = stage.night(*key)
                    stay = night, night + asked.stay
                    left = shut.diary.has_places(frame.facility, *stay, stage.persons)
                    places[key] = stay if left else None
                nights = places[key]
                if nights is None:
                    why.by(stage.place_constraint, frame.facility)
                    continue
            people, ask = way.drawn(slot, shut.diary, looked)
            if ask is not None:
                why.by(ask.constraint, ask.role)
            elif nights is not None:
                yield _placed(way, slot, people, nights, grid)


def _chain(stage: Stage, window: Window, shut: Shut, missed: Missed) -> tuple[Booked, ...] | None:
    """Take the pair with the fewest nights, then the first to depart, as the kernel does.

    Each removal waits under the nights it has in an empty world, then under those it can have.
    """
    ends, drawing = _Ends(stage, window, shut, missed), _Drawing(stage, shut, missed)
    number = count()
    heap: list[tuple[int, int, int, _Day, Offer, Group, Booked | None]] = []
    for group in stage.groups:
        for day, offers in _offers(stage, group.facility, window, shut, missed):
            drawing.counts(day, len(offers))
            for offer in offers:
                fewest = stage.fewest(group, offer)
                if fewest is not None:
                    heap.append((fewest, offer.anchor, next(number), day, offer, group, None))
    heapify(heap)
    while heap:
        nights, anchor, _, day, offer, group, placed = heappop(heap)
        leaves = stage.night(group.facility, anchor)
        if placed is None:
            first, end = stage.ending(group, offer)
            placed = next(ends.before(group, max(first, window.now), end), None)
            if placed is not None:
                nights = max(leaves - stage.night(group.facility, placed.arrives), 0)
                heappush(heap, (nights, anchor, next(number), day, offer, group, placed))
            continue
        if not shut.diary.has_places(group.facility, leaves - nights, leaves, stage.persons):
            missed.by(stage.place_constraint, group.facility)
            continue
        removal = drawing.of(day, group.facility, offer)
        if removal is not None and not any(_meet(placed.people, one) for one in removal.people):
            return replace(placed, nights=(leaves - nights, leaves)), removal
    return None


class _Ends:
    """The placements of a chain that are open, by when they end, found as far as asked for."""

    def __init__(self, stage: Stage, window: Window, shut: Shut, missed: Missed) -> None:
        self.stage, self.window, self.shut, self.missed = stage, window, shut, missed
        self._looked: Looked = {}
        self._days: dict[tuple[Group, int], tuple[list[Booked], Iterator[Booked]]] = {}

    def before(self, group: Group, first: int, end: int) -> Iterator[Booked]:
        """Yield the open placements that end at slots ``first <= t < end``, latest first."""
        for day in range(bisect_right(self.stage.firsts, end) - 1, -1, -1):
            for one in self._of(group, day):
                if first <= one.end < end:
                    yield one
            if self.stage.firsts[day] < first:
                return

    def _of(self, group: Group, day: int) -> Iterator[Booked]:
        if (group, day) not in self._days:
            self._days[group, day] = [], self._search(group, day)
        known, others = self._days[group, day]
        yield from known
        for one in others:
            known.append(one)
            yield one

    def _search(self, group: Group, day: int) -> Iterator[Booked]:
        stage, shut, window, why = self.stage, self.shut, self.window, Missed()
        key = stage.number, group, max(stage.firsts[day], 0) // shut.diary.day
        if shut.stands(key, self.missed):
            return
        opened = False
        for one in _begins(stage, stage.ends(group, day), day, window, shut, self._looked, why):
            opened = True
            yield one
        self.missed.add(why)
        if not opened:
            shut.note(key, why)


def _meet(mine: Iterable[Taken], other: Taken) -> bool:
    """Return whether somebody drawn for one leg is drawn for the other at the same time."""
    one, first, mask = other
    return any(one == each and mask << first & slots << begin for each, begin, slots in mine)
