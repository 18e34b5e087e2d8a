"""The horizon as a grid of equal slots, and local time on it: days, nights and hours."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from scheduler.timeline import Timeline, span

Stretch = tuple[datetime, datetime]
"""A half-open stretch of time ``(from, until)`` in UTC."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A horizon of ``slots`` slots of ``minutes`` minutes from ``start`` (UTC).

    Needs round up to whole slots, availability rounds inward, legal ends round down.
    """

    start: datetime
    minutes: int
    slots: int

    @property
    def full(self) -> Timeline:
        """Every slot of the horizon."""
        return (1 << self.slots) - 1

    @property
    def end(self) -> datetime:
        """The instant after the last slot."""
        return self.at(self.slots)

    def at(self, slot: int) -> datetime:
        """Return the instant at which ``slot`` begins; slots outside the horizon are allowed."""
        return self.start + timedelta(minutes=slot * self.minutes)

    def floor(self, instant: datetime) -> int:
        """Return the slot that holds ``instant`` (negative before the horizon)."""
        return (instant - self.start) // timedelta(minutes=self.minutes)

    def ceil(self, instant: datetime) -> int:
        """Return the first slot that begins at or after ``instant``."""
        return -((self.start - instant) // timedelta(minutes=self.minutes))

    def length(self, minutes: int) -> int:
        """Return the number of slots that hold ``minutes`` (rounded up)."""
        return -(-minutes // self.minutes)

    def inward(self, stretches: Iterable[Stretch]) -> Timeline:
        """Return the slots that lie wholly inside the union of ``stretches``: availability."""
        line = 0
        for first, until in merged(stretches):
            line |= span(self.ceil(first), min(self.floor(until), self.slots))
        return line

    def outward(self, stretches: Iterable[Stretch]) -> Timeline:
        """Return the slots that ``stretches`` touch: what is taken."""
        line = 0
        for first, until in stretches:
            line |= span(self.floor(first), min(self.ceil(until), self.slots))
        return line


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return ``stretches`` in order, those that touch or overlap made one."""
    whole: list[Stretch] = []
    for first, until in sorted(stretches):
        if whole and first <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], until))
        else:
            whole.append((first, until))
    return whole


def instant_in(local: datetime, zone: str, *, opens: bool) -> datetime:
    """Return the UTC instant of a wall-clock time, rounded inward where the clock jumps.

    An hour that comes twice or not at all has two readings: an opening takes the later and a
    closing the earlier, so availability is never overstated.
    """
    readings = [local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    return max(readings) if opens else min(readings)


def midnight(day: date, zone: str) -> datetime:
    """Return the UTC instant at which the local ``day`` begins."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def local_date(instant: datetime, zone: str) -> date:
    """Return the local date of ``instant``."""
    return instant.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=256)
def days(grid: Grid, zone: str) -> tuple[date, ...]:
    """Return the local days that the horizon touches, in order."""
    first = local_date(grid.start, zone)
    last = local_date(grid.end - timedelta(microseconds=1), zone)
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


@lru_cache(maxsize=256)
def day_lines(grid: Grid, zone: str) -> tuple[Timeline, ...]:
    """Return, per local day of :func:`days`, its slots (92 or 100 quarter-hours on a jump day)."""
    firsts = first_slots(grid, zone)
    return tuple(span(first, end) for first, end in pairwise((*firsts, grid.slots)))


@lru_cache(maxsize=256)
def first_slots(grid: Grid, zone: str) -> tuple[int, ...]:
    """Return, per local day of :func:`days`, the first slot that begins in it (negative before)."""
    return tuple(grid.ceil(midnight(day, zone)) for day in days(grid, zone))


def day_at(grid: Grid, slot: int, zone: str) -> date:
    """Return the local date in which ``slot`` begins; slots outside the horizon are allowed."""
    if not 0 <= slot < grid.slots:
        return local_date(grid.at(slot), zone)
    return days(grid, zone)[bisect_right(first_slots(grid, zone), slot) - 1]


@lru_cache(maxsize=4096)
def hours(
    first: date, last: date, zone: str, opens: time, closes: time, closed: frozenset[date]
) -> tuple[Stretch, ...]:
    """Return the local hours ``opens-closes`` of each day from ``first`` to ``last`` inclusive.

    ``closes`` at or before ``opens`` runs into the next day (a night; 00:00 is midnight).
    Days in ``closed`` are left out.
    """
    stretches = []
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day in closed:
            continue
        until = day if closes > opens else day + timedelta(days=1)
        stretches.append(
            (
                instant_in(datetime.combine(day, opens), zone, opens=True),
                instant_in(datetime.combine(until, closes), zone, opens=False),
            )
        )
    return tuple(stretches)
