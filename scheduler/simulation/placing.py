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
from scheduler.simulation.diary import ANY, Diary, Taken, Team
from scheduler.simulation.prospect import (
    DEPARTURE,
    Ask,
    Group,
    Leaving,
    Looked,
    Narrowed,
    Offer,
    SeatsTaken,
    Stage,
    Way,
)
from scheduler.timeline import Timeline, span
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
    """Why nothing was open: how often each constraint shut something, and for want of what.

    Of people by role and by team; of facilities, and of seats (``""``).
    """

    constraints: Counter[str] = field(default_factory=Counter)
    roles: set[str] = field(default_factory=set)
    teams: set[Team] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    def of(self, constraint: str, other: str) -> None:
        """Count that a constraint shut something, for want of a place or seats."""
        self.constraints[constraint] += 1
        self.others.add(other)

    def by(self, ask: Ask, diary: Diary) -> None:
        """Count that an asking shut something."""
        self.constraints[ask.constraint] += 1
        self.roles.add(ask.role)
        self.teams.update(diary.team(units) for units in ask.units)

    def add(self, other: "Missed") -> None:
        """Count what ``other`` counted."""
        self.constraints.update(other.constraints)
        self.roles |= other.roles
        self.teams |= other.teams
        self.others |= other.others


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
        if known is None or known[0] != self._given(known[1], day[2]):
            return False
        missed.add(known[1])
        return True

    def lacked(self, day: _Day) -> Iterable[str]:
        """Return what was lacking on a day when last nothing was open."""
        known = self._days.get(day)
        return known[1].roles if known is not None else ()

    def note(self, day: _Day, missed: Missed) -> None:
        """Note that nothing was open on a day."""
        self._days[day] = self._given(missed, day[2]), missed

    def _given(self, missed: Missed, day: int) -> int:
        return self.diary.given(missed.teams, missed.others, day)


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
        why = self._why.setdefault(day, Missed())
        if diary.has_seats(seats):
            people, ask = offer.way.drawn(offer.anchor, diary, self._looked)
            if ask is None:
                return _removed(offer, seats, people)
            self.missed.by(ask, diary)
            why.by(ask, diary)
        else:
            self.missed.of(stage.seat_constraint, "")
            why.of(stage.seat_constraint, "")
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


def _placement(
    stage: Stage, window: Window, shut: Shut, missed: Missed
) -> tuple[Booked, ...] | None:
    first = max(bisect_right(stage.firsts, window.now) - 1, 0)
    looked: Looked = {}
    for day in range(first, bisect_left(stage.firsts, window.end)):
        key = stage.number, "placement", max(stage.firsts[day], 0) // shut.diary.day
        if shut.stands(key, missed):
            continue
        today = _Begins(stage, None, day, window, shut, key, looked)
        opened = today.first()
        if opened is not None:
            return (opened,)
        shut.note(key, today.missed)
        missed.add(today.missed)
    return None


class _Begins:
    """The placements that begin on a local day, narrowed by what turns out to be lacking.

    A placement that looks open is drawn; the role that it lacks then narrows all, so that a day on
    which a role is exhausted costs one look. Bits are slots from the first of the day: the start of
    a placement, or its end with a ``group``.
    """

    def __init__(
        self,
        stage: Stage,
        group: Group | None,
        day: int,
        window: Window,
        shut: Shut,
        key: _Day,
        looked: Looked,
    ) -> None:
        self.stage, self.diary, self.looked = stage, shut.diary, looked
        self.base = base = max(stage.firsts[day], 0)
        self.missed = Missed()
        self.narrowed: set[str] = set()
        self.stay = None if group or stage.nights_asked is None else stage.nights_asked.stay
        opening = stage.opening(group, day)
        self.left, self.open = opening.ways, opening.all
        for role in shut.lacked(key):
            asked = opening.exhausted(role, base, self.diary)
            if asked is not None:
                self.missed.constraints[asked.ask.constraint] += len(opening.ways)
                self.missed.roles.add(role)
                self.missed.teams |= asked.teams(self.diary)
                self.left, self.open = (), 0
                return
        minutes, leads = stage.roster.grid.minutes, _leads(stage, "placement", window.at)
        latest = max((since for _, since in leads), default=0)
        if base < window.now or base * minutes < latest:
            self._keep([self._later(*one, window.now, leads) for one in self.left])
        if self.stay is not None:
            self._house(self.stay)

    def first(self) -> Booked | None:
        """Return the placement that begins first."""
        while self.open:
            found = self._drawn((self.open & -self.open).bit_length() - 1)
            if found is not None:
                return found
        return None

    def last(self, first: int, end: int) -> Booked | None:
        """Return the placement that ends last at a slot ``first <= t < end``."""
        within = span(max(first - self.base, 0), max(end - self.base, 0))
        while line := self.open & within:
            found = self._drawn(line.bit_length() - 1)
            if found is not None:
                return found
        return None

    def _drawn(self, bit: int) -> Booked | None:
        """Return the first placement of a bit, or narrow what is left by what that one lacks."""
        n = next(n for n, (_, _, line) in enumerate(self.left) if line >> bit & 1)
        way, lag, line = self.left[n]
        slot = self.base + bit - lag
        people, ask = way.drawn(slot, self.diary, self.looked)
        if ask is None:
            return self._placed(way, slot, people)
        if ask.role in self.narrowed:
            # Each attendance has somebody, but both the same: this one slot is shut.
            self._keep((*self.left[:n], (way, lag, line ^ 1 << bit), *self.left[n + 1 :]))
            self.missed.by(ask, self.diary)
        else:
            self._narrow(ask.role)
        return None

    def _keep(self, left: Iterable[tuple[Way, int, Timeline]]) -> None:
        self.left = tuple(one for one in left if one[2])
        self.open = 0
        for _, _, line in self.left:
            self.open |= line

    def _narrow(self, role: str) -> None:
        self.narrowed.add(role)
        base, diary = self.base, self.diary
        left: list[tuple[Way, int, Timeline]] = []
        known: Narrowed = {}
        for way, lag, line in self.left:
            ask = way.of_role.get(role)
            if ask is not None:
                open_ = ask.narrowed(line, base, lag, diary, known)
                if open_ != line:
                    self.missed.by(ask, diary)
                    line = open_
            left.append((way, lag, line))
        self._keep(left)

    def _later(
        self, way: Way, lag: int, line: Timeline, now: int, leads: list[tuple[After, int]]
    ) -> tuple[Way, int, Timeline]:
        """Leave out what begins before now, or too soon for a lead."""
        slots, minutes = way.frame.slots, self.stage.roster.grid.minutes
        early = max((-(-since // minutes) - slots[lead.edge] for lead, since in leads), default=0)
        gone = max(early, now) - self.base + lag
        return way, lag, line >> gone << gone if gone > 0 else line

    def _house(self, stay: int) -> None:
        """Leave out what finds no places for the stay; where all are left nobody looks further."""
        stage, diary, count = self.stage, self.diary, self.stage.persons
        short = {
            facility
            for facility in {way.frame.facility for way, _, _ in self.left}
            if facility is not None
            and not diary.has_places(
                facility, first := stage.night(facility, self.base), first + stay + 3, count
            )
        }
        if short:
            self._keep(
                [
                    (
                        way,
                        lag,
                        self._housed(way, line, stay) if way.frame.facility in short else line,
                    )
                    for way, lag, line in self.left
                ]
            )

    def _housed(self, way: Way, line: Timeline, stay: int) -> Timeline:
        """Return the starts of ``line`` from which the facility has places for the stay."""
        stage, facility = self.stage, way.frame.facility or ""
        arrives = self.base + way.frame.slots["arrival", "start"]
        lacking = 0
        first = stage.night(facility, arrives)
        for night in range(first, stage.night(facility, arrives + line.bit_length()) + 1):
            if not self.diary.has_places(facility, night, night + stay, stage.persons):
                since, until = stage.evening(facility, night), stage.evening(facility, night + 1)
                lacking |= span(since - arrives, until - arrives)
        if line & lacking:
            self.missed.of(stage.place_constraint, facility)
        return line & ~lacking

    def _placed(self, way: Way, slot: int, people: list[Taken]) -> Booked:
        frame = way.frame
        arrives = slot + frame.slots["arrival", "start"]
        nights = 0, 0
        if self.stay is not None and frame.facility is not None:
            night = self.stage.night(frame.facility, arrives)
            nights = night, night + self.stay
        return Booked(
            "placement",
            slot,
            slot + frame.ends[-1],
            slot * self.stage.roster.grid.minutes,
            tuple(people),
            frame.facility,
            arrives,
            nights,
        )


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
            placed = ends.before(group, max(first, window.now), end)
            if placed is not None:
                nights = max(leaves - stage.night(group.facility, placed.arrives), 0)
                heappush(heap, (nights, anchor, next(number), day, offer, group, placed))
            continue
        if not shut.diary.has_places(group.facility, leaves - nights, leaves, stage.persons):
            missed.of(stage.place_constraint, group.facility)
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
        self._days: dict[tuple[Group, int], _Begins | None] = {}
        self._before: dict[tuple[Group, int], int] = {}
        """The last day before one that nothing is open on, that is not known to be such a day."""

    def before(self, group: Group, first: int, end: int) -> Booked | None:
        """Return the open placement that ends last at a slot ``first <= t < end``."""
        firsts = self.stage.firsts
        if end <= first:
            return None
        day = bisect_right(firsts, end) - 1
        while day >= 0:
            today = self._of(group, day)
            if today is not None:
                found = today.last(first, end)
                if found is not None:
                    return found
                if not today.open:
                    self._shut(group, day, today)
            if firsts[day] < first:
                return None
            day = self._earlier(group, day)
        return None

    def _earlier(self, group: Group, day: int) -> int:
        """Return the day before ``day`` that may be open, past all that are known not to be."""
        passed = []
        before = day - 1
        while (known := self._before.get((group, before))) is not None:
            passed.append(before)
            before = known
        for one in passed:
            self._before[group, one] = before
        return before

    def _of(self, group: Group, day: int) -> _Begins | None:
        if (group, day) not in self._days:
            today = None
            if self.shut.stands(self._key(group, day), self.missed):
                self._before[group, day] = day - 1
            else:
                key = self._key(group, day)
                today = _Begins(self.stage, group, day, self.window, self.shut, key, self._looked)
            self._days[group, day] = today
        return self._days[group, day]

    def _shut(self, group: Group, day: int, today: _Begins) -> None:
        self._days[group, day] = None
        self._before[group, day] = day - 1
        self.missed.add(today.missed)
        self.shut.note(self._key(group, day), today.missed)

    def _key(self, group: Group, day: int) -> _Day:
        return self.stage.number, group, max(self.stage.firsts[day], 0) // self.shut.diary.day


def _meet(mine: Iterable[Taken], other: Taken) -> bool:
    """Return whether somebody drawn for one leg is drawn for the other at the same time."""
    one, first, mask = other
    return any(one == each and mask << first & slots << begin for each, begin, slots in mine)
