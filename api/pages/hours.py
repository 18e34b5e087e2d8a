"""The hours around a leg as a table: partners against time, and when the leg could begin."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from api import sentences
from api.language import Language, phrase
from api.telling import words
from constraints.register import REGISTER
from scheduler.day import Day, Row, Start
from scheduler.world import PERSON, Booking, World

State = Literal["here", "free", "other", "taken", "away", "waits", "shut"]
SIGNS: dict[State, str] = {
    "here": "●",
    "free": "✓",
    "other": "○",
    "taken": "■",
    "away": "–",
    "waits": "…",
    "shut": "✗",
}
"""What a cell shows beside its colour."""
STATES: dict[State, str] = {
    "here": phrase("takes part"),
    "free": phrase("free"),
    "other": phrase("a colleague is free"),
    "taken": phrase("taken by another booking"),
    "away": phrase("not rostered"),
    "waits": phrase("has not departed yet"),
}
"""What a cell says: who is named is free, or somebody else of that role."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Slots in a row that are alike, and what they say in words."""

    state: State
    sign: str
    span: int
    says: str


@dataclass(frozen=True, slots=True)
class Line:
    """Who is asked, by which name they take part, and when they are there."""

    name: str
    who: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Shut:
    """When a leg cannot begin, and the first reason why."""

    when: str
    why: str


@dataclass(frozen=True, slots=True)
class Hours:
    """A table of the hours around a leg; ``hours`` are the headings above their slots."""

    leg: str
    day: date
    slots: int
    hours: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]
    starts: tuple[Cell, ...]
    shut: tuple[Shut, ...]


def drawn(language: Language, world: World, day: Day, booking: Booking, zone: str) -> Hours:
    """Return the hours around the leg that a booking is, on the clock of ``zone``."""
    slots = range(day.first, day.end)
    local = [world.grid.at(slot).astimezone(ZoneInfo(zone)) for slot in (*slots, day.end)]
    clock = _Clock(day.first, tuple(local))
    chosen = world.grid.floor(booking.start)
    return Hours(
        day.leg,
        local[0].date(),
        len(slots),
        tuple((f"{hour:%H}", len([*run])) for hour, run in groupby(local[:-1], key=_hour)),
        tuple(_line(language, world, one, booking, slots, clock) for one in day.rows),
        tuple(_starts(language, day.starts, chosen, clock)),
        tuple(_shut(language, day.starts, chosen, clock)),
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    """Says from when to when slots last."""

    first: int
    moments: tuple[datetime, ...]

    def stretch(self, since: int, span: int) -> str:
        begin, end = (self.moments[one - self.first] for one in (since, since + span))
        return f"{begin:%H:%M}–{end:%H:%M}"


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0)


def _line(
    language: Language, world: World, row: Row, booking: Booking, slots: range, clock: _Clock
) -> Line:
    here = _here(world, row, booking)
    own = row.free
    for name in _named(row, booking):
        own &= row.each.get(name, 0)
    states: list[State] = [
        "here"
        if slot in here
        else "free"
        if own >> slot & 1
        else "other"
        if row.free >> slot & 1
        else "taken"
        if row.rostered >> slot & 1
        else "waits"
        if row.kind == "departure" and slot < min(here)
        else "away"
        for slot in slots
    ]
    return Line(*_names(language, world, row, booking), tuple(_cells(language, states, clock)))


def _names(language: Language, world: World, row: Row, booking: Booking) -> tuple[str, str]:
    """Return what is asked, and who or what it is."""
    if row.kind == "facility":
        return language.say("detention place"), row.name
    if row.kind == "departure":
        return language.say("flight"), world.departure[row.name].number or row.name
    names = _named(row, booking)
    return language.role(row.name, len(names) or 1), ", ".join(called(world, one) for one in names)


def _named(row: Row, booking: Booking) -> Sequence[str]:
    """Return who of a role a booking takes, each once; of the person itself nobody is told."""
    mine = [one for one in booking.attendances if one.role == row.name and row.name != PERSON]
    return [*dict.fromkeys(name for one in mine for name in one.resources)]


def called(world: World, name: str) -> str:
    """Return what planners call a colleague, a vehicle or a room."""
    known = world.resource.get(name)
    return name if known is None or known.label is None else f"{known.label} ({name})"


def _here(world: World, row: Row, booking: Booking) -> set[int]:
    """Return the slots in which a booking takes somebody of a row, or a place or its seats."""
    if row.kind == "role":
        during = [(one.from_, one.until) for one in booking.attendances if one.role == row.name]
    else:
        last = booking.phases[-1]
        during = [(last.from_, world.grid.end if row.kind == "facility" else last.until)]
    return {
        slot
        for since, until in during
        for slot in range(world.grid.floor(since), world.grid.ceil(until))
    }


def _cells(language: Language, states: Iterable[State], clock: _Clock) -> Iterator[Cell]:
    at = clock.first
    for state, run in groupby(states):
        span = len([*run])
        says = f"{language.say(STATES[state])}, {clock.stretch(at, span)}"
        yield Cell(state, SIGNS[state], span, says)
        at += span


def _runs(starts: Sequence[Start], chosen: int) -> Iterator[tuple[Start, int]]:
    """Yield stretches of starts that are alike: open, shut for the same first reason, or none."""

    def key(one: Start) -> object:
        first = one.reasons and (one.reasons[0].condition, one.reasons[0].rule)
        return one.slot == chosen, one.reasons is None, first

    for _, run in groupby(starts, key=key):
        mine = [*run]
        yield mine[0], len(mine)


def _starts(
    language: Language, starts: Sequence[Start], chosen: int, clock: _Clock
) -> Iterator[Cell]:
    for one, span in _runs(starts, chosen):
        when = clock.stretch(one.slot, span)
        if one.slot == chosen:
            yield Cell("here", SIGNS["here"], span, language.say("begins here, {when}", when=when))
        elif one.reasons == ():
            yield Cell("free", SIGNS["free"], span, language.say("can begin, {when}", when=when))
        else:
            why = _why(language, one)
            says = language.say("cannot begin, {when}: {why}", when=when, why=why)
            yield Cell("shut", SIGNS["shut"], span, says)


def _shut(
    language: Language, starts: Sequence[Start], chosen: int, clock: _Clock
) -> Iterator[Shut]:
    """Yield when a leg cannot begin and why, each reason once."""
    found: dict[str, list[str]] = {}
    for one, span in _runs(starts, chosen):
        if one.slot != chosen and one.reasons != ():
            found.setdefault(_why(language, one), []).append(clock.stretch(one.slot, span))
    for why, when in found.items():
        yield Shut(language.listed(when), why)


def _why(language: Language, one: Start) -> str:
    if not one.reasons:
        return language.say("the flight decides when this begins")
    return words(language, sentences.reason(REGISTER, one.reasons[0]))
