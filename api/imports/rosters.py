"""Rosters: who is at work and who is away, a row for each shift or absence.

What a roster says of somebody takes the place of what was known of them in the days that it is
about, from the first day on which something in it begins to the last. Before and after that
nothing changes. Absences are replaced only where it tells of absences at all.

A shift is a time on the clock of whose it is, and stays what is written where that clock jumps:
planning reads it inward. An absence is a stretch of time, and is read outward.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pandas as pd

from api.imports.brought import Brought, Row, Steps, Where, differing, made
from api.imports.cells import (
    Clock,
    clock_or_moment,
    day,
    flawed,
    names,
    near,
    on_clock,
    one_of,
    text,
    whole,
    yes,
)
from api.imports.columns import Cells, Column, agreed, read_columns
from api.imports.flaws import Flaw
from scheduler.grid import instant_in, local_date
from scheduler.world import Interval, Resource, Shift, World

SHEETS = frozenset({"rooster", "roosters", "roster", "rosters"})
"""What the sheet of a roster is called, where a workbook has several."""
KINDS = {
    "dienst": "shift",
    "shift": "shift",
    "afwezig": "away",
    "away": "away",
    "verlof": "away",
    "leave": "away",
}
_ABOUT = (
    Column("role", ("rol", "role", "functie"), text),
    Column("home", ("standplaats", "home", "locatie", "location"), text),
    Column("label", ("naam", "label", "name"), text),
    Column("languages", ("talen", "languages", "taal", "language"), names),
    Column("skills", ("vaardigheden", "skills"), names),
    Column("capacity", ("capaciteit", "capacity"), whole),
    Column("remote", ("op afstand", "remote", "telefonisch"), yes),
)
"""What is said of somebody, once or in every row."""
COLUMNS = (
    Column("id", ("code", "id", "resource", "medewerker", "collega"), text, required=True),
    *_ABOUT,
    Column("kind", ("soort", "kind"), one_of(KINDS)),
    Column("day", ("datum", "date", "dag", "day"), day),
    Column("from", ("van", "from", "begin", "start"), clock_or_moment),
    Column("until", ("tot", "until", "einde", "eind", "end"), clock_or_moment),
    Column("through", ("t/m", "tot en met", "through"), day),
)
_DUTCH = {one.name: one.titles[0] for one in COLUMNS}
_DAY = timedelta(days=1)
_PLAIN: Mapping[str, Any] = {
    "role": "",
    "label": None,
    "languages": (),
    "skills": (),
    "capacity": 1,
    "remote": False,
}
"""What somebody is of whom nothing is said."""
Period = tuple[date, date]
StretchT = TypeVar("StretchT", bound=Shift | Interval)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A row that says when: on the clock of whoever it is about, or with an offset."""

    row: int
    from_: datetime
    until: datetime


@dataclass(slots=True)
class _Member:
    """What a roster says of somebody: by field its value and the first row that has it, and when.

    ``rows`` are all that name them.
    """

    rows: list[int] = field(default_factory=list)
    about: dict[str, tuple[int, Any]] = field(default_factory=dict)
    shifts: list[_Stretch] = field(default_factory=list)
    away: list[_Stretch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a roster says of when somebody with a home is there, by the rows that say so."""

    zone: str
    home: str
    shifts: Mapping[Shift, int]
    away: Mapping[Interval, int]

    @property
    def days(self) -> Iterator[date]:
        """The local days on which something begins."""
        yield from (one.from_.date() for one in self.shifts)
        yield from (local_date(one.from_, self.zone) for one in self.away)


@dataclass(frozen=True, slots=True)
class Roster:
    """What a roster says, by who it is about; ``titles`` are those of the columns that it has."""

    members: Mapping[str, _Member]
    titles: Mapping[str, str]

    def onto(self, world: World, roles: Collection[str] | None = None) -> Brought:
        """Return everybody that the roster is about, as they would be in a world.

        ``roles`` are those of whom it may tell; None: of anybody.

        Raises
        ------
        FlawedError
            With every row that does not fit this world.
        """
        flaws: list[Flaw] = []
        known = {one.id: one for one in world.resources}
        told = {
            name: self._told(world, member, home, flaws)
            for name, member in self.members.items()
            if (home := self._home(world, name, known, roles, flaws)) is not None
        }
        days = [one for mine in told.values() for one in mine.days]
        period = (min(days), max(days)) if days else None
        parts, where, rows, gone = [], [], list[Row](), dict[str, int]()
        for name, mine in told.items():
            was = known.get(name)
            values, at = self._values(name, was, mine, period)
            part = made(Resource, values, at, flaws)
            if part is None:
                continue
            if roles is not None and not {part.role, (was or part).role} <= {*roles}:
                row, reason = self.members[name].rows[0], "is nobody of this organisation"
                flaws.append(Flaw(row, self._title("id"), name, reason))
            parts.append(part)
            where.append(at)
            rows += self._rows(name, was, part, mine)
            if was is not None and (lost := _lost(was, part)):
                gone[name] = lost
        if flaws:
            raise flawed(flaws)
        rows.sort(key=lambda one: one.row)
        return Brought(tuple(parts), tuple(rows), tuple(where), gone)

    def _title(self, name: str) -> str:
        return self.titles.get(name) or _DUTCH.get(name, name)

    def _home(
        self,
        world: World,
        name: str,
        known: Mapping[str, Resource],
        roles: Collection[str] | None,
        flaws: list[Flaw],
    ) -> str | None:
        """Return where somebody is at home; None, and why in ``flaws``, when nobody knows."""
        member, was = self.members[name], known.get(name)
        row, home = member.about.get("home", (member.rows[0], was.home if was else None))
        if home in world.location:
            return str(home)
        if home is None:
            reason = "is nobody who is known, and of a new one the role and the home are told"
            theirs = [one.id for one in known.values() if roles is None or one.role in roles]
            flaws.append(Flaw(row, self._title("id"), name, reason, near(name, theirs)))
        else:
            hint = near(home, world.location)
            flaws.append(Flaw(row, self._title("home"), home, "is no location", hint))
        return None

    def _told(self, world: World, member: _Member, home: str, flaws: list[Flaw]) -> _Told:
        zone = world.location[home].timezone
        shifts, away = dict[Shift, int](), dict[Interval, int]()
        for one in member.shifts:
            first, until = (_on_the_clock(at, zone) for at in (one.from_, one.until))
            if until <= first:
                reason = "is empty on the clock of the home, which is put back in it"
                flaws.append(Flaw(one.row, self._title("from"), on_clock(one.from_), reason))
            elif (
                first_row := shifts.setdefault(Shift(from_=first, until=until), one.row)
            ) != one.row:
                reason = f"is the shift of row {first_row} once more"
                flaws.append(Flaw(one.row, self._title("from"), on_clock(first), reason))
        for one in member.away:
            first, until = _outward(one.from_, zone, False), _outward(one.until, zone, True)
            away.setdefault(Interval(from_=first, until=until), one.row)
        return _Told(zone, home, shifts, away)

    def _values(
        self, name: str, was: Resource | None, mine: _Told, period: Period | None
    ) -> tuple[dict[str, Any], Where]:
        """Return what somebody is, and where the roster says each of it."""
        member = self.members[name]
        values: dict[str, Any] = {"id": name, "home": mine.home}
        for one, plain in _PLAIN.items():
            unsaid = plain if was is None else getattr(was, one)
            if one in self.titles and one != "role":
                unsaid = plain
            values[one] = member.about.get(one, (0, unsaid))[1]
        shifts = () if was is None else was.shifts
        away = () if was is None else was.away
        if period is not None:
            shifts = _replaced(shifts, mine.shifts, lambda one: one.from_.date(), period)
            if "kind" in self.titles:
                since = lambda one: local_date(one.from_, mine.zone)  # noqa: E731
                away = _replaced(away, mine.away, since, period)
        values |= {"shifts": shifts, "away": away}

        def where(steps: Steps) -> tuple[int, str]:
            first = member.rows[0]
            match steps:
                case ("shifts", int() as n, *rest):
                    edge = str(rest[0]) if rest else "from"
                    return mine.shifts.get(shifts[n], first), self._title(edge)
                case (str() as column, *_):
                    return member.about.get(column, (first, None))[0], self._title(column)
            return first, self._title("id")

        return values, where

    def _rows(self, name: str, was: Resource | None, part: Resource, mine: _Told) -> Iterator[Row]:
        """Yield what each row about somebody does; what they are is said with the first."""
        state, differs = differing(was, part)
        about = tuple(one for one in differs if one not in {"shifts", "away"})
        had = {*was.shifts, *was.away} if was else set()
        new = {row for one, row in (*mine.shifts.items(), *mine.away.items()) if one not in had}
        for n, row in enumerate(self.members[name].rows):
            if state == "new" or row in new:
                yield Row(row, name, "new", about if n == 0 else ())
            elif n == 0 and about:
                yield Row(row, name, "changed", about)
            else:
                yield Row(row, name, "same")


def read_roster(table: pd.DataFrame) -> Roster:
    """Return what a table says of who is at work when.

    Raises
    ------
    FlawedError
        With every cell that is not what its column asks for.
    """
    flaws: list[Flaw] = []
    cells = read_columns(table, COLUMNS, flaws)
    members: defaultdict[str, _Member] = defaultdict(_Member)
    ids, kinds = cells.of("id"), cells.of("kind")
    for n, name in enumerate(ids):
        if name is not None:
            members[name].rows.append(n)
    unread = {one.row for one in flaws}
    for n, stretch in _stretches(cells, unread, flaws):
        if ids[n] is not None:
            mine = members[ids[n]]
            (mine.away if kinds[n] == "away" else mine.shifts).append(stretch)
    for column in _ABOUT:
        values, title = cells.of(column.name), cells.title(column.name)
        for name, member in members.items() if cells.has(column.name) else ():
            said = agreed(((cells.rows[n], values[n]) for n in member.rows), title, flaws, name)
            if said is not None:
                member.about[column.name] = said
    for member in members.values():
        member.rows = [cells.rows[n] for n in member.rows]
    if flaws:
        raise flawed(flaws)
    return Roster(members, {name: title for (name, _), title in cells.titles.items()})


def _stretches(
    cells: Cells, unread: Collection[int], flaws: list[Flaw]
) -> Iterator[tuple[int, _Stretch]]:
    """Yield when somebody is at work or away, with the number of the row that says so.

    An end that is an hour alone is the first such hour after the beginning: past midnight where it
    is not later on the day.
    """
    columns = (cells.of(name) for name in ("day", "from", "until", "through"))
    for n, (row, on, opens, closes, through) in enumerate(zip(cells.rows, *columns, strict=True)):
        if row in unread or all(one is None for one in (on, opens, closes, through)):
            continue
        if on is not None and isinstance(opens, datetime) and opens.date() != on:
            flaws.append(_otherwise(cells, row, "day", on, "from"))
            continue
        if through is not None and closes is not None:
            flaws.append(_otherwise(cells, row, "through", through, "until"))
            continue
        if isinstance(opens, Clock):
            if on is None:
                flaws.append(Flaw(row, cells.title("day"), "", "is empty, and there is an hour"))
                continue
            opens = datetime.combine(on, time()) + opens
        elif opens is None and on is not None and through is not None:
            opens = datetime.combine(on, time())
        if closes is None and through is not None:
            closes = datetime.combine(through, time()) + _DAY
        if opens is None or closes is None:
            missing = "from" if opens is None else "until"
            flaws.append(Flaw(row, cells.title(missing), "", "is empty"))
            continue
        if isinstance(closes, Clock):
            midnight = opens.replace(hour=0, minute=0, second=0, microsecond=0)
            over = midnight + closes <= opens
            closes = midnight + closes + (_DAY if over else timedelta())
        title = cells.title("until")
        if (opens.tzinfo is None) != (closes.tzinfo is None):
            reason = "is told with an offset, or without one, unlike where it begins"
            flaws.append(Flaw(row, title, on_clock(closes), reason))
        elif closes <= opens:
            hint = on_clock(closes + _DAY) if opens < closes + _DAY else ""
            flaws.append(Flaw(row, title, on_clock(closes), "is not after its start", hint))
        else:
            yield n, _Stretch(row, opens, closes)


def _otherwise(cells: Cells, row: int, name: str, value: date, other: str) -> Flaw:
    """Return that two cells tell of one edge, and nobody knows which of them is meant."""
    reason = f"is told otherwise by {cells.title(other)}"
    return Flaw(row, cells.title(name), f"{value:%d-%m-%Y}", reason)


def _on_the_clock(at: datetime, zone: str) -> datetime:
    return at if at.tzinfo is None else at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _outward(at: datetime, zone: str, closes: bool) -> datetime:
    """Return the moment in UTC of the edge of an absence: nobody is expected who may be away."""
    return instant_in(_on_the_clock(at, zone), zone, opens=closes) if at.tzinfo is None else at


def _replaced(
    was: tuple[StretchT, ...],
    told: Collection[StretchT],
    since: Callable[[StretchT], date],
    period: Period,
) -> tuple[StretchT, ...]:
    """Return what was before and after a period and what is told of it, in order.

    Where that is what was, it is as it was.
    """
    first, last = period
    found = {*told, *(one for one in was if not first <= since(one) <= last)}
    if found == {*was}:
        return was
    return tuple(sorted(found, key=lambda one: (one.from_, one.until)))


def _lost(was: Resource, now: Resource) -> int:
    """Return how many shifts and absences somebody had that they have no more."""
    return len({*was.shifts} - {*now.shifts}) + len({*was.away} - {*now.away})
