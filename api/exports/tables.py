"""Parts of a world as tables: what :mod:`api.imports` reads, under the same titles.

Every cell is text, for a time that a clock shows twice needs its offset. A text that would be read
otherwise than it is stands behind an apostrophe, as spreadsheets have it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd

from api.exports.files import Sheet
from api.imports import cases, departures, roads, rosters
from api.imports.cells import local, on_clock
from api.imports.columns import Column
from constraints.register import REGISTER
from scheduler.world import Case, Departure, Person, Resource, World

Kind = Literal["rosters", "departures", "cases", "roads"]
KINDS: tuple[Kind, ...] = "rosters", "departures", "cases", "roads"
_Row = dict[tuple[str, int], Any]
"""A row by the name and the number of its columns."""


def table_of(world: World, kind: Kind) -> Sheet:
    """Return the rosters, departures, cases or travel times of a world as a table."""
    return _TABLES[kind](world)


def rosters_of(world: World, resources: Iterable[Resource] | None = None) -> Sheet:
    """Return when people, vehicles and rooms are at work and away, a row for each."""
    of = world.resources if resources is None else resources
    rows = [row for one in of for row in _roster(one, world.location[one.home].timezone)]
    return _sheet("roosters", rosters.COLUMNS, rows)


def departures_of(world: World) -> Sheet:
    """Return the departures of a world, a row for each."""
    return _sheet(
        "vluchten", departures.COLUMNS, [_departure(world, one) for one in world.departures]
    )


def cases_of(world: World) -> Sheet:
    """Return the cases of a world, a row for each person."""
    rows = [row for one in world.cases for row in _case(world, one)]
    told = {key for row in rows for key in row}
    titles = {
        key: cases.fact_title(fact, part)
        for fact in sorted(REGISTER.facts)
        for part in ("value", "since", "expected", "source")
        if (key := (f"{fact}/{part}", 0)) in told
    }
    return _sheet("dossiers", cases.COLUMNS, rows, titles)


def roads_of(world: World) -> Sheet:
    """Return how long the roads of a world are, a row for each."""
    rows: list[_Row] = [
        {("from", 0): one.from_, ("to", 0): one.to, ("minutes", 0): one.minutes}
        for one in world.roads
    ]
    return _sheet("reistijden", roads.COLUMNS, rows)


_TABLES: Mapping[Kind, Callable[[World], Sheet]] = {
    "rosters": rosters_of,
    "departures": departures_of,
    "cases": cases_of,
    "roads": roads_of,
}


def _sheet(
    name: str,
    columns: Sequence[Column],
    rows: Sequence[_Row],
    more: Mapping[tuple[str, int], str] | None = None,
) -> Sheet:
    """Return rows under the titles of the columns that any of them fills, in their order."""
    filled = {key for row in rows for key, value in row.items() if value not in (None, "", ())}
    known = {(one.name, 0): one.titled() for one in columns if not one.numbered}
    for number in sorted({number for _, number in filled if number}):
        known |= {(one.name, number): one.titled(number) for one in columns if one.numbered}
    known |= more or {}
    wanted = {(one.name, 0) for one in columns if one.required} | {_KIND} & {*known}
    shown = [key for key in known if key in filled | wanted]
    cells = {known[key]: [_cell(row.get(key)) for row in rows] for key in shown}
    return Sheet(name, pd.DataFrame(cells, dtype=object))


_KIND = ("kind", 0)
"""That a row is no absence says that there is none, and so is told always."""


def _cell(value: object) -> str:
    match value:
        case None | ():
            return ""
        case bool():
            return "ja" if value else "nee"
        case tuple():
            return ", ".join(map(str, value))
        case datetime():
            return on_clock(value)
        case date():
            return value.isoformat()
        case str() if value.startswith("'") or value != value.strip():
            return f"'{value}"
    return str(value)


def _numbered(rows: Iterable[Mapping[str, object]]) -> _Row:
    return {
        (name, number): value
        for number, row in enumerate(rows, start=1)
        for name, value in row.items()
    }


def _word(words: Mapping[str, str], meant: str | None) -> str | None:
    """Return the Dutch word for what is meant: the first of those that mean it."""
    return next((word for word, one in words.items() if one == meant), None)


def _roster(one: Resource, zone: str) -> Iterator[_Row]:
    about: _Row = {
        (name, 0): getattr(one, name)
        for name in ("id", "role", "home", "label", "languages", "skills", "capacity")
    }
    about["remote", 0] = one.remote or None
    shift, away = (_word(rosters.KINDS, kind) for kind in ("shift", "away"))
    for stretch in one.shifts:
        yield about | {_KIND: shift, ("from", 0): stretch.from_, ("until", 0): stretch.until}
    for gone in one.away:
        since, until = local(gone.from_, zone), local(gone.until, zone)
        yield about | {_KIND: away, ("from", 0): since, ("until", 0): until}
    if not (one.shifts or one.away):
        yield about


def _departure(world: World, one: Departure) -> _Row:
    zones = [world.location[place].timezone for place in (one.from_, one.destination)]
    row: _Row = {
        (name, 0): getattr(one, name) for name in ("id", "carrier", "number", "destination", "team")
    }
    row |= {
        ("from", 0): one.from_,
        _KIND: _word(departures.KINDS, one.kind),
        ("departs", 0): local(one.departs, zones[0]),
        ("arrives", 0): local(one.arrives, zones[1]),
        ("unescorted", 0): one.seats.unescorted,
        ("escorted", 0): one.seats.escorted,
        ("charter", 0): _word(departures.CHARTERS, one.charter),
    }
    return row | _numbered({"country": each.country, "quota": each.seats} for each in one.quotas)


def _case(world: World, one: Case) -> Iterator[_Row]:
    zone = world.location[one.location].timezone
    about: _Row = {
        (name, 0): getattr(one, name)
        for name in ("location", "destination", "regime", "weight", "assigned_officer", "templates")
    }
    about |= {
        ("case", 0): one.id,
        ("refused", 0): one.refused,
        ("operation", 0): _word(cases.OPERATIONS, one.operation),
        ("earliest", 0): _at(one.earliest, zone),
        ("latest", 0): _at(one.latest, zone),
    }
    if one.detention is not None:
        about["ground", 0] = one.detention.ground
        about["imposed", 0] = _at(one.detention.imposed_at, zone)
    about |= _numbered({"trigger": e.kind, "triggered": _at(e.at, zone)} for e in one.triggers)
    about |= _numbered(
        {"attendee": e.resource, "attends": e.from_, "attended": e.until} for e in one.attendees
    )
    about |= _numbered({"away": _at(e.from_, zone), "back": _at(e.until, zone)} for e in one.away)
    about |= _facts(one)
    for person in one.persons:
        yield about | _person(person)


def _person(one: Person) -> _Row:
    row: _Row = {
        ("person", 0): one.id,
        ("category", 0): one.category,
        ("languages", 0): one.languages,
        ("escorts", 0): one.escorts,
    }
    papers = (
        {
            "document": each.kind,
            "valid_from": each.valid_from,
            "valid_until": each.valid_until,
            "document_expected": each.expected,
        }
        for each in one.documents
    )
    return row | _numbered(papers) | _facts(one)


def _facts(part: Case | Person) -> _Row:
    found: _Row = {}
    for name, fact in part.facts.items():
        found[f"{name}/value", 0] = _word(cases.ANSWERS, fact.value)
        for field in ("since", "expected", "source"):
            found[f"{name}/{field}", 0] = getattr(fact, field)
    return found


def _at(at: datetime | None, zone: str) -> str | None:
    return None if at is None else local(at, zone)
