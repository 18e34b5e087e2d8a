"""Time drawn as tables: who is at work, away or taken, by half hours of a day or days of a week."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from api.pages.frame import ZONE
from api.pages.life import STATUSES
from scheduler.grid import Stretch, days, merged, midnight
from scheduler.world import Resource, World

DAY, WEEK, HALF = timedelta(days=1), timedelta(days=7), timedelta(minutes=30)
OPENS, CLOSES = time(5), time(22)
"""The hours of a day that are drawn by halves; what lies before and after is folded."""
SETTLED = frozenset({"confirmed", "executed"})
"""The bookings on which one can count."""
MARKS = {"proposed": "○", "held": "◐", "confirmed": "●", "executed": "✓"}
"""What stands beside the word for where a booking stands."""

State = Literal["free", "here", "taken", "away", "off"]
"""At work and free; booked for good; booked for now; not there after all; not at work."""


@dataclass(frozen=True, slots=True)
class Use:
    """A stretch for which somebody is taken: what it is called, where it leads, how it stands."""

    since: datetime
    until: datetime
    name: str
    path: str
    status: str
    case: str


@dataclass(frozen=True, slots=True)
class Column:
    """A stretch that is one column; what is ``folded`` is longer than the others."""

    since: datetime
    until: datetime
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above columns; a day leads to where it is drawn by itself."""

    span: int
    label: str = ""
    day: date | None = None
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """Columns in which somebody does the same; of a whole day the minutes too."""

    state: State
    span: int
    since: datetime
    until: datetime
    uses: tuple[Use, ...] = ()
    taken: int = 0
    work: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody, or a vehicle or a room, with their time."""

    resource: Resource
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Those who are at home in one region."""

    region: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: those of a role, on one clock."""

    role: str
    zone: str
    headings: tuple[Heading, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are drawn: one, or the seven from a Monday on."""

    first: date
    kind: Literal["day", "week"] = "day"
    whole: bool = False

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.first if self.kind == "day" else self.first + WEEK - DAY

    @property
    def days(self) -> tuple[date, ...]:
        """The days."""
        return tuple(self.first + n * DAY for n in range((self.last - self.first).days + 1))

    def stretch(self, zone: str) -> Stretch:
        """Return from when to when the days last on a clock."""
        return midnight(self.first, zone), midnight(self.last + DAY, zone)

    def near(self, resource: Resource) -> bool:
        """Return whether somebody is at work in these days."""
        begins, ends = _wall(self)
        return any(one.from_ < ends and begins < one.until for one in resource.shifts)


def clock(moment: datetime, zone: str) -> str:
    """Return a time of the day."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def hours(minutes: int) -> str:
    """Return how long something lasts: "7:30", and "7" for whole hours."""
    whole, rest = divmod(minutes, 60)
    return f"{whole}:{rest:02}" if rest else str(whole)


TIME: Mapping[str, Any] = {
    "marks": MARKS,
    "statuses": STATUSES,
    "settled": SETTLED,
    "clock": clock,
    "hours": hours,
}
"""What the template of the tables draws with."""


def period(world: World, day: date, kind: Literal["day", "week"], zone: str) -> Period:
    """Return the days around ``day``, or around the day of the horizon that is nearest to it."""
    inside = days(world.grid, zone)
    near = min(max(day, inside[0]), inside[-1])
    return Period(near if kind == "day" else near - near.weekday() * DAY, kind)


def clock_of(zone: str, shown: Period) -> str:
    """Return the zone by which a clock is told in these days: ours, where it shows the same."""
    return ZONE if shown.stretch(zone) == shown.stretch(ZONE) else zone


def in_order(world: World, resources: Iterable[Resource], shown: Period) -> list[Resource]:
    """Return resources as they are drawn: by role, clock and region."""
    order = {role: n for n, role in enumerate(world.roles)}
    zones = {one.id: clock_of(one.timezone, shown) for one in world.locations}
    return sorted(
        resources,
        key=lambda one: (
            order[one.role],
            zones[one.home] != ZONE,
            zones[one.home],
            world.location[one.home].region,
            one.id,
        ),
    )


def sheets(
    world: World,
    resources: Iterable[Resource],
    uses: Mapping[str, Sequence[Use]],
    shown: Period,
) -> tuple[Sheet, ...]:
    """Return tables of ``resources``, which come :func:`in_order`."""
    zones = {one.id: clock_of(one.timezone, shown) for one in world.locations}
    return tuple(
        _sheet(world, role, zone, [*mine], uses, shown)
        for (role, zone), mine in groupby(resources, key=lambda one: (one.role, zones[one.home]))
    )


def _sheet(
    world: World,
    role: str,
    zone: str,
    resources: Sequence[Resource],
    uses: Mapping[str, Sequence[Use]],
    shown: Period,
) -> Sheet:
    columns = _columns(shown, zone)
    groups = tuple(
        Group(
            region,
            tuple(
                Row(one, tuple(_cells(world, one, uses.get(one.id, ()), columns, shown)))
                for one in mine
            ),
        )
        for region, mine in groupby(resources, key=lambda one: world.location[one.home].region)
    )
    return Sheet(role, zone, _headings(columns, shown, zone), groups)


@lru_cache(maxsize=64)
def _columns(shown: Period, zone: str) -> tuple[Column, ...]:
    if shown.kind == "week":
        return tuple(Column(*Period(day).stretch(zone)) for day in shown.days)
    begins, ends = shown.stretch(zone)
    if shown.whole:
        return tuple(_halves(begins, ends))
    opens, closes = (
        datetime.combine(shown.first, one, ZoneInfo(zone)).astimezone(begins.tzinfo)
        for one in (OPENS, CLOSES)
    )
    return (
        Column(begins, opens, folded=True),
        *_halves(opens, closes),
        Column(closes, ends, folded=True),
    )


def _halves(since: datetime, until: datetime) -> Iterator[Column]:
    while since < until:
        yield Column(since, since + HALF)
        since += HALF


@lru_cache(maxsize=64)
def _headings(columns: tuple[Column, ...], shown: Period, zone: str) -> tuple[Heading, ...]:
    if shown.kind == "week":
        return tuple(Heading(1, day=day) for day in shown.days)

    def hour(one: Column) -> str:
        since, until = (moment.astimezone(ZoneInfo(zone)) for moment in (one.since, one.until))
        # An hour that comes twice is two hours: it is told by its zone.
        twice = since.replace(fold=1 - since.fold).utcoffset() != since.utcoffset()
        told = f"{since:%H} {since.tzname()}" if twice else f"{since:%H}"
        return f"{told}–{until.hour or 24:02}" if one.folded else told

    return tuple(
        Heading(len(mine), label, folded=mine[0].folded)
        for label, mine in ((label, [*same]) for label, same in groupby(columns, key=hour))
    )


def _cells(
    world: World,
    resource: Resource,
    uses: Sequence[Use],
    columns: Sequence[Column],
    shown: Period,
) -> Iterator[Cell]:
    begins, ends = columns[0].since, columns[-1].until
    duty = _duty(world, resource, shown)
    away = [
        (max(since, begins), min(until, ends))
        for since, until in merged(
            (*(one.stretch for one in resource.away), *world.team_duties.get(resource.id, ()))
        )
        if since < ends and begins < until
    ]
    mine = [one for one in uses if one.since < ends and begins < one.until]
    if shown.kind == "week":
        yield from (_of_a_day(one, duty, away, mine) for one in columns)
        return
    told = ((one, *_of(one, duty, away, mine)) for one in columns)
    for (state, here), same in groupby(told, key=lambda one: one[1:]):
        run = [one for one, *_ in same]
        yield Cell(state, len(run), run[0].since, run[-1].until, here)


def _of(
    column: Column, duty: Iterable[Stretch], away: Iterable[Stretch], uses: Iterable[Use]
) -> tuple[State, tuple[Use, ...]]:
    """Return what somebody does in a column: at work is who is there for all of it.

    What is folded is told by what touches it: it is only looked at from afar.
    """
    since, until = column.since, column.until
    here = tuple(one for one in uses if one.since < until and since < one.until)
    if here:
        return _booked(here), here
    if any(first < until and since < last for first, last in away):
        return "away", ()
    if column.folded:
        works = any(first < until and since < last for first, last in duty)
    else:
        works = any(first <= since and until <= last for first, last in duty)
    return ("free" if works else "off"), ()


def _of_a_day(
    column: Column, duty: Iterable[Stretch], away: Sequence[Stretch], uses: Iterable[Use]
) -> Cell:
    here = tuple(one for one in uses if one.since < column.until and column.since < one.until)
    work = _minutes(column, duty)
    there = work - sum(_minutes(Column(*one), duty) for one in _clipped(column, away))
    taken = _minutes(column, merged((one.since, one.until) for one in here))
    state: State = "off" if not work else "away" if not there else "free"
    return Cell(_booked(here) if here else state, 1, column.since, column.until, here, taken, there)


def _booked(uses: Iterable[Use]) -> State:
    return "here" if all(one.status in SETTLED for one in uses) else "taken"


def _minutes(column: Column, stretches: Iterable[Stretch]) -> int:
    """Return how many minutes of a column lie in stretches that do not overlap."""
    inside = _clipped(column, stretches)
    return sum(int((until - since).total_seconds()) // 60 for since, until in inside)


def _clipped(column: Column, stretches: Iterable[Stretch]) -> list[Stretch]:
    return [
        (max(since, column.since), min(until, column.until))
        for since, until in stretches
        if since < column.until and column.since < until
    ]


def _duty(world: World, resource: Resource, shown: Period) -> list[Stretch]:
    """Return when somebody is at work in these days: of the other shifts nothing is worked out."""
    begins, ends = _wall(shown)
    near = tuple(one for one in resource.shifts if one.from_ < ends and begins < one.until)
    return merged(world.duty(resource.model_copy(update={"shifts": near})))


def _wall(shown: Period) -> tuple[datetime, datetime]:
    return datetime.combine(shown.first, time()), datetime.combine(shown.last + DAY, time())
