"""Departures: a row for each flight, charter or transfer by road, or for each of a timetable.

Hours are on the clock of where it leaves, and of where it arrives. A timetable says on which days
of the week a flight leaves and from when until when; each of its flights is a departure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from api.imports.brought import Brought, Row, Steps, Where, differing, made, zone_of
from api.imports.cells import (
    CellError,
    Clock,
    clock_or_moment,
    day,
    flawed,
    instant,
    names,
    near,
    on_clock,
    one_of,
    text,
    weekdays,
    whole,
)
from api.imports.columns import Column, each, read_columns
from api.imports.flaws import Flaw
from scheduler.grid import local_date
from scheduler.world import Departure, World

SHEETS = frozenset({"vluchten", "vertrekken", "departures", "flights", "timetable"})
"""What the sheet of departures is called, where a workbook has several."""
KINDS = {
    "lijnvlucht": "scheduled",
    "scheduled": "scheduled",
    "charter": "charter",
    "weg": "road",
    "road": "road",
}
CHARTERS = {
    "nationaal": "national",
    "national": "national",
    "gezamenlijk": "joint",
    "joint": "joint",
    "ophaal": "collecting",
    "collecting": "collecting",
}
COLUMNS = (
    Column("id", ("code", "id", "departure", "vertrek id"), text),
    Column("kind", ("soort", "kind"), one_of(KINDS)),
    Column("carrier", ("maatschappij", "carrier"), text),
    Column("number", ("vluchtnummer", "number", "nummer", "vlucht", "flight"), text),
    Column("from", ("vanaf", "from", "van", "herkomst", "origin"), text, required=True),
    Column("destination", ("naar", "destination", "bestemming", "to"), text, required=True),
    Column(
        "departs",
        ("vertrek", "departs", "vertrektijd", "departure time"),
        clock_or_moment,
        required=True,
    ),
    Column("arrives", ("aankomst", "arrives", "arrival time", "aankomsttijd"), clock_or_moment),
    Column("minutes", ("duur", "minutes", "minuten", "duration"), whole),
    Column("day", ("datum", "date"), day),
    Column("weekdays", ("dagen", "weekdays", "days"), weekdays),
    Column("first", ("geldig van", "valid from"), day),
    Column("last", ("geldig tot en met", "valid through", "geldig t/m"), day),
    Column("unescorted", ("plaatsen zonder begeleiding", "unescorted", "seats unescorted"), whole),
    Column("escorted", ("plaatsen met begeleiding", "escorted", "seats escorted"), whole),
    Column("charter", ("soort charter", "charter", "charter kind"), one_of(CHARTERS)),
    Column("team", ("ploeg", "team"), names),
    Column("country", ("quotum land", "quota country"), text, numbered=True),
    Column("quota", ("quotum plaatsen", "quota seats"), whole, numbered=True),
)
_DUTCH = {one.name: one.titles[0] for one in COLUMNS}
_DAY = timedelta(days=1)
_LONGEST = 400
"""Days for which a timetable may say when flights leave."""
_OWN = ("carrier", "number", "charter", "team")
_SEATS = ("unescorted", "escorted")
_COLUMN_OF = {"from_": "from", "seats": "unescorted", "quotas": "country", "arrives": "arrives"}


@dataclass(frozen=True, slots=True)
class _Flight:
    """What a row says, by column; it leaves on a day of its own where that is told apart."""

    row: int
    told: Mapping[str, Any]
    on: date | None
    quotas: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Departures:
    """What a file says of departures; ``titles`` are those of the columns that it has."""

    flights: Sequence[_Flight]
    titles: Mapping[str, str]

    def onto(self, world: World) -> Brought:
        """Return all that the file tells of, as it would be in a world.

        Without an id it is the flight of that number that leaves from there on that day; a new one
        is named after its number and its day.

        Raises
        ------
        FlawedError
            With every row that does not fit this world.
        """
        flaws: list[Flaw] = []
        numbered = {
            (one.number, one.from_, local_date(one.departs, zone_of(world, one.from_))): one.id
            for one in world.departures
        }
        first: dict[str, int] = {}
        parts, where, rows = [], [], []
        for one in self.flights:
            times = self._times(world, one, flaws)
            name = None if times is None else self._name(world, one, times[0], numbered, flaws)
            if times is None or name is None:
                continue
            if name in first:
                reason = f"is the departure of row {first[name]} once more"
                flaws.append(Flaw(one.row, self._title("id"), name, reason))
                continue
            first[name] = one.row
            was, at = world.departure.get(name), self._where(one)
            values = self._values(one, was) | {"id": name, "departs": times[0], "arrives": times[1]}
            part = made(Departure, values, at, flaws)
            if part is not None:
                parts.append(part)
                where.append(at)
                rows.append(Row(one.row, name, *differing(was, part)))
        if flaws:
            raise flawed(flaws)
        return Brought(tuple(parts), tuple(rows), tuple(where))

    def _title(self, name: str) -> str:
        return self.titles.get(name) or _DUTCH.get(name, name)

    def _where(self, one: _Flight) -> Where:
        def where(steps: Steps) -> tuple[int, str]:
            name = str(steps[0]) if steps else "departs"
            return one.row, self._title(_COLUMN_OF.get(name, name))

        return where

    def _times(
        self, world: World, one: _Flight, flaws: list[Flaw]
    ) -> tuple[datetime, datetime] | None:
        """Return when a departure leaves and arrives; None, and why in ``flaws``, if unknown."""
        wrong = len(flaws)
        for name in ("from", "destination"):
            place = one.told[name]
            if place not in world.location:
                hint = near(place, world.location)
                flaws.append(Flaw(one.row, self._title(name), place, "is no location", hint))
        if len(flaws) > wrong:
            return None
        zones = [world.location[one.told[name]].timezone for name in ("from", "destination")]
        opens, closes, lasts = (one.told[name] for name in ("departs", "arrives", "minutes"))
        if isinstance(opens, Clock):
            if one.on is None:
                says = "is empty, and there is an hour alone"
                flaws.append(Flaw(one.row, self._title("day"), "", says))
                return None
            opens = datetime.combine(one.on, time()) + opens
        elif one.on not in {None, opens.date()}:
            flaws.append(self._otherwise(one, "day", f"{one.on:%d-%m-%Y}", "departs"))
            return None
        departs = self._instant(one, "departs", opens, zones[0], flaws)
        if departs is None:
            return None
        if closes is None and lasts is not None:
            return departs, departs + timedelta(minutes=lasts)
        if closes is None:
            flaws.append(Flaw(one.row, self._title("arrives"), "", "is empty"))
            return None
        if isinstance(closes, Clock):
            here = departs.astimezone(ZoneInfo(zones[1])).replace(tzinfo=None)
            hour, closes = closes, datetime.combine(here.date(), time()) + closes
            if closes <= here and hour < _DAY:
                closes += _DAY
        arrives = self._instant(one, "arrives", closes, zones[1], flaws)
        if arrives is None:
            return None
        if lasts is not None and arrives - departs != timedelta(minutes=lasts):
            flaws.append(self._otherwise(one, "minutes", str(lasts), "arrives"))
            return None
        return departs, arrives

    def _otherwise(self, one: _Flight, name: str, value: str, other: str) -> Flaw:
        """Return that two cells tell the same, and tell it differently."""
        reason = f"is told otherwise by {self._title(other)}"
        return Flaw(one.row, self._title(name), value, reason)

    def _instant(
        self, one: _Flight, name: str, at: datetime, zone: str, flaws: list[Flaw]
    ) -> datetime | None:
        try:
            return instant(at, zone)
        except CellError as error:
            title = self._title(name)
            flaws.append(Flaw(one.row, title, on_clock(at), error.reason, error.suggestion))
            return None

    def _name(
        self,
        world: World,
        one: _Flight,
        departs: datetime,
        numbered: Mapping[tuple[str | None, str, date], str],
        flaws: list[Flaw],
    ) -> str | None:
        """Return the id of a departure: told, known by its number and day, or made of them."""
        if (told := one.told["id"]) is not None:
            return str(told)
        number, origin = one.told["number"], one.told["from"]
        if number is None:
            says = "is empty, and there is no number to know it by"
            flaws.append(Flaw(one.row, self._title("id"), "", says))
            return None
        leaves = local_date(departs, world.location[origin].timezone)
        stem = re.sub(r"[^a-z0-9]+", "-", number.lower()).strip("-")
        return numbered.get((number, origin, leaves), f"{stem}-{leaves}")

    def _values(self, one: _Flight, was: Departure | None) -> dict[str, Any]:
        """Return what a departure is: of what the file has no column, that stays as it was."""
        told = one.told
        values: dict[str, Any] = {"from_": told["from"], "destination": told["destination"]}
        for name in _OWN:
            if name in self.titles or was is None:
                values[name] = told[name]
            else:
                values[name] = getattr(was, name)
        values["team"] = values["team"] or ()
        values["kind"] = told["kind"] or (was.kind if was is not None else "scheduled")
        if was is not None and not {*_SEATS} & self.titles.keys():
            values["seats"] = was.seats
        else:
            values["seats"] = {name: told[name] or 0 for name in _SEATS}
        values["quotas"] = one.quotas
        if was is not None and not {"country", "quota"} & self.titles.keys():
            values["quotas"] = was.quotas
        return values


def read_departures(table: pd.DataFrame) -> Departures:
    """Return what a table says of departures.

    Raises
    ------
    FlawedError
        With every cell that is not what its column asks for.
    """
    flaws: list[Flaw] = []
    cells = read_columns(table, COLUMNS, flaws)
    titles = {name: title for (name, _), title in cells.titles.items()}
    alone = [one.name for one in COLUMNS if not one.numbered]
    flights = []
    unread = {one.row for one in flaws}
    for n, row in enumerate(cells.rows):
        if row in unread:
            continue
        told = {name: cells.of(name)[n] for name in alone}
        quotas = tuple(
            {"country": one["country"], "seats": one["quota"]}
            for _, one in each(cells, ("country", "quota"), n)
        )
        flights += [_Flight(row, told, on, quotas) for on in _days(row, told, titles, flaws)]
    if flaws:
        raise flawed(flaws)
    return Departures(flights, titles)


def _days(
    row: int, told: Mapping[str, Any], titles: Mapping[str, str], flaws: list[Flaw]
) -> Iterator[date | None]:
    """Yield the days on which a row says that something leaves; None where its hour says it."""
    asked, first, last = (told[name] for name in ("weekdays", "first", "last"))
    if asked is None and first is None and last is None:
        yield told["day"]
        return
    empty = [name for name in ("weekdays", "first", "last") if told[name] is None]
    if empty:
        flaws += (
            Flaw(row, titles.get(one) or _DUTCH[one], "", "is empty in a timetable")
            for one in empty
        )
    elif told["id"] is not None or told["day"] is not None:
        says = "is of one departure, and a timetable tells of many"
        flaws.append(Flaw(row, titles["id" if told["id"] else "day"], "", says))
    elif not isinstance(told["departs"], Clock):
        says = "is no hour of the day, which a timetable asks for"
        flaws.append(Flaw(row, titles["departs"], "", says))
    elif not 0 <= (last - first).days <= _LONGEST:
        says = f"is not within {_LONGEST} days after {first}"
        flaws.append(Flaw(row, titles["last"], str(last), says))
    else:
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        yield from (one for one in days if one.isoweekday() in asked)
